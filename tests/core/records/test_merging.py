"""Records follow their member into a merge as their type says, and come back out of it."""

from __future__ import annotations

import dataclasses
from datetime import date
from uuid import UUID

import pytest

from tessera.access.actor import system_actor
from tessera.access.service import rotation
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.state import disable
from tessera.members.service import merging
from tessera.records import merging as records_merging
from tessera.records import service
from tessera.records.kinds import Kind, kinds_here
from tessera_hooks import Happened


@pytest.fixture(autouse=True)
def system(store: UUID):
    with system_actor() as someone:
        yield someone


async def rained(garden: Kind, member: UUID, store: UUID, rain: str, day: date = date(2026, 1, 1)) -> UUID:
    given = {"rain": rain, "recorded_on": day}
    return (await service.record(garden, member, given, store=store)).id


async def owners(garden: Kind) -> dict[str, UUID]:
    return {str(row["rain"]): row["member"] for row in await fetch(f"SELECT rain, member FROM {garden.table}")}


def with_on_merge(monkeypatch, garden: Kind, on_merge: str) -> None:
    changed = Kind(garden.plugin, dataclasses.replace(garden.type, on_merge=on_merge))

    async def here() -> list[Kind]:
        return [changed, *(k for k in await kinds_here() if k != garden)]

    monkeypatch.setattr(records_merging, "kinds_here", here)


async def test_records_of_both_stand_together(garden, member, store):
    ana, double = await member("Ana"), await member("Ana")
    await rained(garden, ana, store, "1.00")
    await rained(garden, double, store, "2.00")
    done = await merging.merge(ana, double)
    merged = await owners(garden)
    await merging.undo(done.merge)
    assert (merged, await owners(garden)) == ({"1.00": ana, "2.00": ana}, {"1.00": ana, "2.00": double})


async def test_records_made_since_stay_and_are_listed(garden, member, store):
    ana, double = await member("Ana"), await member("Ana")
    done = await merging.merge(ana, double)
    await rained(garden, double, store, "3.00")
    undone = await merging.undo(done.merge)
    assert await owners(garden) == {"3.00": ana}
    assert [str(said) for said in undone.stayed] == ["records made since (Diaries): 1"]


@pytest.mark.parametrize(("others_day", "winner"), [(date(2026, 2, 1), "2.00"), (date(2025, 2, 1), "1.00")])
async def test_the_newest_stands_where_the_type_says_so(garden, member, store, monkeypatch, others_day, winner):
    with_on_merge(monkeypatch, garden, "keep_newest")
    ana, double = await member("Ana"), await member("Ana")
    await rained(garden, ana, store, "1.00")
    await rained(garden, double, store, "2.00", others_day)
    done = await merging.merge(ana, double)
    merged = [rain for rain, owner in (await owners(garden)).items() if owner == ana]
    await merging.undo(done.merge)
    assert (merged, await owners(garden)) == ([winner], {"1.00": ana, "2.00": double})


@pytest.mark.parametrize(("others_day", "winner"), [(date(2026, 2, 1), "2.00"), (date(2025, 2, 1), "1.00")])
async def test_of_a_profile_the_newest_stands_and_no_row_is_lost(garden, member, store, others_day, winner):
    await execute(f"CREATE UNIQUE INDEX diary_one ON {garden.table} (member)")
    ana, double = await member("Ana"), await member("Ana")
    await rained(garden, ana, store, "1.00")
    await rained(garden, double, store, "2.00", others_day)
    done = await merging.merge(ana, double)
    merged = [rain for rain, owner in (await owners(garden)).items() if owner == ana]
    await merging.undo(done.merge)
    assert (merged, await owners(garden)) == ([winner], {"1.00": ana, "2.00": double})


async def test_a_type_that_asks_refuses_until_it_is_answered(garden, member, store, monkeypatch):
    with_on_merge(monkeypatch, garden, "ask")
    ana, double = await member("Ana"), await member("Ana")
    await rained(garden, ana, store, "1.00")
    await rained(garden, double, store, "2.00")
    with pytest.raises(Invalid) as refused:
        await merging.merge(ana, double)
    asked = (await merging.preview(ana, double)).questions
    await merging.merge(ana, double, {"garden.diary": "other"})
    assert [error.field for error in refused.value.errors] == ["choices.garden.diary"]
    assert [question.name for question in asked] == ["garden.diary"]
    assert [rain for rain, owner in (await owners(garden)).items() if owner == ana] == ["2.00"]


async def test_a_plugin_that_rests_loses_no_rows(garden, member, store):
    ana, double = await member("Ana"), await member("Ana")
    await rained(garden, double, store, "2.00")
    await disable("garden")
    await merging.merge(ana, double)
    assert await owners(garden) == {"2.00": ana}


async def test_what_is_written_about_the_old_id_goes_to_the_survivor(garden, member, store):
    ana, double = await member("Ana"), await member("Ana")
    await merging.merge(ana, double)
    await rained(garden, double, store, "2.00")
    assert await fetchval(f"SELECT member FROM {garden.table}") == ana


async def test_a_profile_that_was_made_anew_since_stands_in_the_way_of_an_undo(garden, member, store):
    await execute(f"CREATE UNIQUE INDEX diary_one ON {garden.table} (member)")
    ana, double = await member("Ana"), await member("Ana")
    await rained(garden, ana, store, "1.00")
    await rained(garden, double, store, "2.00", date(2026, 2, 1))
    done = await merging.merge(ana, double)
    await execute(f"DELETE FROM {garden.table} WHERE member = $1", ana)
    await rained(garden, ana, store, "3.00")
    with pytest.raises(records_merging.MergeRefused):
        await merging.undo(done.merge)
    assert await owners(garden) == {"3.00": ana, "1.00": double}


@pytest.fixture
async def garden_removed(garden):
    """Takes the garden's tables away while its code stays installed."""

    async def take() -> None:
        await disable("garden")
        await execute("UPDATE plugin_state SET removed_at = now() WHERE name = 'garden'")
        await execute("DROP SCHEMA garden CASCADE")

    yield take
    await execute("CREATE SCHEMA IF NOT EXISTS garden")


async def test_a_merge_is_undone_after_a_plugin_that_had_records_was_removed(garden, garden_removed, member, store):
    ana, double = await member("Ana", birthday="1990-01-01"), await member("Ana", birthday="1991-01-01")
    await rained(garden, double, store, "2.00")
    done = await merging.merge(ana, double)
    await garden_removed()
    assert (await merging.undo(done.merge)).other == double


async def test_keys_rotate_after_a_plugin_with_sealed_words_was_removed(garden, garden_removed):
    await garden_removed()
    assert await rotation.count_old() == 0
    assert isinstance(await rotation.count_by_version(), dict)


async def test_a_birthday_is_corrected_after_a_plugin_that_counts_on_it_was_removed(garden, garden_removed, member):
    ana = await member("Ana", birthday="1990-01-01")
    await garden_removed()
    payload = {"fields": ["birthday"]}
    happened = Happened(uuid7(), 1, "member.updated", 1, "live", ana, None, clock.now(), payload)
    assert await service.person_changed(happened) is None
