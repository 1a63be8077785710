"""Redeeming: the points, the limit, the stock and what is given, all in one unit of work or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.members import service as members
from tessera.points.ledger import Cause, EntryRow, Posting
from tessera.points.rewards.codes import new_code
from tessera.points.rewards.kinds import Kind, kind_named
from tessera.points.rewards.service.catalogue import SELECT, clean, fact_of
from tessera.points.rewards.service.contract import (
    RewardFacts,
    RewardLimitReached,
    RewardNotOffered,
    RewardOutOfStock,
    RewardUnknown,
)
from tessera.points.rewards.service.periods import begin_of
from tessera.points.rewards.tiers import tier_code
from tessera.points.service.booking import take
from tessera.points.service.reading import available
from tessera_hooks import Redeeming, _

REDEEMED = "redemption"
"""The source of what redemptions take, and of what cancelling one gives back."""

_TAKEN = """
SELECT count(*) FROM redemption
WHERE member = $1 AND reward = $2 AND status <> 'cancelled' AND ($3::timestamptz IS NULL OR at >= $3)
"""

_FROM_STOCK = "UPDATE reward SET stock = stock - 1 WHERE id = $1 AND stock > 0 RETURNING stock"

_STOCKED = "SELECT stock FROM reward WHERE id = $1"

_INSERT = """
INSERT INTO redemption (id, reward, member, account, entry, points, store, staff, actor, code, status, stocked, at,
    handed_over_at, handed_over_by, plugin, kind, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::jsonb)
ON CONFLICT (code) DO NOTHING
RETURNING id
"""


TIER = "SELECT tier FROM member WHERE id = $1"

_KNOWN = "SELECT id, points, code, given, status, at, member FROM redemption WHERE id = $1"


@dataclass(frozen=True)
class Redeemed:
    """A redemption that was made: its pick-up code, what a plugin gave, and what the member has left."""

    id: UUID
    reward: RewardFacts
    points: int
    available: int
    code: str
    given: str | None
    status: str
    at: datetime


async def offered(code: str, store: UUID | None) -> RewardFacts:
    """A reward that a store hands out at this moment; without a store, one that all do."""
    wanted = code.strip().casefold()
    rows = await fetch(f"{SELECT} WHERE code = $1", wanted) if clean(wanted) else []
    if not rows:
        raise _unknown()
    found = fact_of(rows[0])
    kind = kind_named(found.kind)
    handed_out = found.enabled and kind is not None and host().enabled(kind.plugin, store)
    if not handed_out or (store is not None and not found.is_in(store)):
        raise _unknown()
    if not found.is_in(store):
        message = _("name the store: not all hand this out")
        raise Invalid(message, [FieldError("store", message)])
    if not found.is_open(clock.now()):
        raise RewardNotOffered(_("{reward} is not offered at this moment", reward=found.name))
    return found


def _unknown() -> RewardUnknown:
    return RewardUnknown(_("There is no such reward."))


async def redeem(member: UUID, code: str, *, store: UUID | None = None, once: UUID | None = None) -> Redeemed:
    """Give a member a reward for its points.

    The balance is locked first, and all that is computed comes from what is locked: of parallel redemptions
    of one member exactly those succeed that the points and the limit allow; the last piece goes to one
    member, for taking it is one conditional statement. A plugin's kind is given in the same unit of work,
    and its refusal takes everything back. ``once`` is the redemption's id: the same again is the same one.
    """

    async def work() -> Redeemed:
        holder = await members.hold(member)
        found = await offered(code, store)
        account = await members.account_of(holder)
        posting = await Posting.open([account], held=True)
        if once is not None and (known := await fetchrow(_KNOWN, once)) is not None:
            return await _again(dict(known), found, holder, account)
        price = found.price(tier_code(await fetchval(TIER, holder)))
        id_ = once or uuid7()
        entry = await take(posting, account, price, _cause(found, id_, store, posting.now))
        await _need_within_limit(found, holder, posting.now)
        _say(posting, found, holder, entry)
        await posting.write()
        stocked = await _take_from_stock(found)
        done = await _hand_out(_Taking(id_, found, holder, account, entry.id, price, store, stocked))
        left = await available([account])
        return Redeemed(id_, found, price, left, done.code, done.given, done.status, posting.now)

    return await in_transaction(work)


async def _again(known: dict[str, Any], found: RewardFacts, holder: UUID, account: UUID) -> Redeemed:
    """What was redeemed under this id before; another's is refused as one that cannot be made."""
    if known.pop("member") != holder:
        raise RewardNotOffered(_("{reward} is not offered at this moment", reward=found.name))
    return Redeemed(reward=found, available=await available([account]), **known)


