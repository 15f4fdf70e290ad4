"""The appraisal of the curated reviews: only what the texts state, as the facts have it, where it says it stands."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import metareview
from metareview.ingest import check_review

STUDIES = Path(__file__).parent.parent.parent / "data" / "studies"


def read(review: str, name: str) -> list[dict[str, str]]:
    with (STUDIES / review / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def founding() -> metareview.Review:
    return metareview.load(STUDIES / "brain-em")


@pytest.mark.parametrize("review", ["brain-em", "em-public"])
def test_every_judgement_rests_on_a_fact_of_the_same_place(review: str) -> None:
    facts = {(f["study_id"], f["source_id"]) for f in read(review, "study_facts")}
    for row in read(review, "appraisal"):
        assert row["rater"] == "source-text"
        assert row["support"]
        assert (row["study_id"], row["source_id"]) in facts
        assert row["locator"]


@pytest.mark.parametrize("review", ["brain-em", "em-public"])
def test_code_and_weights_are_the_values_in_use(review: str) -> None:
    studies = {row["study_id"]: row for row in read(review, "studies")}
    said = {(row["study_id"], row["tool"], row["item"]): row["judgement"] for row in read(review, "appraisal")}
    for (study, _, item), judgement in said.items():
        if item in ("code", "reproducibility.code"):
            assert judgement == studies[study]["code"]
        if item == "weights" and judgement != "unclear":
            assert judgement == studies[study]["weights"]
    included = [s for s, row in studies.items() if row["status"] == "included" and row["code"]]
    assert {study for study, tool, item in said if (tool, item) == ("ml-leakage", "code")} == set(included)


def test_no_dimension_and_no_study_is_judged_as_a_whole(founding: metareview.Review) -> None:
    rows = founding.statistic("appraisal").rows  # type: ignore[attr-defined]
    assert {row.kind for row in rows} == {"item"}
    open_ = {row.item for row in rows} - {row.item for row in rows if row.judgement}
    assert {"rigour.splits", "rigour.statistics", "reporting.hyperparameters", "seeds", "test", "l3.2"} <= open_


def test_the_repository_audit_is_what_the_text_names(founding: metareview.Review) -> None:
    rows = founding.statistic("appraisal").rows  # type: ignore[attr-defined]
    audit = {row.study_id: row.judgement for row in rows if row.item == "audit.package" and row.judgement}
    by = {level: sorted(s for s, j in audit.items() if j == level) for level in set(audit.values())}
    assert by == {
        "full reproduction package": ["archit-r69", "chen-r13", "dorkenwald-r48", "heinrich-r09", "plebani-r27"],
        "source code only": ["guo-r17", "liu-r19"],
        "comprehensive example": ["funke-r58", "xiao-r42"],
        "unclear": ["zhuo-r20"],  # two passages contradict each other
    }


def test_the_report_says_what_could_not_be_judged(founding: metareview.Review) -> None:
    view = founding.table("appraisal-coverage")
    counts = dict(zip(view.values("item"), view.values("n"), strict=True))
    assert counts["Splits"] == 0
    assert set(view.values("of")) == {60}
    assert any("10 of 26 items could be judged for at least one study, 16 for none" in note for note in view.notes)
    assert any("Neither the rubric nor any score is printed" in note for note in view.notes)
    page = founding.page(["appraisal-coverage", "appraisal-lights", "appraisal", "appraisal-agreement"])
    assert ">Appraisal</h2>" in page
    assert "one rater only" in page


@pytest.mark.needs_sources
def test_printed_words_stand_at_their_locators(sources: Path) -> None:
    report = check_review(STUDIES / "brain-em", sources=sources)
    assert [str(p) for p in report.problems if p.file == "appraisal.csv"] == []
    assert report.verified is not None
    assert report.verified >= len([row for row in read("brain-em", "appraisal") if row["printed"]])


@pytest.mark.needs_sources
def test_statements_of_the_review_that_the_notes_and_tool_rest_on(sources: Path) -> None:
    lines = (sources / "shah2025_review.txt").read_text(encoding="utf-8").split("\n")
    assert "evaluated for each" in lines[393]
    assert "code availability" in lines[1993]
    text = " ".join(lines[393:413])
    named = ("rigor", "splits", "validation", "statistical analysis", "hyperparameters", "training procedures",
             "implementation details", "code availability", "data accessibility", "replication", "rubric")  # fmt: skip
    assert [word for word in named if word not in text] == []
