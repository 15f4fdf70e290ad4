"""What XLSX input gets: values as typed, and a message for what a typed cell hides."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

from metareview.ingest.sheets import cell_text

if TYPE_CHECKING:
    from conftest import Folder

H = "experiment_id,metric,value,source_id,locator,scale\n"
FORMULA = "a cell holds a value, not a formula; write the value that it shows"
DATE = (
    "this is a date or time that a spreadsheet program made of what was typed; "
    "format the column as text before typing, then enter it again"
)
RULE = "a workbook is an XLSX file"
RESAVE = "open it in a spreadsheet program and save it again"


def fill(sheet: Any, text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        sheet.append(row)


def single(folder: Folder, *rows: list[Any], name: str = "results") -> tuple[Workbook, Any]:
    """Return a workbook for results.xlsx with these rows under the header."""
    (folder.path / "results.csv").unlink(missing_ok=True)
    book = Workbook()
    sheet = book.active
    sheet.title = name
    fill(sheet, H)
    for row in rows:
        sheet.append(row)
    return book, sheet


def save(folder: Folder, book: Workbook) -> None:
    book.save(folder.path / "results.xlsx")


def row(value: Any, metric: str = "dice", scale: str | None = None) -> list[Any]:
    return ["smith-r01.unet", metric, value, "paper", "p. 3", scale]


def test_one_workbook_with_the_tables_as_sheets(folder: Folder) -> None:
    book = Workbook()
    book.remove(book.active)
    for path in sorted(folder.path.glob("*.csv")):
        fill(book.create_sheet(path.stem), path.read_text(encoding="utf-8"))
        path.unlink()
    hidden = book.create_sheet("lists")
    hidden.sheet_state = "hidden"
    fill(hidden, "dice\n")
    fill(book.create_sheet("reslts"), "x\n")
    book.save(folder.path / "my review.xlsx")
    report = folder.check()
    assert [str(problem) for problem in report.problems] == [
        "my review.xlsx: warning: sheet reslts is not read; a sheet that is read is named after a table; "
        "did you mean 'results'?"
    ]
    assert report.tables is not None
    frame = report.tables.tables["results"]
    assert frame[["value", "file", "line"]].to_numpy().tolist() == [[0.85, "my review.xlsx", 2]]


def test_numbers_are_read_as_they_were_typed(folder: Folder) -> None:
    book, _ = single(folder, row(0.1234567), row("0,5", "f1"), row(1, "jaccard"), row("12", "voi", "native"))
    save(folder, book)
    report = folder.check()
    assert report.problems == ()
    assert report.tables is not None
    assert report.tables.tables["results"]["value"].tolist() == [0.1234567, 0.5, 1.0, 12.0]


@pytest.mark.parametrize(
    ("cell_format", "value"), [("0%", 0.85), ("0.0%", 0.854), ('0.00" %"', 85.4), ("0.0000%", 0.5539)]
)
def test_a_number_shown_as_percentage_is_the_percentage(folder: Folder, cell_format: str, value: float) -> None:
    book, sheet = single(folder, row(value, scale="percent"))
    sheet["C2"].number_format = cell_format
    save(folder, book)
    report = folder.check()
    assert report.problems == ()
    assert report.tables is not None
    assert report.tables.tables["results"]["value"].tolist() == [value if cell_format != '0.00" %"' else 0.854]


def test_a_percentage_without_its_scale_is_reported(folder: Folder) -> None:
    book, sheet = single(folder, row(0.854))
    sheet["C2"].number_format = "0.0%"
    save(folder, book)
    assert folder.messages() == [
        "results.xlsx row 2, column value (results!C2): found '85.4%'; a percent sign goes with scale percent; "
        "write percent in column scale, or the number without the sign"
    ]


def test_what_a_typed_cell_hides(folder: Folder) -> None:
    book, sheet = single(
        folder, row("=1+1"), row('=HYPERLINK("http://x","y")', "f1"), row(dt.datetime(2024, 1, 10), "mcc"),
        row(dt.time(2, 30), "recall"), row(True, "accuracy"), row("#N/A", "precision"), row(0.5, "voi", "native"),
        ["=A1", *row(0.5, "ap")[1:]],
    )  # fmt: skip
    sheet.merge_cells("E8:E9")
    sheet["H4"] = "stray"
    save(folder, book)
    assert folder.messages() == [
        f"results.xlsx row 2, column value (results!C2): found '=1+1'; {FORMULA}",
        f'results.xlsx row 3, column value (results!C3): found \'=HYPERLINK("http://x","y")\'; {FORMULA}',
        "results.xlsx row 4 (results!4:4): a cell stands beyond the last named column; every cell stands under a "
        "column name; name the column, or delete the cell",
        f"results.xlsx row 4, column value (results!C4): found '2024-01-10 00:00:00'; {DATE}",
        f"results.xlsx row 5, column value (results!C5): found '02:30:00'; {DATE}",
        "results.xlsx row 6, column value (results!C6): found 'true'; a number is expected; write it like 0.854",
        "results.xlsx row 7, column value (results!C7): found '#N/A'; an error value of a spreadsheet program is not "
        "data; write the value, or leave it blank",
        "results.xlsx row 8, column locator (results!E8): found 'E8:E9'; merged cells hold one value, in their first "
        "cell; unmerge them and fill every cell",
        f"results.xlsx row 9, column experiment_id (results!A9): found '=A1'; {FORMULA}",
        "results.xlsx row 9, column locator (results!E9): found a blank cell; every row has a value here; fill it in",
    ]


def test_rows_keep_their_numbers_across_blank_ones(folder: Folder) -> None:
    book, sheet = single(folder, [], row(0.5), [])
    sheet["A6"] = "smith-r01.unet"
    save(folder, book)
    report = folder.check()
    assert {problem.row for problem in report.problems} == {6}
    assert {problem.address for problem in report.problems} == {f"results!{c}6" for c in "BCDE"}


def test_the_only_sheet_of_a_table_may_have_any_name(folder: Folder) -> None:
    book, _ = single(folder, row(0.5), name="Tabelle1")
    save(folder, book)
    assert folder.messages() == []
    book.create_sheet("Tabelle2")
    save(folder, book)
    assert folder.messages() == [
        "results.xlsx: the workbook has the sheets Tabelle1, Tabelle2; the workbook of a table has one sheet, or a "
        "sheet of its name; name the sheet results"
    ]


def test_an_empty_sheet(folder: Folder) -> None:
    (folder.path / "results.csv").unlink()
    book = Workbook()
    save(folder, book)
    assert folder.messages() == [
        "results.xlsx: sheet Sheet is empty; a table is a sheet with a header row; "
        "write the header row and the rows, or delete the sheet"
    ]


def test_a_table_that_begins_in_another_column_keeps_its_addresses(folder: Folder) -> None:
    book, sheet = single(folder, row(8.5), row("=1+1", "f1"))
    sheet.insert_cols(1, 2)
    save(folder, book)
    found = [(problem.address, problem.found) for problem in folder.check().problems]
    assert found == [("results!E2", "8.5"), ("results!E3", "=1+1")]


def test_a_cell_at_the_far_end_is_no_reason_to_fill_the_memory(folder: Folder) -> None:
    book, sheet = single(folder, row(0.5))
    sheet["XFD1048576"] = "x"
    save(folder, book)
    assert folder.messages() == [
        "results.xlsx: sheet results spans 1,048,576 rows and 16,384 columns for 12 cells; a sheet holds one table; "
        "delete the cells far right or far below the table"
    ]


def test_cells_without_addresses_are_counted_too(folder: Folder) -> None:
    book, _ = single(folder, row(0.5))
    save(folder, book)
    wide = b"<sheetData><row>" + b"<c/>" * 16_384 + b"</row>" + b"<row/>" * 100_000 + b"</sheetData>"
    replace_sheet(folder.path / "results.xlsx", wide)
    assert folder.messages() == [
        "results.xlsx: sheet results spans 100,001 rows and 16,384 columns for 16,384 cells; a sheet holds one table; "
        "delete the cells far right or far below the table"
    ]


def replace_sheet(path: Path, data: bytes) -> None:
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/worksheets/sheet1.xml"] = head + data + b"</worksheet>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)


def test_damaged_xml_is_reported(folder: Folder) -> None:
    book, _ = single(folder, row(0.5))
    save(folder, book)
    replace_sheet(folder.path / "results.xlsx", b"<sheetData><row r='1'><c r='A1'><v>")
    (message,) = folder.messages()
    assert message.startswith("results.xlsx: the file is damaged (")
    assert message.endswith(f"); {RULE}; {RESAVE}")


NOT_A_WORKBOOK: dict[str, tuple[bytes, str]] = {
    "text": (b"experiment_id,metric\n", "this is no workbook; a workbook is an XLSX file; save the table as XLSX, or "
             "give the file its real ending"),
    "pdf": (b"%PDF-1.7", "this is a PDF; a workbook is an XLSX file; save the table as XLSX, or give the file its "
            "real ending"),
    "old workbook": (b"\xd0\xcf\x11\xe0" + bytes(100), f"this is a workbook of the old XLS kind; {RULE}; "
                     "save it as XLSX or CSV UTF-8"),
    "password": (b"\xd0\xcf\x11\xe0" + bytes(100) + "EncryptedPackage".encode("utf-16-le"),
                 f"the workbook is protected by a password; {RULE}; save it without a password"),
    "half a zip": (b"PK\x03\x04" + bytes(100), f"the file is damaged (File is not a zip file); {RULE}; {RESAVE}"),
    "empty": (b"", "the file is empty; a table is a file with a header row; write the header row and the rows, or "
              "delete the file"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_A_WORKBOOK)
def test_what_is_no_workbook(folder: Folder, case: str) -> None:
    content, message = NOT_A_WORKBOOK[case]
    (folder.path / "results.csv").unlink()
    folder.write("results.xlsx", content)
    assert folder.messages() == [f"results.xlsx: {message}"]


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)


def test_a_zip_that_claims_to_be_xlsx(folder: Folder) -> None:
    (folder.path / "results.csv").unlink()
    write_zip(folder.path / "results.xlsx", {"notes.txt": b"hello"})
    assert folder.messages() == [
        f"results.xlsx: this is a zip file without a workbook in it; {RULE}; save the table as XLSX or CSV UTF-8"
    ]


def test_a_zip_bomb_is_not_unpacked(folder: Folder) -> None:
    (folder.path / "results.csv").unlink()
    write_zip(folder.path / "results.xlsx", {"xl/workbook.xml": bytes(100_000_000)})
    size = (folder.path / "results.xlsx").stat().st_size
    assert folder.messages() == [
        f"results.xlsx: its {size:,} bytes would unpack to 100,000,000; a workbook unpacks to a reasonable size; "
        "save the table as CSV UTF-8 if it is really that large"
    ]


def test_a_zip_whose_directory_lies_about_sizes_is_damaged(folder: Folder) -> None:
    book, _ = single(folder, row(0.5))
    save(folder, book)
    path = folder.path / "results.xlsx"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/sharedStrings.xml"] = b"<sst>" + b" " * 5_000_000
    write_zip(path, members)
    real, lie = (5_000_005).to_bytes(4, "little"), (100).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(real, lie))
    (message,) = folder.messages()
    assert message == (
        f"results.xlsx: the file is damaged (Bad CRC-32 for file 'xl/sharedStrings.xml'); {RULE}; {RESAVE}"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as is", "as is"), (12.0, "12"),
        (0.1 + 0.2, "0.30000000000000004"), (-0.5, "-0.5"), (1e20, "1e+20"), (True, "true"), (False, "false"),
        (dt.date(2024, 1, 10), "2024-01-10 00:00:00"), (dt.datetime(2024, 1, 10, 9), "2024-01-10 09:00:00"),
        (dt.time(1, 2), "01:02:00"), (dt.timedelta(hours=30), "30:00:00"), (float("inf"), "inf"), (float("nan"), "nan"),
    ],
)  # fmt: skip
def test_the_text_of_a_typed_value(value: Any, text: str) -> None:
    assert cell_text(value) == text
