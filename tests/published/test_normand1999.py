"""Normand 1999, Stat Med 18:321: hospital stay (acceptance case 20, its SMD and SMDH) and lidocaine, 4th table."""

from __future__ import annotations

import numpy as np
import pytest

from metareview.stats.effects import compute_effects
from tests.metadat import metadat_table

pytestmark = pytest.mark.needs_r


def test_case_20_standardised_differences() -> None:
    data = metadat_table("dat.normand1999")
    smd, smdh = compute_effects("SMD", data), compute_effects("SMDH", data)
    np.testing.assert_allclose(smd["yi"][:3], [-0.3552, -0.3479, -2.3176], atol=6e-5)
    np.testing.assert_allclose(smdh["yi"][:3], [-0.3553, -0.3465, -2.3018], atol=6e-5)
    assert smd["yi"].iloc[0] == pytest.approx(-0.3551696409, rel=1e-9)
    assert smd["vi"].iloc[0] == pytest.approx(0.01306467554, rel=1e-9)
    for code, value in (("CVR", 0.001418658087), ("ROM", -0.3101331929), ("VR", -0.3087145349)):
        assert compute_effects(code, data)["yi"].iloc[0] == pytest.approx(value, rel=1e-8), code
