from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T05:17:20:314269"
VERSION = "hand-written"
DESCRIPTION = "deed of purchase found"

FORWARDS: tuple[str, ...] = ("CREATE INDEX deed_purchase ON deed (purchase) WHERE purchase IS NOT NULL",)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
