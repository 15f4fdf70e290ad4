"""Coefficients of variation over data sets."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from benchmark_tables import build, experiment, result, spec
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from metareview.errors import NotEstimable
from metareview.stats.benchmark.variability import (
    VariabilityResult,
    coefficient_of_variation,
    compute_variability,
    corrected_cv,
    cv_interval,
)

POSITIVE = st.lists(st.integers(1, 1000), min_size=2, max_size=8).map(lambda x: np.array(x, dtype=float))


@pytest.mark.parametrize(
    ("level", "low", "high"),
    [(0.50, 0.00238, 0.00255), (0.80, 0.00231, 0.00263), (0.90, 0.00227, 0.00269), (0.95, 0.00224, 0.00273),
     (0.99, 0.00217, 0.00283), (0.999, 0.00210, 0.00294)],
)  # fmt: skip
def test_interval_as_nist_prints_it(level: float, low: float, high: float) -> None:
    """NIST Dataplot, coefficient of variation confidence limits, ZARR13.DAT: n = 195, mean 9.261460, SD .02278881."""
    cv = 0.02278881 / 9.261460
    assert_allclose(cv_interval(cv, 195, level), (low, high), atol=5.1e-6)


@given(POSITIVE, st.floats(0.01, 100))
def test_laws(values: np.ndarray, scale: float) -> None:
    cv = coefficient_of_variation(values)
    assert_allclose(coefficient_of_variation(scale * values), cv, rtol=1e-9, atol=1e-12)
    assert 0 <= cv <= sqrt(values.size) + 1e-12, "the largest possible: all in one value"
    assert corrected_cv(cv, values.size) >= cv
    try:
        low, high = cv_interval(cv, values.size)
    except NotEstimable:
        return
    assert 0 <= low <= cv
    assert low <= high


def test_small_coefficients_have_the_interval_of_the_standard_deviation() -> None:
    """For cv -> 0 the limits are cv sqrt((k-1) / chi²), those of a standard deviation."""
    from scipy.stats import chi2

    low, high = cv_interval(1e-6, 5)
    assert_allclose([low, high], [1e-6 * sqrt(4 / chi2.isf(0.025, 4)), 1e-6 * sqrt(4 / chi2.ppf(0.025, 4))], rtol=1e-6)
    assert cv_interval(0.0, 5) == (0.0, 0.0)


def test_two_values_have_the_exact_interval() -> None:
    """The limits put the observed t at the tails of the noncentral t; Vangel's approximation gives 1.695 here."""
    from scipy.stats import nct

    cv = 0.05316
    low, high = cv_interval(cv, 2)
    assert_allclose(high, 2.054, atol=5e-4)
    t = sqrt(2) / cv
    assert_allclose([nct.cdf(t, 1, sqrt(2) / low), nct.sf(t, 1, sqrt(2) / high)], [0.025, 0.025], rtol=1e-6)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """400 samples of five values: 0.95 ± 3 standard errors of 0.011."""
    rng, true, k = np.random.default_rng(1), 0.1, 5
    samples = rng.normal(1, true, (400, k))
    limits = np.array([cv_interval(coefficient_of_variation(sample), k) for sample in samples])
    assert abs(np.mean((limits[:, 0] <= true) & (true <= limits[:, 1])) - 0.95) < 0.033


def test_reasons() -> None:
    with pytest.raises(NotEstimable, match="two values"):
        coefficient_of_variation(np.array([1.0]))
    with pytest.raises(NotEstimable, match="not negative"):
        coefficient_of_variation(np.array([-1.0, 2.0]))
    with pytest.raises(NotEstimable, match="do not bound the coefficient"):
        cv_interval(1.2, 3)


def test_over_data_sets() -> None:
    rows = [
        result("a.m.d", "dice", 0.8),
        result("a.m.e", "dice", 0.9),
        result("a.m.f", "dice", 0.92),
        result("a.m.f.again", "dice", 0.98),
        result("b.m.d", "dice", 0.9),
    ]
    found = compute_variability(build(rows), spec())
    (row,) = found.rows
    assert (row.k, row.datasets) == (3, ("d", "e", "f"))
    assert_allclose([row.mean, row.cv], [2.65 / 3, np.std([0.8, 0.9, 0.95], ddof=1) / (2.65 / 3)])
    assert [dropped.reason for dropped in found.dropped] == ["one data set only"]
    assert (found.k_in, found.k_used) == (5, 4)
    assert found.means[0].mean_cv == row.cv
    assert found.means[0].reason == "no interval from 1 method"


def test_study_means_targets_and_settings_do_not_mix() -> None:
    rows = [result(f"a.m.{d}.{s}", "dice", v) for d, s, v in (("d", "2d", 0.8), ("e", "3d", 0.9))]
    rows += [result("b.m.-", "dice", 0.9, level="study_mean")]
    experiments = [experiment("a.m.d.2d", setting="2D"), experiment("a.m.e.3d", setting="3D"), experiment("b.m.-")]
    found = compute_variability(build(rows, experiments=experiments), spec())
    assert found.rows == ()
    assert {dropped.reason for dropped in found.dropped} == {
        "one data set only", "its level is study_mean, and only cell enter",
    }  # fmt: skip
    assert "no method has values of one metric on two data sets" in found.warnings


def test_repeated_rows_of_ablation_tables_count_once() -> None:
    names = [f"a.m.{d}.{s}" for s in ("full", "again", "less") for d in "de"]
    values = [0.8, 0.9, 0.8, 0.9, 0.7, 0.9]
    rows = [result(name, "dice", value) for name, value in zip(names, values, strict=True)]
    experiments = [experiment(name, setting=name.rpartition(".")[2]) for name in names]
    found = compute_variability(build(rows, experiments=experiments), spec())
    assert (len(found.rows), found.means[0].n_methods, found.means[0].n_studies) == (3, 2, 1)


def test_mean_and_interval_over_methods() -> None:
    rows = [result(f"s{i}.m.{d}", "dice", v) for i in range(4) for d, v in (("d", 0.8), ("e", 0.8 + 0.02 * (i + 1)))]
    found = compute_variability(build(rows), spec())
    mean = found.means[0]
    cvs = [row.cv for row in found.rows]
    assert cvs == sorted(cvs)
    assert_allclose(mean.mean_cv, np.mean(cvs))
    assert mean.ci_low is not None
    assert mean.ci_high is not None
    assert mean.ci_low < np.mean(cvs) < mean.ci_high


def test_json() -> None:
    found = compute_variability(build([result("a.m.d", "voi", 0.0), result("a.m.e", "voi", 0.0)]), spec())
    assert found.rows[0].cv is None
    assert "not all 0" in found.rows[0].reason
    assert VariabilityResult.from_json(found.to_json()).to_json() == found.to_json()
