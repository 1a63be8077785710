"""Earning: points for what a member bought, in lots that expire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.kernel.business import business
from tessera.kernel.database import in_transaction
from tessera.points.ledger import Cause, EntryRow, Posting, settling
from tessera.points.service.policy import expires_at, expiry_months, points_for
from tessera_hooks import Award

PER_AMOUNT = "points.per_amount"
"""The rule that gives points for an amount of money, as entries name it."""


@dataclass(frozen=True)
class Earning:
    """An award on its way into an account, for a purchase where it is for one.

    ``held`` says that the member is kept from being merged by the running unit of work already.
    """

    account: UUID
    award: Award
    purchase: UUID | None = None
    held: bool = False


async def earn(earning: Earning) -> EntryRow | None:
    """Credit what one award brings; ``None`` where that is nothing.

    Open debt is paid first (L2). See ``policy.points_for`` for rate and rounding.
    """
    return (await earn_many([earning]))[0]


async def earn_many(earnings: Sequence[Earning]) -> list[EntryRow | None]:
    """Credit many awards at once, each as ``earn`` would, in the order given."""

    async def work() -> list[EntryRow | None]:
        worth = [(earning, *points_for(earning.award)) for earning in earnings]
        accounts = [earning.account for earning, points, _ in worth if points]
        if not accounts:
            return [None for _ in earnings]
        posting = await Posting.open(accounts, held=all(earning.held for earning in earnings))
        booked = [_book(posting, earning, points, facts) if points else None for earning, points, facts in worth]
        await posting.settle(settling(posting.now))
        await posting.write()
        return booked

    return await in_transaction(work)


def _book(posting: Posting, earning: Earning, points: int, facts: dict[str, object]) -> EntryRow:
    award = earning.award
    cause = Cause(
        reason=award.reason,
        source=award.reason,
        source_id=earning.purchase,
        purchase=earning.purchase,
        at=award.at,
        store=award.store,
        rule=PER_AMOUNT,
        facts=facts,
    )
    until = expires_at(award.at, expiry_months(), business().timezone)
    entry = posting.credit(earning.account, "earn", points, cause, expires_at=until)
    posting.say(
        "points.earned",
        member=award.member,
        store=award.store,
        at=award.at,
        entry=entry.id,
        unit=posting.unit,
        points=points,
        purchase=earning.purchase,
    )
    return entry
