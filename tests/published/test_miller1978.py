"""Miller 1978, Am Stat 32:138: the double arcsine of acceptance case 20."""

from __future__ import annotations

import numpy as np

from metareview.stats.effects import compute_effects


def test_case_20_double_arcsine() -> None:
    """Miller 1978: x = 3, 6, 10, 1 of n = 11, 17, 21, 6; twice the half-sums are 1.1391, 1.2888, 1.5253, .9515."""
    found = compute_effects("PFT", xi=[3, 6, 10, 1], ni=[11, 17, 21, 6])
    np.testing.assert_allclose(2 * found["yi"], [1.1391, 1.2888, 1.5253, 0.9515], atol=6e-5)
