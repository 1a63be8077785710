"""The rooms of the core, lowest first, as the plugin host meets them."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from tessera.kernel.plugins.host import Derivation

DOMAINS: tuple[str, ...] = tuple(
    f"tessera.{name}.plugin"
    for name in ("web", "access", "members", "tasks", "records", "points", "purchases", "messaging", "rules", "desk")
    if importlib.util.find_spec(f"tessera.{name}") and importlib.util.find_spec(f"tessera.{name}.plugin")
)


def derivations() -> Mapping[str, Mapping[str, Derivation]]:
    """What a declaration of one kind brings with it of other kinds."""
    if importlib.util.find_spec("tessera.records") and importlib.util.find_spec("tessera.records.derive"):
        from tessera.records import derive

        return derive.DERIVATIONS
    return {}
