"""The end of a qualification: a warning before it, days of grace after it, and the way down; or another period.

All of a night's members are judged by one statement for each batch; ``judged`` says the same of one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from tessera.access.actor import system_actor
from tessera.kernel import clock, events
from tessera.kernel.business import business, has_business
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.members.service import present
from tessera.tiers.metrics import can_be_counted
from tessera.tiers.periods import Scheme, counted_sql, ends_sql, midnight, scheme
from tessera.tiers.service.counting import columns_sql, rank_sql
from tessera.tiers.service.defined import TierFacts, asked_by, first_tier, tier_of, tiers
from tessera.tiers.service.moving import Move, evidence_of, lasts_until, write_moves

BATCH = 20_000

Verdict = Literal["nothing", "keep", "warn", "grace", "down"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A qualification at night: how it stands, and the rank that what was counted is enough for."""

    rank: int
    until: datetime
    warned: bool
    grace_until: datetime | None
    by_hand: bool
    met: int


def judged(standing: Standing, rules: Scheme, now: datetime) -> Verdict:
    """What becomes of a qualification.

    Before its end whoever does not meet the tier is warned. At its end whoever does is there for another period;
    the others have the days of grace, and whoever was never warned as many as the warning should have given. What a
    person set by hand ends on its day, without grace.
    """
    if standing.grace_until is not None and standing.grace_until > now:
        return "nothing"
    if standing.until > now:
        due = standing.until - timedelta(days=rules.warn_days) <= now
        return "warn" if due and not standing.warned and standing.met < standing.rank else "nothing"
    if standing.met >= standing.rank:
        return "keep"
    unwarned = rules.warn_days > 0 and not standing.warned
    if standing.grace_until is None and not standing.by_hand and (rules.grace_days or unwarned):
        return "grace"
    return "down"


def verdict_sql(rules: Scheme) -> str:
    """``judged`` over the columns of ``member_tier``, ``rank`` and ``met``; ``$1`` is the present moment."""
    may_wait = "NOT by_hand AND grace_until IS NULL"
    grace = may_wait if rules.grace_days else f"{may_wait} AND warned_at IS NULL" if rules.warn_days else "false"
    return (
        "CASE WHEN grace_until > $1 THEN 'nothing' "
        f"WHEN until > $1 THEN CASE WHEN until - make_interval(days => {rules.warn_days}) <= $1 "
        "AND warned_at IS NULL AND met < rank THEN 'warn' ELSE 'nothing' END "
        f"WHEN met >= rank THEN 'keep' WHEN {grace} THEN 'grace' ELSE 'down' END"
    )


def goes_to(tier: TierFacts, met: int, rules: Scheme, *, by_hand: bool = False) -> TierFacts:
    """The tier to go down to: the next lower one, or what is met; after one set by hand what is met."""
    lower = [one for one in tiers() if one.rank < tier.rank]
    reached = next((one for one in lower if one.rank == met), first_tier())
    if rules.downgrade == "met" or by_hand:
        return reached
    return max(lower, key=lambda one: one.rank, default=reached)


async def requalify_all() -> dict[str, int]:
    """Judge every qualification that ends or is about to; answers how many were kept, warned, given grace, lowered."""
    done = dict.fromkeys(("keep", "warn", "grace", "down"), 0)
    if not has_business():
        return done
    after: tuple[datetime, UUID] = (datetime.min.replace(tzinfo=clock.now().tzinfo), UUID(int=0))
    with system_actor():
        while batch := await _due(after):
            for verdict, n in (await _judge([row["member"] for row in batch])).items():
                done[verdict] += n
            after = batch[-1]["until"], batch[-1]["member"]
    return done


async def _due(after: tuple[datetime, UUID]) -> Sequence[Any]:
    """The next qualifications that end or are to be warned of, along the index."""
    horizon = clock.now() + timedelta(days=scheme().warn_days)
    return await fetch(
        "SELECT until, member FROM member_tier WHERE until <= $3 AND (until, member) > ($1, $2) AND tier IS NOT NULL "
        "AND (grace_until IS NULL OR grace_until <= $4) ORDER BY until, member LIMIT $5",
        *after,
        horizon,
        clock.now(),
        BATCH,
    )


