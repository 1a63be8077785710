"""What the database says of plugins: where each is enabled, how its settings stand, how its things were called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel import clock, generation
from tessera.kernel.business import set_setting, setting
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import CannotRun, NotFound
from tessera.kernel.ids import uuid7
from tessera.kernel.migrations import find_migrations, migrate
from tessera.kernel.plugins.host import CORE, PluginHost, host
from tessera.kernel.texts import LOCALES, translate
from tessera_hooks import _


def _labels(text: str) -> str:
    return msgspec.json.encode({locale: translate(text, locale) for locale in LOCALES}).decode()


async def read_enabled() -> None:
    """Read where plugins are enabled anew."""
    where: dict[str, set[UUID] | None] = {}
    for row in await fetch("SELECT plugin, store FROM plugin_enabled"):
        stores = where.setdefault(row["plugin"], set())
        if row["store"] is None:
            where[row["plugin"]] = None
        elif stores is not None:
            stores.add(row["store"])
    host().where = where


generation.on_change(read_enabled)


async def record_plugins(known: PluginHost) -> None:
    """Note the plugins that are installed and how their events are called now."""

    async def work() -> None:
        for plugin in known.plugins.values():
            await execute(
                "INSERT INTO plugin_state (name, title, version, created_at) VALUES ($1, $2::jsonb, $3, $4) "
                "ON CONFLICT (name) DO UPDATE SET title = excluded.title, version = excluded.version "
                "WHERE (plugin_state.title, plugin_state.version) IS DISTINCT FROM (excluded.title, excluded.version)",
                plugin.name,
                _labels(plugin.manifest.title),
                plugin.manifest.version,
                clock.now(),
            )
        for kind in known.event_kinds.values():
            await execute(
                "INSERT INTO event_label (kind, plugin, title, icon) VALUES ($1, $2, $3::jsonb, $4) "
                "ON CONFLICT (kind) DO UPDATE SET title = excluded.title, icon = excluded.icon "
                "WHERE (event_label.title, event_label.icon) IS DISTINCT FROM (excluded.title, excluded.icon)",
                kind.kind,
                kind.plugin,
                _labels(kind.event.title),
                kind.event.icon,
            )

    await in_transaction(work)


async def refuse_missing(known: PluginHost) -> None:
    """Refuse to start where a plugin is enabled and its code is not there."""
    for row in await fetch("SELECT DISTINCT plugin FROM plugin_enabled ORDER BY 1"):
        name = row["plugin"]
        if name not in known.plugins:
            raise CannotRun(
                f'plugin "{name}" is enabled and not installed: install it again, '
                f"or run `tessera plugin disable {name}`"
            )


class PluginUnknown(NotFound):
    """No plugin of that name is installed."""

    code = "plugin_unknown"


async def enable(name: str, store: UUID | None = None) -> list[str]:
    """Enable a plugin, and those it requires, for a store or for the whole business.

    Its tables are made where it is new here or was removed. Answers the names that were not enabled there before.
    """
    known = host()
    if name not in known.plugins:
        raise PluginUnknown(
            _('no plugin "{name}" is installed: `tessera plugin list` shows which are', name=name),
            plugin=name,
        )
    fresh: list[str] = []

    async def work() -> None:
        fresh.clear()
        for each in known.with_required(name):
            if await _enable_one(each, store):
                fresh.append(each)
        await generation.bump()

    await in_transaction(work)
    await generation.refresh()
    return fresh


async def _enable_one(name: str, store: UUID | None) -> bool:
    await execute("SELECT 1 FROM plugin_state WHERE name = $1 FOR UPDATE", name)
    there = await fetchrow(
        "SELECT 1 FROM plugin_enabled WHERE plugin = $1 AND (store IS NULL OR store = $2)", name, store
    )
    if there:
        return False
    if store is None:
        await execute("DELETE FROM plugin_enabled WHERE plugin = $1", name)
    await execute("UPDATE plugin_state SET removed_at = NULL WHERE name = $1", name)
    candidate = host().plugins[name].candidate
    await migrate([find_migrations(name, candidate.migrations_folder, candidate.package)])
    await execute("INSERT INTO plugin_enabled (id, plugin, store) VALUES ($1, $2, $3)", uuid7(), name, store)
    return True


async def disable(name: str) -> list[str]:
    """Disable a plugin everywhere, and those that require it; nothing of theirs is lost.

    Works on a plugin whose code has gone. Answers the names that were enabled before.
    """
    stopped: list[str] = []

    async def work() -> None:
        stopped.clear()
        for each in host().requiring(name):
            if await execute("DELETE FROM plugin_enabled WHERE plugin = $1", each):
                stopped.append(each)
        await generation.bump()

    if not await fetchrow("SELECT 1 FROM plugin_state WHERE name = $1", name):
        raise PluginUnknown(_('this business knows no plugin "{name}"', name=name), plugin=name)
    await in_transaction(work)
    await generation.refresh()
    return stopped


def plugin_settings(name: str) -> Any:
    """A plugin's settings as its own struct, defaults where nothing was set."""
    struct = host().plugins[name].manifest.settings
    if struct is None:
        raise LookupError(f'plugin "{name}" declares no settings')
    return msgspec.convert(setting(f"{name}.settings", {}), struct)


async def change_plugin_settings(name: str, values: Mapping[str, Any]) -> None:
    """Change some of a plugin's settings; they are checked as a whole first."""
    struct = host().plugins[name].manifest.settings
    if struct is None:
        raise LookupError(f'plugin "{name}" declares no settings')
    merged = {**setting(f"{name}.settings", {}), **values}
    msgspec.convert(merged, struct)
    await set_setting(f"{name}.settings", merged, plugin=name)


def is_core(name: str) -> bool:
    """Whether a provenance is the core's own."""
    return name == CORE
