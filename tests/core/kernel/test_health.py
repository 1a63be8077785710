"""Health in numbers, and a doctor that says the next step."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tessera.kernel import clock, database, keys
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, in_transaction
from tessera.kernel.dispatcher import drain
from tessera.kernel.doctor import EXPORTED, SHOWN, examine_inside, examine_outside
from tessera.kernel.due_work import overdue
from tessera.kernel.events import emit
from tessera.kernel.health import health
from tessera.kernel.ids import uuid7
from tessera.kernel.instance import Instance, create_instance
from tessera.kernel.migrations import Found, core_migrations
from tessera.kernel.plugins.state import enable


@pytest.fixture
def instance(tmp_path) -> Instance:
    return create_instance(tmp_path / "gym")


async def set_aside(ago: timedelta, *, parked: bool = False) -> None:
    """An event whose reaction failed, due again some time ago, or given up."""
    event = await in_transaction(lambda: emit("dummy.waved", times=1))
    await execute(
        "INSERT INTO delivery (id, consumer, event, attempts, error, due_at, parked_at) "
        "VALUES ($1, 'dummy.remember', $2, 5, 'ValueError: no hands', $3, $4)",
        uuid7(),
        event,
        clock.now() - ago,
        clock.now() if parked else None,
    )


def said(findings, subject: str) -> str:
    return "; ".join(f"{f.level}: {f.said}" for f in findings if f.subject == subject)


async def test_a_quiet_instance_is_ok(business):
    await drain()
    answer = await health()
    assert (answer["status"], answer["dispatcher"]["waiting"], answer["due"]) == ("ok", 0, {})


async def test_free_space_is_told_for_the_embedded_server(business):
    assert (await health())["disk"]["free"] > 0


async def test_an_event_that_waits_too_long_degrades(business):
    await in_transaction(lambda: emit("dummy.waved", times=1))
    await execute("UPDATE event SET recorded_at = recorded_at - interval '5 minutes'")
    assert (await health())["status"] == "degraded"


async def leave_unhandled(age: str) -> None:
    """Two events that have their places, recorded a while ago, and which every reaction has yet to meet."""
    for _time in range(2):
        await in_transaction(lambda: emit("dummy.waved", times=1))
    await drain()
    await execute("UPDATE event SET recorded_at = now() - $1::text::interval", age)
    await execute("UPDATE consumer SET position = position - 2")


async def test_a_reaction_that_falls_behind_degrades_and_is_told(business):
    await enable("dummy")
    await leave_unhandled("5 minutes")
    answer = await health()
    told = answer["dispatcher"]
    assert (answer["status"], told["waiting"], told["behind"], told["behind_seconds"] // 10) == ("degraded", 0, 2, 30)


async def test_a_reaction_that_is_behind_for_a_moment_is_told_and_well(business):
    await leave_unhandled("1 second")
    answer = await health()
    assert (answer["status"], answer["dispatcher"]["behind"]) == ("ok", 2)


async def test_reactions_of_a_disabled_plugin_are_not_behind(business):
    await drain()
    await execute(
        "INSERT INTO consumer (name, plugin, position, updated_at) VALUES ('gone.remember', 'gone', -9, now())"
    )
    assert (await health())["dispatcher"]["behind"] == 0


async def test_given_up_events_are_counted(business):
    await set_aside(timedelta(minutes=10), parked=True)
    assert (await health())["dispatcher"]["parked"] == 1


async def test_the_doctor_names_the_reaction_that_is_behind(business, instance):
    await leave_unhandled("5 minutes")
    await execute("UPDATE consumer SET position = position - 1 WHERE name = 'dummy.remember'")
    at_rest = said(await examine_inside(instance, [core_migrations()]), "reactions")
    await execute("UPDATE dispatcher SET lease_until = now() + interval '10 seconds'")
    at_work = said(await examine_inside(instance, [core_migrations()]), "reactions")
    assert at_rest.startswith("advice: ")
    assert re.fullmatch(r"problem: \S+ is [23] events behind, the oldest of 30\d s ago: see the worker's log", at_work)


async def test_the_doctor_says_how_many_were_given_up_beyond_those_it_names(business, instance):
    for _time in range(SHOWN + 2):
        await set_aside(timedelta(minutes=10), parked=True)
    assert "problem: 7 deliveries were given up" in said(await examine_inside(instance, [core_migrations()]), "events")


async def test_late_work_degrades_and_is_told_by_table(business):
    await set_aside(timedelta(minutes=10))
    answer = await health()
    assert (answer["status"], list(answer["due"])) == ("degraded", ["delivery"])


async def test_what_is_due_just_now_is_not_late(business):
    await set_aside(timedelta(minutes=1))
    assert await overdue() == []


async def test_given_up_work_is_not_late(business):
    await set_aside(timedelta(minutes=10), parked=True)
    assert await overdue() == []


async def test_without_a_database_it_is_down(business, database_config):
    await database.disconnect()
    answer = await health()
    await database.connect(dict(database_config), max_size=12)
    assert answer == {"status": "down", "database": "unreachable"}


async def test_the_doctor_names_an_event_that_was_given_up(business, instance):
    await set_aside(timedelta(minutes=10), parked=True)
    findings = await examine_inside(instance, [core_migrations()])
    assert "problem: dummy.remember gave up dummy.waved after 5 attempts (ValueError: no hands)" in said(
        findings, "events"
    )


async def test_the_doctor_calls_late_work_a_problem_only_while_somebody_is_at_work(business, instance):
    await set_aside(timedelta(minutes=10))
    await drain("elsewhere")
    await set_aside(timedelta(minutes=10))
    at_rest = said(await examine_inside(instance, [core_migrations()]), "due work")
    await execute("UPDATE dispatcher SET lease_until = now() + interval '10 seconds'")
    at_work = said(await examine_inside(instance, [core_migrations()]), "due work")
    assert (at_rest, at_work) == (
        "advice: 1 rows of delivery are late, the oldest by 10 minutes: start `tessera run`, or `tessera worker`",
        "problem: 1 rows of delivery are late, the oldest by 10 minutes: see the worker's log",
    )


async def test_the_doctor_warns_until_the_keys_were_exported(business, instance):
    before = said(await examine_inside(instance, [core_migrations()]), "keys' copy")
    await set_setting(EXPORTED, instance.keys.fingerprint())
    after = said(await examine_inside(instance, [core_migrations()]), "keys' copy")
    assert (before[:23], after) == ("advice: never exported,", "ok: these keys were exported")


async def test_the_doctor_warns_again_after_the_keys_changed(business, instance):
    await set_setting(EXPORTED, keys.new_keys().fingerprint())
    findings = await examine_inside(instance, [core_migrations()])
    assert "was never exported: run `tessera key export FILE` again" in said(findings, "keys' copy")


async def test_the_doctor_names_a_plugin_that_is_gone(business, instance):
    await execute("INSERT INTO plugin_state (name, title, version, created_at) VALUES ('gone', '{}', '1', now())")
    await execute("INSERT INTO plugin_enabled (id, plugin) VALUES ($1, 'gone')", uuid7())
    findings = await examine_inside(instance, [core_migrations()])
    assert '"gone" is enabled and not installed' in said(findings, "plugins")


async def test_the_doctor_names_a_database_newer_than_the_code(business, instance):
    older = Found("core", core_migrations().folder, core_migrations().migrations[:-1])
    assert "problem: the database is newer" in said(await examine_inside(instance, [older]), "schema")


async def test_the_doctor_names_a_job_that_failed(business, instance):
    await execute(
        "INSERT INTO job_run (name, plugin, started_at, error) VALUES ('dummy.tick', 'dummy', $1, 'OSError: no')",
        clock.now(),
    )
    findings = await examine_inside(instance, [core_migrations()])
    assert said(findings, "recurring jobs") == "problem: dummy.tick failed (OSError: no): see the worker's log"


def test_the_doctor_finds_a_key_file_that_others_can_read(instance):
    instance.key_file.chmod(0o644)
    assert "problem: the key file" in said(examine_outside(instance), "keys")


def test_the_doctor_advises_tls(instance):
    assert "advice: no [web] public_url" in said(examine_outside(instance), "address")
