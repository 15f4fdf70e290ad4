"""Multilevel models and robust covariances against rma.mv (metafor 5.x) and clubSandwich, on simulated data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metareview.stats.synthesis import MultilevelFit, fit
from metareview.stats.synthesis.covariance import block_covariance

ROOT = Path(__file__).parents[2]
REFERENCE = json.loads((ROOT / "validation" / "multilevel.json").read_text(encoding="utf-8"))
CASES = REFERENCE["cases"]
RANDOM: dict[str, Any] = {
    "nested": "~ 1 | study/row", "study_only": "~ 1 | study", "moderator": "~ 1 | study/row",
    "correlated": "~ 1 | study/row", "crossed": ["~ 1 | study", "~ 1 | dataset", "~ 1 | row"],
    "crossed_known": ["~ 1 | study", "~ 1 | dataset", "~ 1 | row"],
}  # fmt: skip


def table(case: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame({key: case[key] for key in ("yi", "vi", "x", "study", "dataset")})
    return frame.assign(row=range(len(frame)))


def fitted(case: dict[str, Any], **options: Any) -> MultilevelFit:
    data = table(case)
    known = None if case["rho"] is None else block_covariance(data["vi"], data["study"], case["rho"])
    mods = None if case["mods"] == "~ 1" else case["mods"]
    found = fit(data, V=known, random=RANDOM[case["name"]], mods=mods, method=case["method"], test="z", **options)
    assert isinstance(found, MultilevelFit)
    return found


def name(case: dict[str, Any]) -> str:
    return f"{case['name']}-{case['method']}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_components(case: dict[str, Any]) -> None:
    found = fitted(case)
    np.testing.assert_allclose(found.sigma2, case["sigma2"], rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(found.beta, case["beta"], rtol=1e-7)
    np.testing.assert_allclose(found.se, case["se"], rtol=1e-7)
    decrement = found.diagnostics["decrement"]
    assert isinstance(decrement, float)
    assert decrement < 1e-12
    assert found.log_likelihood >= case["log_likelihood"] - 1e-9
    assert found.log_likelihood == pytest.approx(case["log_likelihood"], abs=1e-7)
    assert found.q == pytest.approx(case["q"], rel=1e-9)


@pytest.mark.parametrize("case", [c for c in CASES if c["ci"]], ids=name)
def test_profile_intervals(case: dict[str, Any]) -> None:
    found = fitted(case)
    for component, expected in zip(found.components, case["ci"], strict=True):
        interval = found.interval(component)
        for bound, value in zip((interval.low, interval.high), expected, strict=True):
            if value is not None:  # confint could not find the others
                assert bound == pytest.approx(value, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("case", [c for c in CASES if c["robust"]], ids=name)
def test_robust(case: dict[str, Any]) -> None:
    for kind, expected in case["robust"].items():
        found = fitted(case, cluster="study", vcov=kind)
        np.testing.assert_allclose(found.se, expected["se"], rtol=1e-8, err_msg=kind)
        np.testing.assert_allclose(found.df, expected["df"], rtol=1e-8, err_msg=kind)
