"""Summary rows, effects, correlations, granularity: published numbers, brute force, laws."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metareview.audit import run_check
from metareview.audit.consequences import clustered_effect, d_interval, effect_versions, noncentral_t
from metareview.audit.correlations import third_correlation
from metareview.audit.effects import anova_f, cohen_d, eta_squared, hedges_factor, least_f, pooled_sd, size_pairs
from metareview.audit.figures import parse_figure
from metareview.audit.granularity import debit_possible, grimmer_possible, scale_possible
from metareview.audit.intervals import Interval
from metareview.audit.sd_range import bhatia_davis, range_bounds, sd_range
from metareview.audit.summaries import t_quantile
from metareview.errors import NotEstimable

#: Table 2 of a published review: metric, n, mean, SD, minimum, maximum, median
TABLE_2 = [
    ("Dice", 15, "0.896", "0.132", "0.549", "0.974", "0.948"),
    ("Jaccard", 11, "0.903", "0.033", "0.846", "0.947", "0.905"),
    ("AP", 8, "0.820", "0.160", "0.536", "0.973", "0.845"),
    ("F1", 7, "0.880", "0.083", "0.717", "0.973", "0.880"),
    ("Precision", 10, "0.945", "0.068", "0.790", "0.998", "0.978"),
    ("Recall", 10, "0.919", "0.108", "0.632", "0.996", "0.951"),
]


def span(text: str) -> Interval:
    return parse_figure(text).interval("half-either")


@pytest.mark.parametrize(("metric", "n", "mean", "sd", "low", "high", "median"), TABLE_2)
def test_rows_of_a_published_table_are_feasible(
    metric: str, n: int, mean: str, sd: str, low: str, high: str, median: str
) -> None:
    found = run_check("summary-row", f"n={n}; mean={mean}; sd={sd}; min={low}; max={high}; median={median}")
    assert found.verdict == "consistent", metric


def test_the_sharp_interval_is_much_tighter_than_bhatia_davis() -> None:
    """F1 row: [.079, .106] against .133."""
    found = sd_range(7, *map(span, ("0.880", "0.717", "0.973", "0.880")))
    assert found is not None
    assert float(found.low) == pytest.approx(0.079, abs=5e-4)
    assert float(found.high) == pytest.approx(0.106, abs=5e-4)
    assert sqrt(bhatia_davis(span("0.880"), span("0.717"), span("0.973"), 7)) == pytest.approx(0.133, abs=1e-3)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=13), st.integers(1, 4))
def test_the_sd_of_genuine_values_is_in_the_sharp_interval(values: list[float], decimals: int) -> None:
    x = np.sort(values)
    row = [span(f"{figure:.{decimals}f}") for figure in (x.mean(), x[0], x[-1], float(np.median(x)))]
    found = sd_range(len(x), *row)
    assert found is not None
    assert float(found.low) - 1e-9 <= x.std(ddof=1) <= float(found.high) + 1e-9


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_the_sharp_interval_is_reached(n: int) -> None:
    """On exact figures the ends are those of an enumeration on a grid (up to the grid)."""
    grid = [Fraction(i, 12) for i in range(13)]
    seen: dict[tuple[Fraction, ...], list[float]] = {}
    for values in combinations_with_replacement(grid, n):
        middle = (values[(n - 1) // 2] + values[n // 2]) / 2
        key = (sum(values, Fraction(0)) / n, values[0], values[-1], middle)
        seen.setdefault(key, []).append(float(np.std([float(v) for v in values], ddof=1)))
    for key, sds in list(seen.items())[:: max(1, len(seen) // 60)]:
        found = sd_range(n, *(Interval.point(figure) for figure in key))
        assert found is not None
        assert float(found.low) <= min(sds) + 1e-9
        assert float(found.high) >= max(sds) - 1e-9
        if len(sds) > 8:  # a grid this fine comes near the ends
            assert float(found.high) - max(sds) < 0.03


def test_rows_that_cannot_be() -> None:
    assert sd_range(5, *map(span, ("0.9", "0.1", "0.5", "0.3"))) is None
    found = run_check("summary-row", "n=5; mean=0.90; sd=0.1; min=0.10; max=0.50; median=0.30")
    assert found.verdict == "contradicted"
    assert "mean 0.90 is above max 0.50" in found.explanation


def test_a_population_sd_is_named() -> None:
    values = [0.1, 0.2, 0.3, 0.4]
    inputs = f"n=4; mean=0.2500; sd={np.std(values):.4f}; min=0.1000; max=0.4000; median=0.2500"
    found = run_check("summary-row", inputs)
    assert found.verdict in ("consistent", "contradicted_if")
    two = run_check("summary-row", "n=2; mean=0.2500; sd=0.1500; min=0.1000; max=0.4000")
    assert two.verdict == "contradicted_if"
    assert two.assumption == "SD has the divisor n - 1"


def test_range_bounds_of_two_values_are_exact() -> None:
    low, high = range_bounds(Interval.point(1), 2)
    assert (low, high) == (Fraction(1, 2), Fraction(1, 2))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=9), st.integers(1, 3), st.integers(1, 3))
def test_genuine_whole_numbers_are_possible(values: list[int], d: int, e: int) -> None:
    mean, sd = span(f"{np.mean(values):.{d}f}"), span(f"{np.std(values, ddof=1):.{e}f}")
    assert grimmer_possible(mean, sd, len(values))
    assert scale_possible(mean, sd, len(values), 1, 5)


@pytest.mark.parametrize("n", [3, 5])
def test_the_scale_check_is_exact(n: int) -> None:
    """Every printable pair is possible exactly where data with it exist."""
    real = {(f"{np.mean(v):.2f}", f"{np.std(v, ddof=1):.2f}") for v in combinations_with_replacement(range(1, 5), n)}
    for mean, sd in product(
        [f"{m:.2f}" for m in np.arange(1, 4.01, 0.05)], [f"{s:.2f}" for s in np.arange(0, 2, 0.04)]
    ):
        if scale_possible(span(mean), span(sd), n, 1, 4) != ((mean, sd) in real):
            # only a tie may differ: numpy prints one of the two
            ties = [Fraction(mean) + Fraction(step, 200) for step in (-1, 1)] + [
                Fraction(sd) + Fraction(step, 200) for step in (-1, 1)
            ]
            assert any((tie * n).denominator == 1 or (tie * tie * n * (n - 1)).denominator == 1 for tie in ties)


def test_half_of_the_pairs_that_pass_grimmer_are_impossible_on_a_scale() -> None:
    """n = 12, scale 1 to 5: 656 of 1,311 pairs are impossible, so 655 are possible."""
    passing = possible = 0
    for total in range(12, 61):
        mean = span(f"{total / 12:.2f}")
        for hundredths in range(0, 215):
            sd = span(f"{hundredths / 100:.2f}")
            if grimmer_possible(mean, sd, 12):
                passing += 1
                possible += scale_possible(mean, sd, 12, 1, 5)
    assert possible == 655
    assert passing > 1200


@given(st.lists(st.integers(0, 1), min_size=2, max_size=60), st.integers(1, 3))
def test_genuine_binary_data_are_possible(values: list[int], d: int) -> None:
    mean, sd = span(f"{np.mean(values):.{d}f}"), span(f"{np.std(values, ddof=1):.3f}")
    assert debit_possible(mean, sd, len(values))


def test_too_large_a_scale_is_told() -> None:
    found = run_check("scale-feasible", "mean=50.0; sd=20.0; n=500; low=0; high=100")
    assert found.verdict == "not_applicable"
    assert "too large to enumerate" in found.explanation


finite = st.floats(-50, 50)
positive = st.floats(0.1, 20)
sizes = st.integers(2, 60)


@given(finite, positive, sizes, finite, positive, sizes)
def test_swapping_the_groups_flips_d(m1: float, s1: float, n1: int, m2: float, s2: float, n2: int) -> None:
    assert cohen_d(m1, s1, n1, m2, s2, n2) == pytest.approx(-cohen_d(m2, s2, n2, m1, s1, n1))
    assert min(s1, s2) <= pooled_sd(s1, n1, s2, n2) * (1 + 1e-12)
    assert pooled_sd(s1, n1, s2, n2) <= max(s1, s2) * (1 + 1e-12)


@given(finite, positive, sizes, finite, positive, sizes)
def test_f_of_two_groups_is_t_squared(m1: float, s1: float, n1: int, m2: float, s2: float, n2: int) -> None:
    d = cohen_d(m1, s1, n1, m2, s2, n2)
    f = anova_f([m1, m2], [s1, s2], [n1, n2])
    assert f == pytest.approx(least_f(d, n1, n2, 2), rel=1e-6, abs=1e-9)
    assert 0 <= eta_squared(f, 1, n1 + n2 - 2) <= 1


@pytest.mark.parametrize(("df", "factor"), [(4, 0.7979), (10, 0.9227), (50, 0.9849)])
def test_small_sample_factor(df: int, factor: float) -> None:
    assert hedges_factor(df) == pytest.approx(factor, abs=5e-5)
    assert hedges_factor(df) == pytest.approx(1 - 3 / (4 * df - 1), abs=3e-3)


def test_interval_of_d_by_noncentral_t() -> None:
    """Cumming and Finch 2001: d = 0.5 with 20 per group has the 95 % interval -0.13 to 1.13."""
    low, high = d_interval(0.5, 20, 20)
    assert low == pytest.approx(-0.13, abs=0.01)
    assert high == pytest.approx(1.13, abs=0.01)
    assert d_interval(-0.5, 20, 20) == (-high, -low)
    with pytest.raises(NotEstimable):
        d_interval(1.0, 1, 1)


@settings(max_examples=60, deadline=None)
@given(st.floats(-8, 8), st.integers(1, 60), st.floats(-6, 6))
def test_noncentral_t_agrees_with_scipy(t: float, df: int, shift: float) -> None:
    from scipy.special import nctdtr

    ours, theirs = noncentral_t(t, df, shift), float(nctdtr(df, shift, t))
    assert 0 <= ours <= 1 + 1e-12
    if np.isfinite(theirs):  # far out it gives no number
        assert ours == pytest.approx(theirs, abs=1e-7)


@pytest.mark.parametrize("d", [0.0, 5.0, 80.0, -300.0])
def test_the_interval_of_any_d_holds_it(d: float) -> None:
    low, high = d_interval(d, 2, 3)
    assert low < d < high


def test_more_correlation_within_a_study_means_less_evidence() -> None:
    effects = [clustered_effect(-6.44, 2, 4, rho) for rho in (0.0, 0.2, 0.5, 0.8)]
    estimates = [abs(effect.estimate) for effect in effects]
    assert estimates == sorted(estimates, reverse=True)
    assert effects[0].estimate == pytest.approx(-6.44 * 0.8, rel=1e-9)  # 1 - 3 / (4 * 4 - 1)
    assert effects[-1].low < 0 < effects[-1].high
    assert effect_versions(1.0, 1, 2) == ()


def test_correlated_matrix_of_the_reference() -> None:
    """r = .9, -.5, .3 has the eigenvalue -.175."""
    found = run_check("correlation-matrix", "names=a|b|c; r=0.9|-0.5|.3")
    assert found.verdict == "contradicted"
    assert "-0.174" in found.computed
    low, high = third_correlation(0.9, -0.5)
    assert not low <= 0.3 <= high


def test_bounds_so_wide_that_nothing_is_said() -> None:
    assert run_check("correlation-matrix", "names=a|b|c; r=<0.9|<0.9|<0.9").verdict == "underpowered"
    assert run_check("correlation-matrix", "names=a|b|c; r=0.89|<0.4|<0.4").verdict == "consistent"


def test_a_correlation_of_few_pairs() -> None:
    assert run_check("correlation", "r=0.89; n=6").verdict == "not_checkable"
    assert run_check("correlation", "r=0.60; n=6").verdict == "underpowered"
    assert run_check("correlation", "r=0.60; n=6; p=0.001").verdict == "contradicted"


def test_d_beside_f() -> None:
    found = run_check("d-versus-f", "d=-6.44; f=19.03; n=8; groups=4")
    assert found.verdict == "consistent"
    assert "2 and 4 of 4 groups (F at least 18.40)" in found.computed
    assert run_check("d-versus-f", "d=-6.44; f=9.03; n=8; groups=2").verdict == "contradicted_if"
    assert (3, 3) in size_pairs(8, 4)


def test_t_quantile() -> None:
    assert t_quantile(9) == pytest.approx(2.262, abs=5e-4)


@pytest.mark.parametrize(
    ("inputs", "verdict"),
    [
        ("n=16; sd=4.0; se=1.0; mean=10.0; ci_low=7.87; ci_high=12.13", "consistent"),
        ("n=16; sd=4.0; se=4.0", "contradicted"),
        ("n=16; se=1.0; ci_low=7.87; ci_high=12.13", "consistent"),
        ("n=100; sd=10.0; mean=50.0; ci_low=48.0; ci_high=52.0", "consistent"),
        ("n=100; sd=10.0; mean=50.0; ci_low=40.0; ci_high=60.0", "contradicted"),
    ],
)
def test_sd_se_and_interval(inputs: str, verdict: str) -> None:
    assert run_check("mean-se-ci", inputs).verdict == verdict
