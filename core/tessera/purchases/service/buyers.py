"""Who bought: finding the member of a purchase, and making one where the till asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.database import DB, fetchrow
from tessera.members import service as members
from tessera.members.identities import PARSERS
from tessera.purchases.service.contract import NewPurchase

_BY_ID = f"""
SELECT m.id AS member, (SELECT a.id FROM account a WHERE a.member = m.id ORDER BY a.id LIMIT 1) AS account
FROM member m WHERE m.id = $1 AND {members.in_scope("m.id", 2)}
"""

_IN_CIRCLE = """
SELECT m.id AS member, (SELECT a.id FROM account a WHERE a.member = m.id ORDER BY a.id LIMIT 1) AS account
FROM member m WHERE m.id = $1 AND (
    $2::uuid[] IS NULL OR NOT EXISTS (SELECT 1 FROM member_store s WHERE s.member = m.id)
    OR EXISTS (SELECT 1 FROM member_store s WHERE s.member = m.id AND s.store = ANY($2)))
"""


@dataclass(frozen=True)
class Holder:
    """A member, and the account that new entries go to."""

    member: UUID
    account: UUID


async def find_buyer(new: NewPurchase, store: UUID | None) -> Holder | None:
    """The member who bought.

    An id is that of a member in the actor's stores. An identity finds a member anywhere in the store's
    circle. Where it finds nobody, ``unknown_member`` decides: keep the purchase without a member,
    create one, or refuse.
    """
    if new.buyer.id is not None:
        row = await fetchrow(_BY_ID, new.buyer.id, members.stores_seen("purchases.write"))
        if row is None:
            raise members.unknown()
        return Holder(row["member"], row["account"])
    if new.buyer.identity is None:
        return None
    found = await _by_identity(new.buyer.identity, store)
    if found is not None or new.unknown_member == "keep":
        return found
    if new.unknown_member == "refuse":
        raise members.unknown()
    return await _create(new, store)


async def _by_identity(identity: str, store: UUID | None) -> Holder | None:
    member = await members.find_by_identity(identity)
    if member is None:
        return None
    circle = sorted(access.circle_mates(store)) if store is not None else None
    row = await fetchrow(_IN_CIRCLE, member, circle)
    return Holder(row["member"], row["account"]) if row else None


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
        found = await _by_identity(identity, store)
        if found is None:
            raise
        return found
    return Holder(member, await members.account_of(member))
