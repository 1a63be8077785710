"""Lists of records: whom each row is about, recognised by its natural key, every row accounted for, taken back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from core.members.test_merging_redirects import merged_before_locking

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.kernel.database import execute, fetch, fetchrow, fetchval
from tessera.kernel.errors import CannotRun, Invalid
from tessera.members import service as members
from tessera.members.imports import ImportInUse, ImportOptions, running, undo
from tessera.records import export, service
from tessera.records.imports import import_records, loading, undoing
from tessera.records.kinds import Kind
from tessera.records.rows import one

HEADER = "手机号,日期,身高,体重 (kg),体脂率,备注"


@pytest.fixture(autouse=True)
def system():
    """Tessera itself acts unless a test says otherwise."""
    with system_actor() as someone:
        yield someone


@pytest.fixture
async def ana(member):
    return await member("Ana", gender="female", birthday="1990-02-28", phone="13800138000")


def a_list(folder: Path, *rows: str, header: str = HEADER, name: str = "tests.csv") -> Path:
    (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder / name


async def imported(path: Path, **options):
    return await import_records("fitness.body_test", path, **options)


def counts(report) -> tuple[int, int, int, int, int]:
    return report.read, report.created, report.updated, report.unchanged, report.rejected


async def test_rows_become_records_with_their_derived_values(ana, tmp_path):
    report = await imported(a_list(tmp_path, "138 0013 8000,2026年3月1日,165,60kg,24.5,早上"))
    assert counts(report) == (1, 1, 0, 0, 0)
    row = await fetchrow("SELECT * FROM fitness.body_test")
    assert (row["member"], str(row["recorded_on"]), row["note"]) == (ana, "2026-03-01", "早上")
    assert (row["weight"], row["bmi"]) == (Decimal(60), Decimal("22.0"))


async def test_imported_records_are_history(ana, tmp_path):
    report = await imported(a_list(tmp_path, "13800138000,2026-03-01,165,60,,"))
    row = await fetchrow("SELECT origin, batch FROM fitness.body_test")
    assert (row["origin"], row["batch"]) == ("import", report.batch)
    event = await fetchrow("SELECT origin, occurred_at FROM event WHERE kind = 'fitness.body_test_recorded'")
    assert (event["origin"], str(event["occurred_at"].date())) == ("import", "2026-03-01")


async def test_the_same_list_again_changes_nothing(ana, tmp_path):
    path = a_list(tmp_path, "13800138000,2026-03-01,165,60,,", "13800138000,2026-04-01,165,59,,")
    await imported(path)
    assert counts(await imported(path)) == (2, 0, 0, 2, 0)


async def test_two_rows_of_one_day_are_one_record_and_the_first_word_stays(ana, tmp_path):
    path = a_list(tmp_path, "13800138000,2026-03-01,165,60,,", "13800138000,2026-03-01,,61,24,")
    assert counts(await imported(path)) == (2, 1, 1, 0, 0)
    row = await fetchrow("SELECT weight, body_fat, version FROM fitness.body_test")
    assert (row["weight"], row["body_fat"], row["version"]) == (60, 24, 1)
    assert counts(await imported(path)) == (2, 0, 0, 2, 0)


async def test_a_newer_list_corrects_what_it_knows_and_empties_nothing(ana, tmp_path):
    await imported(a_list(tmp_path, "13800138000,2026-03-01,165,60,24,早上"))
    report = await imported(a_list(tmp_path, "13800138000,2026-03-01,,70,,", name="newer.csv"))
    assert counts(report) == (1, 0, 1, 0, 0)
    row = await fetchrow("SELECT height, weight, body_fat, bmi, version FROM fitness.body_test")
    assert tuple(row) == (165, 70, 24, Decimal("25.7"), 2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("13800138000,2026-03-01,165,700,,", "Weight must be between 20 and 350 kg"),
        ("13800138000,2026-02-30,165,60,,", "month 2 of 2026 has no day 30"),
        ("13800138000,,165,60,,", "the row has no date"),
        ("13800138000,2026-03-01,,,,", "fill in at least one value"),
        (",2026-03-01,165,60,,", "the row does not say which member it is about"),
        ("13800138001,2026-03-01,165,60,,", "no member that you may see is known by this"),
        ("1.38E+10,2026-03-01,165,60,,", "a spreadsheet has rounded this number; export the column as text"),
        ("13800138000,2126-03-01,165,60,,", "The date lies in the future"),
    ],
)
async def test_a_row_that_cannot_be_used_is_rejected_in_the_words_of_the_form(ana, tmp_path, row, reason):
    report = await imported(a_list(tmp_path, row))
    assert counts(report) == (1, 0, 0, 0, 1)
    assert [str(text) for _line, text in report.first_rejects] == [reason]


async def test_members_are_named_by_number_or_any_identity(ana, tmp_path):
    number = (await members.member(ana)).number
    ben = await members.create_member(
        members.NewMember(name="Ben", identities=[("card", "C1"), ("external", "till:7")], email="ben@example.com")
    )
    header = "Member number,Card,E-mail,Client id,Date,Weight"
    path = a_list(
        tmp_path,
        f"{number},,,,2026-03-01,60",
        ",C1,,,2026-03-01,70",
        ",,ben@example.com,,2026-03-02,71",
        ",,,7,2026-03-03,72",
        header=header,
    )
    report = await imported(path, source="till")
    assert counts(report) == (4, 4, 0, 0, 0), report.first_rejects
    assert await fetchval("SELECT count(*) FROM fitness.body_test WHERE member = $1", ben) == 3


async def test_a_dry_run_says_the_same_and_changes_nothing(ana, tmp_path):
    path = a_list(tmp_path, "13800138000,2026-03-01,165,60,,", "13800138001,2026-03-01,165,60,,")
    report = await imported(path, options=ImportOptions(dry_run=True))
    assert counts(report) == (2, 1, 0, 0, 1)
    assert await fetchval("SELECT count(*) FROM fitness.body_test") == 0


async def test_an_import_is_taken_back_whole(ana, tmp_path, body_test):
    made = await service.record(body_test, ana, {"recorded_on": "2026-03-01", "height": "165", "weight": "60"})
    path = a_list(tmp_path, "13800138000,2026-03-01,,70,24,", "13800138000,2026-04-01,165,59,,")
    report = await imported(path)
    undone = await undo(report.batch)
    assert (undone.removed, undone.restored) == (1, 1)
    back = await one(body_test, made.id)
    assert back.values == made.values
    assert await fetchval("SELECT count(*) FROM fitness.body_test") == 1


async def test_an_import_whose_records_were_corrected_stays(ana, tmp_path, body_test):
    report = await imported(a_list(tmp_path, "13800138000,2026-03-01,165,60,,"))
    record = await fetchval("SELECT id FROM fitness.body_test")
    await service.change(body_test, record, {"weight": "61"}, 1)
    with pytest.raises(ImportInUse, match="1 of its records have been corrected since"):
        await undo(report.batch)


async def test_an_export_comes_back_without_a_change(ana, tmp_path, body_test):
    for day, weight in (("2026-03-01", "60"), ("2026-04-01", "59.5")):
        await service.record(body_test, ana, {"recorded_on": day, "height": "165", "weight": weight, "note": "=1+1"})
    (tmp_path / "out.csv").write_bytes(await export.csv_file(body_test))
    (tmp_path / "out.xlsx").write_bytes(await export.xlsx_file(body_test))
    for name in ("out.csv", "out.xlsx"):
        report = await imported(tmp_path / name)
        assert counts(report) == (2, 0, 0, 2, 0), report.first_rejects


async def test_whoever_records_in_one_store_imports_into_it_alone(ana, store, tmp_path):
    other = (await access.add_store("xh", name="Xuhui")).id
    await members.create_member(members.NewMember(name="Ben", phone="13800138001", store=other))
    rights = ("members.read", "fitness.body_test.read", "fitness.body_test.write")
    path = a_list(
        tmp_path,
        "13800138000,2026-03-01,60,main",
        "13800138000,2026-03-02,60,xh",
        "13800138001,2026-03-01,60,",
        header="手机号,日期,体重,门店",
    )
    with acting_as(Actor("staff", "Chen", (Grant(rights, store),), store=store)):
        report = await imported(path)
    assert counts(report) == (3, 1, 0, 0, 2)
    assert {str(reason) for _line, reason in report.first_rejects} == {
        "choose one of your stores",
        "no member that you may see is known by this",
    }


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("日期,体重", "no column says which member a row is about"),
        ("手机号,体重", "no column is recognised as recorded_on"),
        ("手机号,日期,Gewicht", "no column is recognised as height"),
    ],
)
async def test_a_list_that_says_too_little_is_refused(ana, tmp_path, header, sentence):
    with pytest.raises(Invalid, match=sentence):
        await imported(a_list(tmp_path, "1,2,3"[: 2 * header.count(",") + 1], header=header))


async def test_an_unknown_type_is_named_with_those_that_are_there(store, tmp_path):
    with pytest.raises(CannotRun, match=r"the record types are .*fitness\.body_test"):
        await import_records("fitness.bodytest", a_list(tmp_path))


async def test_every_kind_of_field_is_read_as_people_write_it(garden, member, tmp_path):
    await member("Ana", phone="13800138000", birthday="1990-02-28")
    header = "Phone,Date,Rain (mm),Area,Soil,Weeded,Sown on,Remark,Where the key lies"
    path = a_list(tmp_path, '13800138000,2026/3/1,12.5 mm,40,Sand,Yes,2026.2.1,"=1+1",under the pot', header=header)
    for expected in ((1, 1, 0, 0, 0), (1, 0, 0, 1, 0)):
        report = await import_records("garden.diary", path)
        assert counts(report) == expected, report.first_rejects
    (row,) = await fetch("SELECT * FROM garden.diary")
    assert (row["soil"], row["weeded"], str(row["sown_on"]), row["remark"]) == ("sand", True, "2026-02-01", "=1+1")
    assert "under the pot" not in str(dict(row))


async def test_a_sealed_value_is_not_written_into_the_books_of_an_import(garden, member, tmp_path):
    await member("Ana", phone="13800138000")
    header = "Phone,Date,Rain,Where the key lies"
    await import_records("garden.diary", a_list(tmp_path, "13800138000,2026-03-01,1,under the pot", header=header))
    newer = a_list(tmp_path, "13800138000,2026-03-01,1,under the mat", header=header, name="newer.csv")
    report = await import_records("garden.diary", newer)
    kept = await fetchval("SELECT string_agg(before::text, '') FROM import_row")
    assert "under" not in kept
    await undo(report.batch)
    again = await import_records("garden.diary", newer, options=ImportOptions(dry_run=True))
    assert again.updated == 1


async def test_a_list_that_is_read_during_a_merge_means_the_survivor(member, tmp_path, monkeypatch):
    ana, double = await member("Ana"), await member("Ana", phone="13800138000")
    merged_before_locking(monkeypatch, loading, ana, double)
    await imported(a_list(tmp_path, "13800138000,2026-03-01,165,60,,"))
    assert await fetchval("SELECT member FROM fitness.body_test") == ana


async def test_a_record_that_two_chunks_complete_is_taken_back(ana, tmp_path, monkeypatch):
    await imported(a_list(tmp_path, "13800138000,2026-03-01,165,60,,", name="first.csv"))
    monkeypatch.setattr(running, "CHUNK", 1)
    rows = "13800138000,2026-03-01,165,61,,", "13800138000,2026-03-01,165,61,20,"
    done = await imported(a_list(tmp_path, *rows, name="second.csv"))
    await undo(done.batch)
    row = await fetchrow("SELECT weight, body_fat FROM fitness.body_test")
    assert (counts(done), row["weight"], row["body_fat"]) == ((2, 0, 2, 0, 0), Decimal(60), None)


async def test_records_on_which_others_stand_are_not_taken_back(ana, tmp_path):
    done = await imported(a_list(tmp_path, "13800138000,2026-03-01,165,60,,"))
    await execute("CREATE TABLE public.photo (test uuid NOT NULL REFERENCES fitness.body_test)")
    try:
        await execute("INSERT INTO public.photo SELECT id FROM fitness.body_test")
        with pytest.raises(ImportInUse, match="other records stand on those that it made"):
            await undo(done.batch)
    finally:
        await execute("DROP TABLE public.photo")
    assert await fetchval("SELECT count(*) FROM fitness.body_test") == 1


async def test_records_of_a_plugin_that_was_removed_are_not_taken_back(ana, tmp_path, monkeypatch):
    done = await imported(a_list(tmp_path, "13800138000,2026-03-01,165,60,,"))

    async def nothing_here() -> list[Kind]:
        return []

    monkeypatch.setattr(undoing, "kinds_here", nothing_here)
    with pytest.raises(ImportInUse, match=r"the plugin of fitness\.body_test was removed"):
        await undo(done.batch)
