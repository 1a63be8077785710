"""Lists of members bring tags and the business's own fields, and take them back."""

from pathlib import Path
from uuid import UUID

import pytest

from tessera.kernel.database import fetchval
from tessera.members import service as members
from tessera.members.imports import undo
from tessera.members.imports.people import import_members
from tessera.members.service import fields, tags

SIZES = {"S": {"en": "Small", "zh_Hans": "小"}, "L": {"en": "Large", "zh_Hans": "大"}}


def a_list(folder: Path, *rows: str, header: str = "姓名,手机号,尺码,标签") -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


async def bring(path: Path):
    return await import_members(path, source="old")


async def ana() -> UUID:
    found: UUID = await fetchval("SELECT id FROM member ORDER BY id LIMIT 1")
    return found


async def known() -> tuple[dict[str, object], list[str]]:
    member = await ana()
    custom = (await fields.custom_of([member])).get(member, {})
    return dict(custom), (await tags.tags_of([member])).get(member, [])


@pytest.fixture
async def size(store):
    return await fields.make_field("size", "choice", {"en": "Size", "zh_Hans": "尺码"}, choices=SIZES)


async def test_columns_are_recognised_by_their_labels(size, tmp_path):
    report = await bring(a_list(tmp_path, "李安,13800138000,小,VIP；老客"))
    assert (report.created, await known()) == (1, ({"size": "S"}, ["VIP", "老客"]))


async def test_a_column_is_recognised_by_the_code_of_its_field(size, tmp_path):
    await bring(a_list(tmp_path, "Ana,13800138000,L", header="name,phone,custom.size"))
    assert (await known())[0] == {"size": "L"}


async def test_a_field_that_is_called_like_one_of_the_core_takes_nothing_from_it(store, tmp_path):
    await fields.make_field("remark", "text", {"zh_Hans": "备注"})
    await bring(a_list(tmp_path, "李安,13800138000,常客", header="姓名,手机号,备注"))
    assert (await known())[0] == {}
    assert await fetchval("SELECT count(*) FROM member_note") == 1


async def test_the_same_list_again_changes_nothing(size, tmp_path):
    path = a_list(tmp_path, "李安,13800138000,小,VIP", "李安,13800138000,大,老客")
    await bring(path)
    again = await bring(path)
    assert (again.unchanged, again.updated, await known()) == (2, 0, ({"size": "S"}, ["VIP", "老客"]))


async def test_a_wrong_choice_rejects_its_row_and_names_the_column(size, tmp_path):
    report = await bring(a_list(tmp_path, "李安,13800138000,XL,"))
    assert (report.created, report.rejected) == (0, 1)
    assert str(report.first_rejects[0][1]) == "尺码: choose one of: S, L"


async def test_what_is_required_may_be_missing_in_a_list(store, tmp_path):
    await fields.make_field("size", "text", {"en": "Size"}, required=True)
    report = await bring(a_list(tmp_path, "Ana,13800138000", header="name,phone"))
    assert report.created == 1


async def test_taking_a_list_back_gives_back_what_stood_there(size, tmp_path):
    member = await members.create_member(members.NewMember(name="李安", phone="13800138000", custom={"size": "S"}))
    report = await bring(a_list(tmp_path, "李安,13800138000,大,VIP"))
    changed = await known()
    await undo(report.batch)
    assert (changed, await known(), await ana()) == (({"size": "L"}, ["VIP"]), ({"size": "S"}, []), member)


async def test_taking_back_those_a_list_created_takes_their_marks_too(size, tmp_path):
    report = await bring(a_list(tmp_path, "李安,13800138000,大,VIP"))
    await undo(report.batch)
    assert await fetchval("SELECT (SELECT count(*) FROM member) + (SELECT count(*) FROM member_custom)") == 0


async def test_a_sensitive_field_is_sealed_and_put_back_sealed(store, tmp_path):
    await fields.make_field("illness", "text", {"en": "Illness"}, sensitive=True)
    await members.create_member(members.NewMember(name="Ana", phone="13800138000", custom={"illness": "asthma"}))
    report = await bring(a_list(tmp_path, "Ana,13800138000,none", header="name,phone,illness"))
    assert await fetchval("SELECT count(*) FROM import_row WHERE before::text LIKE '%asthma%'") == 0
    assert await fetchval("SELECT count(*) FROM member_custom WHERE sealed IS NULL") == 0
    await undo(report.batch)
    assert (await known())[0] == {"illness": "asthma"}


async def test_imported_marks_are_history(size, tmp_path):
    await bring(a_list(tmp_path, "李安,13800138000,大,VIP"))
    assert await fetchval("SELECT DISTINCT origin FROM event WHERE kind = 'member.tagged'") == "import"


async def test_a_searched_field_of_a_list_is_found(store, tmp_path):
    await fields.make_field("dog", "text", {"en": "Dog"}, searchable=True)
    await bring(a_list(tmp_path, "Ana,13800138000,Bello", header="name,phone,dog"))
    assert await members.search_ids("bello") == [await ana()]
