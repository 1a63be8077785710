"""Acting for someone who is not here any more: what they began goes on with the rights they have now."""

from __future__ import annotations

from uuid import UUID

from tessera.access.actor import Actor
from tessera.access.service.roles import grants
from tessera.kernel.database import fetchrow

_STAFF = """
SELECT p.id, p.name, p.locale,
       coalesce((SELECT json_agg(json_build_array(r.role, r.store)) FROM staff_role r WHERE r.staff = p.id), '[]')
           AS held
FROM staff p WHERE p.id = $1 AND p.active
"""


async def staff_actor(staff: UUID, store: UUID | None = None) -> Actor | None:
    """Someone who works here as actor, in ``store`` where one is given; ``None`` for one who has left."""
    row = await fetchrow(_STAFF, staff)
    if row is None:
        return None
    held = [(code, UUID(at) if at else None) for code, at in row["held"]]
    return Actor("staff", row["name"], grants(held), staff_id=row["id"], store=store, locale=row["locale"])
