from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T19:37:42:687018"
VERSION = "hand-written"
DESCRIPTION = "points ledger"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE balance ADD CONSTRAINT balance_account FOREIGN KEY (account) REFERENCES account ON DELETE RESTRICT",
    # Entries are history: whoever wants to correct one books another.
    """
    CREATE FUNCTION entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'entries are never changed or deleted: book a correcting entry' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    "CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION entry_is_kept()",
    "CREATE TRIGGER allocation_append_only BEFORE UPDATE OR DELETE ON allocation "
    "FOR EACH ROW EXECUTE FUNCTION entry_is_kept()",
    "ALTER TABLE entry ADD CONSTRAINT entry_origin CHECK (origin IN ('live', 'import'))",
    "ALTER TABLE lot ADD CONSTRAINT lot_remaining CHECK (remaining <= amount)",
    "CREATE INDEX entry_account ON entry (account, id DESC)",
    "CREATE INDEX entry_purchase ON entry (purchase) WHERE purchase IS NOT NULL",
    "CREATE INDEX entry_batch ON entry (batch) WHERE batch IS NOT NULL",
    "CREATE UNIQUE INDEX entry_reversed_once ON entry (reverses) WHERE reverses IS NOT NULL",
    "CREATE INDEX lot_open ON lot (account, unit, expires_at) WHERE remaining > 0",
    "CREATE INDEX lot_expiring ON lot (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL",
    "CREATE UNIQUE INDEX lot_entry ON lot (entry)",
    "CREATE INDEX lot_purchase ON lot (purchase) WHERE purchase IS NOT NULL",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
