"""Derived numbers are computed again; each formula against a number worked by hand or published."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_workbook import write_review

from metareview.curation.derivations import FORMULAS, check_derivations, derive, parse_inputs
from metareview.errors import InputError
from metareview.ingest import check_review
from metareview.schema.derivation import Formula

#: (34.2 - 30.0)/3.92 * sqrt(25), by hand (Cochrane Handbook, section 6.5.2, for the formula).
BY_HAND = 5.357


@pytest.mark.parametrize(
    ("formula", "inputs", "value"),
    [
        ("sd-from-se", {"se": 0.2, "n": 25}, 1.0),
        ("se-from-sd", {"sd": 1.0, "n": 25}, 0.2),
        ("sd-from-ci", {"low": 30.0, "high": 34.2, "n": 25}, BY_HAND),
        ("se-from-ci", {"low": 30.0, "high": 34.2}, 1.0714),
        ("se-from-ci", {"low": -2.776445, "high": 2.776445, "df": 4}, 1.0),
        ("sd-from-population-sd", {"sd": 1.0, "n": 3}, 1.2247),
        ("mean-from-quantiles", {"median": 10, "q1": 8, "q3": 12, "n": 50}, 10.0),
        ("sd-from-quantiles", {"median": 10, "q1": 8, "q3": 12, "n": 50}, 3.053),
        ("figure-linear", {"at": 157, "p1": 400, "v1": 0, "p2": 100, "v2": 1}, 0.81),
        ("figure-log", {"at": 50, "p1": 0, "v1": 1, "p2": 100, "v2": 100}, 10.0),
    ],
)
def test_formulas(formula: str, inputs: dict[str, float], value: float) -> None:
    assert derive(formula, inputs) == pytest.approx(value, abs=6e-4)


@given(st.floats(0.001, 1000), st.integers(2, 10_000))
def test_sd_and_se_are_inverse(sd: float, n: int) -> None:
    assert derive("sd-from-se", {"se": derive("se-from-sd", {"sd": sd, "n": n}), "n": n}) == pytest.approx(sd)


@given(st.floats(-100, 100), st.floats(0.1, 50))
def test_a_reading_at_a_tick_is_its_value(value: float, step: float) -> None:
    ticks = {"p1": 0.0, "v1": value, "p2": step, "v2": value + 1}
    assert derive("figure-linear", {"at": 0.0, **ticks}) == pytest.approx(value)
    assert derive("figure-linear", {"at": step, **ticks}) == pytest.approx(value + 1)


def test_the_schema_names_every_formula() -> None:
    assert set(Formula.__args__) == set(FORMULAS)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("formula", "text", "message"),
    [
        ("sd-from-ci", "low=1; high=2", "sd-from-ci needs n"),
        ("sd-from-ci", "low=1; high=2; n=20; lvel=0.9", "has no input lvel; did you mean 'level'"),
        ("sd-from-se", "se=1; n=0", "n is above 0"),
        ("sd-from-se", "se 1", "'se 1' is not name=value"),
        ("sd-from-se", "se=1; se=2", "'se=2' stands twice"),
        ("sd-from-se", "se=about 1; n=2", "a cell holds one number, without a sign of comparison"),
        ("se-from-ci", "low=2; high=1", "interval with low above high"),
        ("figure-linear", "at=1; p1=2; v1=0; p2=2; v2=1", "two calibration points have one position"),
        ("figure-log", "at=1; p1=1; v1=0; p2=2; v2=1", "a logarithmic axis has values above 0"),
        ("mean-from-quantiles", "median=1; n=20", "need the range"),
    ],
)
def test_inputs_that_do_not_fit(formula: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        derive(formula, parse_inputs(text))


ROW = {
    "derivation_id": "d1", "experiment_id": "smith-2020.unet", "metric": "dice", "column": "sd",
    "formula": "sd-from-ci", "inputs": "low=84.0; high=86.0; n=25", "derived": "2.55", "source_id": "paper",
    "locator": "p. 3",
}  # fmt: skip
RESULT = {"value": "85.0", "sd": "2.55", "scale": "percent", "printed": "85.0"}


def found(tmp_path: Path, row: dict[str, str], result: dict[str, str]) -> list[str]:
    review = write_review(tmp_path / "r", {**RESULT, **result}, derivations=[{**ROW, **row}])
    return [str(problem) for problem in check_review(review, further=(check_derivations,)).problems]


def test_a_derivation_that_holds(tmp_path: Path) -> None:
    assert found(tmp_path, {}, {}) == []


@pytest.mark.parametrize(
    ("row", "result", "message"),
    [
        ({"derived": "2.65"}, {"sd": "2.65"}, "found '2.65'; the derived number follows from formula and inputs; it "
         "comes to 2.55107; correct the number or the inputs"),
        ({"inputs": "low=84.0; high=86.0"}, {}, "as name=value; name=value; sd-from-ci needs n"),
        ({}, {"sd": "2.45"}, "stands in column sd of its result; results holds 2.45 there; write 2.55"),
        ({"metric": "f1"}, {}, "a derivation belongs to a result: experiment, metric, convention and unit are"),
        ({"formula": "sd-from-cl"}, {}, "did you mean 'sd-from-ci'?"),
    ],
)  # fmt: skip
def test_a_derivation_that_does_not(row: dict[str, str], result: dict[str, str], message: str, tmp_path: Path) -> None:
    (said,) = found(tmp_path, row, result)
    assert message in said


def test_the_example_of_the_instructions_holds() -> None:
    value = derive("sd-from-ci", parse_inputs("low=85.2; high=85.6; n=200"))
    assert math.isclose(value, 1.443, abs_tol=5e-4)
