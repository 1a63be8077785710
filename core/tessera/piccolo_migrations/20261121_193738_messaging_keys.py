from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T19:37:38:482078"
VERSION = "hand-written"
DESCRIPTION = "messaging keys"

FORWARDS: tuple[str, ...] = (
    'CREATE UNIQUE INDEX message_once ON message (rule, member, cause, template, recipient, channel) WHERE rule IS NOT NULL',
    "CREATE INDEX message_due ON message (due_at) WHERE state = 'due'",
    "CREATE INDEX message_sending ON message (lease_until) WHERE state = 'sending'",
    'CREATE INDEX message_state ON message (state, id DESC)',
    'CREATE INDEX message_member ON message (member, id DESC)',
    "ALTER TABLE message ADD CONSTRAINT message_state_known CHECK (state IN ('blocked', 'due', 'sending', 'sent', 'refused', 'uncertain'))",
    "ALTER TABLE message ADD CONSTRAINT message_reason CHECK ((state IN ('blocked', 'refused')) = (reason IS NOT NULL))",
    'ALTER TABLE message ADD CONSTRAINT message_cause CHECK ((rule IS NULL) = (cause IS NULL))',
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
