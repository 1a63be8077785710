"""Coupons at a sale: what they would take off, being used once in the sale's transaction, and coming back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tessera.plugin import business, emit, execute, fetch, fetchrow, fetchval, local_day, midnight, now, settings
from tessera_hooks import Basket, Claim, PriceCut, Returning, Settled, Settling, Text, _
from tessera_wallet.coupons import codes, reading
from tessera_wallet.coupons.contract import CLAIM, CouponRefused, CouponUsed, Held, Kind
from tessera_wallet.coupons.judging import judge
from tessera_wallet.coupons.kinds import SELECT, kind_of

_USE = """
UPDATE wallet.coupon SET state = 'used', used_at = $2, purchase = $3, used_by = $4
WHERE code = $1 AND state = 'issued' AND opens_at <= greatest($5::timestamptz, $2::timestamptz)
  AND (expires_at IS NULL OR expires_at > $5)
  AND (member IS NULL OR member = $4)
RETURNING id, kind, member
"""


async def price(basket: Basket) -> list[PriceCut]:
    """What the coupons that are held out take off, and what the member's own would; changes nothing.

    A code that is not there is counted as a guess.
    """
    claims = [claim for claim in basket.claims if claim.kind == CLAIM]
    found = await reading.by_codes([claim.value for claim in claims])
    cuts = [_claimed(claim, found.get(claim.value), basket) for claim in _once(claims)]
    cuts += [_twice(claim) for claim in claims if claim not in _once(claims)]
    await reading.count_misses(sum(claim.value not in found for claim in claims))
    if basket.member is None:
        return cuts
    held_out = {held.id for held in found.values()}
    own = await reading.usable_of(basket.member, basket.at)
    return [*cuts, *(_cut(held, _claim_of(held), basket) for held in own if held.id not in held_out)]


def _once(claims: Sequence[Claim]) -> list[Claim]:
    """The claims whose codes differ, however they were typed."""
    return list({codes.kept(claim.value): claim for claim in reversed(claims)}.values())[::-1]


def _twice(claim: Claim) -> PriceCut:
    return PriceCut(kind=CLAIM, title=_("Coupon"), amount=0, claim=claim, refused=_("it is held out twice"))


def _claim_of(held: Held) -> Claim:
    return Claim(CLAIM, codes.shown(held.code))


def _claimed(claim: Claim, held: Held | None, basket: Basket) -> PriceCut:
    if held is None:
        return PriceCut(kind=CLAIM, title=_("Coupon"), amount=0, claim=claim, refused=_("there is no such coupon"))
    return _cut(held, claim, basket)


def _cut(held: Held, claim: Claim, basket: Basket) -> PriceCut:
    kind = held.kind
    judged = judge(kind, basket.amount, basket.lines, basket.store, basket.currency)
    refused = why_not(held, basket.member, basket.at) or judged.refused
    return PriceCut(
        kind=CLAIM,
        title=Text(kind.title),
        amount=0 if refused else judged.amount,
        claim=claim,
        stacks=kind.stacks,
        lines={} if refused else judged.lines,
        until=held.expires_at,
        refused=refused,
    )


def why_not(held: Held, member: UUID | None, at: datetime) -> Text | None:
    """Why a coupon cannot be used by someone at a moment, whatever they buy."""
    zone = business().timezone
    if held.state == "used":
        return _("it was used before")
    if held.state == "revoked":
        return _("it was taken back")
    if held.expires_at is not None and held.expires_at <= at:
        last = local_day(held.expires_at - timedelta(microseconds=1), zone)
        return _("it expired on {day}", day=last.isoformat())
    if held.opens_at > max(at, now()):
        return _("it holds from {day} on", day=local_day(held.opens_at, zone).isoformat())
    if held.member is not None and held.member != member:
        return _("it belongs to another member")
    return None


async def settle(purchase: Settling) -> Settled | None:
    """Use up the coupons that a sale holds out, each once whatever the race, or refuse the sale.

    One conditional statement takes a coupon: of many sales at once it is one that gets it. Then the kind's
    conditions are held against what was sold, before anything lowered its price.
    """
    claims = {codes.kept(claim.value): claim for claim in purchase.claims if claim.kind == CLAIM}
    if not claims:
        return None
    if len(claims) < sum(claim.kind == CLAIM for claim in purchase.claims):
        raise CouponRefused(_("a coupon is held out twice"))
    kinds = [await _use(code, claims[code], purchase) for code in sorted(claims)]
    if len(kinds) > 1 and not all(kind.stacks for kind in kinds):
        alone = next(kind for kind in kinds if not kind.stacks)
        raise CouponRefused(_('"{title}" cannot be used together with other coupons', title=alone.title))
    return Settled(claims=[claim for claim in purchase.claims if claim.kind == CLAIM])


async def _use(code: str, claim: Claim, purchase: Settling) -> Kind:
    row = await fetchrow(_USE, code, now(), purchase.purchase, purchase.member, purchase.at)
    if row is None:
        await _refuse(claim, purchase)
    kind = kind_of(await fetchrow(f"{SELECT} WHERE k.id = $1", row["kind"]))
    if row["member"] is None and kind.member_limit is not None and purchase.member is not None:
        await _refuse_above_limit(kind, purchase.member)
    gross = purchase.amount + purchase.discount
    judged = judge(kind, gross, purchase.lines, purchase.store, purchase.currency)
    if judged.refused is not None:
        raise _refusal(kind.title, judged.refused)
    await emit(
        "wallet.coupon_used",
        member=purchase.member or row["member"],
        store=purchase.store,
        coupon=row["id"],
        coupon_kind=kind.code,
        purchase=purchase.purchase,
    )
    return kind


async def _refuse_above_limit(kind: Kind, member: UUID) -> None:
    """Refuse an open code of a kind that the member has used as often as they may; counted once the kind is locked."""
    await fetchval("SELECT 1 FROM wallet.coupon_kind WHERE id = $1 FOR UPDATE", kind.id)
    used = await fetchval(
        "SELECT count(*) FROM wallet.coupon WHERE kind = $1 AND used_by = $2 AND state = 'used'", kind.id, member
    )
    if kind.member_limit is not None and used > kind.member_limit:
        raise _refusal(kind.title, _("a member may use it {n} times", n=kind.member_limit))


async def _refuse(claim: Claim, purchase: Settling) -> None:
    held = (await reading.by_codes([claim.value])).get(claim.value)
    if held is None:
        await reading.count_misses(1)
        raise reading.unknown(claim.value)
    if held.state in ("used", "revoked"):
        raise CouponUsed(_('"{title}" was used or taken back before', title=held.kind.title))
    raise _refusal(held.kind.title, why_not(held, purchase.member, purchase.at) or _("it cannot be used"))


def _refusal(title: str, why: Text) -> CouponRefused:
    return CouponRefused(_('"{title}" cannot be used: {why}', title=title, why=why))


_BACK = """
UPDATE wallet.coupon SET state = 'issued', purchase = NULL, used_at = NULL, used_by = NULL, expires_at = $3
WHERE id = $1 AND purchase = $2 AND state = 'used'
"""


async def bring_back(returning: Returning) -> None:
    """Give the coupons of a purchase back that has come back whole, as the business's settings say."""
    rule = settings("wallet").coupon_back_on_return
    if not returning.whole or rule == "no":
        return
    rows: Sequence[Any] = await fetch(
        "SELECT id, member, used_by, expires_at FROM wallet.coupon WHERE purchase = $1 AND state = 'used' "
        "ORDER BY code FOR UPDATE",
        returning.purchase,
    )
    for row in rows:
        expires = _expiry_after(row["expires_at"], rule)
        if expires is not None and expires <= now():
            continue
        await execute(_BACK, row["id"], returning.purchase, expires)
        member = row["member"] or row["used_by"]
        await emit("wallet.coupon_returned", member=member, store=returning.store, coupon=row["id"])


def _expiry_after(expires: datetime | None, rule: str) -> datetime | None:
    """When a coupon that came back is gone: as before, or after the days that the settings add."""
    if expires is None or rule != "extend":
        return expires
    zone = business().timezone
    days = settings("wallet").coupon_return_days
    return max(expires, midnight(local_day(now(), zone) + timedelta(days=days), zone))
