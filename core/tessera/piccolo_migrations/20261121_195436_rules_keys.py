from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T19:54:36:899165"
VERSION = "hand-written"
DESCRIPTION = "rules keys"

FORWARDS: tuple[str, ...] = ("CREATE INDEX rule_run_latest ON rule_run (rule, id DESC)",)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
