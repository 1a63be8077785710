"""The earning rules that this business has, in all their versions: few rows, remembered until they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel import clock, generation
from tessera.kernel.business import business, setting, settings_below
from tessera.kernel.database import fetch
from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE
from tessera_hooks import EarningRule, EarningSpec, PerAmount, Rate, Text

PER_AMOUNT = "points.per_amount"
"""The rule that gives points for an amount of money: in force in a new business, before anybody changes it."""

PER_UNIT = "points.per_unit"
"""The setting of that rule's rate as long as nobody has changed the rule; ``points.per_unit.JPY`` for one currency."""

EVER = datetime(1900, 1, 1, tzinfo=UTC)
"""Since when a rule counts that was there before anybody made it."""


@dataclass(frozen=True)
class Version:
    """A version of a rule. ``valid_from`` is when it began to count; the first counts for all before it too."""

    code: str
    version: int
    plugin: str
    title: str
    spec: EarningSpec
    enabled: bool
    valid_from: datetime
    made_by: str = ""

    @property
    def shown(self) -> Text:
        """The title, translated where Tessera or a plugin brought it."""
        return Text(self.title)


_versions: dict[str, list[Version]] = {}
_first: list[Version] = []
"""The rule of a new business, as settings have it; made when it is first asked for."""


async def read_rules() -> None:
    """Read all versions anew."""
    rows = await fetch("SELECT * FROM earning_rule ORDER BY code, version")
    fresh: dict[str, list[Version]] = {}
    for row in rows:
        fresh.setdefault(row["code"], []).append(of_row(row))
    _versions.clear()
    _versions.update(fresh)
    _first.clear()


generation.on_change(read_rules)


def of_row(row: Any) -> Version:
    """A version from its row."""
    names = ("code", "version", "plugin", "title", "enabled", "valid_from", "made_by")
    return Version(spec=msgspec.convert(row["spec"], EarningSpec), **{name: row[name] for name in names})


def shipped() -> Mapping[str, tuple[str, EarningRule]]:
    """What Tessera and the plugins bring along, by code, with the plugin that it is of."""
    return {_code(d.plugin, d.value.name): (d.plugin, d.value) for d in host().declared("earning_rules")}


def _code(plugin: str, name: str) -> str:
    return name if plugin == CORE else f"{plugin}.{name}"


def versions_of(code: str) -> Sequence[Version]:
    """A rule's versions, the first first; none where nobody has switched it on yet."""
    if code not in _versions and code == PER_AMOUNT:
        if not _first:
            _first.append(_as_shipped())
        return _first
    return _versions.get(code, [])


def codes() -> list[str]:
    """The codes of all rules that were ever in force."""
    return [PER_AMOUNT, *(code for code in _versions if code != PER_AMOUNT)]


def _as_shipped() -> Version:
    plugin, rule = shipped()[PER_AMOUNT]
    named = settings_below(PER_UNIT + ".")
    rates = [Rate(_number(value), Decimal(1), currency) for currency, value in sorted(named.items())]
    rates.append(Rate(_number(setting(PER_UNIT, 1))))
    spec = msgspec.structs.replace(rule.spec, earns=PerAmount(tuple(rates)))
    return Version(PER_AMOUNT, 1, plugin, rule.title.source, spec, enabled=True, valid_from=EVER)


def _number(value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return Decimal(1)
    return number if number.is_finite() and number >= 0 else Decimal(1)


def valid_at(code: str, at: datetime) -> Version | None:
    """The version that counts at a moment: the last that had begun by then, else the first."""
    known = versions_of(code)
    begun = [version for version in known if version.valid_from <= at]
    return begun[-1] if begun else next(iter(known), None)


def in_force(at: datetime, store: UUID | None, deed: str | None = None) -> list[Version]:
    """The rules that are switched on at a moment, for purchases or for one deed, in their order.

    A rule counts within its own days, and one of a plugin where the plugin is enabled.
    """
    day = clock.local_day(at, business().timezone)
    found = [valid_at(code, at) for code in codes()]
    return [
        one
        for one in found
        if one is not None
        and one.enabled
        and one.spec.deed == deed
        and (one.spec.starts_on is None or one.spec.starts_on <= day)
        and (one.spec.ends_on is None or day <= one.spec.ends_on)
        and host().enabled(one.plugin, store)
    ]


def deeds_in_force(at: datetime, store: UUID | None) -> list[Version]:
    """The rules for deeds that are switched on at a moment."""
    named = {version.spec.deed for code in codes() for version in versions_of(code) if version.spec.deed}
    return [version for deed in sorted(named) for version in in_force(at, store, deed)]
