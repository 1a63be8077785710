"""The page of what a member has: a tab for each unit, what expires when, every entry with why it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.kernel.money import read_number
from tessera.kernel.plugins import host
from tessera.members import service as members
from tessera.points import service
from tessera.points.ledger import POINTS
from tessera.points.saying import say_amount, say_last_day
from tessera.points.service.telling import tell
from tessera.points.service.tracing import traces
from tessera.points.service.units import by_hand_unit, find_unit, known_unit, unit_titles
from tessera.points.units import Term, UnitFacts, known_names
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Text, _

PAGE = 50

TEMPLATE = "points/list.html"


@dataclass(frozen=True)
class Tab:
    """A unit that a member has something of."""

    unit: str
    title: Text | str
    held: str
    url: str


@get("/members/{member:uuid}/points", permission="points.read")
async def show_points(
    member: FromPath[UUID], unit: FromQuery[str] = POINTS, before: FromQuery[UUID | None] = None
) -> Template:
    """What a member has, what expires when, and how it came about."""
    return Template(TEMPLATE, context={"form": Form.of(kind="credit"), **await _context(member, unit, before)})


@post("/members/{member:uuid}/points", permission="points.write")
async def book(request: Request[Any, Any, Any], member: FromPath[UUID]) -> Response[Any]:
    """Credit or debit by hand."""
    form = await read_form(request)
    try:
        unit = by_hand_unit(form["unit"])
        found = await members.member(member, permission="points.write")
        await form.once(lambda: _book(found.id, unit, form))
    except DomainError as refusal:
        return shown_again(TEMPLATE, form, refusal, await _context(member, form["unit"], None))
    return done(_url(found.id, unit.name), _("It was booked."))


async def _book(member: UUID, unit: UnitFacts, form: Form) -> None:
    account, amount, here = await members.account_of(member), _amount(form["amount"], unit), actor().store
    if form["kind"] == "debit":
        await service.debit(account, member, amount, reason=form["reason"], unit=unit.name, store=here)
    else:
        lasts = _lasts(form["until"], unit)
        await service.credit(
            account, member, amount, reason=form["reason"], expires_at=lasts, unit=unit.name, store=here
        )


def _amount(given: str, unit: UnitFacts) -> int:
    """An amount as people write it, in the unit's smallest part."""
    try:
        amount = read_number(given).scaleb(unit.scale)
    except ValueError:
        amount = Decimal(0)
    if amount != amount.to_integral_value() or not 0 < amount <= service.LARGEST:
        some, whole = (
            _("give an amount above zero with at most {n} decimals", n=unit.scale),
            _("give a whole number above zero"),
        )
        message = some if unit.scale else whole
        raise Invalid(message, [FieldError("amount", message)])
    return int(amount)


def _lasts(given: str, unit: UnitFacts) -> datetime | Term | None:
    """Until the end of a day; without one points last for ever, and other units as they say."""
    if not given:
        return None if unit.name == POINTS else service.BY_POLICY
    try:
        day = datetime.strptime(given, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day, of no zone yet
    except ValueError:
        message = _("give a day like 2026-12-31")
        raise Invalid(message, [FieldError("until", message)]) from None
    return clock.midnight(day + timedelta(days=1), business().timezone)


async def _context(asked: UUID, unit: str, before: UUID | None) -> dict[str, Any]:
    someone = await members.member(asked, permission="points.read")
    held = await service.balances(someone.id)
    known = find_unit(unit)
    if unit not in held and known is None:
        unit, known = POINTS, known_unit(POINTS)
    found = await service.entries(someone.id, unit=unit, before=before, limit=PAGE + 1)
    titles = await unit_titles([*held, unit])
    tabs = [
        Tab(name, titles[name], say_amount(facts.available, name), _url(someone.id, name))
        for name, facts in held.items()
    ]
    return {
        "member": someone,
        "unit": unit,
        "unit_title": titles[unit],
        "tabs": tabs,
        "points": held.get(unit, service.BalanceFacts()),
        "entries": [(trace.entry, tell(trace)) for trace in await traces(found[:PAGE])],
        "next_url": f"{_url(someone.id, unit)}&before={found[PAGE - 1].id}" if len(found) > PAGE else "",
        "zone": business().timezone,
        "say": say_amount,
        "last_day": say_last_day,
        "may_book": actor().may_for_own("points.write", someone.store)
        and known is not None
        and known.by_hand
        and host().enabled(known.plugin),
        "others": await _others(someone.id, set(held)),
    }


async def _others(member: UUID, held: set[str]) -> list[tuple[str, Text | str]]:
    """Units that can be booked by hand and of which a member has nothing yet."""
    names = [name for name in known_names() if name not in held and not name.endswith("…")]
    units = [known_unit(name) for name in names]
    return [(_url(member, one.name), one.title) for one in units if one.by_hand and host().enabled(one.plugin)]


def _url(member: UUID, unit: str) -> str:
    return f"/members/{member}/points?unit={unit}"


handlers = [show_points, book]
