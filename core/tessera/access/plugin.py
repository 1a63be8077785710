"""Where access meets the hooks: the core's permissions and the roles that every business has."""

from tessera.access.permissions import CORE_PERMISSIONS, CORE_ROLES
from tessera_hooks import Permission, Role, hookimpl


@hookimpl
def permissions() -> list[Permission]:
    return list(CORE_PERMISSIONS)


@hookimpl
def roles() -> list[Role]:
    return list(CORE_ROLES)
