"""An earning rule as a form, and a form as an earning rule: each kind shows the fields that it has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tessera.access.service import stores
from tessera.conditions import known_facts
from tessera.kernel.business import business
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import read_number
from tessera.web.forms import Form
from tessera_hooks import AllOf, Compare, Condition, EarningSpec, Factor, Fixed, Hours, PerAmount, Rate, Text, _

KINDS: Mapping[str, Text] = {
    "per_amount": _("Points for what is paid"),
    "fixed": _("So many points with a purchase"),
    "factor": _("Double, or more, of the points for what is paid"),
    "deed": _("Points for something else than buying"),
}
"""What a rule can be, as one chooses before filling it in."""

CONDITION_ROWS = 3
"""How many comparisons a form holds; a condition of more, or of another shape, is kept as it is."""

OPERATORS: Mapping[str, Text] = {
    ">=": _("is at least"),
    "<=": _("is at most"),
    "==": _("is"),
    "!=": _("is not"),
    "has": _("has"),
}

_LISTED = re.compile(r"[\n,，、;；]+")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]\Z")


def kind_of(spec: EarningSpec) -> str:
    """Which of ``KINDS`` a rule is."""
    if spec.deed is not None:
        return "deed"
    return {PerAmount: "per_amount", Fixed: "fixed", Factor: "factor"}[type(spec.earns)]


def currencies(spec: EarningSpec | None = None) -> list[str]:
    """The currencies for which a rate can be given beside that of all others: those of stores elsewhere."""
    own = {store.currency for store in stores()} - {business().currency}
    if spec is not None and isinstance(spec.earns, PerAmount):
        own |= {rate.currency for rate in spec.earns.rates if rate.currency not in (None, business().currency)}
    return sorted(code for code in own if code)


def filled(title: str, spec: EarningSpec, version: int) -> Form:
    """The form of a rule."""
    form = Form.of(
        title=title,
        version=version,
        once=spec.once,
        deed=spec.deed or "",
        categories="\n".join(spec.categories),
        not_categories="\n".join(spec.not_categories),
        skus="\n".join(spec.skus),
        not_skus="\n".join(spec.not_skus),
        stores=list(spec.stores),
        tiers=list(spec.tiers),
        weekdays=list(spec.weekdays),
        birthday=spec.birthday or "",
        first_purchase="yes" if spec.first_purchase else "",
        most_per_day=spec.most_per_day,
        most_per_member=spec.most_per_member,
        starts_on=spec.starts_on,
        ends_on=spec.ends_on,
    )
    for number, span in enumerate(spec.hours[:2], start=1):
        form.values[f"since.{number}"], form.values[f"until.{number}"] = [span.since], [span.until]
    form.values.update(_earns_filled(spec))
    form.values.update(_condition_filled(spec.condition))
    return form


def _earns_filled(spec: EarningSpec) -> dict[str, list[str]]:
    match spec.earns:
        case Fixed(points=points):
            return {"points": [str(points)]}
        case Factor(factor=factor):
            return {"factor": [_plain(factor)]}
        case PerAmount() as earns:
            values: dict[str, list[str]] = {
                "rounding": [earns.rounding],
                "by": [earns.by],
                "full": ["yes" if earns.full else ""],
            }
            for rate in earns.rates:
                own = rate.currency in (None, business().currency)
                behind = "" if own else f".{rate.currency}"
                if f"points{behind}" not in values:
                    values |= {f"points{behind}": [_plain(rate.points)], f"per{behind}": [_plain(rate.per)]}
            return values


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_simple(condition: Condition | None) -> bool:
    """Whether the form can hold a condition: a few comparisons that must all be met."""
    parts = _parts(condition)
    return parts is not None and len(parts) <= CONDITION_ROWS


def _parts(condition: Condition | None) -> Sequence[Compare] | None:
    if condition is None:
        return []
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    simple = [
        p for p in parts if isinstance(p, Compare) and p.op in OPERATORS and isinstance(p.value, int | str | bool)
    ]
    return simple if len(simple) == len(parts) else None


def _condition_filled(condition: Condition | None) -> dict[str, list[str]]:
    if not is_simple(condition):
        return {"keep_condition": ["yes"]}
    values: dict[str, list[str]] = {}
    for number, part in enumerate(_parts(condition) or (), start=1):
        shown = ("yes" if part.value else "no") if isinstance(part.value, bool) else str(part.value)
        values |= {f"fact.{number}": [part.fact], f"op.{number}": [part.op], f"value.{number}": [shown]}
    return values


def read(form: Form, kind: str, before: EarningSpec | None) -> EarningSpec:
    """The rule that was filled in; a refusal names every field that cannot be read."""
    reader = _Reader(form)
    deed = kind == "deed"
    spec = EarningSpec(
        earns=reader.earns(kind, before),
        deed=(form["deed"] or "") if deed else None,
        once=form["once"] if form["once"] in ("always", "day", "subject", "ever") else "day",  # type: ignore[arg-type]
        categories=() if deed else reader.words("categories"),
        not_categories=() if deed else reader.words("not_categories"),
        skus=() if deed else reader.words("skus"),
        not_skus=() if deed else reader.words("not_skus"),
        stores=tuple(form.all("stores")),
        weekdays=tuple(int(day) for day in form.all("weekdays") if day in "1234567"),
        hours=reader.hours(),
        tiers=reader.words("tiers"),
        birthday=form["birthday"] if form["birthday"] in ("month", "day") else None,  # type: ignore[arg-type]
        first_purchase=not deed and form["first_purchase"] == "yes",
        condition=reader.condition(before.condition if before else None),
        most_per_day=reader.whole("most_per_day"),
        most_per_member=reader.whole("most_per_member"),
        starts_on=reader.day("starts_on"),
        ends_on=reader.day("ends_on"),
    )
    if reader.wrong:
        raise Invalid(_("Some values cannot be accepted."), reader.wrong)
    return spec


class _Reader:
    """What was typed, as values; notes what cannot be read."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.wrong: list[FieldError] = []

    def _refuse(self, field: str, message: Text) -> None:
        self.wrong.append(FieldError(field, message))

    def earns(self, kind: str, before: EarningSpec | None) -> PerAmount | Fixed | Factor:
        if kind == "factor":
            return Factor(self.number("factor"))
        if kind != "per_amount":
            return Fixed(self.whole("points") or 0)
        rates = [
            Rate(self.number(f"points.{code}"), self.number(f"per.{code}"), code)
            for code in currencies(before)
            if self.form[f"points.{code}"]
        ]
        rates.append(Rate(self.number("points"), self.number("per"), business().currency if rates else None))
        rounding = self.form["rounding"] if self.form["rounding"] in ("half_up", "up") else "down"
        by = "line" if self.form["by"] == "line" else "purchase"
        return PerAmount(tuple(rates), rounding, by, self.form["full"] == "yes")  # type: ignore[arg-type]

    def number(self, field: str) -> Decimal:
        try:
            return read_number(self.form[field])
        except ValueError:
            self._refuse(field, _("Write a number, such as 1.5."))
            return Decimal(1)

    def whole(self, field: str) -> int | None:
        typed = self.form[field]
        if not typed:
            return None
        if not typed.isascii() or not typed.isdecimal() or len(typed) > 10:
            self._refuse(field, _("Write a whole number."))
            return None
        return int(typed)

    def words(self, field: str) -> tuple[str, ...]:
        typed = [word.strip() for text in self.form.all(field) for word in _LISTED.split(text)]
        return tuple(dict.fromkeys(word for word in typed if word))

    def day(self, field: str) -> date | None:
        try:
            return date.fromisoformat(self.form[field]) if self.form[field] else None
        except ValueError:
            self._refuse(field, _("Write a day such as 2026-11-21."))
            return None

    def hours(self) -> tuple[Hours, ...]:
        spans = []
        for number in (1, 2):
            since, until = self.form[f"since.{number}"], self.form[f"until.{number}"]
            if not since and not until:
                continue
            if not _CLOCK.match(since) or not _CLOCK.match(until):
                self._refuse("hours", _("give two different times of the day, such as 14:00 and 17:00"))
                continue
            spans.append(Hours(since.zfill(5), until.zfill(5)))
        return tuple(spans)

    def condition(self, before: Condition | None) -> Condition | None:
        if self.form["keep_condition"] == "yes":
            return before
        parts = [part for number in range(1, CONDITION_ROWS + 1) if (part := self._compare(number)) is not None]
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _compare(self, number: int) -> Compare | None:
        name, op, typed = (self.form[f"{part}.{number}"] for part in ("fact", "op", "value"))
        fact = known_facts().get(name)
        if fact is None or op not in OPERATORS:
            return None
        value: Any = typed
        if fact.type == "yes_no":
            value = typed.casefold() in ("yes", "是", "true", "1")
        elif fact.type == "texts":
            op = "has"
        return Compare(name, op, value)  # type: ignore[arg-type]
