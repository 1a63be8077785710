"""``tessera plugin``: what is installed, where it is enabled, taking it away, bringing it back, and writing one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from tessera.cli_support import instance_folder, one_sentence, out, run_in_instance, say
from tessera.commands.mending import run_mending
from tessera.kernel.errors import CannotRun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tessera.kernel.instance import Instance
    from tessera.kernel.plugins.discovery import Candidate
    from tessera.kernel.plugins.removal import Removed
    from tessera.kernel.plugins.restoring import Restored
    from tessera.kernel.plugins.survey import Standing, Surveyed
    from tessera.start import Opened


@click.group()
def plugin() -> None:
    """Plugins: list, enable, disable, remove, restore, and write them."""


@plugin.command("list")
def list_plugins() -> None:
    """Show every plugin that is installed here or known to this business."""
    from rich.table import Table

    rows = run_mending(_list)
    table = Table("Name", "Title", "Version", "State")
    for standing, state in rows:
        table.add_row(standing.name, standing.title, standing.version, state)
    out.print(table)
    if any(standing.broken or (standing.enabled and not standing.installed) for standing, _ in rows):
        sys.exit(1)


async def _list(_: Instance, surveyed: Surveyed) -> list[tuple[Standing, str]]:
    from tessera.access import service
    from tessera.kernel.plugins.survey import standings

    codes = {store.id: store.code for store in service.stores()}
    return [(s, _state(s, [codes.get(i, str(i)) for i in s.stores or []])) for s in await standings(surveyed)]


def _state(standing: Standing, stores: list[str]) -> str:
    if standing.broken:
        return f"broken: {standing.broken}"
    if standing.enabled and not standing.installed:
        return f"enabled but not installed: install it again, or run `tessera plugin disable {standing.name}`"
    if standing.enabled:
        return "enabled everywhere" if standing.stores is None else f"enabled in {', '.join(stores)}"
    if standing.removed:
        return "removed"
    return "disabled" if standing.installed else "disabled, not installed"


@plugin.command()
@click.argument("name")
@click.option("--store", metavar="CODE", help="Only in this store; give it once for each.")
def enable(name: str, store: str | None) -> None:
    """Enable a plugin, and those it requires, everywhere or in one store."""

    async def work(_: Instance, surveyed: Surveyed) -> list[str]:
        from tessera.access import service
        from tessera.kernel.plugins.state import enable

        if name in surveyed.broken:
            raise CannotRun(surveyed.broken[name])
        return await enable(name, service.store_by_code(store).id if store else None)

    where = f"in {store}" if store else "everywhere"
    fresh = run_mending(work)
    say(f"{' and '.join(fresh)} enabled {where}" if fresh else f"{name} was enabled {where} already")


@plugin.command()
@click.argument("name")
def disable(name: str) -> None:
    """Disable a plugin everywhere; everything of it is kept. Works when its code has gone."""

    async def work(_: Instance, __: Surveyed) -> list[str]:
        from tessera.kernel.plugins.state import disable

        return await disable(name)

    stopped = run_mending(work)
    say(f"{' and '.join(stopped)} disabled; nothing was deleted" if stopped else f"{name} was not enabled")


@plugin.command()
@click.argument("name")
@click.option("--export", "file", type=click.Path(dir_okay=False, path_type=Path), help="Where the export goes.")
@click.option("--write-off", "reason", metavar="REASON", help="Book balances in the plugin's units to zero.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, file: Path | None, reason: str | None, yes: bool) -> None:
    """Export a plugin, then take everything that is its own; the history stays readable.

    Works when its code has gone. Without ``--export`` the file goes into the instance's folder ``removed``.
    """

    async def work(instance: Instance, _: Surveyed) -> Removed:
        from tessera.kernel.plugins import removal

        target = file or _export_file(instance, name)
        await removal.refuse_unknown(name)
        if not (yes or _agreed(name, target)):
            raise CannotRun("nothing was removed")
        return await removal.remove(name, target, write_off=_write_off(name, reason))

    removed = run_mending(work)
    kept = sum(removed.tables.values()) + sum(removed.core.values())
    say(f"{name} was removed; {kept} rows are in {removed.export}: `tessera plugin restore FILE` brings them back")


def _export_file(instance: Instance, name: str) -> Path:
    from tessera.kernel import clock

    folder = instance.folder / "removed"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{name}-{clock.now():%Y%m%d-%H%M%S}.zip"


def _agreed(name: str, target: Path) -> bool:
    if not sys.stdin.isatty():
        raise CannotRun(f"removing {name} takes all its records out of the database: add --yes to agree")
    return click.confirm(f"Export {name} to {target} and take it out of the database?", default=False, err=True)


def _write_off(name: str, reason: str | None) -> Callable[[], Awaitable[None]] | None:
    if reason is None:
        return None

    async def book() -> None:
        from tessera.points.service.writing_off import write_off

        await write_off(f"{name}.", str(reason))

    return book


@plugin.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Bring a removed plugin back from its export; its code must be installed."""

    async def work(_: Opened) -> Restored:
        from tessera.kernel.plugins.restoring import restore

        return await restore(file)

    restored = run_in_instance(work, need_plugins=False)
    rows = sum(restored.tables.values()) + sum(restored.core.values())
    say(f"{restored.plugin} is back with {rows} rows")
    if restored.rejected:
        say(f"{len(restored.rejected)} rows could not come back; they are in {restored.rejects}, each with its reason")
        sys.exit(1)


@plugin.command()
@click.argument("name")
@click.option("--message", default="change", show_default=True, help="What changes; part of the file's name.")
def migration(name: str, message: str) -> None:
    """Write a migration for the difference between a plugin's tables and its migrations."""
    import asyncio

    from tessera.kernel.plugins.authoring import write_for

    with one_sentence():
        path = asyncio.run(write_for(_candidate(name), message))
    say(str(path) if path else "nothing has changed")


def _candidate(name: str) -> Candidate:
    """An installed plugin, or a local one of the instance that was named."""
    from tessera.kernel.instance import open_instance
    from tessera.kernel.plugins import discover

    try:
        folder: Path | None = open_instance(instance_folder()).plugins_folder
    except CannotRun:
        folder = None
    found = {candidate.name: candidate for candidate in discover(folder)}
    if name not in found:
        raise CannotRun(f'no plugin "{name}" is installed: the installed ones are {", ".join(found) or "none"}')
    return found[name]


@plugin.command()
@click.argument("name")
@click.option("--one-file", is_flag=True, help="A single file instead of a folder.")
def new(name: str, one_file: bool) -> None:
    """Begin a plugin in the instance's folder ``plugins``, or in the current folder where there is no instance."""
    import asyncio

    from tessera.kernel.instance import open_instance
    from tessera.kernel.plugins.scaffold import scaffold

    with one_sentence():
        try:
            folder = open_instance(instance_folder()).plugins_folder
        except CannotRun:
            folder = Path.cwd()
        path = asyncio.run(scaffold(name, folder, one_file=one_file))
    say(f"{path} is there: run `tessera plugin enable {name}`, then `tessera run`")


@plugin.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def check(path: Path) -> None:
    """Hold a plugin's folder or file to the contract, as Tessera's own tests do."""
    from tessera.commands.checking import check

    with one_sentence():
        broken = check(path.resolve())
    for sentence in broken:
        say(sentence)
    say(f"{len(broken)} things do not fit the contract" if broken else f"{path} fits the contract")
    if broken:
        sys.exit(1)


commands: list[click.Command] = [plugin]
