"""Running what is due: once a day at its time, on the same day also later, and once for each cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.business import business, has_business
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import DomainError
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import failures, host
from tessera.members import service as members
from tessera.members.service import stages, tags
from tessera.messaging import service as messaging
from tessera.rules.service.catalogue import RuleSetting, rule, rules
from tessera.rules.service.causes import BATCH, Question, Touched, counted, next_touched
from tessera.rules.service.roles import role_code
from tessera.tasks import service as tasks
from tessera_hooks import AddTag, MoveStage, OpenTask, RemoveTag, SendMessage

LEASE = timedelta(minutes=5)
ACTED = "acted"


async def run_due() -> int:
    """Run every rule that is on, whose time has come and that has not run today as it is set now.

    Answers how many ran. Two processes at the same time share nothing but the rows: one of them runs.
    """
    if not has_business():
        return 0
    ran = 0
    with system_actor():
        for setting in await rules():
            if setting.enabled and _is_time(setting):
                run = await _begin(setting)
                if run is not None:
                    await _run(setting, run)
                    ran += 1
    return ran


async def run_now(code: str) -> bool:
    """Do today's run of a rule that is on at once; false where it has run today as it is set now."""
    with system_actor():
        setting = await rule(code)
        run = await _begin(setting) if setting.enabled else None
        if run is not None:
            await _run(setting, run)
    return run is not None


def _is_time(setting: RuleSetting) -> bool:
    local = clock.now().astimezone(clock.zone(business().timezone))
    return local.time() >= setting.at


_BEGIN = """
INSERT INTO rule_run (id, rule, plugin, day, version, parameters, with_backlog, seen, acted, skipped, started_at,
                      lease_until)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, 0, 0, '{}'::jsonb, $8, $9)
ON CONFLICT (rule, day, version) DO UPDATE SET lease_until = excluded.lease_until
WHERE rule_run.ended_at IS NULL AND rule_run.lease_until < excluded.started_at
RETURNING id
"""


async def _begin(setting: RuleSetting) -> UUID | None:
    """The run of today, if it is still to be done and nobody is at it."""
    moment = clock.now()
    run: UUID | None = await fetchval(
        _BEGIN,
        uuid7(),
        setting.code,
        setting.plugin,
        business().today(),
        setting.version,
        msgspec.json.encode(dict(setting.parameters)).decode(),
        setting.backlog_until is not None,
        moment,
        moment + LEASE,
    )
    return run


async def _run(setting: RuleSetting, run: UUID) -> None:
    """Fire for everyone on whom the rule acts, in batches; a rule that cannot run is named and ends for today.

    Whoever switches the rule off, or changes its numbers, stops the run before its next batch.
    """
    question = question_of(setting, run)
    error = None
    try:
        while await _is_unchanged(setting) and (touched := await next_touched(question, BATCH)):
            await fire(setting, run, touched)
    except (DomainError, asyncpg.DataError, asyncpg.SyntaxOrAccessError) as problem:
        failures.note(setting.plugin, f"rule {setting.code}", problem)
        error = f"{type(problem).__name__}: {problem}"[:2000]
    await _end(question, run, error)


async def _is_unchanged(setting: RuleSetting) -> bool:
    """Whether the rule is still on as it was when its run began."""
    version = await fetchval("SELECT version FROM rule_switch WHERE code = $1 AND enabled", setting.code)
    return bool(version == setting.version)


def question_of(setting: RuleSetting, run: UUID | None = None) -> Question:
    """What a rule that is on asks today."""
    since: date = setting.since or business().today()
    return Question(setting, setting.parameters, since, setting.enabled_at, setting.backlog_until, run)


_FIRE = """
INSERT INTO rule_firing (id, rule, plugin, member, cause, run, outcome, did, at)
SELECT f.id, $1, $2, f.member, f.cause, $3, '', '{}'::jsonb, $4
FROM unnest($5::uuid[], $6::uuid[], $7::varchar[]) AS f(id, member, cause)
ON CONFLICT (rule, member, cause) DO NOTHING
RETURNING id, member
"""


