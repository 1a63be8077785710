"""What points are worth in quiet hours."""

from __future__ import annotations

from fractions import Fraction

from tessera.plugin import settings
from tessera_fitness.settings import FitnessSettings
from tessera_hooks import Award


def off_peak_factor(award: Award) -> Fraction | None:
    """The factor of the quiet hours where the award falls into them; no opinion otherwise."""
    chosen: FitnessSettings = settings("fitness")
    factor = Fraction(chosen.off_peak_points_factor)
    if factor == 1 or not is_off_peak(award.at.hour, chosen):
        return None
    return factor


def is_off_peak(hour: int, chosen: FitnessSettings) -> bool:
    """Whether an hour of the store's clock is a quiet one; the hours may pass midnight."""
    first, last = chosen.off_peak_from, chosen.off_peak_until
    if first <= last:
        return first <= hour < last
    return hour >= first or hour < last
