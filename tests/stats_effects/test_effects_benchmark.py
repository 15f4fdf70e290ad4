"""Benchmark effects: paired scores, bounded scores, missing variances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.errors import InputError
from metareview.stats.effects import compute_effects
from metareview.stats.effects.bounded_scores import fix_ddof, logit_score, score_interval, variance_parts
from metareview.stats.effects.paired_scores import (
    cross_validated_difference,
    difference_from_counts,
    log_error_ratio,
    log_error_ratio_from_counts,
    log_ratio_of_scores,
    paired_difference,
    seed_difference,
)
from metareview.stats.effects.variance_ladder import RUNGS, imputed_weight, variance_ladder

SCORES = st.lists(st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)), min_size=3, max_size=20)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=3, max_size=60))
def test_counts_are_the_values_per_item(items: list[tuple[bool, bool]]) -> None:
    """Discordance counts give the paired difference of 0/1 scores; its variance with n for n - 1."""
    a, b = np.array([x for x, _ in items], dtype=float), np.array([y for _, y in items], dtype=float)
    cells = [[float(np.sum(m))] for m in (a * b, a * (1 - b), (1 - a) * b, (1 - a) * (1 - b))]
    counts, values = difference_from_counts(*cells), paired_difference(a, b)
    n = len(items)
    assert counts.yi[0] == pytest.approx(values.yi[0], abs=1e-12)
    assert counts.vi[0] == pytest.approx(values.vi[0] * (n - 1) / n, abs=1e-12)


def test_pairing_halves_the_variance() -> None:
    """820/60/40/80 of 1,000: 9.96e-5, against 2.26e-4 as if the two accuracies were independent (44 %)."""
    paired = difference_from_counts([820], [60], [40], [80])
    alone = compute_effects("RD", ai=[880], n1i=[1000], ci=[860], n2i=[1000])
    assert paired.yi[0] == pytest.approx(alone["yi"].iloc[0])
    assert paired.vi[0] / alone["vi"].iloc[0] == pytest.approx(0.44, abs=0.005)
    errors = log_error_ratio_from_counts([820], [60], [40], [80])
    assert errors.yi[0] == pytest.approx(np.log(120 / 140))


@given(SCORES)
def test_swapping_methods_flips_the_sign(rows: list[tuple[float, float]]) -> None:
    a, b = np.array(rows).T
    for measure in (paired_difference, log_ratio_of_scores, seed_difference):
        there, back = measure(a, b), measure(b, a)
        np.testing.assert_allclose(there.yi, -back.yi, atol=1e-12)
        np.testing.assert_allclose(there.vi, back.vi, rtol=1e-9, atol=1e-15)
        assert there.vi[0] >= -1e-15


def test_log_ratio_is_metafors_romc() -> None:
    a, b = np.array([0.8, 0.7, 0.9, 0.6]), np.array([0.75, 0.72, 0.8, 0.5])
    found = log_ratio_of_scores(a, b)
    expected = compute_effects(
        "ROMC", m1i=[a.mean()], m2i=[b.mean()], sd1i=[a.std(ddof=1)], sd2i=[b.std(ddof=1)], ni=[4],
        ri=[np.corrcoef(a, b)[0, 1]], correct=False,
    )  # fmt: skip
    np.testing.assert_allclose([found.yi[0], found.vi[0]], expected[["yi", "vi"]].to_numpy()[0], rtol=1e-12)


def test_folds_are_not_independent() -> None:
    """Ten folds of ten-fold cross-validation: the variance is (1/10 + 1/9)/(1/10) = 2.11 times the naive one."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.7, 0.9, 10), rng.uniform(0.7, 0.9, 10)
    corrected = cross_validated_difference(a, b, n_train=90, n_test=10)
    assert corrected.vi[0] / paired_difference(a, b).vi[0] == pytest.approx(19 / 9)


@given(st.floats(0.001, 0.999), st.floats(1e-8, 0.2), st.floats(0.5, 0.999))
def test_intervals_of_bounded_scores_stay_inside(score: float, variance: float, level: float) -> None:
    low, high = score_interval([score], [variance], level=level)
    assert 0 <= low[0] <= score <= high[0] <= 1


