"""Points for money that was paid without being a purchase, such as a recharge, and their way back."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from uuid import UUID

from tessera.access.service.stores import store_of
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch, fetchval
from tessera.members.service import account_of, accounts_of
from tessera.points import public
from tessera.points.ledger import EntryRow
from tessera.points.service.earning import Earning, earn
from tessera_hooks import Award

_EARNED_BY = """
SELECT id FROM entry WHERE account = ANY($1) AND source_id = $2 AND kind = 'earn' ORDER BY unit, account, id
"""


async def earn_beside(
    subject: UUID, member: UUID, amount: int, currency: str, *, source: str, store: UUID | None, at: datetime
) -> list[EntryRow]:
    """Let an amount earn by all rules in force, for a plugin's own row ``subject``, as a purchase of it would.

    ``source`` begins with the plugin's name. Never for what was bought: a purchase earns by itself, and an
    amount earns once.
    """
    facts = store_of(store)
    award = Award(
        member=member,
        tier=await fetchval("SELECT tier FROM member WHERE id = $1", member),
        store=store,
        reason=source,
        at=at.astimezone(clock.zone(facts.timezone if facts else business().timezone)),
        currency=currency,
        amount=amount,
    )
    return await earn(Earning(await account_of(member), award, subject=subject))


async def take_back_beside(
    subject: UUID,
    member: UUID,
    share: Fraction,
    *,
    reason: str,
    source: str,
    source_id: UUID,
    store: UUID | None = None,
) -> None:
    """Take back what ``subject`` had earned; ``share`` is how much of it has come back in all, 0 to 1."""
    for row in await fetch(_EARNED_BY, await accounts_of(member), subject):
        await public.reverse(row["id"], reason=reason, source=source, source_id=source_id, share=share, store=store)
