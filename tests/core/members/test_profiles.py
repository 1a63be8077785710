"""Profiles are what plugins keep of a member in one row: written and answered with the member."""

import asyncio
from uuid import UUID

import pytest

from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import CannotRun, Invalid
from tessera.kernel.plugins import Declared, host
from tessera.members import service as members
from tessera.members.service import Changes, NewMember
from tessera.records import profiles, rows, service
from tessera.records.kinds import kind_named, kind_of
from tessera_hooks import RecordType, TextField, _


async def profile_of(member: UUID) -> dict[str, object]:
    found = (await profiles.profiles_of([member])).get(member, {})
    return dict(found.get("dummy", {}).get("habit", {}))


async def patch(member: UUID, habit: object) -> None:
    version = (await members.member(member)).version
    await members.change_member(member, version, Changes(profiles={"dummy": {"habit": habit}}))


async def test_a_member_is_made_with_a_profile(api, store):
    made = (await api.post("/members", json={"name": "Ana", "profiles": {"dummy": {"habit": {"drink": "tea"}}}})).json()
    assert made["profiles"] == {"dummy": {"habit": {"drink": "tea"}}}


async def test_a_profile_merges_key_by_key(member):
    ana = await member("Ana", profiles={"dummy": {"habit": {"drink": "tea"}}})
    await patch(ana, {"sugar": "2.5"})
    assert {k: str(v) for k, v in (await profile_of(ana)).items()} == {"drink": "tea", "sugar": "2.5"}


async def test_null_empties_a_field_and_takes_a_whole_profile_away(member):
    ana = await member("Ana", profiles={"dummy": {"habit": {"drink": "tea", "sugar": 2}}})
    await patch(ana, {"sugar": None})
    emptied = await profile_of(ana)
    await patch(ana, None)
    assert (emptied, await profile_of(ana)) == ({"drink": "tea"}, {})


async def test_the_last_value_that_goes_takes_the_row_with_it(member):
    ana = await member("Ana", profiles={"dummy": {"habit": {"drink": "tea"}}})
    await patch(ana, {"drink": None})
    assert await fetchval("SELECT count(*) FROM dummy.habit") == 0


async def test_the_same_again_changes_nothing(member):
    ana = await member("Ana", profiles={"dummy": {"habit": {"drink": "tea"}}})
    version = (await members.member(ana)).version
    await patch(ana, {"drink": "tea"})
    assert (await members.member(ana)).version == version


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        (
            {"dummy": {"habbit": {}}},
            "profiles.dummy.habbit",
            'there is no profile "dummy.habbit", did you mean "dummy.habit"?',
        ),
        (
            {"dummy": {"habit": {"drinks": "tea"}}},
            "profiles.dummy.habit.drinks",
            'there is no field "drinks", did you mean "drink"?',
        ),
        (
            {"dummy": {"habit": {"drink": "beer"}}},
            "profiles.dummy.habit.drink",
            "Drink must be one of tea, coffee",
        ),
    ],
)
async def test_what_is_wrong_is_named_by_its_place(store, given, field, message):
    with pytest.raises(Invalid) as refused:
        await members.create_member(NewMember(name="Ana", profiles=given))
    assert [(error.field, error.message) for error in refused.value.errors] == [(field, message)]


async def test_a_refused_profile_leaves_no_member_behind(store):
    with pytest.raises(Invalid):
        await members.create_member(NewMember(name="Ana", profiles={"dummy": {"habit": {"drink": "beer"}}}))
    assert await fetchval("SELECT count(*) FROM member") == 0


async def test_a_sensitive_value_is_masked_and_a_masked_one_refused(member, api_client):
    ana = await member("Ana", profiles={"dummy": {"habit": {"worry": "heights"}}})
    async with await api_client("members.read", "members.write", "dummy.habit.read", "dummy.habit.write") as desk:
        seen = (await desk.get(f"/members/{ana}")).json()
        back = {"version": seen["version"], "profiles": seen["profiles"]}
        answer = await desk.patch(f"/members/{ana}", json=back)
    assert seen["profiles"] == {"dummy": {"habit": {"worry": "****"}}}
    assert (answer.status_code, answer.json()["code"]) == (422, "masked_value")


async def test_who_may_not_read_a_profile_is_not_answered_it(member, api_client):
    ana = await member("Ana", profiles={"dummy": {"habit": {"drink": "tea"}}})
    async with await api_client("members.read") as reader:
        assert (await reader.get(f"/members/{ana}")).json()["profiles"] == {}


async def test_who_may_not_write_a_profile_is_refused(member, api_client):
    ana = await member("Ana")
    async with await api_client("members.read", "members.write") as desk:
        body = {"version": 1, "profiles": {"dummy": {"habit": {"drink": "tea"}}}}
        answer = await desk.patch(f"/members/{ana}", json=body)
    assert answer.status_code == 403


async def test_recording_a_profile_again_changes_the_one_row(member):
    ana = await member("Ana", profiles={"dummy": {"habit": {"drink": "tea", "sugar": 2}}})
    await service.record(kind_named(host(), "dummy.habit"), ana, {"drink": "coffee"})
    entry = (await rows.latest_of(kind_named(host(), "dummy.habit"), [ana]))[ana]
    assert (entry.values["drink"], str(entry.values["sugar"]), entry.version) == ("coffee", "2.0", 2)


async def test_however_many_record_at_once_there_is_one_row(member):
    ana, kind = await member("Ana"), kind_named(host(), "dummy.habit")
    await asyncio.gather(*(service.record(kind, ana, {"sugar": str(i)}) for i in range(8)))
    assert await fetchval("SELECT count(*) FROM dummy.habit") == 1


async def test_many_members_are_answered_with_one_query_a_profile(member, monkeypatch):
    everyone = [await member(n, profiles={"dummy": {"habit": {"drink": "tea"}}}) for n in ("Ana", "Ben", "Cai")]
    asked = []
    real = profiles.rows.latest_of

    async def counted(kind, wanted):
        asked.append(kind.code)
        return await real(kind, wanted)

    monkeypatch.setattr(profiles.rows, "latest_of", counted)
    assert len(await profiles.profiles_of(everyone)) == 3
    assert asked == ["dummy.habit"]


async def test_the_timeline_tells_of_a_new_profile(member):
    ana = await member("Ana", profiles={"dummy": {"habit": {"drink": "tea"}}})
    kinds = [row["kind"] for row in await fetch("SELECT kind FROM event WHERE member = $1 ORDER BY id", ana)]
    assert "dummy.habit_recorded" in kinds


def test_a_profile_whose_table_could_hold_two_rows_stops_the_start(plugin_host):
    from tessera_dummy.tables import Check

    twice = RecordType(Check, _("Check"), fields=[TextField(Check.remark)], profile=True)
    with pytest.raises(CannotRun, match=r"of which a member has one: write one_a_member = Unique"):
        kind_of(Declared("dummy", twice))


async def test_every_profile_of_every_plugin_is_held_to_one_row_by_the_database(db):
    tables = [kind.table for kind in map(kind_of, host().declared("record_types")) if kind.type.profile]
    unique = await fetch(
        "SELECT indrelid FROM pg_index WHERE indisunique AND indnkeyatts = 1 AND indpred IS NULL "
        "AND indrelid IN (SELECT unnest($1::text[])::regclass) AND indkey[0] = (SELECT attnum FROM pg_attribute a "
        "WHERE a.attrelid = indrelid AND a.attname = 'member')",
        tables,
    )
    assert len(unique) == len(tables) > 0
