"""Taking an import of entitlements back: the ledger's entries reversed, then the plugins' own rows."""

from __future__ import annotations

from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera.kernel.errors import DomainError
from tessera.members.imports import Undone, refuse_if
from tessera.points.imports.undoing import reverse_entries
from tessera.purchases.imports.entitlements.kinds import kinds
from tessera_hooks import _

_BY_KIND = (
    "SELECT kind, array_agg(subject ORDER BY id DESC) AS subjects FROM brought_entitlement WHERE batch = $1 GROUP BY 1"
)


async def undo_entitlements(batch: UUID) -> Undone:
    """Take back what an import brought; refused where any of it was used since, or its plugin is not there."""
    rows = await fetch(_BY_KIND, batch)
    known = kinds()
    missing = sorted(row["kind"] for row in rows if row["kind"] not in known)
    refuse_if(
        [_("nobody knows {kinds} any more: install the plugin again", kinds=", ".join(missing))] if missing else []
    )
    await reverse_entries(batch)
    for row in rows:
        try:
            await known[row["kind"]].kind.take_back(row["subjects"])
        except DomainError as refusal:
            refuse_if([refusal.text])
    removed = await execute("DELETE FROM brought_entitlement WHERE batch = $1", batch)
    return Undone(batch, removed, 0)
