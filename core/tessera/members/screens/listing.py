"""The list of members, and the one box that finds them as one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from tessera.access.actor import actor
from tessera.kernel.errors import TooMany
from tessera.kernel.plugins import host
from tessera.kernel.texts import translate
from tessera.members import labels, service
from tessera.members.service import MemberLine
from tessera.web.forms import own_path, read_form
from tessera.web.visit import visit
from tessera_hooks import Text

LIST, ROWS = "members/list.html", "members/rows.html"

PAGE = 30
"""Members of one page of the list."""

LONGEST = 100
"""Characters of what is typed into the box that are looked at."""


@get("/members", permission="members.read")
async def list_members(before: FromQuery[UUID | None] = None) -> Template:
    """Members, the newest first."""
    found = await service.newest(PAGE + 1, before=before)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    context = await _context(found[:PAGE])
    return Template(ROWS if visit().is_htmx else LIST, context={**context, "more": more, "first": before is None})


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
    exact, refusal = await _looked_up(typed, whole=sent)
    goal = own_path(form["goal"], "")
    if sent and len(exact) == 1:
        return Redirect(f"{goal}?member={exact[0]}" if goal else f"/members/{exact[0]}", status_code=303)
    found = await _found(typed, exact)
    context = {**await _context(found), "q": typed, "goal": goal, "sent": sent, "more": None, "first": True}
    context["refused"] = translate(refusal.message) if refusal is not None else ""
    return Template(
        LIST if sent else ROWS,
        context=context,
        status_code=429 if sent and refusal is not None else 200,
        headers={"Retry-After": str(refusal.retry_after)} if refusal is not None else {},
    )


async def _looked_up(typed: str, *, whole: bool) -> tuple[list[UUID], TooMany | None]:
    """Whom a complete identity leads to; a refusal is told among the results, for names still find."""
    question = service.typed(typed, whole=whole)
    if question is None:
        return [], None
    try:
        return await service.look_up(question, reached_too=True), None
    except TooMany as refusal:
        return [], refusal


async def _found(typed: str, exact: Sequence[UUID]) -> list[MemberLine]:
    """The lines for what was typed: an exact identity first, then names, then what plugins find."""
    if not typed:
        return await service.newest(PAGE)
    ids = [*exact, *await service.search_ids(typed), *await service.found_by_plugins(typed)]
    return await service.lines(list(dict.fromkeys(ids))[: service.MOST])


async def _context(found: Sequence[MemberLine]) -> dict[str, Any]:
    return {
        "q": "",
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
