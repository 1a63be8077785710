"""Whom a rule is about today, each with the cause, and whether it acts on it.

A cause is the value of a date fact; it takes effect some days later. What had taken effect before the
rule was switched on is not its business, nor what an import brought to light after its day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tessera.conditions import Binder, compile_condition, compile_fact, known_facts
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE
from tessera.members import service as members
from tessera.rules.service.catalogue import RuleSetting

BATCH = 500

ACT = "act"
"""The rule acts on it."""


@dataclass(frozen=True)
class Touched:
    """A member whom a rule is about, with the cause and the day on which it took effect."""

    member: UUID
    store: UUID | None
    cause: str
    day: date


@dataclass(frozen=True)
class Question:
    """A rule's question, with the numbers and the day from which causes count."""

    setting: RuleSetting
    parameters: Mapping[str, int]
    since: date
    since_moment: datetime | None
    backlog_until: datetime | None
    run: UUID | None = None

    def compiled(self) -> tuple[str, Binder]:
        """A subquery ``met`` over everyone whom the rule is about, each with ``what`` is to be done."""
        binder, rule = Binder(), self.setting.rule
        cause = compile_fact(known_facts()[rule.cause.fact], binder)
        condition = compile_condition(rule.condition, binder, self.parameters)
        after = binder.bind(self.setting.after_days(self.parameters), "int")
        where = [members.present("m"), condition, f"{cause} + {after} <= {binder.constant('today')}"]
        stores = _stores_of(self.setting.plugin)
        if stores is not None:
            where.append(f"m.store = ANY ({binder.bind(stores, 'uuid[]')})")
        inner = (
            f"SELECT m.id, m.store, m.created_at, {cause} AS value, {cause} + {after} AS day "
            f"FROM member m WHERE {' AND '.join(where)}"
        )
        what = self._what(binder)
        return f"(SELECT c.id, c.store, c.value::text AS cause, c.day, {what} AS what FROM ({inner}) c) met", binder

    def _what(self, binder: Binder) -> str:
        code = binder.bind(self.setting.code, "varchar")
        run = binder.bind(self.run, "uuid")
        fired = f"SELECT 1 FROM rule_firing f WHERE f.rule = {code} AND f.member = c.id AND f.cause = c.value::text"
        backlog, since = binder.bind(self.backlog_until, "timestamptz"), binder.bind(self.since, "date")
        moment, zone = binder.bind(self.since_moment, "timestamptz"), binder.bind(business().timezone, "text")
        imported = (
            f"SELECT max(e.recorded_at AT TIME ZONE {zone})::date FROM event e "
            "WHERE e.member IN (SELECT c.id UNION ALL SELECT o.id FROM member o WHERE o.merged_into = c.id) "
            f"AND e.origin = 'import' AND e.recorded_at >= {moment}"
        )
        return (
            f"CASE WHEN EXISTS ({fired} AND f.run = {run}) THEN 'now' "
            f"WHEN EXISTS ({fired}) THEN 'fired_before' "
            f"WHEN c.created_at <= {backlog} THEN '{ACT}' "
            f"WHEN c.day < {since} THEN 'before_switch_on' "
            f"WHEN c.day < ({imported}) THEN 'imported' ELSE '{ACT}' END"
        )


def _stores_of(plugin: str) -> list[UUID] | None:
    """The stores where a plugin's rules act; ``None`` for everywhere."""
    stores = None if plugin == CORE else host().where.get(plugin)
    return None if stores is None else sorted(stores)


async def counted(question: Question) -> dict[str, int]:
    """How many members there are of each kind of ``what``."""
    met, binder = question.compiled()
    rows = await fetch(f"SELECT what, count(*) AS n FROM {met} GROUP BY what", *binder.args)
    return {row["what"]: row["n"] for row in rows}


async def next_touched(question: Question, limit: int = BATCH, *, what: Sequence[str] = (ACT,)) -> list[Touched]:
    """Some of those on whom the rule acts, in the order of their ids."""
    met, binder = question.compiled()
    wanted, most = binder.bind(list(what), "varchar[]"), binder.bind(limit, "int")
    rows: list[Any] = await fetch(
        f"SELECT id, store, cause, day FROM {met} WHERE what = ANY ({wanted}) ORDER BY id LIMIT {most}", *binder.args
    )
    return [Touched(row["id"], row["store"], row["cause"], row["day"]) for row in rows]
