"""An earning rule in plain words, for those who set it and those who ask what it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from babel.dates import format_date, get_day_names

from tessera.access.service import stores
from tessera.conditions import describe, known_facts
from tessera.kernel.business import business
from tessera.kernel.texts import current_locale, translate
from tessera.points.earning.saying import ROUNDINGS, plain, say_step
from tessera.points.earning.shipped import DEEDS
from tessera.points.earning.titles import tier_titles
from tessera_hooks import EarningSpec, Factor, Fixed, PerAmount, Rate, Text, _
from tessera_hooks.conditions import facts_of
from tessera_hooks.earning import Once

ONCE: Mapping[Once, Text] = {
    "day": _("once a day"),
    "always": _("each time"),
    "subject": _("once for each occasion or person it is about"),
    "ever": _("once and never again"),
}
"""How often the same deed brings points."""

BIRTHDAYS: Mapping[str, Text] = {"month": _("in the month of the birthday"), "day": _("on the birthday itself")}
"""When a birthday counts."""


def in_words(spec: EarningSpec, title: str = "") -> list[Text | str]:
    """What a rule gives, and one sentence for each thing that restricts it."""
    return [
        *_gives(spec, title),
        *_goods(spec),
        *_times(spec),
        *_people(spec),
        *_limits(spec),
    ]


def _gives(spec: EarningSpec, title: str) -> list[Text | str]:
    match spec.earns:
        case Fixed(points=points) if spec.deed is not None:
            deed = DEEDS.get(spec.deed, Text(title or spec.deed))
            return [_("{points} points for: {deed}, {once}", points=points, deed=deed, once=ONCE[spec.once])]
        case Fixed(points=points):
            return [_("{points} points with a purchase", points=points)]
        case Factor(factor=factor):
            return [_("Points for what is paid ×{factor}", factor=plain(Fraction(factor)))]
        case PerAmount() as earns:
            return _by_amount(earns)


def _by_amount(earns: PerAmount) -> list[Text | str]:
    said: list[Text | str] = [_rate(rate) for rate in earns.rates]
    if earns.full:
        said.append(_("full steps only"))
    if earns.rounding != "down":
        said.append(ROUNDINGS[earns.rounding])
    if earns.by == "line":
        said.append(_("each line for itself"))
    return said


def _rate(rate: Rate) -> Text:
    points = plain(Fraction(rate.points))
    step = say_step(Fraction(rate.per), rate.currency or business().currency)
    if rate.currency is None and _several_currencies():
        return _("{points} for each {number} in any other currency", points=points, number=plain(Fraction(rate.per)))
    return _("{points} for each {step}", points=points, step=step)


def _several_currencies() -> bool:
    return any(store.currency != business().currency for store in stores())


def _goods(spec: EarningSpec) -> Iterable[Text]:
    for words, text in (
        (spec.categories, "only for: {words}"),
        (spec.skus, "only for the articles {words}"),
        (spec.not_categories, "not for: {words}"),
        (spec.not_skus, "not for the articles {words}"),
    ):
        if words:
            yield Text(text, words=_list(words))


GOODS = (
    _("only for: {words}"),
    _("only for the articles {words}"),
    _("not for: {words}"),
    _("not for the articles {words}"),
)
"""The sentences above, where the extraction of texts finds them."""


def _list(words: Iterable[str]) -> str:
    return translate(_(", ")).join(words)


def weekdays() -> list[tuple[str, str]]:
    """The days of the week by number, Monday first."""
    names = get_day_names("abbreviated", locale=current_locale())
    return [(str(number), str(names[number - 1])) for number in range(1, 8)]


def _times(spec: EarningSpec) -> Iterable[Text]:
    if spec.weekdays:
        names = dict(weekdays())
        yield _("on {days}", days=_list(names[str(day)] for day in sorted(spec.weekdays)))
    if spec.hours:
        yield _("from {hours}", hours=_list(f"{span.since}–{span.until}" for span in spec.hours))
    if spec.starts_on is not None:
        yield _("from {day} on", day=format_date(spec.starts_on, "medium", locale=current_locale()))
    if spec.ends_on is not None:
        yield _("until {day}", day=format_date(spec.ends_on, "medium", locale=current_locale()))


def _people(spec: EarningSpec) -> Iterable[Text | str]:
    if spec.stores:
        names = {store.code.casefold(): store.name for store in stores()}
        yield _("in {stores}", stores=_list(names.get(code.casefold(), code) for code in spec.stores))
    if spec.tiers:
        titles = tier_titles()
        yield _("for {tiers}", tiers=_list(titles.get(code, code) for code in spec.tiers))
    if spec.birthday is not None:
        yield BIRTHDAYS[spec.birthday]
    if spec.first_purchase:
        yield _("with the first purchase only")
    if spec.condition is not None:
        if any(name not in known_facts() for name in facts_of(spec.condition)):
            yield _("if something is so that is no longer known: it never is")
        else:
            yield _("if {condition}", condition=describe(spec.condition))


def _limits(spec: EarningSpec) -> Iterable[Text]:
    if spec.most_per_day is not None:
        yield _("at most {n} a day and member", n=spec.most_per_day)
    if spec.most_per_member is not None:
        yield _("at most {n} for each member in all", n=spec.most_per_member)


def one_line(parts: Sequence[Text | str]) -> str:
    """The sentences as one line, in the language in force."""
    return translate(_("; ")).join(translate(part) for part in parts)
