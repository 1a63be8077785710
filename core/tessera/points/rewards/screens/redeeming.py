"""Rewards at a member: what they can have, the code to pick it up, what they had; and all that waits in the store."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access.actor import actor
from tessera.access.service import store_of
from tessera.kernel.errors import DomainError, Invalid
from tessera.kernel.ids import uuid7
from tessera.members import service as members
from tessera.members.service.views import titles
from tessera.points import service as points
from tessera.points.ledger import POINTS
from tessera.points.rewards import service
from tessera.points.rewards.codes import spoken, typed
from tessera.points.rewards.screens.wording import REFUSALS, STATES
from tessera.web.forms import Form, done, id_of, read_form, shown_again
from tessera_hooks import Text, _

PAGE = 50

WAITING = "rewards/waiting.html"


@get("/members/{member:uuid}/rewards", permission="points.read")
async def show_rewards(member: FromPath[UUID]) -> Template:
    """What the member could have, what can be had first."""
    someone = await members.member(member, permission="points.read")
    offers = await service.offers(someone.id, store=actor().store)
    context = {
        "member": someone,
        "points": (await points.balances(someone.id))[POINTS],
        "offers": [(offer, str(uuid7())) for offer in offers],
        "refusals": REFUSALS,
        "may_redeem": actor().may("points.write"),
    }
    return Template("rewards/offers.html", context=context)


@get("/members/{member:uuid}/redemptions", permission="points.read")
async def list_redemptions(member: FromPath[UUID], before: FromQuery[UUID | None] = None) -> Template:
    """What the member had, the newest first."""
    someone = await members.member(member, permission="points.read")
    found = await service.redemptions(member=someone.id, before=before, limit=PAGE + 1)
    more = f"/members/{someone.id}/redemptions?before={found[PAGE - 1].id}" if len(found) > PAGE else ""
    context = {"member": someone, "redemptions": found[:PAGE], "states": STATES, "next_url": more, "store_of": store_of}
    return Template("rewards/history.html", context=context)


@post("/members/{member:uuid}/redemptions", permission="points.write")
async def redeem(request: Request[Any, Any, Any], member: FromPath[UUID]) -> Response[Any]:
    """Give the member a reward; the same form sent twice is one redemption."""
    member = await members.need_visible(member, "points.write")
    form = await read_form(request)
    try:
        made = await service.redeem(member, form["reward"], store=actor().store, once=id_of(form["once"]))
    except DomainError as refusal:
        return done(f"/members/{member}/rewards", _words(refusal), "danger")
    return done(f"/members/{member}/redemptions/{made.id}")


def _words(refusal: DomainError) -> Text | str:
    return refusal.errors[0].message if isinstance(refusal, Invalid) and refusal.errors else refusal.message


@get("/members/{member:uuid}/redemptions/{redeemed:uuid}", permission="points.read")
async def show_redemption(member: FromPath[UUID], redeemed: FromPath[UUID]) -> Template:
    """One redemption, its code large enough to be read across a counter."""
    someone = await members.member(member, permission="points.read")
    return Template("rewards/redemption.html", context={"form": Form(), **await _one(someone, redeemed)})


async def _one(someone: members.MemberView, redemption: UUID) -> dict[str, Any]:
    found = await service.redemption(redemption)
    if found.member != someone.id:
        raise service.RedemptionUnknown(_("There is no such redemption."))
    return {
        "member": someone,
        "redemption": found,
        "code": spoken(found.code),
        "states": STATES,
        "store_of": store_of,
        "available": (await points.balances(someone.id))[POINTS].available,
        "may_change": actor().may("points.write"),
    }


@post("/members/{member:uuid}/redemptions/{redeemed:uuid}/hand-over", permission="points.write")
async def hand_over(member: FromPath[UUID], redeemed: FromPath[UUID]) -> Response[Any]:
    """Note that the member has it."""
    here = f"/members/{member}/redemptions/{redeemed}"
    found = await service.redemption(redeemed, "points.write")
    try:
        await service.hand_over(found.id)
    except (service.AlreadyCancelled, service.AlreadyHandedOver) as refusal:
        return done(here, refusal.message, "danger")
    return done(here, _("Handed over: {reward}", reward=found.name))


@post("/members/{member:uuid}/redemptions/{redeemed:uuid}/cancel", permission="points.write")
async def cancel(request: Request[Any, Any, Any], member: FromPath[UUID], redeemed: FromPath[UUID]) -> Response[Any]:
    """Cancel it: the points go back where they came from."""
    someone = await members.member(member, permission="points.read")
    form, context = await read_form(request), await _one(someone, redeemed)
    try:
        await service.cancel(redeemed, form["reason"])
    except DomainError as refusal:
        return shown_again("rewards/redemption.html", form, refusal, context)
    return done(f"/members/{member}/redemptions/{redeemed}", _("Cancelled: the points are back."))


@get("/redemptions", permission="points.write")
async def list_waiting(before: FromQuery[UUID | None] = None) -> Template:
    """What waits to be picked up, in the store where one works."""
    return Template(WAITING, context={"form": Form(), **await _waiting(before)})


async def _waiting(before: UUID | None = None) -> dict[str, Any]:
    found = await service.redemptions(status="open", store=actor().store, before=before, limit=PAGE + 1)
    page = found[:PAGE]
    more = f"/redemptions?before={page[-1].id}" if len(found) > PAGE else ""
    return {"waiting": page, "names": await titles([one.member for one in page]), "next_url": more}


@post("/redemptions/find", permission="points.write", status_code=200)
async def find_redemption(request: Request[Any, Any, Any]) -> Response[Any]:
    """The redemption of a code that someone shows."""
    form = await read_form(request)
    found = await service.redemptions(code=typed(form["code"]), limit=1)
    if not found:
        refusal = service.RedemptionUnknown(_("No reward has this code here."), field="code")
        return shown_again(WAITING, form, refusal, await _waiting())
    return done(f"/members/{found[0].member}/redemptions/{found[0].id}")


handlers = [
    show_rewards,
    list_redemptions,
    redeem,
    show_redemption,
    hand_over,
    cancel,
    list_waiting,
    find_redemption,
]
