"""The end of a qualification: a warning before it, days of grace after it, and the way down; or another period.

A night's members are judged, and all that comes of it is written, by one statement for thousands of them;
``judged`` says the same of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.access.actor import system_actor
from tessera.kernel import clock, events
from tessera.kernel.business import business, has_business
from tessera.kernel.database import fetch, in_transaction
from tessera.members.service import present
from tessera.tiers.metrics import can_be_counted
from tessera.tiers.periods import Scheme, counted_sql, ends_sql, midnight, scheme
from tessera.tiers.service import writing
from tessera.tiers.service.counting import columns_sql, rank_sql
from tessera.tiers.service.defined import TierFacts, asked_by, first_tier, tiers
from tessera.tiers.service.moving import lasts_until
from tessera.tiers.service.writing import AT_ONCE

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


Place = tuple[datetime, UUID]
"""Where a night has come to along the index: the end of a qualification, and whose it is."""

START: Place = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def requalify_all() -> dict[str, int]:
    """Judge every qualification that ends or is about to; answers how many were kept, warned, given grace, lowered."""
    done = dict.fromkeys(("keep", "warn", "grace", "down"), 0)
    if not has_business():
        return done
    after = START
    with system_actor():
        while True:
            counts, further = await in_transaction(partial(judge_page, after))
            for verdict, n in counts.items():
                done[verdict] += n
            if further is None:
                return done
            after = further


async def judge_page(after: Place) -> tuple[dict[str, int], Place | None]:
    """Judge the next qualifications, within the running unit of work.

    Answers how many had which verdict, and where to go on, ``None`` at the end.
    """
    batch = await _due(after)
    if not batch:
        return {}, None
    await writing.plan_anew()
    return await _judge([row["member"] for row in batch]), (batch[-1]["until"], batch[-1]["member"])


async def _due(after: Place) -> Sequence[Any]:
    """The next qualifications that end or are to be warned of, along the index."""
    now, rules = clock.now(), scheme()
    return await fetch(
        "SELECT until, member FROM member_tier WHERE until <= $3 AND (until, member) > ($1, $2) AND tier IS NOT NULL "
        "AND (grace_until IS NULL OR grace_until <= $4) AND (until <= $4 OR warned_at IS NULL) "
        "ORDER BY until, member LIMIT $5",
        *after,
        now + timedelta(days=rules.warn_days),
        now,
        AT_ONCE,
    )


async def _judge(members: Sequence[UUID]) -> dict[str, int]:
    """Judge some members and write all that comes of it, once nobody else changes them."""
    every, rules, today = tiers(archived=True), scheme(), business().today()
    late = max(rules.grace_days, rules.warn_days)
    await writing.lock(members)
    rows = await fetch(
        _judge_sql(rules, every),
        *writing.arguments(clock.now(), members, _terms(every, today)),
        [tier.code for tier in every if not can_be_counted([*tier.criteria.asks])],
        msgspec.json.encode(_ways_down(every, rules)).decode(),
        midnight(today + timedelta(days=rules.grace_days)),
        midnight(today + timedelta(days=late)),
        (today + timedelta(days=late - 1)).isoformat(),
        events.event_row("tier.warning", tier="", ends=today.isoformat())[events.COLUMNS.index("version")],
    )
    return {row["verdict"]: row["n"] for row in rows}


def _terms(every: Sequence[TierFacts], today: date) -> str:
    return writing.terms(every, {tier.code: lasts_until(tier, today) for tier in every})


def _ways_down(every: Sequence[TierFacts], rules: Scheme) -> list[dict[str, Any]]:
    """Where ``goes_to`` leads from each tier, for every rank that may be met."""
    met = sorted({0, *(tier.rank for tier in _counted(every))})
    return [
        {"code": tier.code, "met": rank, "by_hand": hand, "after": goes_to(tier, rank, rules, by_hand=hand).code}
        for tier in every
        for rank in met
        for hand in (False, True)
    ]


def _counted(every: Sequence[TierFacts]) -> list[TierFacts]:
    """The tiers that can be met."""
    return [tier for tier in every if tier.criteria.asks and not tier.is_first and not tier.archived]


def _judge_sql(rules: Scheme, every: Sequence[TierFacts]) -> str:
    """One statement: what is counted of each, the verdict, and all that is written of it.

    What counts begins where the scheme says before the end, and reaches to the end of grace. Those who were not
    warned are warned by the grace they get, and have the time of a warning.
    """
    names, late = asked_by(every), f"j.warned_at IS NULL AND {'true' if rules.warn_days else 'false'}"
    return f"""
    WITH {writing.TERM}, way AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset($13::jsonb) AS w (code text, met int, by_hand boolean, after text)
    ), {_judged_sql(rules, every, names)}, kept AS (
        UPDATE member_tier k SET until = ({ends_sql(rules, "j.ends")}::timestamp AT TIME ZONE {writing.ZONE}),
            counted_since = j.counts_from, counted_until = j.counts_to, warned_at = NULL, grace_until = NULL,
            by_hand = false, pinned = false
        FROM judged j WHERE j.verdict = 'keep' AND k.member = j.member
    ), warned AS (
        UPDATE member_tier k SET warned_at = $1 FROM judged j WHERE j.verdict = 'warn' AND k.member = j.member
    ), given AS (
        UPDATE member_tier k SET grace_until = CASE WHEN {late} THEN $15::timestamptz ELSE $14::timestamptz END,
            warned_at = coalesce(k.warned_at, $1)
        FROM judged j WHERE j.verdict = 'grace' AND k.member = j.member
    ), said AS (
        INSERT INTO event (id, kind, version, origin, plugin, member, store, batch, occurred_at, recorded_at, payload)
        SELECT ($4::uuid[])[j.place], 'tier.warning', $17, $8, $11, j.member, j.store, $9::uuid, $1, $1,
            jsonb_build_object('tier', j.code, 'ends', CASE WHEN j.verdict = 'grace' THEN $16::text
                ELSE ((j.until AT TIME ZONE {writing.ZONE})::date - 1)::text END)
        FROM judged j WHERE j.verdict = 'warn' OR (j.verdict = 'grace' AND {late}) ORDER BY j.place
    ), moving AS MATERIALIZED (
        SELECT j.member, j.store, j.place, j.code AS before, a.code AS after, a.stored, a.until, j.counts_from,
            j.counts_to, 'down' AS direction, CASE WHEN j.by_hand THEN 'hand_ended' ELSE 'not_met' END AS why,
            {writing.evidence_sql(every, names, "b", "j", "j.counts_from", "j.counts_to")} AS evidence, $8 AS origin
        FROM judged j JOIN term b ON b.code = j.code
        JOIN way w ON w.code = j.code AND w.met = j.met AND w.by_hand = j.by_hand JOIN term a ON a.code = w.after
        WHERE j.verdict = 'down'
    ), held AS (
        UPDATE member_tier k SET tier = g.stored, since = $1, until = g.until, counted_since = g.counts_from,
            counted_until = g.counts_to, warned_at = NULL, grace_until = NULL, by_hand = false, pinned = false
        FROM moving g WHERE k.member = g.member
    ), {writing.CARRIED}
    SELECT verdict, count(*)::int AS n FROM judged WHERE verdict <> 'nothing' GROUP BY verdict
    """


def _judged_sql(rules: Scheme, every: Sequence[TierFacts], names: Sequence[str]) -> str:
    """The part of it that judges.

    Each row is looked up by its key on its own: the night itself changes what PostgreSQL believes of these tables,
    and a join has been planned along the index of tiers, over every member of one for each member.
    """
    counted = columns_sql(names, "m.counts_from", "m.counts_to")
    return f"""ending AS (
        SELECT t.*, m.id, m.store, m.code, (t.until AT TIME ZONE {writing.ZONE})::date AS ends,
            coalesce(t.grace_until, t.until) AS counts_to
        FROM unnest($2::uuid[]) AS asked (member)
        CROSS JOIN LATERAL (
            SELECT t.member, t.tier, t.until, t.warned_at, t.grace_until, t.by_hand FROM member_tier t
            WHERE t.member = asked.member AND t.until IS NOT NULL OFFSET 0) t
        CROSS JOIN LATERAL (
            SELECT m.id, m.store, m.tier AS code FROM member m
            WHERE m.id = asked.member AND {present("m")} AND NOT (m.tier = ANY($12)) OFFSET 0) m
        WHERE m.code = t.tier
    ), judged AS MATERIALIZED (
        SELECT v.*, {verdict_sql(rules)} AS verdict, row_number() OVER (ORDER BY v.member) AS place FROM (
            SELECT c.*, r.rank, {rank_sql(_counted(every), names)} AS met FROM (
                SELECT m.*{counted}
                FROM (SELECT e.*, ({counted_sql(rules, "e.ends")}::timestamp AT TIME ZONE {writing.ZONE}) AS counts_from
                      FROM ending e) m OFFSET 0) c
            JOIN tier r ON r.code = c.code) v
    )"""