def test_error_ratio_near_the_ceiling() -> None:
    found = log_error_ratio([0.99], [0.98], [0.002], [0.004], [5], [5])
    rom = compute_effects("ROM", m1i=[0.01], m2i=[0.02], sd1i=[0.002], sd2i=[0.004], n1i=[5], n2i=[5], correct=False)
    np.testing.assert_allclose([found.yi[0], found.vi[0]], rom[["yi", "vi"]].to_numpy()[0], rtol=1e-10)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=9))
def test_ddof_is_undone(values: list[float]) -> None:
    x = np.array(values)
    np.testing.assert_allclose(fix_ddof([x.std()], [len(x)]), x.std(ddof=1), rtol=1e-12, atol=1e-12)


def test_sources_are_kept_apart() -> None:
    parts = variance_parts(seed_sd=[0.03], n_seeds=[9], split_sd=[0.02], n_splits=[4], item_sd=[0.2], n_items=[400])
    np.testing.assert_allclose([parts.seed[0], parts.split[0], parts.test[0]], [1e-4, 1e-4, 1e-4])
    assert parts.total[0] == pytest.approx(3e-4)


@pytest.mark.parametrize("call", [
    lambda: paired_difference([0.1], [0.2]),
    lambda: paired_difference([0.1, np.nan], [0.2, 0.3]),
    lambda: log_ratio_of_scores([0.0, 0.0], [0.2, 0.3]),
    lambda: seed_difference([0.1], [0.2, 0.3]),
    lambda: cross_validated_difference([0.1, 0.2], [0.2, 0.3], n_train=0, n_test=5),
    lambda: log_error_ratio([1.0], [0.9], [0.1], [0.1], [5], [5]),
    lambda: logit_score([1.0], [0.1]),
    lambda: logit_score([0.5], [-0.1]),
    lambda: fix_ddof([0.1], [1]),
    lambda: variance_parts(seed_sd=[-1]),
])  # fmt: skip
def test_refusals(call: object) -> None:
    with pytest.raises(InputError):
        call()  # type: ignore[operator]


def test_each_row_takes_its_best_rung() -> None:
    table = pd.DataFrame({
        "score": [0.9, 0.8, 0.85, 0.7, 0.95, 0.6, np.nan],
        "se": [0.01, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan],
        "sd_image": [0.2, 0.1, np.nan, np.nan, np.nan, np.nan, np.nan],
        "n_images": [50, 25, np.nan, np.nan, np.nan, np.nan, np.nan],
        "sd_seed": [np.nan, 0.5, 0.03, np.nan, np.nan, np.nan, np.nan],
        "n_seeds": [np.nan, 3, 9, 1, np.nan, np.nan, np.nan],
        "ci_low": [np.nan, np.nan, np.nan, 0.68, np.nan, np.nan, np.nan],
        "ci_high": [np.nan, np.nan, np.nan, 0.72, np.nan, np.nan, np.nan],
        "n_items": [100, 100, 100, 100, 400, np.nan, 50],
    })  # fmt: skip
    found = variance_ladder(table, binomial=True)
    assert found["vi_source"].tolist() == [
        "reported-se", "per-image", "per-seed", "reported-ci", "test-size", "borrowed-cv", "n-only",
    ]  # fmt: skip
    np.testing.assert_allclose(found["vi"][:3], [1e-4, 0.0004, 0.0001])
    assert found["vi"][4] == pytest.approx(0.95 * 0.05 / 400)
    assert found["vi_imputed"].tolist() == [False] * 5 + [True, True]
    plain = variance_ladder(table, borrow=False)
    assert plain["vi_source"].tolist()[4:] == ["", "", ""]
    assert [rung.imputed for rung in RUNGS] == sorted(rung.imputed for rung in RUNGS)
    share = imputed_weight(found["vi"], found["vi_imputed"])
    assert 0 < share < 1
    with pytest.raises(InputError, match="row 1, column sd_seed"):
        variance_ladder(pd.DataFrame({"sd_seed": [-1.0], "n_seeds": [3]}))
