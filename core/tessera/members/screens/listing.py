"""The list of members, and the one box that finds them as one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from tessera.access.actor import actor
from tessera.kernel.plugins import host
from tessera.kernel.texts import translate
from tessera.members import labels, service
from tessera.members.screens.finding import Finding, find_members
from tessera.members.service import MemberLine
from tessera.members.service.standing import tier_mark, tier_marks
from tessera.web.forms import own_path, read_form
from tessera.web.visit import visit
from tessera_hooks import Text

LIST, ROWS = "members/list.html", "members/rows.html"

PAGE = 30
"""Members of one page of the list."""

LONGEST = 100
"""Characters of what is typed into the box that are looked at."""


@get("/members", permission="members.read")
async def list_members(before: FromQuery[UUID | None] = None, tier: FromQuery[str | None] = None) -> Template:
    """Members, the newest first; those of one tier where it is asked for."""
    chosen = next((mark for mark in tier_marks() if mark.code == tier), None)
    narrowing = service.Narrowing(tier=(chosen.carried,) if chosen is not None else None)
    found = await service.newest(PAGE + 1, narrowing, before=before)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    context = await _context(found[:PAGE])
    return Template(
        ROWS if visit().is_htmx else LIST, context={**context, "more": more, "first": before is None, "tier": chosen}
    )


@post("/members/find", status_code=200, permission="members.read")
async def find(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Those whom the box finds: only their lines while someone types, a whole page when it is sent.

    What is typed may be a phone, so it comes with a form and never stands in an address. An exact
    identity that is sent and leads to one member opens that member.
    """
    form = await read_form(request)
    typed, sent = form["q"][:LONGEST], not visit().is_htmx
    if sent and not typed:
        return Redirect("/members", status_code=303)
    if not typed and form["part"] != "list":
        return Response(b"", media_type="text/html")
    found = await find_members(typed, whole=sent) if typed else Finding(await service.newest(PAGE))
    goal, refusal = own_path(form["goal"], ""), found.refused
    if sent and len(found.exact) == 1:
        only = found.exact[0]
        return Redirect(f"{goal}?member={only}" if goal else f"/members/{only}", status_code=303)
    context = {**await _context(found.lines), "q": typed, "goal": goal, "sent": sent, "more": None, "first": True}
    context["refused"] = translate(refusal.message) if refusal is not None else ""
    return Template(
        LIST if sent else ROWS,
        context=context,
        status_code=429 if sent and refusal is not None else 200,
        headers={"Retry-After": str(refusal.retry_after)} if refusal is not None else {},
    )


async def _context(found: Sequence[MemberLine]) -> dict[str, Any]:
    return {
        "q": "",
        "tier": None,
        "tiers": tier_marks(),
        "tier_mark": tier_mark,
        "goal": "",
        "sent": False,
        "found": found,
        "refused": "",
        "apart": await service.told_apart(found),
        "summaries": await summaries(found),
        "stage_label": labels.stage_label,
        "stage_tones": labels.STAGE_TONES,
    }


async def summaries(found: Sequence[MemberLine]) -> Mapping[UUID, list[Text]]:
    """What each domain and plugin says of the members of a page in a few words."""
    if not found:
        return {}
    said: dict[UUID, list[Text]] = {}
    for _owner, words in await host().ask("member_summaries", actor().store, members=[m.id for m in found]):
        for member, text in words.items():
            said.setdefault(member, []).append(text)
    return said


handlers = [list_members, find]
