"""A business adds fields to its members; they are typed, sealed where sensitive, and found where searched."""

import asyncio
import contextlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import sealing
from tessera.access import service as access
from tessera.conditions import Binder, compile_condition, evaluate, facts_of_member, known_facts
from tessera.kernel.database import fetch, fetchrow, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.texts import use_locale
from tessera.members import service as members
from tessera.members.normalise import Unusable
from tessera.members.service import MaskedValue, NewMember, fields
from tessera.members.service.fields.values import parsed
from tessera.members.service.reveal import masked, reveal
from tessera_hooks import Compare, Not

SIZES = {"S": {"en": "Small", "zh_Hans": "小"}, "L": {"en": "Large", "zh_Hans": "大"}}


async def values_of(member: UUID) -> dict[str, object]:
    return dict((await fields.custom_of([member])).get(member, {}))


@pytest.fixture
async def size(business):
    return await fields.make_field("size", "choice", {"en": "Size", "zh_Hans": "尺码"}, choices=SIZES)


@pytest.fixture
async def illness(business):
    return await fields.make_field("illness", "text", {"en": "Illness"}, sensitive=True, searchable=True)


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", "  Blue  sky ", "Blue sky"),
        ("number", "12.50", "12.5"),
        ("number", 7, "7"),
        ("number", "12345678901234567890.123456", "12345678901234567890.123456"),
        ("number", "1,234", "1234"),
        ("number", "-0", "0"),
        ("date", "2026/1/5", "2026-01-05"),
        ("choice", "Small", "S"),
        ("choice", "大", "L"),
        ("choices", ["L", "S"], ["S", "L"]),
        ("choices", "大，小", ["S", "L"]),
        ("yes_no", True, True),
        ("yes_no", "否", False),
        ("choices", [], None),
        ("text", "", None),
    ],
)
async def test_each_kind_is_stored_exactly(business, kind, typed, stored):
    field = await fields.make_field("it", kind, {"en": "It"}, choices=SIZES if "choice" in kind else {})
    assert parsed(field, typed) == stored


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("number", "soon"),
        ("number", "1.38E+10"),
        ("number", "1.1234567"),
        ("number", "9" * 30),
        ("number", "1e-999999999"),
        ("number", True),
        ("number", [1]),
        ("date", "5.1."),
        ("date", 20260105),
        ("choice", "XL"),
        ("choices", ["XL"]),
        ("choices", 3),
        ("yes_no", "perhaps"),
        ("text", 3),
        ("text", "x" * 1001),
    ],
)
async def test_what_does_not_fit_is_refused(business, kind, typed):
    field = await fields.make_field("it", kind, {"en": "It"}, choices=SIZES if "choice" in kind else {})
    with pytest.raises(Unusable):
        parsed(field, typed)


@given(number=st.decimals(-(10**15), 10**15, places=4))
def test_a_number_comes_back_as_exactly_what_it_was(number):
    field = fields.FieldFacts(UUID(int=1), "n", "number", {"en": "N"}, {})
    assert type(number)(parsed(field, str(number))) == number


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


@given(kind=st.sampled_from(sorted(fields.KINDS)), raw=json_values)
def test_whatever_is_sent_is_stored_or_refused_and_what_is_stored_is_a_value_again(kind, raw):
    field = fields.FieldFacts(UUID(int=1), "it", kind, {"en": "It"}, SIZES)
    with contextlib.suppress(Unusable):
        stored = parsed(field, raw)
        assert parsed(field, stored) == stored


@pytest.mark.parametrize("code", ["", "Size", "9lives", "a-b", "x" * 41])
async def test_a_code_is_short_and_plain(business, code):
    with pytest.raises(Invalid, match="write a short code"):
        await fields.make_field(code, "text", {"en": "It"})


async def test_a_code_is_given_once(size):
    with pytest.raises(fields.FieldTaken, match='there is a field "size" already'):
        await fields.make_field("size", "text", {"en": "Size"})


