"""Files from strangers: what is a table is read row by row, what is not costs one sentence."""

import csv
import subprocess
import sys
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from real_input import real

from tessera.kernel.errors import Invalid
from tessera.kernel.tabular import Limits, Reject, UnreadableFile, neutralise, open_table, write_rejects

CHINESE = "姓名,手机号,备注\r\n王伟,13800000001,喜欢靠窗的位置\r\n欧阳娜娜,13800000002,对花生过敏\r\n"
TRADITIONAL = "姓名,電話,備註\r\n陳小紅,0912345678,喜歡靠窗的位置\r\n歐陽娜娜,0912345679,對花生過敏\r\n"
SHEET_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
SHEET_FOOT = b"</sheetData></worksheet>"


def written(folder: Path, content: bytes, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def rows_of(path: Path, **options) -> list[dict[str, str | None]]:
    with open_table(path, **options) as table:
        return [row.values for row in table.rows()]


def refusal(path: Path, **options) -> str:
    with pytest.raises(UnreadableFile) as raised, open_table(path, **options) as table:
        list(table.rows())
    assert raised.value.code == "unreadable_file"
    assert isinstance(raised.value, Invalid)
    assert "\n" not in raised.value.message
    return raised.value.message


def workbook(path: Path, rows: list[list[object]], **formats: str) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("List")
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    return path


def forged(folder: Path, *pieces: bytes, name: str = "hostile.xlsx") -> Path:
    """A workbook whose only sheet is made of these bytes."""
    honest = workbook(folder / "honest.xlsx", [["a"]])
    path = folder / name
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            part = source.read(entry) if entry.filename != "xl/worksheets/sheet1.xml" else b"".join(pieces)
            target.writestr(entry.filename, part)
    return path


# Encodings and delimiters


@pytest.mark.parametrize(
    ("codec", "text", "said"),
    [
        ("utf-8", CHINESE, "utf-8"),
        ("utf-8-sig", CHINESE, "utf-8"),
        ("gb18030", CHINESE, "gb18030"),
        ("gbk", CHINESE, "gb18030"),
        ("big5", TRADITIONAL, "big5"),
        ("utf-16", CHINESE, "utf-16"),
        ("utf-16-le", CHINESE, "utf-16-le"),
        ("utf-16-be", CHINESE, "utf-16-be"),
    ],
)
def test_an_encoding_is_told_by_the_content(tmp_path, codec, text, said):
    path = written(tmp_path, text.encode(codec))
    with open_table(path) as table:
        assert table.encoding == said
        assert table.columns == text.splitlines()[0].split(",")
        assert [list(row.values.values()) for row in table.rows()] == [
            line.split(",") for line in text.splitlines()[1:]
        ]


def test_the_first_character_that_is_not_ascii_may_stand_far_into_the_file(tmp_path):
    plain = "name,note\r\n" + "Ana,nothing to say\r\n" * 20_000
    path = written(tmp_path, plain.encode() + "王伟,喜欢靠窗的位置\r\n".encode("gb18030"))
    assert rows_of(path)[-1] == {"name": "王伟", "note": "喜欢靠窗的位置"}


def test_a_european_list_is_not_taken_for_chinese(tmp_path):
    text = "nom;ville;note\r\n" + "Hélène Lefèvre;Orléans;préfère être rappelée à l'été\r\n" * 40
    path = written(tmp_path, text.encode("cp1252"))
    assert rows_of(path)[0] == {
        "nom": "Hélène Lefèvre",
        "ville": "Orléans",
        "note": "préfère être rappelée à l'été",
    }


def test_a_named_encoding_is_obeyed(tmp_path):
    path = written(tmp_path, CHINESE.encode("gb18030"))
    assert rows_of(path, encoding="gbk")[0]["姓名"] == "王伟"


def test_an_unknown_encoding_is_refused(tmp_path):
    path = written(tmp_path, CHINESE.encode())
    assert "klingon is no known encoding" in refusal(path, encoding="klingon")
    assert "base64 is no known encoding" in refusal(path, encoding="base64")


def test_a_row_with_a_damaged_character_is_given_with_its_error(tmp_path):
    good = "王伟,喜欢靠窗的位置\n".encode() * 30
    path = written(tmp_path, b"name,note\n" + good + b"\xe7\x8e,x\n" + good)
    with open_table(path) as table:
        damaged = [row for row in table.rows() if row.error]
    assert [row.line for row in damaged] == [32]
    assert "damaged" in damaged[0].error


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    lines = [["name", "note", "amount"], ["Ana", "a, b; c", "1"], ["Ben", "", "2"]]
    path = tmp_path / "list.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)
    assert rows_of(path) == [
        {"name": "Ana", "note": "a, b; c", "amount": "1"},
        {"name": "Ben", "note": None, "amount": "2"},
    ]


def test_a_single_column_is_a_table(tmp_path):
    assert rows_of(written(tmp_path, b"phone\n13800000001\n")) == [{"phone": "13800000001"}]


def test_the_delimiter_that_excel_writes_into_the_first_line_is_obeyed(tmp_path):
    path = written(tmp_path, b"sep=;\r\nname;note\r\nAna;x\r\n")
    with open_table(path) as table:
        assert [(row.line, row.values) for row in table.rows()] == [(3, {"name": "Ana", "note": "x"})]


# Records


def test_the_line_of_a_row_is_where_its_record_starts(tmp_path):
    path = written(tmp_path, b'name,note\r\nAna,"one\r\ntwo"\r\n\r\nBen,x\r\n')
    with open_table(path) as table:
        assert [(row.line, row.values["note"]) for row in table.rows()] == [(2, "one\r\ntwo"), (5, "x")]


def test_cells_without_a_column_make_the_row_an_error(tmp_path):
    path = written(tmp_path, b"a,b\n1,2,3\n1\n1,2,,\n")
    with open_table(path) as table:
        found = [(row.values, row.error) for row in table.rows()]
    assert found == [
        ({"a": "1", "b": "2"}, "3 cells stand in 2 columns"),
        ({"a": "1", "b": None}, None),
        ({"a": "1", "b": "2"}, None),
    ]


def test_zero_characters_are_dropped(tmp_path):
    path = written(tmp_path, b"name,note\nAn\0a,plain words to fill the line\n" * 1)
    assert rows_of(path) == [{"name": "Ana", "note": "plain words to fill the line"}]


def test_an_unclosed_quotation_mark_is_told_on_its_row(tmp_path):
    path = written(tmp_path, b'name,note\nAna,x\nBen,"never closed\nCay,y\n')
    with open_table(path) as table:
        errors = {row.line: row.error for row in table.rows() if row.error}
    assert errors == {3: "a quotation mark opened in this record is never closed; it runs to line 4"}


def test_a_cell_without_end_is_refused(tmp_path):
    path = written(tmp_path, b'name,note\nBen,"never closed\n' + b"Cay,a perfectly ordinary line\n" * 9_000)
    assert "list.csv, line 2: a cell is longer than 131072 characters" in refusal(path)


def test_a_line_without_end_is_refused(tmp_path):
    path = written(tmp_path, b"name,note\n" + b"x" * 3_000_000)
    assert "list.csv, line 2 is longer than a table's line can be" in refusal(path)


def test_two_columns_of_one_name_are_refused(tmp_path):
    message = refusal(written(tmp_path, b"phone,name,phone\n1,2,3\n"))
    assert message == "list.csv names two columns phone (columns 1 and 3): rename one"


def test_a_column_without_a_name_gets_its_number(tmp_path):
    with open_table(written(tmp_path, b"name,,phone,,\nAna,x,1,,\n")) as table:
        assert table.columns == ["name", "column 2", "phone"]
        assert [row.error for row in table.rows()] == [None]


def test_a_table_can_be_read_twice_and_shows_its_progress(tmp_path):
    path = written(tmp_path, b"a,b\n" + b"1,2\n" * 5_000)
    with open_table(path) as table:
        assert len(list(table.rows())) == len(list(table.rows())) == 5_000
        assert (table.unit, table.progress, table.size_hint) == ("bytes", path.stat().st_size, path.stat().st_size)


# What is no table


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 8, "is a PNG picture, not a table: export"),
        (b"", "is empty: export the list again"),
        (b" \r\n\r\n", "holds no rows: export the list again"),
        (b",,,\r\n", "holds no rows"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an old Excel file (.xls) or has a password"),
        (b"\xef\xbb\xbf<html><table><tr><td>1</td></tr></table></html>", "is a web page, not a table"),
        (b"%PDF-1.7 ...", "is a PDF document, not a table"),
        (bytes(range(256)) * 40, "is a binary file, not a table"),
        (bytes(5_000), "is a binary file, not a table"),
        (b"PK\x03\x04 and then nothing of an archive", "is damaged"),
    ],
)
def test_what_is_no_table_is_named_with_the_next_step(tmp_path, content, said):
    message = refusal(written(tmp_path, content))
    assert message.startswith("list.csv ")
    assert said in message
    assert ": " in message


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path):
    assert refusal(tmp_path) == f"{tmp_path.name} is a folder: name one CSV or XLSX file in it"
    assert refusal(tmp_path / "gone.csv") == f"{tmp_path / 'gone.csv'} does not exist: check the path"


