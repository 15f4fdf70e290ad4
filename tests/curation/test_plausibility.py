"""Doubts: each is raised by what it is about, by nothing clean, and never as an error."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from small_workbook import RESULT, write_review

from metareview.curation.checks import FURTHER
from metareview.curation.plausibility import DOUBTS
from metareview.curation.scores import figures_in, robust_z
from metareview.ingest import check_review

E2 = "smith-2020.net2"


def row(metric: str = "dice", value: str = "0.850", **cells: str) -> dict[str, str]:
    return {"metric": metric, "value": value, "printed": "", **cells}


def doubts(tmp_path: Path, *results: dict[str, str], experiments: int = 2, **more: list[dict[str, str]]) -> list[str]:
    """Return column and rule of every warning; there are no errors."""
    used = {cells.get("experiment_id", RESULT["experiment_id"]) for cells in results}
    names = [RESULT["experiment_id"], *(f"smith-2020.net{n}" for n in range(2, experiments + 1))]
    fill = [row("asd", "1.0", experiment_id=name, scale="native") for name in names if name not in used]
    review = write_review(tmp_path / "r", *results, *fill, experiments=experiments, **more)
    report = check_review(review, further=FURTHER)
    assert report.errors == 0, [str(problem) for problem in report.problems]
    return [f"{problem.row} {problem.column}: {problem.rule}" for problem in report.problems]


PRINTED = "the number is the figure as printed, to the digits printed"
CASES: dict[str, tuple[tuple[dict[str, str], ...], str]] = {
    "digits exchanged": ((row(value="0.580", printed="0.850"),), f"2 value: {PRINTED}"),
    "digits lost": ((row(value="0.85", printed="0.8512"),), f"2 value: {PRINTED}"),
    "sd mistyped": ((row(sd="0.021", printed="0.850 ± 0.012"),), f"2 sd: {PRINTED}"),
    "value and sd exchanged": (
        (row(value="0.012", sd="0.85", n="20"),), "2 sd: values between 0 and 1 with this mean cannot vary so much"),
    "sd is the value": ((row(sd="0.450", value="0.450"),), "2 sd: sd is not the value again"),
    "se is the sd": ((row(sd="0.02", se="0.02", n="20"),), "2 se: se is smaller than sd"),
    "se, sd and n": ((row(sd="0.10", se="0.05", n="100"),), "2 se: a standard error is sd / sqrt(n)"),
    "interval of the sd": (
        (row(sd="0.0100", ci_low="0.8304", ci_high="0.8696", n="50"),),
        "2 sd: the interval is value ± 1.96 sd, so sd is a standard error"),
    "lopsided": (
        (row(ci_low="0.845", ci_high="0.950"),), "2 ci_low: the two arms of an interval are of like length"),
    "jaccard above dice": (
        (row("dice", "0.780"), row("jaccard", "0.850")),
        "3 value: Jaccard is at most Dice, and at least Dice / (2 - Dice)"),
    "jaccard too low": (
        (row("dice", "0.900"), row("jaccard", "0.700")),
        "3 value: Jaccard is at most Dice, and at least Dice / (2 - Dice)"),
    "f1 outside": (
        (row("precision", "0.80"), row("recall", "0.90"), row("f1", "0.95")),
        "4 value: F1 lies between precision and recall (a mean over images may lie below both)"),
    "voi sum": (
        (row("voi", "1.20", scale="native"), row("voi_split", "0.50", scale="native"),
         row("voi_merge", "0.40", scale="native")), "2 value: VOI is the sum of voi_split and voi_merge"),
    "voi and arand exchanged": (
        (row("voi", "0.12", scale="native"), row("arand", "0.90")),
        "2 value: VOI is above ARAND of the same segmentation"),
    "locator": ((row(locator="pg 7; Tab.2"),), "2 locator: a page, table, figure or line is written in one way"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_raises_a_doubt(case: str, tmp_path: Path) -> None:
    results, expected = CASES[case]
    assert doubts(tmp_path, *results, experiments=1) == [expected]


@pytest.mark.parametrize("case", CASES)
def test_a_row_that_says_uncertain_is_not_asked_again(case: str, tmp_path: Path) -> None:
    if case == "locator":
        pytest.skip("the form of a place has nothing to do with its figure")
    results = tuple({**cells, "uncertain": "yes", "note": "so printed"} for cells in CASES[case][0])
    assert doubts(tmp_path, *results, experiments=1) == []


CLEAN = [
    row(value="85.0", scale="percent", printed="85.0 ± 1.2", sd="1.2", n="20"),
    row("jaccard", "0.739", printed="0.739"), row("precision", "0.84"), row("recall", "0.86"), row("f1", "0.85"),
    row("voi", "1.24", scale="native"), row("voi_split", "0.70", scale="native"),
    row("voi_merge", "0.54", scale="native"), row("arand", "0.11"),
    row("accuracy", "0.912", sd="0.10", se="0.0224", n="20", ci_low="0.868", ci_high="0.956",
        printed="91.2 (86.8-95.6) %"),
    row("recall", "0.9", unit="image:1", printed="90%"), row("recall", "0,955", unit="image:2", printed="0,955"),
]  # fmt: skip


def test_nothing_clean_does(tmp_path: Path) -> None:
    assert doubts(tmp_path, *CLEAN, experiments=1) == []


def series(rng: random.Random, number: int = 12, **cells: str) -> list[dict[str, str]]:
    return [
        row(value=f"{rng.uniform(0.80, 0.90):.4f}", sd=f"{rng.uniform(0.04, 0.06):.4f}", n="100", n_of="images",
            unit=f"image:{index}", **cells)
        for index in range(number)
    ]  # fmt: skip


def test_a_standard_error_among_deviations(tmp_path: Path) -> None:
    rows = series(random.Random(1))
    assert doubts(tmp_path / "clean", *rows, experiments=1) == []
    rows[5]["sd"] = f"{float(rows[5]['sd']) / 10:.4f}"
    assert doubts(tmp_path / "slip", *rows, experiments=1) == [
        "7 sd: a standard deviation is like those of its metric in its source"
    ]


def test_a_percentage_among_proportions(tmp_path: Path) -> None:
    rows = [dict(cells, value=f"{float(cells['value']) * 100:.2f}", sd=f"{float(cells['sd']) * 100:.2f}",
                 scale="percent") for cells in series(random.Random(2))]  # fmt: skip
    assert doubts(tmp_path / "clean", *rows, experiments=1) == []
    rows[3]["sd"] = f"{float(rows[3]['sd']) / 100:.4f}"
    rows[6]["value"] = "0.84"
    found = doubts(tmp_path / "slip", *rows, experiments=1)
    assert "5 sd: sd is on the scale of its row, as value is" in found
    assert "8 value: the rows of one metric and source have one scale" in found


def test_an_outlier_stands_alone(tmp_path: Path) -> None:
    rows = series(random.Random(3))
    rows[4]["value"], rows[4]["sd"] = "0.0851", ""
    assert doubts(tmp_path, *rows, experiments=1) == [
        "6 value: a value is near the others of its data set, target, metric and convention"
    ]


def test_two_decimals_lost(tmp_path: Path) -> None:
    rows = series(random.Random(4))
    rows[4]["value"] = "0.86"
    assert doubts(tmp_path, *rows, experiments=1) == [
        "6 value: the values of one source and metric have as many decimals"
    ]


def test_a_block_that_was_copied(tmp_path: Path) -> None:
    block = [row("dice", "0.851"), row("precision", "0.842"), row("recall", "0.861")]
    copied = [dict(cells, experiment_id=E2) for cells in block]
    rule = "value: two experiments of one source do not have the same figures"
    assert doubts(tmp_path / "a", *block, *copied) == [f"5 {rule}", f"6 {rule}", f"7 {rule}"]
    copied[1]["value"] = "0.843"
    assert doubts(tmp_path / "b", *block, *copied) == []


def test_a_row_that_was_copied(tmp_path: Path) -> None:
    rows = (row(value="0.8513", sd="0.0412"), row(value="0.8513", sd="0.0412", experiment_id=E2))
    assert doubts(tmp_path, *rows) == ["3 value: two experiments of one source do not have the same figures"]


def test_studies_that_are_one(tmp_path: Path) -> None:
    studies = [
        {"study_id": "smith-2020", "status": "included", "doi": "10.1000/182"},
        {"study_id": "smith-2020b", "status": "mentioned", "doi": "10.1000/182"},
        {"study_id": "ng-2012", "status": "mentioned", "year": "2021"},
    ]
    facts = [{"study_id": "ng-2012", "attribute": "year", "value": "2021", "source_id": "paper", "locator": "p. 1"}]
    assert doubts(tmp_path, row(), experiments=1, studies=studies, study_facts=facts) == [
        "3 doi: two studies have two dois", "4 year: the year is the one in the id, or next to it",
    ]  # fmt: skip


#: What the two reviews that come with the project raise, row by row, looked at in their sources: nothing is mistyped.
GENUINE = {
    "brain-em": {
        # printed 0.913 beside Dice 0.962, which would give 0.927: both are as printed; the review's own inconsistency
        (42, "value"),
        # ARAND 0.85 of one method on a board whose median is 0.12: as printed, with a VOI to match
        (80, "value"),
    },
    "em-public": {
        # transfers between data sets without labels of the target, beside methods trained on it
        (3, "value"), (4, "value"), (5, "value"),
        # the best and the worst of their boards, as printed
        (661, "value"), (1188, "value"), (1206, "value"), (1456, "value"), (1471, "value"),
        # two configurations carry one figure in the source, as the note says
        (1628, "value"),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", GENUINE)
def test_the_reviews_raise_no_error_and_only_known_doubts(name: str, root: Path) -> None:
    report = check_review(root / "data" / "studies" / name, further=FURTHER)
    assert report.errors == 0
    assert {(problem.row, problem.column) for problem in report.problems} == GENUINE[name]


def test_every_doubt_says_threshold_and_source() -> None:
    assert len({doubt.name for doubt in DOUBTS}) == len(DOUBTS)
    assert all(doubt.about and doubt.source for doubt in DOUBTS)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("85.4 ± 1.2", [85.4, 1.2]), ("n = 1,480", [1480.0]), ("0,85", [0.85]), (".854", [0.854]), ("U-Net3D", []),
     ("1.2e-3", [0.0012]), ("≥ 98%", [98.0]), ("0.81-0.85", [0.81, 0.85])],
)  # fmt: skip
def test_figures_in_a_printed_text(text: str, numbers: list[float]) -> None:
    assert [number for number, _ in figures_in(text)] == numbers


def test_robust_z_of_a_constant_is_zero() -> None:
    import numpy as np

    assert robust_z(np.array([1.0, 1.0, 1.0, 5.0])).tolist() == [0, 0, 0, 0]
    assert robust_z(np.array([1.0, 1.0, 1.0, 5.0]), floor=1.0).tolist() == [0, 0, 0, 4]
