"""The files that lists of members come in: any usual encoding, delimiter and program brings the same people."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pytest
import xlsxwriter

from tessera.kernel.database import fetch
from tessera.members import service
from tessera.members.imports import ImportOptions
from tessera.members.imports.people import import_members

SIMPLIFIED = [
    ["姓名", "手机号", "生日", "备注"],
    ["欧阳娜娜", "138 0013 8000", "1990年5月4日", "喜欢靠窗的位置；花生过敏"],
]
TRADITIONAL = [
    ["姓名", "手機", "出生日期", "備註"],
    ["歐陽娜娜", "138-0013-8000", "1990/5/4", "喜歡靠窗的位置，對花生過敏"],
]

ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8 with a mark": "utf-8-sig",
    "gb18030": "gb18030",
    "gbk": "gbk",
    "utf-16 little endian": "utf-16-le",
    "utf-16 big endian": "utf-16-be",
}
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def text_of(table: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(table)
    return out.getvalue()


async def came(path: Path, name: str) -> None:
    """The one person of a list is here, with all that the list said."""
    report = await import_members(path)
    assert (report.read, report.created, report.remarks) == (1, 1, [])
    id_ = await service.find_by_identity("phone:13800138000")
    view = await service.member(id_)
    assert (view.name, str(view.birthday)) == (name, "1990-05-04")
    again = await import_members(path)
    assert (again.unchanged, again.created) == (1, 0)


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
async def test_a_list_in_simplified_characters(store, tmp_path, encoding):
    (tmp_path / "list.csv").write_bytes(MARKS.get(encoding, b"") + text_of(SIMPLIFIED).encode(encoding))
    await came(tmp_path / "list.csv", "欧阳娜娜")


@pytest.mark.parametrize("encoding", ["big5", "big5hkscs", "utf-8", "utf-16"])
async def test_a_list_in_traditional_characters(store, tmp_path, encoding):
    (tmp_path / "list.csv").write_bytes(text_of(TRADITIONAL).encode(encoding))
    await came(tmp_path / "list.csv", "歐陽娜娜")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
async def test_any_usual_delimiter(store, tmp_path, delimiter, encoding):
    (tmp_path / "list.txt").write_bytes(text_of(SIMPLIFIED, delimiter).encode(encoding))
    await came(tmp_path / "list.txt", "欧阳娜娜")


async def test_a_workbook(store, tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(SIMPLIFIED):
            sheet.write_row(line, 0, row)
    await came(tmp_path / "list.xlsx", "欧阳娜娜")


async def test_what_a_spreadsheet_has_rounded_is_refused_and_the_corrected_row_is_taken(store, tmp_path):
    rows = "姓名,手机号\n王伟,1.38E+10\n李娜,1.38001E+10\n张静,13800138002.0\n"
    (tmp_path / "list.csv").write_text(rows, encoding="utf-8")
    rejects = tmp_path / "rejects.csv"
    report = await import_members(tmp_path / "list.csv", options=ImportOptions(rejects=rejects))
    assert (report.created, report.rejected) == (1, 2)
    assert all("rounded this number" in str(reason) for _line, reason in report.first_rejects)
    corrected = rejects.read_text("utf-8-sig").replace("1.38E+10", "13800138000").replace("1.38001E+10", "13800138001")
    rejects.write_text(corrected, encoding="utf-8")
    report = await import_members(rejects)
    assert (report.created, report.rejected) == (2, 0)
    names = {row["name"] for row in await fetch("SELECT name FROM member")}
    assert names == {"王伟", "李娜", "张静"}
