"""Moving members by the rules: one at once when they buy or come, everyone at night.

The first rule that fits moves a member, once a run. A rule that another would undo at once does not act, so
that no pair of rules sends anyone to and fro. Who was put into a stage by hand stays for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import system_actor
from tessera.conditions import Binder, check, compile_condition
from tessera.kernel import clock
from tessera.kernel.business import has_business
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import Invalid
from tessera.kernel.events import event_row, history, write_events
from tessera.kernel.logs import logger
from tessera.members.service.scope import present
from tessera.members.service.stages.changes import change_row, write_changes
from tessera.members.service.stages.rules import StageRuleFacts, hold_days, stage_rules
from tessera_hooks import Happened

BATCH = 5000
"""Members that are looked at in one transaction."""

RAN_AT = "members.stages_ran_at"
"""The row that says when the rules were last asked for everyone: no choice of anyone's, so not audited as one."""

_RAN = (
    "INSERT INTO setting (key, value, plugin, updated_at) VALUES ($1, $2::jsonb, 'core', $3) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
)

_log = logger(__name__)


async def run_stages() -> int:
    """Ask the rules for every member, and answer how many moved.

    What moves someone whose facts came by an import since the last run, or by a rule that was changed since
    then, is history: its events start no rule and no message.
    """
    if not has_business():
        return 0
    began, ran_at = clock.now(), await fetchval("SELECT value #>> '{}' FROM setting WHERE key = $1", RAN_AT)
    since = datetime.fromisoformat(ran_at) if ran_at else None
    rules = _usable(await stage_rules())
    moved, after = 0, UUID(int=0)
    with system_actor():
        while (last := await _end_of_batch(after)) is not None:
            moved += await _moved(rules, "m.id > {0} AND m.id <= {1}", [after, last], since, nightly=True)
            after = last
    await execute(_RAN, RAN_AT, msgspec.json.encode(began.isoformat()).decode(), clock.now())
    return moved


async def follow(event: Happened) -> None:
    """After a live purchase, visit or new phone: ask the rules for that member."""
    if event.member is None:
        return
    if event.kind == "member.updated" and "phone" not in event.payload["fields"]:
        return
    with system_actor():
        await move_by_rules([event.member])


async def move_by_rules(members: Sequence[UUID]) -> int:
    """Ask the rules for some members now, and answer how many moved."""
    rules = _usable(await stage_rules())
    return await _moved(rules, "m.id = ANY ({0})", [list(members)], None, nightly=False)


def _usable(rules: Sequence[StageRuleFacts]) -> list[StageRuleFacts]:
    """The rules that are on and can be asked; one whose fact has gone with its plugin or field is named."""
    usable = []
    for rule in rules:
        try:
            check(rule.condition)
        except Invalid as refusal:
            _log.warning("stage_rule_cannot_be_asked", rule=rule.code, reason=refusal.message)
            continue
        if rule.active:
            usable.append(rule)
    return usable


async def _end_of_batch(after: UUID) -> UUID | None:
    last: UUID | None = await fetchval(
        "SELECT id FROM (SELECT id FROM member WHERE id > $1 ORDER BY id LIMIT $2) b ORDER BY id DESC LIMIT 1",
        after,
        BATCH,
    )
    return last


async def _moved(
    rules: Sequence[StageRuleFacts], which: str, values: Sequence[Any], since: datetime | None, *, nightly: bool
) -> int:
    if not rules:
        return 0

    async def work() -> int:
        sql, binder = _update(rules, which, values)
        rows = await fetch(sql, *binder.args)
        if rows:
            await _tell(rules, rows, since, nightly=nightly)
        return len(rows)

    return await in_transaction(work)


def _update(rules: Sequence[StageRuleFacts], which: str, values: Sequence[Any]) -> tuple[str, Binder]:
    """The statement that moves members, and answers who went from where to where and why."""
    binder = Binder()
    types = ["uuid[]" if isinstance(value, list) else "uuid" for value in values]
    narrowed = which.format(*(binder.bind(value, kind) for value, kind in zip(values, types, strict=True)))
    held = binder.bind(clock.now() - timedelta(days=hold_days()), "timestamptz")
    cases = " ".join(_case(rule, rules, binder) for rule in rules)
    codes = binder.bind([rule.code for rule in rules], "text[]")
    afters = binder.bind([rule.after for rule in rules], "text[]")
    sql = (
        f"UPDATE member t SET stage = r.after, updated_at = {binder.constant('now')} FROM ("
        f"SELECT m.id, m.stage, CASE {cases} END AS rule FROM member m WHERE {narrowed} AND {present('m')} "
        "AND NOT EXISTS (SELECT 1 FROM stage_change c "
        f"WHERE c.member = m.id AND c.rule IS NULL AND c.at > {held})) f "
        f"JOIN unnest({codes}, {afters}) AS r (code, after) ON r.code = f.rule "
        f"WHERE t.id = f.id AND t.stage = f.stage AND {present('t')} "
        "RETURNING t.id, t.store, f.stage AS before, t.stage AS after, f.rule"
    )
    return sql, binder


def _case(rule: StageRuleFacts, rules: Sequence[StageRuleFacts], binder: Binder) -> str:
    parts = [f"m.stage = ANY ({binder.bind(list(rule.before), 'text[]')})", compile_condition(rule.condition, binder)]
    for other in rules:
        if rule.after in other.before and other.after in rule.before:
            undone = f"m.stage = {binder.bind(other.after, 'text')} AND {compile_condition(other.condition, binder)}"
            parts.append(f"NOT ({undone})")
    return f"WHEN {' AND '.join(parts)} THEN {binder.bind(rule.code, 'text')}"


async def _tell(rules: Sequence[StageRuleFacts], rows: Sequence[Any], since: datetime | None, *, nightly: bool) -> None:
    """The history and the events of those who moved."""
    by_code, moment = {rule.code: rule for rule in rules}, clock.now()
    reasons = {rule.code: {"condition": msgspec.to_builtins(rule.condition)} for rule in rules}
    await write_changes(
        [change_row(r["id"], r["before"], r["after"], reasons[r["rule"]], r["rule"], moment) for r in rows]
    )
    old = await _by_history(by_code, rows, since) if nightly else set()
    events = []
    for row in rows:
        with history() if row["id"] in old else nullcontext():
            events.append(
                event_row(
                    "member.stage_changed",
                    member=row["id"],
                    store=row["store"],
                    before=row["before"],
                    after=row["after"],
                    rule=row["rule"],
                )
            )
    await write_events(events)


async def _by_history(by_code: dict[str, StageRuleFacts], rows: Sequence[Any], since: datetime | None) -> set[UUID]:
    """Who moved for what is history: everyone in the first run, then by changed rules and imports since the last."""
    if since is None:
        return {row["id"] for row in rows}
    changed = {code for code, rule in by_code.items() if rule.changed_at is not None and rule.changed_at >= since}
    imported = await fetch(
        "SELECT DISTINCT member FROM event WHERE member = ANY($1) AND origin = 'import' AND recorded_at >= $2",
        [row["id"] for row in rows],
        since,
    )
    return {row["id"] for row in rows if row["rule"] in changed} | {row["member"] for row in imported}
