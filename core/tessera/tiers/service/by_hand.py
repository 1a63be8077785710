"""A tier that a person gives or takes, until a day or without end; and giving it back to the rules."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.members.normalise import plain
from tessera.members.service import hold, need_visible, present, unknown
from tessera.tiers.periods import counted_from, scheme, tomorrow
from tessera.tiers.service.counting import count, highest_met
from tessera.tiers.service.defined import TierFacts, TierUnknown, asked_by, first_tier, tier_by_code, tier_of, tiers
from tessera.tiers.service.moving import Evidence, Move, evidence_of, lasts_until, write_moves
from tessera_hooks import _

PERMISSION = "tiers.write"

LONGEST_REASON = 500


async def set_tier(member: UUID, code: str, *, reason: str, last_day: date | None = None) -> None:
    """Put a member into a tier by hand, up to and including a day, or without end.

    Until then nothing lowers them; doing more raises them, unless the tier is less than what they have reached
    already: then it stands as it was set.
    """
    words = plain(reason)
    tier = _check(code, words, last_day)
    asked = await need_visible(member, PERMISSION)

    async def work() -> None:
        who, before, store = await _locked(asked)
        met, counted, since, end = await _met_now(who)
        until = date.fromordinal(last_day.toordinal() + 1) if last_day is not None else None
        move = Move(
            member=who,
            before=before,
            after=tier,
            why="hand",
            reason=words,
            evidence=evidence_of(tier, counted, since, end),
            until=until,
            by_hand=True,
            pinned=met.rank > tier.rank,
        )
        await write_moves([move])
        day = last_day.isoformat() if last_day is not None else None
        await audit.note("tiers.set_by_hand", member=who, store=store, tier=tier.code, before=before.code, until=day)

    await in_transaction(work)


def _check(code: str, reason: str, last_day: date | None) -> TierFacts:
    wrong, tier = [], first_tier()
    try:
        tier = tier_by_code(code)
    except TierUnknown as refusal:
        wrong.append(FieldError("tier", refusal.message))
    if not reason or len(reason) > LONGEST_REASON:
        wrong.append(FieldError("reason", _("say why, in at most {limit} characters", limit=LONGEST_REASON)))
    if last_day is not None and last_day < business().today():
        wrong.append(FieldError("until", _("this day has passed")))
    if last_day is not None and last_day.year > 9000:
        wrong.append(FieldError("until", _("leave the day empty where there is no end")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)
    return tier


async def release(member: UUID, *, reason: str = "") -> None:
    """Let the rules decide again about a member whose tier was set by hand: for a whole period from today."""
    asked = await need_visible(member, PERMISSION)

    async def work() -> None:
        who, before, store = await _locked(asked)
        held = await fetchrow("SELECT by_hand FROM member_tier WHERE member = $1", who)
        if held is None or not held["by_hand"]:
            return
        met, counted, since, end = await _met_now(who)
        after = met if met.rank > before.rank else before
        until = lasts_until(after, business().today())
        evidence = evidence_of(after, counted, since, end)
        move = Move(
            member=who, before=before, after=after, why="released", reason=plain(reason), evidence=evidence, until=until
        )
        await write_moves([move])
        await audit.note("tiers.released", member=who, store=store, tier=after.code)

    await in_transaction(work)


async def _locked(asked: UUID) -> tuple[UUID, TierFacts, UUID | None]:
    """Who the member is today, the tier they have, and their store; kept from changing until the work ends."""
    who = await hold(asked)
    row: Any = await fetchrow(
        f"SELECT m.tier, m.store FROM member m WHERE m.id = $1 AND {present('m')} FOR NO KEY UPDATE", who
    )
    if row is None:
        raise unknown()
    return who, tier_of(row["tier"]), row["store"]


async def _met_now(who: UUID) -> tuple[TierFacts, Any, date, date]:
    """The highest tier that a member meets today, and what was counted over which days."""
    some = [tier for tier in tiers() if tier.criteria.asks and not tier.is_first]
    end = tomorrow()
    since = counted_from(scheme(), end)
    counted = await count(who, asked_by(some), since, end)
    return highest_met(some, counted) or first_tier(), counted, since, end


async def give_back(member: UUID, held: Any, before: TierFacts, after: TierFacts, why: Any) -> None:
    """Put a member back to the tier and terms they had before a merge or an import, in the running unit of work."""
    evidence = Evidence(tier=after.code, version=after.version)
    await write_moves([Move(member=member, before=before, after=after, why=why, evidence=evidence)])
    if held is None:
        await execute("DELETE FROM member_tier WHERE member = $1", member)
        return
    await execute(
        "INSERT INTO member_tier SELECT * FROM jsonb_populate_record(NULL::member_tier, $1::jsonb) "
        "ON CONFLICT (member) DO UPDATE SET since = excluded.since, until = excluded.until, "
        "counted_since = excluded.counted_since, counted_until = excluded.counted_until, "
        "warned_at = excluded.warned_at, grace_until = excluded.grace_until, by_hand = excluded.by_hand, "
        "pinned = excluded.pinned",
        held,
    )
