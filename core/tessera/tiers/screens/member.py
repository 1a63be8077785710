"""One member's tier: where they stand, how it came about, and setting it by hand."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access.actor import actor
from tessera.kernel.errors import FieldError, Invalid
from tessera.members import service as members
from tessera.tiers.service import by_hand
from tessera.tiers.service.defined import tiers
from tessera.tiers.service.history import WHY, changes_of
from tessera.tiers.service.progress import tier_view
from tessera.tiers.service.words import metric_title, say_amount, say_benefits
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

PAGE = "tiers/member.html"


@get("/members/{member_id:uuid}/tier", permission="members.read")
async def show_tier(member_id: FromPath[UUID]) -> Template:
    """Where a member stands and how it came about."""
    context = await _context(member_id)
    return Template(PAGE, context={"form": Form.of(tier=context["view"].tier.code), **context})


@post("/members/{member_id:uuid}/tier", permission="tiers.write")
async def set_tier(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any]:
    """Put a member into a tier by hand."""
    form = await read_form(request)
    try:
        await by_hand.set_tier(member_id, form["tier"], reason=form["reason"], last_day=_day(form["until"]))
    except Invalid as refusal:
        return shown_again(PAGE, form, refusal, await _context(member_id))
    return done(f"/members/{member_id}/tier", _("Saved."))


@post("/members/{member_id:uuid}/tier/release", permission="tiers.write")
async def release(member_id: FromPath[UUID]) -> Response[Any]:
    """Let the rules decide again."""
    await by_hand.release(member_id)
    return done(f"/members/{member_id}/tier", _("The rules decide again."))


async def _context(member_id: UUID) -> dict[str, Any]:
    someone = await members.member(member_id)
    view = await tier_view(member_id)
    return {
        "member": someone,
        "view": view,
        "changes": await changes_of(view.member),
        "why": WHY,
        "benefits": say_benefits(view.tier.benefits),
        "tiers": [(tier.code, tier.title) for tier in tiers()],
        "metric_title": metric_title,
        "say_amount": say_amount,
        "may_write": actor().may("tiers.write"),
    }


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = _("give a day")
        raise Invalid(message, [FieldError("until", message)]) from None


handlers = [show_tier, set_tier, release]
