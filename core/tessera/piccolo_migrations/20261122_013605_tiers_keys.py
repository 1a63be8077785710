from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T01:36:05:343336"
VERSION = "hand-written"
DESCRIPTION = "tiers_keys"

FORWARDS: tuple[str, ...] = (
    "CREATE UNIQUE INDEX tier_rank ON tier (rank) WHERE archived_at IS NULL",
    "ALTER TABLE tier ADD CONSTRAINT tier_first CHECK (rank > 0 OR (archived_at IS NULL AND criteria -> 'asks' = '{}'))",
    # A member carries the code of a tier above the first one, or none: the first one.
    "ALTER TABLE member ADD CONSTRAINT member_tier_code FOREIGN KEY (tier) REFERENCES tier (code) ON DELETE RESTRICT",
    "ALTER TABLE member_tier ADD CONSTRAINT member_tier_tier FOREIGN KEY (tier) REFERENCES tier (code) "
    "ON DELETE RESTRICT",
    "CREATE INDEX member_tier_until ON member_tier (until, member) WHERE until IS NOT NULL",
    "CREATE INDEX tier_change_member ON tier_change (member, at DESC, id DESC)",
    "CREATE INDEX tier_change_batch ON tier_change (batch) WHERE batch IS NOT NULL",
    "ALTER TABLE tier_change ADD CONSTRAINT tier_change_direction CHECK (direction IN ('up', 'down', 'same'))",
    "ALTER TABLE tier_change ADD CONSTRAINT tier_change_origin CHECK (origin IN ('live', 'import'))",
    "ALTER TABLE exchange_rate ADD CONSTRAINT exchange_rate_positive CHECK (rate > 0 AND factor > 0)",
    # The history of tiers is never changed; rows go with the person, or with the import that brought them.
    """
    CREATE FUNCTION tier_change_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND (OLD.batch IS NOT NULL OR current_setting('tessera.erasing', true) = 'on') THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'changes of tiers are never changed or deleted: make another' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    "CREATE TRIGGER tier_change_append_only BEFORE UPDATE OR DELETE ON tier_change "
    "FOR EACH ROW EXECUTE FUNCTION tier_change_is_kept()",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
