"""Writing a migration: the difference between a plugin's tables and what its migrations make of them."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import black
from piccolo.apps.migrations.auto import DiffableTable, SchemaDiffer, SchemaSnapshot
from piccolo.apps.migrations.commands.new import render_template
from piccolo.table import Table

from tessera.kernel.errors import CannotRun
from tessera.kernel.migrations.found import CORE_FOLDER, Found, find_migrations

LINE = 120


def tables_in(module_name: str) -> list[type[Table]]:
    """The Piccolo tables that a module, or the package of that name, defines itself."""
    module = importlib.import_module(module_name)
    found = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Table) and v is not Table]
    own = [
        t
        for t in found
        if (t.__module__ + ".").startswith(module_name + ".") and not t.__dict__.get("__abstract__", False)
    ]
    return sorted(own, key=lambda t: t.__name__)


def _diffable(table: type[Table]) -> DiffableTable:
    meta = table._meta  # noqa: SLF001 - Piccolo's own name for what a table is
    return DiffableTable(
        class_name=table.__name__,
        tablename=meta.tablename,
        schema=meta.schema,
        columns=meta.non_default_columns,
        constraints=meta.constraints,
    )


async def write_migration(
    found: Found, tables: Sequence[type[Table]], *, name: str, keep_others: bool = False, empty: bool = False
) -> Path | None:
    """Write the migration that brings the schema to ``tables``; ``None`` where nothing has changed.

    ``keep_others`` leaves tables alone that the migrations know and ``tables`` does not name.
    ``empty`` writes one to be filled with SQL by hand.
    """
    now = datetime.now(UTC)
    id_ = now.strftime("%Y-%m-%dT%H:%M:%S:%f")
    if empty:
        text = _hand_written(id_, found.plugin, name)
    else:
        statements, imports, definitions = await _difference(found, tables, keep_others=keep_others)
        if not statements:
            return None
        text = render_template(  # type: ignore[no-untyped-call]
            migration_id=id_,
            auto=True,
            alter_statements=statements,
            extra_imports=imports,
            extra_definitions=definitions,
            app_name=found.plugin,
            description=name,
        )
        text = black.format_str(text, mode=black.FileMode(line_length=LINE))
    found.folder.mkdir(exist_ok=True)
    (found.folder / "__init__.py").touch()
    path = found.folder / f"{now.strftime('%Y%m%d_%H%M%S')}_{re.sub(r'[^a-z0-9]+', '_', name.lower())}.py"
    path.write_text(text, encoding="utf-8")
    return path


async def _difference(
    found: Found, tables: Sequence[type[Table]], *, keep_others: bool
) -> tuple[list[str], list[Any], list[Any]]:
    snapshot = SchemaSnapshot([await m.forwards() for m in found.migrations]).get_snapshot()
    wanted = [_diffable(table) for table in tables]
    if keep_others:
        named = {t.class_name for t in wanted}
        wanted += [t for t in snapshot if t.class_name not in named]
    changes = SchemaDiffer(schema=wanted, schema_snapshot=snapshot, auto_input="n").get_alter_statements()
    statements = list(chain(*[c.statements for c in changes]))
    imports = sorted(set(chain(*[c.extra_imports for c in changes])), key=repr)
    definitions = sorted(set(chain(*[c.extra_definitions for c in changes])), key=repr)
    return statements, imports, definitions


def _hand_written(id_: str, plugin: str, name: str) -> str:
    return f'''from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "{id_}"
VERSION = "hand-written"
DESCRIPTION = "{name}"

FORWARDS: tuple[str, ...] = ()


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="{plugin}", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
'''


def main() -> None:
    """Write a migration of the core: ``python -m tessera.kernel.migrations.write core --domain members``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("plugin", choices=["core"])
    parser.add_argument("--domain", required=True)
    parser.add_argument("--name")
    parser.add_argument("--empty", action="store_true")
    asked = parser.parse_args()
    tables = tables_in(f"tessera.{asked.domain}.tables")
    found = find_migrations("core", CORE_FOLDER, "tessera")
    name = asked.name or asked.domain
    try:
        path = asyncio.run(write_migration(found, tables, name=name, keep_others=True, empty=asked.empty))
    except CannotRun as problem:
        raise SystemExit(str(problem)) from None
    print(path or "nothing has changed")  # noqa: T201


if __name__ == "__main__":
    main()
