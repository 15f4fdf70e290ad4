"""Every estimator and interval against metafor 5.x with tight tolerances, on 42 published data sets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from metareview.stats.synthesis import UnivariateFit, fit
from tests.metadat import metadat_sets

ROOT = Path(__file__).parents[2]
REFERENCE = json.loads((ROOT / "validation" / "univariate.json").read_text(encoding="utf-8"))
CLOSED = {"EE": 1e-12, "DL": 1e-10, "HE": 1e-10, "HS": 1e-10, "HSk": 1e-10, "SJ": 1e-10}

pytestmark = pytest.mark.needs_r


def univariate(*args: object, **kwargs: object) -> UnivariateFit:
    found = fit(*args, **kwargs)  # type: ignore[arg-type]
    assert isinstance(found, UnivariateFit)
    return found


def test_forty_sets_and_a_current_metafor() -> None:
    assert len(REFERENCE["sets"]) >= 40
    assert REFERENCE["versions"]["metafor"].startswith("5.")


@pytest.mark.parametrize("name", sorted(REFERENCE["sets"]))
def test_estimators(name: str) -> None:
    expected, data = REFERENCE["sets"][name], metadat_sets()[name]
    y, v = data["yi"], data["vi"]
    np.testing.assert_allclose([y.sum(), v.sum()], [expected["sum_yi"], expected["sum_vi"]], rtol=1e-10, atol=1e-12)
    size = float(np.median(v))
    for method, values in expected.items():
        if method in ("k", "sum_yi", "sum_vi", "tau2_ci"):
            continue
        model, scaled = univariate(y, v, method=method, test="z"), univariate(y, v, method=method, test="knha")
        rtol = CLOSED.get(method, 1e-9)
        if values["tau2"] is not None:
            assert model.tau2 == pytest.approx(values["tau2"], rel=rtol, abs=1e-9 * size), (method, "tau2")
        assert model.estimate == pytest.approx(values["estimate"], rel=1e-9, abs=1e-9 * values["se"]), method
        assert model.se[0] == pytest.approx(values["se"], rel=1e-9), method
        assert scaled.se[0] == pytest.approx(values["se_knha"], rel=1e-9), method
        assert model.q == pytest.approx(values["q"], rel=1e-10), method
        assert model.log_likelihood == pytest.approx(values["log_likelihood"], abs=1e-8), method
        for key in ("tau2_se", "i2", "h2"):
            if values[key] is not None and model.random:
                assert getattr(model, key) == pytest.approx(values[key], rel=1e-8, abs=1e-9 * size), (method, key)


@pytest.mark.parametrize("name", sorted(REFERENCE["sets"]))
def test_intervals_of_tau2(name: str) -> None:
    data, expected = metadat_sets()[name], REFERENCE["sets"][name]["tau2_ci"]
    model, size = univariate(data["yi"], data["vi"]), float(np.median(data["vi"]))
    for method in ("QP", "PL"):
        found = model.tau2_interval(method)
        for bound, value in zip((found.low, found.high), (expected or {}).get(method) or (None, None), strict=True):
            if value is not None and bound is not None:
                assert bound == pytest.approx(value, rel=1e-8, abs=1e-8 * size), method
