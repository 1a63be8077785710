"""Where access meets the hooks: the core's permissions, the roles that every business has, and tidying up."""

from datetime import timedelta

from tessera.access.audit import nightly, seals, unusual  # noqa: F401 - seals: the dispatcher makes them
from tessera.access.audit.events import EVENTS
from tessera.access.idempotency import forget_old
from tessera.access.permissions import CORE_PERMISSIONS, CORE_ROLES
from tessera.access.service.lookups import forget_counts
from tessera.access.service.rotation import SealedColumn, register_sealed
from tessera.access.service.sessions import forget_ended
from tessera.kernel.inbox import forget_handled
from tessera_hooks import Event, Job, Permission, Role, hookimpl

register_sealed(
    SealedColumn("idempotency", "body"),
    SealedColumn("stored_file", "content", where="sealed", batch=4),
)


@hookimpl
def permissions() -> list[Permission]:
    return list(CORE_PERMISSIONS)


@hookimpl
def roles() -> list[Role]:
    return list(CORE_ROLES)


@hookimpl
def events() -> list[Event]:
    return EVENTS


async def _look_for_unusual() -> None:
    await unusual.look()


@hookimpl
def jobs() -> list[Job]:
    return [
        Job("access.idempotency", timedelta(hours=1), forget_old),
        Job("access.lookups", timedelta(hours=1), forget_counts),
        Job("access.sessions", timedelta(hours=1), forget_ended),
        Job("events.inbox", "10 4 * * *", forget_handled),
        Job("audit.unusual", timedelta(minutes=3), _look_for_unusual),
        Job("audit.verification", "40 3 * * *", nightly.begin_verification),
    ]
