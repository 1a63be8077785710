"""A purchase as a basket: what plugins say of its price, and whether what is held out can be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.plugins import host
from tessera.purchases.service.buyers import Holder
from tessera.purchases.service.checking import Place, line_amount
from tessera.purchases.service.contract import NewPurchase
from tessera.purchases.service.pricing import standing_apart
from tessera_hooks import AwardLine, Basket, Claim, PriceCut, Text, _


def basket_lines(new: NewPurchase, currency: str) -> list[AwardLine]:
    """The lines of a purchase that is not written yet, as plugins see them."""
    return [
        AwardLine(
            line.sku, line.category, line.quantity, line_amount(line, currency), place, line.name, line.unit_price
        )
        for place, line in enumerate(new.lines, start=1)
    ]


def basket_of(new: NewPurchase, place: Place, buyer: Holder | None) -> Basket:
    """What is about to be bought, before anything lowers its price: the sum of its lines where they have prices."""
    lines = basket_lines(new, place.currency)
    return Basket(
        member=buyer.member if buyer else None,
        tier=buyer.tier if buyer else None,
        store=place.store_id,
        at=place.at.astimezone(clock.zone(place.zone)),
        currency=place.currency,
        amount=sum(line.amount for line in lines) or new.amount + new.discount,
        lines=lines,
        claims=new.claims,
    )


async def ask_cuts(basket: Basket) -> list[PriceCut]:
    """What all plugins say of a basket."""
    answers = await host().participate("price_basket", store=basket.store, basket=basket)
    return [cut for _plugin, cuts in answers for cut in cuts]


def check_kinds(claims: Sequence[Claim], store: UUID | None) -> None:
    """Refuse a claim whose plugin is not there: nobody could settle it."""
    known = {f"{one.plugin}.{one.value.name}" for one in host().declared_in("claim_kinds", store)}
    for place, claim in enumerate(claims):
        if claim.kind not in known:
            raise refused_claim(place, _('nobody here knows claims of the kind "{kind}"', kind=claim.kind), "kind")


async def check_claims(basket: Basket) -> None:
    """Refuse a purchase that holds out what nobody knows, what cannot be used, or what cannot be used together."""
    check_kinds(basket.claims, basket.store)
    by_claim: Mapping[Claim, PriceCut] = {cut.claim: cut for cut in await ask_cuts(basket) if cut.claim}
    for place, claim in enumerate(basket.claims):
        cut = by_claim.get(claim)
        if cut is None:
            raise refused_claim(place, _('nobody here knows claims of the kind "{kind}"', kind=claim.kind), "kind")
        if cut.refused is not None:
            raise refused_claim(place, cut.refused)
    apart = standing_apart([by_claim[claim] for claim in basket.claims])
    if apart is not None and apart.claim is not None:
        message = _('"{title}" cannot be used together with others', title=apart.title)
        raise refused_claim(list(basket.claims).index(apart.claim), message)


def refused_claim(place: int, message: Text | str, part: str = "value") -> Invalid:
    """The refusal of one claim, by its place."""
    return Invalid(message, [FieldError(f"claims.{place}.{part}", message)])
