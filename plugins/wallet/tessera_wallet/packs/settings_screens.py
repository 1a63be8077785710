"""Settings: the packs that are sold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.plugin import DomainError, Form, Invalid, business, done, read_form, shown_again, stores
from tessera_hooks import _
from tessera_wallet import asking, typed
from tessera_wallet.packs.products import NewProduct, ProductFacts, all_products, keep_product, kinds, one_product
from tessera_wallet.permissions import SETTINGS

LIST, ONE = "wallet/settings_packs.html", "wallet/settings_pack.html"
HERE = "/wallet/settings/packs"


@get("/settings/packs", permission=SETTINGS, name="wallet.pack_products")
async def list_products() -> Template:
    """Every pack that is or was sold, and room for a new one."""
    form = Form.of(currency=business().currency, validity="never", validity_from="purchase", active="yes")
    return Template(LIST, context={"form": form, "products": await all_products(), **await _choices()})


async def _choices() -> dict[str, Any]:
    currencies = sorted({business().currency, *(store.currency for store in stores())})
    return {
        "stores": asking.store_choices(),
        "currencies": [(code, code) for code in currencies],
        "kinds": [(kind.code, kind.title) for kind in await kinds()],
        "validities": [("never", _("for ever")), ("days", _("days")), ("months", _("months"))],
        "starts": [("purchase", _("from the purchase")), ("first_use", _("from the first use"))],
    }


@post("/settings/packs", permission=SETTINGS, name="wallet.pack_product_made")
async def make_product(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Write a pack down."""
    form = await read_form(request)
    try:
        await keep_product(_asked(form))
    except DomainError as refusal:
        return shown_again(LIST, form, refusal, {"products": await all_products(), **await _choices()})
    return done(HERE, _("Saved."))


@get("/settings/packs/{pack_product:uuid}", permission=SETTINGS, name="wallet.pack_product")
async def show_product(pack_product: FromPath[UUID]) -> Template:
    """One pack as it is sold."""
    found = await one_product(pack_product)
    return Template(ONE, context={"form": _filled(found), "product": found, **await _choices()})


@post("/settings/packs/{pack_product:uuid}", permission=SETTINGS, name="wallet.pack_product_changed")
async def change_product(request: Request[Any, Any, Any], pack_product: FromPath[UUID]) -> Response[Any] | Template:
    """Change a pack; what was sold stays as it was agreed."""
    form, found = await read_form(request), await one_product(pack_product)
    try:
        await keep_product(_asked(form), pack_product)
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, {"product": found, **await _choices()})
    return done(HERE, _("Saved."))


def _asked(form: Form) -> NewProduct:
    currency = form["currency"] or business().currency
    validity: Any = form["validity"]
    start: Any = form["validity_from"] or "purchase"
    if validity not in ("never", "days", "months") or start not in ("purchase", "first_use"):
        raise Invalid(_("choose how long it is valid"))
    return NewProduct(
        title=form["title"],
        kind=form["kind_new"] or form["kind"],
        kind_title=form["kind_title"],
        bought=asking.whole(form, "bought"),
        gifted=asking.whole(form, "gifted", default=0),
        price=asking.amount(form, "price", currency),
        currency=currency,
        validity=validity,
        validity_n=asking.whole(form, "validity_n", default=0),
        validity_from=start,
        stores=[str(id_) for id_ in typed.chosen_stores(form)] or None,
        shareable=form["shareable"] == "yes",
        lessons=form["lessons"] == "yes",
        active=form["active"] == "yes",
    )


def _filled(product: ProductFacts) -> Form:
    same = ("title", "kind", "bought", "gifted", "currency", "validity", "validity_n", "validity_from")
    return Form.of(
        **{name: getattr(product, name) for name in same},
        price=typed.money_shown(product.price, product.currency),
        stores=typed.stores_shown(product.stores),
        **{name: "yes" if getattr(product, name) else "" for name in ("shareable", "lessons", "active")},
    )


handlers = [list_products, make_product, show_product, change_product]
