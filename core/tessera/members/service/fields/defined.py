"""What fields there are: few rows, remembered by every process until they change."""

from __future__ import annotations

import difflib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import LOCALES, own_text
from tessera.members.labels import FIELDS
from tessera.members.normalise import plain
from tessera_hooks import Text, _

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
LONGEST_LABEL = 60
MOST_FIELDS = 100
MOST_CHOICES = 200
LAST_PLACE = 1_000_000

KINDS: Mapping[str, Text] = {
    "text": _("Text"),
    "number": _("Number"),
    "date": _("Date"),
    "choice": _("One of several choices"),
    "choices": _("Several choices"),
    "yes_no": _("Yes or no"),
}


class FieldUnknown(NotFound):
    """There is no such field."""

    code = "field_unknown"


class FieldTaken(Conflict):
    """Another field has that code."""

    code = "field_taken"


class FieldInUse(Conflict):
    """Values stand in the field."""

    code = "field_in_use"


@dataclass(frozen=True)
class FieldFacts:
    """A field of members. ``label`` is by language; ``choices`` maps codes to labels by language."""

    id: UUID
    code: str
    kind: str
    label: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]
    required: bool = False
    sensitive: bool = False
    searchable: bool = False
    place: int = 0
    active: bool = True

    @property
    def title(self) -> str:
        """How it is called in the language in force."""
        return own_text(self.label, self.code)

    def choice_title(self, code: str) -> str:
        """How a choice is called in the language in force; its code where it has been taken away."""
        return own_text(self.choices.get(code, {}), code)


_fields: dict[str, FieldFacts] = {}


async def read_fields() -> None:
    """Read all fields anew."""
    rows = await fetch("SELECT * FROM custom_field ORDER BY place, code")
    fresh = {row["code"]: of_row(row) for row in rows}
    _fields.clear()
    _fields.update(fresh)


generation.on_change(read_fields)


def of_row(row: Any) -> FieldFacts:
    """A field from its row."""
    names = ("id", "code", "kind", "label", "required", "sensitive", "searchable", "place", "active")
    choices = {one["code"]: one["label"] for one in row["choices"]}
    return FieldFacts(**{name: row[name] for name in names}, choices=choices)


def all_fields() -> list[FieldFacts]:
    """Every field in its order, hidden ones too."""
    return list(_fields.values())


def known_field(code: str) -> FieldFacts | None:
    """A field by its code, a hidden one too."""
    return _fields.get(code)


def custom_fields() -> list[FieldFacts]:
    """The fields that are shown, in their order."""
    return [field for field in _fields.values() if field.active]


def unknown_field(code: str) -> Text:
    """What is said of a field that is not there, with the nearest that is."""
    code = code[:LONGEST_LABEL]
    near = next(iter(difflib.get_close_matches(code, [f.code for f in custom_fields()], n=1, cutoff=0.4)), None)
    if near is None:
        return _('there is no field "{name}"', name=code)
    return _('there is no field "{name}", did you mean "{near}"?', name=code, near=near)


def label_of(name: str) -> Text:
    """How a field of members is called, one of the business's own (``custom.size``) too."""
    own = _fields.get(name.removeprefix("custom."))
    if own is not None and name != own.code:
        return Text(own.title)
    return FIELDS.get(name, Text(name))


async def make_field(
    code: str,
    kind: str,
    label: Mapping[str, str],
    *,
    choices: Mapping[str, Mapping[str, str]] | None = None,
    required: bool = False,
    sensitive: bool = False,
    searchable: bool = False,
    place: int | None = None,
) -> FieldFacts:
    """Add a field; its code stands in JSON, files and conditions, and never changes."""
    order = place if place is not None else 10 * (len(_fields) + 1)
    new = checked(
        FieldFacts(
            uuid7(), code.strip(), kind, dict(label), dict(choices or {}), required, sensitive, searchable, order
        )
    )
    if len(_fields) >= MOST_FIELDS:
        raise Invalid(_("there are {n} fields already: take one away first", n=MOST_FIELDS))

    async def work() -> None:
        made = await execute(
            "INSERT INTO custom_field (id, code, kind, label, choices, required, sensitive, searchable, place, active, "
            "created_at) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8, $9, true, $10) "
            "ON CONFLICT (code) DO NOTHING",
            new.id,
            new.code,
            new.kind,
            as_json(new.label),
            choices_json(new),
            new.required,
            new.sensitive,
            new.searchable,
            new.place,
            clock.now(),
        )
        if not made:
            raise FieldTaken(_('there is a field "{code}" already: choose another code', code=new.code), field="code")
        await audit.note("members.field_made", subject=("custom_field", new.id), code=new.code, kind=new.kind)

    await changing(work)
    return new


def checked(field: FieldFacts) -> FieldFacts:
    """The field with its words as they are stored, or every wrong part by name."""
    wrong = []
    label = _labels(field.label)
    if not CODE.match(field.code):
        wrong.append(FieldError("code", _("write a short code of small letters, digits and underscores, such as size")))
    if field.kind not in KINDS:
        wrong.append(FieldError("kind", _("choose one of: {known}", known=", ".join(KINDS))))
    if not label or any(len(text) > LONGEST_LABEL for text in label.values()):
        wrong.append(FieldError("label", _("give a label of at most {limit} characters", limit=LONGEST_LABEL)))
    if field.searchable and field.kind != "text":
        wrong.append(FieldError("searchable", _("only text can be searched")))
    if not 0 <= field.place <= LAST_PLACE:
        wrong.append(FieldError("place", _("give a whole number from {low} to {high}", low=0, high=LAST_PLACE)))
    choices = {plain(code): _labels(labels) or {"en": plain(code)} for code, labels in field.choices.items()}
    if field.kind in {"choice", "choices"}:
        if not 1 <= len(choices) <= MOST_CHOICES or any(not 1 <= len(code) <= LONGEST_LABEL for code in choices):
            wrong.append(FieldError("choices", _("give 1 to {n} choices, each a short word", n=MOST_CHOICES)))
    elif choices:
        wrong.append(FieldError("choices", _("only a choice has choices")))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else _("Some values cannot be accepted."), wrong)
    return replace(field, label=label, choices=choices)


def _labels(given: Mapping[str, str]) -> dict[str, str]:
    return {locale: said for locale, text in given.items() if locale in LOCALES and (said := plain(text))}


async def changing(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run a unit of work that changes what fields there are, and let every process read them anew."""

    async def whole() -> Any:
        answer = await work()
        await generation.bump()
        return answer

    answer = await in_transaction(whole)
    await generation.refresh()
    return answer


def as_json(value: Any) -> str:
    """A value for a column of JSON."""
    return msgspec.json.encode(value).decode()


def choices_json(field: FieldFacts) -> str:
    """The choices as their column holds them."""
    return as_json([{"code": code, "label": dict(label)} for code, label in field.choices.items()])
