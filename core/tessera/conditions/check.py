"""Refusing a condition that could not be asked, before anyone asks it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tessera.conditions.facts import known_facts, nearest
from tessera.conditions.values import OPERATORS, comparand
from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import AllOf, AnyOf, Compare, Condition, Fact, Not, Param, Text, _

DEEPEST = 20
MOST_PARTS = 200

EXAMPLES: Mapping[str, Text] = {
    "number": _("a whole number, or a decimal written as text"),
    "text": _("text"),
    "texts": _("text"),
    "yes_no": _("true or false"),
    "date": _("a day such as 2026-11-21"),
    "moment": _("a time with its zone such as 2026-11-21T09:00:00+08:00"),
}


class ConditionRefused(Invalid):
    """A condition asks for what is not known, or in a way that has no answer."""

    code = "condition_invalid"

    def __init__(self, message: str) -> None:
        super().__init__(message, [FieldError("condition", message)])


def check(condition: Condition, parameters: Collection[str] = (), facts: Mapping[str, Fact] | None = None) -> None:
    """Refuse a condition with an unknown fact, operator or parameter, or a value of the wrong type.

    The sentence names the fact, and the nearest one where it is unknown. ``parameters`` are the names
    that ``Param`` may use.
    """
    known = known_facts() if facts is None else facts
    parts = list(_compares(condition, 1))
    if len(parts) > MOST_PARTS:
        raise ConditionRefused(_("a condition has at most {n} comparisons: split it", n=MOST_PARTS))
    for part in parts:
        _check_compare(part, parameters, known)


def _compares(condition: Condition, depth: int) -> list[Compare]:
    if depth > DEEPEST:
        raise ConditionRefused(_("a condition is nested at most {n} deep: flatten it", n=DEEPEST))
    match condition:
        case Compare():
            return [condition]
        case AllOf() | AnyOf():
            return [found for part in condition.parts for found in _compares(part, depth + 1)]
        case Not():
            return _compares(condition.part, depth + 1)


def _check_compare(compare: Compare, parameters: Collection[str], known: Mapping[str, Fact]) -> None:
    fact = known.get(compare.fact)
    if fact is None:
        near = nearest(compare.fact, known)
        if near is None:
            raise ConditionRefused(_('there is no fact "{name}"', name=compare.fact))
        raise ConditionRefused(_('there is no fact "{name}", did you mean "{near}"?', name=compare.fact, near=near))
    if compare.op not in OPERATORS[fact.type]:
        allowed = " ".join(sorted(OPERATORS[fact.type]))
        raise ConditionRefused(
            _('fact "{name}" cannot be asked with {op}: use one of {allowed}',
              name=fact.name, op=compare.op, allowed=allowed)
        )  # fmt: skip
    if isinstance(compare.value, Param) and compare.value.name not in parameters:
        raise ConditionRefused(
            _('fact "{name}" is held against the parameter "{parameter}", which is not declared',
              name=fact.name, parameter=compare.value.name)
        )  # fmt: skip
    try:
        comparand(compare, fact.type, dict.fromkeys(parameters, 0))
    except ValueError:
        expected = EXAMPLES[fact.type]
        if compare.op == "in":
            message = _('fact "{name}" needs a list, each {expected}', name=fact.name, expected=expected)
        else:
            message = _('fact "{name}" needs {expected}', name=fact.name, expected=expected)
        raise ConditionRefused(message) from None
