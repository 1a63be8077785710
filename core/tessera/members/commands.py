"""``tessera import`` and ``tessera export``: lists from elsewhere with report and rejects, and lists that go out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from tessera.cli_support import err, one_sentence, out, run_in_instance, say

if TYPE_CHECKING:
    from tessera.members.imports import ImportOptions, Progress, Report, Step
    from tessera.start import Opened

F = TypeVar("F", bound=Callable[..., Any])


@click.group("import")
def import_group() -> None:
    """Bring lists from elsewhere: members, purchases, and what plugins keep."""


@dataclass(frozen=True)
class Asked:
    """The options that every import has."""

    mapping: dict[str, str]
    sheet: str | None
    encoding: str
    dry_run: bool
    rejects: Path | None
    earn: bool
    live: bool
    as_json: bool

    def of_import(self) -> ImportOptions:
        """Those that mean the import itself, as every kind of import takes them."""
        from tessera.members.imports import ImportOptions

        return ImportOptions(
            encoding=self.encoding, sheet=self.sheet, dry_run=self.dry_run, live=self.live, rejects=self.rejects
        )


def import_options(command: F) -> F:
    """Give a command the options of every import; they arrive as keyword arguments, see ``asked``."""
    for option in reversed(
        (
            click.option("--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help="What a column means."),
            click.option("--sheet", help="The sheet of a workbook; the first one otherwise."),
            click.option("--encoding", default="auto", show_default=True, help="utf-8, gb18030, big5, utf-16 …"),
            click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing."),
            click.option(
                "--rejects",
                type=click.Path(dir_okay=False, path_type=Path),
                metavar="FILE",
                help="Write rejected rows there, with line and reason.",
            ),
            click.option("--earn", is_flag=True, help="Let imported purchases earn points."),
            click.option("--live", is_flag=True, help="Let it happen now: rules, messages and tasks follow."),
            click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object."),
        )
    ):
        command = option(command)
    return command


def asked(given: dict[str, Any]) -> Asked:
    """The common options out of a command's keyword arguments."""
    mapping: dict[str, str] = {}
    for pair in given.pop("mapping"):
        column, equals, wanted = pair.rpartition("=")
        if not equals or not column.strip() or not wanted.strip():
            raise click.UsageError(f'--map takes COLUMN=FIELD, such as --map Handy=phone, not "{pair}"')
        mapping[column.strip()] = wanted.strip()
    names = ("sheet", "encoding", "dry_run", "rejects", "earn", "live", "as_json")
    return Asked(mapping, **{name: given.pop(name) for name in names})


