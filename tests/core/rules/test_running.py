"""A rule acts once for one cause, only on causes from its switch-on, once a day at its time."""

import asyncio

import pytest

from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Invalid
from tessera.kernel.events import emit, importing
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.state import disable, enable
from tessera.messaging import service as messaging
from tessera.rules import service
from tessera.rules.service import run as running
from tessera_hooks import Cause, Compare, Daily, Rule, SendMessage, _


async def considered():
    return await fetchval("SELECT count(*) FROM message")


async def test_a_rule_does_nothing_until_it_is_switched_on(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(14):
        assert await service.run_due() == 0
    assert await considered() == 0


async def test_it_acts_on_the_day_on_which_the_cause_takes_effect(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(1):
        await service.switch_on("absent")
    with day(13):
        await service.run_due()
    assert await considered() == 0
    with day(14):
        await service.run_due()
    assert await considered() == 1


async def test_it_waits_for_its_time_of_the_day_in_the_businesss_zone(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(13, hour=20):
        await service.switch_on("absent")
    with day(14, hour=8, minute=59):
        assert await service.run_due() == 0
    with day(14, hour=9, minute=0):
        assert await service.run_due() == 1


async def test_after_a_downtime_it_catches_up_on_the_same_day_and_once(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(13):
        await service.switch_on("absent")
    with day(14, hour=23, minute=50):
        assert await service.run_due() == 1
        assert await service.run_due() == 0


async def test_whoever_switches_a_rule_off_stops_it_in_the_middle(mail_server, member_named, seen, day, monkeypatch):
    for name in ("Ana", "Ben", "Cleo"):
        await seen(await member_named(name, email=f"{name}@example.com"), 0)
    fire = running.fire

    async def fire_then_regret(*given):
        fired = await fire(*given)
        await service.switch_off("absent")
        return fired

    monkeypatch.setattr(running, "fire", fire_then_regret)
    monkeypatch.setattr(running, "BATCH", 1)
    with day(1):
        await service.switch_on("absent")
    with day(14):
        await service.run_due()
    assert await considered() == 1


async def test_after_days_without_running_what_took_effect_meanwhile_is_still_acted_on(
    mail_server, member_named, seen, day
):
    await seen(await member_named(), 0)
    with day(10):
        await service.switch_on("absent")
    with day(20):
        await service.run_due()
    assert await considered() == 1


async def test_those_who_met_it_before_the_switch_on_are_left_alone_and_counted(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(20):
        await service.switch_on("absent")
        await service.run_due()
        run = await service.last_run("absent")
    assert (run["seen"], run["acted"], run["skipped"]) == (1, 0, {"before_switch_on": 1})
    assert await considered() == 0


async def test_the_explicit_choice_includes_them_once(mail_server, member_named, seen, day):
    await seen(await member_named("Ana"), 0)
    with day(20):
        await service.switch_on("absent", include_backlog=True)
        await service.run_due()
    assert await considered() == 1
    await seen(await member_named("Ben"), 0)
    with day(21):
        await service.run_due()
    assert await considered() == 1


async def test_the_next_day_the_same_cause_is_not_acted_on_again(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(1):
        await service.switch_on("absent")
    for n in (14, 15, 16):
        with day(n):
            await service.run_due()
    assert await considered() == 1
    assert (await service.last_run("absent"))["skipped"] == {"fired_before": 1}


async def test_a_new_cause_is_acted_on(mail_server, member_named, seen, day):
    ana = await member_named()
    await seen(ana, 0)
    with day(1):
        await service.switch_on("absent")
    with day(14):
        await service.run_due()
    await seen(ana, 20)
    with day(34):
        await service.run_due()
    assert await considered() == 2


async def test_two_workers_at_once_run_it_once(mail_server, member_named, seen, day):
    for n in range(20):
        await seen(await member_named(f"m{n}"), 0)
    with day(1):
        await service.switch_on("absent")
    with day(14):
        ran = await asyncio.gather(*(service.run_due() for _worker in range(4)))
    assert sum(ran) == 1
    assert await considered() == 20


async def test_a_worker_that_was_killed_in_the_middle_leaves_the_rest_to_the_next(
    mail_server, member_named, seen, day, monkeypatch
):
    for n in range(5):
        await seen(await member_named(f"m{n}"), 0)
    with day(1):
        await service.switch_on("absent")
    monkeypatch.setattr("tessera.rules.service.run.BATCH", 2)
    fire, fired = running.fire, []

    async def fire_once(*given):
        if fired:
            raise asyncio.CancelledError
        fired.append(await fire(*given))
        return fired[0]

    monkeypatch.setattr("tessera.rules.service.run.fire", fire_once)
    with day(14), pytest.raises(asyncio.CancelledError):
        await service.run_due()
    monkeypatch.setattr("tessera.rules.service.run.fire", fire)
    assert await considered() == 2
    with day(14, hour=10):
        assert await service.run_due() == 1
    run = await service.last_run("absent")
    assert (run["seen"], run["acted"]) == (5, 5)
    assert await considered() == 5


async def test_a_firing_and_its_message_are_one_unit_of_work(mail_server, member_named, seen, day, monkeypatch):
    await seen(await member_named(), 0)
    with day(1):
        await service.switch_on("absent")

    async def fail(*_given, **_named):
        raise Invalid("no")

    monkeypatch.setattr("tessera.messaging.service.consider", fail)
    with day(14):
        await service.run_due()
    assert await fetchval("SELECT count(*) FROM rule_firing") == 0
    assert "no" in (await service.last_run("absent"))["error"]


async def test_why_someone_was_not_written_to_is_logged_with_the_run(mail_server, member_named, seen, day):
    await seen(await member_named("Ana"), 0)
    await seen(await member_named("Ben", consent=None), 0)
    await seen(await member_named("Cem", consent="refused"), 0)
    await seen(await member_named("Dan", email=False), 0)
    with day(1):
        await service.switch_on("absent")
    with day(14):
        await service.run_due()
    run = await service.last_run("absent")
    assert (run["seen"], run["acted"]) == (4, 1)
    assert run["skipped"] == {"no_consent": 1, "refused": 1, "no_address": 1}


async def test_what_a_run_used_is_kept_with_it(mail_server, day):
    with day(1):
        await service.switch_on("absent", {"days": 30})
        await service.run_due()
    run = await service.last_run("absent")
    assert (run["parameters"], run["version"]) == ({"days": 30}, 1)


async def test_changing_a_number_counts_causes_from_that_day_on(mail_server, member_named, seen, day):
    await seen(await member_named("Ana"), 0)
    await seen(await member_named("Ben"), 17)
    with day(1):
        await service.switch_on("absent", {"days": 30})
    with day(20):
        await service.change_parameters("absent", {"days": 5})
        await service.run_due()
    assert await considered() == 0
    with day(22):
        await service.run_due()
    assert await considered() == 1


async def test_a_number_out_of_its_bounds_is_refused(business):
    with pytest.raises(Invalid, match="give a whole number from 2 to 365"):
        await service.switch_on("absent", {"days": 1})
    with pytest.raises(Invalid, match='there is no parameter "dayz": known are days'):
        await service.switch_on("absent", {"dayz": 3})
    assert not (await service.rule("absent")).enabled


async def test_what_an_import_brings_to_light_later_starts_nothing(mail_server, member_named, seen, day):
    ana = await member_named()
    with day(1):
        await service.switch_on("absent")
    with day(20), importing(uuid7()):
        await seen(ana, 0)
        await in_transaction(lambda: emit("task.opened", member=ana, task=uuid7(), task_kind="imported"))
    with day(20, hour=10):
        await service.run_due()
        run = await service.last_run("absent")
    assert run["skipped"] == {"imported": 1}
    with day(21), importing(uuid7()):
        await seen(ana, 10)
    with day(24):
        await service.run_due()
    assert await considered() == 1


async def test_a_rule_of_a_disabled_plugin_does_not_run(mail_server, member_named, seen, day, declared, plugin_host):
    plugin = next(iter(plugin_host.plugins))
    declared(
        "rules",
        Rule(
            "own",
            _("Own"),
            _("Own"),
            Daily("09:00"),
            Compare("test.days_away", ">=", 3),
            Cause("test.last_seen", 3),
            [SendMessage("core.missed")],
        ),
        plugin=plugin,
    )
    with day(1):
        await service.switch_on(f"{plugin}.own")
    await disable(plugin)
    with day(3):
        assert await service.run_due() == 0
    with pytest.raises(service.RuleUnknown):
        await service.rule(f"{plugin}.own")
    await enable(plugin)


async def test_a_rule_of_a_plugin_acts_in_its_stores_only(
    mail_server, member_named, seen, day, declared, plugin_host, store
):
    from tessera.access.service import add_store

    plugin = next(iter(plugin_host.plugins))
    other = await add_store("second", name="Second street")
    await disable(plugin)
    await enable(plugin, store)
    declared(
        "rules",
        Rule("own", _("Own"), _("Own"), Daily(), Compare("test.days_away", ">=", 3), Cause("test.last_seen", 3),
             [SendMessage("missed")]),
        plugin=plugin,
    )  # fmt: skip
    declared("message_templates", messaging.declared()["missed"][1], plugin=plugin)
    await seen(await member_named("Ana", store=store), 0)
    await seen(await member_named("Ben", store=other.id), 0)
    with day(1):
        await service.switch_on(f"{plugin}.own")
    with day(3):
        await service.run_due()
    assert [row["store"] for row in await fetch("SELECT store FROM message")] == [store]


async def test_a_task_is_opened_for_the_role(business, member_named, seen, day):
    ana = await member_named()
    await seen(ana, 0)
    with day(1):
        await service.switch_on("call")
    with day(30, hour=11):
        await service.run_due()
        await service.run_due()
    task = await fetchrow("SELECT * FROM task")
    assert (task["member"], task["role"], task["rule"]) == (ana, "front_desk", "call")
    assert task["title"]["en"] == "Call the member"
    assert await fetchval("SELECT count(*) FROM task") == 1


async def test_one_rule_that_cannot_run_does_not_keep_the_others_from_it(
    mail_server, member_named, seen, day, declared
):
    from tessera_hooks import Fact

    declared("facts", Fact("test.broken", _("Broken"), "number", "m.no_such_column"))
    declared(
        "rules",
        Rule("aaa", _("A"), _("A"), Daily(), Compare("test.broken", ">", 1), Cause("test.last_seen"),
             [SendMessage("missed")]),
    )  # fmt: skip
    await seen(await member_named(), 0)
    with day(1):
        await service.switch_on("aaa")
        await service.switch_on("absent")
    with day(14):
        assert await service.run_due() == 2
    assert "no_such_column" in (await service.last_run("aaa"))["error"]
    assert await considered() == 1


async def test_a_dry_run_counts_names_and_touches_nobody(mail_server, member_named, seen, day):
    await seen(await member_named("Ana"), 6)
    await seen(await member_named("Ben", consent=None), 6)
    await seen(await member_named("Cem"), 0)
    with day(20):
        found = await service.dry_run("absent")
    assert (found.today, found.backlog) == (2, 1)
    assert found.outcomes == {"acted": 1, "no_consent": 1}
    assert [each.name for each in found.named] == ["Ana", "Ben"]
    assert [each.name for each in found.named_backlog] == ["Cem"]
    assert await considered() == 0


async def test_a_dry_run_with_other_numbers(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(5):
        assert (await service.dry_run("absent")).today == 0
        assert (await service.dry_run("absent", {"days": 5})).today == 1


async def test_the_run_of_a_rule_names_what_it_acted_on(mail_server, member_named, seen, day):
    ana = await member_named()
    await seen(ana, 0)
    with day(1):
        await service.switch_on("absent")
    with day(14):
        await service.run_due()
    row = await fetchrow("SELECT * FROM rule_firing")
    assert (row["member"], row["cause"], row["outcome"]) == (ana, "2026-11-02", "acted")
    assert row["did"] == {"message": str(await fetchval("SELECT id FROM message"))}


async def test_a_firing_is_unique_in_the_database_too(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(1):
        await service.switch_on("absent")
    with day(14):
        await service.run_due()
    with pytest.raises(Exception, match="rule_firing_once"):
        await execute(
            "INSERT INTO rule_firing (id, rule, plugin, member, cause, run, outcome, did, at) "
            "SELECT $1, rule, plugin, member, cause, run, outcome, did, at FROM rule_firing",
            uuid7(),
        )


async def test_todays_run_can_be_done_at_once_and_then_not_again(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(14, hour=3):
        await service.switch_on("absent")
        assert await service.run_now("absent")
        assert not await service.run_now("absent")
    with day(14, hour=9):
        assert await service.run_due() == 0
    assert await considered() == 1


async def test_a_rule_that_is_off_cannot_be_run(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(14):
        assert not await service.run_now("absent")
    assert await considered() == 0


async def test_a_dry_run_counts_those_whom_the_next_run_includes(mail_server, member_named, seen, day):
    await seen(await member_named(), 0)
    with day(20):
        await service.switch_on("absent", include_backlog=True)
        found = await service.dry_run("absent")
        assert (found.today, found.backlog) == (1, 0)
        await service.run_due()
        found = await service.dry_run("absent")
    assert (found.today, found.backlog, found.fired_before) == (0, 0, 1)
