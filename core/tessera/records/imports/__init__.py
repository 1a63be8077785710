"""Lists of records: members found by number or identity, records recognised by their natural key, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from tessera.access.service.stores import store_by_code
from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins import host
from tessera.members.imports import ImportOptions, Progress, Report, register_undo, run_import, silent
from tessera.records.imports.loading import KIND, RecordLoader
from tessera.records.imports.undoing import undo_records
from tessera.records.kinds import Kind, kind_named

__all__ = ["import_records", "register"]


def register() -> None:
    """Let imports of records be taken back."""
    register_undo(KIND, undo_records)


def _kind(code: str) -> Kind:
    try:
        kind = kind_named(host(), code)
    except LookupError as problem:
        raise CannotRun(str(problem.args[0])) from None
    if not host().enabled(kind.plugin):
        raise CannotRun(f'the plugin "{kind.plugin}" is not enabled: run `tessera plugin enable {kind.plugin}` first')
    return kind


async def import_records(
    code: str,
    path: Path,
    *,
    source: str = "",
    store: str = "",
    mapping: Mapping[str, str] | None = None,
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> Report:
    """Import records of a type such as ``fitness.body_test``.

    ``source`` names the system whose ids of members the list holds, the file's name unless given;
    ``store`` is the code of the store of rows that name none, the only one unless given.
    """
    kind, wanted = _kind(code), options or ImportOptions()
    source = (source or path.stem)[:80]
    home: UUID | None = store_by_code(store).id if store else None
    facts = {"type": kind.code, "mapping": dict(mapping or {}), "source": source, "store": store, **wanted.facts}
    loader = RecordLoader(kind, source, mapping or {}, home)
    return await run_import(KIND, path, loader, replace(wanted, facts=facts), progress)
