from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T22:06:10:087143"
VERSION = "hand-written"
DESCRIPTION = "audit_keys"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE audit ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id()",
    "CREATE INDEX audit_waiting ON audit (txid, id) WHERE seal IS NULL",
    "CREATE INDEX audit_member ON audit (member, id DESC) WHERE member IS NOT NULL",
    "CREATE INDEX audit_actor ON audit (actor, id DESC)",
    "CREATE INDEX audit_action ON audit (action, id DESC)",
    "CREATE INDEX audit_seal_rows ON audit (seal, txid, id)",
    """
    CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND NEW.seal IS NOT NULL
            AND to_jsonb(OLD) - 'seal' = to_jsonb(NEW) - 'seal' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'audit rows are never changed or taken away' USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_kept()",
    """
    CREATE FUNCTION audit_seal_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'seals of the audit are never changed or taken away' USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    "CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal "
    "FOR EACH ROW EXECUTE FUNCTION audit_seal_is_kept()",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
