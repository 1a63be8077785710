from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T22:31:00:820364"
VERSION = "hand-written"
DESCRIPTION = "lookups"

FORWARDS: tuple[str, ...] = (
    # What is looked up within a day: by the mask of an identity its different values, all of them keyed hashes.
    """
    CREATE TABLE lookup_mask (
        mask bytea PRIMARY KEY,
        since timestamptz NOT NULL,
        tried bytea[] NOT NULL
    )
    """,
    "CREATE INDEX lookup_mask_since ON lookup_mask (since)",
    # ... and by person or program how much, in the hour and the day that began with the first.
    """
    CREATE TABLE lookup_pace (
        holder uuid PRIMARY KEY,
        hour timestamptz NOT NULL,
        misses integer NOT NULL,
        hits integer NOT NULL,
        day timestamptz NOT NULL,
        day_misses integer NOT NULL,
        noted boolean NOT NULL DEFAULT false
    )
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
