"""From a condition to SQL that is true for exactly those members who meet it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tessera.conditions.facts import SQL_TYPES, known_facts
from tessera.conditions.values import comparand
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera_hooks import AllOf, AnyOf, Compare, Condition, Fact, Not

SQL_OPERATORS = {"==": "=", "!=": "<>", ">=": ">=", "<=": "<=", ">": ">", "<": "<"}


@dataclass
class Binder:
    """The values of one statement, each bound to a placeholder; none is ever written into the SQL.

    ``now`` and ``today`` (in the business's zone) are what facts mean by them. ``args`` may hold
    values that the statement has bound before.
    """

    now: datetime = field(default_factory=clock.now)
    today: date = field(default_factory=lambda: business().today())
    args: list[Any] = field(default_factory=list)
    _bound: dict[str, str] = field(default_factory=dict)

    def bind(self, value: Any, sql_type: str) -> str:
        """The placeholder of a value."""
        self.args.append(value)
        return f"${len(self.args)}::{sql_type}"

    def constant(self, name: str) -> str:
        """The placeholder of ``now`` or ``today``, bound once."""
        if name not in self._bound:
            value, sql_type = (self.now, "timestamptz") if name == "now" else (self.today, "date")
            self._bound[name] = self.bind(value, sql_type)
        return self._bound[name]


def compile_fact(fact: Fact, binder: Binder) -> str:
    """A fact as an SQL expression over ``member m``, NULL where it is missing."""
    sql = fact.sql
    for name in ("now", "today"):
        placeholder = "{" + name + "}"
        if placeholder in sql:
            sql = sql.replace(placeholder, binder.constant(name))
    return f"({sql})::{SQL_TYPES[fact.type]}"


def compile_condition(
    condition: Condition,
    binder: Binder,
    parameters: Mapping[str, int] | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> str:
    """An SQL boolean over ``member m``, true or false and never NULL.

    A comparison with a missing fact is false, whatever the operator, so ``Not`` of it is true. The
    condition was checked before; ``parameters`` gives each ``Param`` its number.
    """
    known = known_facts() if facts is None else facts
    return _compile(condition, binder, parameters or {}, known)


def _compile(condition: Condition, binder: Binder, parameters: Mapping[str, int], known: Mapping[str, Fact]) -> str:
    match condition:
        case Compare():
            return _compare(condition, binder, parameters, known[condition.fact])
        case AllOf():
            return _joined(condition.parts, " AND ", "TRUE", binder, parameters, known)
        case AnyOf():
            return _joined(condition.parts, " OR ", "FALSE", binder, parameters, known)
        case Not():
            return f"(NOT {_compile(condition.part, binder, parameters, known)})"


def _joined(
    parts: tuple[Condition, ...],
    word: str,
    when_empty: str,
    binder: Binder,
    parameters: Mapping[str, int],
    known: Mapping[str, Fact],
) -> str:
    compiled = [_compile(part, binder, parameters, known) for part in parts]
    return f"({word.join(compiled)})" if compiled else when_empty


def _compare(compare: Compare, binder: Binder, parameters: Mapping[str, int], fact: Fact) -> str:
    left = compile_fact(fact, binder)
    value = comparand(compare, fact.type, parameters)
    sql_type = SQL_TYPES[fact.type]
    if compare.op == "has":
        return f"COALESCE({binder.bind(value, 'text')} = ANY ({left}), FALSE)"
    if compare.op == "in":
        return f"COALESCE({left} = ANY ({binder.bind(value, sql_type + '[]')}), FALSE)"
    return f"COALESCE({left} {SQL_OPERATORS[compare.op]} {binder.bind(value, sql_type)}, FALSE)"
