"""What a practice can set."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class PhysioSettings(msgspec.Struct, frozen=True):
    """``severe``: from which number of the pain scale on a member's summary says so."""

    severe: Annotated[int, Meta(ge=1, le=10)] = 7
