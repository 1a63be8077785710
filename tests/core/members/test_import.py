"""Lists of members: every row accounted for, once, and taken back when it was a mistake."""

import csv
import shutil
from pathlib import Path

import pytest
import xlsxwriter
from real_input import real

from tessera.kernel.database import execute, fetch, fetchrow, fetchval
from tessera.kernel.errors import CannotRun, Invalid
from tessera.kernel.ids import uuid7
from tessera.members import service
from tessera.members.imports import (
    ImportInUse,
    ImportOptions,
    ImportUndone,
    MemberColumn,
    register_member_column,
    undo,
)
from tessera.members.imports import extensions as known_extensions
from tessera.members.imports.people import import_members
from tessera.members.normalise import parse_date
from tessera.members.service import Changes, NewMember
from tessera.members.service.notes import note_lookup
from tessera_hooks import Text

TABLES = ("member", "account", "identity", "contact", "consent", "member_note", "member_token", "member_store")


def a_list(folder: Path, *rows: str, header: str = "姓名,手机号,邮箱,生日,地址", name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def counts(report) -> tuple[int, int, int, int, int]:
    return report.read, report.created, report.updated, report.unchanged, report.rejected


async def everything() -> dict[str, int]:
    return {table: await fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def contents() -> dict[str, list[tuple]]:
    """All that is known of members, without what counts up."""
    member = await fetch(
        "SELECT number, name, gender, birth_year, birth_month, birth_day, address, joined_on FROM member"
    )
    identity = await fetch("SELECT kind, lookup, is_primary FROM identity")
    consent = await fetch("SELECT member, purpose, channel, state FROM consent")
    token = await fetch("SELECT token, member FROM member_token")
    return {
        name: sorted((tuple(map(str, row)) for row in rows), key=str)
        for name, rows in (("member", member), ("identity", identity), ("consent", consent), ("token", token))
    }


@pytest.fixture
def last_visit():
    """A column that a room above members takes."""
    taken: list[tuple[str, object]] = []

    async def load(values, batch):
        fresh = {v.line for v in values if (v.member, v.value) not in taken}
        taken.extend((v.member, v.value) for v in values)
        return fresh

    async def take_back(batch):
        taken.clear()

    before = dict(known_extensions._columns)
    register_member_column(
        MemberColumn(
            field="last_visit",
            title=Text("Last visit"),
            headers=("最近到店",),
            parse=parse_date,
            load=load,
            undo=take_back,
        )
    )
    yield taken
    known_extensions._columns.clear()
    known_extensions._columns.update(before)


async def test_the_chains_old_list_is_taken_row_by_row(store, tmp_path, last_visit):
    rejects = tmp_path / "rejects.csv"
    report = await import_members(real("contacts_gb18030.csv"), options=ImportOptions(rejects=rejects))
    assert report.read == 2840
    assert report.created + report.updated + report.unchanged + report.rejected == 2840
    assert report.created == await fetchval("SELECT count(*) FROM member")
    assert report.rejected == 134
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        repeated = list(csv.DictReader(file))
    assert len(repeated) == report.rejected
    assert all(row["Line in the file"] and row["Why it was rejected"] for row in repeated)
    assert [str(remark) for remark in report.remarks[:3]] == [
        "not loaded: 积分, 储值余额. `tessera import balances` brings them from this same list",
        "not loaded: 等级. Tiers are reached here, or given by hand",
        "a yes of children under 14 is left out: their guardians agree for them",
    ]
    children = 57  # of 60: the parents of three are not in the list, or their rows were rejected
    shared = await fetchval(
        "SELECT count(*) FROM member_note n WHERE n.lookup = $1 AND EXISTS (SELECT 1 FROM identity i JOIN contact c "
        "ON c.kind = i.kind AND c.lookup = i.lookup WHERE i.kind = 'phone' AND n.member IN (i.member, c.member))",
        note_lookup("孩子，家长手机"),
    )
    assert shared == children
    assert len(last_visit) > 2000


async def test_running_the_same_file_again_changes_nothing(store, last_visit):
    first = await import_members(real("contacts_gb18030.csv"))
    before = await contents()
    again = await import_members(real("contacts_gb18030.csv"))
    assert counts(again) == (2840, 0, 0, 2840 - first.rejected, first.rejected)
    assert await contents() == before


async def test_people_from_another_system_are_known_by_its_ids(store):
    report = await import_members(real("people.csv"))
    again = await import_members(real("people.csv"))
    assert (report.read, report.created + report.rejected) == (1000, 1000)
    assert counts(again) == (1000, 0, 0, report.created, report.rejected)
    (found,) = await service.look_up(service.typed("rec-122-org", whole=True))
    assert (await service.member(found)).name == "lachlan berry"
    assert [str(remark) for remark in report.remarks] == [
        "ignored: soc_sec_id (name a field with --map to import them)",
        f"{report.alike} pairs look like one person: decide about them on the page Members, Perhaps the same person",
    ]


async def test_half_of_a_mess_that_is_the_other_half_is_told(store):
    """Of the 500 pairs of FEBRL's first set, as imported: rows with an impossible birthday are rejected."""
    report = await import_members(real("people.csv"))
    assert 380 <= report.alike <= 420


async def test_imported_members_are_history(store):
    await import_members(real("people.csv"))
    assert await fetchval("SELECT array_agg(DISTINCT origin) FROM event") == ["import"]
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'member.created'") == await fetchval(
        "SELECT count(*) FROM member"
    )


async def test_with_live_they_happen_now(store, tmp_path):
    await import_members(a_list(tmp_path, "王伟,13800138000,,,"), options=ImportOptions(live=True))
    assert await fetchval("SELECT origin FROM event WHERE kind = 'member.created'") == "live"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
async def test_a_list_is_read_in_its_encoding(store, tmp_path, encoding):
    path = tmp_path / "list.csv"
    path.write_bytes("姓名,手机号\r\n欧阳娜娜,13800138000\r\n喜欢靠窗的位置,13800138001\r\n".encode(encoding))
    await import_members(path)
    assert [m.name for m in await service.search("ouyang")] == ["欧阳娜娜"]


async def test_a_workbook_is_a_list_too(store, tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as book:
        sheet = book.add_worksheet("会员")
        sheet.write_row(0, 0, ["姓名", "手机号"])
        sheet.write_row(1, 0, ["王伟", 13800138000])
    report = await import_members(tmp_path / "list.xlsx", options=ImportOptions(sheet="会员"))
    assert counts(report) == (1, 1, 0, 0, 0)
    assert await service.find_by_identity("phone:13800138000") is not None


async def test_a_picture_called_csv_changes_nothing(store, tmp_path):
    path = tmp_path / "members.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with pytest.raises(Invalid, match=r"members\.csv is a PNG picture, not a table"):
        await import_members(path)
    assert await fetchval("SELECT count(*) FROM import_batch") == 0


async def test_a_table_without_people_is_refused(store, tmp_path):
    with pytest.raises(Invalid, match=r"no column is recognised as name, phone or id .* --map Produkt=name"):
        await import_members(a_list(tmp_path, "Brot,3", header="Produkt,Preis"))


async def test_a_column_is_what_the_importer_says(store, tmp_path):
    path = a_list(tmp_path, "13800138000,王伟,x", header="Handy,Wer,Quatsch")
    report = await import_members(path, mapping={"Handy": "phone", "Wer": "name"})
    assert counts(report) == (1, 1, 0, 0, 0)
    assert [str(r) for r in report.remarks] == ["ignored: Quatsch (name a field with --map to import them)"]


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [({"手机": "phon"}, 'did you mean "phone"'), ({"Fax": "phone"}, 'there is no column "Fax" to map')],
)
async def test_a_wrong_mapping_is_refused_before_anything_is_read(store, tmp_path, mapping, sentence):
    with pytest.raises(CannotRun, match=sentence):
        await import_members(a_list(tmp_path, "王伟,1", header="姓名,手机"), mapping=mapping)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("王伟,1.38E+10,,,", "手机号: a spreadsheet has rounded this number; export the column as text"),
        ("王伟,138001380,,,", "手机号: a mainland mobile has 11 digits, this has 9"),
        ("王伟,13800138000,,2021-02-30,", "生日: month 2 of 2021 has no day 30"),
        ("王伟,13800138000,wang@,,", "邮箱: what stands after the @ is no mail domain"),
        (",,,1990-01-01,", "the row has neither a name nor anything else that identifies someone"),
        ("王伟,138****8000,,,", "手机号: this value is masked"),
        ("王伟,13800138000,,,,,x", "7 cells stand in 5 columns"),
    ],
)
async def test_a_row_that_cannot_be_used_is_rejected_with_its_reason(store, tmp_path, row, reason):
    report = await import_members(a_list(tmp_path, row))
    assert counts(report) == (1, 0, 0, 0, 1)
    assert [(line, str(text)) for line, text in report.first_rejects] == [(2, reason)]
    assert await fetchval("SELECT count(*) FROM member") == 0


