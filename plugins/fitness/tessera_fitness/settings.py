"""What a gym can set: its quiet hours, and what points are worth in them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from tessera_hooks import _

CLOCK = {"unit": ":00"}

Hour = Annotated[int, Meta(ge=0, le=24)]
Factor = Annotated[
    str,
    Meta(pattern=r"\A[0-9]{1,2}(\.[0-9]{1,2})?\Z", extra={"wrong": _("Write a factor from 0 to 99.99, such as 1.5.")}),
]


class FitnessSettings(msgspec.Struct, frozen=True):
    """Off-peak hours by the store's clock, the first included and the last not; the factor as a decimal.

    Hours may pass midnight (22 to 6). With the factor ``"1"`` quiet hours earn what others do.
    """

    off_peak_from: Annotated[
        Hour,
        Meta(title=str(_("Quiet hours begin")), description=str(_("By the store's clock.")), extra=CLOCK),
    ] = 10
    off_peak_until: Annotated[
        Hour,
        Meta(
            title=str(_("Quiet hours end")),
            description=str(_("This hour no longer counts. Quiet hours may pass midnight, such as 22 to 6.")),
            extra=CLOCK,
        ),
    ] = 16
    off_peak_points_factor: Annotated[
        Factor,
        Meta(
            title=str(_("Points in quiet hours")),
            description=str(_("Points earned then are multiplied by this; 1 changes nothing.")),
            extra={"unit": "×"},
        ),
    ] = "1"
