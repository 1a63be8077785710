"""Reports of money: what came in on some days, and what the business owes."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.business import business
from tessera.kernel.texts import translate
from tessera.points.saying import say_amount
from tessera.points.service.liability import UnitTotal, as_table, liability, rounded, shown
from tessera.points.units import find_unit
from tessera.purchases.forms import typed
from tessera.purchases.screens.files import Sheet, sent
from tessera.purchases.service.daily import POINTS, UNSAID, Takings, takings, totals
from tessera.purchases.service.methods import method_titles
from tessera.web.forms import Form
from tessera_hooks import Text, _

DAILY, OWED = "purchases/daily.html", "purchases/liability.html"
HERE, ALL_OWED = "/reports/takings", "/reports/liability"

LONGEST_DAYS = 366


def _day(given: str | None, otherwise: date) -> date:
    try:
        day = date.fromisoformat(given) if given else otherwise
    except ValueError:
        return otherwise
    return day if 2000 <= day.year < 3000 else otherwise


def meant_span(since: str | None, until: str | None) -> tuple[date, date]:
    """The days that are meant, at most a year of them; today without any."""
    first = _day(since, business().today())
    last = max(_day(until, first), first)
    return first, min(last, date.fromordinal(first.toordinal() + LONGEST_DAYS))


def meant_store(code: str | None) -> UUID | None:
    return next((s.id for s in access.stores_of(actor()) if s.code == code), None)


def _store_name(store: UUID | None) -> str:
    found = access.store_of(store)
    return found.name if found is not None else "–"


def _titles(rows: list[Takings]) -> dict[str, Text | str]:
    known = method_titles({row.method for row in rows})
    return {**known, POINTS: _("Points"), UNSAID: _("Not said")}


@get(HERE, permission="purchases.read")
async def show_takings(
    since: FromQuery[str | None] = None, until: FromQuery[str | None] = None, store: FromQuery[str | None] = None
) -> Template:
    """What came in by store, cashier and method."""
    first, last = meant_span(since, until)
    rows = await takings(first, last, store=meant_store(store))
    query = {"since": first.isoformat(), "until": last.isoformat(), "store": store or ""}
    context = {
        "rows": rows,
        "totals": totals(rows),
        "titles": _titles(rows),
        "form": Form.of(**query),
        "stores": [(s.code, s.name) for s in access.stores_of(actor())],
        "store_name": _store_name,
        "file": lambda kind: f"{HERE}/file?{urlencode({**query, 'kind': kind})}",
    }
    return Template(DAILY, context=context)


@get(f"{HERE}/file", permission="purchases.read")
async def takings_file(
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
    store: FromQuery[str | None] = None,
    kind: FromQuery[str] = "csv",
) -> Response[Any]:
    """What came in, as a file."""
    first, last = meant_span(since, until)
    rows = await takings(first, last, store=meant_store(store))
    titles = _titles(rows)
    columns = [
        _("Store"), _("Cashier"), _("Method"), _("Currency"), _("Sales"), _("Refunds"), _("Otherwise"), _("Net"),
    ]  # fmt: skip
    cells = [
        [
            _store_name(row.store),
            row.cashier or "",
            titles[row.method],
            row.currency,
            *(typed(amount, row.currency) for amount in (row.sales, row.refunds, row.taken, row.net)),
        ]
        for row in rows
    ]
    return await sent(Sheet(_("Takings"), columns, cells), f"takings-{first}-{last}", kind)


def _say(amount: int, unit: UnitTotal) -> str:
    """An amount as people read it; of a unit that nobody declares any more by the decimals it had."""
    return say_amount(amount, unit.unit) if find_unit(unit.unit) is not None else shown(amount, unit.scale)


def _month(given: str | None) -> date:
    return _day(f"{given}-01" if given else None, business().today()).replace(day=1)


@get(ALL_OWED, permission="points.read")
async def show_liability(month: FromQuery[str | None] = None) -> Template:
    """What the business owes at a month's end, by unit and store, and how that came about."""
    chosen = _month(month)
    found = await liability(chosen)
    context = {
        "units": found,
        "month": chosen,
        "form": Form.of(month=f"{chosen:%Y-%m}"),
        "store_name": _store_name,
        "say": _say,
        "rounded": rounded,
        "file": lambda kind: f"{ALL_OWED}/file?{urlencode({'month': f'{chosen:%Y-%m}', 'kind': kind})}",
    }
    return Template(OWED, context=context)


@get(f"{ALL_OWED}/file", permission="points.read")
async def liability_file(month: FromQuery[str | None] = None, kind: FromQuery[str] = "csv") -> Response[Any]:
    """What the business owes, as a file: movements first, then what is outstanding by month of the credit."""
    chosen = _month(month)
    found = await liability(chosen)
    columns = [
        _("Unit"), _("Code"), _("Store"), _("At the beginning"), _("Credited"), _("Spent"), _("Expired"), _("Refunded"),
        _("Corrected"), _("At the end"), _("Credited in"), _("Outstanding"), _("Worth"), _("Currency"),
    ]  # fmt: skip
    cells = [[*row, "", "", "", ""] for row in as_table(found, _store_name)]
    cells += [row for one in found for row in _outstanding(one)]
    return await sent(Sheet(_("Liability"), columns, cells), f"liability-{chosen:%Y-%m}", kind)


def _outstanding(unit: UnitTotal) -> list[list[Any]]:
    return [
        [
            unit.title,
            unit.unit,
            _store_name(one.store),
            *[""] * 7,
            f"{one.month:%Y-%m}" if one.month else translate(_("owed by members")),
            shown(one.amount, unit.scale),
            typed(rounded(one.value), one.currency) if one.value is not None else "",
            one.currency if one.value is not None else "",
        ]
        for one in unit.outstanding
    ]


handlers = [show_takings, takings_file, show_liability, liability_file]
