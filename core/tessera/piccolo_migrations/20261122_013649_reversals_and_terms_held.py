from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T01:36:49:427381"
VERSION = "hand-written"
DESCRIPTION = "reversals and terms held"

FORWARDS: tuple[str, ...] = (
    # Reversals may be partial: together they never take back more than there was.
    "DROP INDEX entry_reversed_once",
    "CREATE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL",
    """
    CREATE FUNCTION entry_reversed_within() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT sum(abs(r.amount) + r.forgiven) FROM entry r WHERE r.reverses = NEW.reverses)
            > (SELECT abs(e.amount) FROM entry e WHERE e.id = NEW.reverses) THEN
            RAISE EXCEPTION 'an entry is reversed beyond its amount' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER entry_reversed_within AFTER INSERT ON entry FOR EACH ROW WHEN (NEW.reverses IS NOT NULL) "
    "EXECUTE FUNCTION entry_reversed_within()",
    # By what was credited, for plugins: the lots of a pack, of a recharge.
    "CREATE INDEX entry_brought ON entry (source_id) WHERE kind IN ('credit', 'take_back') AND source_id IS NOT NULL",
    "ALTER TABLE lot ADD CONSTRAINT lot_moved_by FOREIGN KEY (moved_by) REFERENCES entry ON DELETE RESTRICT",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
