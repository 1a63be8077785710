"""Shifts at the till: open, what has come in so far, count and end; all of them for whoever looks after the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.business import business
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.purchases.forms import minor_of, typed
from tessera.purchases.service.methods import is_own, method_titles, own_methods
from tessera.purchases.service.shift_figures import (
    Figure,
    ShiftFacts,
    beside,
    differences,
    moved_in,
    needs_note,
    note_beyond,
    set_note_beyond,
    to_count,
)
from tessera.purchases.service.shift_list import open_shifts, own_shifts, shifts
from tessera.purchases.service.shifts import ExpectedChanged, end_shift, open_shift, shift
from tessera.purchases.service.takings import KINDS, move_cash, taken_in
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

OWN, LIST, ONE = "purchases/shift.html", "purchases/shifts.html", "purchases/shift_one.html"
COUNT, CHECK, SETTINGS = "purchases/shift_count.html", "purchases/shift_check.html", "purchases/shift_settings.html"
HERE = "/till/shift"
ALL = "/till/shifts"
SAYS_WHEN = "/settings/shifts"
ROWS = 50

DIRECTIONS = {"in": 1, "out": -1}
"""Cash that is put into the drawer, and cash that is taken out."""


async def _now() -> dict[str, Any]:
    """One's own open shift, that of the store one works in first, and where else one could be open."""
    mine = await own_shifts()
    current = next((one for one in mine if one.store == actor().store), mine[0] if mine else None)
    stores = [s for s in access.stores_of(actor()) if actor().may("purchases.write", s.id)]
    chosen = access.store_of(actor().store)
    context = {
        "shift": current,
        "others": [one for one in mine if one is not current],
        "stores": [] if chosen is not None else [(s.code, s.name) for s in stores],
        "place": chosen,
        "store_of": access.store_of,
        "is_person": actor().staff_id is not None,
    }
    return {**context, **(await _figures(current) if current else {})}


async def _figures(one: ShiftFacts) -> dict[str, Any]:
    figures = await moved_in(one)
    taken = await taken_in(one.id)
    return {
        "figures": figures,
        "titles": method_titles([f.method for f in figures]),
        "beside": await beside(one.id),
        "taken": taken,
        "kinds": KINDS,
        "is_own": is_own,
        "form": Form(),
    }


@get(HERE, permission="purchases.write")
async def show_own() -> Template:
    """One's own shift as it stands, or the form that opens one."""
    context = await _now()
    return Template(OWN, context={"form": Form(), **context})


@post(HERE, permission="purchases.write")
async def begin(request: Request[Any, Any, Any]) -> Response[Any]:
    """Open one's shift with what is in the drawer."""
    form = await read_form(request)
    try:
        store = form["store"] or None
        place = access.store_by_code(store) if store else access.store_of(actor().store)
        opening = minor_of(form["opening"] or "0", place.currency if place else business().currency, "opening")
        await open_shift(opening, store=store)
    except DomainError as refusal:
        return shown_again(OWN, form, refusal, await _now())
    return done(HERE, _("Your shift is open."))


@post(f"{HERE}/cash", permission="purchases.write")
async def move(request: Request[Any, Any, Any]) -> Response[Any]:
    """Put cash into the drawer or take it out."""
    form = await read_form(request)
    context = await _now()
    one: ShiftFacts | None = context["shift"]
    try:
        amount = minor_of(form["amount"], one.currency if one else business().currency, "amount")
        if amount <= 0:
            message = _("give an amount above zero")
            raise Invalid(message, [FieldError("amount", message)])
        if form["direction"] not in DIRECTIONS:
            message = _("say whether it was put in or taken out")
            raise Invalid(message, [FieldError("direction", message)])
        signed = DIRECTIONS[form["direction"]] * amount
        here = one.store if one else actor().store
        await form.once(lambda: move_cash(signed, form["reason"], store=here))
    except DomainError as refusal:
        return shown_again(OWN, form, refusal, context)
    return done(HERE, _("Noted."))


def _countable(figures: list[Figure], one: ShiftFacts) -> list[str]:
    """The methods that one is asked to count: the business's own, and what moved by others of its own."""
    return list(dict.fromkeys([*own_methods(), *to_count(one, figures)]))


async def _counting(one: ShiftFacts) -> dict[str, Any]:
    methods = _countable(await moved_in(one), one)
    return {"shift": one, "methods": methods, "titles": method_titles(methods), "store_of": access.store_of}


@get(ALL + "/{shift_id:uuid}/end", permission="purchases.write")
async def count(shift_id: FromPath[UUID]) -> Template:
    """The form for what was counted; what is expected is shown only afterwards."""
    one = await shift(shift_id, "purchases.write")
    return Template(COUNT, context={"form": Form(), **await _counting(one)})


