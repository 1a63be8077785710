"""Moving members to another tier: the member, the qualification, the history with its evidence, the event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.access.actor import actor
from tessera.kernel import clock, events
from tessera.kernel.database import copy_records, execute, fetch
from tessera.kernel.ids import uuid7
from tessera.members.service import present
from tessera.tiers.periods import ends_on, midnight, scheme
from tessera.tiers.service.counting import Counted, without_rate
from tessera.tiers.service.defined import TierFacts

Why = Literal["reached", "not_met", "hand", "hand_ended", "released", "brought", "merged", "unmerged", "import_undone"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a change stands on: what was ``counted`` from a day on and before another, held against what was ``asked``.

    ``tier`` is whose criteria these are, in their ``version``; ``uncounted`` are purchases in currencies that had no
    rate, by currency.
    """

    tier: str
    version: int
    match: str = "all"
    asked: dict[str, int] = {}
    counted: dict[str, int | None] = {}
    since: date | None = None
    end: date | None = None
    uncounted: dict[str, int] = {}


@dataclass(frozen=True, kw_only=True)
class Move:
    """A member on the way to another tier; ``until`` is the first day after it."""

    member: UUID
    before: TierFacts
    after: TierFacts
    why: Why
    evidence: Evidence
    until: date | None = None
    reason: str = ""
    by_hand: bool = False
    pinned: bool = False

    @property
    def direction(self) -> str:
        """Up, down, or the same tier on other terms."""
        if self.before.code == self.after.code:
            return "same"
        return "up" if self.after.rank > self.before.rank else "down"


def evidence_of(tier: TierFacts, counted: Counted, since: date | None, end: date | None) -> Evidence:
    """What was counted for a tier."""
    return Evidence(
        tier=tier.code,
        version=tier.version,
        match=tier.criteria.match,
        asked=dict(tier.criteria.asks),
        counted={name: counted.get(name) for name in tier.criteria.asks},
        since=since,
        end=end,
    )


def stored_code(tier: TierFacts) -> str | None:
    """A tier as members carry it."""
    return None if tier.is_first else tier.code


def lasts_until(tier: TierFacts, day: date) -> date | None:
    """The first day after a tier that is counted from a day on; what asks for nothing has no end."""
    return ends_on(scheme(), day) if tier.criteria.asks and not tier.is_first else None


def reached_until(tier: TierFacts, end: date) -> date | None:
    """The same for a tier that was reached with all before ``end``.

    Months are counted anew from there, so that what has brought somebody here does not keep them here as well; a
    calendar year is counted as a whole.
    """
    return lasts_until(tier, end if scheme().kind == "rolling" else end - timedelta(days=1))


_CARRY = f"""
UPDATE member m SET tier = g.after, updated_at = $4
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS g (id, before, after)
WHERE m.id = g.id AND m.tier IS NOT DISTINCT FROM g.before AND {present("m")}
RETURNING m.id, m.store
"""
"""Only from the tier that was looked at: of two who move someone at once, one does."""

_HOLD = """
INSERT INTO member_tier (member, tier, since, until, counted_since, counted_until, by_hand, pinned)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
    $7::boolean[], $8::boolean[])
ON CONFLICT (member) DO UPDATE SET
    tier = excluded.tier, until = excluded.until, counted_since = excluded.counted_since,
    counted_until = excluded.counted_until, by_hand = excluded.by_hand, pinned = excluded.pinned,
    warned_at = NULL, grace_until = NULL,
    since = CASE WHEN member_tier.tier IS NOT DISTINCT FROM excluded.tier THEN member_tier.since ELSE excluded.since END
"""

HISTORY = (
    "id", "member", "before", "after", "direction", "why", "reason", "evidence", "actor", "staff", "origin", "batch",
    "at",
)  # fmt: skip


async def write_moves(moves: Sequence[Move]) -> list[Move]:
    """Move members in the running unit of work; answers the moves that took place.

    Whose tier has changed since it was looked at stays. Rows are locked in an order that all share.
    """
    if not moves:
        return []
    by_member = {move.member: move for move in sorted(moves, key=lambda move: move.member)}
    if len(by_member) > 1:
        await fetch("SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", list(by_member))
    now = clock.now()
    carried = await fetch(
        _CARRY,
        list(by_member),
        [stored_code(move.before) for move in by_member.values()],
        [stored_code(move.after) for move in by_member.values()],
        now,
    )
    done = [(by_member[row["id"]], row["store"]) for row in carried]
    await _hold([move for move, _store in done], now)
    await _note([move for move, _store in done], now)
    await events.write_events([_event(move, store) for move, store in done if move.direction != "same"])
    return [move for move, _store in done]


async def _hold(moves: Sequence[Move], now: datetime) -> None:
    await execute(
        _HOLD,
        [move.member for move in moves],
        [stored_code(move.after) for move in moves],
        [now for _ in moves],
        [_at(move.until) for move in moves],
        [_at(move.evidence.since) for move in moves],
        [_at(move.evidence.end) for move in moves],
        [move.by_hand for move in moves],
        [move.pinned for move in moves],
    )


def _at(day: date | None) -> datetime | None:
    return midnight(day) if day is not None else None


async def _note(moves: Sequence[Move], now: datetime) -> None:
    """The history, with what of it could not be counted."""
    asked = {
        move.member: (move.evidence.since, move.evidence.end)
        for move in moves
        if "spend" in move.evidence.asked and move.evidence.since is not None and move.evidence.end is not None
    }
    missing = await without_rate(asked) if asked else {}
    await copy_records("tier_change", [_change(move, missing.get(move.member, {}), now) for move in moves], HISTORY)


def _change(move: Move, uncounted: dict[str, int], now: datetime) -> tuple[Any, ...]:
    who = actor()
    evidence = msgspec.structs.replace(move.evidence, uncounted=uncounted)
    return (
        uuid7(),
        move.member,
        move.before.code,
        move.after.code,
        move.direction,
        move.why,
        move.reason,
        msgspec.json.encode(evidence).decode(),
        str(who.label)[:200],
        who.staff_id,
        events.current_origin(),
        events.current_batch(),
        now,
    )


def _event(move: Move, store: UUID | None) -> tuple[Any, ...]:
    told: dict[str, Any] = {"from": move.before.code, "to": move.after.code}
    told |= {"direction": move.direction, "why": move.why}
    return events.event_row("tier.changed", member=move.member, store=store, **told)
