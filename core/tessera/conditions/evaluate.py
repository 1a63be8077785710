"""The same answer in Python, for one member whose facts are at hand."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from tessera.conditions.compile import Binder, compile_fact
from tessera.conditions.facts import known_facts
from tessera.conditions.values import comparand
from tessera.kernel.database import fetchrow
from tessera.kernel.errors import NotFound
from tessera_hooks import AllOf, AnyOf, Compare, Condition, Fact, Not, _

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "in": lambda value, among: value in among,
    "has": lambda values, one: one in values,
}


async def facts_of_member(member: UUID, names: Iterable[str]) -> Mapping[str, Any]:
    """The values of some facts of one member, ``None`` where a fact is missing.

    Numbers come as ``Decimal``, days as ``date``, moments as aware ``datetime``, sets of words as lists.
    """
    known, wanted, binder = known_facts(), list(dict.fromkeys(names)), Binder()
    columns = [f"{compile_fact(known[name], binder)} AS f{i}" for i, name in enumerate(wanted)]
    row = await fetchrow(
        f"SELECT {', '.join(['TRUE', *columns])} FROM member m WHERE m.id = {binder.bind(member, 'uuid')}",
        *binder.args,
    )
    if row is None:
        raise NotFound(_("There is no such member."))
    return {name: row[f"f{i}"] for i, name in enumerate(wanted)}


def evaluate(
    condition: Condition,
    values: Mapping[str, Any],
    parameters: Mapping[str, int] | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> bool:
    """Whether these values meet the condition; a missing one makes its comparison false."""
    known = known_facts() if facts is None else facts
    return _evaluate(condition, values, parameters or {}, known)


def _evaluate(
    condition: Condition, values: Mapping[str, Any], parameters: Mapping[str, int], known: Mapping[str, Fact]
) -> bool:
    match condition:
        case Compare():
            value = values.get(condition.fact)
            if value is None:
                return False
            other = comparand(condition, known[condition.fact].type, parameters)
            return OPERATORS[condition.op](value, other)
        case AllOf():
            return all(_evaluate(part, values, parameters, known) for part in condition.parts)
        case AnyOf():
            return any(_evaluate(part, values, parameters, known) for part in condition.parts)
        case Not():
            return not _evaluate(condition.part, values, parameters, known)
