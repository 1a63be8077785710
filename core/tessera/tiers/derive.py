"""What a metric of a plugin brings with it: after its events Tessera looks whether somebody has come up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tessera.kernel.plugins.host import Declared, Derivation
from tessera.tiers.service.rising import follow
from tessera_hooks import Reaction, TierMetric


def _reactions(declared: Declared[TierMetric]) -> Iterable[Reaction]:
    metric = declared.value
    return [Reaction(f"tier_{metric.name}", metric.events, follow)] if metric.events else []


DERIVATIONS: Mapping[str, Mapping[str, Derivation]] = {"tier_metrics": {"reactions": _reactions}}
