"""Rank bounds against every filling, bootstrap intervals, and tests against published numbers and other packages."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metareview.errors import InputError, NotEstimable
from metareview.stats.benchmark.ranking import RULES, Ranking, cube_from_long, rank
from metareview.stats.benchmark.ranking.bootstrap import intervals, p_best, simultaneous
from metareview.stats.benchmark.ranking.bounds import rank_bounds
from metareview.stats.benchmark.ranking.places import places, tidy
from metareview.stats.benchmark.ranking.significance import (
    friedman,
    holm,
    iman_davenport,
    nemenyi_difference,
    nemenyi_p,
    signed_rank,
    significance,
    win_tie_loss,
)

#: Demšar 2006, JMLR 7:1-30, table 6: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets.
DEMSAR = np.array([
    [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.975, 0.975], [0.957, 0.978, 0.946, 0.970],
]).T  # fmt: skip

small = arrays(
    float, st.tuples(st.integers(2, 4), st.integers(1, 3)),
    elements=st.integers(-2, 4).map(lambda x: x / 4 if x >= 0 else np.nan),
)  # fmt: skip


def every_filling(table: np.ndarray) -> np.ndarray:
    """All fillings with nine values between 0 and 1: the observed ones, the ends, and what lies between."""
    gone = np.argwhere(np.isnan(table))
    found = np.repeat(table[None], 9 ** len(gone), axis=0)
    for at, values in enumerate(itertools.product(np.linspace(0, 1, 9), repeat=len(gone))):
        found[at, gone[:, 0], gone[:, 1]] = values
    return found


@settings(max_examples=60, deadline=None)
@given(small, st.sampled_from([name for name in RULES if name != "bradley-terry"]), st.booleans())
def test_bounds_contain_every_filling(table: np.ndarray, name: str, paired: bool) -> None:
    if np.isnan(table).sum() > 3:
        return
    c = table.shape[1]
    groups = np.arange(c) // (2 if paired else 1)
    rule = RULES[name]
    ranks = places(tidy(rule.scores(every_filling(table), np.ones(c), groups)))
    found = rank_bounds(table, np.zeros(c), np.ones(c), groups, rule.bounds, rule.scores)
    low, high = ranks.min(axis=0), ranks.max(axis=0)
    assert (found.low <= low).all()
    assert (found.high >= high).all()
    np.testing.assert_array_equal(found.low[found.low_exact], low[found.low_exact])
    np.testing.assert_array_equal(found.high[found.high_exact], high[found.high_exact])


def test_bounds_of_bradley_terry_contain_every_filling() -> None:
    rng = np.random.default_rng(2)
    for _ in range(6):
        table = rng.integers(0, 4, (3, 3)) / 4
        table[rng.integers(3), rng.integers(3)] = np.nan
        table[rng.integers(3), rng.integers(3)] = np.nan
        fillings = every_filling(table)
        scores = np.array([RULES["bradley-terry"].scores(t, np.ones(3), np.arange(3)) for t in fillings])
        ranks = places(np.round(scores, 6))
        found = rank_bounds(table, np.zeros(3), np.ones(3), np.arange(3), "flat", RULES["win-rate"].scores)
        assert (found.low <= ranks.min(axis=0)).all()
        assert (found.high >= ranks.max(axis=0)).all()


def test_bounds_without_ends() -> None:
    table = np.array([[1.0, np.nan], [2.0, 3.0], [0.0, 1.0]])
    endless = (np.full(2, -np.inf), np.full(2, np.inf))
    found = rank_bounds(table, *endless, np.arange(2), "mean")
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1, 2], [3, 2, 3])


def test_bounds_of_a_full_table_are_its_ranks() -> None:
    table = np.random.default_rng(0).random((6, 5))
    for rule in RULES.values():
        if rule.name == "bradley-terry":
            continue
        ranks = places(tidy(rule.scores(table, np.ones(5), np.arange(5))))
        found = rank_bounds(table, np.zeros(5), np.ones(5), np.arange(5), rule.bounds, rule.scores)
        np.testing.assert_array_equal(found.low, ranks)
        np.testing.assert_array_equal(found.high, ranks)
        assert found.low_exact.all()


def frame(table: np.ndarray, **more: list[object]) -> pd.DataFrame:
    rows = [(f"m{i}", f"d{j}", "dice", table[i, j]) for i in range(len(table)) for j in range(table.shape[1])]
    return pd.DataFrame(rows, columns=["method", "dataset", "metric", "value"]).assign(**more)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_same_seed_same_bits(rule: str) -> None:
    table = np.random.default_rng(4).random((5, 12))
    table[0, :3] = np.nan
    cube = cube_from_long(frame(table))
    first, again, other = (rank(cube, rule, "available", n_boot=300, seed=seed) for seed in (1, 1, 2))
    assert first.to_json() == again.to_json()
    assert first.to_json() != other.to_json()


def test_order_of_rows_changes_nothing() -> None:
    table = np.random.default_rng(4).random((4, 12))
    rows = frame(table)
    one, two = (rank(cube_from_long(part), "borda", n_boot=200) for part in (rows, rows.sample(frac=1, random_state=1)))
    assert one.contract()["methods"] == two.contract()["methods"]


def test_json_round_trip_and_contract() -> None:
    found = rank(cube_from_long(frame(np.random.default_rng(4).random((3, 4)))), "mean", n_boot=100)
    assert Ranking.from_json(found.to_json()).ranked == found.ranked
    body = json.loads(json.dumps(found.contract(), allow_nan=False))
    assert body["coverage"]["filled"] == body["coverage"]["possible"] == 12
    assert body["components"] == [["m0", "m1", "m2"]]
    wanted = {"method", "rank", "score", "rank_low", "rank_high", "ci_low", "ci_high", "p_best"}
    assert wanted <= set(body["methods"][0])


def test_percentile_intervals_and_p_best() -> None:
    ranks = np.array([[1, 2, 3], [1, 3, 2], [1, 1, 3], [2, 1, 3.0]])
    low, high = intervals(ranks, 0.5)
    assert (low.tolist(), high.tolist()) == ([1, 1, 2], [1, 2, 3])
    np.testing.assert_allclose(p_best(ranks), [2.5 / 4, 1.5 / 4, 0])
    assert np.isnan(intervals(np.full((3, 1), np.nan), 0.9)[0]).all()


def test_simultaneous_intervals_cover_all_ranks_at_once() -> None:
    """Normal scores with known differences: all true ranks lie inside in about as many samples as promised."""
    rng = np.random.default_rng(7)
    truth = np.array([0.0, 0.5, 0.5, 2.0, 2.1])
    best, worst = 1 + (truth[None] > truth[:, None]).sum(axis=1), (truth[None] >= truth[:, None]).sum(axis=1)
    held = 0
    for _ in range(200):
        point = truth + rng.normal(size=5) * 0.3
        draws = point + rng.normal(size=(400, 5)) * 0.3
        found = simultaneous(point, draws, 0.9)
        assert found is not None
        held += bool((found[0] <= best).all() and (found[1] >= worst).all())
    assert held >= 176  # 0.9 of 200 less two standard errors


def test_simultaneous_intervals_are_at_least_as_wide_as_single_ones_on_a_full_table() -> None:
    table = np.random.default_rng(3).normal(0.5, 0.1, (8, 20)).clip(0, 1)
    found = rank(cube_from_long(frame(table)), "mean", n_boot=2000)
    wide = sum((e.sim_high or 0) - (e.sim_low or 0) for e in found.ranked)
    assert wide >= sum((e.ci_high or 0) - (e.ci_low or 0) for e in found.ranked)
    assert all((e.sim_low or 0) <= (e.rank or 0) <= (e.sim_high or 0) for e in found.ranked)


def test_ideal_and_worst_case_of_challenger() -> None:
    """The examples of challengeR's vignettes: an ideal task, whose ranking is certain, and one with all orders."""
    rng = np.random.default_rng(4)
    ideal = np.array([rng.uniform(low, low + 0.09, 50) for low in (0.9, 0.8, 0.7, 0.6, 0.5)])
    sure = rank(cube_from_long(frame(ideal)), "mean", n_boot=1000)
    assert sure.order() == ("m0", "m1", "m2", "m3", "m4")
    assert [(e.ci_low, e.ci_high, e.p_best) for e in sure.ranked][:2] == [(1, 1, 1.0), (2, 2, 0.0)]
    assert all(pair.p_better is not None and pair.p_better < 0.05 for pair in sure.significance.pairs)
    orders = np.array(list(itertools.permutations(np.linspace(0.8, 1, 5)))).T
    for name in ("mean", "mean-rank"):
        level = rank(cube_from_long(frame(orders)), name, n_boot=500)
        assert [e.rank for e in level.ranked] == [1] * 5
        assert all(e.ci_low == 1 and (e.ci_high or 0) >= 4 for e in level.ranked)
    assert level.significance.omnibus[0].statistic == pytest.approx(0)


