"""The till's pages: the counter, its one confirmation, receipts, and what comes back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromQuery
from litestar.response import Template

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.access.service.stores import StoreFacts
from tessera.desk.till import basket as counter
from tessera.desk.till import receipts
from tessera.desk.till.basket import Basket, Line
from tessera.desk.till.entering import read_entry
from tessera.kernel.business import business
from tessera.kernel.errors import Conflict, DomainError, Invalid, NotFound
from tessera.kernel.money import example_amount
from tessera.kernel.plugins import host
from tessera.members import service as members
from tessera.members.screens.finding import Finding, find_members
from tessera.points.saying import say_last_day
from tessera.purchases import service as purchases
from tessera.web.forms import Form, done, id_of, read_form
from tessera.web.slots import fill
from tessera.web.visit import visit
from tessera_hooks import Claim, Text, _

PAGE, ANSWER, FOUND = "till/till.html", "till/answer.html", "till/found.html"

WRITE = "purchases.write"

SCANNED = re.compile(r"(?=.*\d)[0-9A-Za-z-]{6,40}")
"""What may be a member's number, phone or card."""

OFFERED = 8
"""Members who are offered while someone types."""


@dataclass(frozen=True)
class Till:
    """Where one sells: the store, its currency, and what its sales are known by."""

    store: StoreFacts | None

    @property
    def code(self) -> str | None:
        """The store's code."""
        return self.store.code if self.store else None

    @property
    def currency(self) -> str:
        """What is sold in."""
        return self.store.currency if self.store else business().currency

    @property
    def source(self) -> str:
        """The source of the sales."""
        return f"till:{self.code}" if self.code else "till"

    @property
    def id(self) -> UUID | None:
        """The store's id."""
        return self.store.id if self.store else None


def till_here() -> Till:
    """The till of the store where the actor works; of one's only store where none was chosen."""
    store = access.store_of(actor().store)
    if store is None and len(mine := access.stores_of(actor())) == 1:
        store = mine[0]
    return Till(store)


@get("/till", permission=WRITE)
async def show(request: Request[Any, Any, Any], member: FromQuery[UUID | None] = None) -> Template:
    """An empty counter, with a member where one was chosen elsewhere."""
    here = till_here()
    basket = counter.basket_of(Form(), here.currency)
    return await _shown(request, here, replace(basket, member=member), Form(), page=True)


@post("/till", status_code=200, permission=WRITE)
async def change(request: Request[Any, Any, Any]) -> Template:
    """The counter after something was scanned, typed, tapped or changed."""
    here, form = till_here(), await read_form(request)
    basket = _read(form, here)
    found = None
    try:
        basket = _done(basket, form["do"])
        for kind, _title in _claim_kinds(here):
            if code := form[f"code.{kind}"]:
                basket = _claimed(basket, Claim(kind, code))
        basket = await _entered(basket, form, here)
        if form["q"]:
            found = await find_members(form["q"][:100], whole=True, limit=OFFERED)
            if len(found.exact) == 1:
                basket, found = replace(basket, member=found.exact[0]), None
    except DomainError as refusal:
        form.refuse(refusal)
    return await _shown(request, here, basket, form, found=found, page=not visit().is_htmx)


