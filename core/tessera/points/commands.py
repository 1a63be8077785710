"""Commands of the ledger."""

from __future__ import annotations

import sys
from typing import Any

import rich_click as click

from tessera.cli_support import out, run_in_instance, say


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


commands = [points]
