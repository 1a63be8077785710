"""Rows of a list of entitlements, understood: who, which kind, and the kind's own fields as values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel.business import business
from tessera.kernel.errors import Invalid
from tessera.kernel.money import minor_digits
from tessera.kernel.plugins import host
from tessera.kernel.tabular import Row
from tessera.members.imports.cells import Columns, store_named
from tessera.members.imports.whose import Whom, read_whom
from tessera.members.normalise import Unusable, parse_amount, parse_date, parse_moment, plain
from tessera.purchases.imports.entitlements.kinds import Known, kind_of
from tessera.purchases.service.checking import LARGEST
from tessera_hooks import EntitlementField, Text, _

LONGEST = 200


class Draft(msgspec.Struct, gc=False):
    """A row as values.

    ``fingerprint`` knows it again: by its reference where it has one, by all that it says otherwise;
    ``contents`` is all that it says.
    """

    line: int
    kind: Known
    who: Whom
    values: dict[str, Any]
    at: datetime | None
    currency: str
    reference: str
    store: UUID | None
    fingerprint: bytes
    contents: bytes


class Refused(msgspec.Struct, gc=False):
    """A row that cannot be used, why, and what of it can be read, for the control totals."""

    line: int
    why: Text
    kind: Known | None
    values: dict[str, Any]


class Reader:
    """Reads rows by a plan. ``source`` names the system whose ids the list holds."""

    def __init__(self, plan: Columns, source: str, kind: str, store: UUID | None, currency: str) -> None:
        self.plan = plan
        self.source = source
        self.kind = kind
        self.store = store
        self.currency = currency

    def draft(self, row: Row) -> Draft | Refused:
        """The row's values, or why it is rejected."""
        kind: Known | None = None
        values: dict[str, Any] = {}
        try:
            kind = self._kind(row)
            currency = self._currency(row)
            wrong = [refusal for field in kind.kind.fields if (refusal := self._wrong(row, field, currency, values))]
            if wrong:
                raise wrong[0]
            return self._draft(row, kind, currency, values)
        except Unusable as refusal:
            return Refused(row.line, refusal.reason, kind, values)

    def _draft(self, row: Row, kind: Known, currency: str, values: dict[str, Any]) -> Draft:
        if not host().enabled(kind.plugin):
            raise Unusable(_("{kind}: the plugin {plugin} is not switched on", kind=kind.name, plugin=kind.plugin))
        at, reference = self._cell(row, "at"), plain(self._cell(row, "reference"))
        if len(reference) > LONGEST:
            raise Unusable(_("a text has more than {limit} characters", limit=LONGEST))
        contents = _digest(kind.name, currency, at, reference, *(f"{k}={v}" for k, v in sorted(values.items())))
        return Draft(
            line=row.line,
            kind=kind,
            who=read_whom(self.plan.fields, row.values, self.source),
            values=values,
            at=parse_moment(at, business().timezone) if at else None,
            currency=currency,
            reference=reference,
            store=self._store(row),
            fingerprint=_digest("reference", reference) if reference else contents,
            contents=contents,
        )

    def _kind(self, row: Row) -> Known:
        named = self._cell(row, "kind") or self.kind
        if not named:
            raise Unusable(_("the row does not say of what kind it is"))
        try:
            return kind_of(named)
        except Invalid as refusal:
            raise Unusable(refusal.text) from None

    def _currency(self, row: Row) -> str:
        currency = plain(self._cell(row, "currency")).upper() or self.currency
        try:
            minor_digits(currency)
        except Invalid as refusal:
            raise Unusable(refusal.text) from None
        return currency

    def _wrong(self, row: Row, field: EntitlementField, currency: str, values: dict[str, Any]) -> Unusable | None:
        """Read a field into ``values``; answers what is wrong with it, so that the others are read all the same."""
        try:
            self._value(row, field, currency, values)
        except Unusable as refusal:
            return refusal
        return None

    def _value(self, row: Row, field: EntitlementField, currency: str, values: dict[str, Any]) -> None:
        text = self._cell(row, field.name)
        if not text:
            if field.needed:
                raise Unusable(_("{column}: this is needed", column=self.plan.fields.get(field.name, field.name)))
            return
        try:
            values[field.name] = READERS[field.type](text, currency)
        except Unusable as refusal:
            column = self.plan.fields[field.name]
            raise Unusable(_("{column}: {reason}", column=column, reason=refusal.reason)) from None

    def _store(self, row: Row) -> UUID | None:
        code = self._cell(row, "store")
        return store_named(code).id if code else self.store

    def _cell(self, row: Row, name: str) -> str:
        return self.plan.cell(row.values, name)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def _text(text: str, _currency: str) -> str:
    cleaned = plain(text)
    if len(cleaned) > LONGEST or "\x00" in cleaned:
        raise Unusable(_("a text has more than {limit} characters", limit=LONGEST))
    return cleaned


def _number(text: str, currency: str) -> Decimal:
    number = parse_amount(text, currency)
    if not 0 <= number <= LARGEST:
        raise Unusable(_("give a number, zero or more"))
    return number


def _count(text: str, currency: str) -> int:
    number = _number(text, currency)
    if number != number.to_integral_value():
        raise Unusable(_("give a whole number"))
    return int(number)


def _money(text: str, currency: str) -> int:
    minor = _number(text, currency).scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        raise Unusable(_("{currency} has {n} decimals at most", currency=currency, n=minor_digits(currency)))
    return int(minor)


def _day(text: str, _currency: str) -> date:
    written = plain(text)
    try:
        return datetime.fromisoformat(written).date()
    except ValueError:
        return parse_date(written)


READERS: Mapping[str, Callable[[str, str], Any]] = {
    "text": _text,
    "count": _count,
    "money": _money,
    "number": _number,
    "day": _day,
}
"""How a cell of each type becomes a value."""
