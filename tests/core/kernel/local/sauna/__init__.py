"""Sauna sessions: a local plugin that the tests take away and bring back."""

import msgspec

from tessera_hooks import Manifest, _


class SaunaSettings(msgspec.Struct):
    """How hot it may get, in degrees Celsius."""

    hottest: int = 90


MANIFEST = Manifest(name="sauna", title=_("Sauna"), version="1.0", settings=SaunaSettings)
