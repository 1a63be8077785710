"""Where plugins are on, and what follows for others when one is switched on or off in some stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from tessera.kernel.plugins.host import PluginHost

Where = frozenset[UUID] | None
"""Stores; ``None`` for everywhere, in stores to come too. Empty: off."""

OFF: frozenset[UUID] = frozenset()


def placed(rows: Iterable[tuple[str, UUID | None]]) -> dict[str, Where]:
    """Where each plugin is on, from pairs of plugin and store; no store stands for everywhere."""
    where: dict[str, Where] = {}
    for plugin, store in rows:
        before = where.get(plugin, OFF)
        where[plugin] = None if store is None or before is None else before | {store}
    return where


def together(one: Where, other: Where) -> Where:
    """Wherever either is."""
    return None if one is None or other is None else one | other


def shared(one: Where, other: Where) -> Where:
    """Where both are."""
    if one is None:
        return other
    return one if other is None else one & other


def gains(before: Where, after: Where) -> bool:
    """Whether some store is new."""
    return together(before, after) != before


def loses(before: Where, after: Where) -> bool:
    """Whether some store is taken away."""
    return shared(before, after) != before


def consequences(host: PluginHost, name: str, wanted: Where, now: Mapping[str, Where]) -> dict[str, Where]:
    """Where plugins will be on, for all whose stores change when one shall be on exactly in ``wanted``.

    In the order in which they build on one another: those it requires come along wherever it goes,
    those that require it stay only where it stays.
    """
    after: dict[str, Where] = {}
    for required in host.with_required(name)[:-1]:
        after[required] = together(now.get(required, OFF), wanted)
    after[name] = wanted
    for dependent in reversed(host.requiring(name)[:-1]):
        after[dependent] = shared(now.get(dependent, OFF), wanted)
    return {plugin: where for plugin, where in after.items() if where != now.get(plugin, OFF)}
