"""Earning: points for what a member bought, by all rules in force, each in an entry and a lot of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from uuid import UUID

from tessera.kernel.database import in_transaction
from tessera.kernel.plugins import host
from tessera.points.earning import known as asking
from tessera.points.earning.caps import Given, given_before, is_capped
from tessera.points.earning.known import NOTHING, Known
from tessera.points.earning.matching import is_then_and_there
from tessera.points.earning.reckoning import Worth, reckon
from tessera.points.earning.rules import PER_AMOUNT, Version, in_force
from tessera.points.earning.saying import say_earned
from tessera.points.ledger import Cause, EntryRow, Posting, settling
from tessera.points.units import term
from tessera_hooks import Award, Text

__all__ = ["PER_AMOUNT", "Earning", "Expected", "earn", "earn_many", "look", "would_earn"]


@dataclass(frozen=True)
class Earning:
    """An award on its way into an account, for a purchase where it is for one, else for a plugin's row ``subject``.

    ``award.amount`` is what earns: what was paid with points is left out of it. ``known`` is what ``look``
    answered before the purchase was written. ``held`` says that the member is kept from being merged by the
    running unit of work already.
    """

    account: UUID
    award: Award
    purchase: UUID | None = None
    subject: UUID | None = None
    held: bool = False
    known: Known | None = None


@dataclass(frozen=True)
class Expected:
    """What a rule would give: its code, how it is called, the points, and how they come about."""

    rule: str
    title: Text
    points: int
    explanation: Text


async def look(award: Award) -> Known | None:
    """What rules ask of the award's member, to be asked before the purchase is written.

    ``None``, without any statement, unless a rule asks that is in force and about this time, place and tier.
    """
    return await asking.look(award, _candidates(award))


async def would_earn(award: Award) -> list[Expected]:
    """What an award would bring by each rule, as ``earn`` would book it now; nothing is written."""
    worths = await _worths(award, None)
    given = await given_before({award.member: [award]}, worths)
    return [
        Expected(
            worth.version.code,
            worth.version.shown,
            worth.points,
            say_earned(worth.facts, worth.points, worth.version.version),
        )
        for worth in given.cut(award, worths)
    ]


async def earn(earning: Earning) -> list[EntryRow]:
    """Credit what one award brings, an entry for each rule; none where that is nothing.

    Open debt is paid first (L2). Rates, factors, rounding and caps combine as ``reckon`` and ``Given`` say.
    """
    return (await earn_many([earning]))[0]


async def earn_many(earnings: Sequence[Earning]) -> list[list[EntryRow]]:
    """Credit many awards at once, each as ``earn`` would, in the order given."""

    async def work() -> list[list[EntryRow]]:
        worths = [await _worths(earning.award, earning.known) for earning in earnings]
        accounts = [earning.account for earning, some in zip(earnings, worths, strict=True) if some]
        if not accounts:
            return [[] for _ in earnings]
        posting = await Posting.open(accounts, held=all(earning.held for earning in earnings))
        given = await _given(posting, earnings, worths)
        booked = []
        for earning, some in zip(earnings, worths, strict=True):
            booked.append(_book(posting, earning, given.cut(_of_holder(posting, earning), some)))
        await posting.settle(settling(posting.now))
        await posting.write()
        return booked

    return await in_transaction(work)


def _candidates(award: Award, deed: str | None = None) -> list[Version]:
    rules = in_force(award.at, award.store, deed)
    return [version for version in rules if is_then_and_there(version.spec, award)]


async def _worths(award: Award, known: Known | None) -> list[Worth]:
    """What the rules for purchases give before caps; the member is asked for where nobody has done so yet."""
    rules = _candidates(award)
    if not rules:
        return []
    return reckon(award, rules, known or await asking.look(award, rules) or NOTHING, multipliers(award))


def multipliers(award: Award) -> list[tuple[str, Fraction]]:
    """What plugins and tiers answer, with whose it is; one that is enabled elsewhere only is not asked."""
    answers = host().answers("points_multiplier", store=award.store, award=award)
    return [(owner, Fraction(factor)) for owner, factor in answers]


async def _given(posting: Posting, earnings: Iterable[Earning], worths: Iterable[Sequence[Worth]]) -> Given:
    """What rules with caps have given the holders of locked accounts."""
    wanted: dict[UUID, list[Award]] = {}
    for earning, some in zip(earnings, worths, strict=True):
        if any(is_capped(worth.version.spec) for worth in some):
            wanted.setdefault(posting.standings[earning.account].member, []).append(earning.award)
    return await given_before(wanted, [worth for some in worths for worth in some])


def _of_holder(posting: Posting, earning: Earning) -> Award:
    """The award as that of whoever has the account now."""
    standing = posting.standings.get(earning.account)
    return earning.award if standing is None else replace(earning.award, member=standing.member)


def _book(posting: Posting, earning: Earning, worths: Sequence[Worth]) -> list[EntryRow]:
    cause = earning.purchase or earning.subject
    entries = book_worths(posting, earning, worths, source=earning.award.reason, source_id=cause)
    say_earned_points(posting, earning, entries)
    return entries


def book_worths(
    posting: Posting, earning: Earning, worths: Sequence[Worth], *, source: str, source_id: UUID | None
) -> list[EntryRow]:
    """Book what rules give, an entry for each."""
    award = earning.award
    until = term(posting.unit, award.at)
    return [
        posting.credit(
            earning.account,
            "earn",
            worth.points,
            Cause(
                reason=award.reason,
                source=source,
                source_id=source_id,
                purchase=earning.purchase,
                at=award.at,
                store=award.store,
                rule=worth.version.code,
                rule_version=worth.version.version,
                facts=worth.facts,
            ),
            expires_at=until,
        )
        for worth in worths
    ]


def say_earned_points(posting: Posting, earning: Earning, entries: Sequence[EntryRow], deed: str | None = None) -> None:
    """Say once what an award has brought; the event names its first entry."""
    if entries:
        posting.say(
            "points.earned",
            member=earning.award.member,
            store=earning.award.store,
            at=earning.award.at,
            entry=entries[0].id,
            unit=posting.unit,
            points=sum(entry.amount for entry in entries),
            purchase=earning.purchase,
            deed=deed,
        )
