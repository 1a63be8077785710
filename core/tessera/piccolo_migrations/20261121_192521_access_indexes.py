from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-11-21T19:25:21:492274"
VERSION = "hand-written"
DESCRIPTION = "access_indexes"

FORWARDS: tuple[str, ...] = (
    "CREATE UNIQUE INDEX store_code_any_case ON store (lower(code))",
    "CREATE UNIQUE INDEX staff_role_once ON staff_role (staff, role, store) NULLS NOT DISTINCT",
    "CREATE INDEX session_staff ON session (staff)",
    "ALTER TABLE staff ADD CONSTRAINT staff_login_normal CHECK (login = lower(btrim(login)))",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        for statement in FORWARDS:
            await execute(statement)

    manager.add_raw(run)
    return manager
