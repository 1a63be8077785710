"""The values with which a plugin declares what it brings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera_hooks.conditions import Condition, Param
from tessera_hooks.texts import Text

# --- record types -----------------------------------------------------------------------------------


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


# --- events, reactions, jobs ------------------------------------------------------------------------


@dataclass(frozen=True)
class Happened:
    """One committed event as a reaction sees it; ``id`` is constant over deliveries."""

    id: UUID
    position: int
    kind: str
    version: int
    origin: Literal["live", "import"]
    member: UUID | None
    store: UUID | None
    occurred_at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class TimelineEntry:
    """How one event reads on a member's timeline."""

    title: Text
    detail: str = ""
    url: str | None = None


TimelineReader = Callable[[Sequence[Happened]], Awaitable[Mapping[UUID, TimelineEntry]]]


@dataclass(frozen=True)
class Event:
    """A kind of event. ``name`` without the plugin (``class_attended``); the kind is ``fitness.class_attended``.

    ``payload`` is a msgspec struct of ids, codes and numbers, never of personal values. ``timeline``
    reads many events at once; without it the title stands alone. ``on_timeline`` hides the technical.
    """

    name: str
    title: Text
    payload: type[msgspec.Struct]
    version: int = 1
    icon: str = "point"
    timeline: TimelineReader | None = None
    on_timeline: bool = True


@dataclass(frozen=True)
class Reaction:
    """What a plugin does after an event has been committed.

    ``handle`` is awaited at least once for each event, in a transaction that also notes that it was
    handled; it never reaches the network. Imported history is skipped unless ``history``. ``when`` is asked
    first, from memory alone: where it answers no, nothing is noted of the event.
    """

    name: str
    kinds: Sequence[str]
    handle: Callable[[Happened], Awaitable[None]]
    history: bool = False
    when: Callable[[Happened], bool] | None = None


@dataclass(frozen=True)
class Job:
    """Work that comes round: ``every`` a time span, or a cron line in the business's zone."""

    name: str
    every: timedelta | str
    run: Callable[[], Awaitable[None]]


# --- rules and messages -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """A number that the integrator may change, with its bounds (inclusive)."""

    name: str
    title: Text
    default: int
    low: int
    high: int


@dataclass(frozen=True)
class Daily:
    """A trigger: once a day at a wall-clock time of the business's zone."""

    at: str = "09:00"


@dataclass(frozen=True)
class Cause:
    """What a rule fires for, once: the value of a date fact, and the day it takes effect after it."""

    fact: str
    after_days: int | Param = 0


@dataclass(frozen=True)
class SendMessage:
    """An action: one message from a template, decided by consent like any other."""

    template: str


@dataclass(frozen=True)
class OpenTask:
    """An action: a task for a role."""

    title: Text
    role: str | None = None


@dataclass(frozen=True)
class AddTag:
    """An action: the member carries the tag from here on; it is made where there is none of that name."""

    tag: str


@dataclass(frozen=True)
class RemoveTag:
    """An action: the member carries the tag no more."""

    tag: str


@dataclass(frozen=True)
class MoveStage:
    """An action: the member moves to a stage, for a reason that people read."""

    stage: Literal["prospect", "new", "active", "dormant", "lost"]
    reason: Text


Action = SendMessage | OpenTask | AddTag | RemoveTag | MoveStage


@dataclass(frozen=True)
class Rule:
    """A workflow shipped as data; it does nothing until an integrator switches it on."""

    name: str
    title: Text
    description: Text
    trigger: Daily
    condition: Condition
    cause: Cause
    actions: Sequence[Action]
    parameters: Sequence[Parameter] = ()


@dataclass(frozen=True)
class MessageTemplate:
    """A message by language. ``purpose`` is what the member must have agreed to.

    Texts may use ``{{ member.name }}``, ``{{ business.name }}`` and ``{{ store.name }}``; never a
    sensitive value.
    """

    name: str
    title: Text
    purpose: str
    subject: Mapping[str, str]
    body: Mapping[str, str]


# --- pages and permissions --------------------------------------------------------------------------


@dataclass(frozen=True)
class Permission:
    """A right by its name without the plugin: ``attend`` becomes ``fitness.attend``."""

    name: str
    title: Text


@dataclass(frozen=True)
class Role:
    """A set of full permission names that a staff member can be given."""

    name: str
    title: Text
    permissions: Sequence[str]


@dataclass(frozen=True)
class Screen:
    """A page of the navigation: ``handlers`` are the web handlers below ``/<plugin>``; the first is linked."""

    name: str
    title: Text
    icon: str
    permission: str
    handlers: Sequence[Any]
    path: str = ""
    on_phone: bool = False


@dataclass(frozen=True)
class Slot:
    """A piece of a page at a named place.

    ``context(member_id)`` answers what ``template`` needs, or ``None`` for nothing.

    Places: on the member's page ``member.mark`` (a few words below the name, such as tags),
    ``member.warning`` (shown before all else: an allergy, an injury),
    ``member.figure`` (one number in the line below the name), ``member.action`` (a button), ``member.card``
    (what matters now) and ``member.profile`` (what is looked up now and then); ``till.customer`` (what a cashier
    should know of who stands there), ``home.card``.
    """

    place: Literal[
        "member.mark",
        "member.warning",
        "member.figure",
        "member.action",
        "member.card",
        "member.profile",
        "till.customer",
        "home.card",
    ]
    template: str
    context: Callable[[UUID | None], Awaitable[Mapping[str, Any] | None]]
    permission: str | None = None


# --- what hooks are handed --------------------------------------------------------------------------


@dataclass(frozen=True)
class Merging:
    """Two members who are one person: ``other`` goes into ``survivor``.

    ``choices`` says from whom each field was taken where people chose. ``kept`` is, while a merge is
    undone, what the same plugin answered when it was made; before that it is empty. ``force`` says that an
    undo is wanted though something was built on what the other brought.
    """

    merge: UUID
    survivor: UUID
    other: UUID
    choices: Mapping[str, Literal["survivor", "other"]] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    force: bool = False


@dataclass(frozen=True)
class StarterSet:
    """What a new business of this industry begins with; ``apply`` may run twice without harm."""

    title: Text
    description: Text
    apply: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class SampleData:
    """Invented records for a demonstration; ``create(member_ids)`` is awaited once, in a transaction."""

    create: Callable[[Sequence[UUID]], Awaitable[None]]