def test_bootstrap_over_units_and_studies() -> None:
    rows = [(f"m{i}", "d", "dice", 0.5 + 0.1 * i + 0.01 * u * (-1) ** i, f"image:{u}", f"s{u % 3}")
            for i in range(3) for u in range(6)]  # fmt: skip
    units = pd.DataFrame(rows, columns=["method", "dataset", "metric", "value", "unit", "study"])
    found = rank(cube_from_long(units.drop(columns="study")), "mean", unit="unit", n_boot=200)
    assert found.order() == ("m2", "m1", "m0")
    assert found.clusters == 6
    assert found.ranked[0].p_best == 1.0
    assert found.significance.blocks == "images"
    assert found.significance.n == 6
    other = rank(cube_from_long(units.drop(columns="unit").drop_duplicates(["method", "study"])), "mean", unit="study",
                 n_boot=200)  # fmt: skip
    assert other.clusters == 3
    none = rank(cube_from_long(frame(np.random.default_rng(0).random((3, 4)))), "mean", unit="unit")
    assert any("no cell is a mean over units" in text for text in none.warnings)
    none = rank(cube_from_long(frame(np.random.default_rng(0).random((3, 4)))), "mean", unit="study")
    assert any("some cells name no study" in text for text in none.warnings)


def test_replicates_that_fall_apart_or_lose_a_method_are_counted() -> None:
    table = np.array([[0.9, 0.8, np.nan], [0.7, 0.9, np.nan], [np.nan, 0.5, 0.4], [np.nan, np.nan, 0.6]])
    cube = cube_from_long(frame(table).dropna())
    chained = rank(cube, "bradley-terry", "available", n_boot=500)
    assert chained.apart > 0
    assert any(f"in {chained.apart} of 500 replicates the table fell apart" in text for text in chained.warnings)
    assert chained.ranked[0].replicates == 500 - chained.apart
    lost = rank(cube, "win-rate", "available", n_boot=500)
    assert any("a method had no cell or no opponent left" in text for text in lost.warnings)
    assert {e.replicates for e in lost.ranked} == {lost.used}
    assert 100 <= lost.used < 500


