"""Tickets of another system, each with visits that were paid for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import Conflict, execute, fetchval, ledger, uuid7
from tessera_dummy.service import note
from tessera_hooks import Entitlement, EntitlementField, EntitlementKind, _


class Torn(Conflict):
    """The ticket cannot be brought, or was used."""

    code = "dummy_torn"


async def bring(found: Entitlement) -> UUID:
    """Credit the visits of a ticket; one that says so is refused after it was credited."""
    id_ = uuid7()
    await ledger.credit(
        found.member, "dummy.visits", found.values["visits"], reason="ticket", source="dummy.ticket", source_id=id_
    )
    if found.values.get("seat") == "torn":
        raise Torn(_("this ticket is torn"))
    await note("ticket", id_, found.values.get("paid"))
    return id_


async def take_back(tickets: Sequence[UUID]) -> None:
    """Forget tickets, unless one of them was used."""
    if await fetchval("SELECT 1 FROM dummy.seen WHERE what = 'used' AND about = ANY($1)", list(tickets)):
        raise Torn(_("a ticket was used"))
    await execute("DELETE FROM dummy.seen WHERE what = 'ticket' AND about = ANY($1)", list(tickets))


ticket = EntitlementKind(
    "ticket",
    _("Ticket"),
    [
        EntitlementField("visits", _("Visits"), "count", headers=("次数",), needed=True, total=True),
        EntitlementField("paid", _("Paid"), "money", total=True),
        EntitlementField("weight", _("Weight"), "number"),
        EntitlementField("seat", _("Seat")),
        EntitlementField("until", _("Until"), "day"),
    ],
    bring,
    take_back,
    names=("门票",),
)
