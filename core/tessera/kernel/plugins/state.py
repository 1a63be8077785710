"""What the database says of plugins: where each is enabled, how its settings stand, how its things were called."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel import clock, generation, witness
from tessera.kernel.business import set_setting, setting
from tessera.kernel.database import execute, executemany, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import CannotRun, Conflict, FieldError, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera.kernel.migrations import find_migrations, migrate
from tessera.kernel.plugins import consumers
from tessera.kernel.plugins.host import CORE, PluginHost, host
from tessera.kernel.plugins.placement import Where, consequences, gains, placed
from tessera.kernel.texts import LOCALES, catalogue_files, translate
from tessera_hooks import _


def _labels(text: str) -> str:
    return msgspec.json.encode({locale: translate(text, locale) for locale in LOCALES}).decode()


async def read_enabled() -> None:
    """Read where plugins are enabled anew."""
    host().where = await _where()


async def _where() -> dict[str, Where]:
    return placed((row["plugin"], row["store"]) for row in await fetch("SELECT plugin, store FROM plugin_enabled"))


generation.on_change(read_enabled)


RECORDED = "plugins.recorded"
"""The setting that says what was noted last, so that a start with nothing new writes nothing."""


async def record_plugins(known: PluginHost) -> None:
    """Note the plugins that are installed, how their events are called now, and where reactions begin."""
    fingerprint = _fingerprint(known)
    if await fetchval("SELECT value FROM setting WHERE key = $1", RECORDED) == fingerprint:
        return

    async def work() -> None:
        await _record_titles(known)
        await _record_labels(known)
        enabled = await fetch("SELECT DISTINCT plugin FROM plugin_enabled")
        await consumers.begin(known, [CORE, *(row["plugin"] for row in enabled)])
        await execute(
            "INSERT INTO setting (key, value, plugin, updated_at) VALUES ($1, $2::jsonb, 'core', $3) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            RECORDED,
            msgspec.json.encode(fingerprint).decode(),
            clock.now(),
        )

    await in_transaction(work)


def _fingerprint(known: PluginHost) -> str:
    """Changes with whatever ``record_plugins`` writes: titles, icons, reactions, and the translations of titles."""
    facts = [
        [[p.name, p.manifest.version, str(p.manifest.title)] for p in known.plugins.values()],
        [[k.kind, k.plugin, str(k.event.title), k.event.icon] for k in known.event_kinds.values()],
        [[d.plugin, d.value.name] for d in known.declared("reactions")],
        [[path.name, path.stat().st_mtime_ns, path.stat().st_size] for path in catalogue_files()],
    ]
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()


async def _record_titles(known: PluginHost) -> None:
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


async def _record_labels(known: PluginHost) -> None:
    await executemany(
        "INSERT INTO event_label (kind, plugin, title, icon) VALUES ($1, $2, $3::jsonb, $4) "
        "ON CONFLICT (kind) DO UPDATE SET title = excluded.title, icon = excluded.icon "
        "WHERE (event_label.title, event_label.icon) IS DISTINCT FROM (excluded.title, excluded.icon)",
        [(k.kind, k.plugin, _labels(k.event.title), k.event.icon) for k in known.event_kinds.values()],
    )


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


class PluginMoved(Conflict):
    """Someone else changed meanwhile where a plugin is on."""

    code = "plugin_moved"


def _refuse_unknown(name: str) -> None:
    if name not in host().plugins:
        raise PluginUnknown(
            _('no plugin "{name}" is installed: `tessera plugin list` shows which are', name=name),
            plugin=name,
        )


async def enable(name: str, store: UUID | None = None) -> list[str]:
    """Enable a plugin, and those it requires, for a store or for the whole business.

    Its tables are made where it is new here or was removed. Answers the names that were not enabled there before.
    """
    _refuse_unknown(name)
    fresh: list[str] = []

    async def work() -> None:
        fresh.clear()
        await _alone()
        for each in host().with_required(name):
            if await _enable_one(each, store):
                fresh.append(each)

    await in_transaction(work)
    await generation.refresh()
    return fresh


async def _alone() -> None:
    """Let everyone read anew after the commit, and until then keep other changers of settings waiting."""
    await generation.bump()


async def _enable_one(name: str, store: UUID | None) -> bool:
    there = await fetchrow(
        "SELECT 1 FROM plugin_enabled WHERE plugin = $1 AND (store IS NULL OR store = $2)", name, store
    )
    if there:
        return False
    if not await execute("DELETE FROM plugin_enabled WHERE plugin = $1 AND $2::uuid IS NULL", name, store):
        await _begin_where_off(name)
    await _make_tables(name)
    await _place(name, store)
    await witness.changed("plugins.enabled", store=store, plugin=name)
    return True


async def _begin_where_off(name: str) -> None:
    """Let the reactions of a plugin that was off everywhere begin now; where it is on somewhere they go on."""
    if not await fetchval("SELECT 1 FROM plugin_enabled WHERE plugin = $1 LIMIT 1", name):
        await consumers.begin(host(), [name], anew=True)


async def _make_tables(name: str) -> None:
    await execute("UPDATE plugin_state SET removed_at = NULL WHERE name = $1", name)
    candidate = host().plugins[name].candidate
    await migrate([find_migrations(name, candidate.migrations_folder, candidate.package)])


async def _place(name: str, store: UUID | None) -> None:
    await execute("INSERT INTO plugin_enabled (id, plugin, store) VALUES ($1, $2, $3)", uuid7(), name, store)


async def enable_in(name: str, stores: Iterable[UUID] | None, *, was: Where | EllipsisType = ...) -> dict[str, Where]:
    """Enable a plugin in exactly these stores: everywhere with ``None``, nowhere with an empty set.

    Those it requires are enabled there too, and those that require it rest wherever it does. Two changes
    at once come one after the other; with ``was``, a change that someone else made meanwhile is refused
    instead of undone. Answers the plugins whose stores changed, and where they are on now.
    """
    _refuse_unknown(name)
    wanted: Where = None if stores is None else frozenset(stores)
    changed: dict[str, Where] = {}

    async def work() -> None:
        changed.clear()
        await _alone()
        now = await _where()
        if was is not ... and was != now.get(name, frozenset()):
            raise PluginMoved(_("Someone else changed this meanwhile: look at it again."), plugin=name)
        changed.update(consequences(host(), name, wanted, now))
        for each, where in changed.items():
            await _set_where(each, now.get(each, frozenset()), where)

    await in_transaction(work)
    await generation.refresh()
    return changed


async def _set_where(name: str, before: Where, after: Where) -> None:
    if gains(before, after):
        await _begin_where_off(name)
        await _make_tables(name)
    await execute("DELETE FROM plugin_enabled WHERE plugin = $1", name)
    for store in [None] if after is None else sorted(after):
        await _place(name, store)
    stores = None if after is None else len(after)
    await witness.changed("plugins.disabled" if stores == 0 else "plugins.enabled", plugin=name, stores=stores)


async def disable(name: str) -> list[str]:
    """Disable a plugin everywhere, and those that require it; nothing of theirs is lost.

    Works on a plugin whose code has gone. Answers the names that were enabled before.
    """
    stopped: list[str] = []

    async def work() -> None:
        stopped.clear()
        await _alone()
        for each in host().requiring(name):
            if await execute("DELETE FROM plugin_enabled WHERE plugin = $1", each):
                stopped.append(each)
                await witness.changed("plugins.disabled", plugin=each)

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
    """Change some of a plugin's settings; they are checked as a whole first, an unknown one is refused.

    Changes of different settings at once are all kept.
    """
    struct = host().plugins[name].manifest.settings
    if struct is None:
        raise LookupError(f'plugin "{name}" declares no settings')
    known = [field.name for field in msgspec.structs.fields(struct)]
    _refuse_unknown_settings(name, values, known)

    async def work() -> None:
        await _alone()
        stored = await fetchval("SELECT value FROM setting WHERE key = $1", f"{name}.settings") or {}
        merged = {key: value for key, value in {**stored, **values}.items() if key in known}
        msgspec.convert(merged, struct)
        await set_setting(f"{name}.settings", merged, plugin=name)

    await in_transaction(work)
    await generation.refresh()


def _refuse_unknown_settings(name: str, values: Mapping[str, Any], known: list[str]) -> None:
    unknown = sorted(set(values) - set(known))
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0)
        hint = near[0] if near else "–"
        said = _('{plugin} has no setting "{name}": did you mean "{near}"?', plugin=name, name=unknown[0], near=hint)
        raise Invalid(said, [FieldError(key, said) for key in unknown])
