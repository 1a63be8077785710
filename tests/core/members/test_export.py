"""Lists of members go out as they would come in: scoped, masked, audited, safe to open, and back without a change."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from signed_in import owner  # noqa: F401 - a fixture

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel.database import execute, fetchrow, fetchval
from tessera.kernel.errors import Forbidden, Invalid
from tessera.kernel.tabular import neutralise, restored
from tessera.kernel.texts import use_locale
from tessera.members import service
from tessera.members.imports.people import import_members
from tessera.members.normalise import normalise_gender
from tessera.members.service import NewMember, exporting, fields, lists, tags

FIRST_CELLS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "'=1")


async def rows_of(export: exporting.Export) -> list[dict[str, str]]:
    return [dict(zip(export.columns, row, strict=True)) async for rows in export.rows() for row in rows]


async def everyone() -> list[dict[str, str]]:
    return await rows_of(await exporting.begin())


def someone(store, *also: str) -> Actor:
    rights = ("members.read", "members.write", "members.export", *also)
    return Actor("staff", "Lin", (Grant(rights, store),), store=store)


@pytest.fixture
async def families(store):
    """Members of every kind: with all values, with a shared phone, without any identity, with other ids."""
    mother = await service.create_member(
        NewMember(
            name="李文",
            phone="13800138000",
            email="li@example.com",
            gender="female",
            birthday="1990-02-28",
            address="长宁路1号 2室",
            language="zh_Hans",
            timezone="Asia/Shanghai",
            source="小程序",
            store=store,
            consents=[("marketing", "sms", "granted"), ("marketing", "email", "refused")],
        )
    )
    await service.create_member(
        NewMember(name="王小小", phone="13800138000", birthday="--02-29", when_taken="contact", gender="other")
    )
    await service.create_member(NewMember(name="Ana O'Neill"))
    await service.create_member(
        NewMember(
            name="=cmd|' /C calc'!A0",
            identities=[("card", "C001"), ("card", "C002"), ("external", "till:136:07"), ("phone", "13900139000")],
        )
    )
    return mother


async def test_what_goes_out_comes_back_without_a_change(families, tmp_path):
    await lists.write_csv(await exporting.begin(), tmp_path / "members.csv")
    report = await import_members(tmp_path / "members.csv")
    assert (report.read, report.unchanged, report.rejected) == (4, 4, 0), report.first_rejects


async def test_tags_and_the_business_own_fields_come_back_without_a_change(families, tmp_path):
    await fields.make_field("size", "text", {"en": "Size", "zh_Hans": "尺码"}, searchable=True)
    await fields.make_field("shoes", "number", {"en": "Shoes"}, sensitive=True)
    await fields.make_field("since", "date", {"en": "Since"})
    await fields.make_field("vegan", "yes_no", {"en": "Vegan"})
    choices = {"tea": {"en": "Tea", "zh_Hans": "茶"}, "milk": {"en": "Milk, warm"}}
    await fields.make_field("drinks", "choices", {"en": "Drinks"}, choices=choices)
    given = {"size": "=XL", "shoes": "37.5", "since": "2026-01-02", "vegan": True, "drinks": ["tea", "milk"]}
    await fields.set_custom(families, given)
    await tags.tag_members([families], ["VIP", "晨练"])
    for name, write in lists.WRITERS.items():
        await write(await exporting.begin(), tmp_path / f"members.{name}")
        report = await import_members(tmp_path / f"members.{name}")
        assert (report.read, report.unchanged) == (4, 4), report.first_rejects
        assert report.remarks[0] == "ignored: Stage (name a field with --map to import them)"
    (row,) = [row for row in await everyone() if row["name"] == "李文"]
    assert (row["tags"], row["custom.drinks"], row["custom.shoes"]) == ("VIP; 晨练", "tea; milk", "37.5")


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
async def test_a_workbook_comes_back_without_a_change_in_any_language(families, tmp_path, locale):
    with use_locale(locale):
        await lists.write_xlsx(await exporting.begin(), tmp_path / "members.xlsx")
    report = await import_members(tmp_path / "members.xlsx")
    assert (report.read, report.unchanged, report.rejected) == (4, 4, 0), report.first_rejects


async def test_an_imported_mess_goes_out_and_comes_back_without_a_change(store, shared_data, tmp_path):
    await import_members(shared_data / "contacts_gb18030.csv")
    await lists.write_csv(await exporting.begin(), tmp_path / "members.csv")
    report = await import_members(tmp_path / "members.csv")
    assert report.read == await fetchval("SELECT count(*) FROM member")
    assert report.unchanged == report.read, report.first_rejects


async def test_a_corrected_export_corrects_members(families, tmp_path):
    path = tmp_path / "members.csv"
    await lists.write_csv(await exporting.begin(), path)
    path.write_text(path.read_text("utf-8-sig").replace("长宁路1号", "淮海路2号"), "utf-8")
    report = await import_members(path)
    assert (report.updated, report.unchanged) == (1, 3)
    assert (await service.member(families)).address == "淮海路2号 2室"


async def test_values_are_masked_for_whom_they_are_masked(families, store):
    with acting_as(someone(store)):
        first = next(row for row in await everyone() if row["name"] == "李文")
    assert (first["phone"], first["email"], first["address"]) == ("138****8000", "l***@example.com", "长宁路*****")


async def test_a_masked_list_does_not_come_back(families, store, tmp_path):
    with acting_as(someone(store)):
        await lists.write_csv(await exporting.begin(["number", "name", "phone"]), tmp_path / "members.csv")
    report = await import_members(tmp_path / "members.csv")
    assert (report.unchanged, report.rejected) == (1, 3)
    assert "masked" in str(report.first_rejects[0][1])


async def test_who_may_see_values_takes_them_out_and_that_is_noted(families, store):
    with acting_as(someone(store, "members.reveal")):
        first = next(row for row in await everyone() if row["name"] == "李文")
    assert first["phone"] == "+8613800138000"
    noted = await fetchrow("SELECT rows, facts, actor_kind FROM audit WHERE action = 'members.exported'")
    assert (noted["rows"], noted["facts"]["revealed"], noted["actor_kind"]) == (4, True, "staff")


async def test_an_export_keeps_to_ones_stores(families, store):
    other = (await access.add_store("xh", name="Xuhui")).id
    await service.create_member(NewMember(name="Ben", store=other))
    with acting_as(someone(other)):
        assert [row["name"] for row in await everyone()] == ["Ben"]
        with pytest.raises(Forbidden):
            await exporting.begin(store=store)


async def test_an_export_of_ones_own_members_holds_only_those(families, store):
    staff = (await access.add_staff("lin", "Lin", "three quiet lanterns", role_code="manager")).id
    await execute(
        "INSERT INTO member_staff (id, member, staff, role, actor, since) "
        "VALUES (gen_random_uuid(), $1, $2, 'coach', 'test', now())",
        families,
        staff,
    )
    coach = Actor("staff", "Lin", (Grant(("members.export@own",), store),), staff_id=staff, store=store)
    with acting_as(coach):
        assert [row["name"] for row in await everyone()] == ["李文"]


async def test_without_the_permission_nothing_goes_out(families, store):
    with acting_as(Actor("staff", "Lin", (Grant(("members.read",), store),))), pytest.raises(Forbidden):
        await exporting.begin()


async def test_merged_and_erased_members_do_not_go_out(families):
    ben = await service.create_member(NewMember(name="Ben"))
    carl = await service.create_member(NewMember(name="Carl"))
    await execute("UPDATE member SET merged_into = $2 WHERE id = $1", ben, families)
    await execute("UPDATE member SET erased_at = now() WHERE id = $1", carl)
    assert {"Ben", "Carl"}.isdisjoint(row["name"] for row in await everyone())


async def test_more_than_a_thousand_come_in_pieces(store, tmp_path):
    (tmp_path / "many.csv").write_text("Name\n" + "".join(f"Ana {n}\n" for n in range(2500)), "utf-8")
    await import_members(tmp_path / "many.csv")
    export = await exporting.begin(["name"])
    assert [len(rows) async for rows in export.rows()] == [1000, 1000, 500]
    assert export.count == 2500


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"columns": ["fone"]}, 'there is no column "fone"'),
        ({"segment": "vip"}, "there are no segments yet"),
    ],
)
async def test_what_cannot_be_taken_out_is_said(store, asked, sentence):
    with pytest.raises(Invalid, match=sentence):
        await exporting.begin(**asked)


@pytest.mark.parametrize("cell", FIRST_CELLS)
def test_a_cell_that_would_be_run_is_shown_instead(cell):
    assert neutralise(cell) == f"'{cell}"


@given(st.text(alphabet="'=+-@\t\r\nx1.,%＝＋－＠", max_size=8))
def test_what_was_neutralised_is_restored(cell):
    assert restored(neutralise(cell)) == cell


async def test_no_cell_of_a_file_begins_a_formula(families, tmp_path):
    await lists.write_csv(await exporting.begin(), tmp_path / "members.csv")
    await lists.write_xlsx(await exporting.begin(), tmp_path / "members.xlsx")
    cells = [c for row in csv.reader(io.StringIO((tmp_path / "members.csv").read_text("utf-8-sig"))) for c in row]
    cells += [
        c
        for row in CalamineWorkbook.from_path(tmp_path / "members.xlsx").get_sheet_by_index(0).to_python()
        for c in row
    ]
    assert [cell for cell in cells if str(cell).startswith("=")] == []


def test_a_person_of_neither_sex_comes_back_as_one():
    assert normalise_gender("Other") == normalise_gender("其他") == "other"


async def test_the_page_offers_every_column_and_sends_the_file(families, owner):  # noqa: F811
    page = await owner.get("/members/export")
    assert page.status_code == 200
    assert all(f'value="{name}"' in page.text for name in exporting.COLUMNS)
    sent = await owner.get("/members/export/file", params={"columns": ["name", "phone"], "kind": "csv"})
    assert sent.headers["content-disposition"].startswith("attachment; filename=")
    assert sent.content.decode("utf-8-sig").splitlines()[0] == "Full name,Phone"
    assert len(sent.content.decode().splitlines()) == 5


async def test_the_page_sends_a_workbook(families, owner, tmp_path: Path):  # noqa: F811
    sent = await owner.get("/members/export/file", params={"columns": ["name"], "kind": "xlsx"})
    (tmp_path / "members.xlsx").write_bytes(sent.content)
    assert len(CalamineWorkbook.from_path(tmp_path / "members.xlsx").get_sheet_by_index(0).to_python()) == 5


@pytest.mark.parametrize(
    "asked", [{"kind": "pdf", "columns": "name"}, {"kind": "csv"}, {"kind": "csv", "columns": "x"}]
)
async def test_the_page_says_what_is_missing(families, owner, asked):  # noqa: F811
    answer = await owner.get("/members/export/file", params=asked)
    assert answer.status_code == 422
    assert "Take out a list of members" in answer.text
