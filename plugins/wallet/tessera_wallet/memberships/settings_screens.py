"""Settings of the memberships that are sold."""

from __future__ import annotations

from typing import Any, cast

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.plugin import DomainError, Form, business, done, read_form, shown_again, stores, translate
from tessera_hooks import _
from tessera_wallet import typed
from tessera_wallet.memberships import products
from tessera_wallet.memberships.contract import Product
from tessera_wallet.memberships.entering import WEEKDAYS, clock
from tessera_wallet.memberships.products import NewProduct

LIST, ONE = "wallet/settings_memberships.html", "wallet/settings_membership.html"

UNITS = {"days": _("days"), "months": _("months"), "years": _("years")}
BEGINS = {"sale": _("at the sale"), "visit": _("at the first visit")}


@get("/settings/memberships", permission="settings.write")
async def list_products() -> Template:
    """All memberships that are or were sold."""
    return Template(LIST, context={"products": await products.products(), "begins": BEGINS})


@get("/settings/memberships/new", permission="settings.write", sync_to_thread=False)
def new_product() -> Template:
    """The form for one more."""
    form = Form.of(term_n="12", term_unit="months", begins="sale", hold_days="30", active="yes")
    return Template(ONE, context={"form": form, **_context(None)})


@post("/settings/memberships/new", permission="settings.write")
async def add_product(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Add a membership."""
    form = await read_form(request)
    try:
        made = await products.make_product(form["code"], _said(form, business().currency))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context(None))
    return done("/wallet/settings/memberships", _('"{title}" was added.', title=made.title))


@get("/settings/memberships/{code:str}", permission="settings.write")
async def show_product(code: FromPath[str]) -> Template:
    """One membership."""
    product = await products.product_named(code)
    codes = {store.id: store.code for store in stores()}
    form = Form.of(
        title=product.title,
        term_n=product.term_n,
        term_unit=product.term_unit,
        begins=product.begins,
        price=typed.money_shown(product.price, product.currency),
        stores=[codes[store] for store in product.stores if store in codes],
        weekdays=list(product.weekdays),
        from_minute=clock(product.from_minute) if product.from_minute else None,
        until_minute=clock(product.until_minute) if product.until_minute != 1440 else None,
        renewals=product.renewals,
        hold_days=product.hold_days,
        active="yes" if product.active else "",
    )
    return Template(ONE, context={"form": form, **_context(product)})


@post("/settings/memberships/{code:str}", permission="settings.write")
async def change_product(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any] | Template:
    """Change a membership."""
    form, product = await read_form(request), await products.product_named(code)
    try:
        await products.change_product(code, _said(form, product.currency))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context(product))
    return done("/wallet/settings/memberships", _("Saved."))


def _said(form: Form, currency: str) -> NewProduct:
    return NewProduct(
        title=form["title"],
        term_unit=cast("Any", form["term_unit"] if form["term_unit"] in UNITS else "months"),
        term_n=typed.count(form, "term_n", 0) or 0,
        begins="visit" if form["begins"] == "visit" else "sale",
        price=typed.money(form, "price", currency, 0) or 0,
        stores=typed.chosen_stores(form),
        weekdays=[int(day) for day in form.all("weekdays") if day.isdecimal() and len(day) == 1],
        from_minute=typed.minute(form, "from_minute", 0),
        until_minute=typed.minute(form, "until_minute", 1440),
        renewals=typed.count(form, "renewals"),
        hold_days=typed.count(form, "hold_days", 0) or 0,
        active=form["active"] == "yes",
    )


def _context(product: Product | None) -> dict[str, Any]:
    return {
        "product": product,
        "units": list(UNITS.items()),
        "begins": list(BEGINS.items()),
        "stores": [(store.code, store.name) for store in stores()],
        "weekdays": [(str(n), translate(name)) for n, name in enumerate(WEEKDAYS, start=1)],
        "currency": product.currency if product else business().currency,
    }


handlers = [list_products, new_product, add_product, show_product, change_product]
