"""What is offered for a recharge: pay 500 and get 50 on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from tessera.plugin import (
    Conflict,
    Invalid,
    NotFound,
    business,
    execute,
    fetch,
    fetchrow,
    fetchval,
    in_transaction,
    minor_digits,
    note_audit,
    now,
    uuid7,
)
from tessera_hooks import _
from tessera_wallet.desk import LARGEST, holds_in, wrong


class OfferUnknown(NotFound):
    """There is no such offer."""

    code = "offer_unknown"


class OfferClosed(Conflict):
    """The offer does not hold now, here, or for this member any more."""

    code = "offer_closed"


class OfferFacts(msgspec.Struct, frozen=True):
    """A row of ``recharge_offer``; amounts in minor units, ``stores`` by id."""

    id: UUID
    title: str
    currency: str
    pay: int
    bonus: int
    from_day: date | None
    until_day: date | None
    stores: list[str] | None
    per_member: int | None
    bonus_days: int | None
    active: bool
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewOffer:
    """An offer as it is written down; amounts in minor units."""

    title: str
    currency: str
    pay: int
    bonus: int
    from_day: date | None = None
    until_day: date | None = None
    stores: Sequence[str] | None = None
    per_member: int | None = None
    bonus_days: int | None = None
    active: bool = True


_COLUMNS = ", ".join(OfferFacts.__struct_fields__)

_KEEP = f"""
INSERT INTO wallet.recharge_offer ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, currency = excluded.currency, pay = excluded.pay,
    bonus = excluded.bonus, from_day = excluded.from_day, until_day = excluded.until_day,
    stores = excluded.stores, per_member = excluded.per_member, bonus_days = excluded.bonus_days,
    active = excluded.active
"""


async def keep_offer(new: NewOffer, offer: UUID | None = None) -> UUID:
    """Write an offer down, or change one; what was recharged with it before stays as it was."""
    _check(new)
    id_ = offer or uuid7()
    if offer is not None:
        await one_offer(offer)

    async def work() -> UUID:
        values = [getattr(new, name) for name in OfferFacts.__struct_fields__[1:-1]]
        values[6] = list(new.stores) if new.stores else None
        await execute(_KEEP, id_, *values, now())
        await note_audit("wallet.offer_kept", subject=("recharge_offer", id_), pay=new.pay, bonus=new.bonus)
        return id_

    return await in_transaction(work)


def _check(new: NewOffer) -> None:
    minor_digits(new.currency)
    if not new.title.strip() or len(new.title) > 100:
        raise wrong("title", _("give it a title of at most 100 characters"))
    if not 0 < new.pay <= LARGEST:
        raise wrong("pay", _("give a whole amount above zero"))
    if not 0 <= new.bonus <= LARGEST:
        raise wrong("bonus", _("give an amount of zero or more"))
    if new.from_day and new.until_day and new.until_day < new.from_day:
        raise wrong("until_day", _("this lies before the beginning"))
    if new.per_member is not None and new.per_member < 1:
        raise wrong("per_member", _("at least once, or leave it empty"))
    if new.bonus_days is not None and not 1 <= new.bonus_days <= 3660:
        raise wrong("bonus_days", _("between 1 and 3660 days, or leave it empty"))


async def all_offers() -> list[OfferFacts]:
    """Every offer, those that are on first."""
    sql = f"SELECT {_COLUMNS} FROM wallet.recharge_offer ORDER BY active DESC, currency, pay, id"
    return [OfferFacts(**dict(row)) for row in await fetch(sql)]


async def one_offer(offer: UUID) -> OfferFacts:
    """One offer."""
    row = await fetchrow(f"SELECT {_COLUMNS} FROM wallet.recharge_offer WHERE id = $1", offer)
    if row is None:
        raise OfferUnknown(_("There is no such offer."))
    return OfferFacts(**dict(row))


async def offers_for(member: UUID, store: UUID, currency: str) -> list[OfferFacts]:
    """What a member can be offered in a store today."""
    taken = await fetch(_TAKEN, member)
    counts = {row["offer"]: row["n"] for row in taken}
    return [offer for offer in await all_offers() if not why_not(offer, store, currency, counts.get(offer.id, 0))]


_TAKEN = "SELECT offer, count(*)::int AS n FROM wallet.recharge WHERE member = $1 AND offer IS NOT NULL GROUP BY offer"

_HOW_OFTEN = "SELECT count(*)::int FROM wallet.recharge WHERE member = $1 AND offer = $2"


async def need_offer(offer: UUID, member: UUID, store: UUID, currency: str) -> OfferFacts:
    """An offer that holds for a member now and here.

    Where it may be taken only so often it is locked first: two desks that count at once would both find room.
    """
    found = await one_offer(offer)
    if found.per_member is not None:
        await fetchrow("SELECT id FROM wallet.recharge_offer WHERE id = $1 FOR NO KEY UPDATE", offer)
    refusal = why_not(found, store, currency, await fetchval(_HOW_OFTEN, member, offer))
    if refusal:
        raise OfferClosed(refusal, offer=str(offer))
    return found


def why_not(offer: OfferFacts, store: UUID, currency: str, taken: int) -> str:
    """Why an offer cannot be taken, or nothing."""
    today = business().today()
    if not offer.active or (offer.from_day and today < offer.from_day) or (offer.until_day and today > offer.until_day):
        return _("This offer does not hold today.")
    if offer.currency != currency or not holds_in(offer.stores, store):
        return _("This offer does not hold in this store.")
    if offer.per_member is not None and taken >= offer.per_member:
        return _("The member has taken this offer as often as it may be taken.")
    return ""


def refuse_amount(offer: OfferFacts, amount: int) -> None:
    """An offer is paid with exactly its amount."""
    if amount != offer.pay:
        raise Invalid(_("This offer is taken by paying exactly its amount."), pay=offer.pay)
