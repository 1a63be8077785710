"""Pages of purchases."""

from __future__ import annotations

from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access.actor import actor
from tessera.access.service import store_of
from tessera.members import service as members
from tessera.purchases import service
from tessera.purchases.service.crediting import credits_of
from tessera.purchases.service.paid import receipt_of

PAGE = 50


@get("/members/{member:uuid}/purchases", permission="purchases.read")
async def list_purchases(member: FromPath[UUID], before: FromQuery[UUID | None] = None) -> Template:
    """All that a member bought in one's stores."""
    someone = await members.member(member)
    found = await service.purchases(member=member, before=before, limit=PAGE + 1)
    more = f"/members/{member}/purchases?before={found[PAGE - 1].id}" if len(found) > PAGE else ""
    context = {"member": someone, "purchases": found[:PAGE], "next_url": more, "store_of": store_of}
    return Template("purchases/list.html", context=context)


@get("/purchases/{purchase:uuid}", permission="purchases.read")
async def show_purchase(purchase: FromPath[UUID]) -> Template:
    """One purchase with its lines and what came back."""
    found = await service.purchase(purchase)
    known = found.member is not None and await members.is_visible(found.member)
    someone = await members.member(found.member) if known and found.member else None
    context = {
        "purchase": found,
        "member": someone,
        "returns": await service.returns_of(purchase),
        "receipt": await receipt_of(purchase),
        "credits": await credits_of(purchase),
        "shown_code": service.shown_code,
        "claimable": found.member is None and actor().may("purchases.write", found.store),
        "store_of": store_of,
    }
    return Template("purchases/one.html", context=context)


handlers = [list_purchases, show_purchase]
