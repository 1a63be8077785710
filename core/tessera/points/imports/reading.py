"""Rows of a list of balances, understood: who, how much of what, since when and until when."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

import msgspec

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.errors import Invalid
from tessera.kernel.plugins import host
from tessera.kernel.tabular import Row
from tessera.members.imports.cells import store_named
from tessera.members.imports.whose import Whom, read_whom
from tessera.members.normalise import Unusable, parse_amount, parse_date, parse_moment, plain
from tessera.points.imports.columns import Plan, names_of, wide_units
from tessera.points.service.spending import LARGEST
from tessera.points.terms import LAST_YEAR
from tessera.points.units import UnitFacts, find_unit, known_unit
from tessera_hooks import Text, _

SPACE = UUID("6f1d0b52-6a4e-5d0c-9a37-0f3a5a0c7b11")
"""The name space of the keys by which a row is known again."""

NEVER = frozenset({"never", "none", "永久", "永不过期", "长期", "无限期", "不过期"})


class Part(msgspec.Struct, gc=False):
    """One amount of a row in the unit's smallest part; ``key`` knows it again, whatever the amount."""

    unit: str
    amount: int
    key: UUID


class Draft(msgspec.Struct, gc=False):
    """A row as values; ``by_policy`` where it does not say until when."""

    line: int
    who: Whom
    parts: list[Part]
    at: datetime | None
    expires_at: datetime | None
    by_policy: bool
    reason: str
    store: UUID | None


class Refused(msgspec.Struct, gc=False):
    """A row that cannot be used, why, and the amounts on it that can be read, for the control totals."""

    line: int
    reason: Text
    parts: list[Part]


class Reader:
    """Reads rows by a plan. ``source`` names the system whose ids the list holds."""

    def __init__(self, plan: Plan, source: str, unit: str, store: UUID | None) -> None:
        self.plan = plan
        self.source = source
        self.unit = unit
        self.store = store
        self.titles = {name.casefold(): unit for unit in wide_units().values() for name in names_of(unit)}

    def draft(self, row: Row) -> Draft | Refused:
        """The row's values, or why it is rejected."""
        parts: list[Part] = []
        try:
            found, wrong = self._amounts(row)
            parts += [Part(unit.name, amount, SPACE) for unit, amount in found]
            if wrong:
                raise wrong[0]
            return self._draft(row, found)
        except Unusable as refusal:
            return Refused(row.line, refusal.reason, parts)

    def _draft(self, row: Row, found: Sequence[tuple[UnitFacts, int]]) -> Draft:
        who = read_whom(self.plan.fields, row.values, self.source)
        at = self._cell(row, "at")
        until = self._cell(row, "expires_at")
        reference = plain(self._cell(row, "reference"))
        for unit, amount in found:
            refuse_unit(unit, amount)
        keys = hashlib.sha256("\x1f".join((at, until, reference)).encode()).hexdigest()
        return Draft(
            row.line,
            who,
            [Part(unit.name, amount, uuid5(SPACE, f"{unit.name}\x1f{keys}")) for unit, amount in found],
            parse_moment(at, business().timezone) if at else None,
            parse_expiry(until) if until else None,
            not until,
            plain(self._cell(row, "reason"))[:200],
            self._store(row),
        )

    def _amounts(self, row: Row) -> tuple[list[tuple[UnitFacts, int]], list[Unusable]]:
        """What stands on the row, zeros left out, and what of it cannot be read."""
        cells: list[tuple[str, UnitFacts | None]] = list(self.plan.wide.items())
        if "amount" in self.plan.fields:
            cells.append((self.plan.fields["amount"], None))
        found: list[tuple[UnitFacts, int]] = []
        wrong: list[Unusable] = []
        for column, unit in cells:
            text = (row.values.get(column) or "").strip()
            try:
                found += self._amount(unit or self._unit(row), text, column) if text else []
            except Unusable as refusal:
                wrong.append(refusal)
        return found, wrong

    def _amount(self, unit: UnitFacts, text: str, column: str) -> list[tuple[UnitFacts, int]]:
        try:
            amount = smallest(text, unit)
        except Unusable as refusal:
            raise Unusable(_("{column}: {reason}", column=column, reason=refusal.reason)) from None
        return [(unit, amount)] if amount else []

    def _unit(self, row: Row) -> UnitFacts:
        named = plain(self._cell(row, "unit")) or self.unit
        if not named:
            raise Unusable(_("the row does not say of what the amount is"))
        found = find_unit(named) or self.titles.get(named.casefold())
        if found is not None:
            return found
        try:
            return known_unit(named)
        except Invalid as refusal:
            raise Unusable(refusal.text) from None

    def _store(self, row: Row) -> UUID | None:
        code = self._cell(row, "store")
        return store_named(code).id if code else self.store

    def _cell(self, row: Row, name: str) -> str:
        return self.plan.cell(row.values, name)


def smallest(text: str, unit: UnitFacts) -> int:
    """An amount in the unit's smallest part; raises ``Unusable`` for parts that the unit does not have."""
    amount = parse_amount(text, unit.currency or business().currency)
    scaled = amount.scaleb(unit.scale)
    if scaled != scaled.to_integral_value():
        raise Unusable(_("{unit} has {n} decimals at most", unit=unit.name, n=unit.scale))
    if abs(scaled) > Decimal(LARGEST):
        raise Unusable(_("a number is too large"))
    return int(scaled)


def refuse_unit(unit: UnitFacts, amount: int) -> None:
    """Refuse what cannot be an opening balance: a debt, a plugin that is off, what comes with something sold."""
    if amount < 0:
        raise Unusable(_("a balance below zero is not brought along: book the debt by hand"))
    if not host().enabled(unit.plugin):
        raise Unusable(_("{unit}: the plugin {plugin} is not switched on", unit=unit.name, plugin=unit.plugin))
    if not unit.by_hand and unit.currency is None:
        raise Unusable(_("{unit} comes with what was sold: bring it with `import entitlements`", unit=unit.name))


def parse_expiry(text: str) -> datetime | None:
    """The first moment at which it is gone: a day is the last on which it counts; ``None`` for ever."""
    written = plain(text)
    if written.casefold() in NEVER:
        return None
    zone = business().timezone
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return _end_of(parse_date(written), zone)
    if at.year >= LAST_YEAR:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=clock.zone(zone))
    local = at.astimezone(clock.zone(zone))
    return _end_of(local.date(), zone) if local.time() == datetime.min.time() else at


def _end_of(day: date, zone: str) -> datetime | None:
    """The first moment after a day; where calendars end, other systems mean never."""
    return None if day.year >= LAST_YEAR else clock.midnight(day + timedelta(days=1), zone)
