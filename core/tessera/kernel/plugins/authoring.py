"""Writing a plugin's migration from the difference between its tables and the migrations that it has."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from tessera.kernel.errors import CannotRun
from tessera.kernel.migrations import find_migrations
from tessera.kernel.migrations.write import write_migration
from tessera.kernel.plugins.contract import tables_of
from tessera.kernel.plugins.discovery import Candidate


async def write_for(candidate: Candidate, name: str) -> Path | None:
    """Write the migration that brings a plugin's schema to its tables; ``None`` where nothing has changed."""
    found = find_migrations(candidate.name, candidate.migrations_folder, candidate.package)
    tables = tables_of(candidate)
    if not tables and not found.migrations:
        raise CannotRun(f'"{candidate.name}" has no tables: write them in {_where(candidate)} first')
    for table in tables:
        if table._meta.schema != candidate.name:  # noqa: SLF001 - Piccolo's own name for what a table is
            raise CannotRun(
                f'the table {table.__name__} is outside the plugin\'s schema: add schema="{candidate.name}"'
            )
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return await write_migration(found, tables, name=name)
    except OSError as problem:
        raise CannotRun(f"{found.folder} cannot be written ({problem.strerror}): check its permissions") from None


def _where(candidate: Candidate) -> Path:
    return candidate.folder / (f"{candidate.package}.py" if candidate.one_file else "tables.py")