def test_a_workbook_is_known_whatever_its_name(tmp_path):
    path = workbook(tmp_path / "list.csv", [["a"], [1]])
    assert rows_of(path) == [{"a": "1"}]


def test_another_archive_is_no_workbook(tmp_path):
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "list.xlsx is an archive, but no Excel workbook" in refusal(path)


# Workbooks


def test_cells_come_as_people_read_them(tmp_path):
    path = tmp_path / "cells.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "price", "on", "when", "yes", "text"])
        sheet.write_row(1, 0, [13607, 0.85])
        day, moment = (book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm"))
        sheet.write_number(1, 2, 45_293, day)
        sheet.write_number(1, 3, 45_293.5, moment)
        sheet.write_boolean(1, 4, True)
        sheet.write_string(1, 5, "013")
    assert rows_of(path) == [
        {
            "id": "13607",
            "price": "0.85",
            "on": "2024-01-02",
            "when": "2024-01-02T12:00:00",
            "yes": "TRUE",
            "text": "013",
        }
    ]


def test_the_line_of_a_workbook_row_is_its_row_number(tmp_path):
    path = workbook(tmp_path / "rows.xlsx", [[], ["a", "b"], [], [1, 2], ["x"]])
    with open_table(path) as table:
        assert table.header_line == 2
        assert [row.line for row in table.rows()] == [4, 5]
        assert (table.unit, table.progress, table.size_hint) == ("rows", 5, 5)


def test_a_cell_in_error_makes_the_row_an_error(tmp_path):
    path = tmp_path / "errors.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("List")
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, [1, 2])
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    with open_table(path) as table:
        errors = {row.line: row.error for row in table.rows()}
    assert errors[2] is None
    assert "cell B3 holds an error value" in errors[3]


