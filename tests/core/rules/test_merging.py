"""What is due to two members who are one is done once."""

from __future__ import annotations

from uuid import UUID

import pytest

from tessera.access.actor import system_actor
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.members import service as members
from tessera.members.service import merging
from tessera.messaging import service as messaging
from tessera.tasks import service as tasks


@pytest.fixture(autouse=True)
def system():
    with system_actor() as someone:
        yield someone


async def run_of(rule: str) -> UUID:
    run = uuid7()
    await execute(
        "INSERT INTO rule_run (id, rule, plugin, day, version, parameters, skipped, started_at) "
        "VALUES ($1, $2, 'core', '2026-01-01', 1, '{}', '{}', now())",
        run,
        rule,
    )
    return run


async def fired(rule: str, run: UUID, member: UUID, cause: str) -> None:
    await execute(
        "INSERT INTO rule_firing (id, rule, plugin, member, cause, run, outcome, did, at) "
        "VALUES ($1, $2, 'core', $3, $4, $5, 'acted', '{}', now())",
        uuid7(),
        rule,
        member,
        cause,
        run,
    )


async def causes_of(member: UUID) -> list[str]:
    return [row["cause"] for row in await fetch("SELECT cause FROM rule_firing WHERE member = $1 ORDER BY 1", member)]


async def test_what_fired_for_the_other_does_not_fire_again(member):
    ana, double = await member("Ana"), await member("Ana")
    run = await run_of("r")
    await fired("r", run, ana, "2026-01-01")
    await fired("r", run, double, "2026-01-01")
    await fired("r", run, double, "2026-02-02")
    done = await merging.merge(ana, double)
    merged = await causes_of(ana)
    await merging.undo(done.merge)
    assert merged == ["2026-01-01", "2026-02-02"]
    assert (await causes_of(ana), await causes_of(double)) == (["2026-01-01"], ["2026-01-01", "2026-02-02"])


async def test_tasks_about_the_other_are_about_the_survivor(member):
    ana, double = await member("Ana"), await member("Ana")
    await tasks.open_task("call", "Call them", member=double)
    done = await merging.merge(ana, double)
    await tasks.open_task("call", "Call again", member=double)
    merged = [task.title for task in (await tasks.tasks(member=double)).items]
    await merging.undo(done.merge)
    assert sorted(merged) == ["Call again", "Call them"]
    assert [task.title for task in (await tasks.tasks(member=double)).items] == ["Call them"]


async def test_a_message_that_was_due_to_the_other_goes_to_the_survivor(member):
    ana, double = await member("Ana"), await member("Ana", email="ana@example.org")
    await members.set_consent(double, "marketing", "email", "granted", source="desk")
    await messaging.consider(double, "dummy.hello")
    await merging.merge(ana, double)
    assert await fetchval("SELECT member FROM message") == ana
    assert (await messaging.judge(double, "marketing", "core")).reason == "off"


async def test_of_two_messages_for_one_cause_the_second_is_held_back(member):
    ana, double = await member("Ana"), await member("Ana")
    for one in (ana, double):
        await messaging.consider(one, "dummy.hello", rule="r", cause="2026-01-01")
    await execute("UPDATE message SET state = 'due', reason = NULL, due_at = now() WHERE member = $1", double)
    await merging.merge(ana, double)
    held = await fetch("SELECT member, state, reason FROM message ORDER BY id")
    assert [tuple(row) for row in held] == [(ana, "blocked", "no_consent"), (double, "blocked", "same_person")]
