"""Workbooks as they come: read right, or a clear error; never changed, never evaluated, never unpacked in vain."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.styles import PatternFill
from small_workbook import messages, write_workbook

from metareview.curation.export import csv_files
from metareview.curation.template import make_template
from metareview.errors import ProblemsFound
from metareview.ingest import check_review
from metareview.ingest.spreadsheets import MAX_FILE


def edited(tmp_path: Path, edit: Callable[[Any], None], *results: dict[str, str]) -> Path:
    path = write_workbook(tmp_path, *results)
    book = load_workbook(path)
    edit(book)
    book.save(path)
    return path


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], name: str = "other.xlsx") -> Path:
    """Write the workbook again with other members."""
    with zipfile.ZipFile(path) as archive:
        members = {entry: archive.read(entry) for entry in archive.namelist()}
    change(members)
    target = path.with_name(name)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, body in members.items():
            archive.writestr(entry, body)
    return target


def test_nothing_is_changed_by_reading(tmp_path: Path) -> None:
    path = write_workbook(tmp_path, {"value": "9.1"})
    os.utime(path, (1, 1))
    before = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime, sorted(tmp_path.iterdir())
    check_review(path)
    csv_files(path)
    assert (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime, sorted(tmp_path.iterdir())) == before


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "password": (
        "x.xlsx", b"\xd0\xcf\x11\xe0" + bytes(64) + "EncryptedPackage".encode("utf-16-le"),
        "the workbook is protected by a password"),
    "xls": ("x.xls", b"\xd0\xcf\x11\xe0" + bytes(64), "this is a workbook of the old XLS kind"),
    "text": ("x.xlsx", b"study_id,status\n", "this is no workbook"),
    "nothing": ("x.xlsx", b"", "the file is empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str, tmp_path: Path) -> None:
    name, content, said = REFUSED[case]
    (tmp_path / name).write_bytes(content)
    report = check_review(tmp_path / name)
    assert [problem.found for problem in report.problems] == [said]
    assert report.tables is None
    with pytest.raises(ProblemsFound, match=said):
        csv_files(tmp_path / name)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def test_other_zips(tmp_path: Path) -> None:
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    ods = zipped(tmp_path / "x.ods", {"mimetype": kind, "content.xml": b"<x/>"})
    xlsb = zipped(tmp_path / "x.xlsb", {"xl/workbook.bin": b"x"})
    (said,) = messages(ods)
    assert said.startswith("x.ods: this is an OpenDocument spreadsheet (ODS); a workbook is an XLSX file; save the")
    (said,) = messages(xlsb)
    assert said.startswith("x.xlsb: this is a binary workbook (XLSB)")


@pytest.mark.needs_libreoffice
@pytest.mark.parametrize(
    ("kind", "said"),
    [("ods", "this is an OpenDocument spreadsheet (ODS)"), ("xls", "this is a workbook of the old XLS kind")],
)
def test_real_files_of_other_kinds(kind: str, said: str, tmp_path: Path) -> None:
    from test_template import convert

    path = convert(write_workbook(tmp_path), kind, tmp_path / "out")
    assert [problem.found for problem in check_review(path).problems] == [said]


def test_macros_are_read_over(tmp_path: Path) -> None:
    path = write_workbook(tmp_path, {"value": "9.1"})
    macros = rewritten(path, lambda m: m.update({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}), "x.xlsm")
    said = messages(macros)
    assert said[0] == (
        "x.xlsm: warning: the workbook holds macros; macros are never run and never copied; save it as XLSX"
    )
    assert said[1].startswith("x.xlsm row 4, column value (results!F4): found '9.1'")


@pytest.mark.parametrize("formula", ["=1+1", "='[other.xlsx]s'!A1"])
@pytest.mark.parametrize("row", [5, 6, 60])
def test_a_formula_in_a_blank_row_is_found(formula: str, row: int, tmp_path: Path) -> None:
    """A formula without a stored value in a row of nothing else is no value, and no blank row either."""
    path = edited(tmp_path, lambda b: b["results"].cell(row, 6, formula), {})
    with pytest.raises(ProblemsFound, match=re.escape(f"results!F{row} holds {formula}; a formula is never evaluated")):
        csv_files(path)
    (said,) = [text for text in messages(path) if f"results!F{row})" in text]
    assert formula in said


def test_a_formula_in_a_row_of_help_is_help(tmp_path: Path) -> None:
    path = edited(tmp_path, lambda b: b["results"].cell(2, 6, "=1+1"), {})
    assert messages(path) == []
    assert csv_files(path)["results.csv"].count(b"\n") == 2


def test_merged_cells(tmp_path: Path) -> None:
    path = edited(tmp_path, lambda b: b["results"].merge_cells("A4:A5"), {}, {"metric": "f1"})
    said = messages(path)
    assert any("merged cells hold one value, in their first cell; unmerge them and fill every cell" in s for s in said)


def hide(book: Any) -> None:
    page = book["results"]
    page.row_dimensions[5].hidden = True
    page.column_dimensions["U"].hidden = True
    page.column_dimensions["B"].hidden = True
    page.row_dimensions[1].hidden = True  # of the help rows nobody is told


def test_hidden_rows_and_columns_are_read_and_said(tmp_path: Path) -> None:
    path = edited(tmp_path, hide, {}, {"metric": "f1", "value": "high"})
    said = messages(path)
    assert said[1] == (
        "extraction.xlsx: warning: sheet results does not show its columns metric, note; what is hidden or filtered "
        "out is read all the same; show it and look at it; delete what does not belong to the table"
    )
    assert said[0].startswith("extraction.xlsx: warning: sheet results does not show its rows 5; what is hidden")
    assert "(results!F5): found 'high'" in said[2]


def test_a_filter_hides_rows_that_are_read(tmp_path: Path) -> None:
    def filtered(book: Any) -> None:
        page = book["results"]
        page.auto_filter.ref = "A3:U6"
        page.auto_filter.add_filter_column(1, ["dice"])
        for row in (5, 6):
            page.row_dimensions[row].hidden = True

    path = edited(tmp_path, filtered, {}, {"metric": "f1"}, {"metric": "recall"})
    assert [s.partition(";")[0] for s in messages(path)] == [
        "extraction.xlsx: warning: sheet results does not show its rows 5, 6"
    ]
    assert check_review(path).counts["results"] == 3


def test_formulas_without_cached_values(tmp_path: Path) -> None:
    def formulas(book: Any) -> None:
        book["results"]["F4"] = "=AVERAGE(G4:H4)"
        book["results"]["G4"] = "='[budget.xlsx]Sheet1'!$A$1"

    said = messages(edited(tmp_path, formulas))
    assert "(results!F4): found '=AVERAGE(G4:H4)'; a cell holds a value, not a formula" in said[0]
    assert "(results!G4): found \"='[budget.xlsx]Sheet1'!$A$1\"" in said[1]


def test_external_links_are_not_followed(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    link = b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    linked = rewritten(path, lambda m: m.update({"xl/externalLinks/externalLink1.xml": link}))
    assert messages(linked) == []


def test_a_zip_bomb(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    bomb = rewritten(path, lambda m: m.update({"xl/worksheets/sheet9.xml": b"<x>" + b" " * 300_000_000}))
    (said,) = messages(bomb)
    assert "would unpack to 300," in said
    assert "a workbook unpacks to a reasonable size" in said


def test_a_file_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with path.open("wb") as stream:
        stream.truncate(MAX_FILE + 1)
    (problem,) = check_review(path).problems
    assert problem.remedy == "split the table; 2 GiB is the limit"


def test_a_cell_in_the_last_row(tmp_path: Path) -> None:
    path = edited(tmp_path, lambda b: b["results"].__setitem__("A1048576", "smith-2020.unet"))
    assert [problem.found for problem in check_review(path).problems] == [
        "sheet results spans 1,048,576 rows and 21 columns for 70 cells"
    ]


@pytest.mark.slow
def test_a_sheet_with_all_its_rows(tmp_path: Path) -> None:
    """1,048,576 rows are read, the last one at its address."""
    from xlsxwriter import Workbook

    with Workbook(tmp_path / "x.xlsx", {"constant_memory": True}) as book:
        page = book.add_worksheet("publications")
        page.write_row(0, 0, ["publication_id", "study_id", "note"])
        for row in range(1, 1_048_576):
            page.write_row(row, 0, [f"p{row}", "smith-2020"])
        page.write_string(1_048_575, 2, "=not a formula")
    report = check_review(tmp_path / "x.xlsx")
    assert report.counts["publications"] == 1_048_575
    assert [problem.address for problem in report.problems if problem.column == "note"] == ["publications!C1048576"]


def test_a_sheet_renamed(tmp_path: Path) -> None:
    path = edited(tmp_path / "a", lambda b: setattr(b["results"], "title", "Results "), {"value": "9.1"})
    (said,) = messages(path)
    assert said.startswith("extraction.xlsx row 4, column value (Results !F4): found '9.1'")
    assert "results.csv" in csv_files(path)
    path = edited(tmp_path / "b", lambda b: setattr(b["results"], "title", "my results"))
    said = " ".join(messages(path))
    assert "sheet my results is not read; a sheet that is read is named after a table; did you mean 'results'?" in said
    assert "the table results is not in extraction.xlsx" in said


def test_two_sheets_of_one_name_but_for_case(tmp_path: Path) -> None:
    """The exact name is the table; the other is kept beside it, under a name that spreadsheet programs accept."""
    path = edited(tmp_path, lambda b: b.create_sheet("Results ").__setitem__("A1", "mine"))
    assert any("sheet Results  is not read" in text for text in messages(path))
    again = tmp_path / "again.xlsx"
    again.write_bytes(make_template(path))
    assert load_workbook(again)["Results  (kept)"]["A1"].value == "mine"


def test_a_column_moved(tmp_path: Path) -> None:
    def move(book: Any) -> None:
        page = book["results"]
        page.insert_cols(1)
        for row in range(1, 6):
            page.cell(row, 1).value = page.cell(row, 7).value  # value comes first
            page.cell(row, 1).number_format = page.cell(row, 7).number_format
        page.delete_cols(7)

    path = edited(tmp_path, move)
    assert messages(path) == []
    original = write_workbook(tmp_path / "b")
    assert csv_files(path)["results.csv"] == csv_files(original)["results.csv"]


def test_a_header_typo(tmp_path: Path) -> None:
    said = messages(edited(tmp_path, lambda b: b["results"].__setitem__("F3", "valeu")))
    assert any("(results!F3): found 'valeu'; results has no such column; did you mean 'value'?" in s for s in said)
    assert any("there is no column value; results has a column value; add it" in s for s in said)


def test_a_header_overwritten(tmp_path: Path) -> None:
    def overwrite(book: Any) -> None:
        for cell in book["results"][3]:
            cell.value = "x"

    (said, *_) = [s for s in messages(edited(tmp_path, overwrite)) if "results" in s]
    assert "the first row of results names its columns" in said


def test_own_rows_above_are_an_error_and_own_colours_are_not(tmp_path: Path) -> None:
    def colour(book: Any) -> None:
        book["results"]["F4"].fill = PatternFill("solid", fgColor="00FF00")
        book["results"]["F4"].number_format = '0.00" (mean)"'

    assert messages(edited(tmp_path / "a", colour)) == []


def test_codes_are_read_in_every_kind_of_column(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path, {"sd": "NR", "n": "unclear", "ci_low": "not applicable"},
        datasets=[{"dataset_id": "roads", "name": "Roads", "modality": "n/a", "voxel_z_nm": "not reported"}],
    )  # fmt: skip
    report = check_review(path)
    assert report.problems == ()
    assert report.tables is not None
    codes = report.tables.tables["results"]["codes"].tolist() + report.tables.tables["datasets"]["codes"].tolist()
    assert codes == [
        "sd=not reported; ci_low=not applicable; n=unclear", "modality=not applicable; voxel_z_nm=not reported",
    ]  # fmt: skip


def test_review_yaml_beside_the_workbook_comes_first(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    tables = check_review(path).tables
    assert tables is not None
    assert tables.spec.id == "small"
    (tmp_path / "review.yaml").write_text("id: other\ntitle: t\nquestion: q\n")
    tables = check_review(path).tables
    assert tables is not None
    assert tables.spec.id == "other"


def test_a_workbook_without_tables(tmp_path: Path) -> None:
    path = edited(tmp_path, lambda b: [b.remove(b[n]) for n in b.sheetnames if n not in ("instructions", "glossary")])
    (said,) = messages(path)
    assert said.startswith("extraction.xlsx: no sheet is named after a table")
