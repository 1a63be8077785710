from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T02:01:51:514684"
VERSION = "hand-written"
DESCRIPTION = "reversals undone"

FORWARDS: tuple[str, ...] = (
    # A reversal that was undone with its import is none: what it had taken back can be taken back again.
    """
    CREATE OR REPLACE FUNCTION entry_reversed_within() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT sum(abs(r.amount) + r.forgiven) FROM entry r WHERE r.reverses = NEW.reverses
                AND NOT EXISTS (SELECT 1 FROM entry u WHERE u.reverses = r.id AND u.kind = 'undo'))
            > (SELECT abs(e.amount) FROM entry e WHERE e.id = NEW.reverses) THEN
            RAISE EXCEPTION 'an entry is reversed beyond its amount' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
