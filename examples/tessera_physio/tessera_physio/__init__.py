"""Treatments at a physiotherapist's: where it hurt, how much before and after, and who still hurts."""

from tessera_hooks import Manifest, _
from tessera_physio.settings import PhysioSettings

MANIFEST = Manifest(
    name="physio",
    title=_("Physiotherapy"),
    api=1,
    version="0.1.0",
    settings=PhysioSettings,
    description=_("Treatments with pain before and after, its trend, and a task for those who still hurt."),
)