@post(ALL + "/{shift_id:uuid}/end", permission="purchases.write")
async def check_or_end(request: Request[Any, Any, Any], shift_id: FromPath[UUID]) -> Response[Any]:
    """Show by how much the count differs; with the word of confirmation end the shift."""
    form = await read_form(request)
    one = await shift(shift_id, "purchases.write")
    context = await _counting(one)
    try:
        counted = _counted(form, context["methods"], one.currency)
    except DomainError as refusal:
        return shown_again(COUNT, form, refusal, context)
    if form["confirm"] == "again":
        return Template(COUNT, context={**context, "form": form}, media_type="text/html")
    if form["confirm"] != "yes":
        return Template(CHECK, context={"form": form, **await _difference(one, counted)}, media_type="text/html")
    try:
        await end_shift(shift_id, counted, note=form["note"], shown=_shown(form))
    except (ExpectedChanged, Invalid) as refusal:
        return shown_again(CHECK, form, refusal, await _difference(one, counted))
    return done(f"{ALL}/{shift_id}", _("The shift is ended."))


def _counted(form: Form, methods: list[str], currency: str) -> dict[str, int]:
    counted = {}
    for method in methods:
        amount = minor_of(form[f"counted.{method}"] or "0", currency, f"counted.{method}")
        if amount < 0:
            message = _("give an amount, zero or more")
            raise Invalid(message, [FieldError(f"counted.{method}", message)])
        counted[method] = amount
    return counted


def _shown(form: Form) -> Mapping[str, int]:
    try:
        return msgspec.json.decode(form["shown"].encode(), type=dict[str, int])
    except msgspec.DecodeError:
        return {}


async def _difference(one: ShiftFacts, counted: Mapping[str, int]) -> dict[str, Any]:
    expected = to_count(one, await moved_in(one))
    by_method = {m: d for m, d in differences(expected, counted).items() if expected.get(m) or counted.get(m)}
    return {
        "shift": one,
        "expected": expected,
        "counted": counted,
        "differences": by_method,
        "titles": method_titles(by_method),
        "needs_note": needs_note(expected, counted, one.currency),
        "beyond": note_beyond(one.currency),
        "shown": msgspec.json.encode(expected).decode(),
        "typed": typed,
        "store_of": access.store_of,
    }


@get(ALL, permission="purchases.read")
async def show_all(
    store: FromQuery[str | None] = None, day: FromQuery[str | None] = None, before: FromQuery[UUID | None] = None
) -> Template:
    """Shifts with their differences, by store and day; those still open first."""
    known = {s.code: s for s in access.stores_of(actor())}
    place = known.get(store or "")
    chosen = _day(day)
    found = await shifts(
        store=place.id if place else None, day=chosen, before=before, ended=chosen is None, limit=ROWS + 1
    )
    query = {"store": place.code if place else "", "day": chosen.isoformat() if chosen else ""}
    older = {**query, "before": str(found[ROWS - 1].id)} if len(found) > ROWS else {}
    context = {
        "found": found[:ROWS],
        "open": [] if before or chosen else await open_shifts(store=place.id if place else None),
        "form": Form.of(**query),
        "stores": [(s.code, s.name) for s in known.values()],
        "older": f"{ALL}?{urlencode(older)}" if older else "",
        "store_of": access.store_of,
        "may_change": actor().may("settings.write"),
        "beyond": note_beyond,
    }
    return Template(LIST, context=context)


def _day(typed: str | None) -> date | None:
    try:
        day = date.fromisoformat(typed) if typed else None
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 3000 else None


@get(ALL + "/{shift_id:uuid}", permission="purchases.read")
async def show_one(shift_id: FromPath[UUID]) -> Template:
    """One shift: what moved, what was expected and counted, and what was said of the difference."""
    one = await shift(shift_id)
    expected, counted = one.expected or {}, one.counted or {}
    ended = {m: d for m, d in differences(expected, counted).items() if expected.get(m) or counted.get(m)}
    context = {
        "shift": one,
        "differences": ended,
        "store_of": access.store_of,
        "may_end": one.closed_at is None and actor().may("purchases.write", one.store),
        **await _figures(one),
    }
    context["titles"] = method_titles([*context["titles"], *ended])
    return Template(ONE, context=context)


@get(SAYS_WHEN, permission="settings.write", sync_to_thread=False)
def show_settings() -> Template:
    """From which difference on a note is needed."""
    own = business().currency
    return Template(SETTINGS, context={"form": Form.of(beyond=typed(note_beyond(own), own))})


@post(SAYS_WHEN, permission="settings.write")
async def change_settings(request: Request[Any, Any, Any]) -> Response[Any]:
    """Change from which difference on a note is needed."""
    form = await read_form(request)
    try:
        await set_note_beyond(form["beyond"])
    except DomainError as refusal:
        return shown_again(SETTINGS, form, refusal)
    return done(SAYS_WHEN, _("Saved."))


handlers = [show_own, begin, move, count, check_or_end, show_all, show_one, show_settings, change_settings]