async def test_corrected_rejects_can_be_imported_as_they_are(store, tmp_path):
    rejects = tmp_path / "rejects.csv"
    await import_members(
        a_list(tmp_path, "王伟,138,,,", "=1+1,+8613900139001,,,"), options=ImportOptions(rejects=rejects)
    )
    rejects.write_text(rejects.read_text(encoding="utf-8-sig").replace("138,", "13800138000,"), encoding="utf-8")
    report = await import_members(rejects)
    assert counts(report) == (1, 1, 0, 0, 0)


async def test_the_same_phone_under_another_name_is_a_contact(store, tmp_path):
    await import_members(a_list(tmp_path, "李文,13800138000,,,", "王小小,13800138000,,2019-05-01,"))
    mother = await service.find_by_identity("phone:13800138000")
    assert (await service.member(mother)).name == "李文"
    assert [m.name for m in await service.search("wangxiaoxiao")] == ["王小小"]
    assert await fetchval("SELECT count(*) FROM contact") == 1


async def test_the_same_person_twice_in_a_file_is_one_member(store, tmp_path):
    path = a_list(
        tmp_path, "王伟,13800138000,,1990-01-01,", "王 伟,+86 13800138000,wei@example.com,1991-01-01,长宁路1号"
    )
    report = await import_members(path)
    assert counts(report) == (2, 1, 1, 0, 0)
    (wei,) = await service.search("王伟")
    view = await service.member(wei.id)
    assert (view.email, str(view.birthday), view.address) == ("wei@example.com", "1990-01-01", "长宁路1号")
    assert counts(await import_members(path)) == (2, 0, 0, 2, 0)


