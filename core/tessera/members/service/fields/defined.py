"""What fields there are: few rows, remembered by every process until they change."""

from __future__ import annotations

import difflib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import LOCALES, current_locale
from tessera.members.labels import FIELDS
from tessera.members.normalise import plain
from tessera.members.service.tokens import refresh_tokens
from tessera_hooks import Text, _

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
LONGEST_LABEL = 60
MOST_FIELDS = 100
MOST_CHOICES = 200
CHUNK = 1000
"""Members whose words for search are derived anew in one transaction."""

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
        return _said(self.label, self.code)

    def choice_title(self, code: str) -> str:
        """How a choice is called in the language in force; its code where it has been taken away."""
        return _said(self.choices.get(code, {}), code)


def _said(labels: Mapping[str, str], otherwise: str) -> str:
    return labels.get(current_locale()) or next((text for text in labels.values() if text), otherwise)


_fields: dict[str, FieldFacts] = {}


async def read_fields() -> None:
    """Read all fields anew."""
    rows = await fetch("SELECT * FROM custom_field ORDER BY place, code")
    fresh = {row["code"]: _of_row(row) for row in rows}
    _fields.clear()
    _fields.update(fresh)


generation.on_change(read_fields)


def _of_row(row: Any) -> FieldFacts:
    names = ("id", "code", "kind", "label", "required", "sensitive", "searchable", "place", "active")
    choices = {one["code"]: one["label"] for one in row["choices"]}
    return FieldFacts(**{name: row[name] for name in names}, choices=choices)


def all_fields() -> list[FieldFacts]:
    """Every field in its order, hidden ones too."""
    return list(_fields.values())


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
    new = _checked(
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
            _json(new.label),
            _choices_json(new),
            new.required,
            new.sensitive,
            new.searchable,
            new.place,
            clock.now(),
        )
        if not made:
            raise FieldTaken(_('there is a field "{code}" already: choose another code', code=new.code), field="code")
        await audit.note("members.field_made", subject=("custom_field", new.id), code=new.code, kind=new.kind)

    await _changing(work)
    return new


def _checked(field: FieldFacts) -> FieldFacts:
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
    choices = {code.strip(): _labels(labels) or {"en": code.strip()} for code, labels in field.choices.items()}
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


async def change_field(code: str, **changes: Any) -> FieldFacts:
    """Change what a field is called, its choices, order and whether it is required, searchable or shown.

    Its kind, and whether it is sensitive, change only while nothing stands in it; a choice that someone has
    stays. A hidden field keeps its values.
    """

    async def work() -> FieldFacts:
        before = await locked_field(code)
        after = _checked(replace(before, **changes))
        if (after.kind, after.sensitive) != (before.kind, before.sensitive):
            await _refuse_if_held(before)
        await _refuse_lost_choices(before, after)
        await execute(
            "UPDATE custom_field SET kind = $2, label = $3::jsonb, choices = $4::jsonb, required = $5, sensitive = $6, "
            "searchable = $7, place = $8, active = $9 WHERE id = $1",
            after.id,
            after.kind,
            _json(after.label),
            _choices_json(after),
            after.required,
            after.sensitive,
            after.searchable,
            after.place,
            after.active,
        )
        changed = [name for name in FieldFacts.__dataclass_fields__ if getattr(before, name) != getattr(after, name)]
        await audit.note("members.field_changed", subject=("custom_field", after.id), fields=changed, code=code)
        return before

    known = _fields.get(code)
    before = await _changing(work)
    after = _fields.get(code, known)
    if after is not None and _words_differ(before, after):
        await _search_anew(after)
    return after or before


def _words_differ(before: FieldFacts, after: FieldFacts) -> bool:
    def words(field: FieldFacts) -> bool:
        return field.searchable and field.active and not field.sensitive

    return words(before) != words(after)


async def _search_anew(field: FieldFacts) -> None:
    """Derive anew the words by which members are found whose field began or ceased to be searched."""
    after = UUID(int=0)
    while rows := await fetch(
        "SELECT member FROM member_custom WHERE field = $1 AND member > $2 ORDER BY member LIMIT $3",
        field.id,
        after,
        CHUNK,
    ):
        members = [row["member"] for row in rows]
        after = members[-1]
        await in_transaction(lambda members=members: _locked_and_refreshed(members))  # type: ignore[misc]


async def _locked_and_refreshed(members: Sequence[UUID]) -> None:
    await fetch("SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", members)
    await refresh_tokens(members)


async def _refuse_if_held(field: FieldFacts) -> None:
    count = await values_held(field.id)
    if count:
        raise FieldInUse(
            _("{count} members have a value here: its kind stays, or erase the values first", count=count),
            field="kind",
        )


async def _refuse_lost_choices(before: FieldFacts, after: FieldFacts) -> None:
    lost = [code for code in before.choices if code not in after.choices]
    if not lost or before.sensitive:
        if lost:
            await _refuse_if_held(before)
        return
    used = await fetchval(
        "SELECT count(*) FROM member_custom WHERE field = $1 AND "
        "(value #>> '{}' = ANY($2) OR (jsonb_typeof(value) = 'array' AND value ?| $2))",
        before.id,
        lost,
    )
    if used:
        message = _("{count} members have a choice that would go: keep it, or change theirs first", count=used)
        raise FieldInUse(message, field="choices")


async def values_held(field: UUID) -> int:
    """How many members have a value in a field."""
    count: int = await fetchval("SELECT count(*) FROM member_custom WHERE field = $1", field)
    return count


async def erase_values(code: str) -> int:
    """Erase what stands in a field for every member, for good; answers for how many."""

    async def work() -> int:
        field = await locked_field(code)
        rows = await fetch("DELETE FROM member_custom WHERE field = $1 RETURNING member", field.id)
        if field.searchable:
            members = sorted(row["member"] for row in rows)
            for start in range(0, len(members), CHUNK):
                await _locked_and_refreshed(members[start : start + CHUNK])
        await audit.note(
            "members.field_erased", subject=("custom_field", field.id), rows=len(rows), fields=[f"custom.{code}"]
        )
        return len(rows)

    return await in_transaction(work)


async def delete_field(code: str) -> None:
    """Take away a field in which nothing stands."""

    async def work() -> None:
        field = await locked_field(code)
        count = await values_held(field.id)
        if count:
            raise FieldInUse(_("{count} members have a value here: hide it, or erase the values first", count=count))
        await execute("DELETE FROM custom_field WHERE id = $1", field.id)
        await audit.note("members.field_deleted", subject=("custom_field", field.id), code=code)

    await _changing(work)


async def locked_field(code: str) -> FieldFacts:
    """A field as the database has it, held against other changes of it and against new values."""
    row = await fetchrow("SELECT * FROM custom_field WHERE code = $1 FOR UPDATE", code)
    if row is None:
        raise FieldUnknown(unknown_field(code))
    return _of_row(row)


async def _changing(work: Callable[[], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        answer = await work()
        await generation.bump()
        return answer

    answer = await in_transaction(whole)
    await generation.refresh()
    return answer


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _choices_json(field: FieldFacts) -> str:
    return _json([{"code": code, "label": dict(label)} for code, label in field.choices.items()])