def _judge_sql(rules: Scheme, some: Sequence[TierFacts], names: Sequence[str]) -> str:
    """One statement: what is counted of each, the verdict, and the next period of those who keep their tier.

    What counts begins where the scheme says before the end, and reaches to the end of grace.
    """
    zone = "(SELECT b.timezone FROM business b)"
    counted = columns_sql(names, "w.counts_from", "w.counts_to")
    return f"""
    WITH ending AS (
        SELECT t.member, t.until, t.warned_at, t.grace_until, t.by_hand, r.rank, r.code,
            (t.until AT TIME ZONE {zone})::date AS ends, coalesce(t.grace_until, t.until) AS counts_to
        FROM member_tier t JOIN tier r ON r.code = t.tier WHERE t.member = ANY($2) AND t.until IS NOT NULL
    ), judged AS MATERIALIZED (
        SELECT v.*, {verdict_sql(rules)} AS verdict FROM (
            SELECT c.*, {rank_sql(some, names)} AS met FROM (
                SELECT w.*, m.store{counted}
                FROM (SELECT e.*, ({counted_sql(rules, "e.ends")}::timestamp AT TIME ZONE {zone}) AS counts_from
                      FROM ending e) w
                JOIN member m ON m.id = w.member
                WHERE {present("m")} AND m.tier = w.code AND NOT (w.code = ANY($3)) OFFSET 0) c) v
    ), kept AS (
        UPDATE member_tier k SET until = ({ends_sql(rules, "j.ends")}::timestamp AT TIME ZONE {zone}),
            counted_since = j.counts_from, counted_until = j.counts_to, warned_at = NULL, grace_until = NULL,
            by_hand = false, pinned = false
        FROM judged j WHERE j.verdict = 'keep' AND k.member = j.member
    )
    SELECT * FROM judged WHERE verdict <> 'nothing'
    """


async def _judge(members: Sequence[UUID]) -> dict[str, int]:
    """Judge some members in one unit of work, with their rows locked first."""
    some = [tier for tier in tiers() if tier.criteria.asks and not tier.is_first]
    blind = [tier.code for tier in tiers(archived=True) if not can_be_counted([*tier.criteria.asks])]
    names, rules = asked_by(tiers(archived=True)), scheme()

    async def work() -> dict[str, int]:
        now = clock.now()
        await fetch("SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", sorted(members))
        rows = await fetch(_judge_sql(rules, some, names), now, list(members), blind)
        by_verdict: dict[str, list[Any]] = {}
        for row in rows:
            by_verdict.setdefault(row["verdict"], []).append(row)
        await _warn(by_verdict.get("warn", []), now)
        await _give_grace(by_verdict.get("grace", []), rules, now)
        lowered = await write_moves([_fall(row, names, rules) for row in by_verdict.get("down", [])])
        counts = {verdict: len(found) for verdict, found in by_verdict.items()}
        return {**counts, **({"down": len(lowered)} if "down" in counts else {})}

    return await in_transaction(work)


def _fall(row: Any, names: Sequence[str], rules: Scheme) -> Move:
    before = tier_of(row["code"])
    after = goes_to(before, row["met"], rules, by_hand=row["by_hand"])
    counted = {name: row[f"c{i}"] for i, name in enumerate(names)}
    return Move(
        member=row["member"],
        before=before,
        after=after,
        why="hand_ended" if row["by_hand"] else "not_met",
        evidence=evidence_of(before, counted, _day(row["counts_from"]), _day(row["counts_to"])),
        until=lasts_until(after, business().today()),
    )


def _day(at: datetime) -> date:
    return clock.local_day(at, business().timezone)


async def _warn(rows: Sequence[Any], now: datetime) -> None:
    """Note who was warned, and tell it."""
    await execute("UPDATE member_tier SET warned_at = $2 WHERE member = ANY($1)", [row["member"] for row in rows], now)
    await _tell({row["member"]: (row, _day(row["until"]) - timedelta(days=1)) for row in rows})


async def _give_grace(rows: Sequence[Any], rules: Scheme, now: datetime) -> None:
    """Let some keep their tier for a while; those who were not warned are now, and have the time of a warning."""
    today = business().today()
    late = {row["member"] for row in rows if row["warned_at"] is None and rules.warn_days}
    for days, members in (
        (rules.grace_days, [row["member"] for row in rows if row["member"] not in late]),
        (max(rules.grace_days, rules.warn_days), sorted(late)),
    ):
        await execute(
            "UPDATE member_tier SET grace_until = $2, warned_at = coalesce(warned_at, $3) WHERE member = ANY($1)",
            members,
            midnight(today + timedelta(days=days)),
            now,
        )
    ends = today + timedelta(days=max(rules.grace_days, rules.warn_days) - 1)
    await _tell({row["member"]: (row, ends) for row in rows if row["member"] in late})


async def _tell(warned: Mapping[UUID, tuple[Any, date]]) -> None:
    await events.write_events(
        [
            events.event_row("tier.warning", member=member, store=row["store"], tier=row["code"], ends=ends.isoformat())
            for member, (row, ends) in warned.items()
        ]
    )
