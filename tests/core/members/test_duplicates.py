"""Members who may be one person: found on entry and on import with the reason, decided by people, never by guessing."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from itertools import combinations
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signed_in import owner, send

from tessera.access import service as access
from tessera.kernel.database import execute, fetch, fetchval
from tessera.members import names, service
from tessera.members.identities import identity
from tessera.members.imports import undo
from tessera.members.imports.people import import_members
from tessera.members.normalise import Unusable, parse_birthday
from tessera.members.service import Changes, NewMember, change_member, duplicates, merging
from tessera.members.service.create import insert_identity
from tessera.members.service.duplicates.scoring import score
from tessera.members.service.duplicates.traits import Traits, keys, traits

__all__ = ["owner"]


@pytest.fixture(autouse=True)
def keys_in_use(plugin_host) -> None:
    """Keys of members are hashed under the instance's."""


def someone(name: str, phone: str = "", born: tuple[int | None, int, int] | None = None, **more: str) -> Traits:
    phones = [f"+86{phone}"] if phone else []
    return traits(names.name_key(name), birth=born, phones=phones, **more)


def reasons(one: Traits, other: Traits) -> tuple[str, ...]:
    """Why two are likely one; nothing where they are not, or would not even meet."""
    found = score(one, other)
    return found.reasons if found.is_likely and set(keys(one)) & set(keys(other)) else ()


BORN = (1988, 5, 24)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (("余红霞", "13988887761"), ("余红霞", "13988887767"), ("name_same", "phone_slip")),
        (("余红霞", "13988887761"), ("余红霞", "13988887716"), ("name_same", "phone_slip")),
        (("余红霞", "13988887761"), ("余红霞", "13988807761"), ("name_same", "phone_alike")),
        (("余红霞", "13988887761"), ("余红霞", "13788887761"), ("name_same", "phone_slip")),
        (("余红霞", "13988887761"), ("余霞", "13988887761"), ("name_part", "phone_alike")),
        (("余红霞", "", BORN), ("余霞", "", BORN), ("name_part", "birthday_same")),
        (("刘建国", "", BORN), ("劉建國", "", BORN), ("name_sound", "birthday_same")),
        (("张小伟", "", BORN), ("章晓伟", "", BORN), ("name_sound", "birthday_same")),
        (("林静", "", BORN), ("林金", "", BORN), ("name_sound", "birthday_same")),
        (("王小伟", "", BORN), ("小伟王", "", BORN), ()),
        (("Ana López", "", BORN), ("Lopez Ana", "", BORN), ("name_swapped", "birthday_same")),
        (("Mitchell Brown", "", BORN), ("Mitchel Brown", "", BORN), ("name_near", "birthday_same")),
        (("Ana López", "", BORN), ("Ana López", "", (None, 5, 24)), ("name_same", "birthday_day")),
        (("王伟", "", BORN), ("王伟", "", (1989, 5, 24)), ("name_same", "birthday_slip")),
        (("王伟", "", BORN), ("王伟", "", (1967, 5, 24)), ()),
        (("王伟", "13988887761"), ("王伟", "13611112222"), ()),
        (("王伟",), ("王伟",), ()),
        (("李文", "13988887761"), ("王小小", "13988887761"), ()),
        (("王小红", "13988887761", BORN), ("王小明", "13988887761", BORN), ()),
    ],
)
def test_what_speaks_for_one_person(one, other, why):
    assert reasons(someone(*one), someone(*other)) == why


def test_twins_at_one_address_are_two():
    one = someone("王小红", "13988887761", BORN, address="天钥桥路 59 号 803 室")
    other = someone("王小明", "13988887761", BORN, address="天钥桥路 59 号 803 室")
    assert reasons(one, other) == ()


def test_a_namesake_at_the_same_address_is_likely_the_same():
    one = someone("王小红", address="上海市天钥桥路 59 号 803 室")
    assert reasons(one, someone("王小红", address="上海市天钥桥路59号803室")) == ("name_same", "address_same")


_digit = st.sampled_from("0123456789")


