"""The button that notes that a member is here without buying; shown where a check-in brings points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.members.service import need_visible
from tessera.points.earning.rules import in_force
from tessera.points.earning.shipped import CHECK_IN
from tessera.purchases.service.visits import record_visit
from tessera.web.forms import done
from tessera_hooks import _


async def check_in_action(member: UUID | None) -> Mapping[str, Any] | None:
    """The button, where someone works whose check-ins bring points."""
    brings = member is not None and bool(in_force(clock.now(), actor().store, CHECK_IN))
    return {"member": member} if brings else None


@post("/members/{member:uuid}/check-in", permission="purchases.write")
async def check_in(member: FromPath[UUID]) -> Response[Any]:
    """Note that a member is here: one visit a day and store, whoever notes it first."""
    here = await need_visible(member, "purchases.write")
    if await record_visit(here, actor().store, kind=CHECK_IN):
        return done(f"/members/{here}", _("Checked in."))
    return done(f"/members/{here}", _("They were here today already."), "info")


handlers = [check_in]
