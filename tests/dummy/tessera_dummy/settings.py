"""What an integrator may set."""

from __future__ import annotations

import msgspec


class DummySettings(msgspec.Struct):
    """``factor`` multiplies points, as a decimal; ``refuse_above`` is the largest sale in minor units."""

    factor: str = "1"
    refuse_above: int = 10_000_000
