"""Tags are given by hand, in bulk and by rules; each says who gave it, and the list of them can be tidied."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.conditions import Binder, compile_condition, describe, evaluate, facts_of_member
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.members.service import MemberUnknown, NewMember, create_member, erasing, tags
from tessera.members.service.tags import given
from tessera_hooks import Compare, Not


async def names_of(member: UUID) -> list[str]:
    return (await tags.tags_of([member])).get(member, [])


async def events(kind: str) -> int:
    return int(await fetchval("SELECT count(*) FROM event WHERE kind = $1", kind))


async def test_a_tag_says_who_gave_it_and_when(member, as_cashier, store):
    ana = await member("Ana")
    with as_cashier(store):
        await tags.tag_members([ana], ["VIP"])
    [given] = await tags.tags_given(ana)
    assert (given.name, given.actor, given.rule) == ("VIP", "Lin", None)
    assert given.at is not None


async def test_the_case_of_letters_makes_no_other_tag(member):
    ana, ben = await member("Ana"), await member("Ben")
    await tags.tag_members([ana], ["Vip"])
    await tags.tag_members([ben], ["  VIP "])
    assert await names_of(ben) == ["Vip"]
    assert [tag.members for tag in await tags.all_tags()] == [2]


async def test_letters_beyond_ascii_make_no_other_tag_either(member):
    ana = await member("Ana")
    await tags.tag_members([ana], ["École"])
    await tags.tag_members([ana], ["ÉCOLE"])
    assert await names_of(ana) == ["École"]


async def test_a_tag_given_twice_is_told_once(member):
    ana = await member("Ana")
    await tags.tag_members([ana], ["VIP"])
    done = await tags.tag_members([ana], ["VIP"])
    assert (done.added, await events("member.tagged")) == (0, 1)


async def test_taking_a_tag_away_is_told(member):
    ana = await member("Ana")
    await tags.tag_members([ana], ["VIP"])
    await tags.tag_members([ana], remove=["vip"])
    assert (await names_of(ana), await events("member.untagged")) == ([], 1)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
async def test_a_tag_has_one_to_sixty_characters(member, name):
    with pytest.raises(Invalid, match="a tag has 1 to 60 characters"):
        await tags.tag_members([await member("Ana")], [name])


async def test_a_call_names_a_hundred_tags_at_most(member):
    with pytest.raises(Invalid, match="at most 100 tags at once"):
        await tags.tag_members([await member("Ana")], [f"T{i}" for i in range(101)])


async def test_many_are_tagged_at_once_with_one_line_in_the_audit(member):
    everyone = [await member(name) for name in ("Ana", "Ben", "Cai")]
    done = await tags.tag_members(everyone, ["VIP", "Tea"])
    audited = await fetch("SELECT rows, fields, member FROM audit WHERE action = 'members.tags_changed'")
    assert (done.members, done.added) == (3, 6)
    assert [tuple(row) for row in audited] == [(3, ["tags"], None)]


async def test_one_member_who_is_not_there_leaves_all_untouched(member):
    ana = await member("Ana")
    with pytest.raises(MemberUnknown):
        await tags.tag_members([ana, uuid4()], ["VIP"])
    assert await names_of(ana) == []


async def test_members_of_other_stores_are_not_there_to_be_tagged(member, as_cashier, store):
    other = await access.add_store("other", name="Other")
    ana = await member("Ana")
    with as_cashier(other.id), pytest.raises(MemberUnknown):
        await tags.tag_members([ana], ["VIP"])


async def test_two_who_tag_the_same_members_in_other_orders_both_come_through(member):
    everyone = [await member(f"M{i}") for i in range(8)]
    await asyncio.gather(
        *(tags.tag_members(everyone[:: 1 if i % 2 else -1], [f"T{i % 3}", f"T{(i + 1) % 3}"]) for i in range(12))
    )
    assert [await names_of(one) for one in everyone] == [["T0", "T1", "T2"]] * 8


async def test_where_only_listed_tags_may_be_given_a_new_one_names_the_nearest(member):
    ana = await member("Ana")
    await tags.make_tag("Make-up")
    await set_setting(tags.ONLY_LISTED, value=True)
    with pytest.raises(Invalid, match='there is no tag "Makeup", did you mean "Make-up"'):
        await tags.tag_members([ana], ["Makeup"])


async def test_what_another_circle_calls_its_members_is_no_hint(member, as_cashier, store):
    clinic = (await access.add_store("cl", name="Clinic", circle="clinic")).id
    ana = await member("Ana")
    patient = await create_member(NewMember(name="Ben", store=clinic))
    await tags.tag_members([patient], ["Make-up allergy"])
    await set_setting(tags.ONLY_LISTED, value=True)
    with as_cashier(store), pytest.raises(Invalid, match=r"Make-up.: choose one of the list"):
        await tags.tag_members([ana], ["Make-up"])


async def test_merging_two_tags_leaves_one_that_everyone_carries(member):
    ana, ben = await member("Ana"), await member("Ben")
    await tags.tag_members([ana], ["Tea", "Teas"])
    await tags.tag_members([ben], ["Teas"])
    moved = await tags.merge_tags(await tags.tag_id("Teas"), await tags.tag_id("Tea"))
    assert (moved, await names_of(ana), await names_of(ben)) == (2, ["Tea"], ["Tea"])


async def test_a_tag_cannot_take_the_name_of_another(business):
    await tags.make_tag("Tea")
    other = await tags.make_tag("Coffee")
    with pytest.raises(tags.TagTaken, match='there is a tag "tea" already: merge the two'):
        await tags.change_tag(other, "tea", "")


async def test_a_tag_may_change_the_case_of_its_own_letters(business):
    tag = await tags.make_tag("vip")
    await tags.change_tag(tag, "VIP", "azure")
    assert [(t.name, t.tone) for t in await tags.all_tags()] == [("VIP", "azure")]


async def test_a_tag_that_someone_carries_is_not_taken_off_the_list(member):
    await tags.tag_members([await member("Ana")], ["VIP"])
    with pytest.raises(tags.TagInUse, match="1 members carry this tag"):
        await tags.delete_tag(await tags.tag_id("VIP"))


async def test_tags_of_another_circle_are_not_suggested(member, as_cashier):
    clinic = await access.add_store("clinic", name="Clinic", circle="clinic")
    await tags.tag_members([await member("Ana")], ["Diabetes"])
    with as_cashier(clinic.id):
        assert await tags.suggest_tags("dia") == []


async def test_what_one_types_is_suggested_whatever_its_case(member):
    await tags.tag_members([await member("Ana")], ["Diabetes", "No diary"])
    assert await tags.suggest_tags("DIA") == ["Diabetes", "No diary"]


async def holds(condition, member) -> tuple[bool, bool]:
    binder = Binder()
    sql = compile_condition(condition, binder)
    by_sql = await fetchval(f"SELECT {sql} FROM member m WHERE m.id = {binder.bind(member, 'uuid')}", *binder.args)
    return by_sql, evaluate(condition, await facts_of_member(member, ["member.tags"]))


async def test_conditions_ask_for_a_tag_alike_in_sql_and_in_python(member):
    ana, ben = await member("Ana"), await member("Ben")
    await tags.tag_members([ana], ["VIP", "Tea"])
    vip = Compare("member.tags", "has", "VIP")
    assert [await holds(vip, ana), await holds(vip, ben)] == [(True, True), (False, False)]
    assert [await holds(Not(vip), ana), await holds(Not(vip), ben)] == [(False, False), (True, True)]


async def test_a_condition_for_a_tag_reads_as_a_sentence(business):
    assert describe(Compare("member.tags", "has", "VIP"), "en") == "has the tag “VIP”"


async def test_a_rule_that_gives_a_tag_is_named(member):
    ana = await member("Ana")
    await tags.tag_members([ana], ["Asleep"], rule="fitness.no_visit", plugin="fitness")
    [given] = await tags.tags_given(ana)
    assert given.rule == "fitness.no_visit"


async def test_the_api_tags_many_and_answers_counts(api, member):
    ana, ben = await member("Ana"), await member("Ben")
    answer = await api.post("/members/tags", json={"members": [str(ana), str(ben)], "add": ["VIP"]})
    assert (answer.status_code, answer.json()) == (200, {"members": 2, "added": 2, "removed": 0})
    assert (await api.get(f"/members/{ana}")).json()["tags"] == ["VIP"]


async def test_the_api_says_that_there_are_no_segments_yet(api, member):
    answer = await api.post("/members/tags", json={"segment": "asleep", "add": ["VIP"]})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "segment", "message": "there are no segments yet: name the members"}]


async def test_the_api_takes_at_most_a_thousand_members(api, business):
    answer = await api.post("/members/tags", json={"members": [str(uuid4()) for _ in range(1001)], "add": ["VIP"]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "members"


async def test_a_member_is_made_with_tags_and_patched_to_others(api, store):
    made = (await api.post("/members", json={"name": "Ana", "tags": ["VIP", "Tea"]})).json()
    patched = await api.patch(f"/members/{made['id']}", json={"version": made["version"], "tags": ["Tea", "Coffee"]})
    assert (made["tags"], patched.json()["tags"]) == (["Tea", "VIP"], ["Coffee", "Tea"])


async def test_a_key_of_another_store_tags_nobody_here(api_client, member):
    other = await access.add_store("other", name="Other")
    ana = await member("Ana")
    async with await api_client("members.write", where=other.id) as elsewhere:
        answer = await elsewhere.post("/members/tags", json={"members": [str(ana)], "add": ["VIP"]})
    assert answer.status_code == 404


async def test_all_of_a_stage_are_tagged_together(member, store):
    for name in ("Ana", "Ben"):
        await member(name)
    await member("Cai", stage="lost")
    done = await tags.tag_all(["Asleep"], [], stage="lost")
    assert (done.members, done.added) == (1, 1)


async def test_one_who_only_has_members_of_their_own_tags_no_others(member, store):
    ana = await member("Ana")
    coach = Actor("staff", "Coach", (Grant(("members.read@own", "members.write@own"), store),), staff_id=uuid4())
    with acting_as(coach), pytest.raises(MemberUnknown):
        await tags.tag_members([ana], ["VIP"])


async def test_tagging_everyone_leaves_out_who_was_erased_meanwhile(member, monkeypatch):
    ana, ben = await member("Ana"), await member("Ben")
    found = given.found_ids

    async def found_before(**which: object) -> list[UUID]:
        ids = await found(**which)
        monkeypatch.setattr(given, "found_ids", found)
        await erasing.erase(ben)
        return ids

    monkeypatch.setattr(given, "found_ids", found_before)
    done = await tags.tag_all(["regular"], [])
    assert (done.members, await tags.tags_of([ana, ben])) == (1, {ana: ["regular"]})
