"""Who bought: finding the member of a purchase, and making one where the till asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access import service as access
from tessera.access.actor import actor
from tessera.access.service.lookups import Cost, count_lookup
from tessera.kernel.database import DB, apart, fetchrow
from tessera.kernel.errors import DomainError
from tessera.members import service as members
from tessera.members.identities import PARSERS
from tessera.purchases.service.contract import NewPurchase


@dataclass(frozen=True)
class Holder:
    """A member, the account that new entries go to, and their tier; ``made`` where it is for this sale."""

    member: UUID
    account: UUID
    tier: str | None = None
    made: bool = False


async def find_buyer(new: NewPurchase, store: UUID | None) -> Holder | None:
    """The member who bought.

    An id is that of a member in the actor's stores. An identity finds a member anywhere in the store's
    circle. Where it finds nobody, ``unknown_member`` decides: keep the purchase without a member,
    create one, or refuse.
    """
    if new.buyer.id is not None:
        return await _holder(await members.need_visible(new.buyer.id, "purchases.write"))
    if new.buyer.identity is None:
        return None
    miss = Cost.DEAR if new.unknown_member == "refuse" else Cost.CHEAP
    found = await _by_identity(new.buyer.identity, store, Cost.FREE, miss)
    if found is not None or new.unknown_member == "keep":
        return found
    if new.unknown_member == "refuse":
        raise members.unknown()
    return await _create(new, store)


@asynccontextmanager
async def counted_if_refused(new: NewPurchase, buyer: Holder | None) -> AsyncIterator[None]:
    """Within it something is booked for whom an identity led to; where that is refused, it was a lookup.

    It costs what a lookup costs then and is noted like one, though the work is taken back: a sale that cannot
    succeed would otherwise tell for nothing, and without a trace, whether someone has a phone.
    """
    try:
        yield
    except DomainError:
        if new.buyer.identity is not None:
            await _count_lookup(members.question_of(new.buyer.identity).kind, buyer)
        raise


async def _count_lookup(kind: str, buyer: Holder | None) -> None:
    if buyer is None or buyer.made:
        await count_lookup(cost=Cost.DEAR)
        return
    await count_lookup(cost=Cost.CHEAP)
    async with apart():
        await audit.note("members.looked_up", member=buyer.member, kind=kind)


async def count_sent_again(new: NewPurchase, *, same: bool) -> None:
    """Count that someone is about to be told whether a purchase that is recorded was for an identity.

    Sent again with one phone after the other, it would tell whose purchase it was.
    """
    if new.buyer.identity is not None:
        known = members.question_of(new.buyer.identity).known
        await count_lookup(*known, cost=Cost.CHEAP if same else Cost.DEAR)


async def find_for_preview(new: NewPurchase, store: UUID | None) -> Holder | None:
    """The member of a purchase that is only thought of; nobody is created.

    Looking someone up without selling them anything costs what a lookup costs, and is noted like one.
    """
    if new.buyer.id is not None:
        return await _holder(await members.need_visible(new.buyer.id, "purchases.write"))
    if new.buyer.identity is None:
        return None
    found = await _by_identity(new.buyer.identity, store, Cost.CHEAP, Cost.DEAR)
    if found is not None:
        kind = members.question_of(new.buyer.identity).kind
        await audit.note("members.looked_up", member=found.member, kind=kind)
    elif new.unknown_member == "refuse":
        raise members.unknown()
    return found


_HOLD = (
    f"SELECT m.merged_into, m.erased_at, m.tier, ({members.OWN_ACCOUNT.format(member='m.id')}) AS account "
    "FROM member m WHERE m.id = $1 FOR KEY SHARE OF m"
)


async def _holder(member: UUID) -> Holder:
    """A member, kept from being merged until the purchase is recorded; one who was merged meanwhile is the survivor."""
    while True:
        row = await fetchrow(_HOLD, member)
        if row is None or row["erased_at"] is not None:
            raise members.unknown()
        if row["merged_into"] is None:
            return Holder(member, row["account"], row["tier"])
        member = row["merged_into"]


async def _by_identity(identity: str, store: UUID | None, hit: Cost, miss: Cost) -> Holder | None:
    """The member of an identity, counted and noted like any lookup, though a till may ask more often.

    What a sale finds costs nothing but the count by mask: the purchase stands in the books under its name.
    """
    question = members.question_of(identity)
    circle = sorted(access.circle_mates(store)) if store is not None else None
    found = [one.member for one in await members.holders_of(question, circle) if not one.is_contact]
    await count_lookup(*question.known, cost=hit if found else miss)
    if not found:
        await members.note_miss(question.kind)
        return None
    return await _holder(found[0])


async def _create(new: NewPurchase, store: UUID | None) -> Holder:
    """Make a member of an identity; where another request did so meanwhile, that member is the buyer."""
    actor().needs("members.write", store)
    identity = new.buyer.identity or ""
    kind, colon, value = identity.partition(":")
    if not colon or kind.strip() not in PARSERS:
        kind, value = "phone", identity
    wanted = members.NewMember(identities=[(kind.strip(), value)], store=store, source=new.source[:100])
    running: Any = DB.current_transaction.get()
    before = await running.savepoint()
    try:
        member = await members.create_member(wanted)
    except members.IdentityTaken:
        await before.rollback_to()
        found = await _by_identity(identity, store, Cost.FREE, Cost.CHEAP)
        if found is None:
            raise
        return found
    return replace(await _holder(member), made=True)
