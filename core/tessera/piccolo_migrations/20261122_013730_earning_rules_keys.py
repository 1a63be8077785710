from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-22T01:37:30:947957"
VERSION = "hand-written"
DESCRIPTION = "earning_rules_keys"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE deed ADD CONSTRAINT deed_account FOREIGN KEY (account) REFERENCES account ON DELETE RESTRICT",
    # What was earned by a version is explained by it: whoever wants another rule makes the next version.
    """
    CREATE FUNCTION earning_rule_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a version of an earning rule is never changed: add the next one'
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    "CREATE TRIGGER earning_rule_kept BEFORE UPDATE ON earning_rule FOR EACH ROW EXECUTE FUNCTION earning_rule_is_kept()",
    "ALTER TABLE earning_rule ADD CONSTRAINT earning_rule_from_one CHECK (version >= 1)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
