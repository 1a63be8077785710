"""Lists of members: columns recognised, rows understood, matched with those who are there, loaded, taken back."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from tessera.members.identities import remember_source
from tessera.members.imports.contract import ImportOptions, Progress, Report, silent
from tessera.members.imports.people.loading import KIND, MemberLoader
from tessera.members.imports.running import run_import
from tessera.members.service.scope import home_store


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
    return report
