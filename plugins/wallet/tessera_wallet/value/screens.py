"""Pages of stored value: a member's wallet, recharging, paying out, correcting."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.plugin import (
    DomainError,
    Form,
    Invalid,
    actor,
    business,
    done,
    ledger,
    members,
    read_form,
    say_money,
    shown_again,
    store_by_code,
    store_of,
)
from tessera_hooks import _
from tessera_wallet import asking, typed, units
from tessera_wallet.desk import Paid
from tessera_wallet.packs.reading import packs_of
from tessera_wallet.permissions import ADJUST, READ, RECHARGE, REFUND
from tessera_wallet.value.adjusting import adjust
from tessera_wallet.value.offers import offers_for, one_offer
from tessera_wallet.value.reading import held, recharges_of
from tessera_wallet.value.recharging import NewRecharge, recharge
from tessera_wallet.value.refunding import preview_refund, refund

WALLET, RECHARGING, REFUNDING, ADJUSTING = (
    "wallet/member.html",
    "wallet/recharge.html",
    "wallet/refund.html",
    "wallet/adjust.html",
)
PAGE = 50


@get("/members/{member:uuid}", permission=READ, name="wallet.member_page")
async def show(member: FromPath[UUID], before: FromQuery[UUID | None] = None) -> Template:
    """What a member has paid ahead, and every entry of it with why it is there."""
    someone = await members.member(member, permission=READ)
    values = await held(someone.id)
    kept = [unit(one.currency) for one in values for unit in (units.principal, units.bonus)]
    found = await ledger.entries(someone.id, kept, before=before, limit=PAGE + 1) if kept else []
    more = f"/wallet/members/{someone.id}?before={found[PAGE - 1].id}" if len(found) > PAGE else ""
    context = {
        "member": someone,
        "values": values,
        "packs": await packs_of(someone.id),
        "recharges": await recharges_of(someone.id),
        "entries": [(entry, ledger.sentence(entry), _currency(entry.unit)) for entry in found[:PAGE]],
        "next_url": more,
        "is_bonus": lambda entry: entry.unit.startswith(units.BONUS),
        "zone": business().timezone,
        "last_day": asking.last_day,
        "may": _may(),
    }
    return Template(WALLET, context=context)


def _currency(unit: str) -> str:
    return unit.rpartition(".")[2]


def _may() -> dict[str, bool]:
    return {"recharge": actor().may(RECHARGE), "refund": actor().may(REFUND), "adjust": actor().may(ADJUST)}


@get("/members/{member:uuid}/recharge", permission=RECHARGE, name="wallet.recharge_form")
async def open_recharge(member: FromPath[UUID]) -> Template:
    """The offers of this store, and room for any other amount."""
    return Template(RECHARGING, context={"form": Form.of(method="cash"), **await _recharging(member)})


async def _recharging(member: UUID) -> dict[str, Any]:
    someone = await members.member(member, permission=RECHARGE)
    here = store_of(actor().store)
    currency = here.currency if here else business().currency
    found = await offers_for(someone.id, here.id, currency) if here else await _everywhere(someone.id, currency)
    said = [
        (str(o.id), _("{pay} + {bonus}", pay=say_money(o.pay, currency), bonus=say_money(o.bonus, currency)), o.title)
        for o in found
    ]
    return {"member": someone, "offers": said, "ways": asking.ways(), "currency": currency, **asking.where()}


async def _everywhere(member: UUID, currency: str) -> list[Any]:
    """Without a store of one's own: what holds in the only store, or in all of them."""
    open_ones = [store_by_code(code) for code, _name in asking.store_choices()]
    found = [await offers_for(member, store.id, currency) for store in open_ones]
    return [offer for offer in (found[0] if found else []) if all(offer in others for others in found)]


@post("/members/{member:uuid}/recharge", permission=RECHARGE, name="wallet.recharge_done")
async def make_recharge(request: Request[Any, Any, Any], member: FromPath[UUID]) -> Response[Any] | Template:
    """Take the recharge."""
    form = await read_form(request)
    context = await _recharging(member)
    try:
        asked = await _asked(form, member, context["currency"])
        row = await form.once(lambda: recharge(asked))
    except DomainError as refusal:
        return shown_again(RECHARGING, form, refusal, context)
    paid, bonus = say_money(row.paid, row.currency), say_money(row.bonus, row.currency)
    text = (
        _("Recharged {paid} with {bonus} on top.", paid=paid, bonus=bonus)
        if row.bonus
        else _("Recharged {paid}.", paid=paid)
    )
    return done(f"/members/{row.member}", text)


