"""The units of the ledger as people read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from babel.numbers import format_decimal

from tessera.kernel.business import business, say_money
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.plugins import host
from tessera.kernel.texts import current_locale
from tessera.points.units import POINTS, UnitFacts, find_unit, known_unit
from tessera_hooks import Text, _

__all__ = ["POINTS", "UnitFacts", "by_hand_unit", "find_unit", "known_unit", "say_amount", "unit_titles"]


def say_amount(amount: int, unit: str) -> str:
    """An amount as people read it in the language in force: money with its currency, others with their decimals."""
    found = find_unit(unit)
    if found is not None and found.currency is not None:
        return say_money(amount, found.currency)
    scaled = Decimal(amount).scaleb(-(found.scale if found is not None else 0))
    return format_decimal(scaled, locale=current_locale())


def by_hand_unit(name: str) -> UnitFacts:
    """A unit that people may book by hand, or a refusal: of what only its plugin books, or one that rests."""
    unit = known_unit(name)
    if not unit.by_hand:
        message = _("entries of {unit} are not booked by hand: do it where they come from", unit=unit.title)
        raise Invalid(message, [FieldError("unit", message)])
    if not host().enabled(unit.plugin):
        message = _("{unit} belongs to a plugin that is switched off", unit=unit.title)
        raise Invalid(message, [FieldError("unit", message)])
    return unit


async def unit_titles(names: Iterable[str]) -> dict[str, Text | str]:
    """How units are called, also those of families; the bare name where nobody declares one any more."""
    titles: dict[str, Text | str] = {}
    families: dict[str, list[UnitFacts]] = defaultdict(list)
    for name in dict.fromkeys(names):
        found = find_unit(name)
        titles[name] = found.title if found is not None else name
        if found is not None and found.member_of_family is not None:
            families[name.removesuffix(f".{found.member_of_family}")].append(found)
    for family in families.values():
        titles.update(await _family_titles(family))
    return titles


async def _family_titles(family: list[UnitFacts]) -> dict[str, Text | str]:
    plugin, name, _member = family[0].name.split(".", 2)
    (ask,) = (d.value.labels for d in host().declared("units") if (d.plugin, d.value.name) == (plugin, name))
    labels = await ask([str(unit.member_of_family) for unit in family]) if ask is not None else {}
    titles: dict[str, Text | str] = {}
    for unit in family:
        member = str(unit.member_of_family)
        if member in labels:
            titles[unit.name] = labels[member]
        elif unit.currency != business().currency:
            titles[unit.name] = _("{unit} ({which})", unit=unit.title, which=member)
    return titles
