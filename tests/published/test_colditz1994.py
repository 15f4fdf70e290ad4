"""BCG vaccine trials (Colditz et al. 1994; Viechtbauer 2010, J Stat Softw 36:3): acceptance cases 1 to 7.

Published values to four decimals; tight values from metafor 5.1-12 with tolerances of 1e-14.
"""

from __future__ import annotations

import numpy as np
import pytest

from metareview.stats.effects import compute_effects
from metareview.stats.synthesis import UnivariateFit, fit
from metareview.stats.synthesis.deletion import influence
from metareview.stats.synthesis.two_by_two import mantel_haenszel, peto
from tests.published.trials import BCG

EFFECTS = compute_effects("RR", BCG)
TIGHT = 1e-7


def bcg(**options: object) -> UnivariateFit:
    found = fit(EFFECTS, **options)  # type: ignore[arg-type]
    assert isinstance(found, UnivariateFit)
    return found


def test_case_1_equal_effects_and_dersimonian_laird() -> None:
    equal, dl = bcg(method="EE"), bcg(method="DL", test="z")
    assert (equal.estimate, float(equal.se[0])) == pytest.approx((-0.4302851637, 0.04049875171), rel=TIGHT)
    assert (equal.ci_low, equal.ci_high, equal.q) == pytest.approx((-0.5097, -0.3509, 152.2330), abs=6e-5)
    assert (dl.tau2, float(dl.se[0])) == pytest.approx((0.3087602629, 0.1787420895), rel=TIGHT)
    assert dl.estimate == pytest.approx(-0.7141, abs=6e-5)
    assert dl.i2_q == pytest.approx(0.921173, abs=6e-7)


@pytest.mark.parametrize(("method", "tau2"), [
    ("HE", 0.328563858), ("HS", 0.2283628637), ("HSk", 0.2491699303), ("SJ", 0.3455157016), ("ML", 0.2800281373),
    ("REML", 0.3132432581), ("EB", 0.3180684522), ("PM", 0.3180684522), ("PMM", 0.3433879069),
])  # fmt: skip
@pytest.mark.parametrize("s", [1.0, 0.01, 1e-6])
def test_case_2_estimators_on_any_scale(method: str, tau2: float, s: float) -> None:
    found = fit(s * EFFECTS["yi"], s * s * EFFECTS["vi"], method=method)
    assert isinstance(found, UnivariateFit)
    assert found.tau2 == pytest.approx(tau2 * s * s, rel=TIGHT)


def test_case_3_knapp_hartung() -> None:
    plain, scaled = bcg(test="z"), bcg(test="knha")
    assert (plain.estimate, float(plain.se[0])) == pytest.approx((-0.7145323422, 0.1797815161), rel=TIGHT)
    (row,) = scaled.coefficients
    assert (row.se, row.statistic, row.pvalue) == pytest.approx((0.1807917441, -3.952239887, 0.001920015096), rel=TIGHT)
    assert (row.ci_low, row.ci_high) == pytest.approx((-1.108443714, -0.3206209706), rel=TIGHT)
    assert (plain.log_likelihood, plain.i2) == pytest.approx((-12.20237142, 0.9222138452), rel=TIGHT)


def test_case_3_robust() -> None:
    """Variance .032106 with m/(m - p); CR2 .03229357 with 11.04125 degrees of freedom."""
    ids = np.arange(13)
    cr1p, cr2 = bcg(cluster=ids, vcov="CR1p"), bcg(cluster=ids)
    assert float(cr1p.cov[0, 0]) == pytest.approx(0.032106, abs=6e-7)
    assert float(cr2.cov[0, 0]) == pytest.approx(0.03229357, rel=TIGHT)
    assert cr2.df[0] == pytest.approx(11.04125, rel=1e-6)