def _cause(found: RewardFacts, id_: UUID, store: UUID | None, at: datetime) -> Cause:
    return Cause(
        reason="reward",
        source=REDEEMED,
        source_id=id_,
        at=at,
        store=store,
        facts={"reward": found.code, "title": dict(found.title)},
    )


async def _need_within_limit(found: RewardFacts, member: UUID, at: datetime) -> None:
    """Refuse what the member had as often as it is given; the balance is locked, so that none comes between."""
    if found.member_limit is None:
        return
    since = begin_of(found.period, at, business().timezone)
    if await fetchval(_TAKEN, member, found.id, since) >= found.member_limit:
        raise RewardLimitReached(
            _("{reward} was had {n} times already, which is the limit", reward=found.name, n=found.member_limit),
            limit=found.member_limit,
        )


async def _take_from_stock(found: RewardFacts) -> bool:
    """Take one piece; answers whether there is an end to them. A reward without one is locked by nobody."""
    if found.stock is None:
        return False
    if await fetchval(_FROM_STOCK, found.id) is not None:
        return True
    if await fetchval(_STOCKED, found.id) is None:
        return False
    raise RewardOutOfStock(_("nothing is left of {reward}", reward=found.name))


@dataclass(frozen=True)
class _Taking:
    """A redemption that is paid and not yet written down."""

    id: UUID
    reward: RewardFacts
    member: UUID
    account: UUID
    entry: UUID
    points: int
    store: UUID | None
    stocked: bool


@dataclass(frozen=True)
class _HandedOut:
    code: str
    status: str
    given: str | None


async def _hand_out(taking: _Taking) -> _HandedOut:
    found, now = taking.reward, clock.now()
    kind = kind_named(found.kind)
    if kind is None:
        raise _unknown()
    status = "handed_over" if kind.at_once else "open"
    code = await _write(taking, kind, status, now)
    given = await _give(kind, taking, now)
    subject = ("redemption", taking.id)
    await audit.note(
        "rewards.redeemed",
        member=taking.member,
        subject=subject,
        store=taking.store,
        code=found.code,
        points=taking.points,
    )
    return _HandedOut(code, status, given)


async def _write(taking: _Taking, kind: Kind, status: str, now: datetime) -> str:
    """Write the redemption down under a code that none has; two alike are rarer than one in a hundred thousand."""
    someone = actor()
    while True:
        code = new_code()
        written = await fetchval(
            _INSERT,
            taking.id,
            taking.reward.id,
            taking.member,
            taking.account,
            taking.entry,
            taking.points,
            taking.store,
            someone.staff_id,
            str(someone.label),
            code,
            status,
            taking.stocked,
            now,
            now if kind.at_once else None,
            str(someone.label) if kind.at_once else None,
            kind.plugin,
            taking.reward.kind,
            dict(taking.reward.detail),
        )
        if written is not None:
            return code


async def _give(kind: Kind, taking: _Taking, now: datetime) -> str | None:
    if kind.handler is None:
        return None
    given = await kind.handler.give(
        redeeming(taking.id, taking.reward.code, taking.member, taking.store, now, taking.reward.detail)
    )
    await execute("UPDATE redemption SET given = $2 WHERE id = $1", taking.id, given)
    return given


def redeeming(
    id_: UUID, reward: str, member: UUID, store: UUID | None, at: datetime, detail: Mapping[str, Any]
) -> Redeeming:
    """A redemption as a plugin sees it; what is handed out of its kind is ``choice`` of the detail."""
    return Redeeming(redemption=id_, reward=reward, member=member, store=store, at=at, detail=detail)


def _say(posting: Posting, found: RewardFacts, member: UUID, entry: EntryRow) -> None:
    """Tell of the points and of the reward, in the statement that writes the entries."""
    for kind, payload in (
        ("points.spent", {"entry": entry.id, "unit": posting.unit, "purchase": None}),
        ("reward.redeemed", {"redemption": entry.source_id, "reward": found.code}),
    ):
        posting.say(kind, member=member, store=entry.store, at=entry.at, points=-entry.amount, **payload)
