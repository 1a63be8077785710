"""Record types: what a plugin keeps about members, and how people see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True, kw_only=True)
class FieldOptions:
    """What every field of a record may say: label, whether it must be filled, whether it is sensitive."""

    label: Text | None = None
    required: bool = False
    sensitive: bool = False
    hint: Text | None = None


@dataclass(frozen=True)
class Measure(FieldOptions):
    """A number with a unit and bounds; ``chart`` draws its trend.

    The column holds the canonical unit. ``low`` and ``high`` are inclusive. ``carry`` fills the last value
    into a new form, for what hardly changes: people see it, and when it was taken, before they save it.
    """

    column: Any
    unit: str = field(kw_only=True)
    low: int | Decimal = field(kw_only=True)
    high: int | Decimal = field(kw_only=True)
    decimals: int = field(default=1, kw_only=True)
    chart: bool = field(default=False, kw_only=True)
    carry: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class TextField(FieldOptions):
    """Words; ``long`` gives a box of several lines. ``max_length`` counts characters."""

    column: Any
    long: bool = field(default=False, kw_only=True)
    max_length: int = field(default=2000, kw_only=True)


@dataclass(frozen=True)
class ChoiceField(FieldOptions):
    """One of the given codes, each with its label."""

    column: Any
    options: Mapping[str, Text] = field(kw_only=True)


@dataclass(frozen=True)
class YesNoField(FieldOptions):
    """Yes, no, or not asked."""

    column: Any


@dataclass(frozen=True)
class DateField(FieldOptions):
    """A calendar day."""

    column: Any


RecordField = Measure | TextField | ChoiceField | YesNoField | DateField


@dataclass(frozen=True)
class Person:
    """What a derived value may know of the member: sex, and age in whole years on the record's day."""

    sex: Literal["male", "female"] | None
    age: int | None


@dataclass(frozen=True)
class Band:
    """A named range of a derived value: values below ``below`` (``None``: no upper end) and above the last band."""

    label: Text
    below: Decimal | None
    tone: Literal["ok", "low", "high", "alarm"] = "ok"


@dataclass(frozen=True)
class Bands:
    """Thresholds with the population they are valid for; outside it, the value is shown without a band."""

    source: str
    published: date
    bands: tuple[Band, ...]
    min_age: int | None = None
    max_age: int | None = None

    def band(self, value: Decimal, person: Person) -> Band | None:
        """The band of a value, or ``None`` outside the population or where the age is not known."""
        if self.min_age is not None and (person.age is None or person.age < self.min_age):
            return None
        if self.max_age is not None and (person.age is None or person.age > self.max_age):
            return None
        return next((b for b in self.bands if b.below is None or value < b.below), None)


@dataclass(frozen=True)
class Derived:
    """A value computed from a record and the person, stored beside its inputs with the formula's version.

    ``formula(row, person)`` is pure; ``row`` maps column names to values. It is asked only where every one
    of ``inputs`` (columns, ``"age"``, ``"sex"``) is known: otherwise there is no value, and people are told
    which input is missing. It may answer ``None`` for what it was not made for. The value is kept in
    ``column``, the formula's ``version`` in the column of the same name with ``_version`` behind.
    """

    column: Any
    label: Text
    formula: Callable[[Mapping[str, Any], Person], Decimal | None]
    inputs: Sequence[Any] = ()
    version: int = 1
    unit: str = ""
    decimals: int = 1
    bands: Bands | None = None
    chart: bool = False


@dataclass(frozen=True)
class RecordType:
    """A table about members, with how people see it; everything else follows from this declaration.

    ``table`` is a Piccolo table in the plugin's schema that extends ``tessera.plugin.Record``. Its name is
    singular and snake-case (``body_test``; from it the URLs ``/fitness/body-tests``, the permissions
    ``fitness.body_test.read`` and ``.write``, the event ``fitness.body_test_recorded``).
    ``natural_key`` names the columns by which an import recognises a record beside the member.

    A ``profile`` is a record of which a member has one: this is how a plugin adds fields to members. Its table
    says so, ``one_a_member = Unique(["member"])``; it stands in the member as JSON, ``{"beauty": {"skin": {…}}}``,
    and is changed rather than taken anew.
    """

    table: Any
    title: Text
    icon: str = "clipboard"
    plural: Text | None = None
    fields: Sequence[RecordField] = ()
    derived: Sequence[Derived] = ()
    natural_key: Sequence[Any] = ()
    visible: Literal["circle", "store"] = "circle"
    on_merge: Literal["keep_newest", "keep_both", "ask"] = "keep_both"
    profile: bool = False


@hookspec
def record_types() -> list[RecordType]:  # type: ignore[empty-body]
    """Declare what the plugin keeps about members.

    Called once at start. From each declaration come the form, list, timeline entry, trend chart,
    JSON endpoints and export.

    Example::

        @hookimpl
        def record_types():
            return [body_test]
    """
