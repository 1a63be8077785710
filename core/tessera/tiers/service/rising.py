"""Upgrades: at once after a purchase or another event, and each night for whoever was passed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.business import has_business
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.members.service import hold, present
from tessera.purchases.service import TierMoved
from tessera.tiers.metrics import all_metrics
from tessera.tiers.periods import counted_from, midnight, scheme, tomorrow
from tessera.tiers.service import writing
from tessera.tiers.service.counting import IN_ORDER, columns_sql, highest_met, rank_sql
from tessera.tiers.service.defined import TierFacts, asked_by, first_tier, reachable_above, tier_of, tiers
from tessera.tiers.service.moving import Move, evidence_of, reached_until, stored_code, write_moves
from tessera.tiers.service.writing import AT_ONCE
from tessera_hooks import Happened, Settling

MANY = 20_000
"""Members above whom nobody waits until all have been looked at: that is done in the background."""

START = UUID(int=0)
"""Before the first member."""

RAN_AT = "tiers.rose_at"
"""The row that says when everyone was last looked at: no choice of anyone's, so not audited as one."""

_RAN = (
    "INSERT INTO setting (key, value, plugin, updated_at) VALUES ($1, $2::jsonb, 'core', $3) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
)

_FREE = "NOT coalesce(t.pinned AND (t.until IS NULL OR t.until > {now}), false)"
"""That nobody decided by hand for less than was reached."""


async def after_purchase(settling: Settling, _earned: int) -> TierMoved | None:
    """Raise the member of a purchase inside its transaction, where it brings them to a higher tier.

    Nothing is asked where no higher tier can be reached. The purchase has written the member's statistics, so that
    of two purchases at once the second looks after the first has ended, and sees it.
    """
    if settling.member is None or not reachable_above(tier_of(settling.tier)):
        return None
    raised = await raise_one(settling.member)
    return TierMoved(stored_code(raised.after), changed=True) if raised is not None else None


async def raise_one(member: UUID) -> Move | None:
    """Raise a member, held by the running unit of work, to the highest tier they meet now."""
    above = [tier for tier in tiers() if tier.criteria.asks and not tier.is_first]
    names, end = asked_by(above), tomorrow()
    since = counted_from(scheme(), end)
    columns = columns_sql(names, "$2::timestamptz", "$3::timestamptz")
    row = await fetchrow(
        f"SELECT m.tier{columns} FROM member m LEFT JOIN member_tier t ON t.member = m.id "
        f"WHERE m.id = $1 AND {present('m')} AND {IN_ORDER.format(since='$2', until='$3')} "
        f"AND {_FREE.format(now='$4::timestamptz')}",
        member,
        midnight(since),
        midnight(end),
        clock.now(),
    )
    if row is None:
        return None
    before = tier_of(row["tier"])
    counted = {name: row[f"c{i}"] for i, name in enumerate(names)}
    met = highest_met(reachable_above(before), counted)
    if met is None:
        return None
    moved = await write_moves([_rise(member, before, met, evidence_of(met, counted, since, end))])
    return moved[0] if moved else None


def _rise(member: UUID, before: TierFacts, after: TierFacts, evidence: Any) -> Move:
    until = reached_until(after, tomorrow())
    return Move(member=member, before=before, after=after, why="reached", evidence=evidence, until=until)


async def look_at(member: UUID) -> Move | None:
    """Raise a member in a unit of work of its own, after whatever is being sold to them has ended."""

    async def work() -> Move | None:
        who = await hold(member)
        await fetch("SELECT 1 FROM member_stats WHERE member = $1 FOR UPDATE", who)
        return await raise_one(who)

    if not reachable_above(tiers()[0]):
        return None
    return await in_transaction(work)


async def follow(event: Happened) -> None:
    """After something that a tier counts: look at whom it is about, and at who brought them."""
    if event.member is None:
        return
    asked = {name: all_metrics()[name] for name in asked_by(tiers()) if name in all_metrics()}
    wanted = [name for name, metric in asked.items() if event.kind in metric.events]
    with system_actor():
        if [name for name in wanted if name != "referrals"] and not _is_settled(event):
            await _look_at_present(event.member)
        if "referrals" in wanted:
            for row in await fetch(_BROUGHT_BY, event.member):
                await _look_at_present(row["other"])


_BROUGHT_BY = "SELECT l.other FROM member_link l WHERE l.member = $1 AND l.kind = 'referrer' AND l.other IS NOT NULL"


def _is_settled(event: Happened) -> bool:
    """A live purchase has been looked at in its own transaction."""
    return event.kind == "purchase.recorded"


async def _look_at_present(member: UUID) -> None:
    if await fetchval(f"SELECT 1 FROM member m WHERE m.id = $1 AND {present('m')}", member) is not None:
        await look_at(member)


async def raise_everyone() -> int:
    """Look at every member and raise those who meet a higher tier; answers how many that were.

    Who comes up by what an import brought since the last time is history: that starts no rule and no message.
    """
    if not has_business():
        return 0
    began, raised, after = clock.now(), 0, START
    with system_actor():
        while True:
            some, further = await in_transaction(partial(raise_page, after))
            raised += some
            if further is None:
                break
            after = further
    await note_everyone(began)
    return raised


