"""The fields of two members side by side: what each says, and from whom the merged member takes it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast
from uuid import UUID

import msgspec

from tessera.access import sealing
from tessera.kernel.errors import FieldError, Invalid
from tessera.members.service.views import BIRTHDAY
from tessera_hooks import _

Side = Literal["survivor", "other"]

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "name_key"),
    "gender": ("gender",),
    "birthday": BIRTHDAY,
    "address": ("address",),
    "language": ("language",),
    "timezone": ("timezone",),
    "store": ("store",),
    "source": ("source",),
    "stage": ("stage",),
    "joined_on": ("joined_on",),
}
"""The fields of a member's row, and their columns."""

CONTACTS = ("phone", "email")
"""Fields that are identities: who is chosen gives the primary one, the other stays beside it."""

ALIVE = ("active", "new", "prospect", "dormant", "lost")
"""Stages from the most alive to the least: someone who is there in one place is there."""

CUSTOM = "custom:"
"""What stands before the code of a custom field, as a name of a field."""


def is_said(field: str, row: Mapping[str, Any]) -> bool:
    """Whether a member's row says anything of a field."""
    if field == "birthday":
        return row["birth_month"] is not None or row["lunar_month"] is not None
    return row[COLUMNS[field][0]] not in (None, "")


def is_same(field: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Whether two rows say the same of a field."""
    return all(plain(column, one[column]) == plain(column, two[column]) for column in COLUMNS[field])


def default_side(field: str, survivor: Mapping[str, Any], other: Mapping[str, Any]) -> Side:
    """From whom a field comes when nobody chose: the survivor's word, the other's where the survivor has none.

    What is empty never wins over what is said. Of two stages the more alive one stands, and a birthday
    with its year stands for the same one without.
    """
    if field == "stage":
        return "other" if ALIVE.index(other["stage"]) < ALIVE.index(survivor["stage"]) else "survivor"
    if not is_said(field, other):
        return "survivor"
    if not is_said(field, survivor):
        return "other"
    return "other" if field == "birthday" and _completes(other, survivor) else "survivor"


def fuller(field: str, survivor: Mapping[str, Any], other: Mapping[str, Any]) -> Side | None:
    """Whose word says all that the other's says, and more; ``None`` where neither does.

    A name of which the other is a part, such as 余红霞 beside 余霞; a birthday that has its year.
    """
    says_more = {"birthday": _completes, "name": _spells_out}.get(field)
    if says_more is None:
        return None
    if says_more(survivor, other):
        return "survivor"
    return "other" if says_more(other, survivor) else None


def _spells_out(fuller: Mapping[str, Any], barer: Mapping[str, Any]) -> bool:
    letters = iter(fuller["name"])
    return len(fuller["name"]) > len(barer["name"]) and all(letter in letters for letter in barer["name"])


def _completes(fuller: Mapping[str, Any], barer: Mapping[str, Any]) -> bool:
    same_day = all(fuller[column] == barer[column] for column in ("birth_month", "birth_day"))
    return same_day and barer["birth_year"] is None and fuller["birth_year"] is not None


def checked(choices: Mapping[str, str], known: Callable[[str], bool]) -> dict[str, Side]:
    """Choices that name fields that there are, and one of the two sides; all wrong ones refused together."""
    wrong = []
    for name, side in choices.items():
        if name not in COLUMNS and name not in CONTACTS and not known(name):
            wrong.append(FieldError(f"choices.{name}", _("there is no such field to choose")))
        elif side not in ("survivor", "other"):
            wrong.append(FieldError(f"choices.{name}", _("choose survivor or other")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)
    return {name: cast("Side", side) for name, side in choices.items()}


def plain(column: str, value: Any) -> Any:
    """A column's value as JSON holds it; what was sealed is readable, so it goes into a sealed text only."""
    if column == "address":
        return sealing.unseal_text(value) if value is not None else None
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def stored(column: str, value: Any) -> Any:
    """A value from JSON as the column holds it."""
    if value is None:
        return None
    if column == "address":
        return sealing.seal(value)
    if column == "joined_on":
        return date.fromisoformat(value)
    return UUID(value) if column == "store" else value


@dataclass(frozen=True)
class Overwritten:
    """What a merge wrote over: by column what was there and what is there since, and the same of custom fields.

    A custom field's value is plain JSON, or a sealed text as base64 of nothing but its readable form;
    ``None`` is no value.
    """

    was: dict[str, Any]
    now: dict[str, Any]
    custom_was: dict[str, Any]
    custom_now: dict[str, Any]

    def sealed(self) -> bytes:
        """All of it, to be kept."""
        return sealing.seal(msgspec.json.encode(self))

    @classmethod
    def unsealed(cls, kept: bytes | None) -> Overwritten:
        """What was kept; nothing where the person was taken out since."""
        if kept is None:
            return cls({}, {}, {}, {})
        return msgspec.json.decode(sealing.unseal(kept), type=cls)


def custom_plain(row: Mapping[str, Any] | None) -> Any:
    """A custom field's value as JSON, whether it is kept plain or sealed."""
    if row is None:
        return None
    if row["sealed"] is None:
        return {"value": row["value"]}
    return {"sealed": sealing.unseal_text(row["sealed"]), "lookup": _text(row["lookup"])}


def custom_stored(value: Mapping[str, Any]) -> tuple[str | None, bytes | None, bytes | None]:
    """The columns ``value`` (as JSON), ``sealed`` and ``lookup`` of a custom field's value."""
    if "value" in value:
        return msgspec.json.encode(value["value"]).decode(), None, None
    lookup = value["lookup"]
    return None, sealing.seal(value["sealed"]), base64.b64decode(lookup) if lookup is not None else None


def _text(lookup: bytes | None) -> str | None:
    return base64.b64encode(lookup).decode() if lookup is not None else None
