"""Two extractions beside each other: what is equal, what differs, what only one has, and bad input."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.curation.compare import compare
from metareview.curation.comparison import Comparison
from metareview.curation.conflict_book import conflict_book
from metareview.curation.extraction import read_extraction
from metareview.curation.judge import judge
from metareview.curation.near import suggest
from metareview.errors import InputError, ProblemsFound
from metareview.ingest.fields import fields_of
from metareview.schema.metric import default_vocabulary
from tests.curation.two_extractors import Version

Pair = tuple[Version, Version]
VOCABULARY = default_vocabulary()
VALUE = fields_of("results")["value"]


def compared(versions: Pair, **options: bool) -> Comparison:
    return compare(read_extraction(versions[0].path), read_extraction(versions[1].path), **options)


def one(found: Comparison) -> tuple[str, str, str, str]:
    assert len(found.conflicts) == 1, found.conflicts
    conflict = found.conflicts[0]
    return conflict.field, conflict.a.text, conflict.b.text, conflict.hint


def test_the_same_twice(versions: Pair) -> None:
    found = compared(versions)
    assert (found.conflicts, found.rounded, found.lone, found.warnings) == ((), (), (), ())
    assert found.shared == {"sources": 1, "studies": 2, "experiments": 4, "results": 4}
    assert all(row.share == 1 for row in found.agreement)
    assert Comparison.from_json(found.to_json()).to_json() == found.to_json()


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ("0.95", "0.950", "equal"),
        ("0.95", "0,95", "equal"),
        ("9.5e-1", "0.95", "equal"),
        ("0.30000000000000004", "0.3", "equal"),
        ("0.948", "0.95", "rounded"),
        ("0.945", "0.95", "rounded"),
        ("0.955", "0.95", "rounded"),
        ("0.9449", "0.95", "differ"),
        ("0.948", "0.94", "differ"),
        ("0.94", "0.95", "differ"),
        ("948", "950", "differ"),
        ("1", "0.948", "rounded"),
        ("0.85", "85", "differ"),
        ("", "", "blank"),
        ("0.85", "", "differ"),
        ("0.85", "ca. 0.85", "differ"),
    ],
)
def test_numbers(a: str, b: str, verdict: str) -> None:
    for x, y in ((a, b), (b, a)):
        assert judge(VALUE, x, y, VOCABULARY).verdict == verdict


@given(st.integers(-(10**6), 10**6), st.integers(0, 6), st.integers(0, 6))
def test_a_number_and_its_rounding_agree(digits: int, places: int, fewer: int) -> None:
    number = Decimal(digits).scaleb(-places)
    short = round(number, min(fewer, places))
    assert judge(VALUE, f"{number:f}", f"{short:f}", VOCABULARY).verdict in ("equal", "rounded")
    assert judge(VALUE, f"{number:f}", f"{number:f}0" if places else f"{number:f}.0", VOCABULARY).verdict == "equal"


def test_counts_are_not_rounded() -> None:
    assert judge(fields_of("results")["n"], "20", "20.0", VOCABULARY).verdict == "equal"
    assert judge(fields_of("results")["n"], "20", "21", VOCABULARY).verdict == "differ"


@pytest.mark.parametrize(
    ("column", "a", "b", "verdict", "hint"),
    [
        ("metric", "Dice", "DSC", "equal", ""),
        ("sd", "not reported", "NR", "equal", ""),
        ("sd", "not reported", "", "differ", "blank in B"),
        ("sd", "not reported", "0.02", "differ", "one says that there is no value"),
        ("convention", "", "unstated", "equal", ""),
        ("uncertain", "", "no", "equal", ""),
        ("uncertain", "yes", "TRUE", "equal", ""),
        ("locator", "p. 3;  Table 2", "p. 3; Table 2", "equal", ""),
        ("locator", "p. 3", "P. 3", "differ", "letter case only"),
        ("value", "0.948", "94.8", "differ", "a factor of 100: percent and proportion?"),
        ("value", "0.948", "9.48", "differ", "a factor of 10: the decimal point?"),
        ("value", "0.948", "0.984", "differ", "digits swapped?"),
        ("value", "-0.2", "0.2", "differ", "the sign only"),
    ],
)
def test_cells(column: str, a: str, b: str, verdict: str, hint: str) -> None:
    assert judge(fields_of("results")[column], a, b, VOCABULARY) == (verdict, hint)


def test_lists_are_sets() -> None:
    targets = fields_of("studies")["targets"]
    assert judge(targets, "axons; neurons", "neurons;axons", VOCABULARY).verdict == "equal"
    assert judge(targets, "axons; neurons", "neurons", VOCABULARY).verdict == "differ"


def test_a_value_that_differs(versions: Pair) -> None:
    versions[1].edit("results", 0, value="0.58")
    found = compared(versions)
    assert one(found) == ("value", "0.85", "0.58", "digits swapped?")
    conflict = found.conflicts[0]
    assert (conflict.a.line, conflict.a.locator, conflict.a.quote) == (2, "p. 3; Table 2", "0.85")
    rate = next(row for row in found.agreement if row.table == "results" and row.field == "value")
    assert (rate.n, rate.agreed, rate.raters) == (4, 3, "anna & ben")
    assert rate.ci_low < 0.75 < rate.ci_high


def test_digits_as_printed(versions: Pair) -> None:
    versions[1].edit("results", 1, value="0.95")
    found = compared(versions)
    assert found.conflicts == ()
    assert [(c.field, c.a.text, c.b.text) for c in found.rounded] == [("value", "0.948", "0.95")]
    assert one(compared(versions, exact=True))[:3] == ("value", "0.948", "0.95")
    versions[1].edit("results", 1, printed="0.950")  # now three digits are claimed
    assert {c.field for c in compared(versions).conflicts} == {"value", "printed"}


def test_percent_and_proportion(versions: Pair) -> None:
    versions[1].edit("results", 1, value="94.8", scale="percent")
    assert one(compared(versions)) == ("scale", "", "percent", "the value is the same, the scale is not")
    versions[1].edit("results", 1, value="94.9")
    assert [c.field for c in compared(versions).conflicts] == ["value", "scale"]
    versions[1].edit("results", 1, value="94.8", scale="")  # the slip: a percentage called a proportion
    assert one(compared(versions))[3] == "a factor of 100: percent and proportion?"


def test_other_orders(versions: Pair) -> None:
    _, ben = versions
    ben.edit("results", 2, value="0.16")
    before = compared(versions)
    ben.tables["results"].reverse()
    ben.orders["results"] = list(reversed(ben.tables["results"][0]))
    ben.save()
    after = compared(versions)
    assert [c.id for c in before.conflicts] == [c.id for c in after.conflicts]
    assert len(after.conflicts) == 1


def test_rows_in_one_only(versions: Pair) -> None:
    _, ben = versions
    ben.edit("results", 3, experiment_id="smith-r01.unte3")
    del ben.tables["results"][0]
    ben.save()
    found = compared(versions)
    assert [(row.only_in, row.key.split("\x1f")[0]) for row in found.lone] == [
        ("A", "smith-r01.unet0"), ("A", "smith-r01.unet3"), ("B", "smith-r01.unte3"),
    ]  # fmt: skip
    assert [row.near.split("\x1f")[0] for row in found.lone] == ["", "smith-r01.unte3", "smith-r01.unet3"]
    assert found.conflicts == ()
    assert (found.k_in, found.k_used, len(found.dropped)) == (12, 9, 3)


def test_facts_are_joined_by_what_they_are_about(versions: Pair) -> None:
    fact = {"study_id": "smith-r01", "attribute": "loss", "value": "Dice", "source_id": "paper", "locator": "p. 2"}
    for version, value in zip(versions, ("Dice", "cross entropy"), strict=True):
        version.tables["study_facts"] = [{**fact, "value": value}]
        version.save()
    assert one(compared(versions))[:3] == ("value", "Dice", "cross entropy")
    versions[1].tables["study_facts"].append({**fact, "value": "focal"})
    versions[1].save()
    assert len(compared(versions).lone) == 3  # which of the two is A's is open


def test_agreement_of_each_pair(versions: Pair) -> None:
    for version, names in zip(versions, (("Ada", "Ada", "Cy", "Cy"), ("Bob", "Bob", "Bob", "Dee")), strict=True):
        for row, name in enumerate(names):
            version.edit("results", row, extractor=name)
    versions[1].edit("results", 3, value="0.1")
    rates = {row.raters: (row.agreed, row.n) for row in compared(versions).agreement
             if (row.table, row.field) == ("results", "value")}  # fmt: skip
    assert rates == {"anna & ben": (3, 4), "Ada & Bob": (2, 2), "Cy & Bob": (1, 1), "Cy & Dee": (0, 1)}


def test_kappa_of_categories(versions: Pair) -> None:
    versions[1].edit("studies", 0, category="Transformer")
    rates = {row.field: row for row in compared(versions).agreement if row.table == "studies"}
    assert (rates["category"].agreed, rates["status"].coefficient) == (1, "Cohen's kappa")
    assert rates["status"].value is None
    assert "one and the same category" in rates["status"].reason


def test_workbooks(versions: Pair, tmp_path: Path) -> None:
    versions[1].edit("results", 0, value="0.86")
    book = versions[1].workbook(tmp_path / "ben.xlsx")
    found = compare(read_extraction(versions[0].path), read_extraction(book))
    assert one(found)[:3] == ("value", "0.85", "0.86")
    assert found.b == "ben"


@pytest.mark.parametrize("review", ["brain-em", "em-public"])
def test_a_review_equals_its_own_workbook(root: Path, tmp_path: Path, review: str) -> None:
    """The workbook of a review, with its help rows, number formats and empty sheets, says the same."""
    from typer.testing import CliRunner

    from metareview.cli.app import app

    folder, book = root / "data" / "studies" / review, tmp_path / "extraction.xlsx"
    assert CliRunner().invoke(app, ["template", str(folder), "-o", str(book)]).exit_code == 0
    found = compare(read_extraction(folder, "folder"), read_extraction(book, "workbook"))
    assert (found.conflicts, found.rounded, found.lone, found.warnings) == ((), (), (), ())


# Bad input


def test_two_reviews(versions: Pair) -> None:
    versions[1].spec = versions[1].spec.replace("id: small", "id: other")
    versions[1].save()
    with pytest.raises(InputError, match=r"these are two reviews: .*'small'.*'other'"):
        compared(versions)
    with pytest.raises(InputError, match="given twice"):
        compared((versions[0], versions[0]))


def test_another_review_yaml(versions: Pair) -> None:
    versions[1].spec += "authors: Ben\n"
    versions[1].save()
    assert compared(versions).warnings == ("review.yaml differs; that of anna is used",)


def test_keys_that_stand_twice(versions: Pair) -> None:
    versions[1].tables["results"].append(dict(versions[1].tables["results"][0]))
    versions[1].save()
    with pytest.raises(ProblemsFound, match=r"the key smith-r01\.unet0 \| dice .* stands in lines 2, 6"):
        compared(versions)
    versions[1].edit("results", 4, locator="p. 9")  # another place tells them apart
    assert [row.only_in for row in compared(versions).lone] == ["B"]


def test_a_table_that_one_lacks(versions: Pair) -> None:
    (versions[1].path / "experiments.csv").unlink()
    found = compared(versions)
    assert "only anna has experiments (4 rows); these are not compared, and merging keeps them" in found.warnings
    for name in ("results", "studies", "sources"):
        (versions[1].path / f"{name}.csv").unlink()
    with pytest.raises(InputError, match="has no table"):
        compared(versions)


def test_tables_that_cannot_be_read(versions: Pair, tmp_path: Path) -> None:
    (versions[1].path / "results.csv").write_text('experiment_id,metric\n"a,b\n', encoding="utf-8")
    with pytest.raises(ProblemsFound, match="never closed"):
        compared(versions)
    (versions[1].path / "results.csv").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ProblemsFound, match="XLSX"):
        compared(versions)
    with pytest.raises(InputError, match="is not there"):
        read_extraction(tmp_path / "nobody")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="give the folder of a review"):
        read_extraction(tmp_path / "notes.txt")


def test_cells_that_cannot_be_read_are_text(versions: Pair) -> None:
    versions[0].edit("results", 0, value="about 0.85")
    versions[1].edit("results", 0, value="=1+1")
    found = compared(versions)
    assert one(found) == ("value", "about 0.85", "=1+1", "a cell cannot be read; compared as text")
    assert found.warnings == tuple(
        f"{name}: cells that check refuses: 1; they are compared as text" for name in ("anna", "ben")
    )


# The workbook


def test_the_workbook(versions: Pair, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    versions[1].edit("results", 0, value="=HYPERLINK(1)", note="+1")
    versions[1].edit("results", 1, value="0.95", printed="0.95")
    del versions[1].tables["results"][3]
    versions[1].save()
    data = conflict_book(compared(versions))
    assert data == conflict_book(compared(versions))
    path = tmp_path / "conflicts.xlsx"
    path.write_bytes(data)
    book = load_workbook(path)
    assert book.sheetnames == ["read me", "conflicts", "rows", "agreement", "rounded"]
    sheet = book["conflicts"]
    header = {cell.value: cell.column for cell in sheet[1]}
    cell = sheet.cell(2, header["b"])
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")
    free = {name for name, place in header.items() if not sheet.cell(2, place).protection.locked}
    assert free == {"choice", "value", "reason", "who"}
    assert sheet.protection.sheet
    rule = sheet.data_validations.dataValidation[0]
    assert rule.formula1 == '"A,B,other"'
    assert book["rows"].data_validations.dataValidation[0].formula1 == '"keep,leave out"'
    assert book["rows"].max_row == 2


def test_suggestions_are_quick() -> None:
    left = [f"study-{i}.method.{i % 7}" for i in range(4000)]
    right = [key.replace("study-1", "stdy-1") for key in left]
    found = suggest(left, right)
    assert found[1] == 1
    assert len(set(found.values())) == len(found)
