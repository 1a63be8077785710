"""Pages and endpoints of rules: the count before the switch, the separate choice, the dry run."""

from signed_in import send

from tessera.kernel.business import business as current_business
from tessera.kernel.database import execute, fetchval
from tessera.rules import service
from tessera.rules.service import run as running


async def test_a_rule_is_shown_as_a_sentence(business, owner):
    page = (await owner.get("/rules")).text
    assert "Stayed away" in page
    assert "“Days away” is at least 14" in page


async def test_switching_on_shows_the_count_and_asks(mail_server, owner, member_named):
    for name, days in (("Ana", 14), ("Ben", 40)):
        await seen_days_ago(await member_named(name), days)
    page = (await owner.get("/rules/absent/on")).text
    assert "Today it would touch 1." in page
    assert "Ana" in page
    assert "Also act for the 1 who met it before, once" in page
    assert not (await service.rule("absent")).enabled
    await send(owner, "/rules/absent/on", backlog="no")
    setting = await service.rule("absent")
    assert (setting.enabled, setting.backlog_until) == (True, None)


async def seen_days_ago(member, days):
    today = current_business().today()
    await execute("UPDATE member SET joined_on = $2::date - $3::int WHERE id = $1", member, today, days)


async def test_those_from_before_are_a_separate_choice(business, owner):
    await send(owner, "/rules/absent/on", backlog="yes")
    assert (await service.rule("absent")).backlog_until is not None


async def test_numbers_are_changed_within_their_bounds(business, owner):
    page = await send(owner, "/rules/absent", "/rules/absent/numbers", days="1")
    assert page.status_code == 422
    assert "give a whole number from 2 to 365" in page.text
    await send(owner, "/rules/absent", "/rules/absent/numbers", days="30")
    assert (await service.rule("absent")).parameters == {"days": 30}


async def test_a_rule_is_switched_off(business, owner):
    await service.switch_on("absent")
    await send(owner, "/rules/absent", "/rules/absent/off")
    assert not (await service.rule("absent")).enabled


async def test_runs_are_listed_with_why_not(mail_server, owner, member_named):
    await seen_days_ago(await member_named("Ana", consent=None), 14)
    await service.switch_on("call")
    await service.switch_on("absent")
    for setting in await service.rules():
        if setting.code == "absent":
            await running._run(setting, await running._begin(setting))
    assert "They were never asked whether they agree" in (await owner.get("/rules/absent")).text


async def test_a_program_reads_tries_and_sets_rules(mail_server, api, member_named):
    await seen_days_ago(await member_named("Ana"), 14)
    listed = (await api.get("/rules")).json()["items"]
    rule = next(r for r in listed if r["code"] == "absent")
    assert (rule["enabled"], rule["parameters"][0]["value"]) == (False, 14)
    tried = await api.post("/rules/absent/dry-run")
    assert tried.status_code == 200, tried.text
    assert (tried.json()["today"], tried.json()["outcomes"]) == (1, {"acted": 1})
    assert (await api.post("/rules/absent/dry-run", json={"parameters": {"days": 20}})).json()["today"] == 0
    changed = await api.put("/rules/absent", json={"enabled": True, "parameters": {"days": 20}})
    assert changed.json()["enabled"] is True
    assert await fetchval("SELECT count(*) FROM message") == 0


async def test_an_unknown_rule_is_not_found_with_the_nearest(business, api):
    answer = await api.post("/rules/absnt/dry-run")
    assert answer.status_code == 404
    assert answer.json()["detail"] == 'there is no rule "absnt", did you mean "absent"?'


async def test_without_the_right_there_are_no_rules(business, api_client):
    async with await api_client("members.read") as till:
        assert (await till.get("/rules")).status_code == 403
