from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T01:40:25:293594"
VERSION = "hand-written"
DESCRIPTION = "periods"

FORWARDS: tuple[str, ...] = (
    # Rows come nearly in the order of time: what a report of a period reads is found at hardly any cost of writing.
    "CREATE INDEX purchase_at ON purchase USING brin (at)",
    "CREATE INDEX return_at ON purchase_return USING brin (at)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
