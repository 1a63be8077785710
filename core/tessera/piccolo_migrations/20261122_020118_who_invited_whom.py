from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T02:01:18:619361"
VERSION = "hand-written"
DESCRIPTION = "who_invited_whom"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE member_link DROP CONSTRAINT member_link_kind",
    "ALTER TABLE member_link ADD CONSTRAINT member_link_kind "
    "CHECK (kind IN ('guardian', 'payer', 'household', 'employer', 'referrer'))",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