@contextmanager
def bar(name: str) -> Iterator[Progress]:
    """A progress bar on standard error while an import runs; nothing where that is no terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rows]} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as shown:
        task = shown.add_task(name, total=None, rows=0)

        def advance(step: Step) -> None:
            shown.update(task, completed=step.done, total=step.total, rows=step.report.read)

        yield advance


def finish(report: Report, *, as_json: bool) -> None:
    """Print a report and end the command: 0 when every row was taken, 1 when some were rejected."""
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(report.as_json()).decode())
    else:
        _print(report)
    sys.exit(1 if report.rejected else 0)


def _control_totals(report: Report) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("control totals", no_wrap=True)
    for heading in ("in the file", "booked", "there already", "rejected", "members"):
        table.add_column(heading, justify="right")
    for total in report.totals:
        sums = [total.in_file, total.booked, total.there, total.rejected]
        table.add_row(str(total.title), *(f"{one:,.{total.scale}f}" for one in sums), f"{len(total.members):,}")
    return table


def _print(report: Report) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name in ("read", "created", "updated", "unchanged", "rejected"):
        table.add_row(name, f"{getattr(report, name):,}")
    out.print(table)
    if report.totals:
        out.print(_control_totals(report))
    if report.resumed_at:
        say(f"went on after {report.resumed_at:,} rows, where the import had stopped")
    for remark in report.remarks:
        say(str(remark))
    for line, reason in report.first_rejects:
        say(f"line {line}: {reason}")
    if report.rejected > len(report.first_rejects):
        say(f"… and {report.rejected - len(report.first_rejects):,} more")
    if report.rejects:
        say(f"rejected rows are in {report.rejects}: correct them and import that file")
    elif report.rejected:
        say("with --rejects FILE the rejected rows are written to a file that can be corrected and imported")
    if report.dry_run:
        say("this was a dry run: nothing was changed")
    elif report.batch:
        say(f"{report.seconds:.1f} s; `tessera import undo {report.batch}` takes this import back")


@import_group.command("members")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", default="", help="The system whose ids the list holds; the file's name otherwise.")
@click.option("--store", default="", help="The store of members whose row names none.")
@import_options
def import_members_command(file: Path, source: str, store: str, **given: Any) -> None:
    """Import a list of members: CSV in any usual encoding, or XLSX."""
    options = asked(given)

    async def work(_opened: object) -> Report:
        from tessera.access.service import store_by_code
        from tessera.members.imports.people import import_members

        with bar(file.name) as progress:
            return await import_members(
                file,
                mapping=options.mapping,
                source=source,
                store=store_by_code(store).id if store else None,
                options=options.of_import(),
                progress=progress,
            )

    report = run_in_instance(work)
    if options.earn:
        say("--earn has no effect here: members earn nothing by being imported")
    finish(report, as_json=options.as_json)


@import_group.command("staff")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--links",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the invitations there, instead of printing them.",
)
@import_options
def import_staff_command(file: Path, links: Path | None, **given: Any) -> None:
    """Import a list of staff: login, name, role, store. Whoever is new gets a link instead of a password."""
    options = asked(given)

    async def work(opened: Opened) -> tuple[Report, dict[str, tuple[str, str]], str]:
        from tessera.members.imports.staff import import_staff, write_links

        with bar(file.name) as progress:
            report, made = await import_staff(
                file, mapping=options.mapping, options=options.of_import(), progress=progress
            )
        address = opened.instance.settings.web.address
        if links is not None and made:
            write_links(links, made, address)
        return report, dict(made), address

    report, made, address = run_in_instance(work)
    if made and links is None and not options.as_json:
        from tessera.members.imports.staff import url_of

        say("each link works once, for seven days, and is shown this once:")
        for login, (_name, token) in made.items():
            say(f"{login}  {url_of(address, token)}")
    elif made and links is None:
        err.print("no link was written: give --links FILE, or make new ones on the page of each person")
    finish(report, as_json=options.as_json)


@import_group.command("consents")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", default="", help="The system whose ids the list holds; the file's name otherwise.")
@import_options
def import_consents_command(file: Path, source: str, **given: Any) -> None:
    """Import what members agreed to: one row a word, with when and where it was said. A newer word stays."""
    options = asked(given)

    async def work(_opened: object) -> Report:
        from tessera.members.imports.consents import import_consents

        with bar(file.name) as progress:
            return await import_consents(
                file, mapping=options.mapping, source=source, options=options.of_import(), progress=progress
            )

    report = run_in_instance(work)
    if options.earn:
        say("--earn has no effect here: nobody earns anything by agreeing")
    finish(report, as_json=options.as_json)


@import_group.command("undo")
@click.argument("batch")
def undo_command(batch: str) -> None:
    """Take a whole import back, while nothing was built on it. BATCH is the id in its report, or `last`."""
    from uuid import UUID

    from tessera.kernel.errors import CannotRun

    async def work(_opened: object) -> Any:
        from tessera.members import imports
        from tessera.members.imports.batches import last_batch

        return await imports.undo(id_ or await last_batch())

    with one_sentence():
        try:
            id_ = None if batch == "last" else UUID(batch)
        except ValueError:
            raise CannotRun(f'"{batch}" is no import: give the id that its report shows, or `last`') from None
    undone = run_in_instance(work)
    say(f"taken back: {undone.removed:,} removed, {undone.restored:,} as before")


@click.group("export")
def export_group() -> None:
    """Take lists out, as files for spreadsheets."""


@export_group.command("members")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--segment", default="", metavar="CODE", help="Only the members of this segment.")
@click.option("--columns", default="", help="Columns separated by commas; all of them otherwise.")
def export_members_command(file: Path, segment: str, columns: str) -> None:
    """Take the members out: CSV or XLSX, by the ending of FILE. What comes out can be imported again."""
    with one_sentence():
        ending = _ending(file)

    async def work(_opened: object) -> int:
        from tessera.members.service import exporting
        from tessera.members.service.lists import WRITERS

        wanted = [name.strip() for name in columns.split(",") if name.strip()]
        export = await exporting.begin(wanted, segment=segment or None)
        with _written(file) as part, _counted(file.name, export.count) as told:
            await WRITERS[ending](export, part, told)
        return export.count

    count = run_in_instance(work)
    say(f"{count:,} members are in {file}: it holds personal data, keep it safe and delete it when it is done with")


def _ending(file: Path) -> str:
    """The kind of file by its name; refuses other kinds, and a folder that is not there, before anything is read."""
    from tessera.kernel.errors import CannotRun

    ending = file.suffix.lower().removeprefix(".")
    if ending not in ("csv", "xlsx"):
        raise CannotRun(f"{file} is neither .csv nor .xlsx: the ending says what is written")
    if not file.absolute().parent.is_dir():
        raise CannotRun(f"{file.absolute().parent} is no folder: name a file in one that is there")
    return ending


@contextmanager
def _written(file: Path) -> Iterator[Path]:
    """A file beside the one that is wanted, readable for its owner alone, which takes its place when all is well."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _counted(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; nothing where that is no terminal."""
    from rich.progress import Progress

    with Progress(console=err, transient=True, disable=not err.is_terminal) as shown:
        task = shown.add_task(name, total=total)
        yield lambda done: shown.update(task, completed=done)


commands: list[click.Command] = [import_group, export_group]