async def _asked(form: Form, member: UUID, currency: str) -> NewRecharge:
    """What the form asks for: an offer's amount, or the one that was typed."""
    if form["store"]:
        currency = store_by_code(form["store"]).currency
    offer = asking.id_or_none(form["offer"])
    amount = (await one_offer(offer)).pay if offer else asking.amount(form, "amount", currency)
    payments = [Paid(asking.method(form), amount)]
    return NewRecharge(
        member=member,
        amount=amount,
        payments=payments,
        offer=offer,
        store=form["store"] or None,
        reference=form["reference"],
    )


@get("/recharges/{recharge:uuid}/refund", permission=REFUND, name="wallet.refund_form")
async def open_refund(recharge: FromPath[UUID], amount: FromQuery[str] = "") -> Template:
    """What is left of a recharge, and what paying it out would do."""
    form = Form.of(amount=amount, method="cash")
    return Template(REFUNDING, context={"form": form, **await _refunding(recharge, form)})


async def _refunding(recharge: UUID, form: Form) -> dict[str, Any]:
    row, most = await preview_refund(recharge)
    shown = most
    if form["amount"]:
        try:
            row, shown = await preview_refund(recharge, max(asking.amount(form, "amount", row.currency), 0))
        except DomainError as refusal:
            form.refuse(refusal)
    return {
        "member": await members.member(row.member, permission=REFUND),
        "recharge": row,
        "shown": shown,
        "most": typed.money_shown(most.principal, row.currency),
        "ways": asking.ways(),
        **asking.where(),
    }


@post("/recharges/{recharge:uuid}/refund", permission=REFUND, name="wallet.refund_done")
async def make_refund(request: Request[Any, Any, Any], recharge: FromPath[UUID]) -> Response[Any] | Template:
    """Pay out what was asked for; the amount that was previewed is the one that is paid."""
    form = await read_form(request)
    row, _most = await preview_refund(recharge)
    try:
        amount = asking.amount(form, "amount", row.currency) if form["amount"] else None
        made = await form.once(
            lambda: refund(recharge, amount, method=form["method"], reason=form["reason"], store=form["store"] or None)
        )
    except DomainError as refusal:
        return shown_again(REFUNDING, form, refusal, await _refunding(recharge, Form.of(amount=form["amount"])))
    return done(
        f"/wallet/members/{row.member}",
        _("Paid out: {amount}.", amount=say_money(made.refund.paid_out, row.currency)),
    )


@get("/members/{member:uuid}/adjust", permission=ADJUST, name="wallet.adjust_form")
async def open_adjustment(member: FromPath[UUID]) -> Template:
    """A correction by hand."""
    return Template(ADJUSTING, context={"form": Form.of(part="principal"), **await _adjusting(member)})


async def _adjusting(member: UUID) -> dict[str, Any]:
    here = store_of(actor().store)
    parts = [("principal", _("Principal")), ("bonus", _("Bonus"))]
    return {
        "member": await members.member(member, permission=ADJUST),
        "parts": parts,
        "currency": here.currency if here else business().currency,
        **asking.where(),
    }


@post("/members/{member:uuid}/adjust", permission=ADJUST, name="wallet.adjust_done")
async def make_adjustment(request: Request[Any, Any, Any], member: FromPath[UUID]) -> Response[Any] | Template:
    """Correct principal or bonus."""
    form = await read_form(request)
    context = await _adjusting(member)
    try:
        if form["part"] not in ("principal", "bonus"):
            raise Invalid(_("choose principal or bonus"))
        amount = asking.amount(form, "amount", context["currency"])
        part: Any = form["part"]
        await form.once(lambda: adjust(member, part, amount, reason=form["reason"], store=form["store"] or None))
    except DomainError as refusal:
        return shown_again(ADJUSTING, form, refusal, context)
    return done(f"/wallet/members/{context['member'].id}", _("Corrected."))


handlers = [show, open_recharge, make_recharge, open_refund, make_refund, open_adjustment, make_adjustment]
