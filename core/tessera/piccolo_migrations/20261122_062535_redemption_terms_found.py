from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T06:25:35:414316"
VERSION = "hand-written"
DESCRIPTION = "redemption terms found"

FORWARDS: tuple[str, ...] = (
    "UPDATE redemption d SET kind = r.kind, detail = r.detail FROM reward r WHERE r.id = d.reward",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
