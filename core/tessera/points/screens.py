"""The page of a member's points: every entry with why it is there."""

from __future__ import annotations

from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.kernel.business import business
from tessera.members import service as members
from tessera.points import service
from tessera.points.ledger import POINTS

PAGE = 50


@get("/members/{member:uuid}/points", permission="points.read")
async def show_points(member: FromPath[UUID], before: FromQuery[UUID | None] = None) -> Template:
    """What a member has, what expires when, and how it came about."""
    someone = await members.member(member, permission="points.read")
    member = someone.id
    found = await service.entries(member, unit=POINTS, before=before, limit=PAGE + 1)
    more = f"/members/{member}/points?before={found[PAGE - 1].id}" if len(found) > PAGE else ""
    context = {
        "member": someone,
        "points": (await service.balances(member))[POINTS],
        "entries": [(entry, service.explain(entry)) for entry in found[:PAGE]],
        "next_url": more,
        "zone": business().timezone,
    }
    return Template("points/list.html", context=context)


handlers = [show_points]
