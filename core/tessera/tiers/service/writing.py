"""What moving thousands of members writes, as the end of one statement: what ``write_moves`` writes for each.

The statement before it judges members whose rows are locked and names those who move ``moving``, with the columns
``member``, ``store``, ``place``, ``before``, ``after``, ``stored``, ``until``, ``counts_from``, ``counts_to``,
``direction``, ``why``, ``evidence`` and ``origin``. Nothing of a member comes to Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import actor
from tessera.kernel import events
from tessera.kernel.database import execute, fetch
from tessera.kernel.ids import uuid7
from tessera.tiers.periods import midnight
from tessera.tiers.service.counting import UNCOUNTED
from tessera.tiers.service.defined import TierFacts
from tessera.tiers.service.moving import evidence_of, stored_code

AT_ONCE = 2_000
"""Members that are looked at by one unit of work; a till waits at most for so many."""

FREE = 12
"""The first placeholder that a statement may use besides those of ``arguments``."""

ZONE = "(SELECT b.timezone FROM business b)"


async def plan_anew() -> None:
    """Let PostgreSQL plan each statement of the unit of work for the tables as they are.

    A night fills tables that were empty when it began: a plan that is kept from then reads all of them for each
    member.
    """
    await execute("SET LOCAL plan_cache_mode = force_custom_plan")


async def lock(members: Sequence[UUID]) -> None:
    """Keep members from changing, and wait for what is being sold to them: the next statement sees it."""
    await fetch("SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR UPDATE", members)


def terms(some: Iterable[TierFacts], until: dict[str, date | None]) -> str:
    """What each tier brings to a move, for ``TERM``: as members carry it, until when it lasts, what it asked for."""
    rows = []
    for tier in some:
        day = until.get(tier.code)
        about = msgspec.to_builtins(evidence_of(tier, {}, None, None))
        rows.append(
            {
                "code": tier.code,
                "rank": tier.rank,
                "stored": stored_code(tier),
                "until": midnight(day).isoformat() if day is not None else None,
                "about": about,
                "spends": "spend" in tier.criteria.asks,
            }
        )
    return msgspec.json.encode(rows).decode()


TERM = """term AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($5::jsonb)
    AS t (code text, rank int, stored text, until timestamptz, about jsonb, spends boolean))"""
"""The part of a statement that makes rows of ``terms``."""


def evidence_sql(some: Iterable[TierFacts], names: Sequence[str], term: str, row: str, since: str, until: str) -> str:
    """``Evidence`` of a tier of ``TERM`` over counted columns, as ``evidence_of`` and ``without_rate`` make it."""
    counted = " ".join(
        f"WHEN '{tier.code}' THEN jsonb_build_object({_pairs(tier, names, row)})" for tier in some if tier.criteria.asks
    )
    missing = UNCOUNTED.format(member=f"{row}.member", since=since, until=until)
    return f"""{term}.about || jsonb_build_object(
        'counted', {f"CASE {term}.code {counted} ELSE '{{}}'::jsonb END" if counted else "'{}'::jsonb"},
        'since', ({since} AT TIME ZONE {ZONE})::date, 'end', ({until} AT TIME ZONE {ZONE})::date,
        'uncounted', CASE WHEN {term}.spends THEN {missing} ELSE '{{}}'::jsonb END)"""


def _pairs(tier: TierFacts, names: Sequence[str], row: str) -> str:
    quoted = {name: name.replace("'", "''") for name in tier.criteria.asks}
    return ", ".join(f"'{quoted[name]}', {row}.c{names.index(name)}" for name in tier.criteria.asks)


CARRIED = """carried AS (
    UPDATE member m SET tier = g.stored, updated_at = $1 FROM moving g WHERE m.id = g.member
), noted AS (
    INSERT INTO tier_change (id, member, before, after, direction, why, reason, evidence, actor, staff, origin, batch,
                             at)
    SELECT ($3::uuid[])[place], member, before, after, direction, why, '', evidence, $6, $7::uuid, origin, $9::uuid, $1
    FROM moving ORDER BY place
), told AS (
    INSERT INTO event (id, kind, version, origin, plugin, member, store, batch, occurred_at, recorded_at, payload)
    SELECT ($4::uuid[])[place], 'tier.changed', $10, origin, $11, member, store, $9::uuid, $1, $1,
        jsonb_build_object('from', before, 'to', after, 'direction', direction, 'why', why)
    FROM moving ORDER BY place
)"""
"""The member, the history and the event; the qualification is written by the statement itself."""


def arguments(now: datetime, members: Sequence[UUID], described: str) -> list[Any]:
    """What stands at ``$1`` to ``$11``: the moment, whom it is about, ids, ``terms``, who does it, how it is told."""
    who = actor()
    payload: dict[str, Any] = {"from": "", "to": "", "direction": "up", "why": ""}
    told = events.event_row("tier.changed", **payload)
    version, plugin = told[events.COLUMNS.index("version")], told[events.COLUMNS.index("plugin")]
    return [
        now,
        list(members),
        [uuid7() for _ in members],
        [uuid7() for _ in members],
        described,
        str(who.label)[:200],
        who.staff_id,
        events.current_origin(),
        events.current_batch(),
        version,
        plugin,
    ]