async def fire(setting: RuleSetting, run: UUID, found: Sequence[Touched]) -> int:
    """Fire for some members, each firing in one transaction with its actions; answers how many were new.

    Whoever was merged into another since they were found is left to the next look, as that other.
    """

    async def work() -> int:
        moment = clock.now()
        held = await members.hold_all(each.member for each in found)
        touched = [each for each in found if held[each.member] == each.member]
        ids = [uuid7() for _each in touched]
        rows = await fetch(
            _FIRE,
            setting.code,
            setting.plugin,
            run,
            moment,
            ids,
            [t.member for t in touched],
            [t.cause for t in touched],
        )
        causes = {t.member: t for t in touched}
        for row in rows:
            outcome, did = await _act(setting, causes[row["member"]])
            await execute(
                "UPDATE rule_firing SET outcome = $2, did = $3::jsonb WHERE id = $1",
                row["id"],
                outcome,
                msgspec.json.encode(did).decode(),
            )
        await execute("UPDATE rule_run SET lease_until = $2 WHERE id = $1", run, moment + LEASE)
        return len(rows)

    return await in_transaction(work)


async def _act(setting: RuleSetting, touched: Touched) -> tuple[str, dict[str, Any]]:
    """Do what the rule does for one member; answers what came of it."""
    outcome, did = "", {}
    for action in setting.rule.actions:
        if isinstance(action, SendMessage):
            decision = await messaging.consider(
                touched.member,
                messaging.code_of(setting.plugin, action.template),
                rule=setting.code,
                cause=touched.cause,
                store=touched.store,
            )
            did["message"] = decision.id
            outcome = outcome or (decision.reason if decision.state == "blocked" else None) or ACTED
        else:
            did.update(await _mark(setting, action, touched))
            outcome = ACTED
    return outcome, did


async def _mark(
    setting: RuleSetting, action: OpenTask | AddTag | RemoveTag | MoveStage, touched: Touched
) -> dict[str, Any]:
    """Do what needs nobody's consent; answers what is noted with the firing."""
    member, rule = touched.member, setting.code
    match action:
        case OpenTask():
            return {"task": await _open(setting, action, touched)}
        case AddTag():
            await tags.tag_members([member], [action.tag], rule=rule, plugin=setting.plugin)
            return {"tag_added": action.tag}
        case RemoveTag():
            await tags.tag_members([member], remove=[action.tag], rule=rule, plugin=setting.plugin)
            return {"tag_removed": action.tag}
        case MoveStage():
            await stages.move_stage(member, action.stage, action.reason, rule=rule)
            return {"stage": action.stage}


async def _open(setting: RuleSetting, action: OpenTask, touched: Touched) -> UUID:
    return await tasks.open_task(
        "rule",
        action.title,
        member=touched.member,
        store=touched.store,
        role=role_code(host(), setting.plugin, action.role) if action.role else None,
        plugin=setting.plugin,
        rule=setting.code,
    )


async def _end(question: Question, run: UUID, error: str | None) -> None:
    """Note what the run saw and did; the choice to include those from before is used up."""

    async def work() -> None:
        fired = await fetch("SELECT outcome, count(*) AS n FROM rule_firing WHERE run = $1 GROUP BY outcome", run)
        skipped = {row["outcome"]: row["n"] for row in fired if row["outcome"] != ACTED}
        acted = sum(row["n"] for row in fired if row["outcome"] == ACTED)
        if error is None:
            for what, n in (await counted(question)).items():
                if what not in ("now", "act"):
                    skipped[what] = skipped.get(what, 0) + n
            await execute(
                "UPDATE rule_switch SET backlog_until = NULL WHERE code = $1 AND version = $2",
                question.setting.code,
                question.setting.version,
            )
        await execute(
            "UPDATE rule_run SET seen = $2, acted = $3, skipped = $4::jsonb, ended_at = $5, lease_until = NULL, "
            "error = $6 WHERE id = $1",
            run,
            acted + sum(skipped.values()),
            acted,
            msgspec.json.encode(skipped).decode(),
            clock.now(),
            error,
        )

    await in_transaction(work)


async def runs(code: str, limit: int = 20) -> Sequence[Any]:
    """The last runs of a rule, the latest first."""
    return await fetch("SELECT * FROM rule_run WHERE rule = $1 ORDER BY id DESC LIMIT $2", code, limit)


async def last_run(code: str) -> Any:
    """The latest run of a rule, or ``None``."""
    return await fetchrow("SELECT * FROM rule_run WHERE rule = $1 ORDER BY id DESC LIMIT 1", code)