def test_replicates_without_a_method_move_nobody_up() -> None:
    """The last of ten stays the last: where a better method loses its only cell, the replicate does not enter."""
    table = np.array([[0.9 - 0.1 * i, 0.9 - 0.1 * i] for i in range(5)])
    table[1, 1] = np.nan
    found = rank(cube_from_long(frame(table).dropna()), "borda", "available", n_boot=2000)
    assert [(e.rank, e.ci_low, e.ci_high) for e in found.ranked][2:] == [(3, 3, 3), (4, 4, 4), (5, 5, 5)]
    assert 1400 < found.used < 1600
    assert sum(found.ranked[-1].shares) == pytest.approx(1)
    assert any(f"{found.used} of 2000 replicates rank every method" in text for text in found.warnings)
    assert any("take that order as certain" in text for text in found.warnings)


def columns_of(*cells: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame([(m, d, "dice", v) for m, d, v in cells], columns=["method", "dataset", "metric", "value"])


@pytest.mark.parametrize("n_boot", [50, 2000])
@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([("A", "d1", 0.9), ("B", "d1", 0.8), ("C", "d2", 0.9), ("D", "d2", 0.7)], "in 2 parts that share no column"),
        ([("A", "d1", 0.9), ("B", "d1", 0.8), ("B", "d2", 0.9), ("D", "d2", 0.7)], "rank every method"),
    ],
)
def test_no_certainty_across_methods_never_compared(cells: list, why: str, n_boot: int) -> None:
    found = rank(cube_from_long(columns_of(*cells)), "borda", "available", n_boot=n_boot)
    assert {(e.ci_low, e.ci_high, e.sim_low, e.sim_high, e.p_best) for e in found.ranked} == {(None,) * 5}
    assert any(text.startswith("no bootstrap intervals of ranks") and why in text for text in found.warnings)
    assert {(p.first, p.second) for p in found.pairs if p.p_above is None} >= {("A", "D")}
    assert found.contract()["bootstrap"]["used"] == 0


