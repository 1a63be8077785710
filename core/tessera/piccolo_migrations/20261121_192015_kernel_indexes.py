from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T19:20:15:907258"
VERSION = "hand-written"
DESCRIPTION = "kernel indexes"

FORWARDS: tuple[str, ...] = (
    "INSERT INTO generation (id, number) VALUES (1, 1)",
    "INSERT INTO dispatcher (id, position, holder) VALUES (1, 0, '')",
    # the transaction's number is the database's own; Piccolo has no such column type
    "ALTER TABLE event ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id()",
    "CREATE UNIQUE INDEX event_position ON event (position) WHERE position IS NOT NULL",
    "CREATE INDEX event_waiting ON event (txid, id) WHERE position IS NULL",
    "CREATE INDEX event_member ON event (member, occurred_at DESC, id DESC) WHERE member IS NOT NULL",
    "CREATE INDEX event_batch ON event (batch) WHERE batch IS NOT NULL",
    "CREATE UNIQUE INDEX plugin_enabled_everywhere ON plugin_enabled (plugin) WHERE store IS NULL",
    "CREATE UNIQUE INDEX plugin_enabled_store ON plugin_enabled (plugin, store) WHERE store IS NOT NULL",
    "CREATE INDEX delivery_due ON delivery (due_at) WHERE parked_at IS NULL",
    "ALTER TABLE event ADD CONSTRAINT event_origin CHECK (origin IN ('live', 'import'))",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
