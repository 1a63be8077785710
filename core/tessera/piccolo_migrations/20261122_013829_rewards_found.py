from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T01:38:29:148887"
VERSION = "hand-written"
DESCRIPTION = "rewards found"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE redemption ADD CONSTRAINT redemption_status CHECK (status IN ('open', 'handed_over', 'cancelled'))",
    # What a member took of a reward, for its limit; and the history of a member.
    "CREATE INDEX redemption_member ON redemption (member, reward)",
    "CREATE INDEX redemption_reward ON redemption (reward)",
    "CREATE INDEX redemption_open ON redemption (store, id) WHERE status = 'open'",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
