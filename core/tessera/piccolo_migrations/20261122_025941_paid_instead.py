from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T02:59:41:124382"
VERSION = "hand-written"
DESCRIPTION = "paid instead"

FORWARDS: tuple[str, ...] = (
    # Where a merge was undone by force, a debit is given back to who paid instead.
    "CREATE INDEX entry_paid_instead ON entry (source_id) WHERE kind = 'transfer' AND source = 'unmerge'",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
