"""A workbook as CSV files: canonical files come back byte for byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from small_workbook import sheet, write_review, write_workbook
from typer.testing import CliRunner

from metareview.cli.app import app
from metareview.curation.export import canonical_csv, csv_files, write_csv
from metareview.curation.template import make_template
from metareview.errors import InputError, ProblemsFound

REVIEWS = ("brain-em", "em-public")


@pytest.mark.parametrize("name", REVIEWS)
def test_csv_xlsx_csv_gives_the_same_bytes(name: str, root: Path, tmp_path: Path) -> None:
    review = root / "data" / "studies" / name
    (tmp_path / "x.xlsx").write_bytes(make_template(review))
    files = csv_files(tmp_path / "x.xlsx")
    assert sorted(files) == sorted(path.name for path in review.iterdir() if path.suffix in (".csv", ".yaml"))
    assert {name: (review / name).read_bytes() for name in files} == files


LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
TRAPS = ["=1+1", "'quoted", "007", "1e5", "TRUE", "0.950", "1/2", "10-12", "_x0041_", " lead", "#N/A", "-0"]
TEXTS = st.text(LETTERS | st.sampled_from("\n\t,\";'=#@"), max_size=12) | st.sampled_from(TRAPS)


@settings(max_examples=25)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=8))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    given = [{"source_id": f"s{i}", "title": a, "note": b, "year": c} for i, (a, b, c) in enumerate(rows)]
    review = write_review(folder / "review", sources=given)
    before = canonical_csv(*_split(sheet("sources", given)))
    (folder / "x.xlsx").write_bytes(make_template(review))
    assert csv_files(folder / "x.xlsx")["sources.csv"] == before


def _split(text: str) -> tuple[list[str], list[list[str]]]:
    import csv
    import io

    rows = list(csv.reader(io.StringIO(text, newline="")))
    return rows[0], rows[1:]


def test_new_rows_and_columns_arrive_and_unused_ones_do_not(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    book = load_workbook(path)
    page = book["statements"]
    for place, text in enumerate(["s1", "summary", None, None, None, "dice", "mean", 0.85], 1):
        page.cell(4, place).value = text
    book["results"]["F5"], book["results"]["A5"] = 0.9, "smith-2020.unet"
    book.save(path)
    files = csv_files(path)
    assert "statements.csv" in files
    assert "claims.csv" not in files
    assert files["results.csv"].decode().splitlines()[2].startswith("smith-2020.unet,,,,,0.9,")


def test_a_workbook_of_ones_own(tmp_path: Path) -> None:
    book = Workbook()
    page = book.active
    page.title = "studies"
    page.append(["study_id", "status", "year"])
    page.append(["a-1", "included", 2020])
    book.save(tmp_path / "own.xlsx")
    assert csv_files(tmp_path / "own.xlsx") == {"studies.csv": b"study_id,status,year\na-1,included,2020\n"}


def test_a_folder_becomes_canonical(tmp_path: Path) -> None:
    review = write_review(tmp_path / "r")
    (review / "studies.csv").write_bytes('study_id;status\r\n"smith-2020";included\r\n'.encode("utf-8-sig"))
    assert csv_files(review)["studies.csv"] == b"study_id,status\nsmith-2020,included\n"


def test_formulas_and_error_values_are_refused(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    book = load_workbook(path)
    book["results"]["F4"], book["results"]["G4"] = "='[other.xlsx]s'!A1", "#N/A"
    book.save(path)
    with pytest.raises(ProblemsFound) as caught:
        csv_files(path)
    text = str(caught.value)
    assert "results!F4 holds ='[other.xlsx]s'!A1; a formula is never evaluated and never written" in text
    assert "results!G4 holds #N/A; an error value of a spreadsheet program is not data" in text


def test_files_that_differ_are_replaced_only_when_asked(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    review = tmp_path / "review"
    assert not any(write_csv(path, review).values())  # all the same already
    (review / "studies.csv").write_text("study_id,status\nother,included\n")
    before = (review / "studies.csv").read_bytes()
    with pytest.raises(InputError, match=r"has studies.csv with other content; name a new folder, or replace with"):
        write_csv(path, review)
    assert (review / "studies.csv").read_bytes() == before
    assert [name for name, new in write_csv(path, review, force=True).items() if new] == ["studies.csv"]
    shutil.copy(path, review / "extraction.xlsx")
    with pytest.raises(InputError, match="each table would be there twice"):
        write_csv(path, review, force=True)


def retyped(path: Path, target: Path) -> Path:
    """Type over figures with trailing zeros, once in a cell that gets a format of a person's own; move one."""
    book = load_workbook(path)
    page = book["results"]
    page["F4"], page["F5"] = 95, 0.95
    page["F6"] = 0.7
    page["F6"].number_format = "0.00"
    page["F8"], page["F7"] = page["F7"].value, None
    page["F8"].number_format = page["F7"].number_format
    book.save(target)
    return target


