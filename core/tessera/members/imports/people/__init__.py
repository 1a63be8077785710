"""Lists of members: columns recognised, rows understood, matched with those who are there, loaded, taken back."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from tessera.members.identities import remember_source
from tessera.members.imports.contract import ImportOptions, Progress, Report, silent
from tessera.members.imports.people.loading import KIND, MemberLoader
from tessera.members.imports.running import run_import
from tessera.members.service import duplicates
from tessera.members.service.scope import home_store
from tessera_hooks import _


async def import_members(
    path: Path,
    *,
    mapping: dict[str, str] | None = None,
    source: str = "",
    store: UUID | None = None,
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> Report:
    """Import a list of members.

    ``source`` names the system whose ids the list holds, the file's name unless given; ``store`` is the
    home store of those whose row names none, the only store where there is one.
    """
    wanted = options or ImportOptions()
    source = source or path.stem
    home = home_store(store)
    facts = {"mapping": mapping or {}, "source": source, "store": str(home) if home else None, **wanted.facts}
    loader = MemberLoader(source, mapping, home)
    report = await run_import(KIND, path, loader, replace(wanted, facts=facts), progress)
    if "external" in loader.parser.plan.fields and not wanted.dry_run:
        await remember_source(source)
    await _tell_alike(report)
    return report


async def _tell_alike(report: Report) -> None:
    """Say how many of the people look like others, and where to decide about them."""
    report.alike = await duplicates.count_open(report.batch) if report.batch is not None else 0
    if report.alike:
        report.remarks.append(
            _(
                "{count} pairs look like one person: decide about them on the page Members, Perhaps the same person",
                count=report.alike,
            )
        )
