"""A plugin's settings as a form: what can be set, from the types of its struct, and what was filled in.

Texts, whole numbers, decimals, yes or no, and choices become fields, each of them also with ``| None``; a
setting of any other type stays as it is. What people read of a setting, and what it may be, is in its type::

    off_peak_from: Annotated[
        int, Meta(ge=0, le=24, title=str(_("Quiet hours begin")), extra={"unit": ":00"})
    ] = 10

``title`` and ``description`` stand at the field. ``extra`` may have ``unit`` (behind the field), ``choices``
(a text for each value of a ``Literal``) and ``wrong`` (what is said of a value that cannot be accepted).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import inspect

from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.texts import translate
from tessera.web.forms import Form
from tessera_hooks import Text, _

WAS = "was."
"""Before the name of a setting: its value when the page was opened."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?\Z")


@dataclass(frozen=True)
class SettingField:
    """One setting as people see it. ``kind`` is ``text``, ``whole``, ``number``, ``switch`` or ``choice``."""

    name: str
    kind: str
    type: Any
    default: Any
    title: Text
    description: Text | None
    optional: bool
    unit: str
    choices: Sequence[tuple[str, Text | str]]
    options: Mapping[str, Any]
    low: int | float | None
    high: int | float | None
    wrong: Text | None

    @property
    def hint(self) -> str:
        """What it means, and what it is where nobody sets it."""
        default = self.said(self.default)
        if self.description is None:
            return translate(_("Default: {value}", value=default))
        return translate(_("{meaning} Default: {value}", meaning=self.description, value=default))

    @property
    def required(self) -> bool:
        """Whether it cannot be left empty."""
        if self.kind == "text" and not self.optional:
            return not _fits("", self.type)
        return self.kind in ("whole", "number") and not self.optional

    @property
    def bounds(self) -> Text | None:
        """Between which numbers it lies."""
        if self.low is not None and self.high is not None:
            return _("A value from {low} to {high}.", low=self.low, high=self.high)
        if self.low is not None:
            return _("At least {low}.", low=self.low)
        return _("At most {high}.", high=self.high) if self.high is not None else None

    def said(self, value: Any) -> str:
        """A value in words."""
        if self.kind == "switch" and value is not None:
            return translate(_("yes") if value else _("no"))
        if value is None or value == "":
            return translate(_("none"))
        return translate(dict(self.choices).get(str(value), str(value)))

    def shown(self, value: Any) -> str:
        """A value as its field holds it."""
        if self.kind == "switch":
            return "yes" if value else ""
        return "" if value is None else str(value)

    def read(self, given: str) -> Any:
        """The value that was filled in; a refusal in words for this field."""
        if self.kind == "switch":
            return given == "yes"
        if given == "" and self.optional:
            return None
        if given == "" and self.kind != "text":
            raise ValueError(_("Fill this in."))
        value = self._parsed(given)
        try:
            return msgspec.to_builtins(msgspec.convert(value, self.type))
        except msgspec.ValidationError:
            raise ValueError(self.wrong or self.bounds or _("This value does not fit here.")) from None

    def _parsed(self, given: str) -> Any:
        if self.kind == "whole" and not _WHOLE.match(given):
            raise ValueError(self.wrong or _("Write a whole number."))
        if self.kind == "number" and not _NUMBER.match(given):
            raise ValueError(self.wrong or _("Write a number, such as 1.5."))
        if self.kind == "choice" and given not in self.options:
            raise ValueError(_("Choose one of these."))
        if self.kind == "choice":
            return self.options[given]
        if self.kind == "whole":
            return int(given)
        return Decimal(given) if self.kind == "number" else given


def setting_fields(struct: type[msgspec.Struct]) -> list[SettingField]:
    """The settings of a struct that have a field, in its order."""
    types = {f.name: f.type for f in msgspec.structs.fields(struct)}
    described = inspect.type_info(struct)
    made = [_field(field, types[field.name]) for field in getattr(described, "fields", ())]
    return [field for field in made if field is not None]


def _field(field: inspect.Field, type_: Any) -> SettingField | None:
    bare, schema, extra, optional = _bare(field.type)
    kind = next((kind for base, kind in _KINDS if isinstance(bare, base)), None)
    if kind is None:
        return None
    values = getattr(bare, "values", ()) if kind == "choice" else ()
    said = extra.get("choices", {})
    return SettingField(
        name=field.name,
        kind=kind,
        type=type_,
        default=msgspec.to_builtins(field.default) if field.default is not msgspec.NODEFAULT else None,
        title=_text(schema.get("title") or field.name.replace("_", " ").capitalize()),
        description=_text(schema["description"]) if "description" in schema else None,
        optional=optional,
        unit=translate(extra.get("unit", "")),
        choices=[(str(value), said.get(value, str(value))) for value in values],
        options={str(value): value for value in values},
        low=_first(getattr(bare, "ge", None), getattr(bare, "gt", None)),
        high=_first(getattr(bare, "le", None), getattr(bare, "lt", None)),
        wrong=_text(extra["wrong"]) if "wrong" in extra else None,
    )


_KINDS: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.BoolType, "switch"),
    (inspect.IntType, "whole"),
    (inspect.FloatType, "number"),
    (inspect.DecimalType, "number"),
    (inspect.LiteralType, "choice"),
    (inspect.StrType, "text"),
)


def _text(said: str) -> Text:
    return said if isinstance(said, Text) else Text(said)


def _first(inclusive: Any, exclusive: Any) -> Any:
    return exclusive if inclusive is None else inclusive


def _bare(kind: inspect.Type) -> tuple[inspect.Type, dict[str, Any], dict[str, Any], bool]:
    """A type without what is said about it, and without ``None``."""
    schema: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    optional = False
    while True:
        if isinstance(kind, inspect.Metadata):
            schema = {**(kind.extra_json_schema or {}), **schema}
            extra = {**(kind.extra or {}), **extra}
            kind = kind.type
        elif isinstance(kind, inspect.UnionType) and len(kind.types) == 2 and _has_none(kind):
            optional = True
            kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
        else:
            return kind, schema, extra, optional


def _has_none(kind: inspect.UnionType) -> bool:
    return any(isinstance(t, inspect.NoneType) for t in kind.types)


def _fits(value: Any, type_: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


def filled_in(fields: Sequence[SettingField], stored: Mapping[str, Any]) -> Form:
    """The form as the settings stand; one that no longer fits is said to be wrong."""
    form = Form()
    for field in fields:
        value = stored.get(field.name, field.default)
        form.values[field.name] = form.values[WAS + field.name] = [field.shown(value)]
        if not _fits(value, field.type):
            form.errors[field.name] = translate(field.wrong or field.bounds or _("This value does not fit here."))
    return form


def read_settings(fields: Sequence[SettingField], form: Form) -> dict[str, Any]:
    """What was changed on the page, each value checked; what was left alone is not among it."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for field in fields:
        given = form[field.name]
        if WAS + field.name in form.values and given == form[WAS + field.name]:
            continue
        try:
            values[field.name] = field.read(given)
        except ValueError as wrong:
            errors.append(FieldError(field.name, wrong.args[0]))
    known = {field.name for field in fields}
    strange = [n for n in form.values if not n.startswith("_") and n.removeprefix(WAS) not in known]
    if strange:
        raise Invalid(_('There is no setting "{name}" here.', name=strange[0]), setting=strange[0])
    if errors:
        raise Invalid(_("Some values cannot be accepted."), errors)
    return values