def test_a_sheet_is_chosen_by_name_else_the_first_that_shows_something(tmp_path):
    path = tmp_path / "sheets.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, text in (("Empty", None), ("Hidden", "h"), ("Shown", "s"), ("Other", "o")):
            sheet = book.add_worksheet(name)
            sheet.write_column(0, 0, ["a", text] if text else [])
        book.get_worksheet_by_name("Hidden").hide()
    assert rows_of(path) == [{"a": "s"}]
    assert rows_of(path, sheet="Other") == [{"a": "o"}]
    assert refusal(path, sheet="Nobody") == "sheets.xlsx has no sheet Nobody: it has Empty, Hidden, Shown, Other"


def test_a_workbook_can_be_read_twice(tmp_path):
    path = workbook(tmp_path / "twice.xlsx", [["a"], *[[n] for n in range(3_000)]])
    with open_table(path) as table:
        first = [row.values["a"] for row in table.rows()]
        assert first == [row.values["a"] for row in table.rows()] == [str(n) for n in range(3_000)]


def test_closing_early_ends_the_reading_process(tmp_path):
    path = workbook(tmp_path / "many.xlsx", [["a"], *[["x" * 500] for _ in range(30_000)]])
    before = set(psutil.Process().children())
    table = open_table(path)
    rows = table.rows()
    next(rows)
    [reader] = set(psutil.Process().children()) - before
    rows.close()
    assert not reader.is_running()


