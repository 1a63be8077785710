"""What an entry form shows: inputs that suit a thumb, what was measured last time, what is carried over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.access.service.stores import StoreFacts
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import translate
from tessera.members import service as members
from tessera.records import present, reach, rows
from tessera.records.kinds import Kind
from tessera.records.rows import Entry
from tessera.web.formats import number
from tessera.web.forms import Form
from tessera_hooks import ChoiceField, DateField, Measure, Text, TextField, YesNoField, _
from tessera_hooks.records import RecordField

FEW = 6
"""Choices that are shown side by side, as buttons."""


@dataclass(frozen=True)
class Input:
    """One field of the form: which kind of input, its label, hint, choices and attributes.

    ``can_clear`` offers to remove a masked value, which an empty field does not.
    """

    name: str
    shape: str
    label: Text
    hint: str = ""
    unit: str = ""
    required: bool = False
    choices: tuple[tuple[str, Text], ...] = ()
    attributes: Mapping[str, str] | None = None
    can_clear: bool = False


async def opened(kind: Kind, member: UUID) -> dict[str, Any]:
    """A new form for a member; what hardly changes is filled in from last time."""
    member = await members.survivor_of(member)
    last = (await rows.latest_of(kind, [member])).get(member)
    around = await context(kind, member)
    day = None if around["stores"] else around["today"]
    form = Form.of(id=uuid7(), member=member, recorded_on=day, **carried(kind, last))
    return {"form": form, **around}


async def reopened(kind: Kind, record: UUID) -> dict[str, Any]:
    """The form with a record's values; those that are masked for this person are left out."""
    entry = await rows.one(kind, record)
    values = {name: as_typed(entry.values[name]) for name in kind.fields if not present.is_masked(kind, name)}
    form = Form.of(version=entry.version, recorded_on=entry.recorded_on, note=entry.note, **values)
    return {"form": form, **await context(kind, entry.member, entry)}


async def context(kind: Kind, member: UUID, entry: Entry | None = None) -> dict[str, Any]:
    """What the form's page needs beside the form; ``entry`` where a record is corrected."""
    if entry is None:
        previous = (await rows.latest_of(kind, [member])).get(member)
    else:
        previous = await rows.before(kind, entry)
    stores = _store_choices(kind) if entry is None else []
    store = entry.store if entry else (stores[0].id if stores else actor().store)
    return {
        "kind": kind,
        "member": await members.member(member),
        "entry": entry,
        "previous": previous,
        "inputs": [input_of(kind, name, previous, entry) for name in kind.fields],
        "stores": stores,
        "store_choices": [(s.code, s.name) for s in stores],
        "today": reach.today_in(store),
    }


def _store_choices(kind: Kind) -> list[StoreFacts]:
    """The stores to choose from, where it is not clear which one is meant."""
    allowed = reach.writing_stores(kind)
    here = actor().store
    return [] if len(allowed) == 1 or any(s.id == here for s in allowed) else allowed


def carried(kind: Kind, last: Entry | None) -> dict[str, str | None]:
    """The last values of those measures that are declared to hardly change."""
    if last is None:
        return {}
    names = [n for n, f in kind.fields.items() if isinstance(f, Measure) and f.carry and not present.is_masked(kind, n)]
    return {name: as_typed(last.values[name]) for name in names}


def as_typed(value: Any) -> str | None:
    """A stored value as a person would type it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).rstrip("0").rstrip(".") if "." in str(value) else str(value)


def given(kind: Kind, form: Form) -> dict[str, str]:
    """The values of a form, as the check takes them: only fields that the form had."""
    return {name: form[name] for name in ("recorded_on", "note", *kind.fields) if name in form.values}


def corrected(kind: Kind, form: Form) -> dict[str, str]:
    """The values of a correction: what is masked and was left empty stays, unless it is to be removed."""
    cleared = {name for name in kind.fields if form.has(f"clear_{name}", "yes")}
    kept = {name for name in kind.fields if present.is_masked(kind, name) and not form[name]} - cleared
    return {**{n: v for n, v in given(kind, form).items() if n not in kept}, **dict.fromkeys(cleared, "")}


def input_of(kind: Kind, name: str, previous: Entry | None, entry: Entry | None = None) -> Input:
    """How one field is asked for; ``entry`` where a record is corrected."""
    field = kind.fields[name]
    shape, choices, attributes = _shape(field)
    if entry is not None and entry.values[name] is not None and present.is_masked(kind, name):
        return Input(
            name,
            shape,
            kind.label(name),
            hint=translate(_("Masked. Leave it empty to keep it.")),
            unit=present.unit_of(kind, name),
            choices=choices,
            attributes=attributes,
            can_clear=not field.required,
        )
    return Input(
        name,
        shape,
        kind.label(name),
        hint=field.hint or last_time(kind, name, previous),
        unit=present.unit_of(kind, name),
        required=field.required,
        choices=choices,
        attributes=attributes,
    )


def _shape(field: RecordField) -> tuple[str, tuple[tuple[str, Text], ...], dict[str, str]]:
    """The kind of input, its choices, and the attributes that bring up the right keyboard."""
    match field:
        case Measure():
            bounds = f"{number(field.low)}\N{EN DASH}{number(field.high)}"
            keyboard = "decimal" if field.decimals else "numeric"
            return "field", (), {"inputmode": keyboard, "autocomplete": "off", "placeholder": bounds}
        case ChoiceField():
            options = tuple(field.options.items())
            return ("radios" if len(options) <= FEW else "select"), options, {}
        case YesNoField():
            return "radios", (("yes", _("Yes")), ("no", _("No"))), {}
        case DateField():
            return "date", (), {}
        case TextField():
            return ("area" if field.long else "field"), (), {"autocomplete": "off"}


def last_time(kind: Kind, name: str, previous: Entry | None) -> str:
    """What was measured last time, and when."""
    if previous is None or previous.values[name] is None:
        return ""
    if isinstance(kind.fields[name], TextField) or present.is_masked(kind, name):
        return ""
    value = present.with_unit(kind, name, previous.values[name])
    return _("Last: {value}, {day}", value=value, day=present.day_text(previous.recorded_on))
