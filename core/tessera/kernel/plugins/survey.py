"""All plugins as they stand, also those that are broken or gone: for the commands that mend a business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from tessera.kernel.database import fetch
from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins.discovery import Candidate, order, refuse_second, sources
from tessera.kernel.plugins.host import Derivation, PluginHost, load_host
from tessera.kernel.texts import current_locale, translate


@dataclass(frozen=True)
class Surveyed:
    """The host with every plugin that works, and for each other one the sentence that says why not."""

    host: PluginHost
    broken: dict[str, str]


@dataclass(frozen=True)
class Standing:
    """One plugin as this business has it; ``stores`` is ``None`` where it is enabled everywhere."""

    name: str
    title: str
    version: str
    installed: bool
    broken: str | None = None
    removed: bool = False
    enabled: bool = False
    stores: list[UUID] | None = field(default_factory=list)


def survey(
    local_folder: Path | None,
    domains: Sequence[str],
    derivations: Mapping[str, Mapping[str, Derivation]],
) -> Surveyed:
    """Load every plugin that can be loaded; one that cannot is named and left out."""
    broken: dict[str, str] = {}
    candidates = _orderly(_found(local_folder, broken), broken)
    good: list[Candidate] = []
    for candidate in candidates:
        if not set(candidate.manifest.requires) <= {g.name for g in good}:
            broken[candidate.name] = "a plugin that it requires is broken"
            continue
        try:
            load_host([*good, candidate], domains, derivations)
        except CannotRun as problem:
            broken[candidate.name] = str(problem)
        else:
            good.append(candidate)
    return Surveyed(load_host(good, domains, derivations), broken)


def _found(local_folder: Path | None, broken: dict[str, str]) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    for name, find in sources(local_folder):
        try:
            candidate = find()
            refuse_second(candidate, found)
        except CannotRun as problem:
            broken[name] = str(problem)
        else:
            found[candidate.name] = candidate
    return found


def _orderly(found: dict[str, Candidate], broken: dict[str, str]) -> list[Candidate]:
    """Those whose requirements are there, in order."""
    for name in sorted(found):
        missing = [r for r in found[name].manifest.requires if r not in found]
        if missing:
            broken[name] = (
                f'plugin "{name}" requires "{missing[0]}", which is not installed or broken: '
                f"install {missing[0]}, or uninstall {name}"
            )
            del found[name]
            return _orderly(found, broken)
    try:
        return order(found.values())
    except CannotRun as problem:
        broken.update(dict.fromkeys(found, str(problem)))
        return []


async def standings(surveyed: Surveyed) -> list[Standing]:
    """Every plugin that is installed or known to this business, by name."""
    rows = {r["name"]: r for r in await fetch("SELECT name, title, version, removed_at FROM plugin_state")}
    where: dict[str, list[UUID | None]] = {}
    for row in await fetch("SELECT plugin, store FROM plugin_enabled ORDER BY store"):
        where.setdefault(row["plugin"], []).append(row["store"])
    names = sorted({*rows, *surveyed.host.plugins, *surveyed.broken})
    return [_standing(name, surveyed, rows, where.get(name, [])) for name in names]


def _standing(name: str, surveyed: Surveyed, rows: Mapping[str, Any], at: list[UUID | None]) -> Standing:
    plugin, row = surveyed.host.plugins.get(name), rows.get(name)
    return Standing(
        name=name,
        title=translate(plugin.manifest.title) if plugin else _last_title(row, name),
        version=plugin.manifest.version if plugin else row["version"] if row else "",
        installed=plugin is not None or name in surveyed.broken,
        broken=surveyed.broken.get(name),
        removed=bool(row and row["removed_at"]),
        enabled=bool(at),
        stores=None if None in at else [store for store in at if store is not None],
    )


def _last_title(row: Any, name: str) -> str:
    """What a plugin was called when its code was last there."""
    titles = row["title"] if row else {}
    return str(titles.get(current_locale()) or titles.get("en") or name)