@post("/till/find", status_code=200, permission=WRITE)
async def find(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Those who may be the customer, as one types; nothing where the box was just emptied."""
    typed = (await read_form(request))["q"][:100]
    if not typed:
        return Response(b"", status_code=204)
    found = await find_members(typed, whole=False, limit=OFFERED)
    return Template(FOUND, context={"found": found, "apart": await members.told_apart(found.lines)})


@post("/till/sell", status_code=200, permission=WRITE)
async def sell(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """The one confirmation: the sale is made as it was shown, or the counter is shown again."""
    here, form = till_here(), await read_form(request)
    basket = _read(form, here)
    try:
        basket = await _entered(basket, form, here)
        if not basket.lines:
            raise Invalid(_("There is nothing to sell yet: scan the goods or type an amount."), [])
        sold = await _sold(basket, here)
    except DomainError as refusal:
        form.refuse(refusal)
        return await _shown(request, here, basket, form, page=not visit().is_htmx)
    suffix = f"?received={basket.received}" if basket.received else ""
    return done(f"/till/receipts/{sold}{suffix}")


async def _sold(basket: Basket, here: Till) -> UUID:
    """Record the sale at the price that was shown; another price is shown first."""
    new = basket.as_new(here.source, here.currency, till=here.code)
    known = await purchases.purchases(source=new.source, external_id=new.external_id, limit=1)
    if known:
        return known[0].id
    price = await purchases.preview(new)
    if price.refused:
        raise Conflict(_("Something that was held out cannot be used: look at it again."))
    if basket.seen is not None and basket.seen != price.due:
        raise Conflict(_("The price has changed meanwhile: look at it again and confirm."))
    paid = counter.pay(basket, price.due, price.methods)
    sale = replace(new, amount=price.to_pay, discount=price.amount - price.to_pay, payments=paid)
    return (await purchases.record_purchase(sale)).id


def _read(form: Form, here: Till) -> Basket:
    """The basket of the form; amounts that cannot be read are named, and left out."""
    kept = form
    while True:
        try:
            return counter.basket_of(kept, here.currency)
        except Invalid as refusal:
            form.refuse(refusal)
            kept = Form({name: value for name, value in kept.values.items() if name not in form.errors})


def _done(basket: Basket, what: str) -> Basket:
    """The basket after one of its buttons."""
    act, _dot, of = what.partition(".")
    match act:
        case "member":
            return replace(basket, member=id_of(of))
        case "no-member":
            return replace(basket, member=None, points=0, claims=())
        case "drop" if of.isdecimal():
            return basket.without_line(int(of))
        case "more" | "less" if of.isdecimal() and int(of) < len(basket.lines):
            return _counted(basket, int(of), 1 if act == "more" else -1)
        case "points" if of.isdecimal():
            return replace(basket, points=int(of[:15]))
        case "claim" if " " in of:
            return _claimed(basket, Claim(*of.split(" ", 1)))
        case "unclaim":
            return replace(basket, claims=[one for one in basket.claims if f"{one.kind} {one.value}" != of])
        case _:
            return basket


def _claimed(basket: Basket, claim: Claim) -> Basket:
    return replace(basket, claims=list(dict.fromkeys([*basket.claims, claim])))


def _counted(basket: Basket, place: int, step: int) -> Basket:
    """One more or one less of a line; none left takes it off."""
    line = basket.lines[place]
    try:
        quantity = counter.number(line.quantity) + step
    except ValueError:
        quantity = Decimal(1)
    if quantity <= 0:
        return basket.without_line(place)
    lines = list(basket.lines)
    lines[place] = replace(line, quantity=counter.plain(quantity))
    return replace(basket, lines=lines)


async def _entered(basket: Basket, form: Form, here: Till) -> Basket:
    """The basket with what was scanned or typed; a code that is a member's brings the member."""
    added = [form["do"].removeprefix("add.")] if form["do"].startswith("add.") else []
    for text in [*form.all("item"), *added]:
        entered = read_entry(text[:200])
        if entered is None:
            continue
        known = await purchases.known_article(entered.sku or entered.name, here.id, here.currency)
        if known is None and (who := await _member_of(text.strip())):
            basket = replace(basket, member=who)
            continue
        basket = basket.with_line(Line.of(entered, known))
    return basket


async def _member_of(text: str) -> UUID | None:
    """The member whose code was scanned where goods are asked for; a number of a few digits is an amount."""
    question = members.typed(text, whole=True) if SCANNED.fullmatch(text) else None
    found = await members.look_up(question, or_goods=True) if question is not None else []
    return found[0] if len(found) == 1 else None


def _claim_kinds(here: Till) -> Sequence[tuple[str, Text]]:
    return [(f"{one.plugin}.{one.value.name}", one.value.title) for one in host().declared_in("claim_kinds", here.id)]


async def _shown(
    request: Request[Any, Any, Any],
    here: Till,
    basket: Basket,
    form: Form,
    *,
    found: Finding | None = None,
    page: bool = False,
) -> Template:
    """The counter as it stands, priced where there is something to price."""
    price, amounts = await _priced(basket, here, form)
    if price is not None:
        held = {cut.claim for cut in price.refused if cut.claim is not None}
        basket = replace(basket, claims=[claim for claim in basket.claims if claim not in held])
        basket = replace(basket, method=_method(basket, price.methods))
    context = {
        "basket": basket,
        "form": form,
        "currency": here.currency,
        "example": example_amount(here.currency),
        "preview": price,
        "amounts": amounts,
        "change": _change(basket, price),
        "last_day": say_last_day,
        "claim_kinds": _claim_kinds(here) if basket.lines else [],
        "recent": await purchases.recent_articles(here.id, here.currency) if not basket.lines else [],
        "found": found,
        "apart": await members.told_apart(found.lines) if found else {},
        **await _customer(request, basket.member),
    }
    return Template(PAGE if page else ANSWER, context=context)


async def _priced(basket: Basket, here: Till, form: Form) -> tuple[purchases.Preview | None, list[int | None]]:
    """The price, and what each line comes to; lines that cannot be read have none, and nothing is priced then."""
    try:
        lines = basket.articles()
    except Invalid as refusal:
        form.refuse(refusal)
        return None, [None for _line in basket.lines]
    amounts: list[int | None] = [purchases.line_amount(line, here.currency) for line in lines]
    try:
        new = basket.as_new(here.source, here.currency, till=here.code)
        return await purchases.preview(new, rest_by=basket.method), amounts
    except (Invalid, NotFound, Conflict) as refusal:
        form.refuse(refusal)
        return None, amounts


def _method(basket: Basket, methods: Sequence[Any]) -> str:
    """The method that was chosen, where it is still offered; else the first of the business's own."""
    offered = [one.method for one in methods]
    if basket.method in offered:
        return basket.method
    return next((one.method for one in methods if one.holds is None), "")


def _change(basket: Basket, price: purchases.Preview | None) -> int | None:
    """What the customer gets back of the cash they gave; below zero where some of it is still missing."""
    if price is None or basket.received is None or basket.method != "cash":
        return None
    return basket.received - max(price.due - sum(basket.parts.values()), 0)


async def _customer(request: Request[Any, Any, Any], member: UUID | None) -> Mapping[str, Any]:
    """Who stands at the counter, with warnings and marks first."""
    if member is None:
        return {"customer": None, "warnings": [], "notes": []}
    engine: Any = request.app.template_engine
    return {
        "customer": await members.member(member),
        "warnings": await fill(engine.engine, "member.warning", member),
        "notes": await fill(engine.engine, "till.customer", member),
    }


handlers = [show, change, find, sell, *receipts.handlers]
