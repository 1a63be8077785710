"""What a basket would cost a member, and what could be spent and earned with it; it changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.kernel.database import execute, in_transaction
from tessera.points import service as points
from tessera.points.service.paying import PointsQuote, quote, terms
from tessera.purchases.service.baskets import ask_cuts, basket_of
from tessera.purchases.service.buyers import Holder, find_for_preview
from tessera.purchases.service.checking import check_contents, place_of
from tessera.purchases.service.contract import NewPurchase
from tessera.purchases.service.methods import Way, ways_to_pay, would_not_earn
from tessera.purchases.service.participating import tier_title
from tessera.purchases.service.pricing import combine, spread
from tessera.purchases.service.settling import earning_part
from tessera.purchases.service.sheets import PURCHASE
from tessera_hooks import Award, Basket, PriceCut, Text, _

GIVEN = "discount"
"""The kind of the cut that the till gives by itself."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A basket before it is sold; money in minor units of ``currency``.

    ``amount`` is the price before ``cuts``, ``to_pay`` after them; ``lines`` what each line costs then, by
    place. ``offers`` could be held out and were not; ``refused`` were held out and are not used, each with its
    reason. ``redeemed`` is what the points that are to be spent are worth: ``due`` is to be paid otherwise.
    ``spendable`` is ``None`` without a member.
    """

    member: UUID | None
    tier: str | None
    tier_title: str | None
    currency: str
    amount: int
    to_pay: int
    due: int
    redeemed: int
    cuts: Sequence[PriceCut]
    offers: Sequence[PriceCut]
    refused: Sequence[PriceCut]
    lines: Mapping[int, int]
    spendable: PointsQuote | None
    earns: Sequence[points.Expected]
    methods: Sequence[Way]

    @property
    def would_earn(self) -> int:
        """What all rules would give."""
        return sum(one.points for one in self.earns)


async def preview(new: NewPurchase, *, rest_by: str | None = None) -> Preview:
    """What a purchase would come to: price, offers, what points could pay, what would be earned, ways to pay.

    What is paid by a method whose money has earned already would earn nothing again: so the points hang on the
    payments of ``new``, and on ``rest_by``, the method by which what they leave open is thought to be paid.

    The plugins are asked in a transaction that cannot write. A member who is given by an identity is looked
    up, which is counted and noted like any lookup.
    """
    check_contents(new)
    place = place_of(new)
    buyer = await find_for_preview(new, place.store_id)
    basket = basket_of(new, place, buyer)

    async def work() -> Preview:
        await execute("SET TRANSACTION READ ONLY")
        return await _preview(new, basket, buyer, rest_by)

    return await in_transaction(work)


async def _preview(new: NewPurchase, basket: Basket, buyer: Holder | None, rest_by: str | None) -> Preview:
    given, known = min(new.discount, basket.amount), await ask_cuts(basket)
    held = set(basket.claims)
    combined = combine(basket.amount - given, [cut for cut in known if cut.claim is None or cut.claim in held])
    cuts = [*_by_hand(given), *combined.cuts]
    to_pay = basket.amount - given - combined.amount
    redeemed = min(terms(basket.currency).worth(new.points), to_pay) if buyer else 0
    offers = [cut for cut in known if cut.claim is not None and cut.claim not in held and cut.refused is None]
    ways = await ways_to_pay(basket.member, basket.store, basket.currency)
    tenders = _tenders(new, to_pay - redeemed, rest_by)
    return Preview(
        member=basket.member,
        tier=basket.tier,
        tier_title=tier_title(basket.tier) if buyer else None,
        currency=basket.currency,
        amount=basket.amount,
        to_pay=to_pay,
        due=to_pay - redeemed,
        redeemed=redeemed,
        cuts=cuts,
        offers=sorted(offers, key=lambda cut: (-cut.amount, str(cut.title))),
        refused=[*combined.refused, *_unknown(basket, known)],
        lines=spread(cuts, {line.place: line.amount for line in basket.lines}),
        spendable=await quote(buyer.member, to_pay, basket.currency) if buyer else None,
        earns=await _would_earn(basket, buyer, to_pay, redeemed, tenders, ways) if buyer else [],
        methods=ways,
    )


def _by_hand(amount: int) -> list[PriceCut]:
    return [PriceCut(kind=GIVEN, title=_("Discount"), amount=amount)] if amount else []


def _unknown(basket: Basket, known: Sequence[PriceCut]) -> list[PriceCut]:
    """Claims that no plugin says anything of."""
    answered = {cut.claim for cut in known}
    message = _("this is not known")
    return [
        PriceCut(kind=claim.kind, title=Text(claim.value), amount=0, claim=claim, refused=message)
        for claim in basket.claims
        if claim not in answered
    ]


def _tenders(new: NewPurchase, due: int, rest_by: str | None) -> Mapping[str, int]:
    """How much would be paid by which method."""
    tenders = Counter[str]()
    for payment in new.payments:
        tenders[payment.method] += payment.amount
    if rest_by and (rest := due - tenders.total()) > 0:
        tenders[rest_by] += rest
    return tenders


async def _would_earn(
    basket: Basket, buyer: Holder, to_pay: int, redeemed: int, tenders: Mapping[str, int], ways: Sequence[Way]
) -> list[points.Expected]:
    silent = await would_not_earn(buyer.member, basket.store, basket.currency, tenders, ways)
    award = Award(
        member=buyer.member,
        tier=basket.tier,
        store=basket.store,
        reason=PURCHASE,
        at=basket.at,
        currency=basket.currency,
        amount=earning_part(to_pay, redeemed, silent),
        lines=basket.lines,
    )
    return await points.would_earn(award)
