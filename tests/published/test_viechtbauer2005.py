"""Viechtbauer 2005, J Educ Behav Stat 30:261, pp. 271 and 272: acceptance case 10."""

from __future__ import annotations

import pytest

from metareview.stats.synthesis import UnivariateFit, fit

Y1 = [-0.581, 0.530, 0.771, 1.031, 0.553, 0.295, 0.078, 0.573, -0.176, -0.232]
V1 = [0.023, 0.052, 0.060, 0.115, 0.095, 0.203, 0.200, 0.211, 0.051, 0.040]
Y2 = [0.100, -0.162, -0.090, -0.049, -0.046, -0.010, -0.431, -0.261, 0.134, 0.019, 0.175, 0.056, 0.045, 0.103, 0.121,
      -0.482, 0.290, 0.342]  # fmt: skip
V2 = [0.016, 0.015, 0.050, 0.050, 0.032, 0.052, 0.036, 0.024, 0.034, 0.033, 0.031, 0.034, 0.039, 0.167, 0.134, 0.096,
      0.016, 0.035]  # fmt: skip


@pytest.mark.parametrize(("method", "tau2", "se", "i2"), [
    ("HS", 0.2282, 0.1328, 77.2284), ("HE", 0.1484, 0.1234, 68.7988), ("DL", 0.2768, 0.1841, 80.4447),
    ("ML", 0.1967, 0.1255, 74.5098), ("REML", 0.2232, 0.1464, 76.8399), ("EB", 0.1920, 0.1330, 74.0511),
    ("SJ", 0.1992, 0.0979, 74.7545),
])  # fmt: skip
def test_case_10_example_1(method: str, tau2: float, se: float, i2: float) -> None:
    found = fit(Y1, V1, method=method)
    assert isinstance(found, UnivariateFit)
    assert (found.tau2, found.tau2_se) == pytest.approx((tau2, se), abs=6e-5)
    assert found.i2 == pytest.approx(i2 / 100, abs=6e-6)


@pytest.mark.parametrize(("method", "tau2"), [("HE", 0.0), ("DL", 0.0126), ("REML", 0.0157), ("SJ", 0.0248)])
def test_case_10_example_2(method: str, tau2: float) -> None:
    found = fit(Y2, V2, method=method)
    assert isinstance(found, UnivariateFit)
    assert found.tau2 == pytest.approx(tau2, abs=6e-5)
    assert found.diagnostics["at_boundary"] is (method == "HE")
