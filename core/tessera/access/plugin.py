"""Where access meets the hooks: the core's permissions and the roles that every business has."""

from datetime import timedelta

from tessera.access.idempotency import forget_old
from tessera.access.permissions import CORE_PERMISSIONS, CORE_ROLES
from tessera_hooks import Job, Permission, Role, hookimpl


@hookimpl
def permissions() -> list[Permission]:
    return list(CORE_PERMISSIONS)


@hookimpl
def roles() -> list[Role]:
    return list(CORE_ROLES)


@hookimpl
def jobs() -> list[Job]:
    return [Job("access.idempotency", timedelta(hours=1), forget_old)]
