"""Conditions over facts, as plain values: a plugin writes them, Tessera compiles and reads them back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text

Operator = Literal["==", "!=", ">=", "<=", ">", "<", "in", "has"]
FactType = Literal["number", "text", "texts", "yes_no", "date", "moment"]


class Param(msgspec.Struct, frozen=True, tag="param"):
    """A number of a rule that the integrator may change, by its name in ``Rule.parameters``."""

    name: str


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """A fact held against a value; a fact that a member lacks makes it false.

    ``has`` asks whether a set of words holds one; ``Not`` of it, whether it lacks it.
    """

    fact: str
    op: Operator
    value: int | str | bool | list[str] | Param


class AllOf(msgspec.Struct, frozen=True, tag="all"):
    """True when every part is."""

    parts: tuple[Condition, ...]


class AnyOf(msgspec.Struct, frozen=True, tag="any"):
    """True when at least one part is."""

    parts: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """True when the part is not."""

    part: Condition


Condition = Compare | AllOf | AnyOf | Not


def facts_of(condition: Condition) -> Iterator[str]:
    """The names of the facts that a condition looks at."""
    match condition:
        case Compare():
            yield condition.fact
        case AllOf() | AnyOf():
            for part in condition.parts:
                yield from facts_of(part)
        case Not():
            yield from facts_of(condition.part)


@dataclass(frozen=True)
class Fact:
    """Something known of a member that conditions can ask for.

    ``name`` is dotted, the first part its owner: ``visits.days_since_last``. ``sql`` is an expression
    over the alias ``m`` of table ``member`` and the placeholders ``{now}`` (timestamptz) and
    ``{today}`` (date in the business's zone); it answers NULL where the fact is missing. A fact of type
    ``texts`` is a set of words (``text[]``); ``says`` is how asking it for ``{value}`` reads.
    """

    name: str
    title: Text
    type: FactType
    sql: str
    says: Text | None = None


@hookspec
def facts() -> list[Fact]:  # type: ignore[empty-body]
    """Declare what conditions may ask about a member.

    Called once at start. The name begins with the plugin's.

    Example::

        @hookimpl
        def facts():
            return [Fact("fitness.tests", _("Body tests"), "number", "(SELECT count(*) …)")]
    """
