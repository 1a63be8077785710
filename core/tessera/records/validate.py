"""The one check of a record's values: forms, API and imports refuse the same things in the same words."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from tessera.kernel.errors import FieldError, Invalid
from tessera.members.service.checks import MaskedValue
from tessera.records.kinds import Kind
from tessera_hooks import ChoiceField, DateField, Measure, Text, TextField, YesNoField, _
from tessera_hooks.records import RecordField

EARLIEST = date(1900, 1, 1)
LONGEST_NOTE = 2000
LONGEST_NUMBER = 40
MASK = "****"
"""What stands for a sensitive value that this person may not see; it is never taken back as a value."""

YES = frozenset({"true", "yes", "1", "on", "是", "有"})
NO = frozenset({"false", "no", "0", "off", "否", "无"})


class Wrong(Exception):
    """One value that cannot be accepted; the message is for the person who gave it."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


def checked(kind: Kind, given: Mapping[str, Any], today: date, *, partial: bool = False) -> dict[str, Any]:
    """The values as they are stored, or ``Invalid`` with every field that is wrong.

    ``given`` holds what a form (texts) or JSON (texts, numbers, booleans) brought: the record type's
    fields, ``recorded_on`` and ``note``; other names are left out. Empty means not given. With ``partial``
    only the names that are there are looked at, as in a correction. ``today`` is the store's.
    """
    values: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for name, check in _checks(kind, today).items():
        if partial and name not in given:
            continue
        refuse_mask(kind, name, given.get(name))
        try:
            values[name] = check(blank_to_none(given.get(name)))
        except Wrong as problem:
            wrong.append(FieldError(name, problem.message))
    if wrong:
        raise Invalid(_("Some values cannot be accepted."), wrong)
    if not partial:
        refuse_empty(kind, values)
    return values


def refuse_empty(kind: Kind, values: Mapping[str, Any]) -> None:
    """Refuse a record of nothing, which is a slip of the finger."""
    if values.get("note") is None and all(values[name] is None for name in kind.fields):
        message = _("fill in at least one value")
        raise Invalid(_("Some values cannot be accepted."), [FieldError(next(iter(kind.fields), "note"), message)])


def refuse_mask(kind: Kind, name: str, raw: Any) -> None:
    """Refuse a mask that comes back as if it were the value it hides."""
    if raw == MASK and name in kind.fields and kind.fields[name].sensitive:
        message = _("{label} is masked: leave it out, or write the value itself", label=kind.label(name))
        raise MaskedValue(message, [FieldError(name, message)])


def _checks(kind: Kind, today: date) -> dict[str, Callable[[Any], Any]]:
    return {
        "recorded_on": functools.partial(_recorded_on, today=today),
        **{n: functools.partial(field_value, field, kind.label(n)) for n, field in kind.fields.items()},
        "note": functools.partial(_words, label=_("Note"), longest=LONGEST_NOTE),
    }


def blank_to_none(raw: Any) -> Any:
    """What a person left empty is not given."""
    if isinstance(raw, str):
        return raw.strip() or None
    return raw


def field_value(field: RecordField, label: Text, raw: Any) -> Any:
    """One value as it is stored; ``None`` where nothing was given and nothing is required."""
    if raw is None:
        if field.required:
            raise Wrong(_("{label} is missing", label=label))
        return None
    match field:
        case Measure():
            return _measure(field, label, raw)
        case ChoiceField():
            return _choice(field, label, raw)
        case YesNoField():
            return _yes_no(label, raw)
        case DateField():
            return _day(raw, label)
        case TextField():
            return _words(raw, label, field.max_length)


def number_from(raw: Any) -> Decimal | None:
    """A number as people and programs write it, or ``None``.

    Full-width digits are read, and one comma stands for a point: many phone keyboards offer nothing else.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        return None
    text = unicodedata.normalize("NFKC", raw if isinstance(raw, str) else str(raw)).strip()
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        number = Decimal(text) if len(text) <= LONGEST_NUMBER and "_" not in text else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _measure(field: Measure, label: Text, raw: Any) -> Decimal:
    number = number_from(raw)
    if number is None:
        raise Wrong(_("{label} must be a number, such as {example}", label=label, example=example_of(field)))
    if not field.low <= number <= field.high:
        raise Wrong(
            _(
                "{label} must be between {low} and {high} {unit}",
                label=label,
                low=str(field.low),
                high=str(field.high),
                unit=field.unit,
            )
        )
    rounded = number.quantize(Decimal(1).scaleb(-field.decimals))
    if rounded != number:
        if not field.decimals:
            raise Wrong(_("{label} is a whole number", label=label))
        raise Wrong(_("{label} has at most {n} decimal places", label=label, n=field.decimals))
    return rounded


def example_of(field: Measure) -> str:
    """A value that would be accepted, in the middle of the bounds."""
    middle = (Decimal(field.low) + Decimal(field.high)) / 2
    return str(middle.quantize(Decimal(1).scaleb(-field.decimals)))


def _choice(field: ChoiceField, label: Text, raw: Any) -> str:
    if isinstance(raw, str) and raw in field.options:
        return raw
    raise Wrong(_("{label} must be one of {options}", label=label, options=", ".join(field.options)))


def _yes_no(label: Text, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    said = str(raw).casefold()
    if said in YES | NO:
        return said in YES
    raise Wrong(_("{label} must be yes or no", label=label))


def _words(raw: Any, label: Text, longest: int) -> str | None:
    if raw is None:
        return None
    if not isinstance(raw, str) or "\0" in raw:
        raise Wrong(_("{label} must be text", label=label))
    if len(raw) > longest:
        raise Wrong(_("{label} has at most {n} characters", label=label, n=longest))
    return raw


def _day(raw: Any, label: Text) -> date:
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise Wrong(_("{label} must be a date, such as {example}", label=label, example="2026-11-21")) from None


def _recorded_on(raw: Any, today: date) -> date:
    if raw is None:
        return today
    day = _day(raw, _("Date"))
    if day > today:
        raise Wrong(_("The date lies in the future"))
    if day < EARLIEST:
        raise Wrong(_("The date is too long ago"))
    return day
