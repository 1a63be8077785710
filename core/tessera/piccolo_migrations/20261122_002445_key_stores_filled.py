from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T00:24:45:999913"
VERSION = "hand-written"
DESCRIPTION = "key_stores_filled"

FORWARDS: tuple[str, ...] = (
    "UPDATE api_key SET stores = ARRAY[store] WHERE store IS NOT NULL",
    "ALTER TABLE api_key ADD CONSTRAINT api_key_stores CHECK (cardinality(stores) > 0)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