async def test_its_label_is_said_in_both_languages(size):
    with use_locale("zh_Hans"):
        assert (size.title, size.choice_title("S")) == ("尺码", "小")
    with use_locale("en"):
        assert (size.title, size.choice_title("S")) == ("Size", "Small")


async def test_values_merge_by_key(size, member):
    await fields.make_field("shoe", "number", {"en": "Shoe size"})
    ana = await member("Ana", custom={"size": "S"})
    await fields.set_custom(ana, {"shoe": "38.5"})
    await fields.set_custom(ana, {"size": None})
    assert await values_of(ana) == {"shoe": "38.5"}


async def test_two_who_change_different_fields_at_once_both_find_theirs(size, member):
    await fields.make_field("shoe", "number", {"en": "Shoe size"})
    ana = await member("Ana")
    await asyncio.gather(*(fields.set_custom(ana, {"size": "L"} if i % 2 else {"shoe": "38"}) for i in range(8)))
    assert await values_of(ana) == {"size": "L", "shoe": "38"}


async def test_the_same_value_again_changes_nothing(size, member):
    ana = await member("Ana", custom={"size": "S"})
    version = (await members.member(ana)).version
    assert await fields.set_custom(ana, {"size": "small"}) == []
    assert (await members.member(ana)).version == version


async def test_an_unknown_field_names_the_nearest(size, member):
    with pytest.raises(Invalid) as refused:
        await fields.set_custom(await member("Ana"), {"sise": "S"})
    [error] = refused.value.errors
    assert (error.field, error.message) == ("custom.sise", 'there is no field "sise", did you mean "size"?')


async def test_a_masked_value_is_refused(illness, member):
    with pytest.raises(MaskedValue):
        await fields.set_custom(await member("Ana"), {"illness": "****"})


async def test_what_is_required_must_be_there_where_fields_are_asked_for(business):
    await fields.make_field("size", "text", {"en": "Size"}, required=True)
    with pytest.raises(Invalid) as refused:
        await members.create_member(NewMember(name="Ana", custom={}))
    assert [(e.field, e.message) for e in refused.value.errors] == [("custom.size", "fill this in")]
    assert await members.create_member(NewMember(name="Ana"))


async def test_what_is_required_cannot_be_emptied(business, member):
    await fields.make_field("size", "text", {"en": "Size"}, required=True)
    ana = await member("Ana", custom={"size": "S"})
    with pytest.raises(Invalid, match="fill this in"):
        await fields.set_custom(ana, {"size": None})


async def test_every_wrong_field_is_named_at_once(size, store):
    with pytest.raises(Invalid) as refused:
        await members.create_member(NewMember(name="Ana", birthday="soon", custom={"size": "XL"}))
    assert {error.field for error in refused.value.errors} == {"birthday", "custom.size"}


async def test_a_sensitive_value_is_sealed_at_rest(illness, member):
    ana = await member("Ana", custom={"illness": "asthma"})
    row = await fetchrow("SELECT value, sealed, lookup FROM member_custom WHERE member = $1", ana)
    assert row["value"] is None
    assert b"asthma" not in row["sealed"] + row["lookup"]
    assert sealing.unseal_text(row["sealed"]) == "asthma"


async def test_people_see_it_masked_and_reveal_it_one_by_one(illness, member, as_cashier, store):
    ana = await member("Ana", custom={"illness": "asthma"})
    with as_cashier(store, also=("members.reveal",)):
        assert await values_of(ana) == {"illness": "****"}
        assert await reveal(ana, "custom:illness") == "asthma"


async def test_a_choice_is_revealed_in_words_and_masked_as_a_whole(business, member, as_cashier, store):
    await fields.make_field("pregnant", "yes_no", {"en": "Pregnant"}, sensitive=True)
    ana = await member("Ana", custom={"pregnant": True})
    with as_cashier(store, also=("members.reveal",)), use_locale("en"):
        assert (await masked(ana, "custom:pregnant"), await reveal(ana, "custom:pregnant")) == ("****", "yes")


