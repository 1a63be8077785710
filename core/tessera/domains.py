"""The rooms of the core as the plugin host meets them, in the order in which they answer."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.kernel.plugins.host import Derivation

DOMAINS: tuple[str, ...] = (
    "tessera.web.plugin",
    "tessera.access.plugin",
    "tessera.members.plugin",
    "tessera.tasks.plugin",
    "tessera.records.plugin",
    "tessera.points.plugin",
    "tessera.points.rewards.plugin",
    "tessera.purchases.plugin",
    "tessera.tiers.plugin",
    "tessera.messaging.plugin",
    "tessera.rules.plugin",
    "tessera.desk.plugin",
)


def derivations() -> Mapping[str, Mapping[str, Derivation]]:
    """What a declaration of one kind brings with it of other kinds."""
    # tables of records are Piccolo's; whoever only reads names need not load them
    from tessera.records import derive
    from tessera.tiers.derive import DERIVATIONS

    return {**derive.DERIVATIONS, **DERIVATIONS}
