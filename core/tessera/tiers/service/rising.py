"""Upgrades: at once after a purchase or another event, and each night for whoever was passed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
from tessera.tiers.service.counting import IN_ORDER, columns_sql, highest_met, rank_sql
from tessera.tiers.service.defined import TierFacts, asked_by, reachable_above, tier_of, tiers
from tessera.tiers.service.moving import Move, evidence_of, reached_until, stored_code, write_moves
from tessera_hooks import Happened, Settling

BATCH = 20_000
"""Members that are looked at in one transaction at night."""

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


def _rise(member: UUID, before: TierFacts, after: TierFacts, evidence: Any, *, old: bool = False) -> Move:
    until = reached_until(after, tomorrow())
    return Move(member=member, before=before, after=after, why="reached", evidence=evidence, until=until, old=old)


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
    began, ran_at = clock.now(), await fetchval("SELECT value #>> '{}' FROM setting WHERE key = $1", RAN_AT)
    since = datetime.fromisoformat(ran_at) if ran_at else None
    raised, after = 0, UUID(int=0)
    with system_actor():
        while reachable_above(tiers()[0]) and (last := await _end_of_batch(after)) is not None:
            raised += await _raise_between(after, last, since)
            after = last
    await execute(_RAN, RAN_AT, msgspec.json.encode(began.isoformat()).decode(), clock.now())
    return raised


async def _end_of_batch(after: UUID) -> UUID | None:
    last: UUID | None = await fetchval(
        "SELECT id FROM (SELECT id FROM member WHERE id > $1 ORDER BY id LIMIT $2) b ORDER BY id DESC LIMIT 1",
        after,
        BATCH,
    )
    return last


async def _raise_between(after: UUID, last: UUID, since: datetime | None) -> int:
    async def work() -> int:
        end = tomorrow()
        first = counted_from(scheme(), end)
        rows, names = await _candidates(after, last, first, end)
        old = await _by_history([row["id"] for row in rows], since) if rows else set()
        by_rank = {tier.rank: tier for tier in tiers()}
        moves = []
        for row in rows:
            met = by_rank[row["met"]]
            counted = {name: row[f"c{i}"] for i, name in enumerate(names)}
            evidence = evidence_of(met, counted, first, end)
            moves.append(_rise(row["id"], tier_of(row["tier"]), met, evidence, old=row["id"] in old))
        return len(await write_moves(moves))

    return await in_transaction(work)


async def _candidates(after: UUID, last: UUID, since: Any, end: Any) -> tuple[Sequence[Any], list[str]]:
    """Those between two ids who meet a higher tier than they have."""
    some = [tier for tier in tiers() if tier.criteria.asks and not tier.is_first]
    names = asked_by(some)
    sql = f"""
    SELECT * FROM (
        SELECT x.*, {rank_sql(some, names)} AS met, coalesce(r.rank, 0) AS rank FROM (
            SELECT m.id, m.tier{columns_sql(names, "$3::timestamptz", "$4::timestamptz")} FROM member m
            WHERE m.id > $1 AND m.id <= $2 AND {IN_ORDER.format(since="$3", until="$4")} AND {present("m")} OFFSET 0
        ) x LEFT JOIN tier r ON r.code = x.tier) y
    WHERE met > rank AND NOT EXISTS (
        SELECT 1 FROM member_tier t WHERE t.member = y.id AND NOT {_FREE.format(now="$5::timestamptz")})
    """
    return await fetch(sql, after, last, midnight(since), midnight(end), clock.now()), names


async def _by_history(members: Sequence[UUID], since: datetime | None) -> set[UUID]:
    """Whose facts came by an import since the last time; everyone's the first time."""
    if since is None:
        return set(members)
    rows = await fetch(
        "SELECT DISTINCT member FROM event WHERE member = ANY($1) AND origin = 'import' AND recorded_at >= $2",
        members,
        since,
    )
    return {row["member"] for row in rows}
