"""Stages move by hand with a reason, at once when someone buys, and at night for everyone; each move is kept."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tessera.kernel import clock, dispatcher
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.events import importing
from tessera.kernel.ids import uuid7
from tessera.members.service import NewMember, change_member, create_member, stages
from tessera.members.service import member as one_member
from tessera.members.service.change import Changes
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewPurchase
from tessera_hooks import Compare

START = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)


def later(days: int):
    return clock.frozen(START + timedelta(days=days))


async def stage_of(member: UUID) -> str:
    return str(await fetchval("SELECT stage FROM member WHERE id = $1", member))


async def origins(member: UUID) -> list[str]:
    rows = await fetch(
        "SELECT origin FROM event WHERE kind = 'member.stage_changed' AND member = $1 ORDER BY id", member
    )
    return [row["origin"] for row in rows]


async def sell(member: UUID, number: str = "R1") -> None:
    await purchases.record_purchase(
        NewPurchase(source="till", external_id=number, buyer=Buyer(id=member), store="main", amount=1000)
    )


@pytest.fixture
async def ana(member):
    """A member of day one, whom the rules have been asked about once."""
    with later(0):
        made = await member("Ana")
        await stages.run_stages()
    return made


async def test_by_hand_it_says_who_and_why(ana, as_cashier, store):
    with as_cashier(store):
        await stages.move_stage(ana, "lost", "moved to Berlin")
    [move] = await stages.moves_of(ana)
    assert (move.before, move.after, move.reason, move.actor, move.rule) == (
        "new",
        "lost",
        {"text": "moved to Berlin"},
        "Lin",
        None,
    )


async def test_moving_to_where_one_stands_is_no_move(ana):
    assert await stages.move_stage(ana, "new", "again") is False
    assert await stages.moves_of(ana) == []


async def test_an_unknown_stage_names_those_there_are(ana):
    with pytest.raises(Invalid, match="choose one of: prospect, new, active, dormant, lost"):
        await stages.move_stage(ana, "gone")


async def test_the_first_purchase_makes_a_member_active_at_once(ana):
    with later(1):
        await sell(ana)
        await dispatcher.drain()
    assert (await stage_of(ana), await origins(ana)) == ("active", ["live"])


async def test_an_event_delivered_again_moves_nobody_twice(ana):
    with later(1):
        await sell(ana)
        await dispatcher.drain()
        await stages.move_by_rules([ana])
    assert len(await stages.moves_of(ana)) == 1


async def test_more_than_a_hundred_and_eighty_days_are_needed(ana):
    with later(1):
        await sell(ana)
        await dispatcher.drain()
    with later(181):
        await stages.run_stages()
    assert await stage_of(ana) == "active"


async def test_after_a_year_one_is_lost(ana):
    with later(1):
        await sell(ana)
        await dispatcher.drain()
    with later(367):
        await stages.run_stages()
    assert await stage_of(ana) == "lost"
    assert [move.after for move in await stages.moves_of(ana)] == ["lost", "active"]


async def test_becoming_dormant_as_time_goes_by_is_live(ana):
    with later(1):
        await sell(ana)
        await dispatcher.drain()
    with later(182):
        await stages.run_stages()
    assert await origins(ana) == ["live", "live"]


async def test_coming_back_makes_active_again(ana):
    with later(200):
        await stages.run_stages()
    with later(201):
        await sell(ana)
        await dispatcher.drain()
    assert [move.after for move in await stages.moves_of(ana)] == ["active", "dormant"]


async def test_a_prospect_whose_phone_becomes_known_is_new(store):
    with later(0):
        cai = await create_member(NewMember(name="Cai", stage="prospect"))
        await change_member(cai, 1, Changes(phone="13800138000"))
        await dispatcher.drain()
    assert await stage_of(cai) == "new"


async def test_a_stage_set_by_hand_stands_for_thirty_days(ana):
    with later(200):
        await stages.move_stage(ana, "active", "is on a journey")
        await stages.run_stages()
        held = await stage_of(ana)
    with later(231):
        await stages.run_stages()
    assert (held, await stage_of(ana)) == ("active", "dormant")


async def test_how_long_it_stands_is_a_setting(ana):
    await set_setting(stages.HOLD_DAYS, 0)
    with later(200):
        await stages.move_stage(ana, "active", "is on a journey")
    with later(201):
        await stages.run_stages()
    assert await stage_of(ana) == "dormant"


async def test_what_an_import_brings_to_light_moves_at_night_and_starts_nothing(ana):
    with later(2), importing(uuid7()):
        await sell(ana)
        await dispatcher.drain()
    untouched = await stage_of(ana)
    with later(3):
        await stages.run_stages()
    assert (untouched, await stage_of(ana), await origins(ana)) == ("new", "active", ["import"])


async def test_the_first_run_of_all_starts_nothing(member):
    with later(0):
        ben = await member("Ben")
    with later(400):
        await stages.run_stages()
    assert (await stage_of(ben), await origins(ben)) == ("lost", ["import"])


async def test_a_changed_number_moves_those_who_met_it_before_and_starts_nothing(ana):
    with later(100):
        await stages.run_stages()
        await stages.change_rule("dormant", active=True, place=20, number=90)
    with later(101):
        await stages.run_stages()
    assert (await stage_of(ana), await origins(ana)) == ("dormant", ["import"])


async def test_a_rule_that_is_off_moves_nobody(ana):
    await stages.change_rule("dormant", active=False, place=20)
    with later(200):
        await stages.run_stages()
    assert await stage_of(ana) == "new"


async def test_two_rules_that_undo_each_other_send_nobody_to_and_fro(ana):
    await stages.change_rule("came_back", active=True, place=40, number=1000)
    with later(1):
        await sell(ana)
        await dispatcher.drain()
    for day in (200, 201, 202):
        with later(day):
            await stages.run_stages()
    assert [move.after for move in await stages.moves_of(ana)] == ["active"]


async def test_a_rule_of_ones_own_comes_in_its_order(ana):
    await stages.keep_rule(["new"], "prospect", Compare("member.joined_days", ">", 5), place=5)
    with later(10):
        await stages.run_stages()
    assert await stage_of(ana) == "prospect"


async def test_a_rule_whose_fact_is_gone_leaves_the_others_at_work(ana):
    code = await stages.keep_rule(["new"], "lost", Compare("member.joined_days", ">", 1), place=5)
    await fetch(
        "UPDATE stage_rule SET condition = jsonb_set(condition, '{fact}', '\"custom.gone\"') WHERE code = $1", code
    )
    with later(200):
        await stages.run_stages()
    assert await stage_of(ana) == "dormant"


async def test_whoever_was_merged_or_erased_is_not_asked_about(ana, member):
    with later(0):
        ben, cai = await member("Ben"), await member("Cai")
    await fetch("UPDATE member SET merged_into = $2 WHERE id = $1", ben, ana)
    await fetch("UPDATE member SET erased_at = now() WHERE id = $1", cai)
    with later(200):
        await stages.run_stages()
    assert [await stage_of(one) for one in (ana, ben, cai)] == ["dormant", "new", "new"]


async def test_moving_leaves_the_version_so_that_an_open_form_can_be_saved(ana):
    before = (await one_member(ana)).version
    await stages.move_stage(ana, "active", "bought next door")
    assert (await one_member(ana)).version == before


async def test_the_api_moves_and_answers_the_member(api, ana):
    answer = await api.put(f"/members/{ana}/stage", json={"stage": "dormant", "reason": "away for a year"})
    assert (answer.status_code, answer.json()["stage"]) == (200, "dormant")


async def test_the_api_names_the_stages_that_there_are(api, ana):
    answer = await api.put(f"/members/{ana}/stage", json={"stage": "gone"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "stage")


async def test_every_rule_that_tessera_brings_can_be_asked(business):
    assert [rule.code for rule in await stages.stage_rules()] == [
        "lost",
        "dormant",
        "first_purchase",
        "came_back",
        "reachable",
    ]
