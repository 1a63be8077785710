"""From a visit to one mail: the rule of the fitness plugin, real visits, consent, and a real mail server."""

import asyncio

import pytest_asyncio

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.events import importing
from tessera.kernel.ids import uuid7
from tessera.messaging import service as messaging
from tessera.purchases.service import record_visit
from tessera.rules import service as rules

RULE = "fitness.no_visit"


@pytest_asyncio.fixture(loop_scope="session")
async def people(mail_server, store, member_named):
    """One who agreed, one who refused, one who was never asked."""
    said = {"ana": "granted", "ben": "refused", "cem": None}
    return {name: await member_named(name.title(), consent=consent, store=store) for name, consent in said.items()}


async def come(people, store):
    for member in people.values():
        await record_visit(member, store, kind="check_in", at=clock.now())


async def tick_by_two_workers():
    await asyncio.gather(rules.run_due(), rules.run_due())
    await asyncio.gather(messaging.deliver_due(), messaging.deliver_due())


async def test_only_who_agreed_gets_one_mail_and_the_others_a_reason(people, store, mail_server, day):
    with day(0):
        await rules.switch_on(RULE)
        await come(people, store)
    for n in (13, 14, 15, 16):
        with day(n):
            await tick_by_two_workers()
    assert mail_server.addresses == ["ana@example.com"]
    rows = await fetch("SELECT member, state, reason, cause FROM message ORDER BY id")
    assert {(row["member"], row["state"], row["reason"]) for row in rows} == {
        (people["ana"], "sent", None),
        (people["ben"], "blocked", "refused"),
        (people["cem"], "blocked", "no_consent"),
    }
    assert len(rows) == 3


async def test_the_day_before_nobody_is_touched(people, store, mail_server, day):
    with day(0):
        await rules.switch_on(RULE)
        await come(people, store)
    with day(13):
        await tick_by_two_workers()
    assert await fetchval("SELECT count(*) FROM rule_firing") == 0


async def test_coming_back_and_staying_away_again_is_a_new_cause(people, store, mail_server, day):
    with day(0):
        await rules.switch_on(RULE)
        await come(people, store)
    with day(14):
        await tick_by_two_workers()
    with day(20):
        await come({"ana": people["ana"]}, store)
    for n in (33, 34, 35):
        with day(n):
            await tick_by_two_workers()
    assert mail_server.addresses == ["ana@example.com", "ana@example.com"]
    assert [row["cause"] for row in await fetch("SELECT cause FROM rule_firing ORDER BY id DESC LIMIT 1")] == [
        "2026-11-22"
    ]


async def test_imported_visits_are_history_and_start_nothing(people, store, mail_server, day):
    with day(0):
        await rules.switch_on(RULE)
    with day(5):
        seen_at = clock.now()
    with day(40), importing(uuid7()):
        await record_visit(people["ana"], store, kind="check_in", at=seen_at)
    with day(40, hour=10):
        await tick_by_two_workers()
        run = await rules.last_run(RULE)
    assert mail_server.arrived == []
    assert (run["acted"], run["skipped"]) == (0, {"imported": 1})


async def test_an_absence_that_an_import_knows_of_counts_once_its_day_comes(people, store, mail_server, day):
    with day(0):
        await rules.switch_on(RULE)
    with day(12):
        seen_at = clock.now()
    with day(20), importing(uuid7()):
        await record_visit(people["ana"], store, kind="check_in", at=seen_at)
    for n in (20, 25):
        with day(n, hour=10):
            await tick_by_two_workers()
    assert mail_server.arrived == []
    with day(26):
        await tick_by_two_workers()
    assert mail_server.addresses == ["ana@example.com"]


async def test_whoever_had_stayed_away_before_is_included_only_by_choice(people, store, mail_server, day):
    with day(0):
        await come(people, store)
    with day(30):
        await rules.switch_on(RULE)
        await tick_by_two_workers()
    assert mail_server.arrived == []
    with day(31):
        assert (await rules.dry_run(RULE)).backlog == 3
        await rules.switch_on(RULE, include_backlog=True)
        await tick_by_two_workers()
    assert mail_server.addresses == ["ana@example.com"]
