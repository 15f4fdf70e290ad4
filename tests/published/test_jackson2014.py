"""Jackson et al. 2014, BMC Med Res Methodol 14:103, example 1: acceptance case 12, its Paule-Mandel (Q-profile) part.

The intervals from generalised Q statistics are not covered.
"""

from __future__ import annotations

import pytest

from metareview.stats.synthesis import UnivariateFit, fit

Y = [0.0267, 0.8242, 0.3930, 2.4405, 2.1401, 1.2528, 2.4849, 0.3087, 1.4246, 0.1823, 1.1378, 1.2321, 2.0695, 4.0237,
     1.4383, 1.6021]  # fmt: skip
V = [0.1285, 0.0315, 0.0931, 2.0967, 1.0539, 0.1602, 1.0235, 0.0218, 0.5277, 0.0556, 0.3304, 0.1721, 0.4901, 2.0200,
     0.3399, 0.1830]  # fmt: skip


def test_case_12_q_profile_with_a_moderator() -> None:
    found = fit(Y, V, mods=[0.0] * 10 + [1.0] * 6, method="PM")
    assert isinstance(found, UnivariateFit)
    interval = found.tau2_interval("QP")
    assert (interval.low, interval.high) == pytest.approx((0.0023, 1.4871), abs=6e-5)
