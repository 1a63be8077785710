from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T22:27:37:910794"
VERSION = "hand-written"
DESCRIPTION = "likely_duplicates_keys"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE duplicate ADD CONSTRAINT duplicate_ordered CHECK (one < other)",
    "ALTER TABLE duplicate ADD CONSTRAINT duplicate_state CHECK (state IN ('open', 'dismissed'))",
    "CREATE INDEX duplicate_open ON duplicate (id DESC) WHERE state = 'open'",
    "CREATE INDEX duplicate_batch ON duplicate (batch) WHERE batch IS NOT NULL",
    # Derived rows: no foreign keys, for checks would double what an import writes here. The key leads,
    # because the rows are only ever looked for by it.
    "CREATE TABLE likeness_key (key bigint NOT NULL, member uuid NOT NULL, PRIMARY KEY (key, member))",
    "CREATE INDEX likeness_key_member ON likeness_key (member)",
    "CREATE TABLE likeness_due (member uuid PRIMARY KEY)",
    "INSERT INTO likeness_due (member) SELECT id FROM member WHERE merged_into IS NULL",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
