"""Numbers by name, macros, stale and typed literals in manuscripts, and how many printed numbers a claim covers."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metareview
from metareview.audit import audit_claims
from metareview.audit.claims import ClaimRow
from metareview.audit.literals import check_manuscript, coverage
from metareview.audit.numbers import Number, collect_numbers, macro_name, numbers_json, numbers_tex, read_numbers
from metareview.audit.result_numbers import NUMBER_RESULTS
from metareview.audit.texts import SourceText
from metareview.audit.verdicts import VERDICTS
from metareview.errors import InputError, UnknownName
from metareview.schema.claim import Claim
from metareview.schema.review import Corpus, ReviewSpec

NUMBERS = (
    Number("included-studies", "60", "studies", "studies.csv"),
    Number("screened", "1,546", "records", "flow.csv"),
    Number("share-with-code", "37%", "of studies", "availability"),
    Number("table-2-rows", "6", "", "summary"),
)


def test_macros() -> None:
    assert macro_name("included-studies") == "\\mrIncludedStudies"
    assert macro_name("table-2-rows") == "\\mrTableTwoRows"
    with pytest.raises(InputError, match="no slug"):
        macro_name("Table 2")
    text = numbers_tex(NUMBERS)
    assert "\\newcommand{\\mrShareWithCode}{37\\%}% of studies (availability)\n" in text
    assert text == numbers_tex(reversed(NUMBERS))
    with pytest.raises(InputError, match="make the same macro"):
        numbers_tex([Number("a-1", "1"), Number("a-one", "1")])


@pytest.mark.needs_tex
def test_the_macros_compile(tmp_path: Path) -> None:
    (tmp_path / "numbers.tex").write_text(numbers_tex((*NUMBERS, Number("odd", "~{}$^_#&\\−"))), encoding="utf-8")
    document = "\\documentclass{article}\\input{numbers}\\begin{document}\\mrOdd{} \\mrIncludedStudies{}\\end{document}"
    (tmp_path / "a.tex").write_text(document, encoding="utf-8")
    program = shutil.which("pdflatex") or "pdflatex"
    done = subprocess.run(
        [program, "-interaction=nonstopmode", "a.tex"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0


def test_numbers_travel_as_json() -> None:
    assert set(read_numbers(numbers_json(NUMBERS))) == set(NUMBERS)
    assert json.loads(numbers_json(NUMBERS))["screened"]["text"] == "1,546"
    with pytest.raises(InputError, match="two numbers are called"):
        numbers_json([*NUMBERS, NUMBERS[0]])
    for text in ("{}]", "[1]", '{"a": {"colour": "red"}}'):
        with pytest.raises(InputError, match=r"no numbers\.json|not a numbers\.json"):
            read_numbers(text)


def test_numbers_of_a_review() -> None:
    studies = pd.DataFrame({"corpus": [("a",), ("a", "b"), ("b",)]})
    spec = ReviewSpec(id="r", title="R", question="?", corpora=(Corpus(id="a", label="review A"),))
    found = {
        number.name: number.text for number in collect_numbers({"studies": studies}, spec, {"audit": audit_claims([])})
    }
    assert found["studies"] == "3"
    assert found["studies-a"] == "2"
    assert found["claims-contradicted"] == "0"


MARKDOWN = """We include <!-- mr:included-studies -->61<!-- /mr --> studies, <!-- mr:screened -->1,546<!-- /mr -->
screened. Of 59 studies, 60 studies have code; 37% of studies, see `60 studies` and [60 studies](page.html "x").
| 61 studies | in a table |
1546 records were screened; 12 apples were not.
"""


def test_markdown_places() -> None:
    found = [(item.kind, item.line, item.found) for item in check_manuscript(MARKDOWN, NUMBERS)]
    assert found == [
        ("stale", 1, "61"),
        ("disagrees", 2, "59"),
        ("literal", 2, "60"),
        ("literal", 2, "37%"),
        ("literal", 2, "60"),
        ("literal", 4, "1546"),
    ]
    assert "write <!-- mr:included-studies -->60<!-- /mr -->" in str(check_manuscript(MARKDOWN, NUMBERS)[1])


def test_latex_places() -> None:
    text = (
        "\\mrIncludedStudies{} studies; 61 studies \\cite{a60} % 62 studies\n37\\% of studies, $60$ studies, 1{,}546\n"
    )
    found = check_manuscript(text, NUMBERS, tex=True)
    assert [(item.kind, item.line, item.found) for item in found] == [
        ("disagrees", 1, "61"),
        ("literal", 2, "37\\%"),
    ]
    assert found[0].remedy == "write \\mrIncludedStudies{}"


def test_an_unknown_mark_is_an_error() -> None:
    with pytest.raises(UnknownName, match=r"line 2.*did you mean 'screened'"):
        check_manuscript("x\n<!-- mr:screend -->5<!-- /mr -->", NUMBERS)


@given(st.text(max_size=200))
def test_any_text_can_be_checked(text: str) -> None:
    for tex in (False, True):
        assert all(1 <= item.line <= text.count("\n") + 1 for item in check_manuscript(text, NUMBERS, tex=tex))


def test_coverage_of_printed_numbers() -> None:
    text = SourceText.of("paper", "60 studies [3,4-9] and 27 more\nnothing here\n54% of 46 experiments")
    claim = Claim(claim_id="a", statement="s", type="count", printed=("60 studies", "54%"), source_id="paper",
                  locator="L1; L3")  # fmt: skip
    found = coverage(text, [ClaimRow(claim)])
    assert (found.printed, found.covered, found.lines_open) == (4, 2, (1, 3))


def test_numbers_of_the_founding_review_cover_its_main_results() -> None:
    root = Path(__file__).parents[2] / "data" / "studies" / "brain-em"
    if not (root / "claims.csv").is_file():
        pytest.skip("the founding review is not in this checkout")
    review = metareview.load(root)
    results = {name: review.statistic(name) for name in NUMBER_RESULTS}
    found = {number.name: number for number in collect_numbers(review.frames, review.spec, results)}
    assert found["flow-database-results"].text == "2,330"
    assert int(found["flow-identities-broken"].text) >= 1
    assert found["reconstruction-values-cnn"].text == "2"
    assert found["reconstruction-values-foundation"].text == "4"
    assert float(found["effect-printed"].text) == -6.44
    assert abs(float(found["effect-small-sample"].text)) < 6.44
    rows = {row.metric: row for row in results["descriptives"].rows if row.convention == "unstated"}
    assert found["summary-dice-mean"].text == f"{rows['dice'].mean:.3f}"
    assert found["share-shah2025-review-cremi"].text == "15.0%"
    assert any(name.startswith("composite-shi-r38") for name in found)
    verdicts = [found[f"claims-{verdict.replace('_', '-')}"].text for verdict in VERDICTS]
    assert sum(map(int, verdicts)) == int(found["claims"].text) > 500
    assert len(set(numbers_tex(found.values()).split("\n"))) > len(found)
