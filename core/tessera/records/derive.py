"""What one declared record type brings with it: permissions, events, facts, a screen and a card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal
from uuid import UUID

import msgspec

from tessera.kernel.plugins.host import Declared, Derivation
from tessera.records import cards, timeline
from tessera.records.kinds import kind_of
from tessera_hooks import (
    ChoiceField,
    DateField,
    Event,
    Fact,
    Measure,
    Permission,
    RecordType,
    Screen,
    Slot,
    TextField,
    YesNoField,
    _,
)
from tessera_hooks.conditions import FactType

FACT_TYPES: dict[type, FactType] = {
    Measure: "number",
    TextField: "text",
    ChoiceField: "text",
    YesNoField: "yes_no",
    DateField: "date",
}


class RecordEvent(msgspec.Struct):
    """What is told of a record: which one; its values stay in its own table."""

    record: UUID


def permissions(declared: Declared[RecordType]) -> Iterable[Permission]:
    """The rights to see and to write records of a type."""
    kind = kind_of(declared)
    yield Permission(f"{kind.name}.read", _("See records: {what}", what=kind.titles))
    yield Permission(f"{kind.name}.write", _("Write records: {what}", what=kind.titles))


def events(declared: Declared[RecordType]) -> Iterable[Event]:
    """A record was made (on the timeline), or corrected (for programs)."""
    kind = kind_of(declared)
    yield Event(
        f"{kind.name}_recorded",
        kind.title,
        RecordEvent,
        icon=kind.type.icon,
        timeline=timeline.reader(kind),
    )
    yield Event(
        f"{kind.name}_changed",
        _("{what} corrected", what=kind.title),
        RecordEvent,
        icon=kind.type.icon,
        on_timeline=False,
    )


def facts(declared: Declared[RecordType]) -> Iterable[Fact]:
    """What conditions may ask: the latest known values, how many in 90 days, and how long ago the last."""
    kind = kind_of(declared)
    of_member = f"FROM {kind.table} r WHERE r.member = m.id"
    for name in kind.columns:
        if name in kind.sealed:
            continue  # words that the database cannot read are nothing to ask for
        yield Fact(
            f"{kind.code}.latest.{name}",
            _("{what}: latest {value}", what=kind.title, value=kind.label(name)),
            FACT_TYPES.get(type(kind.fields.get(name)), "number"),
            f"(SELECT r.{name} {of_member} AND r.{name} IS NOT NULL ORDER BY r.recorded_on DESC, r.id DESC LIMIT 1)",
        )
    last = f"(SELECT max(r.recorded_on) {of_member})"
    yield Fact(
        f"{kind.code}.count_90_days",
        _("{what}: number in the last 90 days", what=kind.titles),
        "number",
        f"(SELECT count(*) {of_member} AND r.recorded_on > {{today}}::date - 90)",
    )
    yield Fact(f"{kind.code}.last_day", _("{what}: day of the last", what=kind.titles), "date", last)
    yield Fact(
        f"{kind.code}.days_since_last",
        _("{what}: days since the last", what=kind.titles),
        "number",
        f"({{today}}::date - {last})",
    )


def screens(declared: Declared[RecordType]) -> Iterable[Screen]:
    """The list of all records, in the navigation."""
    kind = kind_of(declared)
    yield Screen(kind.name, kind.titles, kind.type.icon, kind.read, handlers=(), path=kind.slug, on_phone=True)


def slots(declared: Declared[RecordType]) -> Iterable[Slot]:
    """The latest values on the member's page, and the way to the form."""
    kind = kind_of(declared)
    place: Literal["member.profile", "member.card"] = "member.profile" if kind.type.profile else "member.card"
    yield Slot(place, "records/card.html", cards.context(kind), kind.read)


DERIVATIONS: Mapping[str, Mapping[str, Derivation]] = {
    "record_types": {
        "permissions": permissions,
        "events": events,
        "facts": facts,
        "screens": screens,
        "slots": slots,
    }
}
