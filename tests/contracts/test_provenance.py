"""Every row that belongs to a plugin can be found by it: each core table with a ``plugin`` column is classified."""

from __future__ import annotations

from tessera.kernel.database import fetch
from tessera.kernel.plugins.provenance import BOOKKEEPING, HISTORY, OWN, TRACES, WORKINGS
from tessera.kernel.plugins.relations import CORE_SCHEMA, keys_of, tables_in, tables_with


async def test_every_core_table_with_a_plugin_is_classified(db):
    known = HISTORY | OWN | WORKINGS | {BOOKKEEPING}
    assert set(await tables_with("plugin")) - known == set(), "say in kernel/plugins/provenance.py which it is"


async def test_every_classified_table_exists_and_names_a_plugin(db):
    assert (HISTORY | OWN | WORKINGS | {BOOKKEEPING}) - set(await tables_with("plugin")) == set()


async def test_every_traced_column_exists(db):
    assert [t for t in TRACES if t.table not in await tables_with(t.column)] == []


async def test_no_history_hangs_on_rows_that_go_with_a_plugin(db):
    going = OWN | WORKINGS | {t.table for t in TRACES}
    hanging = [
        (k.table, k.to_table) for k in await keys_of(CORE_SCHEMA) if k.to_table in going and k.table not in going
    ]
    assert hanging == []


async def test_no_core_row_points_at_a_plugins(db):
    assert [k for k in await keys_of(CORE_SCHEMA) if k.to_schema != CORE_SCHEMA] == []


async def test_every_table_outside_the_core_is_in_the_schema_of_a_plugin(db, plugin_host):
    rows = await fetch(
        "SELECT DISTINCT schemaname AS s FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert {r["s"] for r in rows} - {CORE_SCHEMA, *plugin_host.plugins} == set()


async def test_the_core_has_its_tables(db):
    assert "member" in await tables_in(CORE_SCHEMA)
