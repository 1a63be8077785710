"""One entry in full: why it is there, its lots, what consumed them, and taking it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access.actor import actor
from tessera.kernel.business import business
from tessera.kernel.errors import DomainError
from tessera.members import service as members
from tessera.points.earning.saying import say_rule
from tessera.points.saying import say_amount, say_last_day
from tessera.points.service import correcting, telling, tracing
from tessera.points.service.reversing import find_entry
from tessera.points.service.units import unit_titles
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Text, _

TEMPLATE = "points/entry.html"

KINDS: dict[str, Text] = {
    "earn": _("Earned"),
    "credit": _("Credited"),
    "debit": _("Spent"),
    "take_back": _("Taken back"),
    "expire": _("Expired"),
    "transfer": _("Settled between accounts"),
    "undo": _("Undone"),
    "reverse": _("Taken back"),
    "extend": _("Prolonged"),
    "debt": _("Paid what was owed"),
}
"""What kinds of entries are called, and what consumes a lot."""


@get("/entries/{entry:uuid}", permission="points.read")
async def show_entry(entry: FromPath[UUID]) -> Template:
    """Why an entry is there, and what came of it."""
    return Template(TEMPLATE, context={"form": Form(), **await _context(entry)})


@post("/entries/{entry:uuid}/reverse", permission="points.adjust")
async def reverse_entry(request: Request[Any, Any, Any], entry: FromPath[UUID]) -> Response[Any]:
    """Take an entry back."""
    form = await read_form(request)
    await correcting.holder_of(entry, "points.adjust")
    try:
        booked = await correcting.reverse_by_hand(entry, reason=form["reason"], store=actor().store)
    except DomainError as refusal:
        return shown_again(TEMPLATE, form, refusal, await _context(entry))
    return done(f"/entries/{booked.id}", _("The entry was taken back."))


async def _context(entry: UUID) -> dict[str, Any]:
    holder = await members.member(await correcting.holder_of(entry, "points.read"), permission="points.read")
    trace = await tracing.trace(entry)
    left = abs(trace.entry.amount) - trace.reversed
    instead = correcting.why_not(await find_entry(entry))
    return {
        "member": holder,
        "trace": trace,
        "entry": trace.entry,
        "text": telling.tell(trace),
        "rule": say_rule(trace.entry),
        "unit_title": (await unit_titles([trace.entry.unit]))[trace.entry.unit],
        "kinds": KINDS,
        "say": lambda amount: say_amount(amount, trace.entry.unit),
        "last_day": say_last_day,
        "zone": business().timezone,
        "may_adjust": actor().may_for_own("points.adjust", holder.store),
        "instead": instead,
        "reversible": instead is None and left > 0,
    }


handlers = [show_entry, reverse_entry]
