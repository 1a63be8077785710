from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T22:28:02:458050"
VERSION = "hand-written"
DESCRIPTION = "entry_without_words"

FORWARDS: tuple[str, ...] = (
    # Numbers are never changed. The words that someone typed beside one may name a person: when that
    # person is erased, and only in the transaction that does it, they give way to a fixed one.
    """
    CREATE OR REPLACE FUNCTION entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'entry' AND current_setting('tessera.erasing', true) = 'on'
            AND to_jsonb(NEW) = to_jsonb(OLD) || '{"reason": "erased"}' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'entries are never changed or deleted: book a correcting entry' USING ERRCODE = 'restrict_violation';
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
