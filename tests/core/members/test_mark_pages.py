"""The pages of tags, stages and fields, as someone at a desk and in settings uses them."""

import re
from uuid import UUID

import pytest
from signed_in import owner, send

from tessera.members import service as members
from tessera.members.service import NewMember, fields, stages, tags

__all__ = ["owner"]


@pytest.fixture
async def ana(owner, store) -> UUID:
    return await members.create_member(NewMember(name="Ana", store=store))


async def test_a_tag_is_given_and_taken_on_the_members_page(owner, ana):
    page = await send(owner, f"/members/{ana}", f"/members/{ana}/tags", tag="VIP")
    assert "VIP" in page.text
    await send(owner, f"/members/{ana}", f"/members/{ana}/tags/remove", tag="VIP")
    assert await tags.tags_given(ana) == []


async def test_tags_are_suggested_while_one_types(owner, ana):
    await tags.tag_members([ana], ["VIP", "Tea"])
    page = await owner.get("/members/tags/suggest", params={"tag": "vi"})
    assert re.findall(r'value="([^"]+)"', page.text) == ["VIP"]


async def test_those_who_were_chosen_are_tagged_together(owner, ana, store):
    ben = await members.create_member(NewMember(name="Ben", store=store))
    page = await send(owner, "/members/tagging", "/members/tagging", members=str(ben), add="VIP，Tea", who="chosen")
    assert "1 members: 2 tags given, 0 taken away." in page.text
    assert await tags.tags_of([ana, ben]) == {ben: ["Tea", "VIP"]}


async def test_all_who_were_found_are_tagged_together(owner, ana, store):
    await members.create_member(NewMember(name="Ben", store=store))
    await send(owner, "/members/tagging", "/members/tagging", q="ana", add="VIP", who="all")
    assert await tags.tags_of([ana]) == {ana: ["VIP"]}
    assert [tag.members for tag in await tags.all_tags()] == [1]


async def test_nobody_chosen_is_said(owner, ana):
    page = await send(owner, "/members/tagging", "/members/tagging", add="VIP", who="chosen")
    assert page.status_code == 422
    assert "choose at least one member" in page.text


async def test_tags_are_renamed_and_merged_in_settings(owner, ana):
    await tags.tag_members([ana], ["Tea", "Teas"])
    tea, teas = await tags.tag_id("Tea"), await tags.tag_id("Teas")
    await send(owner, f"/settings/tags/{teas}", f"/settings/tags/{teas}/merge", into=str(tea))
    await send(owner, f"/settings/tags/{tea}", name="Green tea", tone="green")
    assert [(tag.name, tag.tone, tag.members) for tag in await tags.all_tags()] == [("Green tea", "green", 1)]


async def test_a_stage_is_moved_with_a_reason(owner, ana):
    page = await send(owner, f"/members/{ana}", f"/members/{ana}/stage", stage="lost", reason="moved away")
    assert "moved away" in page.text


async def test_without_a_reason_no_stage_is_moved(owner, ana):
    page = await send(owner, f"/members/{ana}", f"/members/{ana}/stage", stage="lost", reason=" ")
    assert "Say why" in page.text
    assert await stages.moves_of(ana) == []


async def test_the_numbers_of_stages_are_changed_in_settings(owner, store):
    await send(owner, "/settings/stages", "/settings/stages/dormant", number="90", place="20", active="yes")
    [dormant] = [rule for rule in await stages.stage_rules() if rule.code == "dormant"]
    assert stages.number_of(dormant.condition) == 90


async def test_a_rule_of_ones_own_is_made_in_settings(owner, store):
    page = await send(
        owner,
        "/settings/stages",
        "/settings/stages/new",
        before="new",
        fact="member.tags has",
        value="VIP",
        after="active",
    )
    assert "has the tag “VIP”" in page.text


async def test_a_field_is_added_in_settings_and_filled_in_on_the_form(owner, store):
    await send(
        owner,
        "/settings/fields/new",
        **{"label.en": "Shoe size", "kind": "choice", "choices": "S = Small | 小\nL = Large | 大", "required": "yes"},
    )
    form = await owner.get("/members/new")
    assert "Shoe size" in form.text
    page = await send(owner, "/members/new", **{"name": "Ben", "custom_shown": "shoe_size", "custom.shoe_size": "S"})
    assert "Small" in page.text


async def test_what_must_be_filled_in_is_asked_for_by_the_form(owner, store):
    await fields.make_field("size", "text", {"en": "Size"}, required=True)
    page = await send(owner, "/members/new", name="Ben", custom_shown="size")
    assert page.status_code == 422
    assert "fill this in" in page.text


async def test_a_masked_value_that_is_left_empty_stays(owner, ana):
    await fields.make_field("illness", "text", {"en": "Illness"}, sensitive=True)
    await fields.set_custom(ana, {"illness": "asthma"})
    page = await owner.get(f"/members/{ana}/edit")
    version = str((await members.member(ana)).version)
    await send(owner, f"/members/{ana}/edit", name="Anna", version=version, custom_shown="illness")
    assert "asthma" not in page.text
    assert await fields.matching("asthma") == []
    assert (await fields.custom_values(ana))[0].value is not None


async def test_the_page_of_a_member_shows_it_masked(owner, ana):
    await fields.make_field("illness", "text", {"en": "Illness"}, sensitive=True)
    await fields.set_custom(ana, {"illness": "asthma"})
    page = (await owner.get(f"/members/{ana}")).text
    assert "Illness" in page
    assert "asthma" not in page


async def test_values_are_erased_before_a_field_is_deleted(owner, ana):
    await fields.make_field("size", "text", {"en": "Size"})
    await fields.set_custom(ana, {"size": "S"})
    await send(owner, "/settings/fields/size", "/settings/fields/size/erase")
    await send(owner, "/settings/fields/size", "/settings/fields/size/delete")
    assert fields.all_fields() == []


@pytest.mark.parametrize("path", ["/settings/tags", "/settings/stages", "/settings/fields", "/settings/fields/new"])
async def test_the_pages_of_settings_speak_chinese(owner, store, path):
    page = await owner.get(path, headers={"Accept-Language": "zh-CN"})
    assert page.status_code == 200
