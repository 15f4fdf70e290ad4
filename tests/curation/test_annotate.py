"""The annotated copy: every problem at its cell, and the original untouched."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from small_workbook import RESULT, sheet, write_review, write_workbook

from metareview.curation import annotate as module
from metareview.curation.annotate import annotate, is_annotated
from metareview.curation.checks import FURTHER
from metareview.ingest import check_review


def copy_of(place: Path, target: Path) -> tuple[Any, Any]:
    report = check_review(place, further=FURTHER)
    target.write_bytes(annotate(place, report))
    return load_workbook(target), report


def colour(cell: Any) -> str:
    return str(cell.fill.fgColor.rgb)[-6:] if cell.fill.fill_type else ""


def test_problems_stand_at_their_cells(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path, {"value": "9.1"}, {"metric": "dicee", "locator": ""}, {"metric": "f1", "value": "0.86"}, experiments=2
    )
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    book, report = copy_of(path, tmp_path / "checked.xlsx")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    page = book["results"]
    assert (colour(page["F4"]), colour(page["B5"]), colour(page["P5"])) == ("F4B6B6", "F4B6B6", "F4B6B6")
    assert colour(page["F6"]) == "FFE699"  # a doubt: printed is 0.850
    assert colour(page["A4"]) == ""
    assert page["F4"].comment.text.startswith(
        "ERROR: found '9.1'\nRule: dice is a proportion between 0 and 1\nRemedy: "
    )
    assert "WARNING: found '9.1'" in page["F4"].comment.text  # printed disagrees, too
    assert page["F3"].comment.text.startswith("The score.")
    listed = book["problems"]
    links = {cell.value: cell.hyperlink.location for (cell,) in listed["C5:C20"] if cell.hyperlink}
    assert links["F4"] == "'results'!F4"
    assert listed["A1"].value == f"extraction.xlsx: {report.errors} problems, {report.warnings} warnings"
    rows = [row for row in listed.iter_rows(min_row=5, values_only=True) if row[0]]
    assert len(rows) == len(report.problems)


def test_a_corrected_copy_is_a_review_again(tmp_path: Path) -> None:
    path = write_workbook(tmp_path, {"value": "9.1"})
    book, _ = copy_of(path, tmp_path / "checked.xlsx")
    book["results"]["F4"] = 0.85
    book.save(tmp_path / "corrected.xlsx")
    assert check_review(tmp_path / "corrected.xlsx", further=FURTHER).problems == ()


def test_csv_files_at_the_rows_a_spreadsheet_shows(tmp_path: Path) -> None:
    review = write_review(tmp_path / "r", {"note": "two\nlines"}, {"metric": "f1", "value": "high"})
    with (review / "results.csv").open("a") as stream:
        stream.write("too,short\n")
    book, report = copy_of(review, tmp_path / "checked.xlsx")
    page = book["results"]
    assert page["A1"].value == "experiment_id"
    assert (page["F3"].value, colour(page["F3"])) == ("high", "F4B6B6")
    assert page["A4"].comment.text.startswith("ERROR: 2 cells under a header of 21")  # line 5 of the file
    assert {problem.row for problem in report.problems} == {4, 5}


def test_a_sheet_of_any_name_in_a_file_of_its_own(tmp_path: Path) -> None:
    review = write_review(tmp_path / "r")
    (review / "results.csv").unlink()
    book = Workbook()
    page = book.active
    page.title = "Tabelle1"
    page.append(list(RESULT))
    page.append([*list(RESULT.values())[:2], "high", *list(RESULT.values())[3:]])
    book.save(review / "results.xlsx")
    copy, _ = copy_of(review, tmp_path / "checked.xlsx")
    assert colour(copy["results"]["C2"]) == "F4B6B6"


def test_further_sheets_and_columns_come_along(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    book = load_workbook(path)
    book["results"]["V3"], book["results"]["V4"] = "my column", "x"
    book.create_sheet("reslts")["C7"] = "y"
    book.save(path)
    copy, report = copy_of(path, tmp_path / "checked.xlsx")
    assert copy["reslts"]["C7"].value == "y"
    assert (copy["results"]["V3"].value, copy["results"]["V4"].value) == ("my column", "x")
    assert copy["results"]["V3"].comment.text.startswith("ERROR: found 'my column'")
    assert report.warnings == 1


def test_formulas_are_text_in_the_copy(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    book = load_workbook(path)
    book["results"]["F4"] = '=WEBSERVICE("http://x")'
    book.save(path)
    copy_of(path, tmp_path / "checked.xlsx")
    with zipfile.ZipFile(tmp_path / "checked.xlsx") as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name)
    cell = load_workbook(tmp_path / "checked.xlsx")["results"]["F4"]
    assert (cell.data_type, cell.value) == ("s", '=WEBSERVICE("http://x")')


def test_comments_are_limited_and_colours_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NOTES", 2)
    path = write_workbook(tmp_path, *({"unit": f"image:{n}", "value": "high"} for n in range(5)))
    book, _ = copy_of(path, tmp_path / "checked.xlsx")
    page = book["results"]
    assert [page[f"F{row}"].comment is not None for row in range(4, 9)] == [True, True, False, False, False]
    assert {colour(page[f"F{row}"]) for row in range(4, 9)} == {"F4B6B6"}


def test_the_same_review_gives_the_same_copy(tmp_path: Path) -> None:
    path = write_workbook(tmp_path, {"value": "9.1"})
    report = check_review(path)
    assert annotate(path, report) == annotate(path, report)


def test_a_copy_is_known_as_one(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    copy_of(path, tmp_path / "checked.xlsx")
    assert is_annotated(tmp_path / "checked.xlsx")
    assert not is_annotated(path)
    assert not is_annotated(tmp_path / "nothing.xlsx")


def test_a_file_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    review = write_review(tmp_path / "r")
    (review / "results.csv").write_bytes(b"%PDF-1.7")
    book, _ = copy_of(review, tmp_path / "checked.xlsx")
    assert "results" not in book.sheetnames
    assert [cell.value for cell in book["problems"][5]][:2] == ["error", "results.csv"]


def test_text_that_would_be_a_formula_elsewhere(tmp_path: Path) -> None:
    review = write_review(tmp_path / "r", sources=[{"source_id": "paper", "title": "= 884 and so on"}])
    assert "= 884" in sheet("sources", [{"source_id": "paper", "title": "= 884 and so on"}])
    book, report = copy_of(review, tmp_path / "checked.xlsx")
    assert report.problems == ()
    assert book["sources"]["B2"].value == "= 884 and so on"
