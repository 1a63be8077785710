"""A dry run: whom a rule would touch today, and what would become of it, without touching anyone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.members import service as members
from tessera.messaging import service as messaging
from tessera.rules.service.catalogue import RuleSetting, checked_parameters, rule
from tessera.rules.service.causes import ACT, Question, Touched, counted, next_touched
from tessera_hooks import SendMessage

JUDGED = 200
"""How many are looked at one by one, for what would become of their message."""

NAMED = 20


@dataclass(frozen=True)
class Named:
    """Someone whom the rule would touch, as far as the person asking may know."""

    member: UUID
    name: str
    number: str
    day: date


@dataclass(frozen=True)
class DryRun:
    """What a run would do today.

    ``today`` are those whose cause takes effect now, or since the rule was switched on, and those from
    before where they were chosen to be included; ``backlog`` those who met it before and are left alone.
    ``outcomes`` says for the first ``judged`` of them what would become of the message, by reason,
    ``acted`` for one that would go out.
    """

    today: int
    backlog: int
    fired_before: int
    outcomes: Mapping[str, int]
    judged: int
    named: Sequence[Named]
    named_backlog: Sequence[Named]


async def dry_run(code: str, parameters: Mapping[str, Any] | None = None) -> DryRun:
    """What a rule would do today with these numbers; one that is off, as if it were switched on now."""
    setting = await rule(code)
    values = checked_parameters(setting, parameters or {})
    changed = not setting.enabled or values != dict(setting.parameters)
    since = business().today() if changed or setting.since is None else setting.since
    included = None if changed else setting.backlog_until
    question = Question(setting, values, since, None if changed else setting.enabled_at, included)
    found = await counted(question)
    today = await next_touched(question, JUDGED)
    before = await next_touched(question, NAMED, what=("before_switch_on", "imported"))
    outcomes = await _outcomes(setting, today or before)
    return DryRun(
        found.get(ACT, 0),
        found.get("before_switch_on", 0) + found.get("imported", 0),
        found.get("fired_before", 0),
        outcomes,
        sum(outcomes.values()),
        await _named(today[:NAMED]),
        await _named(before),
    )


async def _outcomes(setting: RuleSetting, touched: Sequence[Touched]) -> Mapping[str, int]:
    sends = [action for action in setting.rule.actions if isinstance(action, SendMessage)]
    if not sends:
        return {}
    template = await messaging.template(messaging.code_of(setting.plugin, sends[0].template))
    verdicts = [
        await messaging.judge(each.member, template.purpose, template.plugin, store=each.store) for each in touched
    ]
    return Counter(verdict.reason or "acted" for verdict in verdicts)


async def _named(touched: Sequence[Touched]) -> Sequence[Named]:
    """Those of some members whom the person asking may see, with name."""
    if not touched or not actor().may("members.read"):
        return []
    days = {each.member: each.day for each in touched}
    rows = await fetch(
        f"SELECT m.id, m.name, m.number FROM member m WHERE m.id = ANY ($1) AND {members.in_scope('m.id', 2)} "
        "ORDER BY m.name_key, m.id",
        list(days),
        members.members_seen(),
    )
    return [Named(row["id"], row["name"] or row["number"], row["number"], days[row["id"]]) for row in rows]
