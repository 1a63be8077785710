"""Where reactions begin: at the moment their plugin is enabled, never in the past unless they ask for history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tessera.kernel import clock
from tessera.kernel.database import executemany, fetchval
from tessera.kernel.plugins.host import CORE, Declared, PluginHost
from tessera_hooks import Reaction

_BEGIN = (
    "INSERT INTO consumer (name, plugin, position, updated_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING"
)

_BEGIN_ANEW = (
    "INSERT INTO consumer (name, plugin, position, updated_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (name) DO UPDATE SET position = greatest(consumer.position, excluded.position), "
    "updated_at = excluded.updated_at"
)


def consumer_name(plugin: str, reaction: Reaction) -> str:
    """The name under which a reaction's progress is kept."""
    return reaction.name if plugin == CORE else f"{plugin}.{reaction.name}"


def _reactions(known: PluginHost, plugins: Iterable[str]) -> Iterator[Declared[Reaction]]:
    wanted = frozenset(plugins)
    return (d for d in known.declared("reactions") if d.plugin in wanted)


async def begin(known: PluginHost, plugins: Iterable[str], *, anew: bool = False) -> None:
    """Give the reactions of plugins their place: after everything that has been numbered.

    ``anew`` is for a plugin that is enabled again: what happened while it was not is passed over.
    """
    position = await fetchval("SELECT position FROM dispatcher")
    rows = [
        (consumer_name(d.plugin, d.value), d.plugin, 0 if d.value.history else position, clock.now())
        for d in _reactions(known, plugins)
    ]
    if rows:
        await executemany(_BEGIN_ANEW if anew else _BEGIN, rows)