@given(st.lists(_digit, min_size=9, max_size=9), st.integers(3, 8), _digit)
def test_a_namesake_whose_phone_has_one_digit_wrong_is_found(digits, place, wrong):
    typed = [*digits[:place], wrong, *digits[place + 1 :]]
    assert reasons(someone("余红霞", "13" + "".join(digits)), someone("余红霞", "13" + "".join(typed)))


@given(st.lists(_digit, min_size=8, max_size=8), st.integers(0, 6))
def test_a_namesake_whose_phone_has_two_digits_swapped_is_found(digits, place):
    swapped = [*digits[:place], digits[place + 1], digits[place], *digits[place + 2 :]]
    assert reasons(someone("余红霞", "139" + "".join(digits)), someone("余红霞", "139" + "".join(swapped)))


@given(st.text(alphabet="余红霞王小伟anlopez ", max_size=8), st.text(alphabet="余红霞王小伟anlopez ", max_size=8))
def test_who_is_compared_with_whom_does_not_matter(one, other):
    assert score(someone(one, born=BORN), someone(other, born=BORN)).points == (
        score(someone(other, born=BORN), someone(one, born=BORN)).points
    )


def _people(folder: Path) -> dict[str, Traits]:
    with (folder / "people.csv").open(encoding="utf-8") as file:
        return {row["rec_id"]: _person(row) for row in csv.DictReader(file, skipinitialspace=True)}


def _person(row: dict[str, str]) -> Traits:
    parts = ("street_number", "address_1", "address_2", "suburb", "postcode", "state")
    try:
        born = parse_birthday(row["date_of_birth"], date(2026, 11, 21))
        birth = (born.year, born.month, born.day)
    except Unusable:
        birth = None
    name = f"{row['given_name']} {row['surname']}".strip()
    return traits(names.name_key(name), birth=birth, address=" ".join(row[part] for part in parts if row[part]))


def test_real_typing_errors_are_found_and_strangers_are_left_alone(shared_data: Path):
    """FEBRL data set 1: precision 1.00 and recall 0.80 of its 500 pairs, without the id number.

    What is missed has another name beside the same birthday and address, which twins have too.
    """
    people = _people(shared_data)
    with (shared_data / "people_gold_pairs.csv").open(encoding="utf-8") as file:
        gold = {tuple(sorted((row["id1"], row["id2"]))) for row in csv.DictReader(file)}
    blocks = defaultdict(list)
    for id_, one in people.items():
        for key in keys(one):
            blocks[key].append(id_)
    meeting = {tuple(sorted(pair)) for block in blocks.values() for pair in combinations(block, 2)}
    found = {pair for pair in meeting if score(people[pair[0]], people[pair[1]]).is_likely}
    precision, recall = len(found & gold) / len(found), len(found & gold) / len(gold)
    print(f"likely duplicates, FEBRL 1: precision {precision:.2f}, recall {recall:.2f}, compared {len(meeting)}")
    assert precision >= 0.99
    assert recall >= 0.78


@pytest.fixture
async def hongxia(store: UUID) -> UUID:
    return await service.create_member(
        NewMember(name="余红霞", phone="13988887761", birthday="1988-05-24", store=store)
    )


async def make(store: UUID, name: str, **known: str) -> UUID:
    return await service.create_member(NewMember(name=name, store=store, **known))


async def test_whoever_is_added_twice_is_shown_as_a_pair(hongxia, store):
    twice = await make(store, "余红霞", phone="13988887767", birthday="1988-05-24")
    (pair,) = await duplicates.pairs_of(twice)
    assert {pair.one.id, pair.other.id} == {hongxia, twice}
    assert pair.reasons == ["name_same", "birthday_same", "phone_slip"]


async def test_a_stranger_is_nobodys_pair(hongxia, store):
    assert await duplicates.pairs_of(await make(store, "王伟", phone="13611112222")) == []


async def test_what_was_told_apart_is_not_asked_again(hongxia, store):
    twice = await make(store, "余红霞", birthday="1988-05-24")
    (pair,) = await duplicates.pairs_of(twice)
    await duplicates.dismiss(pair.id)
    await duplicates.dismiss(pair.id)
    assert await duplicates.open_pairs() == []
    people = await duplicates.finding.stored_traits([twice])
    await duplicates.pairs.note_pairs(await duplicates.finding.pairs_among(people, {twice: keys(people[twice])}))
    assert await duplicates.open_pairs() == []


