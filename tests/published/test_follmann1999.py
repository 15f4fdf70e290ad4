"""Follmann & Proschan 1999, Biometrics 55:732, table 1: the permutation test of acceptance case 19."""

from __future__ import annotations

import numpy as np
import pytest

from metareview.stats.effects import compute_effects
from metareview.stats.synthesis import UnivariateFit, fit
from metareview.stats.synthesis.resampling import permutation_test


def test_case_19_exact_permutation() -> None:
    data = compute_effects(
        "PETO", ai=[173, 157, 131, 56, 52, 36, 62, 2], n1i=[5331, 1906, 4541, 2051, 424, 1149, 6582, 88],
        ci=[210, 193, 121, 84, 65, 42, 20, 2], n2i=[5296, 1900, 4516, 2030, 422, 1129, 1663, 30],
    )  # fmt: skip
    model = fit(data, method="DL", test="z")
    assert isinstance(model, UnivariateFit)
    found = permutation_test(model, rng=np.random.default_rng(0), statistic="estimate")
    assert found.exact
    assert found.pvalues[0] == pytest.approx(10 / 256)
