"""Effect sizes against published numbers, and their laws."""

from __future__ import annotations

from math import gamma, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from metareview.errors import NotEstimable
from metareview.stats.benchmark.effect_sizes import (
    cliff_delta,
    cohen_d,
    eta_squared,
    hedges_correction,
    hedges_g,
    noncentral_f_interval,
    noncentral_t_interval,
    omega_squared,
)

SAMPLES = st.lists(st.integers(0, 100), min_size=2, max_size=8).map(lambda x: np.array(x, dtype=float))


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("df", "j"),
    [(2, 0.5642), (3, 0.7236), (4, 0.7979), (5, 0.8408), (6, 0.8686), (7, 0.8882), (10, 0.9228), (50, 0.9849)],
)
def test_correction_as_tabled(df: int, j: float) -> None:
    """Hedges 1981, Table 1 (its fourth digit is up to one unit off the gamma functions)."""
    assert_allclose(hedges_correction(df), j, atol=1.01e-4)


@given(st.integers(2, 150))
def test_correction_is_the_ratio_of_gammas(df: int) -> None:
    assert_allclose(hedges_correction(df), gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2)), rtol=1e-10)
    assert hedges_correction(df) < hedges_correction(df + 1) < 1


def test_correction_needs_two_degrees_of_freedom() -> None:
    with pytest.raises(NotEstimable, match="needs 2 degrees of freedom; there is 1"):
        hedges_correction(1)


def test_d_from_summary_statistics() -> None:
    """recalc's worked case: means 10.3 and 8.7, SD 3.1 and 2.8, n 50 and 48 give d = .5411, t = 2.678."""

    def sample(mean: float, sd: float, n: int) -> np.ndarray:
        z = np.linspace(-1, 1, n)
        return mean + sd * (z - z.mean()) / z.std(ddof=1)

    found = cohen_d(sample(10.3, 3.1, 50), sample(8.7, 2.8, 48))
    assert_allclose(found.value, 0.5411, atol=5e-5)
    assert_allclose(found.value / sqrt(1 / 50 + 1 / 48), 2.678, atol=5e-4)
    assert found.ci_low < found.value < found.ci_high


def test_noncentral_limits_as_published() -> None:
    """MBESS conf.limits.nct(1.5, 98): -0.474934, 3.467371; Smithson's lof and hif for F(4, 75) = 3.5."""
    assert_allclose(noncentral_t_interval(1.5, 98), [-0.474934, 3.467371], atol=2e-6)
    assert_allclose(noncentral_f_interval(3.5, 4, 75), [0.7781436, 29.72949219], rtol=3e-4)


@given(st.integers(-1200, 1200).map(lambda x: x / 100), st.integers(1, 60))
def test_noncentral_t_limits_put_t_at_the_tails(t: float, df: int) -> None:
    from scipy.stats import nct

    low, high = noncentral_t_interval(t, df)
    assert low < high
    assert_allclose(nct.cdf(t, df, low) if low >= 0 else nct.sf(-t, df, -low), 0.975, atol=1e-6)
    assert_allclose(nct.cdf(t, df, high) if high >= 0 else nct.sf(-t, df, -high), 0.025, atol=1e-6)
    assert_allclose(noncentral_t_interval(-t, df), (-high, -low), atol=1e-6)
    assert_allclose(noncentral_t_interval(0.0, df), (-1.959964, 1.959964), atol=1e-6)


@pytest.mark.parametrize("df", [1, 4, 60])
def test_noncentral_t_limits_are_continuous_where_the_formula_changes(df: int) -> None:
    below, above = noncentral_t_interval(9_999.9, df), noncentral_t_interval(10_000.1, df)
    assert_allclose(below, above, rtol=1e-3)
    assert noncentral_t_interval(-1e7, df)[1] < 0


def test_cliff_delta_as_effsize_prints_it() -> None:
    """R package effsize, help page of cliff.delta: -0.25, interval -0.7265846 to 0.3890062."""
    found = cliff_delta(array(10, 10, 20, 20, 20, 30, 30, 30, 40, 50), array(10, 20, 30, 40, 40, 50))
    assert_allclose([found.value, found.ci_low, found.ci_high], [-0.25, -0.7265846, 0.3890062], atol=5e-8)


def test_cliff_delta_without_overlap_keeps_a_width() -> None:
    found = cliff_delta(array(5, 6, 7, 8, 9, 10), array(1, 2, 3, 4, 4, 4))
    assert (found.value, found.ci_high) == (1, 1)
    assert 0 < found.ci_low < 1
    assert cliff_delta(array(1, 2), array(3, 4)).ci_high > 0, "two against two prove little"


@given(SAMPLES, SAMPLES)
def test_swapping_groups_turns_the_sign(x: np.ndarray, y: np.ndarray) -> None:
    one, other = cliff_delta(x, y), cliff_delta(y, x)
    assert_allclose([one.value, one.ci_low, one.ci_high], [-other.value, -other.ci_high, -other.ci_low], atol=1e-12)
    assert -1 <= one.ci_low <= one.value <= one.ci_high <= 1
    assume(np.ptp(x) + np.ptp(y) > 0)
    d, e = cohen_d(x, y), cohen_d(y, x)
    assert_allclose([d.value, d.ci_low, d.ci_high], [-e.value, -e.ci_high, -e.ci_low], rtol=1e-6, atol=1e-6)
    assert d.ci_low < d.value < d.ci_high


@given(SAMPLES, SAMPLES)
def test_g_is_smaller_than_d(x: np.ndarray, y: np.ndarray) -> None:
    assume(np.ptp(x) + np.ptp(y) > 0)
    d, g = cohen_d(x, y), hedges_g(x, y)
    assert abs(g.value) <= abs(d.value)
    assert_allclose(g.value, d.value * hedges_correction(x.size + y.size - 2))


def test_two_against_four() -> None:
    """Forensic note on the founding review: with n = 2 and 4, g / d = .798."""
    x, y = array(0.951, 0.973), array(0.536, 0.7, 0.75, 0.8)
    assert_allclose(hedges_g(x, y).value / cohen_d(x, y).value, 0.798, atol=5e-4)


def test_eta_and_omega_of_sirstv() -> None:
    """NIST certifies R² = 1.90999039051129E-01 for SiRstv; omega² follows from its sums of squares."""
    from test_omnibus import SIRSTV

    eta, omega = eta_squared(SIRSTV), omega_squared(SIRSTV)
    assert_allclose(eta.value, 1.90999039051129e-01, rtol=1e-11)
    between, within = 5.11462616e-02, 2.1663656e-01
    expected = (between - 4 * within / 20) / (between + within + within / 20)
    assert_allclose(omega.value, expected, rtol=1e-9)
    assert eta.ci_low == 0, "F is not significant, so the interval reaches 0"
    assert (omega.ci_low, omega.ci_high) == (eta.ci_low, eta.ci_high)


@given(st.lists(SAMPLES, min_size=2, max_size=4))
def test_omega_is_below_eta(data: list[np.ndarray]) -> None:
    try:
        eta, omega = eta_squared(data), omega_squared(data)
    except NotEstimable:
        return
    assert omega.value <= eta.value
    assert 0 <= eta.ci_low <= eta.ci_high <= 1


def test_reasons() -> None:
    with pytest.raises(NotEstimable, match="two single values"):
        cohen_d(array(1), array(2))
    with pytest.raises(NotEstimable, match="do not vary within the two groups"):
        cohen_d(array(1, 1), array(2, 2))
    with pytest.raises(NotEstimable, match="two values in each group"):
        cliff_delta(array(1), array(2, 3))
