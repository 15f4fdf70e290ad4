"""Berkey et al. 1995, Stat Med 14:395, p. 408: acceptance case 8, empirical Bayes with smoothed variances."""

from __future__ import annotations

import numpy as np
import pytest

from metareview.stats.effects import compute_effects
from metareview.stats.synthesis import UnivariateFit, fit
from tests.published.trials import BCG


def test_case_8() -> None:
    treated, control = BCG["ai"] + BCG["bi"], BCG["ci"] + BCG["di"]
    smooth = (BCG["bi"] / BCG["ai"]).sum() / (13 * treated) + (BCG["di"] / BCG["ci"]).sum() / (13 * control)
    data = compute_effects("RR", BCG).assign(vi=smooth, lat=BCG["ablat"] - 33.46)
    alone, with_latitude = fit(data, method="EB", test="z"), fit(data, method="EB", mods="~ lat", test="z")
    assert isinstance(alone, UnivariateFit)
    assert isinstance(with_latitude, UnivariateFit)
    assert (alone.estimate, float(alone.se[0]), alone.tau2) == pytest.approx((-0.5429, 0.1842, 0.2682), abs=6e-5)
    np.testing.assert_allclose(with_latitude.beta, [-0.6303, -0.0268], atol=6e-5)
    np.testing.assert_allclose(with_latitude.se, [0.1591, 0.0110], atol=6e-5)
    assert with_latitude.tau2 == pytest.approx(0.1572, abs=6e-5)
    assert with_latitude.r2 == pytest.approx(0.413844, abs=6e-6)
    fixed = fit(data, method="FE", mods="~ lat")
    np.testing.assert_allclose(fixed.beta, [-0.5949, -0.0282], atol=6e-5)
    np.testing.assert_allclose(fixed.se, [0.0696, 0.0040], atol=6e-5)
