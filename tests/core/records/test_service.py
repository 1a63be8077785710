"""Records: made, corrected, computed, seen."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.kernel.database import execute, fetch, fetchrow, fetchval
from tessera.kernel.errors import Forbidden, Invalid, NotFound
from tessera.kernel.events import happened
from tessera.kernel.ids import uuid7
from tessera.members import service as members
from tessera.members.service import StaleVersion
from tessera.records import present, rows, service, timeline
from tessera.records.public import add_record, latest_records, records_of
from tessera_fitness.tables import BodyTest
from tessera_hooks import Derived


async def test_a_record_is_kept_with_its_derived_value_and_the_formulas_version(body_test, coach, ana):
    made = await service.record(body_test, ana, {"height": "165", "weight": "68.0", "body_fat": ""})
    assert made.values == {
        "height": Decimal("165.0"),
        "weight": Decimal("68.0"),
        "body_fat": None,
        "bmi": Decimal("25.0"),
    }
    assert await fetchval("SELECT bmi_version FROM fitness.body_test WHERE id = $1", made.id) == 1


async def test_a_record_tells_who_made_it_where_and_on_which_day_of_the_store(body_test, coach, ana, store):
    made = await service.record(body_test, ana, {"weight": 68})
    assert (made.store, made.recorded_on, made.version, made.origin) == (
        store,
        service.reach.today_in(store),
        1,
        "live",
    )


async def test_without_height_there_is_no_bmi_and_the_height_is_named(body_test, coach, ana):
    made = await service.record(body_test, ana, {"weight": 68})
    assert made.values["bmi"] is None
    bmi = next(value for value in present.shown(made) if value.name == "bmi")
    assert str(bmi.hint) == "Height is missing"


async def test_the_band_follows_the_age_on_the_day_of_the_record(body_test, coach, member):
    young = await member("Ben", birthday="2008-06-01")
    before = await service.record(body_test, young, {"height": 170, "weight": 60, "recorded_on": "2026-05-31"})
    after = await service.record(body_test, young, {"height": 170, "weight": 60, "recorded_on": "2026-06-01"})
    assert before.band("bmi") is None
    assert after.band("bmi").label == "normal"


async def test_without_a_year_of_birth_a_bmi_has_no_band(body_test, coach, member):
    someone = await member("Cara", birthday="--02-29")
    made = await service.record(body_test, someone, {"height": 170, "weight": 60})
    assert made.values["bmi"] == Decimal("20.8")
    assert made.band("bmi") is None


async def test_recording_is_an_event_that_names_the_record_and_no_value(body_test, coach, ana, store):
    made = await service.record(body_test, ana, {"weight": 68})
    event = await fetchrow("SELECT * FROM event WHERE kind = 'fitness.body_test_recorded'")
    assert (event["member"], event["store"], event["payload"]) == (ana, store, {"record": str(made.id)})


async def test_a_form_that_is_sent_twice_makes_one_record_and_one_event(body_test, coach, ana):
    id_ = uuid7()
    first, second = await asyncio.gather(
        service.record(body_test, ana, {"weight": 68}, id_=id_),
        service.record(body_test, ana, {"weight": 68}, id_=id_),
    )
    assert first.id == second.id
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'fitness.body_test_recorded'") == 1


async def test_the_id_of_a_form_cannot_be_used_for_another_member(body_test, coach, ana, member):
    made = await service.record(body_test, ana, {"weight": 68})
    with pytest.raises(service.RecordExists):
        await service.record(body_test, await member("Ben"), {"weight": 70}, id_=made.id)


async def test_a_correction_computes_anew_and_counts_the_version(body_test, coach, ana):
    made = await service.record(body_test, ana, {"height": 165, "weight": 86})
    corrected = await service.change(body_test, made.id, {"weight": "68"}, 1)
    assert (corrected.values["bmi"], corrected.values["height"], corrected.version) == (Decimal("25.0"), 165, 2)
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'fitness.body_test_changed'") == 1


async def test_a_correction_of_nothing_leaves_the_version(body_test, coach, ana):
    made = await service.record(body_test, ana, {"weight": 68})
    assert (await service.change(body_test, made.id, {"weight": "68.0"}, 1)).version == 1


async def test_of_two_corrections_at_once_the_second_is_told(body_test, coach, ana):
    made = await service.record(body_test, ana, {"weight": 68})
    results = await asyncio.gather(
        *(service.change(body_test, made.id, {"weight": w}, 1) for w in (69, 70)), return_exceptions=True
    )
    assert sorted(type(r).__name__ for r in results) == ["Entry", "StaleVersion"]


async def test_a_correction_needs_the_version_that_was_seen(body_test, coach, ana):
    made = await service.record(body_test, ana, {"weight": 68})
    with pytest.raises(StaleVersion, match="changed this record"):
        await service.change(body_test, made.id, {"weight": 69}, 0)


async def test_a_record_cannot_be_emptied(body_test, coach, ana):
    made = await service.record(body_test, ana, {"weight": 68})
    with pytest.raises(Invalid):
        await service.change(body_test, made.id, {"weight": ""}, 1)


async def test_a_newer_formula_computes_old_records_anew(body_test, coach, ana, monkeypatch):
    made = await service.record(body_test, ana, {"height": 200, "weight": 80})
    newer = Derived(BodyTest.bmi, "BMI", lambda row, person: Decimal(7), inputs=[BodyTest.height], version=2)
    monkeypatch.setitem(body_test.derived, "bmi", newer)
    assert await service.recompute(body_test) == 1
    row = await fetchrow("SELECT bmi, bmi_version, version FROM fitness.body_test WHERE id = $1", made.id)
    assert dict(row) == {"bmi": Decimal("7.0"), "bmi_version": 2, "version": 1}
    assert await service.recompute(body_test) == 0


async def test_recomputing_goes_through_more_records_than_one_transaction_holds(body_test, coach, ana, monkeypatch):
    monkeypatch.setattr(service, "CHUNK", 2)
    for weight in range(60, 65):
        await service.record(body_test, ana, {"height": 170, "weight": weight})
    await execute("UPDATE fitness.body_test SET bmi = 1, bmi_version = 0")
    assert await service.recompute(body_test) == 5


async def test_records_of_another_store_of_the_circle_are_seen_on_the_member(body_test, coach, ana, store):
    with system_actor():
        other = (await access.add_store("other", "Other street")).id
        made = await service.record(body_test, ana, {"weight": 68}, store=other)
    assert [e.id for e in (await rows.page(body_test, member=ana)).items] == [made.id]
    assert (await rows.page(body_test)).items == []


async def test_records_of_another_circle_do_not_exist(body_test, coach, ana):
    with system_actor():
        other = (await access.add_store("clinic", "Clinic", circle="clinic")).id
        made = await service.record(body_test, ana, {"weight": 68}, store=other)
    assert (await rows.page(body_test, member=ana)).items == []
    with pytest.raises(NotFound):
        await rows.one(body_test, made.id)


async def test_a_type_that_is_seen_in_its_store_only_is_not_seen_in_the_circle(garden, ana, store):
    with system_actor():
        other = (await access.add_store("other", "Other street")).id
        await service.record(garden, ana, {"rain": 3}, store=other)
    grants = (Grant(("members.read", "garden.diary.read"), store),)
    with acting_as(Actor("staff", "Gu", grants, store=store)):
        assert (await rows.page(garden, member=ana)).items == []


async def test_a_member_out_of_reach_cannot_be_recorded(body_test, coach, member):
    with system_actor():
        other = (await access.add_store("other", "Other street")).id
    stranger = await member("Zoe", store=other)
    with pytest.raises(NotFound):
        await service.record(body_test, stranger, {"weight": 68})


async def test_nobody_records_in_a_store_they_do_not_work_in(body_test, coach, ana):
    with system_actor():
        await access.add_store("other", "Other street")
    with pytest.raises(Forbidden):
        await service.record(body_test, ana, {"weight": 68}, store="other")


async def test_with_several_stores_the_store_is_asked_for(body_test, ana):
    with system_actor():
        await access.add_store("other", "Other street")
        with pytest.raises(Invalid) as refused:
            await service.record(body_test, ana, {"weight": 68})
    assert [e.field for e in refused.value.errors] == ["store"]


async def test_pages_follow_each_other_without_gap_or_repetition(body_test, coach, ana):
    today = service.reach.today_here()
    for ago in (3, 1, 1, 2, 0):
        await service.record(body_test, ana, {"weight": 60 + ago, "recorded_on": today - timedelta(days=ago)})
    seen, cursor = [], None
    for _ in range(3):
        page = await rows.page(body_test, cursor=cursor, limit=2)
        seen += page.items
        cursor = page.next
    assert cursor is None
    assert len({e.id for e in seen}) == 5
    assert [e.recorded_on for e in seen] == sorted((e.recorded_on for e in seen), reverse=True)


async def test_a_foreign_cursor_is_refused(body_test, coach):
    with pytest.raises(Invalid, match="no cursor"):
        await rows.page(body_test, cursor="yesterday")


async def test_the_timeline_says_what_was_measured(body_test, coach, ana):
    await service.record(body_test, ana, {"height": 165, "weight": "63", "body_fat": "18.4"})
    events = [happened(row) for row in await fetch("SELECT * FROM event WHERE kind = 'fitness.body_test_recorded'")]
    read = await timeline.reader(body_test)(events)
    assert read[events[0].id].detail == "BMI 23.1 (normal) · 63.0 kg · 18.4 %"


async def test_the_timeline_keeps_values_from_those_who_may_not_see_them(body_test, coach, ana, store):
    await service.record(body_test, ana, {"weight": 63})
    events = [happened(row) for row in await fetch("SELECT * FROM event")]
    with acting_as(Actor("staff", "Zhou", (Grant(("members.read",), store),), store=store)):
        assert await timeline.reader(body_test)(events[-1:]) == {}


async def test_a_plugin_uses_records_by_their_table(coach, ana, member):
    made = await add_record(BodyTest, ana, {"weight": 63})
    assert [e.id for e in await records_of(BodyTest, ana)] == [made.id]
    assert (await latest_records(BodyTest, [ana, await member("Ben")]))[ana].id == made.id


async def test_the_latest_value_of_each_fact_is_the_last_one_that_is_known(plugin_host, body_test, coach, ana):
    today = date(2026, 11, 21)
    await service.record(body_test, ana, {"weight": 63, "body_fat": 20, "recorded_on": "2026-11-01"})
    await service.record(body_test, ana, {"weight": 62, "recorded_on": "2026-11-11"})
    facts = {d.value.name: d.value.sql for d in plugin_host.declared("facts") if d.plugin == "fitness"}
    answers = {
        name.removeprefix("fitness.body_test."): await fetchval(
            f"SELECT {sql.format(today='$2::date', now='now()')} FROM member m, (SELECT $2::date) d WHERE m.id = $1",
            ana,
            today,
        )
        for name, sql in facts.items()
    }
    assert answers == {
        "latest.height": None,
        "latest.weight": Decimal("62.0"),
        "latest.body_fat": Decimal("20.0"),
        "latest.bmi": None,
        "count_90_days": 2,
        "last_day": date(2026, 11, 11),
        "days_since_last": 10,
    }


async def test_a_corrected_birth_date_brings_what_was_missing(garden, member):
    someone = await member("Gu")
    with system_actor():
        made = await service.record(garden, someone, {"rain": 2, "area": 3})
        assert [str(m) for m in made.missing("litres")] == ["Birth date"]
        await members.change_member(someone, 1, members.Changes(birthday="1990-02-28"))
        event = await fetchrow("SELECT * FROM event WHERE kind = 'member.updated'")
        await service.person_changed(happened(event))
        assert (await rows.one(garden, made.id)).values["litres"] == Decimal("6.0")
