"""Commands of the ledger, and ``tessera import balances``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from tessera.cli_support import out, run_in_instance, say
from tessera.members.commands import asked, bar, finish, import_group, import_options

if TYPE_CHECKING:
    from tessera.members.imports import Report


@click.group()
def points() -> None:
    """The ledger of points."""


@points.command()
def verify() -> None:
    """Replay all entries and name every difference; exit 1 where there is one."""
    from tessera.points import service

    async def work(_: Any) -> tuple[int, list[str]]:
        count = await service.count_entries()
        return count, [str(difference) for difference in await service.verify()]

    count, differences = run_in_instance(work)
    for difference in differences:
        out.print(difference, highlight=False, soft_wrap=True, markup=False)
    say(f"{count} entries replayed, {len(differences)} differences")
    if differences:
        sys.exit(1)


@import_group.command("balances")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--unit", default="", help="The unit of amounts whose row names none, such as points.")
@click.option("--source", default="", help="The system whose ids the list holds; the file's name otherwise.")
@click.option("--store", default="", help="The store of rows that name none; each member's own otherwise.")
@import_options
def import_balances_command(file: Path, unit: str, source: str, store: str, **given: Any) -> None:
    """Import opening balances: a row an amount, or a row a member with a column for each unit."""
    options = asked(given)

    async def work(_opened: object) -> Report:
        from tessera.points.imports import import_balances

        with bar(file.name) as progress:
            return await import_balances(
                file,
                unit=unit,
                source=source,
                store=store,
                mapping=options.mapping,
                options=options.of_import(),
                progress=progress,
            )

    report = run_in_instance(work)
    if options.earn:
        say("--earn has no effect here: a balance is brought as it stands")
    finish(report, as_json=options.as_json)


commands = [points]
