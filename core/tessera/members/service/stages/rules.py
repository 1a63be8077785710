"""The rules by which members change stages: those that Tessera brings, as this business set them, and its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from tessera.access import audit
from tessera.conditions import check
from tessera.kernel import clock
from tessera.kernel.business import setting
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import FieldError, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera.members.labels import STAGES
from tessera_hooks import AllOf, AnyOf, Compare, Condition, Not, Text, _

HOLD_DAYS = "members.stage_hold_days"
"""The setting for how many days a stage that was set by hand stands against the rules."""

LARGEST = 100_000


class StageRuleUnknown(NotFound):
    """There is no such rule of stages."""

    code = "stage_rule_unknown"


@dataclass(frozen=True)
class StageRuleFacts:
    """Members of the stages ``before`` who meet ``condition`` go to ``after``; the rules are asked in ``place`` order.

    ``title`` is empty for a business's own. ``changed_at`` is when this business set it last.
    """

    code: str
    before: tuple[str, ...]
    after: str
    condition: Condition
    place: int
    title: Text | None = None
    hint: Text | None = None
    active: bool = True
    changed_at: datetime | None = None

    @property
    def is_own(self) -> bool:
        """Whether the business made it."""
        return self.title is None


BUILT_IN: tuple[StageRuleFacts, ...] = (
    StageRuleFacts(
        "lost",
        ("prospect", "new", "active", "dormant"),
        "lost",
        Compare("visits.days_away", ">", 365),
        10,
        _("Lost after a long time"),
        _("Days without purchase or visit"),
    ),
    StageRuleFacts(
        "dormant",
        ("new", "active"),
        "dormant",
        Compare("visits.days_away", ">", 180),
        20,
        _("Dormant after a while"),
        _("Days without purchase or visit"),
    ),
    StageRuleFacts(
        "first_purchase",
        ("prospect", "new"),
        "active",
        Compare("purchases.count", ">=", 1),
        30,
        _("Active with the first purchase"),
        _("Purchases"),
    ),
    StageRuleFacts(
        "came_back",
        ("dormant", "lost"),
        "active",
        AnyOf((Compare("purchases.days_since_last", "<=", 180), Compare("visits.days_since_last", "<=", 180))),
        40,
        _("Active again when they come back"),
        _("Came within so many days"),
    ),
    StageRuleFacts(
        "reachable",
        ("prospect",),
        "new",
        Compare("member.phone_known", "==", value=True),
        50,
        _("A prospect with a phone is new"),
    ),
)
"""What a new business begins with; the reference describes 180 days and the first purchase."""


async def stage_rules() -> list[StageRuleFacts]:
    """All rules in the order in which they are asked."""
    rows = {row["code"]: row for row in await fetch("SELECT * FROM stage_rule")}
    known = [_as_set(rule, rows.pop(rule.code, None)) for rule in BUILT_IN]
    known += [_of_row(StageRuleFacts(row["code"], (), row["after"], AllOf(()), 0), row) for row in rows.values()]
    return sorted(known, key=lambda rule: (rule.place, rule.code))


def _as_set(rule: StageRuleFacts, row: Any) -> StageRuleFacts:
    return rule if row is None else _of_row(rule, row)


def _of_row(rule: StageRuleFacts, row: Any) -> StageRuleFacts:
    return replace(
        rule,
        before=tuple(row["before"]),
        after=row["after"],
        condition=msgspec.convert(row["condition"], Condition),
        place=row["place"],
        active=row["active"],
        changed_at=row["changed_at"],
    )


async def rule_of(code: str) -> StageRuleFacts:
    """One rule by its code."""
    for rule in await stage_rules():
        if rule.code == code:
            return rule
    raise StageRuleUnknown(_("There is no such rule."))


async def change_rule(code: str, *, active: bool, place: int, number: int | None = None) -> None:
    """Switch a rule on or off, move it in the order, change its number."""

    async def work() -> None:
        await execute("LOCK TABLE stage_rule IN SHARE ROW EXCLUSIVE MODE")
        rule = await rule_of(code)
        condition = rule.condition if number is None else with_number(rule.condition, number)
        await _save(replace(rule, active=active, place=place, condition=condition), rule)

    await in_transaction(work)


async def keep_rule(before: Sequence[str], after: str, condition: Condition, place: int = 100) -> str:
    """Make a rule of one's own and answer its code."""
    wrong = []
    if after not in STAGES:
        wrong.append(FieldError("after", _("choose a stage")))
    if not before or any(stage not in STAGES or stage == after for stage in before):
        wrong.append(FieldError("before", _("choose stages other than the one they go to")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)
    check(condition)
    code = f"own_{uuid7().hex[-12:]}"

    async def work() -> None:
        await _save(StageRuleFacts(code, tuple(before), after, condition, place), None)

    await in_transaction(work)
    return code


async def drop_rule(code: str) -> None:
    """Take a rule of one's own away; one that Tessera brings goes back to what it was."""

    async def work() -> None:
        if not await execute("DELETE FROM stage_rule WHERE code = $1", code):
            raise StageRuleUnknown(_("There is no such rule."))
        await audit.note("members.stage_rule_dropped", rule=code)

    await in_transaction(work)


async def _save(rule: StageRuleFacts, before: StageRuleFacts | None) -> None:
    if not 0 <= rule.place <= LARGEST:
        message = _("give a whole number from {low} to {high}", low=0, high=LARGEST)
        raise Invalid(message, [FieldError("place", message)])
    if before is not None and rule == before:
        return
    await execute(
        "INSERT INTO stage_rule (id, code, before, after, condition, place, active, changed_at) "
        "VALUES ($1, $2, $3::jsonb, $4, $5::jsonb, $6, $7, $8) ON CONFLICT (code) DO UPDATE SET "
        "before = excluded.before, after = excluded.after, condition = excluded.condition, place = excluded.place, "
        "active = excluded.active, changed_at = excluded.changed_at",
        uuid7(),
        rule.code,
        msgspec.json.encode(rule.before).decode(),
        rule.after,
        msgspec.json.encode(rule.condition).decode(),
        rule.place,
        rule.active,
        clock.now(),
    )
    await audit.note("members.stage_rule_changed", rule=rule.code, active=rule.active, number=number_of(rule.condition))


def number_of(condition: Condition) -> int | None:
    """The number of a condition that people may change: the first one that a fact is held against."""
    return next(iter(_numbers(condition)), None)


def _numbers(condition: Condition) -> list[int]:
    match condition:
        case Compare():
            is_number = isinstance(condition.value, int) and not isinstance(condition.value, bool)
            return [condition.value] if is_number else []  # type: ignore[list-item]
        case AllOf() | AnyOf():
            return [n for part in condition.parts for n in _numbers(part)]
        case Not():
            return _numbers(condition.part)


def with_number(condition: Condition, number: int) -> Condition:
    """The condition with another number wherever it has one."""
    if not 0 <= number <= LARGEST:
        message = _("give a whole number from {low} to {high}", low=0, high=LARGEST)
        raise Invalid(message, [FieldError("number", message)])
    match condition:
        case Compare() if _numbers(condition):
            return Compare(condition.fact, condition.op, number)
        case AllOf():
            return AllOf(tuple(with_number(part, number) for part in condition.parts))
        case AnyOf():
            return AnyOf(tuple(with_number(part, number) for part in condition.parts))
        case Not():
            return Not(with_number(condition.part, number))
    return condition


def hold_days() -> int:
    """How many days a stage that was set by hand stands against the rules."""
    return int(setting(HOLD_DAYS, default=30))
