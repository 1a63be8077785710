from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T01:20:59:400520"
VERSION = "hand-written"
DESCRIPTION = "selling keys"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE purchase ADD CONSTRAINT purchase_shift FOREIGN KEY (shift) REFERENCES shift ON DELETE RESTRICT",
    "ALTER TABLE purchase_return ADD CONSTRAINT purchase_return_shift FOREIGN KEY (shift) REFERENCES shift "
    "ON DELETE RESTRICT",
    "ALTER TABLE taking ADD CONSTRAINT taking_shift FOREIGN KEY (shift) REFERENCES shift ON DELETE RESTRICT",
    "ALTER TABLE purchase ADD CONSTRAINT purchase_points_paid CHECK (points_paid BETWEEN 0 AND amount)",
    "CREATE INDEX purchase_shift ON purchase (shift) WHERE shift IS NOT NULL",
    "CREATE INDEX return_shift ON purchase_return (shift) WHERE shift IS NOT NULL",
    "CREATE INDEX taking_shift ON taking (shift) WHERE shift IS NOT NULL",
    "CREATE INDEX taking_batch ON taking (batch) WHERE batch IS NOT NULL",
    # Whoever works at a till has one shift there at a time.
    "CREATE UNIQUE INDEX shift_open ON shift (staff, store) NULLS NOT DISTINCT WHERE closed_at IS NULL",
    "CREATE UNIQUE INDEX line_credit_once ON line_credit (line, staff)",
    "CREATE UNIQUE INDEX purchase_claim_place ON purchase_claim (purchase, kind, value)",
    "CREATE INDEX member_tier_code ON member (tier) WHERE tier IS NOT NULL",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
