"""Counting what members did: for one of them, and as SQL for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tessera.kernel.database import fetch, fetchrow
from tessera.tiers.metrics import value_sql
from tessera.tiers.periods import midnight
from tessera.tiers.service.defined import Criteria, TierFacts

Counted = Mapping[str, int | None]
"""Values by metric; ``None`` where a metric cannot be counted."""


IN_ORDER = "{since}::timestamptz <= {until}::timestamptz"
"""Names both moments of a period, for statements in which no metric may do so."""


async def count(member: UUID, names: Sequence[str], since: date, end: date) -> Counted:
    """What one member did from a day on and before another."""
    if not names:
        return {}
    columns = columns_sql(names, "$2::timestamptz", "$3::timestamptz")
    sql = f"SELECT m.id{columns} FROM member m WHERE m.id = $1 AND {IN_ORDER.format(since='$2', until='$3')}"
    row = await fetchrow(sql, member, midnight(since), midnight(end))
    return {name: row[f"c{i}"] if row is not None else None for i, name in enumerate(names)}


def highest_met(some: Sequence[TierFacts], counted: Counted) -> TierFacts | None:
    """The highest of some tiers whose criteria are met."""
    return next((tier for tier in reversed(some) if tier.criteria.met_by(counted)), None)


def columns_sql(names: Sequence[str], since: str, until: str) -> str:
    """Metrics as the columns ``c0``, ``c1`` … of a query over ``member m``."""
    return "".join(f", {value_sql(name, since, until)} AS c{i}" for i, name in enumerate(names))


def met_sql(criteria: Criteria, names: Sequence[str]) -> str:
    """``Criteria.met_by`` over those columns: true or false, never NULL."""
    if not criteria.asks:
        return "false"
    word = " AND " if criteria.match == "all" else " OR "
    return f"({word.join(f'coalesce(c{names.index(name)} >= {int(n)}, false)' for name, n in criteria.asks.items())})"


def rank_sql(some: Sequence[TierFacts], names: Sequence[str]) -> str:
    """The rank of the highest of some tiers that is met; 0 where none is."""
    whens = " ".join(f"WHEN {met_sql(tier.criteria, names)} THEN {tier.rank}" for tier in reversed(some))
    return f"CASE {whens} ELSE 0 END" if whens else "0"


UNCOUNTED = """(SELECT coalesce(jsonb_object_agg(u.currency, u.n), '{{}}') FROM (
    SELECT p.currency, count(*) AS n FROM purchase p CROSS JOIN business b
    WHERE p.member = {member} AND p.at >= {since} AND p.at < {until} AND p.currency <> b.currency AND NOT EXISTS (
        SELECT 1 FROM exchange_rate x WHERE x.currency = p.currency AND x.into = b.currency
        AND x.since <= (p.at AT TIME ZONE b.timezone)::date)
    GROUP BY p.currency) u)"""
"""A member's purchases in currencies that had no rate on their day, how many by currency, as SQL."""

_WITHOUT_RATE = f"""
SELECT g.member, {UNCOUNTED.format(member="g.member", since="g.since", until="g.until")} AS uncounted
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS g (member, since, until)
"""


async def without_rate(windows: Mapping[UUID, tuple[date, date]]) -> dict[UUID, dict[str, int]]:
    """How many purchases of some members are in currencies that had no rate on their day, by currency."""
    rows: Sequence[Any] = await fetch(
        _WITHOUT_RATE,
        list(windows),
        [midnight(since) for since, _end in windows.values()],
        [midnight(end) for _since, end in windows.values()],
    )
    return {row["member"]: row["uncounted"] for row in rows}
