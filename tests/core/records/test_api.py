"""The JSON endpoints of records, made from the declaration."""

import pytest

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.records import service
from tessera.records.kinds import kind_named

TESTS = "/fitness/body-tests"


async def test_a_record_is_made_and_read_back_exactly(program, ana):
    scale = await program()
    made = await scale.post(TESTS, json={"member": str(ana), "store": "main", "height": 165, "weight": "63.0"})
    assert made.status_code == 201
    told = made.json()
    assert {k: told[k] for k in ("member", "store", "height", "weight", "body_fat", "bmi", "bands", "version")} == {
        "member": str(ana),
        "store": "main",
        "height": "165.0",
        "weight": "63.0",
        "body_fat": None,
        "bmi": "23.1",
        "bands": {"bmi": "normal"},
        "version": 1,
    }
    assert (await scale.get(f"{TESTS}/{told['id']}")).json() == told


async def test_what_is_missing_for_a_derived_value_is_named(program, ana):
    told = (await (await program()).post(TESTS, json={"member": str(ana), "weight": 63.2})).json()
    assert (told["bmi"], told["missing"]) == (None, {"bmi": ["Height"]})


async def test_all_wrong_values_are_named_at_once(program, ana):
    scale = await program()
    refused = await scale.post(TESTS, json={"member": str(ana), "weight": 7, "recorded_on": "2099-01-01"})
    assert refused.status_code == 422
    told = refused.json()
    assert told["code"] == "invalid"
    assert told["errors"] == [
        {"field": "recorded_on", "message": "The date lies in the future"},
        {"field": "weight", "message": "Weight must be between 20 and 350 kg"},
    ]


@pytest.mark.parametrize("body", [{"weight": 63}, {"member": "x", "weight": 63}, {"weigth": 63}, {"weight": []}])
async def test_a_body_of_another_shape_is_refused(program, ana, body):
    answer = await (await program()).post(TESTS, json={"member": str(ana)} | body if "weigth" in body else body)
    assert answer.status_code in (400, 422)
    assert await fetchval("SELECT count(*) FROM fitness.body_test") == 0


async def test_an_unknown_member_is_not_found(program):
    answer = await (await program()).post(TESTS, json={"member": str(uuid7()), "weight": 63})
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")


async def test_a_correction_changes_what_it_names_and_null_takes_away(program, ana):
    scale = await program()
    made = (await scale.post(TESTS, json={"member": str(ana), "height": 165, "weight": 63})).json()
    told = (await scale.patch(f"{TESTS}/{made['id']}", json={"version": 1, "height": None})).json()
    assert (told["height"], told["weight"], told["bmi"], told["version"]) == (None, "63.0", None, 2)


async def test_a_correction_of_a_stale_version_is_a_conflict(program, ana):
    scale = await program()
    made = (await scale.post(TESTS, json={"member": str(ana), "weight": 63})).json()
    answer = await scale.patch(f"{TESTS}/{made['id']}", json={"version": 7, "weight": 64})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert answer.json()["version"] == 1


async def test_lists_go_on_from_where_they_ended(program, ana):
    scale = await program()
    for weight in (61, 62, 63):
        await scale.post(TESTS, json={"member": str(ana), "weight": weight})
    first = (await scale.get(TESTS, params={"member": str(ana), "limit": 2})).json()
    last = (await scale.get(TESTS, params={"member": str(ana), "limit": 2, "cursor": first["next"]})).json()
    assert [r["weight"] for r in first["items"] + last["items"]] == ["63.0", "62.0", "61.0"]
    assert last["next"] is None


async def test_a_key_without_the_permission_is_refused(program, ana):
    reader = await program("members.read", "fitness.body_test.read")
    assert (await reader.get(TESTS)).status_code == 200
    assert (await reader.post(TESTS, json={"member": str(ana), "weight": 63})).status_code == 403


async def test_a_key_that_may_only_write_hears_of_what_it_wrote_and_of_nothing_else(program, ana):
    scale = await program("fitness.body_test.write")
    made = await scale.post(TESTS, json={"member": str(ana), "weight": 63})
    assert made.status_code == 201
    assert (await scale.get(f"{TESTS}/{made.json()['id']}")).status_code == 403


async def test_the_description_holds_units_and_bounds(program):
    told = (await (await program()).get("/openapi.json")).json()
    assert "/api/v1/fitness/body-tests/{record}" in told["paths"]
    weight = told["components"]["schemas"]["NewFitnessBodyTest"]["properties"]["weight"]
    assert "20 to 350 kg" in weight["description"]
    assert (weight["minimum"], weight["maximum"]) == (20, 350)


async def test_another_record_type_has_the_same_endpoints_without_further_code(garden, program, ana):
    client = await program("members.read", "garden.diary.read", "garden.diary.write")
    body = {"rain": 2.5, "area": 40, "soil": "clay", "weeded": False, "sown_on": "2026-04-01", "secret": "pot"}
    told = (await client.post("/garden/diaries", json={"member": str(ana), **body})).json()
    assert (told["rain"], told["area"], told["weeded"], told["sown_on"]) == ("2.50", "40", False, "2026-04-01")
    assert (told["litres"], told["bands"]) == ("100.0", {"litres": "wet"})
    assert told["secret"] == "****"


async def test_a_program_with_the_right_reads_whole_values_and_is_audited_once(garden, program, ana):
    client = await program("members.read", "members.reveal", "garden.diary.read")
    with system_actor():
        for secret in ("pot", "shed"):
            await service.record(garden, ana, {"rain": 1, "secret": secret})
    told = (await client.get("/garden/diaries")).json()["items"]
    assert {one["secret"] for one in told} == {"pot", "shed"}
    (row,) = await fetch("SELECT rows, fields FROM audit WHERE action = 'records.revealed'")
    assert (row["rows"], row["fields"]) == (2, ["garden.diary.secret"])


async def test_a_program_reads_whole_only_what_belongs_to_the_stores_where_it_may_reveal(
    program, plugin_host, ana, store
):
    with system_actor():
        north = (await access.add_store("north", name="North")).id
        habit = kind_named(plugin_host, "dummy.habit")
        await service.record(habit, ana, {"drink": "tea", "worry": "the stairs"}, store=north)
    client = await program("members.read", "members.reveal", "dummy.habit.read", store=store)
    (told,) = (await client.get("/dummy/habits", params={"member": str(ana)})).json()["items"]
    assert (told["store"], told["drink"], told["worry"]) == ("north", "tea", "****")
    whole = (await client.get(f"/members/{ana}")).json()["profiles"]["dummy"]["habit"]
    assert whole["worry"] == "****"
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'records.revealed'") == 0


async def test_a_masked_value_is_not_taken_back(garden, program, ana):
    client = await program("members.read", "garden.diary.read", "garden.diary.write")
    with system_actor():
        made = await service.record(garden, ana, {"rain": 1, "secret": "pot"})
    answer = await client.patch(f"/garden/diaries/{made.id}", json={"version": 1, "secret": "****"})
    assert (answer.status_code, answer.json()["code"]) == (422, "masked_value")
