"""The JSON of a record type, as structs made from its declaration: OpenAPI describes them, the one check judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tessera.access.service.stores import store_of
from tessera.records import present
from tessera.records.kinds import Kind
from tessera.records.rows import Entry
from tessera.records.validate import MASK
from tessera_hooks import ChoiceField, DateField, Derived, Measure, TextField, YesNoField
from tessera_hooks.records import RecordField

Named = list[tuple[str, Any, Any]]


@dataclass(frozen=True)
class Shapes:
    """What the endpoints of a record type take and answer."""

    new: type[msgspec.Struct]
    correction: type[msgspec.Struct]
    record: type[msgspec.Struct]
    page: type[msgspec.Struct]


def shapes_of(kind: Kind) -> Shapes:
    """The structs of a record type.

    Bounds stand in the description only: values outside of them are refused by the same check, in the
    same words, as those of a form.
    """
    name = "".join(part.capitalize() for part in f"{kind.plugin}_{kind.name}".split("_"))
    own: Named = [("recorded_on", _input_day("the day in the store's zone; today unless given"), None)]
    taken: Named = [(n, taken_type(f), None) for n, f in kind.fields.items()]
    note: Named = [("note", str | None, None)]
    new = msgspec.defstruct(
        f"New{name}",
        [("member", UUID), ("store", _described(str | None, "the store's code"), None), *own, *taken, *note],
        forbid_unknown_fields=True,
        module=__name__,
    )
    correction = msgspec.defstruct(
        f"{name}Correction",
        [("version", int), *((n, type_ | UnsetType, UNSET) for n, type_, _ in [*own, *taken, *note])],
        forbid_unknown_fields=True,
        module=__name__,
    )
    record = msgspec.defstruct(f"{name}Record", _answered(kind), module=__name__, kw_only=True)
    page = msgspec.defstruct(
        f"{name}Page",
        [("items", list[record]), ("next", str | None)],  # type: ignore[valid-type]
        module=__name__,
    )
    return Shapes(new, correction, record, page)


def _described(type_: Any, description: str, **extra: Any) -> Any:
    return Annotated[type_, Meta(extra_json_schema={"description": description, "extra": extra})]


def _input_day(description: str) -> Any:
    return _described(str | None, description, examples=["2026-11-21"])


def taken_type(field: RecordField) -> Any:
    """What JSON may bring for a field."""
    label = str(field.label or "")
    match field:
        case Measure():
            about = f"{label}, {field.low} to {field.high} {field.unit}, at most {field.decimals} decimals"
            return _described(str | float | None, about, minimum=field.low, maximum=field.high)
        case ChoiceField():
            return _described(str | None, f"{label}: one of {', '.join(field.options)}")
        case YesNoField():
            return _described(bool | None, label)
        case DateField():
            return _input_day(label)
        case TextField():
            return _described(str | None, f"{label}, at most {field.max_length} characters")


def _answered(kind: Kind) -> list[tuple[str, Any]]:
    named: list[tuple[str, Any]] = [("id", UUID), ("member", UUID), ("store", str | None), ("recorded_on", date)]
    named += [(name, answered_type(field)) for name, field in kind.fields.items()]
    named += [(name, _described(Decimal | None, _unit(derived))) for name, derived in kind.derived.items()]
    return [
        *named,
        (
            "bands",
            _described(dict[str, str], "the band of a derived value, where the member belongs to its population"),
        ),
        ("missing", _described(dict[str, list[str]], "the inputs without which a derived value could not be computed")),
        ("note", str | None),
        ("staff", UUID | None),
        ("origin", str),
        ("created_at", datetime),
        ("version", int),
    ]


def _unit(derived: Derived) -> str:
    return f"{derived.label}, {derived.unit}" if derived.unit else str(derived.label)


def answered_type(field: RecordField) -> Any:
    """What JSON says of a field; numbers are decimal strings, as exact as they were measured."""
    match field:
        case Measure():
            type_: Any = Decimal | None
            return _described(type_, f"{field.label or ''}, {field.unit}")
        case YesNoField():
            return bool | str | None if field.sensitive else bool | None
        case DateField():
            return str | None if field.sensitive else date | None
        case _:
            return str | None


def as_json(shapes: Shapes, entry: Entry) -> msgspec.Struct:
    """A record as the endpoints answer it; what this person may not see is masked."""
    kind = entry.kind
    store = store_of(entry.store)
    hidden = {n for n in entry.values if present.is_masked(kind, n, entry.store)}
    values = {n: MASK if v is not None and n in hidden else v for n, v in entry.values.items()}
    bands = {name: entry.band(name) for name in kind.derived}
    return shapes.record(
        id=entry.id,
        member=entry.member,
        store=store.code if store else None,
        recorded_on=entry.recorded_on,
        **values,
        bands={name: str(band.label) for name, band in bands.items() if band is not None},
        missing={n: [str(m) for m in entry.missing(n)] for n in kind.derived if entry.values[n] is None},
        note=entry.note,
        staff=entry.staff,
        origin=entry.origin,
        created_at=entry.created_at,
        version=entry.version,
    )


def given(body: msgspec.Struct) -> dict[str, Any]:
    """The values that a body brought."""
    return {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
