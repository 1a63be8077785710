"""The kinds of rewards: the core's own, and what plugins hand out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tessera.kernel.plugins import Declared, host
from tessera.kernel.plugins.host import CORE
from tessera_hooks import RewardKind, Text, _

GOODS, CASH_OFF, DONATION = "goods", "cash_off", "donation"

OWN: Mapping[str, Text] = {GOODS: _("Goods"), CASH_OFF: _("Money off"), DONATION: _("Donation")}
"""The core's kinds by code."""

AT_ONCE = frozenset({DONATION})
"""The core's kinds that nobody picks up: they are done when they are redeemed, as all of plugins are."""


@dataclass(frozen=True)
class Kind:
    """A kind by its full name; ``handler`` is the plugin's declaration, ``None`` for the core's own."""

    name: str
    title: Text
    plugin: str
    handler: RewardKind | None = None

    @property
    def at_once(self) -> bool:
        """Whether it is handed over when it is redeemed."""
        return self.handler is not None or self.name in AT_ONCE

    async def choices(self) -> Mapping[str, Text]:
        """What the catalogue may hand out of this kind, by code; empty where there is nothing to choose."""
        if self.handler is None or self.handler.choices is None:
            return {}
        return await self.handler.choices()


def _of_plugin(declared: Declared[RewardKind]) -> Kind:
    name = f"{declared.plugin}.{declared.value.name}"
    return Kind(name, declared.value.title, declared.plugin, declared.value)


def kinds(store: UUID | None = None) -> list[Kind]:
    """The kinds that can be handed out in a store, or anywhere: those of enabled plugins and the core's."""
    own = [Kind(name, title, CORE) for name, title in OWN.items()]
    return own + [_of_plugin(declared) for declared in host().declared_in("reward_kinds", store)]


def kind_named(name: str) -> Kind | None:
    """A kind that is known, of a disabled plugin too; ``None`` where its plugin is gone."""
    if name in OWN:
        return Kind(name, OWN[name], CORE)
    every = (_of_plugin(declared) for declared in host().declared("reward_kinds"))
    return next((kind for kind in every if kind.name == name), None)
