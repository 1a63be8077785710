"""Pages of packs: selling one, using a session, one pack with its history, taking it back, extending it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.plugin import (
    Conflict,
    DomainError,
    Form,
    actor,
    business,
    done,
    members,
    read_form,
    say_money,
    shown_again,
    store_of,
)
from tessera_hooks import _
from tessera_wallet import asking, typed
from tessera_wallet.desk import Paid, wrong
from tessera_wallet.packs.products import ProductFacts, all_products, one_product, products_in
from tessera_wallet.packs.reading import holder_of, one_pack, uses_of
from tessera_wallet.packs.returning import extend, preview_return, take_back
from tessera_wallet.packs.selling import NewPack, sell
from tessera_wallet.packs.using import undo, use
from tessera_wallet.permissions import READ, REDEEM, REFUND_PACK, SELL

BY_MISTAKE = _("used by mistake")
"""Why sessions are given back where nobody says."""

SELLING, ONE, RETURNING = "wallet/sell_pack.html", "wallet/pack.html", "wallet/return_pack.html"


@get("/members/{member:uuid}/packs/new", permission=SELL, name="wallet.pack_form")
async def open_sale(member: FromPath[UUID]) -> Template:
    """The packs that are sold here."""
    return Template(SELLING, context={"form": Form.of(method="cash"), **await _selling(member)})


async def _selling(member: UUID) -> dict[str, Any]:
    someone = await members.member(member, permission=SELL)
    here = store_of(actor().store)
    found = await products_in(here.id, here.currency) if here else [p for p in await all_products() if p.active]
    said = [(str(p.id), p.title, say_money(p.price, p.currency)) for p in found]
    return {"member": someone, "products": said, "ways": asking.ways(), **asking.where()}


@post("/members/{member:uuid}/packs", permission=SELL, name="wallet.pack_sold_page")
async def make_sale(request: Request[Any, Any, Any], member: FromPath[UUID]) -> Response[Any] | Template:
    """Sell the pack that was chosen, at its price or the one that was typed."""
    form = await read_form(request)
    context = await _selling(member)
    try:
        asked = await _asked(form, member)
        pack = await form.once(lambda: sell(asked))
    except DomainError as refusal:
        return shown_again(SELLING, form, refusal, context)
    return done(f"/members/{pack.member}", _("Sold: {title}.", title=pack.title))


async def _asked(form: Form, member: UUID) -> NewPack:
    if not form["product"]:
        raise wrong("product", _("choose a pack"))
    product: ProductFacts = await one_product(asking.id_or_none(form["product"]) or UUID(int=0))
    price = asking.amount(form, "price", product.currency, default=product.price)
    payments = [Paid(asking.method(form), price)] if price else []
    return NewPack(member=member, product=product.id, price=price, payments=payments, store=form["store"] or None)


@post("/packs/{pack:uuid}/use", permission=REDEEM, name="wallet.pack_used_page")
async def use_pack(request: Request[Any, Any, Any], pack: FromPath[UUID]) -> Response[Any] | Template:
    """Use sessions of a pack, by the holder or whoever of the household stands at the desk."""
    form = await read_form(request)
    holder = await holder_of(pack, REDEEM) if not form["member"] else None
    member = holder or asking.id_or_none(form["member"]) or UUID(int=0)
    try:
        units = asking.whole(form, "units", default=1)
        spent = await form.once(lambda: use(member, units=units, pack=pack, store=form["store"] or None))
    except DomainError as refusal:
        await members.need_visible(member, REDEEM)
        if form["from"] == "pack":
            return shown_again(ONE, form, refusal, await _shown(pack))
        return done(f"/members/{member}", refusal.message, "danger")
    return done(f"/members/{member}", _("Used: {units}. Left: {left}.", units=spent.units, left=spent.left))


@post("/redemptions/{redemption:uuid}/undo", permission=REDEEM, name="wallet.undo_page")
async def undo_use(request: Request[Any, Any, Any], redemption: FromPath[UUID]) -> Response[Any]:
    """Give the sessions back."""
    form = await read_form(request)
    pack = asking.id_or_none(form["pack"])
    back = f"/wallet/packs/{pack}" if pack else "/"
    try:
        await undo(redemption, reason=form["reason"] or BY_MISTAKE.source)
    except Conflict as refusal:
        return done(back, refusal.message, "danger")
    return done(back, _("The session was given back."))


@get("/packs/{pack:uuid}", permission=READ, name="wallet.pack_page")
async def show_pack(pack: FromPath[UUID]) -> Template:
    """What was agreed, what is left, who used what."""
    return Template(ONE, context={"form": Form(), **await _shown(pack)})


async def _shown(pack: UUID) -> dict[str, Any]:
    found = await one_pack(pack)
    return {
        "member": await members.member(found.member, permission=READ),
        "pack": found,
        "blank": Form(),
        "uses": await uses_of(pack),
        "store": store_of(found.store),
        "zone": business().timezone,
        "last_day": asking.last_day,
        "may_redeem": actor().may(REDEEM),
        "may_refund": actor().may(REFUND_PACK),
        **asking.where(),
    }


@post("/packs/{pack:uuid}/extend", permission=REFUND_PACK, name="wallet.pack_extended_page")
async def extend_pack(request: Request[Any, Any, Any], pack: FromPath[UUID]) -> Response[Any] | Template:
    """Let it be used until another day."""
    form = await read_form(request)
    await one_pack(pack, REFUND_PACK)
    try:
        await extend(pack, typed.needed_day(form, "until"), reason=form["reason"])
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _shown(pack))
    return done(f"/wallet/packs/{pack}", _("The pack lasts longer now."))


@get("/packs/{pack:uuid}/refund", permission=REFUND_PACK, name="wallet.pack_refund_form")
async def open_return(pack: FromPath[UUID]) -> Template:
    """What taking the pack back would pay out."""
    return Template(RETURNING, context={"form": Form.of(method="cash"), **await _returning(pack)})


async def _returning(pack: UUID) -> dict[str, Any]:
    found, shown = await preview_return(pack)
    someone = await members.member(found.member, permission=REFUND_PACK)
    return {"member": someone, "pack": found, "shown": shown, "ways": asking.ways(), **asking.where()}


@post("/packs/{pack:uuid}/refund", permission=REFUND_PACK, name="wallet.pack_refunded_page")
async def make_return(request: Request[Any, Any, Any], pack: FromPath[UUID]) -> Response[Any] | Template:
    """Take the pack back."""
    form = await read_form(request)
    await one_pack(pack, REFUND_PACK)
    try:
        found, paid = await take_back(pack, method=form["method"], reason=form["reason"], store=form["store"] or None)
    except DomainError as refusal:
        return shown_again(RETURNING, form, refusal, await _returning(pack))
    text = _("Taken back: {amount} paid out.", amount=say_money(paid.amount, found.currency))
    return done(f"/wallet/members/{found.member}", text)


handlers = [open_sale, make_sale, use_pack, undo_use, show_pack, extend_pack, open_return, make_return]