async def raise_page(after: UUID) -> tuple[int, UUID | None]:
    """Raise those who meet a higher tier among the next members, within the running unit of work.

    Answers how many that were, and where to go on, ``None`` at the end.
    """
    if not reachable_above(tiers()[0]) or (last := await _end_of_page(after)) is None:
        return 0, None
    await writing.plan_anew()
    found = await candidates(after, last)
    return await _raise(found) if found else 0, last


async def note_everyone(began: datetime) -> None:
    """Note that everyone has been looked at, from a moment on."""
    await execute(_RAN, RAN_AT, msgspec.json.encode(began.isoformat()).decode(), clock.now())


async def _end_of_page(after: UUID) -> UUID | None:
    last: UUID | None = await fetchval(
        "SELECT id FROM (SELECT id FROM member WHERE id > $1 ORDER BY id LIMIT $2) b ORDER BY id DESC LIMIT 1",
        after,
        AT_ONCE,
    )
    return last


def _met_sql(some: Sequence[TierFacts], names: Sequence[str], which: str, since: str, until: str, now: str) -> str:
    """Those of some members who meet a higher tier than they have, by what they did between two moments."""
    between = f"{since}::timestamptz", f"{until}::timestamptz"
    return f"""
    SELECT * FROM (
        SELECT x.*, {rank_sql(some, names)} AS met, coalesce(r.rank, 0) AS rank FROM (
            SELECT m.id AS member, m.store, m.tier{columns_sql(names, *between)} FROM member m
            WHERE {which} AND {IN_ORDER.format(since=since, until=until)} AND {present("m")} OFFSET 0
        ) x LEFT JOIN tier r ON r.code = x.tier) y
    WHERE met > rank AND coalesce(
        (SELECT {_FREE.format(now=f"{now}::timestamptz")} FROM member_tier t WHERE t.member = y.member), true)
    """


def _asking() -> tuple[list[TierFacts], list[str], date, date]:
    """What can be reached, by which metrics, over which days."""
    some = [tier for tier in tiers() if tier.criteria.asks and not tier.is_first]
    end = tomorrow()
    return some, asked_by(some), counted_from(scheme(), end), end


async def candidates(after: UUID, last: UUID) -> list[UUID]:
    """Those between two ids who seem to meet a higher tier than they have; nobody is locked."""
    some, names, since, end = _asking()
    met = _met_sql(some, names, "m.id > $1 AND m.id <= $2", "$3", "$4", "$5")
    rows = await fetch(f"SELECT member FROM ({met}) z", after, last, midnight(since), midnight(end), clock.now())
    return [row["member"] for row in rows]


async def _raise(members: Sequence[UUID]) -> int:
    """Raise those of some members who still meet a higher tier once nobody else changes them; answers how many."""
    some, names, since, end = _asking()
    await writing.lock(members)
    ran_at = await fetchval("SELECT value #>> '{}' FROM setting WHERE key = $1", RAN_AT)
    described = writing.terms(some, {tier.code: reached_until(tier, end) for tier in some})
    raised: int = await fetchval(
        _raise_sql(some, names),
        *writing.arguments(clock.now(), members, described),
        midnight(since),
        midnight(end),
        datetime.fromisoformat(ran_at) if ran_at else None,
        first_tier().code,
    )
    return raised


def _raise_sql(some: Sequence[TierFacts], names: Sequence[str]) -> str:
    """One statement: what is counted of each, whom that raises, and all that is written of them.

    It is history where an import has brought facts since everyone was last looked at; the first time all of it is.
    """
    since, until, ran_at = "$12::timestamptz", "$13::timestamptz", "$14::timestamptz"
    return f"""
    WITH {writing.TERM}, met AS MATERIALIZED (
        {_met_sql(some, names, "m.id = ANY($2)", "$12", "$13", "$1")}
    ), moving AS MATERIALIZED (
        SELECT g.member, g.store, row_number() OVER (ORDER BY g.member) AS place, coalesce(g.tier, $15) AS before,
            a.code AS after, a.stored, a.until, 'up' AS direction, 'reached' AS why,
            {writing.evidence_sql(some, names, "a", "g", since, until)} AS evidence,
            CASE WHEN {ran_at} IS NULL OR EXISTS (
                SELECT 1 FROM event e WHERE e.member = g.member AND e.origin = 'import' AND e.recorded_at >= {ran_at}
            ) THEN 'import' ELSE $8 END AS origin
        FROM met g JOIN term a ON a.rank = g.met
    ), held AS (
        INSERT INTO member_tier (member, tier, since, until, counted_since, counted_until, by_hand, pinned)
        SELECT member, stored, $1, until, {since}, {until}, false, false FROM moving ORDER BY place
        ON CONFLICT (member) DO UPDATE SET
            tier = excluded.tier, since = excluded.since, until = excluded.until,
            counted_since = excluded.counted_since, counted_until = excluded.counted_until, warned_at = NULL,
            grace_until = NULL, by_hand = false, pinned = false
    ), {writing.CARRIED}
    SELECT count(*) FROM moving
    """
