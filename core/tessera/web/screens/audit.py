"""Settings: the audit, and what raises an alarm."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromQuery
from litestar.response import Template

from tessera.access import service
from tessera.access.actor import actor
from tessera.access.audit import actions, reading, unusual
from tessera.kernel.errors import DomainError
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

LIST, LIMITS = "web/settings/audit.html", "web/settings/audit_limits.html"
HERE = "/settings/audit"
ROWS = 50

WHO = {"staff": _("A person"), "key": _("An API key")}


@get(HERE, permission=reading.PERMISSION)
async def show_audit(
    group: FromQuery[str | None] = None,
    person: FromQuery[UUID | None] = None,
    member: FromQuery[UUID | None] = None,
    day: FromQuery[str | None] = None,
    cursor: FromQuery[UUID | None] = None,
) -> Template:
    """Who did and saw what, the newest first."""
    wanted = reading.Filter(group=group or None, actor=person, member=member, day=_day(day))
    page = await reading.page(wanted, cursor=cursor, limit=ROWS)
    chosen = {"group": group, "person": person, "member": member, "day": wanted.day}
    chosen = {name: value for name, value in chosen.items() if value}
    context = {
        "page": page,
        "form": Form.of(group=group or "", day=wanted.day),
        "groups": actions.GROUPS.items(),
        "chosen": chosen,
        "query": lambda **changed: _query({**chosen, **changed}),
        "older": f"{HERE}?{_query({**chosen, 'cursor': page.next})}" if page.next else "",
        "store_names": {store.id: store.name for store in service.stores()},
        "may_change": actor().may("settings.write"),
        "first": cursor is None,
    }
    return Template(LIST, context=context)


def _day(typed: str | None) -> date | None:
    try:
        day = date.fromisoformat(typed) if typed else None
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 3000 else None


def _query(chosen: dict[str, Any]) -> str:
    return urlencode({name: str(value) for name, value in chosen.items() if value})


def _fields() -> list[tuple[str, str, str]]:
    return [(who, kind, f"{who}_{kind}") for who in unusual.USUAL for kind in unusual.KINDS]


@get(f"{HERE}/limits", permission="settings.write", sync_to_thread=False)
def show_limits() -> Template:
    """From how much in a day the owner is told."""
    form = Form.of(**{name: unusual.usual(who, kind) for who, kind, name in _fields()})
    return Template(LIMITS, context={"form": form, "kinds": unusual.KINDS, "who": WHO})


@post(f"{HERE}/limits", permission="settings.write")
async def change_limits(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say how much is usual."""
    form = await read_form(request)
    wanted = {who: {kind: form[f"{who}_{kind}"] for kind in unusual.KINDS} for who in unusual.USUAL}
    try:
        await unusual.set_usual(wanted)
    except DomainError as refusal:
        return shown_again(LIMITS, form, refusal, {"kinds": unusual.KINDS, "who": WHO})
    return done(f"{HERE}/limits", _("Saved."))


handlers = [show_audit, show_limits, change_limits]
