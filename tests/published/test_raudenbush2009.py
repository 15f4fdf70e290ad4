"""Raudenbush 2009, Handbook of Research Synthesis, 2nd ed., ch. 16, teacher expectancy: acceptance case 13."""

from __future__ import annotations

import numpy as np
import pytest

from metareview.stats.synthesis import UnivariateFit, fit
from tests.metadat import metadat_table

pytestmark = pytest.mark.needs_r


def expectancy(**options: object) -> UnivariateFit:
    data = metadat_table("dat.raudenbush1985")
    found = fit(data.assign(weeks=data["weeks"].clip(upper=3)), **options)  # type: ignore[arg-type]
    assert isinstance(found, UnivariateFit)
    return found


def test_case_13() -> None:
    alone, by_weeks = expectancy(test="z"), expectancy(mods="~ weeks", test="z")
    assert (alone.tau2, alone.estimate) == pytest.approx((0.01881828814, 0.08370124188), rel=1e-7)
    assert alone.q == pytest.approx(35.8295, abs=6e-5)
    # printed .3711; tight tolerances give .37099
    assert alone.pi == pytest.approx((-0.2036, 0.3711), abs=1.2e-4)
    blup = alone.blup()["estimate"]
    assert (blup.min(), blup.max()) == pytest.approx((-0.0293, 0.2485), abs=6e-5)
    assert by_weeks.tau2 == 0.0
    np.testing.assert_allclose(by_weeks.beta, [0.4072, -0.1572], atol=6e-5)
    assert by_weeks.q == pytest.approx(16.5708, abs=6e-5)