async def test_who_may_not_reveal_sees_nothing_of_it(illness, member, api_client):
    ana = await member("Ana", custom={"illness": "asthma"})
    async with await api_client("members.read") as reader:
        assert (await reader.get(f"/members/{ana}")).json()["custom"] == {"illness": "****"}


async def test_a_program_that_may_reveal_is_answered_whole_and_audited(illness, member, api_client):
    ana = await member("Ana", custom={"illness": "asthma"})
    async with await api_client("members.read", "members.reveal") as reader:
        assert (await reader.get(f"/members/{ana}")).json()["custom"] == {"illness": "asthma"}
    assert await fetchval("SELECT count(*) FROM audit WHERE fields ? 'custom:illness'") == 1


async def test_a_sensitive_field_is_found_by_exactly_what_stands_there(illness, member):
    ana = await member("Ana", custom={"illness": "Asthma"})
    assert (await fields.matching("asthma"), await fields.matching("asth")) == ([ana], [])


async def test_sensitive_words_do_not_stand_among_the_words_of_search(illness, member):
    await member("Ana", custom={"illness": "asthma"})
    assert await fetchval("SELECT count(*) FROM member_token WHERE token LIKE 'asth%'") == 0


async def test_the_one_box_finds_what_stands_in_a_searched_field(business, member):
    await fields.make_field("dog", "text", {"en": "Dog"}, searchable=True)
    ana = await member("Ana", custom={"dog": "Bello 金毛"})
    await member("Ben")
    assert await members.search_ids("bell") == [ana]
    assert await members.search_ids("金毛") == [ana]


async def test_a_new_name_leaves_what_is_searched(business, member):
    await fields.make_field("dog", "text", {"en": "Dog"}, searchable=True)
    ana = await member("Ana", custom={"dog": "Bello"})
    await members.change_member(ana, (await members.member(ana)).version, members.Changes(name="Anna"))
    assert await members.search_ids("bello") == [ana]


async def test_a_field_that_becomes_searched_is_found_and_one_that_ceases_is_not(business, member):
    await fields.make_field("dog", "text", {"en": "Dog"})
    ana = await member("Ana", custom={"dog": "Bello"})
    await fields.change_field("dog", searchable=True)
    found = await members.search_ids("bello")
    await fields.change_field("dog", searchable=False)
    assert (found, await members.search_ids("bello")) == ([ana], [])


async def test_the_kind_stays_once_values_stand_there(size, member):
    await member("Ana", custom={"size": "S"})
    with pytest.raises(fields.FieldInUse, match="1 members have a value here: its kind stays"):
        await fields.change_field("size", kind="text", choices={})


async def test_plain_values_do_not_become_sensitive_by_a_switch(size, member):
    await member("Ana", custom={"size": "S"})
    with pytest.raises(fields.FieldInUse):
        await fields.change_field("size", sensitive=True)


async def test_a_choice_that_someone_has_stays(size, member):
    await member("Ana", custom={"size": "S"})
    with pytest.raises(fields.FieldInUse, match="1 members have a choice that would go"):
        await fields.change_field("size", choices={"L": {"en": "Large"}})


async def test_a_hidden_field_keeps_its_values(size, member):
    ana = await member("Ana", custom={"size": "S"})
    await fields.change_field("size", active=False)
    hidden = await values_of(ana)
    await fields.change_field("size", active=True)
    assert (hidden, await values_of(ana)) == ({}, {"size": "S"})


async def test_a_field_with_values_is_deleted_only_after_they_were_erased(size, member):
    ana = await member("Ana", custom={"size": "S"})
    with pytest.raises(fields.FieldInUse, match="hide it, or erase the values first"):
        await fields.delete_field("size")
    assert await fields.erase_values("size") == 1
    await fields.delete_field("size")
    assert await values_of(ana) == {}
    [row] = await fetch("SELECT rows FROM audit WHERE action = 'members.field_erased'")
    assert row["rows"] == 1


