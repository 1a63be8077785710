"""What rules ask of a member beside the award: fetched in one statement, and only where a rule in force asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tessera.conditions import Binder, compile_fact, evaluate, known_facts
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetchrow
from tessera.points.earning.rules import Version
from tessera_hooks import Award, Condition
from tessera_hooks.conditions import facts_of

BIRTHDAY, FIRST_AT = "member.birthday_in_days", "purchases.first_at"
"""The facts behind "birthday" and "first purchase"; rooms above and below declare them."""


@dataclass(frozen=True)
class Known:
    """A member as rules see them.

    ``birthday`` is the first one from the beginning of the award's month on. ``first`` says that nothing was
    bought before. ``facts`` are what conditions ask for; ``assumed`` answers every condition instead of them.
    """

    birthday: date | None = None
    first: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    assumed: bool | None = None

    def has_birthday(self, within: str, day: date) -> bool:
        """Whether the birthday is kept in a day's month, or on the day itself."""
        if self.birthday is None:
            return False
        return self.birthday == day if within == "day" else (self.birthday - day.replace(day=1)) < _month(day)

    def meets(self, condition: Condition) -> bool:
        """Whether the member meets a condition."""
        return evaluate(condition, self.facts) if self.assumed is None else self.assumed


NOTHING = Known()
"""For awards of which no rule asks anything."""


def _month(day: date) -> timedelta:
    first = day.replace(day=1)
    return (first + timedelta(days=32)).replace(day=1) - first


async def look(award: Award, rules: Sequence[Version]) -> Known | None:
    """What the rules ask of the award's member, as of the award's moment; ``None``, unasked, where they ask nothing.

    29 February and lunar birthdays are kept as ``member.birthday_in_days`` says.
    """
    specs = [version.spec for version in rules]
    if not any(spec.condition or spec.first_purchase or spec.birthday for spec in specs):
        return None
    asked = dict.fromkeys(name for spec in specs if spec.condition for name in facts_of(spec.condition))
    known, day = known_facts(), clock.local_day(award.at, business().timezone)
    binder, month = Binder(award.at, day), Binder(award.at, day.replace(day=1))
    month.args = binder.args
    wanted = {name: compile_fact(known[name], binder) for name in asked if name in known}
    if any(spec.first_purchase for spec in specs):
        wanted["?first"] = compile_fact(known[FIRST_AT], binder)
    if any(spec.birthday for spec in specs):
        wanted["?birthday"] = compile_fact(known[BIRTHDAY], month)
    if not wanted:
        return None
    columns = ", ".join(f"{sql} AS f{place}" for place, sql in enumerate(wanted.values()))
    row = await fetchrow(
        f"SELECT {columns} FROM member m WHERE m.id = {binder.bind(award.member, 'uuid')}", *binder.args
    )
    values = {name: row[f"f{place}"] for place, name in enumerate(wanted)} if row is not None else {}
    days, first_at = values.pop("?birthday", None), values.pop("?first", None)
    birthday = day.replace(day=1) + timedelta(days=int(days)) if days is not None else None
    return Known(birthday, first_at is None or first_at >= award.at, values)