async def test_a_merged_pair_is_gone_and_is_back_when_the_merge_is_undone(hongxia, store):
    twice = await make(store, "余红霞", birthday="1988-05-24")
    merged = await merging.merge(hongxia, twice, {})
    assert await duplicates.open_pairs() == []
    await merging.undo(merged.merge)
    assert len(await duplicates.open_pairs()) == 1


async def test_a_changed_name_is_compared_as_it_is_now(hongxia, store):
    renamed = await make(store, "王伟", birthday="1988-05-24")
    await change_member(renamed, 1, Changes(name="余霞"))
    await duplicates.refresh_keys([renamed])
    again = await make(store, "余霞", birthday="1988-05-24")
    assert {pair.one.id for pair in await duplicates.pairs_of(again)} == {hongxia, renamed}


async def test_members_from_before_there_were_keys_catch_up(hongxia, store):
    await execute("DELETE FROM likeness_key")
    await execute("INSERT INTO likeness_due (member) SELECT id FROM member")
    await duplicates.catch_up()
    assert len(await duplicates.pairs_of(await make(store, "余红霞", birthday="1988-05-24"))) == 1
    assert await fetchval("SELECT count(*) FROM likeness_due") == 0


async def test_a_pair_is_seen_by_who_sees_both(hongxia, store, as_cashier):
    other = (await access.add_store("west", name="West")).id
    await make(other, "余红霞", birthday="1988-05-24")
    with as_cashier(store):
        assert await duplicates.open_pairs() == []
        assert await duplicates.count_open() == 0
        assert await duplicates.known_alike("余红霞", "", "1988-05-24") != []
    with as_cashier(other):
        (known,) = await duplicates.known_alike("余红霞", "", "1988-05-24")
        assert known.member.id != hongxia
    with as_cashier(store, other):
        (pair,) = await duplicates.open_pairs()
    with as_cashier(store), pytest.raises(duplicates.PairUnknown):
        await duplicates.dismiss(pair.id)


@pytest.mark.parametrize("typed", [f"139{hidden:04d}7761" for hidden in (8888, 8887, 8878, 1234, 0)])
async def test_the_hint_says_the_same_of_every_phone_that_the_mask_may_stand_for(hongxia, store, as_cashier, typed):
    with as_cashier(store):
        (known,) = await duplicates.known_alike("余红霞", typed, "")
    assert (known.member.id, tuple(known.reasons)) == (hongxia, ("name_same", "phone_alike"))


async def test_a_pair_says_no_more_of_phones_than_their_masks(hongxia, store):
    found = []
    for hidden in (8887, 1234):
        made = await make(store, "余红霞", phone=f"139{hidden:04d}7761")
        found += [(pair.one.id, tuple(pair.reasons), pair.score) for pair in await duplicates.pairs_of(made)]
    assert {it for it in found if it[0] == hongxia} == {found[0]}


async def test_an_address_is_not_compared_while_someone_types(store, as_cashier):
    await make(store, "王小红", address="上海市天钥桥路 59 号 803 室")
    one = someone("王小红", address="上海市天钥桥路 59 号 803 室")
    with as_cashier(store):
        assert await duplicates.alike(one, sealed=False) == []
        assert len(await duplicates.alike(one, sealed=True)) == 1


async def test_a_key_that_many_share_is_not_followed(store):
    await execute(
        "INSERT INTO likeness_key (key, member) SELECT $1, gen_random_uuid() FROM generate_series(1, 50)",
        keys(someone("王伟", born=BORN))[0],
    )
    assert await duplicates.pairs_of(await make(store, "王伟", birthday="1988-05-24")) == []


def a_list(folder: Path, *rows: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(["姓名,手机号,生日,卡号,会员编号", *rows]) + "\n", encoding="utf-8")
    return path


