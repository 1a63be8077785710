from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T01:33:38:609724"
VERSION = "hand-written"
DESCRIPTION = "remembered goods"

FORWARDS: tuple[str, ...] = (
    "CREATE INDEX purchase_line_sku ON purchase_line (sku, id DESC) WHERE sku IS NOT NULL",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
