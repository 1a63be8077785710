"""Pages of memberships: a member's, one of them with all that can be done, and the products in the settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.plugin import (
    Conflict,
    FieldError,
    Form,
    Invalid,
    actor,
    business,
    done,
    id_of,
    members,
    read_form,
    shown_again,
)
from tessera_hooks import Screen, Text, _
from tessera_wallet import typed
from tessera_wallet.desk import desk_store, open_stores
from tessera_wallet.memberships import ending, holding, products, reading, selling
from tessera_wallet.memberships.contract import READ, REFUND, WRITE, Held
from tessera_wallet.memberships.settings_screens import handlers as settings_handlers

MEMBER, ONE = "wallet/memberships.html", "wallet/membership.html"

CHANGES = {
    "sold": _("Sold"),
    "brought": _("Brought from another system"),
    "taken_back": _("Taken back with its import"),
    "started": _("Began with the first visit"),
    "renewed": _("Renewed"),
    "upgraded": _("Upgraded"),
    "held": _("On hold"),
    "hold_ended": _("Hold ended"),
    "transferred": _("Given to another member"),
    "refunded": _("Refunded"),
    "cancelled": _("Cancelled"),
}
"""What stands in the history of a membership."""


@get("/members/{member_id:uuid}/memberships", permission=READ)
async def show_of_member(member_id: FromPath[UUID]) -> Template:
    """A member's memberships, and room to sell one."""
    return Template(MEMBER, context={"form": Form(), **await _of_member(member_id)})


async def _of_member(member_id: UUID) -> dict[str, Any]:
    member = await members.member(member_id, permission=READ)
    may_sell = actor().may(WRITE)
    return {
        "member": member,
        "memberships": await reading.memberships_of(member.id),
        "products": await products.products(active_only=True) if may_sell else [],
        "may_sell": may_sell,
        "payers": await _payers(member.id) if may_sell else [],
        "today": business().today(),
        **_ways(WRITE),
    }


async def _payers(member: UUID) -> list[tuple[str, str]]:
    return [(str(link.other.id), link.title) for link in await members.links_of(member) if link.other is not None]


def _ways(permission: str) -> dict[str, Any]:
    """How it is paid and where, as a form asks for it; the store only where one works in several."""
    here = open_stores(permission) if actor().store is None else []
    return {"methods": typed.methods(), "stores": [(store.code, store.name) for store in here] if len(here) > 1 else []}


