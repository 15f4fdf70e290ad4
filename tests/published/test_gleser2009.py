"""Gleser & Olkin 2009, Handbook of Research Synthesis, 2nd ed., ch. 19, pp. 360-362: several arms, one control."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from metareview.stats.effects import compute_effects
from metareview.stats.synthesis import MultilevelFit, fit
from metareview.stats.synthesis.covariance import shared_control_covariance

ARMS = pd.DataFrame({
    "study": [1, 1, 2, 3, 3, 3], "trt": ["1", "2", "1", "1", "2", "3"], "ai": [40, 40, 10, 150, 150, 150],
    "n1i": [1000, 1000, 200, 2000, 2000, 2000], "ci": [100, 150, 15, 40, 80, 50],
    "n2i": [4000, 4000, 400, 1000, 1000, 1000],
})  # fmt: skip


def test_risk_differences() -> None:
    data = compute_effects("RD", ARMS)
    np.testing.assert_allclose(data["yi"], [0.0150, 0.0025, 0.0125, 0.0350, -0.0050, 0.0250], atol=1e-10)
    p = data["ai"] / data["n1i"]
    V = shared_control_covariance(data["vi"], data["study"], p * (1 - p) / data["n1i"])
    found = fit(data, V=V, mods="~ 0 + trt", test="z")
    assert isinstance(found, MultilevelFit)
    np.testing.assert_allclose(found.beta, [0.0200, 0.0043, 0.0211], atol=6e-5)
    expected = [[24.612, 19.954, 13.323], [19.954, 28.538, 13.255], [13.323, 13.255, 69.806]]
    np.testing.assert_allclose(found.cov * 1e6, expected, atol=6e-4)
    assert found.q == pytest.approx(7.1907, abs=6e-5)
