"""Body tests for gyms and studios, and a reminder for those who stay away."""

from tessera_fitness.settings import FitnessSettings
from tessera_hooks import Manifest, _

MANIFEST = Manifest(
    name="fitness",
    title=_("Fitness"),
    api=1,
    version="0.1.0",
    settings=FitnessSettings,
    description=_("Body tests with trends, extra points in quiet hours, a message to members who stay away."),
)
