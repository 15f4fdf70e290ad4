"""Laws of effect measures: variances are positive and fall with size, swapping groups flips the sign."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from metareview.stats.effects import MEASURES, compute_effects
from metareview.stats.effects.combine import combine_groups
from metareview.stats.effects.convert import (
    d_from_f,
    d_from_log_odds,
    d_from_r,
    d_from_t,
    log_odds_from_d,
    r_from_d,
    se_from_ci,
    se_from_p,
    se_to_sd,
    t_from_p,
)
from metareview.stats.effects.registry import Array
from metareview.stats.effects.small_sample import hedges_j, unbiased_r
from metareview.stats.effects.transforms import back_transform, freeman_tukey_inverse

CELL = st.integers(1, 500).map(float)
SIZE = st.integers(6, 400).map(float)
MEAN = st.floats(0.5, 50)
SD = st.floats(0.05, 5)


def one(value: float) -> Array:
    return np.array([value])


@pytest.mark.parametrize("code", ["RR", "OR", "RD", "PETO", "AS"])
@given(CELL, CELL, CELL, CELL)
def test_swapping_groups_flips_tables(code: str, a: float, b: float, c: float, d: float) -> None:
    there = compute_effects(code, ai=[a], bi=[b], ci=[c], di=[d])
    back = compute_effects(code, ai=[c], bi=[d], ci=[a], di=[b])
    np.testing.assert_allclose(there["yi"], -back["yi"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(there["vi"], back["vi"], rtol=1e-10)
    flipped = compute_effects(code, ai=[a], bi=[b], ci=[c], di=[d], flip=True)
    assert flipped["yi"].iloc[0] == -there["yi"].iloc[0]


@pytest.mark.parametrize("code", ["MD", "SMD", "SMDH", "ROM", "VR", "CVR"])
@given(MEAN, MEAN, SD, SD, SIZE, SIZE)
def test_swapping_groups_flips_means(
    code: str, m1: float, m2: float, s1: float, s2: float, n1: float, n2: float
) -> None:
    first, second = {"m1i": [m1], "sd1i": [s1], "n1i": [n1]}, {"m2i": [m2], "sd2i": [s2], "n2i": [n2]}
    swapped = {"m1i": [m2], "sd1i": [s2], "n1i": [n2], "m2i": [m1], "sd2i": [s1], "n2i": [n1]}
    need = MEASURES[code].inputs
    there = compute_effects(code, **{k: v for k, v in (first | second).items() if k in need})
    back = compute_effects(code, **{k: v for k, v in swapped.items() if k in need})
    np.testing.assert_allclose(there["yi"], -back["yi"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(there["vi"], back["vi"], rtol=1e-9)
    assert there["vi"].iloc[0] > 0


@pytest.mark.parametrize("code", ["RR", "OR", "RD", "PLO", "PLN", "PR", "IRR"])
@given(CELL, CELL, CELL, CELL, st.integers(2, 20))
def test_variance_falls_as_counts_grow(code: str, a: float, b: float, c: float, d: float, times: int) -> None:
    names = MEASURES[code].inputs
    values = dict(zip(names, (a, b, c, d), strict=False))
    small = compute_effects(code, **{k: [v] for k, v in values.items()})
    large = compute_effects(code, **{k: [v * times] for k, v in values.items()})
    np.testing.assert_allclose(large["yi"], small["yi"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(large["vi"] * times, small["vi"], rtol=1e-9)


@given(st.floats(2, 2000))
def test_j_lies_below_one_and_grows(df: float) -> None:
    j = hedges_j(np.array([df, df + 1]))
    assert 0 < j[0] < j[1] < 1
    assert hedges_j(1.0) != hedges_j(1.0)  # NaN


def test_j_published_values() -> None:
    """Hedges 1981, table 1: exact values; the approximation is 1.3 % off at m = 2."""
    np.testing.assert_allclose(hedges_j(np.array([2.0, 8.0])), [0.5642, 0.9027], atol=5e-5)


@given(st.floats(-0.99, 0.99), st.integers(5, 500))
def test_unbiased_correlation_is_further_from_zero(r: float, n: int) -> None:
    g = unbiased_r(one(r), one(float(n)))[0]
    assert abs(g) >= abs(r) * (1 - 1e-12)
    assert abs(g) <= 1 + 1e-12


@given(st.floats(-4, 4), SIZE, SIZE)
def test_d_and_r_are_inverse(d: float, n1: float, n2: float) -> None:
    r = r_from_d(one(d), one(n1), one(n2))
    np.testing.assert_allclose(d_from_r(r, one(n1), one(n2)), d, rtol=1e-9, atol=1e-12)


@given(st.floats(-4, 4), st.floats(0.001, 2))
def test_d_and_log_odds_are_inverse(d: float, v: float) -> None:
    np.testing.assert_allclose(d_from_log_odds(*log_odds_from_d(one(d), one(v))), [[d], [v]], rtol=1e-12)


@given(st.floats(-5, 5), st.floats(0.01, 3), st.floats(0.5, 0.99))
def test_interval_gives_its_standard_error(estimate: float, se: float, level: float) -> None:
    from scipy.special import ndtri

    half = ndtri((1 + level) / 2) * se
    found = se_from_ci(one(estimate - half), one(estimate + half), level=level)
    np.testing.assert_allclose(found, se, rtol=1e-9)


@given(st.floats(0.1, 8), st.floats(5, 100))
def test_p_gives_its_statistic(t: float, df: float) -> None:
    from scipy.special import stdtr

    p = 2 * stdtr(df, -t)
    assume(p > 1e-12)
    np.testing.assert_allclose(t_from_p(one(p), one(df)), t, rtol=1e-6)
    np.testing.assert_allclose(se_from_p(one(t * 0.3), one(p), df=df), 0.3, rtol=1e-6)


def test_small_conversions() -> None:
    np.testing.assert_allclose(d_from_f(one(4.0), one(8.0), one(8.0), -1), -1.0)
    np.testing.assert_allclose(d_from_t(one(-2.0), one(8.0), one(8.0)), -1.0)
    np.testing.assert_allclose(se_to_sd(one(0.5), one(16.0)), 2.0)


@given(st.lists(st.lists(st.floats(-10, 10), min_size=2, max_size=8), min_size=2, max_size=5))
def test_combined_groups_are_the_pooled_sample(groups: list[list[float]]) -> None:
    arrays = [np.array(g) for g in groups]
    found = combine_groups(
        np.array([a.mean() for a in arrays]),
        np.array([a.std(ddof=1) for a in arrays]),
        np.array([len(a) for a in arrays]),
    )
    everyone = np.concatenate(arrays)
    np.testing.assert_allclose(
        [found.mean, found.sd, found.n], [everyone.mean(), everyone.std(ddof=1), len(everyone)], rtol=1e-7, atol=1e-7
    )


@given(st.integers(1, 200), st.data())
def test_freeman_tukey_inverts_for_one_study(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    y = compute_effects("PFT", xi=[x], ni=[n])["yi"].to_numpy()
    np.testing.assert_allclose(freeman_tukey_inverse(y, one(float(n))), x / n, atol=1e-7)


@pytest.mark.parametrize(("code", "inputs", "value"), [
    ("RR", {"ai": [4], "bi": [6], "ci": [2], "di": [8]}, 2.0),
    ("PLO", {"xi": [3], "mi": [1]}, 0.75),
    ("PAS", {"xi": [3], "mi": [1]}, 0.75),
    ("ZCOR", {"ri": [0.4], "ni": [30]}, 0.4),
    ("IRS", {"xi": [9], "ti": [4]}, 2.25),
    ("MD", {"m1i": [3], "m2i": [1], "sd1i": [1], "sd2i": [1], "n1i": [9], "n2i": [9]}, 2.0),
])  # fmt: skip
def test_back_transform(code: str, inputs: dict[str, list[float]], value: float) -> None:
    yi = compute_effects(code, **inputs)["yi"].to_numpy()
    np.testing.assert_allclose(back_transform(code, yi), value, rtol=1e-12)
