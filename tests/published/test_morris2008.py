"""Morris 2008, Organ Res Methods 11:364: five training studies, treated group (acceptance case 20, its SMCR)."""

from __future__ import annotations

import numpy as np

from metareview.stats.effects import compute_effects


def test_standardised_mean_changes() -> None:
    found = compute_effects(
        "SMCR", m1i=[38.5, 26.8, 0.7, 75.9, 36.0], m2i=[30.6, 23.5, 0.5, 53.4, 35.6], sd1i=[15.0, 3.1, 0.1, 14.5, 4.7],
        ni=[20, 50, 9, 10, 14], ri=[0.47, 0.64, 0.77, 0.89, 0.44],
    )  # fmt: skip
    np.testing.assert_allclose(found["yi"], [0.5056, 1.0481, 1.8054, 1.4181, 0.0801], atol=6e-5)
