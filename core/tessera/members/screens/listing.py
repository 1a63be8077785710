"""The list of members, which answers as one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template

from tessera.access.actor import actor
from tessera.kernel.plugins import host
from tessera.members import labels, service
from tessera.members.service import MemberLine
from tessera.web.visit import visit
from tessera_hooks import Text

LIST, ROWS = "members/list.html", "members/rows.html"

PAGE = 30
"""Members of one page of the list."""


@get("/members", permission="members.read")
async def list_members(q: FromQuery[str | None] = None, before: FromQuery[UUID | None] = None) -> Template:
    """Members, the newest first, or those that are found; only their rows when asked while typing."""
    wanted = (q or "").strip()
    if wanted:
        found = await service.search(wanted)
        more = None
    else:
        found = await service.newest(PAGE + 1, before=before)
        more = found[PAGE - 1].id if len(found) > PAGE else None
        found = found[:PAGE]
    context = {
        "q": wanted,
        "found": found,
        "more": more,
        "first": before is None,
        "summaries": await summaries(found),
        "stage_label": labels.stage_label,
        "stage_tones": labels.STAGE_TONES,
    }
    return Template(ROWS if visit().is_htmx else LIST, context=context)


async def summaries(found: Sequence[MemberLine]) -> Mapping[UUID, list[Text]]:
    """What each domain and plugin says of the members of a page in a few words."""
    if not found:
        return {}
    said: dict[UUID, list[Text]] = {}
    for _owner, words in await host().ask("member_summaries", actor().store, members=[m.id for m in found]):
        for member, text in words.items():
            said.setdefault(member, []).append(text)
    return said


handlers = [list_members]
