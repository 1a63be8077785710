"""What the columns of a list of records mean, and each row as values that a form would have brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from tessera.access.service.stores import store_by_code, stores
from tessera.kernel.errors import DomainError, Invalid
from tessera.kernel.tabular import Row, restored
from tessera.kernel.texts import LOCALES, translate
from tessera.members import identities
from tessera.members.identities import Known
from tessera.members.imports.cells import remarks_on
from tessera.members.imports.mapping import assign, plain_header
from tessera.members.imports.people.columns import HEADERS as OF_MEMBERS
from tessera.members.normalise import Unusable, parse_date, plain
from tessera.records import reach
from tessera.records.kinds import Kind
from tessera.records.validate import checked
from tessera_hooks import ChoiceField, DateField, Measure, Text, _
from tessera_hooks.records import RecordField

MEMBER = ("number", "phone", "email", "card", "resident_id", "external", "identities")
"""The fields by which a row says whom it is about; the first that is filled in decides."""

_OWN: dict[str, tuple[str, ...]] = {
    "recorded_on": ("日期", "记录日期", "测试日期", "检测日期", "检查日期", "date", "recorded on", "day", "test date"),
    "record_note": ("备注", "備註", "说明", "note", "notes", "remark", "remarks", "comment"),
    "store": OF_MEMBERS["store"],
}


@dataclass
class Draft:
    """A row: whom it is about, its values as they are stored, and what else a new record would need."""

    line: int
    known: Known | None
    number: str | None
    store: UUID
    values: dict[str, Any]
    complete: dict[str, Any] | None
    missing: Text | None


@dataclass
class Refused:
    """A row that cannot be used, and why."""

    line: int
    reason: Text


@dataclass(frozen=True)
class Plan:
    """Which columns each field is read from, and what is said of the others."""

    fields: Mapping[str, Sequence[str]]
    remarks: Sequence[Text] = field(default=())


def headers_of(kind: Kind) -> dict[str, tuple[str, ...]]:
    """The names by which columns are recognised: a type's own fields first, in every language, with unit or not."""
    found = {name: OF_MEMBERS[name] for name in MEMBER} | dict(_OWN)
    for name, declared in kind.fields.items():
        labels = [translate(kind.label(name), locale) for locale in LOCALES]
        unit = declared.unit if isinstance(declared, Measure) else ""
        found[name] = (name, *labels, *(f"{label} {unit}" for label in labels if unit))
    plainly = {name: tuple(plain_header(header) for header in names) for name, names in found.items()}
    own = {header for name in kind.fields for header in plainly[name]}
    return {
        name: names if name in kind.fields else tuple(header for header in names if header not in own)
        for name, names in plainly.items()
    }


def plan(kind: Kind, columns: Sequence[str], given: Mapping[str, str]) -> Plan:
    """What each column means; refuses a list that says not whom or what it is about."""
    fields, ignored = assign(columns, given, headers_of(kind), MEMBER)
    shown = ", ".join(columns[:12])
    if not any(fields.get(name) for name in MEMBER):
        raise Invalid(
            _(
                "no column says which member a row is about (the columns are {columns}): "
                "name one, such as --map {first}=phone",
                columns=shown,
                first=columns[0],
            )
        )
    needed = [name for name in kind.natural_key if name not in fields]
    if needed or not any(name in fields for name in kind.fields):
        name = needed[0] if needed else next(iter(kind.fields), "record_note")
        raise Invalid(
            _(
                "no column is recognised as {field} (the columns are {columns}): "
                "name one, such as --map {first}={field}",
                field=name,
                columns=shown,
                first=columns[0],
            )
        )
    quiet = {plain_header(translate(t, locale)) for t in (_("Name"), _("Recorded by")) for locale in LOCALES}
    others = [column for column in ignored if plain_header(column) not in quiet]
    return Plan(fields, remarks_on(others))


class Parser:
    """Reads rows of one record type by a plan; ``home`` is the store of rows that name none."""

    def __init__(self, kind: Kind, decided: Plan, source: str, home: UUID | None) -> None:
        self.kind = kind
        self.plan = decided
        self.source = source
        self.stores = {store.id: store for store in reach.writing_stores(kind)}
        self.home = home if home is not None else next(iter(self.stores), None) if len(self.stores) == 1 else None

    def draft(self, row: Row) -> Draft | Refused:
        """The row's values, or why it is rejected: the first cell that cannot be used is named."""
        try:
            return self._draft(row)
        except DomainError as refusal:
            return Refused(row.line, _reason(refusal))

    def _draft(self, row: Row) -> Draft:
        number, known = self._member(row)
        store = self._store(self._cell(row, "store"))
        given = {name: text for name in self.kind.fields if (text := self._given(row, name)) is not None}
        if (note := self._cell(row, "record_note")) is not None:
            given["note"] = note
        if (day := self._cell(row, "recorded_on")) is not None:
            given["recorded_on"] = parse_date(day)
        elif "recorded_on" in self.kind.natural_key:
            raise Invalid(_("the row has no date"))
        today = reach.today_in(store)
        values = checked(self.kind, given, today, partial=True)
        try:
            return Draft(row.line, known, number, store, values, checked(self.kind, given, today), None)
        except Invalid as refusal:
            return Draft(row.line, known, number, store, values, None, _reason(refusal))

    def _cell(self, row: Row, name: str) -> str | None:
        for column in self.plan.fields.get(name, ()):
            text = row.values[column]
            if text is not None and text.strip():
                return restored(text).strip()
        return None

    def _given(self, row: Row, name: str) -> str | date | None:
        text = self._cell(row, name)
        return as_typed(self.kind.fields[name], text) if text is not None else None

    def _member(self, row: Row) -> tuple[str | None, Known | None]:
        for name in MEMBER:
            text = self._cell(row, name)
            if text is None:
                continue
            if name == "number":
                return plain(text).lstrip("'").removesuffix(".0"), None
            if name == "external":
                return None, identities.external(self.source, text)
            return None, identities.parse(text) if name == "identities" else identities.identity(name, text)
        raise Invalid(_("the row does not say which member it is about"))

    def _store(self, text: str | None) -> UUID:
        if text is None:
            if self.home is None:
                raise Invalid(_("the row names no store: give one with --store"))
            return self.home
        by_name = [s.id for s in stores() if s.name.casefold() == plain(text).casefold()]
        store = by_name[0] if len(by_name) == 1 else store_by_code(plain(text)).id
        if store not in self.stores:
            raise Invalid(_("choose one of your stores"))
        return store


def as_typed(declared: RecordField, text: str) -> str | date:
    """A cell as a form would have brought it: days in any usual order of parts, labels as codes, no unit."""
    match declared:
        case DateField():
            return parse_date(text)
        case ChoiceField():
            return _code_of(declared, text)
        case Measure():
            return plain(text).removesuffix(declared.unit).strip()
    return text


def _code_of(declared: ChoiceField, text: str) -> str:
    wanted = plain(text).casefold()
    for code, label in declared.options.items():
        if wanted in {code.casefold(), *(translate(label, locale).casefold() for locale in LOCALES)}:
            return code
    return text


def _reason(refusal: DomainError) -> Text:
    """The first thing that is wrong, in the words of a form."""
    message: str = refusal.message
    if isinstance(refusal, Unusable):
        message = refusal.reason
    elif isinstance(refusal, Invalid) and refusal.errors:
        message = refusal.errors[0].message
    return message if isinstance(message, Text) else Text(message)
