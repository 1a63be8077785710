from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T01:37:05:462489"
VERSION = "hand-written"
DESCRIPTION = "memberships and coupons, keys"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE wallet.membership ADD CONSTRAINT membership_started CHECK ((starts_on IS NULL) = (ends_on IS NULL))",
    "ALTER TABLE wallet.membership ADD CONSTRAINT membership_ended CHECK ((ended_on IS NULL) = (ended_as IS NULL))",
    "CREATE INDEX membership_member ON wallet.membership (member)",
    "CREATE INDEX membership_payer ON wallet.membership (payer) WHERE payer IS NOT NULL",
    "CREATE INDEX membership_ending ON wallet.membership (ends_on) WHERE ended_on IS NULL",
    "CREATE INDEX membership_hold_membership ON wallet.membership_hold (membership, from_on)",
    "CREATE INDEX membership_change_membership ON wallet.membership_change (membership, id)",
    "CREATE FUNCTION wallet.refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME; END $$",
    "CREATE TRIGGER membership_change_append_only BEFORE UPDATE OR DELETE ON wallet.membership_change "
    "FOR EACH ROW EXECUTE FUNCTION wallet.refuse_change()",
    "ALTER TABLE wallet.coupon_kind ADD CONSTRAINT coupon_kind_gives CHECK (gives IN ('amount', 'percent', 'gift'))",
    "ALTER TABLE wallet.coupon ADD CONSTRAINT coupon_state CHECK (state IN ('issued', 'used', 'revoked'))",
    "ALTER TABLE wallet.coupon ADD CONSTRAINT coupon_used CHECK ((state = 'used') = (purchase IS NOT NULL))",
    # The same cause gives one coupon of a kind, however often it is asked for.
    "CREATE UNIQUE INDEX coupon_cause ON wallet.coupon (kind, source, source_id) WHERE source_id IS NOT NULL",
    "CREATE INDEX coupon_member ON wallet.coupon (member, kind) WHERE member IS NOT NULL",
    "CREATE INDEX coupon_used_by ON wallet.coupon (used_by, kind) WHERE used_by IS NOT NULL",
    "CREATE INDEX coupon_purchase ON wallet.coupon (purchase) WHERE purchase IS NOT NULL",
    "CREATE INDEX coupon_of_batch ON wallet.coupon (batch) WHERE batch IS NOT NULL",
    "CREATE INDEX coupon_of_kind ON wallet.coupon (kind, issued_at)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="wallet", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
