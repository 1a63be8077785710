from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T19:45:30:156210"
VERSION = "hand-written"
DESCRIPTION = "purchases keys"

FORWARDS: tuple[str, ...] = (
    # A purchase without a store is a visit too, and only one a day.
    "CREATE UNIQUE INDEX visit_once ON visit (member, day, store) NULLS NOT DISTINCT",
    "CREATE INDEX visit_batch ON visit (batch) WHERE batch IS NOT NULL",
    "CREATE INDEX visit_purchase ON visit (purchase) WHERE purchase IS NOT NULL",
    "CREATE INDEX purchase_member ON purchase (member, at DESC, id DESC) WHERE member IS NOT NULL",
    "CREATE INDEX purchase_account ON purchase (account) WHERE account IS NOT NULL",
    "CREATE INDEX purchase_store ON purchase (store, id DESC) WHERE store IS NOT NULL",
    "CREATE INDEX purchase_batch ON purchase (batch) WHERE batch IS NOT NULL",
    "CREATE INDEX return_member ON purchase_return (member) WHERE member IS NOT NULL",
    "CREATE INDEX return_batch ON purchase_return (batch) WHERE batch IS NOT NULL",
    "CREATE INDEX return_orphan ON purchase_return (source, purchase_external_id) "
    "WHERE purchase IS NULL AND purchase_external_id IS NOT NULL",
    "ALTER TABLE purchase ADD CONSTRAINT purchase_origin CHECK (origin IN ('live', 'import'))",
    "ALTER TABLE purchase_return ADD CONSTRAINT return_origin CHECK (origin IN ('live', 'import'))",
    "ALTER TABLE purchase ADD CONSTRAINT purchase_returned CHECK (returned >= 0)",
    "ALTER TABLE purchase_line ADD CONSTRAINT purchase_line_returned CHECK (returned BETWEEN 0 AND quantity)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