@post("/members/{member_id:uuid}/memberships", permission=WRITE)
async def sell(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Sell a membership."""
    form = await read_form(request)
    try:
        member = await members.need_visible(member_id, WRITE)
        product = await products.product_named(_chosen(form))
        sale = selling.Sale(
            member=member,
            product=product.code,
            method=form["method"],
            price=typed.money(form, "price", product.currency),
            payer=await members.need_visible(id_of(form["payer"]), WRITE) if form["payer"] else None,
            starts_on=typed.day(form, "starts_on"),
            store=desk_store(form["store"] or None, WRITE).id,
        )
        sold = await form.once(lambda: selling.sell(sale))
    except (Invalid, Conflict) as refusal:
        return shown_again(MEMBER, form, refusal, await _of_member(member_id))
    return done(f"/wallet/memberships/{sold}", _('"{title}" was sold.', title=product.title))


def _chosen(form: Form) -> str:
    """The product that was chosen; a form that was sent without one is refused at that field."""
    if not form["product"]:
        message = _("choose a membership")
        raise Invalid(message, [FieldError("product", message)])
    return form["product"]


@get("/memberships/{membership:uuid}", permission=READ)
async def show(membership: FromPath[UUID]) -> Template:
    """One membership: what is left, what was done, what can be done."""
    return Template(ONE, context={"form": Form(), **await _one(membership), **_forms()})


async def _one(membership: UUID) -> dict[str, Any]:
    held = await reading.membership(membership)
    may = actor().may(WRITE)
    return {
        "held": held,
        "member": await members.member(held.member, permission=READ),
        "payer": await _payer(held),
        "history": await reading.history(membership),
        "changes": CHANGES,
        "may_write": may,
        "may_refund": actor().may(REFUND),
        "upgrades": await _upgrades(held) if may else [],
        "today": business().today(),
        **_ways(WRITE),
    }


async def _payer(held: Held) -> Any:
    seen = held.payer is not None and await members.is_visible(held.payer, "members.read")
    return (await members.lines([held.payer]))[0] if seen and held.payer is not None else None


async def _upgrades(held: Held) -> list[selling.Upgrade]:
    """What it could become, each with what would be paid."""
    found = []
    for product in await products.products(active_only=True) if held.is_running else ():
        try:
            found.append(await selling.preview_upgrade(held, product.code))
        except Conflict:
            continue
    return found


ACTS = ("renew", "hold", "upgrade", "transfer", "refund", "cancel")
"""What can be done with a membership, each by a form of its own on its page."""


def _forms(act: str = "", sent: Form | None = None) -> dict[str, Any]:
    """The forms of the page: the one that was sent with what was typed and what is wrong, the others empty."""
    forms = {name: sent if sent is not None and name == act else Form() for name in ACTS}
    return {"forms": forms, "act": act if act in ACTS else ""}


async def _act(request: Request[Any, Any, Any], membership: UUID, permission: str, act: Any) -> Any:
    """Do something with a membership from a form, and come back to it or show what was wrong."""
    form = await read_form(request)
    try:
        held = await reading.membership(membership, permission)
        going, said = await act(held, form)
    except (Invalid, Conflict) as refusal:
        name = request.url.path.rpartition("/")[2]
        return shown_again(ONE, form, refusal, {**await _one(membership), **_forms(name, form)})
    return done(f"/wallet/memberships/{going}", said)


@post("/memberships/{membership:uuid}/renew", permission=WRITE)
async def renew(request: Request[Any, Any, Any], membership: FromPath[UUID]) -> Any:
    """Sell one more term."""

    async def act(held: Held, form: Form) -> tuple[UUID, Text]:
        store = desk_store(form["store"] or None, WRITE).id
        after = await form.once(lambda: selling.renew(held.id, form["method"], store=store))
        until = after.ends_on.isoformat() if after.ends_on else "–"
        return held.id, _("Renewed until {day}.", day=until)

    return await _act(request, membership, WRITE, act)


@post("/memberships/{membership:uuid}/hold", permission=WRITE)
async def hold(request: Request[Any, Any, Any], membership: FromPath[UUID]) -> Any:
    """Let it rest for some days."""

    async def act(held: Held, form: Form) -> tuple[UUID, Text]:
        span = typed.needed_day(form, "from_on"), typed.needed_day(form, "until_on")
        await holding.hold(held.id, *span, reason=form["reason"])
        return held.id, _("It is on hold on these days, and ends later by as many.")

    return await _act(request, membership, WRITE, act)


@post("/memberships/{membership:uuid}/holds/{hold:uuid}/end", permission=WRITE)
async def end_hold(request: Request[Any, Any, Any], membership: FromPath[UUID], hold: FromPath[UUID]) -> Any:
    """End a hold today."""

    async def act(held: Held, _form: Form) -> tuple[UUID, Text]:
        await holding.end_hold(held.id, hold)
        return held.id, _("The hold has ended.")

    return await _act(request, membership, WRITE, act)


@post("/memberships/{membership:uuid}/upgrade", permission=WRITE)
async def upgrade(request: Request[Any, Any, Any], membership: FromPath[UUID]) -> Any:
    """Exchange it for another."""

    async def act(held: Held, form: Form) -> tuple[UUID, Text]:
        store = desk_store(form["store"] or None, WRITE).id
        new = await selling.upgrade(held.id, _chosen(form), form["method"], store=store)
        return new, _("Upgraded.")

    return await _act(request, membership, WRITE, act)


@post("/memberships/{membership:uuid}/transfer", permission=WRITE)
async def transfer(request: Request[Any, Any, Any], membership: FromPath[UUID]) -> Any:
    """Give it to another member, found by what was typed."""

    async def act(held: Held, form: Form) -> tuple[UUID, Text]:
        other = await _meant(form["other"])
        await holding.transfer(held.id, await members.need_visible(other, WRITE))
        return held.id, _("It belongs to another member now.")

    return await _act(request, membership, WRITE, act)


async def _meant(text: str) -> UUID:
    found = await members.search(text, 2) if text else []
    if len(found) == 1:
        return found[0].id
    message = _("nobody is found by this") if not found else _("several are found: write the member's number")
    raise Invalid(message, [FieldError("other", message)])


@post("/memberships/{membership:uuid}/refund", permission=REFUND)
async def refund(request: Request[Any, Any, Any], membership: FromPath[UUID]) -> Any:
    """End it today and pay its unused days back."""

    async def act(held: Held, form: Form) -> tuple[UUID, Text]:
        amount = typed.money(form, "amount", held.currency)
        store = desk_store(form["store"] or None, REFUND).id
        await ending.refund(held.id, form["method"], amount=amount, reason=form["reason"], store=store)
        return held.id, _("Refunded.")

    return await _act(request, membership, REFUND, act)


@post("/memberships/{membership:uuid}/cancel", permission=REFUND)
async def cancel(request: Request[Any, Any, Any], membership: FromPath[UUID]) -> Any:
    """End it today without giving anything back."""

    async def act(held: Held, form: Form) -> tuple[UUID, Text]:
        await ending.cancel(held.id, reason=form["reason"])
        return held.id, _("Cancelled.")

    return await _act(request, membership, REFUND, act)


handlers = [
    *settings_handlers,
    show_of_member,
    sell,
    show,
    renew,
    hold,
    end_hold,
    upgrade,
    transfer,
    refund,
    cancel,
]

SCREEN = Screen(
    "memberships", _("Memberships"), "id-badge-2", "settings.write", handlers=handlers, path="settings/memberships"
)
