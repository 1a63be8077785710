from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T19:32:33:601762"
VERSION = "hand-written"
DESCRIPTION = "members_keys"

FORWARDS: tuple[str, ...] = (
    "CREATE SEQUENCE member_number START 10000",
    """
    CREATE TABLE member_store (
        member uuid NOT NULL REFERENCES member ON DELETE CASCADE,
        store uuid NOT NULL REFERENCES store ON DELETE RESTRICT,
        PRIMARY KEY (member, store)
    )
    """,
    "CREATE INDEX member_store_store ON member_store (store, member)",
    # Bytewise collation: a prefix is then a range of the key, and the key's order is the answer's order.
    # No foreign key: the rows are derived from members, and eight checks for each would double an import.
    """
    CREATE TABLE member_token (
        token text COLLATE "C" NOT NULL,
        name_key text COLLATE "C" NOT NULL,
        member uuid NOT NULL,
        PRIMARY KEY (token, name_key, member)
    )
    """,
    "CREATE INDEX member_token_member ON member_token (member, token)",
    """
    CREATE TABLE import_row (
        batch uuid NOT NULL REFERENCES import_batch ON DELETE RESTRICT,
        line bigint NOT NULL,
        action text NOT NULL CHECK (action IN ('created', 'updated', 'unchanged', 'rejected')),
        target uuid,
        before jsonb,
        reason jsonb,
        PRIMARY KEY (batch, line)
    )
    """,
    "CREATE INDEX import_row_target ON import_row (batch, target)",
    "CREATE INDEX import_batch_file ON import_batch (kind, sha256)",
    'ALTER TABLE member ALTER name_key TYPE text COLLATE "C"',
    "CREATE INDEX member_birthday ON member (birth_month, birth_day)",
    "CREATE INDEX member_batch ON member (batch) WHERE batch IS NOT NULL",
    "CREATE INDEX identity_batch ON identity (batch) WHERE batch IS NOT NULL",
    "CREATE UNIQUE INDEX identity_one_primary ON identity (member, kind) WHERE is_primary",
    "CREATE INDEX contact_lookup ON contact (kind, lookup)",
    "ALTER TABLE member ADD CONSTRAINT member_gender CHECK (gender IN ('female', 'male', 'other'))",
    "ALTER TABLE member ADD CONSTRAINT member_stage "
    "CHECK (stage IN ('prospect', 'new', 'active', 'dormant', 'lost'))",
    "ALTER TABLE member ADD CONSTRAINT member_birthday CHECK ((birth_month IS NULL) = (birth_day IS NULL) "
    "AND (birth_year IS NULL OR birth_month IS NOT NULL) AND birth_month BETWEEN 1 AND 12 AND birth_day BETWEEN 1 AND 31)",
    "ALTER TABLE consent ADD CONSTRAINT consent_state CHECK (state IN ('granted', 'refused'))",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
