"""Two members side by side before they are merged: every field of both, what differs, and what is suggested."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access import service as access
from tessera.kernel.database import fetch
from tessera.kernel.texts import LOCALES, current_locale, translate
from tessera.members.labels import FIELDS, GENDERS, STAGES
from tessera.members.service.merging import fields
from tessera.members.service.merging.custom import custom_values
from tessera.members.service.merging.fields import COLUMNS, CONTACTS, CUSTOM, Side, custom_plain
from tessera.members.service.merging.joining import PERMISSION, SameMember
from tessera.members.service.scope import need_visible
from tessera.members.service.views import MemberView, member, shown
from tessera_hooks import Text, _


@dataclass(frozen=True)
class Compared:
    """One field of both: in words, masked where it is masked elsewhere, and whose is suggested.

    ``differs`` where both say something and not the same, so that there is a choice.
    """

    name: str
    label: Text | str
    survivor: str
    other: str
    suggested: Side
    differs: bool


@dataclass(frozen=True)
class Comparison:
    """Two members, field by field; ``questions`` are what rooms and plugins must have answered."""

    survivor: MemberView
    other: MemberView
    fields: Sequence[Compared]
    questions: Sequence[Compared]


WORDS: Mapping[str, Mapping[str, Text | str]] = {"gender": GENDERS, "stage": STAGES, "language": LOCALES}
"""Fields whose values are codes, in words."""

Question = Callable[[UUID, UUID], Awaitable[Sequence[Compared]]]

_questions: list[Question] = []


def register_question(ask: Question) -> None:
    """Let a room above put something to whoever merges; the answer comes among the choices under its name."""
    if ask not in _questions:
        _questions.append(ask)


async def preview(survivor: UUID, other: UUID) -> Comparison:
    """Both members as they would be merged; changes nothing.

    Suggested is what one of them says and the other does not, then the more complete, then the word of
    whoever was changed last.
    """
    one, two = await need_visible(survivor, PERMISSION), await need_visible(other, PERMISSION)
    if one == two:
        raise SameMember(_("These two are one member already."), member=str(one))
    rows = {row["id"]: row for row in await fetch("SELECT * FROM member WHERE id = ANY($1)", [one, two])}
    mine, its = await member(one, permission=PERMISSION), await member(two, permission=PERMISSION)
    compared = [_compared(name, rows[one], rows[two], mine, its) for name in COLUMNS]
    compared[1:1] = [_contact(name, mine, its) for name in CONTACTS]
    compared += await _custom(one, two)
    asked = [question for ask in _questions for question in await ask(one, two)]
    return Comparison(mine, its, compared, asked)


def _compared(
    name: str, survivor: Mapping[str, Any], other: Mapping[str, Any], mine: MemberView, its: MemberView
) -> Compared:
    side = fields.default_side(name, survivor, other)
    both_said = fields.is_said(name, survivor) and fields.is_said(name, other)
    if both_said and side == "survivor" and name != "stage":
        newer: Side = "other" if other["updated_at"] > survivor["updated_at"] else "survivor"
        side = fields.fuller(name, survivor, other) or newer
    differs = both_said and not fields.is_same(name, survivor, other)
    return Compared(name, FIELDS[name], words(name, mine), words(name, its), side, differs)


def words(name: str, view: MemberView) -> str:
    """A field as the page of a member shows it."""
    if name == "name":
        return view.name
    if name == "store":
        store = access.store_of(view.store)
        return store.name if store else ""
    value = getattr(view, name)
    if value is None:
        return ""
    return translate(WORDS.get(name, {}).get(str(value), str(value)))


def _contact(name: str, mine: MemberView, its: MemberView) -> Compared:
    one, two = getattr(mine, name) or "", getattr(its, name) or ""
    return Compared(name, FIELDS[name], one, two, "survivor" if one or not two else "other", bool(one and two))


async def _custom(one: UUID, two: UUID) -> list[Compared]:
    """The business's own fields; what is sealed is masked."""
    both = await custom_values(one, two)
    labels = {row["code"]: row["label"] for row in await fetch("SELECT code, label FROM custom_field")}
    codes = list(dict.fromkeys([*both[one], *both[two]]))
    return [
        Compared(
            f"{CUSTOM}{code}",
            labels[code].get(current_locale()) or labels[code].get("en") or code,
            _custom_words(both[one].get(code)),
            _custom_words(both[two].get(code)),
            "survivor" if code in both[one] else "other",
            code in both[one] and code in both[two] and custom_plain(both[one][code]) != custom_plain(both[two][code]),
        )
        for code in codes
    ]


def _custom_words(row: Any) -> str:
    if row is None:
        return ""
    if row["sealed"] is not None:
        return str(shown("custom", row["sealed"], reveal=False))
    value = row["value"]
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