@pytest.mark.parametrize(
    "far",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="4000000000"><c r="XFD4000000000"><v>1</v></c></row>',
        b'<row r="40000"><c r="XFD40000"><v>1</v></c></row>',
    ],
)
def test_a_cell_far_outside_costs_only_its_file(tmp_path, far):
    path = forged(tmp_path, SHEET_HEAD, b'<row r="1"><c r="A1"><v>1</v></c></row>', far, SHEET_FOOT)
    assert refusal(path).startswith("hostile.xlsx ")


def test_more_rows_than_a_sheet_can_have_are_refused_before_they_are_parsed(tmp_path):
    path = forged(tmp_path, SHEET_HEAD, b"<row><c><v>1</v></c></row>" * 1_200_000, SHEET_FOOT)
    assert "has more than 1048576 rows: split it, or save it as CSV" in refusal(path)


def test_a_zip_bomb_is_refused_while_it_inflates(tmp_path):
    path = forged(tmp_path, SHEET_HEAD, b" " * (9 << 20), SHEET_FOOT)
    assert "expands to more than 8 MB" in refusal(path, limits=Limits(inflated=8 << 20))


def test_a_size_that_lies_does_not_help(tmp_path):
    path = forged(tmp_path, SHEET_HEAD, b" " * (9 << 20), SHEET_FOOT)
    content = bytearray(path.read_bytes())
    size = (9 << 20) + len(SHEET_HEAD) + len(SHEET_FOOT)
    content = content.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(content)
    assert refusal(path, limits=Limits(inflated=8 << 20)).startswith("hostile.xlsx ")


def test_a_sheet_of_too_many_empty_cells_is_refused(tmp_path):
    path = forged(tmp_path, SHEET_HEAD, b'<row r="2000"><c r="ZZ2000"><v>1</v></c></row>', SHEET_FOOT)
    assert "spans 1404000 cells, most of them empty" in refusal(path, limits=Limits(cells=1_000_000))


def test_a_reader_that_takes_too_long_is_ended(tmp_path):
    path = workbook(tmp_path / "slow.xlsx", [["a"], *[[n] for n in range(20_000)]])
    assert refusal(path, limits=Limits(seconds=0.01)).startswith("slow.xlsx takes longer than")


def test_a_reader_without_memory_is_refused(tmp_path):
    near, far = (f'<row r="{r}"><c r="{c}{r}"><v>1</v></c></row>'.encode() for c, r in (("A", 1), ("ZZ", 20_000)))
    message = refusal(forged(tmp_path, SHEET_HEAD, near, far, SHEET_FOOT), limits=Limits(memory=96 << 20))
    assert "copy the list into a new workbook, or save it as CSV" in message


def test_the_reader_is_given_no_secret(tmp_path, monkeypatch):
    started = {}
    real_popen = subprocess.Popen

    def watched(*words, **options):
        started.update(options["env"])
        return real_popen(*words, **options)

    monkeypatch.setenv("TESSERA_SMTP_PASSWORD", "hush")
    monkeypatch.setattr(subprocess, "Popen", watched)
    assert rows_of(workbook(tmp_path / "a.xlsx", [["a"], [1]])) == [{"a": "1"}]
    assert "hush" not in started.values()


# What goes back


