"""Konstantopoulos 2011 (Res Synth Methods 2:61) and Assink & Wibbelink 2016: acceptance cases 14 and 15.

Tight values from rma.mv of metafor 5.1-12 and clubSandwich.
"""

from __future__ import annotations

import pytest

from metareview.stats.synthesis import MultilevelFit, fit
from metareview.stats.synthesis.covariance import aggregate, block_covariance
from tests.metadat import metadat_table

pytestmark = pytest.mark.needs_r


def schools(**options: object) -> MultilevelFit:
    found = fit(metadat_table("dat.konstantopoulos2011"), random="~ 1 | district/school", **options)  # type: ignore[arg-type]
    assert isinstance(found, MultilevelFit)
    return found


def test_case_14_reml() -> None:
    found = schools(test="z")
    assert found.sigma2 == pytest.approx((0.0650619443, 0.03273651702), rel=1e-6)
    assert (found.estimate, float(found.se[0])) == pytest.approx((0.1847131637, 0.08455591875), rel=1e-7)
    assert found.log_likelihood == pytest.approx(-7.958724034, abs=1e-7)
    prediction = found.predict()
    assert (prediction.pi_low[0], prediction.pi_high[0]) == pytest.approx((-0.4502309701, 0.8196572975), rel=1e-6)
    district, school = (found.interval(name) for name in found.components)
    assert (district.low, district.high) == pytest.approx((0.0222, 0.2072), abs=6e-5)
    assert (school.low, school.high) == pytest.approx((0.0163, 0.0628), abs=6e-5)


def test_case_14_ml_and_robust() -> None:
    ml = schools(method="ML", test="z")
    assert ml.sigma2 == pytest.approx((0.05773835888, 0.03286479186), rel=1e-6)
    assert (ml.estimate, float(ml.se[0])) == pytest.approx((0.1845, 0.0805), abs=6e-5)
    prediction = ml.predict()
    assert (prediction.pi_low[0], prediction.pi_high[0]) == pytest.approx((-0.4262, 0.7951), abs=6e-5)
    cr2 = schools(cluster="district")
    assert float(cr2.se[0]) == pytest.approx(0.08445799544, rel=1e-7)
    assert cr2.df[0] == pytest.approx(9.863156233, rel=1e-7)


def test_case_15() -> None:
    data = metadat_table("dat.assink2016")
    V = block_covariance(data["vi"], data["study"], 0.6)
    found = fit(data, V=V, random="~ 1 | study/esid", test="z")
    assert isinstance(found, MultilevelFit)
    assert found.sigma2 == pytest.approx((0.08073298813, 0.1545432058), rel=1e-6)
    assert (found.estimate, float(found.se[0])) == pytest.approx((0.3677548857, 0.09653181974), rel=1e-7)
    cr2 = fit(data, V=V, random="~ 1 | study/esid", cluster="study")
    assert float(cr2.se[0]) == pytest.approx(0.09697201803, rel=1e-7)
    assert cr2.df[0] == pytest.approx(14.53333758, rel=1e-7)
    assert aggregate(data["yi"], V, data["study"])[0][:3] == pytest.approx([0.162877, 0.406036, 1.079003], abs=6e-7)
