"""The workbook to fill in: made from the schema, safe for spreadsheet programs, and it keeps what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from openpyxl import load_workbook
from small_workbook import SPEC, messages, sheet, write_review, write_workbook

from metareview.curation.columns import guides_of
from metareview.curation.conditions import ROW_RULES
from metareview.curation.export import csv_files
from metareview.curation.paint import number_format
from metareview.curation.template import make_template
from metareview.errors import InputError, ProblemsFound
from metareview.ingest.cells import clean
from metareview.ingest.fields import BLANK, fields_of, invalid, parse_cell
from metareview.ingest.layout import is_remark
from metareview.schema import Missing, default_vocabulary
from metareview.schema.tables import CURATED


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workbook(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def book(path: Path) -> Any:
    return load_workbook(path)


def test_every_table_is_a_sheet_with_help(book: Any) -> None:
    own = ["glossary", "changes", "lists", "review.yaml", "csv columns", "csv figures"]
    assert book.sheetnames == ["instructions", *CURATED, *own]
    assert [book[name].sheet_state for name in own] == ["visible"] * 2 + ["hidden"] * 4
    for table, spec in CURATED.items():
        page = book[table]
        assert tuple(cell.value for cell in page[3]) == spec.columns
        assert page["A1"].value.startswith("# how: ")
        assert page["A2"].value.startswith("# example: ")
        assert page.freeze_panes == "B4"


def test_every_header_has_its_rule_and_an_example(book: Any) -> None:
    for table, spec in CURATED.items():
        for cell, column in zip(book[table][3], spec.columns, strict=True):
            assert cell.comment is not None, (table, column)
            assert cell.comment.text.startswith(guides_of(table)[column].about[:20])
    said = book["results"]["G3"].comment.text
    assert "Or a code: not reported, not applicable, unclear." in said
    assert "Example: 1.2" in said


@pytest.mark.parametrize("table", CURATED)
def test_examples_pass_the_door(table: str) -> None:
    examples = {name: guide.example for name, guide in guides_of(table).items()}
    for name, field in fields_of(table).items():
        value = parse_cell(field, clean(examples[name]), default_vocabulary())
        assert value is not BLANK or not field.required, name
        if value is not BLANK and not isinstance(value, Missing):
            assert invalid(field, [value.value if field.kind == "score" else value]) == {}, name


def test_only_the_rows_above_the_data_are_locked(book: Any) -> None:
    page = book["results"]
    assert page.protection.sheet
    assert page.protection.password in (None, "")
    assert page["A3"].protection.locked
    assert page["A1"].protection.locked
    assert not page["A4"].protection.locked
    assert not page.column_dimensions["A"].protection.locked
    allowed = ("sort", "autoFilter", "insertRows", "deleteRows", "formatColumns", "insertColumns")
    assert not any(getattr(page.protection, name) for name in allowed)  # False is: not locked


def drop_downs(page: Any) -> dict[str, Any]:
    return {str(rule.sqref).split(":")[0].rstrip("0123456789"): rule for rule in page.data_validations.dataValidation}


def test_drop_downs_stand_in_defined_names(book: Any) -> None:
    for table in CURATED:
        for rule in book[table].data_validations.dataValidation:
            if rule.type == "list":
                assert rule.formula1.lstrip("=") in book.defined_names, (table, rule.formula1)
            for text in (rule.error, rule.errorTitle, rule.prompt):
                assert len(text or "") <= 255
    rules = drop_downs(book["results"])
    assert (rules["B"].formula1, rules["B"].errorStyle) == ("list_metrics", "warning")  # aliases are fine, too
    assert (rules["D"].formula1, rules["D"].showErrorMessage) == ("list_results_level", True)
    assert (rules["G"].formula1, rules["G"].showErrorMessage) == ("list_codes", False)  # a number or a code
    assert (rules["F"].type, rules["Q"].type) == ("decimal", "textLength")
    assert rules["A"].formula1 == "ids_experiments"
    assert "INDEX" in book.defined_names["ids_experiments"].attr_text


def test_lists_hold_codes_attributes_and_metrics(book: Any) -> None:
    columns = {
        column[0].value: [c.value for c in column[1:] if c.value is not None] for column in book["lists"].columns
    }
    assert columns["list_codes"] == [code.value for code in Missing]
    assert columns["list_attribute_category"] == ["Classical", "Neural", "not reported", "not applicable", "unclear"]
    assert columns["list_metrics"] == sorted(metric.key for metric in default_vocabulary())
    assert len(columns["list_metric_high"]) == len(columns["list_metrics"])


def test_a_list_of_any_length_is_safe(tmp_path: Path) -> None:
    review = write_review(tmp_path / "long")
    values = ", ".join(f"a rather long category number {number}" for number in range(300))
    (review / "review.yaml").write_text(SPEC.replace("Classical, Neural", values), encoding="utf-8")
    (tmp_path / "long.xlsx").write_bytes(make_template(review))
    with zipfile.ZipFile(tmp_path / "long.xlsx") as archive:
        pages = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
    formulas = [text for page in pages for text in re.findall(r"<formula1>([^<]*)</formula1>", page)]
    assert len(formulas) > 90
    assert max(map(len, formulas)) < 60
    assert messages(tmp_path / "long.xlsx") == []


def test_conditional_formats_cover_the_row_rules(book: Any) -> None:
    assert set(ROW_RULES) == {rule.name for spec in CURATED.values() for rule in spec.rules}
    found = [rule.formula[0] for area in book["results"].conditional_formatting for rule in area.rules if rule.formula]
    text = "\n".join(found)
    assert "COUNTA($A4:$U4)>0" in text  # required and empty
    assert "$J4>$K4" in text  # ci_low above ci_high
    assert "INDEX(list_metric_high,MATCH($B4,list_metrics,0))" in text  # out of range of its metric
    assert "ISNA(MATCH($D4,list_results_level,0))" in text  # not in the list


def test_it_reads_back_as_the_same_review(path: Path) -> None:
    assert messages(path) == []
    files = csv_files(path)
    folder = path.parent / "review"
    assert {name: (folder / name).read_bytes() for name in files} == files


def test_the_same_review_gives_the_same_bytes(path: Path) -> None:
    assert make_template(path.parent / "review") == path.read_bytes()


def test_made_anew_it_keeps_the_data_and_gains_columns(tmp_path: Path) -> None:
    review = write_review(tmp_path / "old")
    old = tuple(name for name in CURATED["experiments"].columns if name not in ("ablation", "repeats"))
    row = {"experiment_id": "smith-2020.unet", "study_id": "smith-2020", "method": "U-Net", "source_id": "paper",
           "locator": "p. 3", "my own": "kept"}  # fmt: skip
    (review / "experiments.csv").write_text(sheet("experiments", [row], (*old, "my own")), encoding="utf-8")
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    first.write_bytes(make_template(review))
    book = load_workbook(first)
    page = book["experiments"]
    page.delete_cols([cell.value for cell in page[3]].index("ablation") + 1)
    book["changes"]["C3"], book["changes"]["D3"] = "experiments", "a line by hand"
    extra = book.create_sheet("my notes")
    extra["B2"] = "=not a formula here"
    extra["B2"].data_type = "s"
    book.save(first)
    second.write_bytes(make_template(first))
    again = load_workbook(second)
    header = [cell.value for cell in again["experiments"][3]]
    assert header[-1] == "ablation"
    assert again["experiments"].cell(4, header.index("my own") + 1).value == "kept"
    assert again["my notes"]["B2"].value == "=not a formula here"
    log = [row[3] for row in again["changes"].iter_rows(values_only=True)]
    assert "a line by hand" in log
    assert "new columns: ablation" in log


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.85", (0.85, "General")), ("0.850", (0.85, "0.000")), ("-3", (-3.0, "General")), ("1e-3", None), ("007", None),
     ("1,5", None), ("", None), ("0.1234567890123456789", None), ("12345678901234567", None), ("-0", None),
     ("0.30000000000000004", None), ("+1", None), ("1.", None), ("1.159176736966054", None),
     ("1.15917673696605", (1.15917673696605, "General"))],
)  # fmt: skip
def test_what_becomes_a_number_shows_as_it_was_typed(text: str, expected: object) -> None:
    assert number_format(text) == expected


def test_help_rows_are_known_by_their_mark_wherever_they_stand() -> None:
    assert is_remark(["", "# example: x"])
    assert not is_remark(["# of images", "x"])


def test_a_formula_is_refused(tmp_path: Path, path: Path) -> None:
    book = load_workbook(path)
    book["results"]["F4"] = "=1/2"
    book.save(tmp_path / "formula.xlsx")
    with pytest.raises(ProblemsFound, match=r"results!F4 holds =1/2; a formula is never evaluated and never written"):
        make_template(tmp_path / "formula.xlsx")


def test_what_is_no_review(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there; give the folder of a review, or a workbook"):
        make_template(tmp_path / "nothing")
    with pytest.raises(InputError, match="is no review: it has neither"):
        make_template(tmp_path)


def convert(source: Path, kind: str, target: Path) -> Path:
    program = shutil.which("soffice") or shutil.which("libreoffice") or ""
    subprocess.run(
        [program, f"-env:UserInstallation={(target / 'profile').as_uri()}", "--headless", "--convert-to", kind,
         "--outdir", str(target), str(source)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return target / f"{source.stem}.{kind}"


@pytest.mark.needs_libreoffice
@pytest.mark.parametrize("name", ["brain-em", "em-public"])
def test_libreoffice_keeps_everything(name: str, tmp_path: Path, root: Path) -> None:
    """Saved by LibreOffice, a review is the same files byte for byte; em-public has figures of 16 digits."""
    review = root / "data" / "studies" / name
    source = tmp_path / "book.xlsx"
    source.write_bytes(make_template(review))
    saved = convert(source, "xlsx", tmp_path / "saved")
    assert messages(saved) == []
    files = csv_files(saved)
    assert [name for name, data in files.items() if (review / name).read_bytes() != data] == []
    rules = load_workbook(saved)["results"].data_validations.dataValidation
    assert {rule.formula1 for rule in rules if rule.type == "list"} >= {"list_metrics", "list_codes"}


@pytest.mark.needs_libreoffice
def test_libreoffice_keeps_every_number(tmp_path: Path) -> None:
    """Figures of 1 to 17 digits, large and small, come back as they were typed."""
    draw = Random(7)
    texts = [f"{draw.choice(['', '-'])}{draw.randrange(10 ** draw.randrange(1, 5))}."
             f"{draw.randrange(10**places):0{places}d}" for places in range(1, 18) for _ in range(40)]  # fmt: skip
    texts += [str(draw.randrange(10**places)) for places in range(1, 18)]
    given = [{"experiment_id": "smith-2020.unet", "metric": "dice", "value": text} for text in texts]
    review = write_review(tmp_path / "review", results=given)
    before = csv_files(review)["results.csv"]
    source = tmp_path / "book.xlsx"
    source.write_bytes(make_template(review))
    assert csv_files(source)["results.csv"] == before
    assert csv_files(convert(source, "xlsx", tmp_path / "saved"))["results.csv"] == before


@pytest.mark.needs_libreoffice
def test_libreoffice_prints_it(tmp_path: Path, path: Path) -> None:
    printed = convert(path, "pdf", tmp_path)
    assert printed.read_bytes().startswith(b"%PDF")