@pytest.mark.parametrize("s", [1.0, 0.01, 0.001])
def test_case_4_intervals_on_any_scale(s: float) -> None:
    """metafor with its defaults at s = 0.01: 0.807 to 0.926; the truth is 0.120 to 1.111."""
    found = fit(s * EFFECTS["yi"], s * s * EFFECTS["vi"], test="z")
    assert isinstance(found, UnivariateFit)
    qp, pl = found.tau2_interval("QP"), found.tau2_interval("PL")
    assert qp.low is not None
    assert qp.high is not None
    assert pl.low is not None
    assert pl.high is not None
    values = np.array([qp.low, qp.high, pl.low, pl.high]) / s**2
    np.testing.assert_allclose(values, [0.1197183611, 1.111479084, 0.1152661057, 0.9646953265], rtol=TIGHT)


def test_case_4_prediction_and_i2_interval() -> None:
    assert bcg(test="z").pi == pytest.approx((-1.866692218, 0.4376275336), rel=TIGHT)
    assert bcg(test="knha").pi == pytest.approx((-1.996016834, 0.5669521499), rel=TIGHT)
    low, high = bcg().i2_ci
    # printed .819177: metafor's default tolerance shows in the fifth digit
    assert (low, high) == pytest.approx((0.819177, 0.976781), abs=5e-5)


def test_case_5_moderators() -> None:
    found = bcg(mods="~ ablat + year", test="z")
    np.testing.assert_allclose(found.beta, [-3.54535303, -0.02801132944, 0.001907480447], rtol=TIGHT)
    assert found.omnibus is not None
    assert (found.tau2, found.omnibus.statistic, found.q) == pytest.approx(
        (0.1107846969, 12.20448688, 28.32514366), rel=TIGHT
    )
    assert found.r2 == pytest.approx(0.6463301474, rel=TIGHT)
    alloc = bcg(mods="~ alloc", test="z").omnibus
    assert alloc is not None
    assert (alloc.statistic, alloc.pvalue) == pytest.approx((1.767511402, 0.4132280328), rel=TIGHT)


def test_case_5_robust_moderators() -> None:
    """Standard errors 23.91, .00786, .01208; HTZ F = 6.709 with 2 and 2.528 degrees of freedom, p = .0975."""
    one = bcg(mods="~ ablat + year", cluster=np.arange(13), vcov="CR1p")
    np.testing.assert_allclose(one.se, [23.91, 0.00786, 0.01208], rtol=5e-4)
    two = bcg(mods="~ ablat + year", cluster=np.arange(13))
    np.testing.assert_allclose(np.array(two.df, dtype=float), [2.72, 2.11, 2.75], atol=6e-3)
    assert two.omnibus is not None
    assert (two.omnibus.statistic, two.omnibus.ddf, two.omnibus.pvalue) == pytest.approx(
        (6.709, 2.528, 0.0975), abs=6e-4
    )


def test_case_6_satterthwaite_and_influence() -> None:
    found = bcg(mods="~ ablat", cluster=np.arange(13))
    np.testing.assert_allclose(found.se, [0.1914671846, 0.005365097988], rtol=1e-8)
    np.testing.assert_allclose(np.array(found.df, dtype=float), [3.705197901, 5.212795694], rtol=1e-8)
    table = influence(bcg(mods="~ ablat", test="z"))
    np.testing.assert_allclose(table["hat"][:4], [0.049, 0.1493, 0.0351, 0.3481], atol=6e-5)
    np.testing.assert_allclose(table["cook_d"][:4], [0.0048, 0.0489, 0.0104, 0.2495], atol=6e-5)


def test_case_7_mantel_haenszel_and_peto() -> None:
    cells = [BCG[name] for name in ("ai", "bi", "ci", "di")]
    mh, yusuf = mantel_haenszel("RR", *cells), peto(*cells)
    assert (mh.estimate, float(mh.se[0]), mh.q) == pytest.approx((-0.4537096047, 0.03933736687, 152.5675536), rel=TIGHT)
    assert (yusuf.estimate, float(yusuf.se[0])) == pytest.approx((-0.4744463109, 0.04065908074), rel=TIGHT)
    assert np.exp([mh.estimate, mh.ci_low, mh.ci_high]) == pytest.approx([0.6353, 0.5881, 0.6862], abs=6e-5)
    assert np.exp([yusuf.estimate, yusuf.ci_low, yusuf.ci_high]) == pytest.approx([0.6222, 0.5746, 0.6738], abs=6e-5)
