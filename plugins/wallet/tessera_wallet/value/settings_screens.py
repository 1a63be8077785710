"""Settings: what is offered for a recharge."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.plugin import DomainError, Form, business, done, read_form, shown_again, stores
from tessera_hooks import _
from tessera_wallet import asking, typed
from tessera_wallet.permissions import SETTINGS
from tessera_wallet.value.offers import NewOffer, OfferFacts, all_offers, keep_offer, one_offer

LIST, ONE = "wallet/settings_offers.html", "wallet/settings_offer.html"
HERE = "/wallet/settings/offers"


@get("/settings/offers", permission=SETTINGS, name="wallet.offers")
async def list_offers() -> Template:
    """Every offer, and room for a new one."""
    form = Form.of(currency=business().currency, active="yes")
    return Template(LIST, context={"form": form, "offers": await all_offers(), **_choices()})


def _choices() -> dict[str, Any]:
    currencies = sorted({business().currency, *(store.currency for store in stores())})
    return {"stores": asking.store_choices(), "currencies": [(code, code) for code in currencies]}


@post("/settings/offers", permission=SETTINGS, name="wallet.offer_made")
async def make_offer(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Write an offer down."""
    form = await read_form(request)
    try:
        await keep_offer(_asked(form))
    except DomainError as refusal:
        return shown_again(LIST, form, refusal, {"offers": await all_offers(), **_choices()})
    return done(HERE, _("Saved."))


@get("/settings/offers/{offer:uuid}", permission=SETTINGS, name="wallet.offer")
async def show_offer(offer: FromPath[UUID]) -> Template:
    """One offer."""
    found = await one_offer(offer)
    return Template(ONE, context={"form": _filled(found), "offer": found, **_choices()})


@post("/settings/offers/{offer:uuid}", permission=SETTINGS, name="wallet.offer_changed")
async def change_offer(request: Request[Any, Any, Any], offer: FromPath[UUID]) -> Response[Any] | Template:
    """Change an offer; what was recharged with it stays as it was."""
    form, found = await read_form(request), await one_offer(offer)
    try:
        await keep_offer(_asked(form), offer)
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, {"offer": found, **_choices()})
    return done(HERE, _("Saved."))


def _asked(form: Form) -> NewOffer:
    currency = form["currency"] or business().currency
    return NewOffer(
        title=form["title"],
        currency=currency,
        pay=asking.amount(form, "pay", currency),
        bonus=asking.amount(form, "bonus", currency, default=0),
        from_day=typed.day(form, "from_day"),
        until_day=typed.day(form, "until_day"),
        stores=[str(id_) for id_ in typed.chosen_stores(form)] or None,
        per_member=typed.count(form, "per_member"),
        bonus_days=typed.count(form, "bonus_days"),
        active=form["active"] == "yes",
    )


def _filled(offer: OfferFacts) -> Form:
    return Form.of(
        title=offer.title,
        currency=offer.currency,
        pay=typed.money_shown(offer.pay, offer.currency),
        bonus=typed.money_shown(offer.bonus, offer.currency),
        from_day=offer.from_day,
        until_day=offer.until_day,
        stores=typed.stores_shown(offer.stores),
        per_member=offer.per_member,
        bonus_days=offer.bonus_days,
        active="yes" if offer.active else "",
    )


handlers = [list_offers, make_offer, show_offer, change_offer]