async def test_a_newer_list_changes_what_it_knows_better_and_empties_nothing(store, tmp_path):
    await import_members(a_list(tmp_path, "王伟,13800138000,wei@example.com,1990-01-01,长宁路1号"))
    report = await import_members(a_list(tmp_path, "王伟,13800138000,,,淮海路2号", name="newer.csv"))
    assert counts(report) == (1, 0, 1, 0, 0)
    (wei,) = await service.search("王伟")
    view = await service.member(wei.id)
    assert (view.address, view.email, str(view.birthday)) == ("淮海路2号", "wei@example.com", "1990-01-01")
    assert view.version == 2


async def test_two_without_any_identity_are_two_and_stay_two(store, tmp_path):
    path = a_list(tmp_path, "王伟,,,1990-01-01,", "王伟,,,1991-01-01,", "王伟,,,1990-01-01,")
    assert counts(await import_members(path)) == (3, 2, 0, 1, 0)
    assert counts(await import_members(path)) == (3, 0, 0, 3, 0)


async def test_a_list_never_overrules_what_a_member_said_here(store, tmp_path):
    path = a_list(tmp_path, "王伟,13800138000,同意", header="姓名,手机号,短信授权")
    await import_members(path)
    (wei,) = await service.search("王伟")
    assert await service.consent_state(wei.id, "marketing", "sms") == "granted"
    await service.set_consent(wei.id, "marketing", "sms", "refused", source="desk")
    assert counts(await import_members(path)) == (1, 0, 0, 1, 0)
    assert await service.consent_state(wei.id, "marketing", "sms") == "refused"


async def test_the_more_restrictive_of_two_lists_stays(store, tmp_path):
    header = "姓名,手机号,短信授权"
    path = a_list(tmp_path, "王伟,13800138000,不同意", "王伟,13800138000,同意", header=header)
    await import_members(path)
    (wei,) = await service.search("王伟")
    assert await service.consent_state(wei.id, "marketing", "sms") == "refused"
    assert counts(await import_members(path)) == (2, 0, 0, 2, 0)


async def test_formulas_in_notes_are_kept_as_text_and_sealed(store, tmp_path):
    path = a_list(tmp_path, '王伟,13800138000,"=HYPERLINK(""http://x"")"', header="姓名,手机号,备注")
    await import_members(path)
    (wei,) = await service.search("王伟")
    assert [note.text for note in await service.notes_of(wei.id)] == ['=HYPERLINK("http://x")']


async def test_a_dry_run_says_the_same_and_changes_nothing(store, last_visit):
    rehearsed = await import_members(real("contacts_gb18030.csv"), options=ImportOptions(dry_run=True))
    assert await everything() == dict.fromkeys(TABLES, 0)
    assert await fetchval("SELECT count(*) FROM event") == 0
    last_visit.clear()
    assert counts(await import_members(real("contacts_gb18030.csv"))) == counts(rehearsed)


