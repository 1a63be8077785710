"""Settling a purchase that is written: claims, what plugins take, points that pay, points that are earned, tiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tessera.kernel import clock, events
from tessera.kernel.business import say_money
from tessera.kernel.database import execute
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.points import service as points
from tessera.points.service.paying import pay, terms
from tessera.purchases.rows import PurchaseRow
from tessera.purchases.service.baskets import basket_of, check_claims, refused_claim
from tessera.purchases.service.buyers import Holder
from tessera.purchases.service.checking import Place, refuse
from tessera.purchases.service.contract import NewPurchase, TierMoved
from tessera.purchases.service.methods import is_own, plugin_methods
from tessera.purchases.service.participating import tell_settled
from tessera.purchases.service.sheets import PURCHASE
from tessera_hooks import Award, AwardLine, Settled, Settling, Tender, _

_KEEP_CLAIMS = """
INSERT INTO purchase_claim (id, purchase, place, kind, value, plugin)
SELECT id, $2, place, kind, value, split_part(kind, '.', 1)
FROM unnest($1::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS c (id, kind, value, place)
"""


@dataclass(frozen=True)
class Sale:
    """A purchase as it was reported and as it is written; ``known`` is the member as rules saw them before it."""

    new: NewPurchase
    place: Place
    buyer: Holder | None
    purchase: PurchaseRow
    lines: Sequence[AwardLine]
    known: points.Known | None = None


@dataclass(frozen=True)
class Outcome:
    """What settling a purchase did: points earned and spent, and the member's tier after it."""

    earned: int
    redeemed: int
    tier: TierMoved


def check_payments(new: NewPurchase, place: Place) -> None:
    """Refuse more than is owed, and what a plugin would have to take that is not there."""
    wrong, settled = [], plugin_methods(place.store_id)
    for number, payment in enumerate(new.payments):
        if not is_own(payment.method) and payment.method not in settled:
            message = _('nobody here takes money by "{method}"', method=payment.method)
            wrong.append(FieldError(f"payments.{number}.method", message))
        elif not is_own(payment.method) and payment.amount <= 0:
            wrong.append(FieldError(f"payments.{number}.amount", _("give an amount above zero")))
    paid = sum(payment.amount for payment in new.payments)
    if sum(payment.amount for payment in new.payments if is_own(payment.method)) < 0:
        wrong.append(FieldError("payments", _("more change is given than was paid")))
    worth = terms(place.currency).worth(new.points) if new.points else 0
    if paid + worth > new.amount:
        message = _(
            "{paid} would be paid and only {amount} are owed",
            paid=say_money(paid + worth, place.currency),
            amount=say_money(new.amount, place.currency),
        )
        wrong.append(FieldError("payments" if paid else "redeem.points", message))
    refuse(wrong)


async def settle(sale: Sale) -> Outcome:
    """Use up the claims, let plugins take their money, take points and give points, and tell who wants to know.

    Imported history is not settled: what it held out was used up elsewhere.
    """
    live = events.current_origin() == "live"
    settling = settling_of(sale.purchase, sale.lines, sale.new)
    not_earning = await _use_up(sale, settling) if live else 0
    paid = await _pay_with_points(sale) if sale.new.points and live else 0
    earned = await _earn(sale, earning_part(sale.purchase.amount, paid, not_earning))
    if not live or sale.buyer is None:
        return Outcome(earned, sale.new.points if paid else 0, TierMoved(sale.purchase.tier))
    moved = await tell_settled(settling, earned)
    if moved.changed:
        await execute("UPDATE purchase SET tier_reached = $2 WHERE id = $1", sale.purchase.id, moved.code)
    return Outcome(earned, sale.new.points if paid else 0, moved)


def earning_part(amount: int, by_points: int, not_earning: int) -> int:
    """What of an amount earns: not what points paid, and not what something paid that has earned already (L10)."""
    return max(amount - by_points - not_earning, 0)


def settling_of(purchase: PurchaseRow, lines: Sequence[AwardLine], new: NewPurchase | None = None) -> Settling:
    """A written purchase as those see it who take part in settling it."""
    return Settling(
        purchase=purchase.id,
        member=purchase.member,
        tier=purchase.tier,
        store=purchase.store,
        staff=purchase.staff,
        at=purchase.at,
        currency=purchase.currency,
        amount=purchase.amount,
        discount=purchase.discount,
        lines=lines,
        claims=new.claims if new else (),
        tenders=[Tender(payment.method, payment.amount) for payment in new.payments] if new else (),
    )


async def _use_up(sale: Sale, settling: Settling) -> int:
    """Let plugins use up the claims and take their money; answers how much of the amount earns nothing.

    That is kept with the purchase: whoever claims it later earns no more than a buyer who was known at once.
    """
    if settling.claims:
        await check_claims(basket_of(sale.new, sale.place, sale.buyer))
    answers = await host().participate("settle_purchase", store=settling.store, purchase=settling)
    settled: list[tuple[str, Settled]] = [(plugin, one) for plugin, one in answers if isinstance(one, Settled)]
    _check_settled(settling, settled)
    if settling.claims:
        kinds, values = zip(*[(claim.kind, claim.value) for claim in settling.claims], strict=True)
        await execute(_KEEP_CLAIMS, [uuid7() for _claim in kinds], settling.purchase, list(kinds), list(values))
    not_earning = sum(max(one.not_earning, 0) for _plugin, one in settled)
    if not_earning:
        await execute("UPDATE purchase SET not_earning = $2 WHERE id = $1", settling.purchase, not_earning)
    return not_earning


def _check_settled(settling: Settling, settled: Sequence[tuple[str, Settled]]) -> None:
    """Refuse a purchase of which something is left that no plugin has used up or taken."""
    used = {claim for _plugin, one in settled for claim in one.claims}
    for place, claim in enumerate(settling.claims):
        if claim not in used:
            raise refused_claim(place, _('"{value}" was not used up: nobody settles it', value=claim.value))
    taken = {method for _plugin, one in settled for method in one.tenders}
    for place, tender in enumerate(settling.tenders):
        if not is_own(tender.method) and tender.method not in taken:
            message = _('the money by "{method}" was not taken: nobody settles it', method=tender.method)
            raise Invalid(message, [FieldError(f"payments.{place}.method", message)])


async def _pay_with_points(sale: Sale) -> int:
    """Take the points that pay a part; answers what they are worth."""
    purchase, buyer = sale.purchase, sale.buyer
    if buyer is None:
        message = _("points are a member's: say who buys")
        raise Invalid(message, [FieldError("redeem.points", message)])
    worth = await pay(
        buyer.account,
        buyer.member,
        sale.new.points,
        purchase.amount,
        purchase.currency,
        purchase.id,
        store=purchase.store,
        at=purchase.at,
    )
    await execute("UPDATE purchase SET points_paid = $2 WHERE id = $1", purchase.id, worth)
    return worth


async def _earn(sale: Sale, base: int) -> int:
    if sale.buyer is None:
        return 0
    award = award_of(sale.purchase, sale.lines, base, sale.place.zone)
    earning = points.Earning(sale.buyer.account, award, sale.purchase.id, held=True, known=sale.known)
    return sum(entry.amount for entry in await points.earn(earning))


def award_of(purchase: PurchaseRow, lines: Sequence[AwardLine], base: int, zone: str) -> Award:
    """What a member's purchase may earn for; ``base`` is the part of its amount that earns."""
    if purchase.member is None:
        raise AssertionError("nobody earns for a purchase without a member")
    return Award(
        member=purchase.member,
        tier=purchase.tier,
        store=purchase.store,
        reason=PURCHASE,
        at=purchase.at.astimezone(clock.zone(zone)),
        currency=purchase.currency,
        amount=base,
        lines=lines,
    )
