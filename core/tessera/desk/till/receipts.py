"""Receipts: what was sold, earned and spent, what is left and until when; and bringing goods back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import segno
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access.actor import actor
from tessera.access.service import store_of
from tessera.desk.till.basket import new_number, number
from tessera.kernel.business import business
from tessera.kernel.database import undone
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.kernel.texts import translate
from tessera.members import service as members
from tessera.points import service as points
from tessera.points.ledger import POINTS
from tessera.points.saying import say_last_day
from tessera.points.service.of_purchase import moved_by
from tessera.points.service.units import say_amount, unit_titles
from tessera.purchases import service as purchases
from tessera.purchases.service.paid import Paid, ReceiptFacts, latest_receipts, receipt_of
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

LATEST = 50

ONE, LIST, BACK = "till/receipt.html", "till/receipts.html", "till/return.html"


@get("/till/receipts", permission="purchases.write")
async def list_receipts() -> Template:
    """The last sales of the store."""
    return Template(LIST, context={"form": Form(), **await _latest(None)})


@post("/till/receipts", status_code=200, permission="purchases.write")
async def find_receipt(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """The sale with a number, or with the code on its receipt."""
    form = await read_form(request)
    context = await _latest(form["number"][:120] or None)
    if form["number"] and len(context["receipts"]) == 1:
        return done(f"/till/receipts/{context['receipts'][0].id}")
    return Template(LIST, context={"form": form, **context})


async def _latest(sought: str | None) -> dict[str, Any]:
    here, store = members.stores_seen("purchases.write"), actor().store
    if store is not None:
        here = [store] if here is None or store in here else []
    return {"receipts": await latest_receipts(here, sought, LATEST), "store_of": store_of}


@get("/till/receipts/{purchase_id:uuid}", permission="purchases.read")
async def show_receipt(purchase_id: FromPath[UUID], received: FromQuery[int | None] = None) -> Template:
    """One receipt, to be read out, printed or photographed."""
    sold = await purchases.purchase(purchase_id)
    facts = await receipt_of(purchase_id)
    cash = sum(paid.amount for paid in facts.payments if paid.method == "cash")
    context = {
        "sold": sold,
        "facts": facts,
        "store": store_of(sold.store),
        "seller": business().name,
        "change": received - cash if received is not None and received >= cash > 0 else None,
        "unit_amount": say_amount,
        "last_day": say_last_day,
        "shown_code": purchases.shown_code,
        "code_picture": _picture(facts.claim_code) if facts.claim_code and sold.member is None else None,
        **await _standing(sold.member, purchase_id),
    }
    return Template(ONE, context=context)


def _picture(code: str) -> str:
    """The code as a picture that a phone reads."""
    return segno.make(code, micro=False).svg_inline(scale=4, border=2, omitsize=True)


async def _standing(member: UUID | None, purchase: UUID) -> Mapping[str, Any]:
    """Who bought, what it did to their units, and what they have now."""
    if member is None or not await members.is_visible(member):
        return {"member": None, "moves": [], "held": {}, "titles": {}}
    moves = await moved_by(purchase)
    held = await points.balances(member)
    names = list(dict.fromkeys([*(move.unit for move in moves), POINTS]))
    return {
        "member": await members.member(member),
        "moves": moves,
        "held": {name: held[name] for name in names if name in held},
        "titles": await unit_titles(names),
    }


@get("/till/receipts/{purchase_id:uuid}/return", permission="purchases.write")
async def ask_return(purchase_id: FromPath[UUID]) -> Template:
    """What of a sale comes back."""
    return Template(BACK, context={"form": Form(), "outcome": None, "refunds": [], **await _open(purchase_id)})


@post("/till/receipts/{purchase_id:uuid}/return", status_code=200, permission="purchases.write")
async def take_return(request: Request[Any, Any, Any], purchase_id: FromPath[UUID]) -> Response[Any] | Template:
    """First what the return would do, exactly; then, confirmed, the return."""
    form = await read_form(request)
    context = await _open(purchase_id)
    try:
        back = _return_of(form, context["sold"], context["fresh"])
        done_, after = await undone(partial(_tried, back, purchase_id))
        if form["confirmed"] != "yes" or form["shown"] != str(done_.amount):
            refunds = _difference(await receipt_of(purchase_id), after)
            if form["confirmed"] == "yes":
                form.problem = translate(_("Something else comes back than was shown: look at it again and confirm."))
            return Template(BACK, context={**context, "form": form, "outcome": done_, "refunds": refunds})
        await purchases.record_return(back)
    except DomainError as refusal:
        return shown_again(BACK, form, refusal, {**context, "outcome": None, "refunds": []})
    return done(f"/till/receipts/{purchase_id}", _("The return is recorded."))


async def _open(purchase_id: UUID) -> dict[str, Any]:
    sold = await purchases.purchase(purchase_id)
    return {"sold": sold, "fresh": new_number(), "store": store_of(sold.store)}


async def _tried(back: purchases.NewReturn, sold: UUID) -> tuple[purchases.RecordedReturn, ReceiptFacts]:
    """What a return does, and how the purchase stands after it."""
    recorded = await purchases.record_return(back)
    return recorded, await receipt_of(sold)


def _difference(before: ReceiptFacts, after: ReceiptFacts) -> list[Paid]:
    """What goes back by which method."""
    known = {paid.method: paid.amount for paid in before.refunds}
    return [replace(paid, amount=more) for paid in after.refunds if (more := paid.amount - known.get(paid.method, 0))]


def _return_of(form: Form, sold: purchases.PurchaseFacts, fresh: str) -> purchases.NewReturn:
    """The return that a form asks for: quantities of lines, or an amount where there are no lines."""
    store = store_of(sold.store)
    lines = [purchases.LineBack(line.id, back) for line in sold.lines if (back := _quantity(form, line))]
    if sold.lines and not lines:
        message = _("say how many of which come back")
        raise Invalid(message, [FieldError("lines", message)])
    return purchases.NewReturn(
        external_id=form["number"][:60] or fresh,
        source=sold.source,
        purchase=sold.id,
        store=store.code if store else None,
        lines=lines,
    )


def _quantity(form: Form, line: purchases.LineFacts) -> Decimal:
    name = f"back.{line.id}"
    try:
        return number(form[name] or "0")
    except ValueError:
        message = _("give a quantity above zero")
        raise Invalid(message, [FieldError(name, message)]) from None


handlers = [list_receipts, find_receipt, show_receipt, ask_return, take_return]
