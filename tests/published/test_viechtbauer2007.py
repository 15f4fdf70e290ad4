"""Viechtbauer 2007, Stat Med 26:37, diuretics in pregnancy (Collins et al. 1985): acceptance case 11.

The parametric bootstrap and Sidik-Jonkman intervals of the paper are not covered.
"""

from __future__ import annotations

import pytest

from metareview.stats.effects import compute_effects
from metareview.stats.synthesis import UnivariateFit, fit
from tests.metadat import metadat_table

pytestmark = pytest.mark.needs_r


def diuretics(method: str) -> UnivariateFit:
    table = metadat_table("dat.collins1985b")
    names = {"ai": "pre.xti", "n1i": "pre.nti", "ci": "pre.xci", "n2i": "pre.nci"}
    found = fit(compute_effects("OR", table, **names), method=method, test="z")
    assert isinstance(found, UnivariateFit)
    return found


def test_case_11_estimates() -> None:
    values = [diuretics(method).tau2 for method in ("DL", "ML", "REML", "SJ")]
    assert values == pytest.approx([0.2297, 0.2386, 0.3008, 0.4563], abs=6e-5)


@pytest.mark.parametrize(("method", "kind", "low", "high"), [
    ("DL", "QP", 0.0723, 2.2027), ("ML", "PL", 0.0266, 1.1308), ("REML", "PL", 0.0427, 1.4747),
    ("ML", "Wald", 0.0, 0.5782),
])  # fmt: skip
def test_case_11_intervals(method: str, kind: str, low: float, high: float) -> None:
    found = diuretics(method).tau2_interval(kind)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)