class _Killed(BaseException):
    """Stands for the end of the process."""


async def test_a_stopped_import_goes_on_where_it_stopped(store, tmp_path, last_visit):
    def stop(step):
        raise _Killed

    rejects = tmp_path / "rejects.csv"
    options = ImportOptions(rejects=rejects)
    with pytest.raises(_Killed):
        await import_members(real("contacts_gb18030.csv"), options=options, progress=stop)
    stopped = await fetchrow("SELECT state, read FROM import_batch")
    assert tuple(stopped) == ("running", 1000)
    resumed = await import_members(real("contacts_gb18030.csv"), options=options)
    assert resumed.resumed_at > 0
    assert (resumed.read, await fetchval("SELECT count(*) FROM import_row")) == (2840, 2840)
    assert resumed.created == await fetchval("SELECT count(*) FROM member")
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == resumed.rejected


async def test_an_import_is_taken_back_whole(store, last_visit):
    await service.create_member(NewMember(name="李雷", phone="13900139001"))
    before = await contents()
    report = await import_members(real("contacts_gb18030.csv"))
    undone = await undo(report.batch)
    assert (undone.removed, undone.restored) == (report.created, 0)
    assert await contents() == before
    assert last_visit == []


async def test_what_an_import_changed_is_as_before_when_it_is_taken_back(store, tmp_path):
    await import_members(a_list(tmp_path, "王伟,13800138000,,1990-01-01,长宁路1号"))
    before = await contents()
    header = "姓名,手机号,邮箱,生日,地址,短信授权,备注"
    newer = a_list(
        tmp_path, "王伟,13800138000,w@example.com,1991-02-02,淮海路2号,否,VIP", header=header, name="newer.csv"
    )
    report = await import_members(newer)
    undone = await undo(report.batch)
    assert (undone.removed, undone.restored) == (0, 1)
    assert await contents() == before
    assert await fetchval("SELECT count(*) FROM member_note") == 0


async def test_an_import_on_which_something_was_built_stays(store, tmp_path):
    report = await import_members(a_list(tmp_path, "王伟,13800138000,,,", "李雷,13800138001,,,"))
    (wei,) = await service.search("王伟")
    await service.change_member(wei.id, 1, Changes(name="王维"))
    with pytest.raises(ImportInUse, match="1 of its members have been changed or used since"):
        await undo(report.batch)
    assert await fetchval("SELECT count(*) FROM member") == 2


async def test_rows_of_any_room_keep_an_import(store, tmp_path):
    report = await import_members(a_list(tmp_path, "王伟,13800138000,,,"))
    (wei,) = await service.search("王伟")
    await execute("CREATE SCHEMA probe")
    await execute("CREATE TABLE probe.pet (id uuid PRIMARY KEY, owner uuid REFERENCES member)")
    try:
        await execute("INSERT INTO probe.pet VALUES ($1, $2)", uuid7(), wei.id)
        with pytest.raises(ImportInUse, match="1 rows of pet belong to its members"):
            await undo(report.batch)
    finally:
        await execute("DROP SCHEMA probe CASCADE")


async def test_an_import_is_taken_back_once_and_can_be_made_again(store, tmp_path):
    path = a_list(tmp_path, "王伟,13800138000,,,")
    report = await import_members(path)
    await undo(report.batch)
    with pytest.raises(ImportUndone):
        await undo(report.batch)
    assert await service.search("王伟") == []
    assert counts(await import_members(path)) == (1, 1, 0, 0, 0)


async def test_rejects_never_overwrite_the_list(store, tmp_path):
    path = a_list(tmp_path, "王伟,13800138000,,,")
    with pytest.raises(CannotRun, match="is the file to be imported"):
        await import_members(path, options=ImportOptions(rejects=path))


async def test_rejects_that_cannot_be_written_stop_the_import_first(store, tmp_path):
    path = a_list(tmp_path, "王伟,13800138000,,,")
    with pytest.raises(CannotRun, match="give --rejects a file in a folder of yours"):
        await import_members(path, options=ImportOptions(rejects=tmp_path / "none" / "rejects.csv"))
    assert await fetchval("SELECT count(*) FROM member") == 0


async def test_a_list_copied_under_another_name_names_another_system(store, tmp_path):
    await import_members(real("people.csv"))
    shutil.copy(real("people.csv"), tmp_path / "others.csv")
    report = await import_members(tmp_path / "others.csv", source="people")
    assert (report.created, report.updated) == (0, 0)