@pytest.mark.parametrize("cell", ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", "\r=1", "＝1+1", "+1 212 555 0144"])
def test_what_a_spreadsheet_would_run_is_neutralised(cell):
    assert neutralise(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-5", "+8613800000000", "-1,234.50", "+5%", "Ana", "", "a=b", "2024-01-05"])
def test_what_a_spreadsheet_only_shows_stays(cell):
    assert neutralise(cell) == cell


words = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20).map(str.strip)


@given(cells=st.lists(st.tuples(words, words), max_size=8), codec=st.sampled_from(["utf-8-sig", "utf-16"]))
def test_what_was_written_is_read_back(tmp_path_factory, cells, codec):
    path = tmp_path_factory.mktemp("written") / "list.csv"
    with path.open("w", encoding=codec, newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("first", "second"), *cells])
    expected = [{"first": a or None, "second": b or None} for a, b in cells if a or b]
    with open_table(path) as table:
        damaged = any("�" in cell for pair in cells for cell in pair)
        assert damaged or [row.values for row in table.rows()] == expected


def test_rejects_can_be_corrected_and_imported_again(tmp_path):
    path, again = tmp_path / "rejects.csv", tmp_path / "again.csv"
    values = {"name": "王伟", "note": '=HYPERLINK("http://x")', "phone": None}
    assert write_rejects(path, ["name", "note", "phone"], [Reject(7, "no phone", values)]) == 1
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with open_table(path) as table:
        [row] = table.rows()
        assert row.values == {
            "name": "王伟",
            "note": '\'=HYPERLINK("http://x")',
            "phone": None,
            "Line in the file": "7",
            "Why it was rejected": "no phone",
        }
        write_rejects(again, table.columns, [Reject(2, "still no phone", row.values)])
    with open_table(again) as table:
        assert table.columns == ["name", "note", "phone", "Line in the file", "Why it was rejected"]


# The real input


def test_the_contacts_of_the_chain():
    with open_table(real("contacts_gb18030.csv")) as table:
        rows = list(table.rows())
        assert table.encoding == "gb18030"
    assert len(rows) == 2840
    assert not [row for row in rows if row.error]
    assert Counter(row.values["备注"] for row in rows)["喜欢靠窗\n位置"] == 30
    assert sum(1 for row in rows if (row.values["备注"] or "").startswith("=")) == 9
    assert any("𠮷" in (row.values["姓名"] or "") for row in rows)


def test_the_people_of_febrl():
    with open_table(real("people.csv")) as table:
        assert table.columns[:3] == ["rec_id", "given_name", "surname"]
        rows = list(table.rows())
    assert len(rows) == 1000
    assert rows[0].values["given_name"] is None
    assert rows[1].values["given_name"] == "lachlan"


def test_the_receipts():
    with open_table(real("receipts.xlsx")) as table:
        rows = [row.values for row in table.rows()]
    invoices = {row["InvoiceNo"] for row in rows}
    assert len(rows) == 40_000
    assert len(invoices) == 13_199
    assert sum(1 for invoice in invoices if invoice.startswith("C")) == 569
    assert sum(1 for row in rows if row["Quantity"].startswith("-")) == 778
    assert sum(1 for row in rows if row["CustomerID"] is None) == 10_057
    assert len({row["CustomerID"] for row in rows} - {None}) == 3621
    assert len({row["StockCode"] for row in rows}) == 3227
    assert len(rows) - len({tuple(row.values()) for row in rows}) == 28
    assert len({row["Country"] for row in rows}) == 36
    assert sum(1 for row in rows if Decimal(row["UnitPrice"]) == 0) == 179
    assert sum(1 for row in rows if row["Description"] is None) == 105
    total = sum(Decimal(row["Quantity"]) * Decimal(row["UnitPrice"]) for row in rows)
    assert total == Decimal("706922.421")
    assert (min(row["InvoiceDate"] for row in rows), max(row["InvoiceDate"] for row in rows)) == (
        "2010-12-01T08:26:00",
        "2011-12-09T12:31:00",
    )


def test_the_reader_runs_by_its_name():
    done = subprocess.run([sys.executable, "-c", "import tessera.kernel.tabular.reader"], check=False)
    assert done.returncode == 0
