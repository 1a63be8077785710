"""Where the core meets this plugin: one function per hook, no logic."""

from tessera_hooks import Permission, Role, Unit, hookimpl
from tessera_wallet.permissions import PERMISSIONS, cashier
from tessera_wallet.units import UNITS


@hookimpl
def permissions() -> list[Permission]:
    return [*PERMISSIONS]


@hookimpl
def roles() -> list[Role]:
    return [cashier]


@hookimpl
def units() -> list[Unit]:
    return UNITS
