from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T19:37:36:444720"
VERSION = "hand-written"
DESCRIPTION = "tasks keys"

FORWARDS: tuple[str, ...] = (
    "CREATE UNIQUE INDEX task_key_open ON task (key) WHERE state = 'open' AND key IS NOT NULL",
    'CREATE INDEX task_key ON task (key) WHERE key IS NOT NULL',
    'CREATE INDEX task_state ON task (state, id DESC)',
    "ALTER TABLE task ADD CONSTRAINT task_state_known CHECK (state IN ('open', 'done'))",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
