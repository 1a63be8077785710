"""Rows of a file as receipts: what was bought together, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby

import msgspec

from tessera.access.service.stores import StoreFacts
from tessera.kernel.business import business
from tessera.kernel.money import to_minor
from tessera.kernel.tabular import Row
from tessera.members import identities
from tessera.members.identities import Known
from tessera.members.imports.cells import Columns, store_named
from tessera.members.normalise import Unusable, normalise_external_id, parse_amount, parse_moment, plain
from tessera.purchases.service.checking import LARGEST
from tessera.purchases.service.contract import fingerprint
from tessera_hooks import Text, _

CANCELLED = "C"
"""Receipts that begin with it are cancellations: everything on them comes back."""

LONGEST_NUMBER = 118


class Line(msgspec.Struct, gc=False):
    """One row of the file as a line; ``quantity`` and ``amount`` are below zero for what comes back."""

    line: int
    receipt: str
    at: datetime
    sku: str | None
    item: str | None
    category: str | None
    quantity: Decimal
    unit_price: Decimal | None
    amount: int
    buyer: Known | None
    store: StoreFacts | None
    original: str | None

    @property
    def contents(self) -> tuple[object, ...]:
        """What makes two lines the same."""
        return (self.sku, self.item, self.quantity, self.unit_price, self.amount)


class Refused(msgspec.Struct, gc=False):
    """Rows that cannot be used, and why."""

    lines: list[int]
    reason: Text


@dataclass
class Part:
    """What was bought, or what came back, on one receipt."""

    number: str
    lines: list[Line]

    @property
    def at(self) -> datetime:
        """The earliest moment on it: tills stamp lines a minute apart."""
        return min(line.at for line in self.lines)

    @property
    def amount(self) -> int:
        """Its sum in minor units, always zero or more."""
        return abs(sum(line.amount for line in self.lines))

    @property
    def buyer(self) -> Known | None:
        """Who bought."""
        return next((line.buyer for line in self.lines if line.buyer is not None), None)

    @property
    def store(self) -> StoreFacts | None:
        """Where."""
        return next((line.store for line in self.lines if line.store is not None), None)

    def fingerprint(self, source: str, currency: str) -> str:
        """Equal for equal contents, in whatever order the lines stand; as PostgreSQL writes bytes in hex."""
        lines = sorted(([*line.contents] for line in self.lines), key=str)
        who = self.buyer.value if self.buyer else None
        return "\\x" + fingerprint([source, self.number, currency, self.at, who, lines]).hex()


@dataclass
class Receipt:
    """A receipt: a purchase, a return, or both; ``original`` is the number of what comes back."""

    number: str
    rows: list[int]
    bought: Part | None = None
    back: Part | None = None
    original: str | None = None
    problems: list[Text] = field(default_factory=list)


class Reader:
    """Understands rows by a plan. ``source`` names the till or shop that numbered the receipts."""

    def __init__(self, plan: Columns, source: str, currency: str, store: StoreFacts | None) -> None:
        self.plan = plan
        self.source = source
        self.currency = currency
        self.store = store

    def number(self, row: Row) -> str | None:
        """The receipt that a row belongs to."""
        text = plain(self.plan.cell(row.values, "receipt"))
        if not text:
            return None
        return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text

    def receipts(self, rows: Sequence[Row]) -> Iterator[Receipt | Refused]:
        """The receipts of rows that stand together by receipt; one bad row spoils its whole receipt."""
        for number, group in groupby(rows, key=self.number):
            members = list(group)
            if number is None or len(number) > LONGEST_NUMBER:
                reason = _("the row has no receipt number") if number is None else _("the receipt number is too long")
                yield Refused([row.line for row in members], reason)
                continue
            yield self._receipt(number, members)

    def _receipt(self, number: str, rows: list[Row]) -> Receipt | Refused:
        lines: list[Line] = []
        for row in rows:
            try:
                lines.append(self._line(number, row))
            except Unusable as refusal:
                reason = refusal.reason
                if len(rows) > 1:
                    reason = _("line {line} of the same receipt: {reason}", line=row.line, reason=reason)
                return Refused([r.line for r in rows], reason)
        if len({line.buyer.key for line in lines if line.buyer}) > 1:
            return Refused([r.line for r in rows], _("the lines of this receipt name different customers"))
        return _split(number, lines)

    def _line(self, number: str, row: Row) -> Line:
        cells = row.values
        store = self._store(self.plan.cell(cells, "store"))
        quantity = self._number(cells, "quantity", _("the quantity is no number")) or Decimal(1)
        price = self._number(cells, "unit_price", _("the price is no number"))
        return Line(
            line=row.line,
            receipt=number,
            at=parse_moment(self.plan.cell(cells, "at"), store.timezone if store else business().timezone),
            sku=_short(self.plan.cell(cells, "sku"), 80),
            item=_short(self.plan.cell(cells, "item"), 2000),
            category=_short(self.plan.cell(cells, "category"), 120),
            quantity=quantity,
            unit_price=price,
            amount=self._amount(self._number(cells, "amount", _("the amount is no number")), quantity, price),
            buyer=self._buyer(cells),
            store=store,
            original=plain(self.plan.cell(cells, "original")) or None,
        )

    def _number(self, cells: dict[str, str | None], name: str, reason: Text) -> Decimal | None:
        text = self.plan.cell(cells, name)
        if not text:
            return None
        try:
            number = parse_amount(text, self.currency)
        except Unusable:
            raise Unusable(reason) from None
        if abs(number) > LARGEST:
            raise Unusable(_("a number is too large"))
        return number

    def _amount(self, given: Decimal | None, quantity: Decimal, price: Decimal | None) -> int:
        """A line in minor units, rounded half up; its sign is that of the quantity."""
        if price is not None and price < 0:
            raise Unusable(_("the price is below zero"))
        if given is not None:
            amount = to_minor(abs(given), self.currency)
            return -amount if quantity < 0 or given < 0 else amount
        if price is None:
            raise Unusable(_("the row has neither price nor amount"))
        amount = to_minor(abs(quantity) * price, self.currency)
        return -amount if quantity < 0 else amount

    def _buyer(self, cells: dict[str, str | None]) -> Known | None:
        if text := self.plan.cell(cells, "customer"):
            return identities.external(self.source, normalise_external_id(text))
        for kind in ("card", "phone"):
            if text := self.plan.cell(cells, kind):
                return identities.identity(kind, text)
        return None

    def _store(self, code: str) -> StoreFacts | None:
        return store_named(code) if code else self.store


def _split(number: str, lines: list[Line]) -> Receipt:
    cancelled = number.startswith(CANCELLED) and number[1:].isdigit()
    back = [line for line in lines if cancelled or line.quantity < 0 or line.amount < 0]
    bought = [line for line in lines if line not in back] if back else lines
    receipt = Receipt(number, [line.line for line in lines])
    if bought:
        receipt.bought = Part(number, bought)
    if back:
        receipt.back = Part(number, back)
        named = next((line.original for line in back if line.original), None)
        receipt.original = named or (number[1:] if cancelled else number if bought else None)
    return receipt


def _short(text: str, longest: int) -> str | None:
    if len(text) > longest:
        raise Unusable(_("a text has more than {limit} characters", limit=longest))
    return text.replace("\x00", "") or None
