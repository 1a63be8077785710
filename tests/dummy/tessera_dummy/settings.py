"""What an integrator may set: one setting of each type that has a field on the page of settings."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tessera_hooks import _


class DummySettings(msgspec.Struct):
    """``factor`` multiplies points, as a decimal; ``refuse_above`` is the largest sale in minor units."""

    factor: str = "1"
    refuse_above: Annotated[int, Meta(ge=1, title=str(_("Largest sale")))] = 10_000_000
    tone: Annotated[
        Literal["warm", "brief"],
        Meta(title=str(_("Tone")), extra={"choices": {"warm": _("Warm"), "brief": _("Brief")}}),
    ] = "warm"
    motto: Annotated[str, Meta(max_length=40)] | None = None
    loud: bool = False
    patience: Decimal = Decimal("1.5")

    def __post_init__(self) -> None:
        Fraction(self.factor)
        if self.loud and not self.motto:
            raise ValueError(_("a loud greeting needs a motto"))