def test_demsar_2006() -> None:
    """Section 3.2.2: mean ranks 3.143, 2.000, 2.893, 1.964; Friedman 9.28, F(3, 39) = 3.69; CD 1.25 and 1.12.

    The paper ranked unrounded values: on voting it has C4.5+cf before C4.5+m+cf, which its table prints as level.
    """
    unrounded = DEMSAR.copy()
    unrounded[2, 12] += 1e-4
    mean_ranks = places(unrounded, axis=0, ties="mean").mean(axis=1)
    np.testing.assert_allclose(mean_ranks, [3.143, 2.0, 2.893, 1.964], atol=5e-4)
    k, n = 4, 14
    plain = 12 * n / (k * (k + 1)) * ((mean_ranks**2).sum() - k * (k + 1) ** 2 / 4)
    assert plain == pytest.approx(9.28, abs=5e-3)
    assert (n - 1) * plain / (n * (k - 1) - plain) == pytest.approx(3.69, abs=5e-3)
    assert friedman(unrounded).statistic > plain  # corrected for ties, which the paper does not do
    assert nemenyi_difference(4, 14) == pytest.approx(1.25, abs=5e-3)
    assert nemenyi_difference(4, 14, 0.10) == pytest.approx(1.12, abs=5e-3)


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_quantiles_of_nemenyi(k: int, q: float) -> None:
    """Demšar 2006, table 5a."""
    assert nemenyi_difference(k, 1) / np.sqrt(k * (k + 1) / 6) == pytest.approx(q, abs=1e-3)


def test_tests_against_scipy() -> None:
    from scipy.stats import friedmanchisquare

    expected = friedmanchisquare(*DEMSAR)
    found = friedman(DEMSAR)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert iman_davenport(DEMSAR).df2 == 39
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])
    assert win_tie_loss(DEMSAR[3], DEMSAR[0]) == (11, 1, 2)


def test_tests_against_scikit_posthocs() -> None:
    posthocs = pytest.importorskip("scikit_posthocs", reason="pip install 'metareview[peers]'")
    expected = posthocs.posthoc_nemenyi_friedman(DEMSAR.T).to_numpy()
    found = nemenyi_p(places(DEMSAR, axis=0, ties="mean").mean(axis=1), 14)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_tests_against_autorank() -> None:
    autorank = pytest.importorskip("autorank", reason="pip install 'metareview[peers]'")
    import warnings

    names = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = autorank.autorank(pd.DataFrame(DEMSAR.T, columns=names), force_mode="nonparametric", alpha=0.05)
    found = significance(DEMSAR, tuple(names), "data sets")
    expected = done.rankdf["meanrank"]
    for name, mean_rank in zip(names, found.mean_ranks, strict=True):
        assert mean_rank == pytest.approx(expected[name])
    assert done.pvalue == pytest.approx(found.omnibus[0].p)
    assert done.cd == pytest.approx(found.critical_difference, abs=1e-3)


def test_designs_with_gaps_or_ties_only() -> None:
    with pytest.raises(InputError, match="missing values"):
        friedman(np.array([[0.1, np.nan], [0.2, 0.3]]))
    with pytest.raises(NotEstimable, match="all methods tie"):
        friedman(np.ones((3, 4)))
    with pytest.raises(NotEstimable, match="every block has the same order"):
        iman_davenport(np.array([[1.0, 1, 1], [2, 2, 2], [3, 3, 3]]))
    assert friedman(np.array([[1.0, 1, 1], [2, 2, 2], [3, 3, 3]])).statistic == pytest.approx(6)
    assert signed_rank(np.ones(5), np.ones(5)) is None
    gaps = rank(cube_from_long(frame(np.array([[0.1, 0.2], [0.3, np.nan]])).dropna()), "win-rate", "available")
    assert gaps.significance.n == 0
    assert "the design has gaps" in gaps.significance.warnings[0]
