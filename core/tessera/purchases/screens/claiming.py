"""Pages that give a sale without a member to one: by the code on the receipt, or from the sale itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel.business import say_money
from tessera.kernel.errors import DomainError
from tessera.members import service as members
from tessera.purchases import service
from tessera.purchases.service import Buyer, Claimed
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Text, _

PAGE = "purchases/claim.html"


async def _context(member: UUID) -> dict[str, Any]:
    someone = await members.member(member, permission="purchases.write")
    return {"member": someone, "days": service.claim_days()}


@get("/members/{member:uuid}/claim", permission="purchases.write")
async def show_claim(member: FromPath[UUID]) -> Template:
    """The form for the code on a receipt."""
    return Template(PAGE, context={"form": Form(), **await _context(member)})


@post("/members/{member:uuid}/claim", permission="purchases.write")
async def claim(request: Request[Any, Any, Any], member: FromPath[UUID]) -> Response[Any]:
    """Give the receipt with a code to a member."""
    form = await read_form(request)
    context = await _context(member)
    try:
        claimed = await service.claim_by_code(form["code"], Buyer(id=context["member"].id))
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, context)
    return done(f"/members/{claimed.member}", _said(claimed))


@post("/purchases/{purchase:uuid}/member", permission="purchases.write")
async def give(request: Request[Any, Any, Any], purchase: FromPath[UUID]) -> Response[Any]:
    """Give a sale to the member whom a phone, card or number leads to."""
    form = await read_form(request)
    question = members.typed(form["who"], whole=True)
    found = await members.look_up(question) if question is not None else []
    if len(found) != 1:
        return done(
            f"/purchases/{purchase}", _("Nobody was found. Type a whole phone, card or member number."), "danger"
        )
    try:
        claimed = await service.claim_purchase(purchase, Buyer(id=found[0]))
    except DomainError as refusal:
        return done(f"/purchases/{purchase}", refusal.message, "danger")
    return done(f"/purchases/{purchase}", _said(claimed))


def _said(claimed: Claimed) -> Text:
    return _(
        "A purchase of {amount} was claimed: {n} points earned.",
        amount=say_money(claimed.amount, claimed.currency),
        n=claimed.points.earned,
    )


handlers = [show_claim, claim, give]