async def holds(condition, member: UUID, name: str) -> tuple[bool, bool]:
    binder = Binder()
    sql = compile_condition(condition, binder)
    by_sql = await fetchval(f"SELECT {sql} FROM member m WHERE m.id = {binder.bind(member, 'uuid')}", *binder.args)
    return by_sql, evaluate(condition, await facts_of_member(member, [name]))


@pytest.mark.parametrize(
    ("kind", "value", "condition"),
    [
        ("text", "blue", Compare("custom.it", "==", "blue")),
        ("number", "12.5", Compare("custom.it", ">", 12)),
        ("date", "2026-01-05", Compare("custom.it", "<", "2026-02-01")),
        ("choice", "S", Compare("custom.it", "in", ["S", "M"])),
        ("choices", ["S", "L"], Compare("custom.it", "has", "L")),
        ("yes_no", False, Compare("custom.it", "==", value=False)),
        ("text", "blue", Compare("custom.it.known", "==", value=True)),
    ],
)
async def test_conditions_ask_for_each_kind_alike_in_sql_and_in_python(member, kind, value, condition):
    await fields.make_field("it", kind, {"en": "It"}, choices=SIZES if "choice" in kind else {})
    ana, ben = await member("Ana", custom={"it": value}), await member("Ben")
    assert await holds(condition, ana, condition.fact) == (True, True)
    assert await holds(condition, ben, condition.fact) == (False, False)
    assert await holds(Not(condition), ben, condition.fact) == (True, True)


async def test_of_a_sensitive_field_conditions_ask_only_whether_it_is_known(illness):
    assert {name for name in known_facts() if name.startswith("custom.")} == {"custom.illness.known"}


async def test_the_timeline_calls_a_field_by_its_label(size, member, api):
    ana = await member("Ana")
    await fields.set_custom(ana, {"size": "S"})
    told = (await api.get(f"/members/{ana}/timeline", headers={"Accept-Language": "en"})).json()["items"]
    assert "Size" in [one["detail"] for one in told]


async def test_the_api_merges_and_answers(size, store, api):
    await fields.make_field("shoe", "number", {"en": "Shoe size"})
    made = (await api.post("/members", json={"name": "Ana", "custom": {"size": "S", "shoe": 38.5}})).json()
    patch = {"version": made["version"], "custom": {"size": None}}
    patched = (await api.patch(f"/members/{made['id']}", json=patch)).json()
    assert (made["custom"], patched["custom"]) == ({"size": "S", "shoe": "38.5"}, {"shoe": "38.5"})


async def test_the_api_names_the_wrong_field(size, store, api):
    answer = await api.post("/members", json={"name": "Ana", "custom": {"sise": "S"}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "custom.sise"


async def test_the_api_tells_which_fields_there_are(size, api):
    [field] = (await api.get("/fields")).json()["items"]
    assert (field["code"], field["kind"], field["choices"]["S"]) == ("size", "choice", SIZES["S"])


async def test_a_member_of_another_store_is_not_there(size, member, as_cashier):
    other = await access.add_store("other", name="Other")
    ana = await member("Ana")
    with as_cashier(other.id), pytest.raises(members.MemberUnknown):
        await fields.set_custom(ana, {"size": "S"})


async def test_a_field_that_was_changed_at_this_moment_is_not_written_as_it_was(size, member):
    ana = await member("Ana")
    await fetch("UPDATE custom_field SET sensitive = true WHERE code = 'size'")
    with pytest.raises(fields.FieldInUse, match="changed at this moment"):
        await fields.set_custom(ana, {"size": "S"})


@pytest.mark.parametrize("place", [2**40, -1])
async def test_a_place_beyond_reason_is_refused(business, place):
    with pytest.raises(Invalid) as refused:
        await fields.make_field("size", "text", {"en": "Size"}, place=place)
    assert [error.field for error in refused.value.errors] == ["place"]


async def test_a_choice_keeps_no_character_that_cannot_be_stored(business):
    made = await fields.make_field("size", "choice", {"en": "Size"}, choices={"S\x00": {"en": "Sm\x00all"}})
    assert made.choices == {"S": {"en": "Small"}}
