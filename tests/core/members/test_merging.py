"""Two members who are one person become one; nothing of either is lost, and all of it can be given back."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from tessera.kernel.database import fetch, fetchval
from tessera.members import service
from tessera.members.service import merging
from tessera.members.service.create import NewMember


async def column(member: UUID, name: str) -> object:
    return await fetchval(f"SELECT {name} FROM member WHERE id = $1", member)


async def identities(member: UUID) -> list[tuple[str, str, bool]]:
    rows = await fetch("SELECT kind, tail, is_primary FROM identity WHERE member = $1 ORDER BY kind, tail", member)
    return [tuple(row) for row in rows]


async def test_the_survivors_words_stand_and_the_others_fill_the_gaps(member):
    ana = await member("Ana López", gender="female")
    double = await member("Anita", gender="other", birthday="1990-02-28", source="poster")
    await merging.merge(ana, double)
    found = await service.member(ana)
    assert (found.name, found.gender, str(found.birthday), found.source) == (
        "Ana López",
        "female",
        "1990-02-28",
        "poster",
    )


async def test_the_anonymous_record_never_wins(member):
    someone = await member("", phone="13800138000")
    ana = await member("Ana López", gender="female", birthday="1990-02-28", address="Harbour 1")
    await merging.merge(someone, ana)
    found = await service.member(someone)
    assert (found.name, found.gender, found.address) == ("Ana López", "female", "Harbour 1")


async def test_a_field_comes_from_whom_it_was_chosen(member):
    ana, double = await member("Ana", source="poster"), await member("Anita", source="friend")
    await merging.merge(ana, double, {"name": "other"})
    found = await service.member(ana)
    assert (found.name, found.source) == ("Anita", "poster")


@pytest.mark.parametrize(("mine", "its", "after"), [("lost", "new", "new"), ("active", "lost", "active")])
async def test_the_more_alive_stage_stands(store, mine, its, after):
    one = await service.create_member(NewMember(name="Ana", store=store, stage=mine))
    two = await service.create_member(NewMember(name="Ana", store=store, stage=its))
    await merging.merge(one, two)
    assert await column(one, "stage") == after


async def test_all_identities_follow_and_one_of_each_kind_is_primary(member):
    ana = await member("Ana", phone="13800138001")
    double = await member("Ana", phone="13800138002", email="ana@example.org")
    await merging.merge(ana, double)
    assert await identities(ana) == [("email", "", True), ("phone", "8001", True), ("phone", "8002", False)]


async def test_the_others_phone_becomes_the_primary_one_when_it_was_chosen(member):
    ana, double = await member("Ana", phone="13800138001"), await member("Ana", phone="13800138002")
    await merging.merge(ana, double, {"phone": "other"})
    assert await identities(ana) == [("phone", "8001", False), ("phone", "8002", True)]


async def test_an_undo_gives_both_what_they_had(member):
    ana = await member("Ana", phone="13800138001", source="poster")
    double = await member("Anita", phone="13800138002", birthday="1990-02-28", address="Harbour 1")
    before = [dict(row) for row in await fetch("SELECT * FROM member ORDER BY id")], await identities(double)
    merged = await merging.merge(ana, double, {"name": "other", "phone": "other"})
    done = await merging.undo(merged.merge)
    after = [dict(row) for row in await fetch("SELECT * FROM member ORDER BY id")], await identities(double)
    for row in (*before[0], *after[0]):
        row.pop("version"), row.pop("updated_at")
    assert (after, list(done.stayed)) == (before, [])


async def test_what_was_changed_since_stays_and_is_listed(member):
    ana, double = await member("Ana"), await member("Anita", source="friend")
    merged = await merging.merge(ana, double)
    view = await service.member(ana)
    await service.change_member(ana, view.version, service.Changes(source="poster"))
    done = await merging.undo(merged.merge)
    assert (await column(ana, "source"), await column(double, "source")) == ("poster", "friend")
    assert [str(said) for said in done.stayed] == ["How they came was changed since"]


async def test_an_identity_that_was_removed_meanwhile_is_listed_and_not_made_anew(member):
    ana, double = await member("Ana"), await member("Ana", phone="13800138002")
    merged = await merging.merge(ana, double)
    view = await service.member(ana)
    await service.change_member(ana, view.version, service.Changes(phone=None))
    done = await merging.undo(merged.merge)
    assert await identities(double) == []
    assert [said for said in done.stayed if "gone or moved on since" in said]


async def test_an_undo_twice_is_refused(member):
    merged = await merging.merge(await member("Ana"), await member("Ana"))
    await merging.undo(merged.merge)
    with pytest.raises(merging.MergeUndone):
        await merging.undo(merged.merge)


async def test_old_ids_lead_to_the_survivor_through_every_merge(member):
    one, two, three = await member("Ana"), await member("Ana"), await member("Ana")
    await merging.merge(two, one)
    await merging.merge(three, two)
    assert (await service.need_visible(one), (await service.member(two)).id) == (three, three)


async def test_an_inner_merge_is_undone_after_the_outer_one(member):
    one, two, three = await member("Ana"), await member("Ana"), await member("Ana")
    inner = await merging.merge(two, one)
    outer = await merging.merge(three, two)
    with pytest.raises(merging.MergeCovered) as refused:
        await merging.undo(inner.merge)
    await merging.undo(outer.merge)
    await merging.undo(inner.merge)
    assert refused.value.facts["merge"] == str(outer.merge)
    assert await fetchval("SELECT count(*) FROM member WHERE merged_into IS NOT NULL") == 0


async def test_of_two_who_came_to_the_same_survivor_the_last_goes_first(member):
    ana = await member("Ana")
    first = await merging.merge(ana, await member("Ana", gender="female", source="friend"))
    last = await merging.merge(ana, await member("Ana", gender="male", source="poster"), {"gender": "other"})
    with pytest.raises(merging.MergeCovered) as refused:
        await merging.undo(first.merge)
    assert (refused.value.facts["merge"], (await merging.merge_view(first.merge)).covered_by) == (
        str(last.merge),
        last.merge,
    )
    await merging.undo(last.merge)
    await merging.undo(first.merge)
    assert (await column(ana, "gender"), await column(ana, "source")) == (None, None)


async def test_whoever_is_merged_into_themselves_is_refused(member):
    ana, double = await member("Ana"), await member("Ana")
    await merging.merge(ana, double)
    with pytest.raises(merging.SameMember) as refused:
        await merging.merge(double, ana)
    assert refused.value.facts["member"] == str(ana)


async def test_two_who_are_merged_into_each_other_at_once_become_one(member):
    ana, double = await member("Ana"), await member("Ana")
    results = await asyncio.gather(merging.merge(ana, double), merging.merge(double, ana), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Merged", "SameMember"]
    assert await fetchval("SELECT count(*) FROM member WHERE merged_into IS NULL") == 1


async def test_three_who_are_merged_at_once_become_one(member):
    one, two, three = await member("Ana"), await member("Ana"), await member("Ana")
    await asyncio.gather(merging.merge(one, two), merging.merge(two, three), merging.merge(three, one),
                         return_exceptions=True)  # fmt: skip
    assert await fetchval("SELECT count(*) FROM member WHERE merged_into IS NULL") == 1


async def test_the_old_number_finds_the_survivor(member):
    ana, double = await member("Ana"), await member("Berta")
    number = str(await column(double, "number"))
    merged = await merging.merge(ana, double)
    found = await service.search_ids(number)
    await merging.undo(merged.merge)
    assert (found, await service.search_ids(number)) == ([ana], [double])


async def test_whoever_may_not_merge_in_the_stores_of_both_is_told_there_is_nobody(member, store, as_cashier):
    from tessera.access import service as access

    there = (await access.add_store("pier", name="Pier")).id
    ana = await member("Ana")
    double = await service.create_member(NewMember(name="Ana", store=there))
    with as_cashier(store, also=("members.merge",)), pytest.raises(service.MemberUnknown):
        await merging.merge(ana, double)


async def test_a_merge_is_told_on_both_ids_and_in_the_audit(member):
    ana, double = await member("Ana"), await member("Ana")
    merged = await merging.merge(ana, double)
    await merging.undo(merged.merge)
    told = await fetch("SELECT kind, member FROM event WHERE kind LIKE '%merged' ORDER BY id")
    assert [tuple(row) for row in told] == [
        ("member.merged", ana),
        ("member.merged", double),
        ("member.unmerged", ana),
        ("member.unmerged", double),
    ]
    noted = await fetch("SELECT action FROM audit WHERE action LIKE 'members.%merged' ORDER BY id")
    assert [row["action"] for row in noted] == ["members.merged", "members.unmerged"]


async def test_what_a_merge_keeps_holds_no_personal_value(member):
    ana = await member("Ana López", address="Harbour 1", phone="13800138001")
    double = await member("Berta Díaz", address="Pier 2", phone="13800138002")
    await merging.merge(ana, double, {"name": "other", "address": "other"})
    kept = await fetchval("SELECT kept::text || choices::text || encode(before, 'escape') FROM member_merge")
    assert not [word for word in ("Ana", "Berta", "Harbour", "Pier", "13800138001", "13800138002") if word in kept]


async def test_a_wrong_choice_is_named(member):
    from tessera.kernel.errors import Invalid

    with pytest.raises(Invalid) as refused:
        await merging.merge(await member("Ana"), await member("Ana"), {"shoe": "other", "name": "neither"})
    assert [error.field for error in refused.value.errors] == ["choices.shoe", "choices.name"]


async def test_a_member_whom_someone_changes_meanwhile_waits(member):
    ana, double = await member("Ana"), await member("Ana", source="friend")
    view = await service.member(double)
    _changed, merged = await asyncio.gather(
        service.change_member(double, view.version, service.Changes(source="poster")),
        merging.merge(ana, double),
        return_exceptions=True,
    )
    assert isinstance(merged, merging.Merged)
    assert await column(ana, "source") in ("poster", "friend")


async def test_new_entries_go_to_the_survivors_own_account(member):
    double, ana = await member("Ana"), await member("Ana")
    own = await service.account_of(ana)
    await merging.merge(ana, double)
    assert (await service.account_of(ana), len(await service.accounts_of(ana))) == (own, 2)


@pytest.mark.parametrize(("one", "other", "suggested"), [("余红霞", "余霞", "survivor"), ("余霞", "余红霞", "other")])
async def test_the_fuller_of_two_names_is_suggested_whichever_is_newer(member, one, other, suggested):
    survivor, second = await member(one), await member(other)
    compared = await merging.preview(survivor, second)
    assert [field.suggested for field in compared.fields if field.name == "name"] == [suggested]
