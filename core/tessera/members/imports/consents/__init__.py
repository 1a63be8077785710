"""Lists of what members agreed to: history with its moments, which never loosens a newer word."""

from dataclasses import replace
from pathlib import Path

from tessera.members.imports.consents.loading import KIND, ConsentLoader
from tessera.members.imports.contract import ImportOptions, Progress, Report, silent
from tessera.members.imports.running import run_import


async def import_consents(
    path: Path,
    *,
    mapping: dict[str, str] | None = None,
    source: str = "",
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> Report:
    """Import a list of what members agreed to: one row a word, with when and where it was said.

    ``source`` names the system whose ids the list holds, the file's name unless given.
    """
    wanted = options or ImportOptions()
    source = source or path.stem
    facts = {"mapping": mapping or {}, "source": source, **wanted.facts}
    return await run_import(KIND, path, ConsentLoader(source, mapping), replace(wanted, facts=facts), progress)
