"""What a new gym begins with."""

from __future__ import annotations

import msgspec

from tessera.plugin import change_settings
from tessera_fitness.settings import FitnessSettings
from tessera_hooks import StarterSet, _


async def prepare() -> None:
    """Write down the quiet hours, with a factor that changes nothing yet."""
    await change_settings("fitness", msgspec.to_builtins(FitnessSettings()))


gym = StarterSet(
    _("Gym or studio"),
    _(
        "Notes 10:00 to 16:00 as quiet hours. Nothing is switched on: quiet hours earn extra points once you choose "
        "a factor, and members who stay away get a message once you switch that rule on."
    ),
    prepare,
)
