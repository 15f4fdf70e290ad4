"""Equal to krippendorff, irrCAC, scikit-learn, statsmodels and pingouin (validation/agreement.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metareview.stats.agreement import Ratings, agreement
from metareview.stats.agreement.alpha import krippendorff_alpha
from metareview.stats.agreement.icc import FORMS, icc, icc_interval, mean_squares
from metareview.stats.agreement.many_raters import brennan_prediger, fleiss_kappa, gwet_ac, unit_se
from metareview.stats.agreement.two_raters import cohen_kappa, cohen_kappa_se
from metareview.stats.agreement.weights import weights_for

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent.parent / "validation" / "agreement.json").read_text(encoding="utf-8")
)["cases"]
NEAR = {"rel": 1e-10, "abs": 1e-10}


def ratings(case: str) -> Ratings:
    return Ratings.of(CASES[case]["ratings"], categories=CASES[case]["categories"])


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
@pytest.mark.parametrize("case", CASES)
def test_alpha(case: str, scale: str) -> None:
    value, _ = krippendorff_alpha(ratings(case).counts(), scale, CASES[case]["categories"])  # type: ignore[arg-type]
    assert value == pytest.approx(CASES[case]["alpha"][scale], **NEAR)


@pytest.mark.parametrize("case", CASES)
def test_alpha_standard_error(case: str) -> None:
    """irrCAC's weights ``identity`` and ``quadratic`` are the nominal and the interval scale."""
    for scale, weights in (("nominal", "identity"), ("interval", "quadratic")):
        value, units = krippendorff_alpha(ratings(case).counts(), scale, CASES[case]["categories"])  # type: ignore[arg-type]
        expected, se, *_ = CASES[case]["irrCAC"][weights]["krippendorff"]
        assert (value, unit_se(units)) == (pytest.approx(expected, **NEAR), pytest.approx(se, **NEAR))


@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic"])
@pytest.mark.parametrize("case", CASES)
def test_many_raters(case: str, weights: str) -> None:
    counts, w = ratings(case).counts(), weights_for(weights, CASES[case]["categories"])  # type: ignore[arg-type]
    for name, formula in (("fleiss", fleiss_kappa), ("gwet", gwet_ac), ("bp", brennan_prediger)):
        value, units = formula(counts, w)
        expected, se, *_ = CASES[case]["irrCAC"][weights][name]
        assert value == pytest.approx(expected, **NEAR), name
        assert unit_se(units) == pytest.approx(se, **NEAR), name


def test_limits_of_a_report() -> None:
    found = agreement(ratings("five raters, missing"))
    for name, label in (("fleiss_kappa", "fleiss"), ("gwet_ac1", "gwet"), ("krippendorff_alpha", "krippendorff")):
        _, _, low, high = CASES["five raters, missing"]["irrCAC"]["identity"][label]
        row = found.get(name)
        assert (row.ci_low, row.ci_high) == (pytest.approx(low, **NEAR), pytest.approx(high, **NEAR))


@pytest.mark.parametrize("case", [case for case in CASES if "kappa" in CASES[case]])
def test_kappa(case: str) -> None:
    table, q = ratings(case).confusion(), len(CASES[case]["categories"])
    for name, (value, se) in CASES[case]["kappa"].items():
        w = None if name == "none" else weights_for(name, range(q))  # type: ignore[arg-type]
        assert cohen_kappa(table, w) == pytest.approx(value, **NEAR)
        assert cohen_kappa_se(table, w) == pytest.approx(se, **NEAR)


@pytest.mark.parametrize("case", [case for case in CASES if "icc" in CASES[case]])
def test_icc(case: str) -> None:
    squares = mean_squares(np.array(CASES[case]["ratings"], dtype=float))
    for form in FORMS:
        value, low, high = CASES[case]["icc"][form]
        assert icc(squares, form) == pytest.approx(value, **NEAR)
        assert icc_interval(squares, form) == pytest.approx((low, high), abs=0.0051)  # pingouin prints two digits
