"""``tessera import records``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from tessera.cli_support import run_in_instance, say
from tessera.members.commands import asked, bar, finish, import_group, import_options

if TYPE_CHECKING:
    from tessera.members.imports import Report


@import_group.command("records")
@click.argument("record_type", metavar="TYPE")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", default="", help="The system whose ids of members the list holds; the file's name otherwise.")
@click.option("--store", default="", help="The store of rows that name none; the only one otherwise.")
@import_options
def import_records_command(record_type: str, file: Path, source: str, store: str, **given: Any) -> None:
    """Import records of TYPE, such as fitness.body_test: a row each, with a member's number or identity."""
    options = asked(given)

    async def work(_opened: object) -> Report:
        from tessera.records.imports import import_records

        with bar(file.name) as progress:
            return await import_records(
                record_type,
                file,
                source=source,
                store=store,
                mapping=options.mapping,
                options=options.of_import(),
                progress=progress,
            )

    report = run_in_instance(work)
    if options.earn:
        say("--earn has no effect here: records earn nothing by being imported")
    finish(report, as_json=options.as_json)


commands: list[click.Command] = []
