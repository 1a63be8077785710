"""Handing over the open tasks of someone who leaves: to a colleague, to a role, or to whoever could have done them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.access.service.leaving import Handover, Heir, Pile
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchval
from tessera_hooks import _

OPEN = "open"


async def _piles(staff: UUID) -> Sequence[Pile]:
    n = await fetchval("SELECT count(*) FROM task WHERE staff = $1 AND state = 'open'", staff)
    return [Pile(OPEN, _("Open tasks"), n, to_role=True)] if n else []


async def _move(staff: UUID, _key: str, heir: Heir) -> int:
    moved: int = await execute(
        "UPDATE task SET staff = $2, role = coalesce($3, role), updated_at = $4 WHERE staff = $1 AND state = 'open'",
        staff,
        heir.staff,
        heir.role,
        clock.now(),
    )
    return moved


HANDOVER = Handover("tasks", _piles, _move)