def values_of(path: Path) -> list[str]:
    return [row.split(",")[5] for row in csv_files(path)["results.csv"].decode().splitlines()[1:]]


def test_digits_that_nobody_typed_are_not_claimed(tmp_path: Path) -> None:
    path = write_workbook(tmp_path, *({"value": text} for text in ("0.2520", "0.9130", "0.5000", "0.8100", "1")))
    assert values_of(path) == ["0.2520", "0.9130", "0.5000", "0.8100", "1"]
    assert values_of(retyped(path, tmp_path / "again.xlsx")) == ["95", "0.95", "0.70", "", "0.8100"]


@pytest.mark.needs_libreoffice
def test_digits_after_libreoffice(tmp_path: Path) -> None:
    from test_template import convert

    path = write_workbook(tmp_path, *({"value": text} for text in ("0.2520", "0.9130", "0.5000", "0.8100", "1")))
    saved = convert(path, "xlsx", tmp_path / "saved")
    assert values_of(saved) == ["0.2520", "0.9130", "0.5000", "0.8100", "1"]
    assert values_of(retyped(saved, tmp_path / "again.xlsx")) == ["95", "0.95", "0.70", "", "0.8100"]


def renamed(path: Path, old: str, new: str) -> Path:
    book = load_workbook(path)
    book[old].title = new
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("results", "Results 2024", "no sheet is named results, which the workbook was made with; sheet Results 2024"),
        ("statements", "quotes", "sheet quotes is not read"),
    ],
)
def test_a_renamed_sheet_is_not_left_behind_in_silence(tmp_path: Path, old: str, new: str, words: str) -> None:
    path, review = renamed(write_workbook(tmp_path), old, new), tmp_path / "review"
    before = (review / "results.csv").read_bytes()
    with pytest.raises(InputError, match=f"{words}.*--force leaves behind what is not read"):
        write_csv(path, review)
    said: list[str] = []
    write_csv(path, review, force=True, say=said.append)
    assert words in "; ".join(said)
    assert (review / "results.csv").read_bytes() == before
    done = CliRunner().invoke(app, ["csv", str(path), "-o", str(tmp_path / "new"), "--force"])
    assert (done.exit_code, f"warning: {words}"[:30] in done.output) == (0, True)


def test_sheets_of_ones_own_are_nobodys_business(tmp_path: Path) -> None:
    path = write_workbook(tmp_path)
    book = load_workbook(path)
    page = book.create_sheet("reading list")
    page.append(["study_id", "who reads it"])
    page.append(["smith-2020", "Ann"])
    plain = Workbook()
    plain.active.title = "raw"
    for row in (["study_id", "status"], ["a-1", "included"]):
        plain.active.append(row)
    book.save(path)
    plain.save(tmp_path / "plain.xlsx")
    assert not any(write_csv(path, tmp_path / "review").values())
    with pytest.raises(InputError, match=r"sheet raw is not read \(it has the columns of studies"):
        write_csv(tmp_path / "plain.xlsx", tmp_path / "elsewhere")