async def test_an_import_notes_who_looks_like_someone_there(hongxia, store, tmp_path):
    path = a_list(tmp_path, "余红霞,13988887767,1988-05-24,,", "王伟,13611112222,1970-01-01,,")
    report = await import_members(path, store=store)
    (pair,) = await duplicates.open_pairs(batch=report.batch)
    assert pair.one.id == hongxia
    assert report.alike == 1
    assert any("look like one person" in str(remark) for remark in report.remarks)


async def test_two_rows_of_one_list_are_a_pair(store, tmp_path):
    rows = ("余红霞,13988887761,1988-05-24,,", "余霞,13988887761,1988-05-24,,")
    report = await import_members(a_list(tmp_path, *rows), store=store)
    assert (report.created, report.alike) == (2, 1)


async def test_the_same_list_again_finds_nothing_new(hongxia, store, tmp_path):
    path = a_list(tmp_path, "余红霞,13988887767,1988-05-24,,")
    await import_members(path, store=store)
    await import_members(path, store=store)
    assert await fetchval("SELECT count(*) FROM duplicate") == 1
    assert await fetchval("SELECT count(*) - count(DISTINCT (key, member)) FROM likeness_key") == 0


async def test_a_row_that_names_two_members_says_so(store, tmp_path):
    one, other = await make(store, "余红霞"), await make(store, "陈晨")
    for member, kind, value in ((one, "card", "C1"), (other, "external", "list:7")):
        await insert_identity(member, identity(kind, value))
    report = await import_members(a_list(tmp_path, "谁,,,C1,7"), store=store)
    assert report.rejected == 1
    (pair,) = await duplicates.open_pairs()
    assert pair.reasons == ["one_row"]


async def test_an_import_that_is_taken_back_takes_its_pairs_along(hongxia, store, tmp_path):
    report = await import_members(a_list(tmp_path, "余红霞,13988887767,1988-05-24,,"), store=store)
    await undo(report.batch)
    assert await fetch("SELECT id FROM duplicate") == []
    assert await fetchval("SELECT count(DISTINCT member) FROM likeness_key") == 1


async def test_a_program_lists_and_dismisses_pairs(api, hongxia, store):
    await make(store, "余红霞", birthday="1988-05-24")
    (pair,) = (await api.get("/duplicates")).json()["items"]
    assert pair["reasons"] == ["name_same", "birthday_same"]
    assert (await api.get(f"/members/{hongxia}/duplicates")).json()["items"][0]["id"] == pair["id"]
    assert (await api.post(f"/duplicates/{pair['id']}/dismiss")).status_code == 204
    assert (await api.get("/duplicates")).json()["items"] == []


async def test_pages_of_pairs_follow_each_other(api, store):
    for _time in range(3):
        await make(store, "余红霞", birthday="1988-05-24")
    first = (await api.get("/duplicates?limit=2")).json()
    second = (await api.get(f"/duplicates?limit=2&cursor={first['next']}")).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)


async def test_a_program_asks_before_it_adds_someone(api, hongxia):
    asked = await api.post("/members/alike", json={"name": "余霞", "birthday": "1988-05-24"})
    assert asked.json()["items"] == [{"member": str(hongxia), "reasons": ["name_part", "birthday_same"]}]


async def test_the_page_tells_while_someone_types(owner: httpx.AsyncClient, hongxia):
    shown = await send(owner, "/members/new", "/members/new/alike", name="余红霞", phone="13912347761")
    assert f"/members/{hongxia}" in shown.text
    assert "139****7761" in shown.text
    assert "phones look alike" in shown.text
    assert "13988887761" not in shown.text


async def test_the_members_page_offers_to_merge_or_to_tell_apart(owner: httpx.AsyncClient, hongxia, store):
    twice = await make(store, "余红霞", birthday="1988-05-24")
    page = await owner.get(f"/members/{twice}")
    assert f"/members/{twice}/merge?other={hongxia}" in page.text
    listed = await owner.get("/members/duplicates")
    (pair,) = await duplicates.open_pairs()
    assert str(pair.id) in listed.text
    told = await send(owner, "/members/duplicates", f"/members/duplicates/{pair.id}/dismiss")
    assert "Nobody looks like someone else" in told.text
