"""The settings page on how long points last."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Template

from tessera.kernel.business import business
from tessera.kernel.errors import DomainError
from tessera.points import terms
from tessera.points.service.lasting import set_lasting
from tessera.points.service.reversing import restore_days
from tessera.points.units import points_expiry
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Expiry, Text, _

PAGE = "points/lasting.html"

KINDS: list[tuple[str, Text]] = [
    ("month_end", _("a number of months, to the end of the month")),
    ("months", _("a number of months, to the day")),
    ("days", _("a number of days")),
    ("year_end", _("to the end of a year: 1 is the year in which they are earned")),
    ("on", _("until a fixed day")),
    ("inactivity", _("a number of days after the member last earned or spent")),
    ("never", _("for ever")),
]
"""The ways in which points may last."""


def _context(expiry: Expiry) -> dict[str, Any]:
    today = business().today()
    return {"kinds": KINDS, "until": terms.last_day(expiry, today)}


@get("/settings/points", permission="settings.write", sync_to_thread=False)
def show_lasting() -> Template:
    """How long points last."""
    now = points_expiry()
    form = Form.of(kind=now.kind, n=now.n or None, day=now.day, restored=restore_days())
    return Template(PAGE, context={"form": form, **_context(now)})


@post("/settings/points", permission="settings.write")
async def change_lasting(request: Request[Any, Any, Any]) -> Response[Any]:
    """Change how long points last."""
    form = await read_form(request)
    try:
        await set_lasting(_expiry(form), _whole(form["restored"]))
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, _context(points_expiry()))
    return done("/settings/points", _("Saved. What was earned before keeps its day."))


def _expiry(form: Form) -> Expiry:
    kind: Any = form["kind"] if form["kind"] in dict(KINDS) else "never"
    counts = kind not in ("never", "on")
    return Expiry(kind, _whole(form["n"]) if counts else 0, _day(form["day"]) if kind == "on" else None)


def _whole(given: str) -> int:
    """A number that was filled in; -1, which nothing accepts, where it is none."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else -1


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


handlers = [show_lasting, change_lasting]
