"""What is computed from a treatment."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tessera_hooks import Person

WORST = 10
"""The end of the numeric rating scale for pain, 0 to 10."""


def relief(row: Mapping[str, Any], _person: Person) -> Decimal | None:
    """By how many points of the scale the pain became less; negative when it became more.

    Source: Farrar et al., "Clinical importance of changes in chronic pain intensity measured on an
    11-point numerical pain rating scale", Pain 94 (2001), 149-158: the raw change of the score. There
    two points of relief were what patients called "much improved"; no band is drawn here from that.
    """
    return Decimal(row["pain_before"]) - Decimal(row["pain_after"])
