"""How records read: one value, a record in a line, the trend of a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.dates import format_date

from tessera.access.actor import actor
from tessera.kernel.texts import current_locale, translate
from tessera.members.service.views import shows_whole
from tessera.records.kinds import Kind
from tessera.records.rows import Entry
from tessera.records.validate import MASK
from tessera.web.formats import number
from tessera_hooks import Band, ChoiceField, DateField, Derived, Measure, Text, TextField, YesNoField, _

BETWEEN = " · "
FEWEST_POINTS = 2
"""Values that make a trend."""


def is_masked(kind: Kind, name: str, store: UUID | None = None) -> bool:
    """Whether a value is hidden: from people always, who reveal one at a time; from programs without the right.

    ``store`` is the record's: a program sees whole what belongs to the stores where it may reveal.
    """
    field = kind.fields.get(name)
    return field is not None and field.sensitive and not shows_whole(store)


def may_reveal(entry: Entry, name: str) -> bool:
    """Whether a value that is masked can be revealed to the person who is looking."""
    return is_masked(entry.kind, name) and actor().may("members.reveal", entry.store)


def unit_of(kind: Kind, name: str) -> str:
    """The unit of a number; empty for everything else."""
    field: Any = kind.derived.get(name) or kind.fields[name]
    return field.unit if isinstance(field, Measure | Derived) else ""


def value_text(kind: Kind, name: str, value: Any) -> str:
    """A value as people read it, without its unit; empty where there is none."""
    if value is None:
        return ""
    return MASK if is_masked(kind, name) else _words(kind, name, value)


def readable(kind: Kind, name: str, value: Any) -> str:
    """A value with its unit, masked for nobody: for whoever has it revealed."""
    text, unit = _words(kind, name, value), unit_of(kind, name)
    return f"{text} {unit}" if unit else text


def _words(kind: Kind, name: str, value: Any) -> str:
    field: Any = kind.derived.get(name) or kind.fields[name]
    match field:
        case Measure() | Derived():
            return number(value, field.decimals)
        case ChoiceField():
            return translate(field.options.get(value, value))
        case YesNoField():
            return translate(_("Yes") if value else _("No"))
        case DateField():
            return day_text(value)
    return str(value)


def day_text(value: date) -> str:
    """A day as words within a sentence."""
    return format_date(value, "medium", locale=current_locale())


def with_unit(kind: Kind, name: str, value: Any) -> str:
    """A value with its unit: ``70.2 kg``."""
    text = value_text(kind, name, value)
    unit = unit_of(kind, name)
    return f"{text} {unit}" if text and unit else text


@dataclass(frozen=True)
class Shown:
    """One value of a record on a page; ``missing`` names what a derived value would need.

    ``reveal_at`` is the record's address where the value is masked and may be revealed.
    """

    name: str
    label: Text
    text: str
    unit: str
    band: Band | None = None
    missing: tuple[Text, ...] = ()
    change: str = ""
    is_words: bool = False
    reveal_at: str = ""

    @property
    def hint(self) -> Text | None:
        """Why there is no value."""
        if not self.missing:
            return None
        if len(self.missing) == 1:
            return _("{what} is missing", what=self.missing[0])
        return _("{what} are missing", what=", ".join(translate(m) for m in self.missing))


def shown(entry: Entry, previous: Entry | None = None) -> list[Shown]:
    """The values of a record, derived ones first; with ``previous``, how numbers have changed since."""
    kind = entry.kind
    lines = []
    for name in (*kind.derived, *kind.fields):
        value = entry.values[name]
        lines.append(
            Shown(
                name,
                kind.label(name),
                value_text(kind, name, value),
                unit_of(kind, name),
                entry.band(name),
                tuple(entry.missing(name)) if name in kind.derived and value is None else (),
                change_text(value, previous.values[name]) if previous and not is_masked(kind, name) else "",
                isinstance(kind.fields.get(name), TextField),
                f"{kind.url}/{entry.id}" if value is not None and may_reveal(entry, name) else "",
            )
        )
    return lines


def change_text(value: Any, before: Any) -> str:
    """How a number differs from the one before: ``−0.8``; empty where there is nothing to compare."""
    if not isinstance(value, Decimal) or not isinstance(before, Decimal) or value == before:
        return ""
    sign = "+" if value > before else "\N{MINUS SIGN}"
    return sign + number(abs(value - before))


def summary(entry: Entry) -> str:
    """A record in a line: ``BMI 23.1 (normal) · 70.2 kg · 18.4 %``."""
    return BETWEEN.join(parts(entry))


def parts(entry: Entry) -> list[str]:
    """What is said of a record: derived values with their bands, then what is charted, or else all there is."""
    kind = entry.kind
    said = []
    for name, derived in kind.derived.items():
        if entry.values[name] is not None:
            band = entry.band(name)
            text = f"{translate(derived.label)} {value_text(kind, name, entry.values[name])}"
            said.append(f"{text} ({translate(band.label)})" if band else text)
    chosen = [name for name in kind.fields if name in kind.charted] or list(kind.fields)
    for name in chosen:
        if isinstance(kind.fields[name], TextField):
            continue
        text = with_unit(kind, name, entry.values[name])
        if text:
            said.append(text if unit_of(kind, name) else f"{translate(kind.label(name))} {text}")
    return said


def chart(kind: Kind, name: str, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """The trend of a number for the page's chart; ``None`` where fewer than two values are known.

    Bands are drawn when the latest value has one: outside of their population they say nothing.
    """
    known = sorted((e for e in entries if e.values[name] is not None), key=lambda e: (e.recorded_on, e.id))
    if len(known) < FEWEST_POINTS or is_masked(kind, name):
        return None
    points: list[tuple[date, float]] = [(e.recorded_on, float(e.values[name])) for e in known]
    spec: dict[str, Any] = {
        "kind": "line",
        "unit": unit_of(kind, name),
        "series": [{"name": translate(kind.label(name)), "points": [[d.isoformat(), v] for d, v in points]}],
    }
    derived = kind.derived.get(name)
    if derived is not None and derived.bands is not None and known[-1].band(name) is not None:
        spec["bands"] = _bands(derived)
    return spec


def _bands(derived: Derived) -> list[dict[str, Any]]:
    drawn: list[dict[str, Any]] = []
    low: float | None = None
    for band in derived.bands.bands if derived.bands else ():
        high = None if band.below is None else float(band.below)
        drawn.append({"from": low, "to": high, "tone": band.tone})
        low = high
    return drawn
