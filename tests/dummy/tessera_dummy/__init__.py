"""A plugin that uses the whole surface, so that every part of the contract is met by something real."""

from tessera_dummy.settings import DummySettings
from tessera_hooks import Manifest, _

MANIFEST = Manifest(
    name="dummy",
    title=_("Dummy"),
    api=1,
    version="1.0",
    settings=DummySettings,
    hookspecs="tessera_dummy.hooks",
    description=_("Stands in for an industry."),
)
