"""What a gym can set: its quiet hours, and what points are worth in them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Hour = Annotated[int, Meta(ge=0, le=24)]
Factor = Annotated[str, Meta(pattern=r"^\d{1,2}(\.\d{1,2})?$")]


class FitnessSettings(msgspec.Struct, frozen=True):
    """Off-peak hours by the store's clock, the first included and the last not; the factor as a decimal.

    Hours may pass midnight (22 to 6). With the factor ``"1"`` quiet hours earn what others do.
    """

    off_peak_from: Hour = 10
    off_peak_until: Hour = 16
    off_peak_points_factor: Factor = "1"
