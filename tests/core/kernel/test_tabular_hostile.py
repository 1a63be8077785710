"""Tables made to hurt: each costs its own reading and one sentence, whatever was put into it."""

from __future__ import annotations

import codecs
import time
import zipfile
from pathlib import Path

import psutil
import pytest
import xlsxwriter

from tessera.kernel.tabular import Limits, UnreadableFile, open_table

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>%s'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
FOOT = b"</sheetData></worksheet>"
BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    b'<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">]>'
)
ROW = b'<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>'


def forged(folder: Path, sheet: bytes) -> Path:
    """A workbook whose only sheet is made of these bytes."""
    honest, path = folder / "honest.xlsx", folder / "hostile.xlsx"
    with xlsxwriter.Workbook(str(honest)) as book:
        book.add_worksheet("List").write_row(0, 0, ["a"])
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            is_sheet = entry.filename == "xl/worksheets/sheet1.xml"
            target.writestr(entry.filename, sheet if is_sheet else source.read(entry))
    return path


def written(folder: Path, content: str) -> Path:
    (folder / "list.csv").write_text(content, encoding="utf-8")
    return folder / "list.csv"


def said_of(path: Path, limits: Limits | None = None) -> str:
    """The one sentence with which a table is refused, or its cells where it can be read after all."""
    try:
        with open_table(path, limits=limits) as table:
            return str([list(row.values.values()) for row in table.rows()] or table.columns)
    except UnreadableFile as refusal:
        return str(refusal.message)


@pytest.mark.parametrize("columns", [1_001, 10_000])
def test_a_list_of_a_thousand_columns_is_no_list(tmp_path, columns):
    path = written(tmp_path, ",".join(f"c{n}" for n in range(columns)) + "\n1,2\n")
    assert "has more than 1000 columns" in said_of(path)


def test_a_workbook_of_a_million_columns_is_refused(tmp_path):
    cells = b"".join(b"<c><v>1</v></c>" for _ in range(1_000_000))
    message = said_of(forged(tmp_path, HEAD % b"" + b'<row r="1">' + cells + b"</row>" + FOOT))
    assert message.startswith("hostile.xlsx ")


def test_a_column_with_an_endless_name_is_refused(tmp_path):
    assert "names of more than 200 characters" in said_of(written(tmp_path, "name," + "x" * 201 + "\nAna,1\n"))


def test_a_row_of_half_a_million_cells_is_one_row_in_error(tmp_path):
    with open_table(written(tmp_path, "a,b\n" + ",".join("x" * 400_000) + "\nAna,1\n")) as table:
        assert [row.error is not None for row in table.rows()] == [True, False]


def test_elements_nested_a_hundred_thousand_deep_harm_nobody(tmp_path):
    depth = 100_000
    nested = b"<x>" * depth + b"</x>" * depth
    said = said_of(forged(tmp_path, HEAD % b"" + nested + ROW % b"Ana" + FOOT), Limits(seconds=20.0))
    assert said.startswith(("hostile.xlsx ", "['Ana']"))


def test_entities_that_multiply_are_not_expanded(tmp_path):
    said = said_of(forged(tmp_path, HEAD % BOMB + ROW % b"&e;" + FOOT))
    assert "hahaha" not in said


def test_an_entity_reads_no_file(tmp_path):
    (tmp_path / "secret").write_text("hush-hush")
    entity = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{tmp_path}/secret">]>'.encode()
    assert "hush-hush" not in said_of(forged(tmp_path, HEAD % entity + ROW % b"&s;" + FOOT))


def test_an_archive_within_an_archive_is_no_list(tmp_path):
    with zipfile.ZipFile(tmp_path / "list.xlsx", "w", zipfile.ZIP_DEFLATED) as outer:
        outer.writestr("inner.zip", b"PK\x03\x04" + bytes(1 << 20))
    assert "no Excel workbook" in said_of(tmp_path / "list.xlsx")


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF32_LE, codecs.BOM_UTF8])
def test_a_mark_alone_is_no_list(tmp_path, mark):
    (tmp_path / "list.csv").write_bytes(mark)
    assert said_of(tmp_path / "list.csv").startswith("list.csv ")


def test_what_a_hostile_workbook_takes_is_given_back_and_nobody_is_left(tmp_path):
    path = forged(tmp_path, HEAD % b"" + b" " * (40 << 20) + FOOT)
    here = psutil.Process()
    before, children = here.memory_info().rss, len(here.children())
    began = time.monotonic()
    said_of(path, Limits(inflated=8 << 20, seconds=20.0))
    assert time.monotonic() - began < 20
    assert here.memory_info().rss - before < 64 << 20
    assert len(here.children()) == children
