from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T22:05:25:217552"
VERSION = "hand-written"
DESCRIPTION = "members_in_full_keys"

FORWARDS: tuple[str, ...] = (
    "ALTER TABLE member ADD CONSTRAINT member_merged_into FOREIGN KEY (merged_into) REFERENCES member ON DELETE RESTRICT",
    # who is merged or erased is rare: partial indexes cost the others nothing
    "CREATE INDEX member_merged ON member (merged_into) WHERE merged_into IS NOT NULL",
    "ALTER TABLE member ADD CONSTRAINT member_lunar CHECK ((lunar_month IS NULL) = (lunar_day IS NULL) "
    "AND lunar_month BETWEEN 1 AND 12 AND lunar_day BETWEEN 1 AND 30 AND (lunar_month IS NOT NULL OR NOT lunar_leap))",
    "ALTER TABLE member ADD CONSTRAINT member_not_merged_into_itself CHECK (merged_into <> id)",
    "CREATE UNIQUE INDEX member_merge_one_survivor ON member_merge (other) WHERE undone_at IS NULL",
    "ALTER TABLE member_merge ADD CONSTRAINT member_merge_two CHECK (survivor <> other)",
    "CREATE UNIQUE INDEX tag_name ON tag (lower(name))",
    """
    CREATE TABLE member_tag (
        member uuid NOT NULL REFERENCES member ON DELETE RESTRICT,
        tag uuid NOT NULL REFERENCES tag ON DELETE RESTRICT,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        staff uuid REFERENCES staff ON DELETE RESTRICT,
        rule text,
        batch uuid,
        PRIMARY KEY (member, tag)
    )
    """,
    "CREATE INDEX member_tag_tag ON member_tag (tag, member)",
    "CREATE INDEX member_tag_batch ON member_tag (batch) WHERE batch IS NOT NULL",
    "ALTER TABLE stage_change ADD CONSTRAINT stage_change_known CHECK ("
    "before IN ('prospect', 'new', 'active', 'dormant', 'lost') AND "
    "after IN ('prospect', 'new', 'active', 'dormant', 'lost') AND before <> after)",
    "ALTER TABLE stage_rule ADD CONSTRAINT stage_rule_after "
    "CHECK (after IN ('prospect', 'new', 'active', 'dormant', 'lost'))",
    "ALTER TABLE custom_field ADD CONSTRAINT custom_field_kind "
    "CHECK (kind IN ('text', 'number', 'date', 'choice', 'choices', 'yes_no'))",
    """
    CREATE TABLE member_custom (
        member uuid NOT NULL REFERENCES member ON DELETE RESTRICT,
        field uuid NOT NULL REFERENCES custom_field ON DELETE RESTRICT,
        value jsonb,
        sealed bytea,
        lookup bytea,
        batch uuid,
        PRIMARY KEY (member, field),
        CONSTRAINT member_custom_plain_or_sealed CHECK (num_nonnulls(value, sealed) = 1)
    )
    """,
    "CREATE INDEX member_custom_lookup ON member_custom (field, lookup) WHERE lookup IS NOT NULL",
    "CREATE INDEX member_custom_batch ON member_custom (batch) WHERE batch IS NOT NULL",
    "ALTER TABLE member_link ADD CONSTRAINT member_link_kind "
    "CHECK (kind IN ('guardian', 'payer', 'household', 'employer'))",
    "ALTER TABLE member_link ADD CONSTRAINT member_link_someone "
    "CHECK (other <> member AND (other IS NOT NULL OR (kind = 'employer' AND label <> '')))",
    "CREATE UNIQUE INDEX member_link_household ON member_link (least(member, other), greatest(member, other)) "
    "WHERE kind = 'household'",
    "ALTER TABLE attachment ADD CONSTRAINT attachment_kind CHECK (kind IN ('picture', 'document'))",
    "INSERT INTO consent_word (id, member, purpose, channel, state, source, wording, given_by, actor, at, batch) "
    "SELECT id, member, purpose, channel, state, source, wording, given_by, '', at, batch FROM consent",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
