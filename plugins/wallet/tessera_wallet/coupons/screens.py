"""Pages of coupons: a member's, and the kinds of them with their batches of codes in the settings."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.plugin import (
    Conflict,
    DomainError,
    Form,
    Invalid,
    NotFound,
    actor,
    business,
    done,
    id_of,
    members,
    read_form,
    shown_again,
    stores,
)
from tessera_hooks import Screen, _
from tessera_wallet import asking, typed
from tessera_wallet.coupons import codes, issuing, kinds, reading
from tessera_wallet.coupons.contract import GIVES, Gives, Kind
from tessera_wallet.coupons.issuing import ISSUE
from tessera_wallet.coupons.kinds import NewKind
from tessera_wallet.coupons.reading import READ

MEMBER, LIST, ONE = "wallet/coupons.html", "wallet/settings_coupons.html", "wallet/settings_coupon.html"


@get("/members/{member_id:uuid}/coupons", permission=READ)
async def show_of_member(member_id: FromPath[UUID]) -> Template:
    """A member's coupons, and room to give one."""
    return Template(MEMBER, context={"form": Form(), **await _of_member(member_id)})


async def _of_member(member_id: UUID) -> dict[str, Any]:
    member = await members.member(member_id, permission=READ)
    may_issue = actor().may(ISSUE)
    return {
        "member": member,
        "coupons": [(held, codes.shown(held.code)) for held in await reading.coupons_of(member.id)],
        "kinds": [(kind.code, kind.title) for kind in await kinds.kinds(enabled_only=True)] if may_issue else [],
        "may_issue": may_issue,
        "zone": business().timezone,
        "last_day": asking.last_day,
    }


@post("/members/{member_id:uuid}/coupons", permission=ISSUE)
async def give(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Give the member a coupon."""
    form = await read_form(request)
    member = await members.need_visible(member_id, ISSUE)
    try:
        held = await form.once(lambda: issuing.issue(member, form["kind"], reason=form["reason"]))
    except (Invalid, Conflict, NotFound) as refusal:
        return shown_again(MEMBER, form, refusal, await _of_member(member_id))
    return done(f"/wallet/members/{member}/coupons", _('"{title}" was given.', title=held.kind.title))


@post("/members/{member_id:uuid}/coupons/revoke", permission=ISSUE)
async def revoke(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any]:
    """Take one of the member's coupons back."""
    form = await read_form(request)
    member = await members.need_visible(member_id, ISSUE)
    held = await reading.coupon(id_of(form["coupon"]), ISSUE)
    back = f"/wallet/members/{member}/coupons"
    try:
        await issuing.revoke(held.id)
    except Conflict as refusal:
        return done(back, refusal.message, "danger")
    return done(back, _("The coupon was taken back."))


@get("/settings/coupons", permission="settings.write")
async def list_kinds() -> Template:
    """All kinds of coupons."""
    return Template(LIST, context={"kinds": await kinds.kinds(), "gives": GIVES})


@get("/settings/coupons/new", permission="settings.write", sync_to_thread=False)
def new_kind() -> Template:
    """The form for one more."""
    form = Form.of(gives="amount", valid_days="30", enabled="yes")
    return Template(ONE, context={"form": form, **_context(None)})


@post("/settings/coupons/new", permission="settings.write")
async def add_kind(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Add a kind."""
    form = await read_form(request)
    try:
        made = await kinds.make_kind(form["code"], _said(form, business().currency))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context(None))
    return done("/wallet/settings/coupons", _('"{title}" was added.', title=made.title))


@get("/settings/coupons/{code:str}", permission="settings.write")
async def show_kind(code: FromPath[str]) -> Template:
    """One kind, with its batches of codes."""
    kind = await kinds.kind_named(code)
    return Template(ONE, context={"form": _filled(kind), **_context(kind), "batches": await issuing.batches(kind)})


@post("/settings/coupons/{code:str}", permission="settings.write")
async def change_kind(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any] | Template:
    """Change a kind."""
    form, kind = await read_form(request), await kinds.kind_named(code)
    try:
        await kinds.change_kind(code, _said(form, kind.currency))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, {**_context(kind), "batches": await issuing.batches(kind)})
    return done("/wallet/settings/coupons", _("Saved."))


@post("/settings/coupons/{code:str}/codes", permission="settings.write")
async def make_codes(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Make open codes of a kind."""
    form, back = await read_form(request), f"/wallet/settings/coupons/{code}"
    try:
        _batch, made = await issuing.issue_codes(code, typed.count(form, "pieces", 0) or 0)
    except (Invalid, Conflict) as refusal:
        return done(back, refusal.message, "danger")
    return done(back, _("{n} codes were made.", n=len(made)))


@post("/settings/coupons/{code:str}/export", permission="settings.write")
async def export_codes(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """The codes of a batch as a file; a form, for codes are no matter of addresses nor of a browser's history."""
    form, kind = await read_form(request), await kinds.kind_named(code)
    rows = ["code,state", *(f"{shown},{state}" for shown, state in await issuing.codes_of(id_of(form["batch"])))]
    name = f'attachment; filename="{kind.code}.csv"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response("\r\n".join(rows) + "\r\n", media_type="text/csv", status_code=200, headers=headers)


def _said(form: Form, currency: str) -> NewKind:
    gives = form["gives"] if form["gives"] in GIVES else "amount"
    return NewKind(
        title=form["title"],
        gives=cast("Gives", gives),
        amount=typed.money(form, "amount", currency, 0) or 0,
        percent=typed.count(form, "percent", 0) or 0,
        cap=typed.money(form, "cap", currency),
        gift=form["gift"],
        minimum=typed.money(form, "minimum", currency, 0) or 0,
        valid_days=typed.count(form, "valid_days"),
        valid_from=typed.day(form, "valid_from"),
        valid_until=typed.day(form, "valid_until"),
        stacks=form["stacks"] == "yes",
        stores=typed.chosen_stores(form),
        skus=typed.words(form, "skus"),
        categories=typed.words(form, "categories"),
        total_limit=typed.count(form, "total_limit"),
        member_limit=typed.count(form, "member_limit"),
        issue_from=typed.day(form, "issue_from"),
        issue_until=typed.day(form, "issue_until"),
        enabled=form["enabled"] == "yes",
    )


def _filled(kind: Kind) -> Form:
    codes_of_stores = {store.id: store.code for store in stores()}
    same = ("title", "gives", "gift", "valid_days", "valid_from", "valid_until", "total_limit", "member_limit")
    return Form.of(
        **{name: getattr(kind, name) for name in (*same, "issue_from", "issue_until")},
        amount=typed.money_shown(kind.amount, kind.currency) if kind.amount else None,
        percent=kind.percent or None,
        cap=typed.money_shown(kind.cap, kind.currency) or None,
        minimum=typed.money_shown(kind.minimum, kind.currency) if kind.minimum else None,
        stores=[codes_of_stores[store] for store in kind.stores if store in codes_of_stores],
        skus="\n".join(kind.skus),
        categories="\n".join(kind.categories),
        stacks="yes" if kind.stacks else "",
        enabled="yes" if kind.enabled else "",
    )


def _context(kind: Kind | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "gives": list(GIVES.items()),
        "stores": [(store.code, store.name) for store in stores()],
        "currency": kind.currency if kind else business().currency,
        "batches": [],
    }


handlers = [
    list_kinds,
    new_kind,
    add_kind,
    show_kind,
    change_kind,
    make_codes,
    export_codes,
    show_of_member,
    give,
    revoke,
]

SCREEN = Screen("coupons", _("Coupons"), "ticket", "settings.write", handlers=handlers, path="settings/coupons")
