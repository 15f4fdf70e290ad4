"""Rules, missing policies and scales: laws, known orders, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.stats.benchmark.ranking import RULES, Cube, cube_from_long, rank
from metareview.stats.benchmark.ranking.additive import additive
from metareview.stats.benchmark.ranking.bradley_terry import bradley_terry, davidson, expected
from metareview.stats.benchmark.ranking.coverage import components_of, connected, coverage_of
from metareview.stats.benchmark.ranking.missing import complete_block
from metareview.stats.benchmark.ranking.places import places, tidy

WITHIN = ("win-rate", "bradley-terry", "borda", "mean-rank", "dominance")
EVERY = tuple(RULES)


def cube_of(table: np.ndarray, names: str = "ABCDEFGH", metric: str = "dice", *, per: int = 1) -> Cube:
    """A cube of one metric; `per` columns (targets) to a data set."""
    rows = [
        (names[i], f"d{j // per}", f"t{j % per}", metric, table[i, j])
        for i in range(table.shape[0])
        for j in range(table.shape[1])
        if np.isfinite(table[i, j])
    ]
    return cube_from_long(pd.DataFrame(rows, columns=["method", "dataset", "target", "metric", "value"]))


def scored(rule: str, table: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    where = np.arange(table.shape[1]) if groups is None else groups
    return RULES[rule].scores(table, np.ones(table.shape[1]), where)


tables = arrays(
    float, st.tuples(st.integers(2, 6), st.integers(1, 5)), elements=st.integers(1, 9).map(lambda x: x / 10)
)
gapped = arrays(
    float, st.tuples(st.integers(2, 5), st.integers(2, 5)),
    elements=st.integers(0, 9).map(lambda x: x / 10 if x else np.nan),
)  # fmt: skip


def test_hand_computed() -> None:
    table = np.array([[0.9, 0.5, np.nan], [0.8, 0.7, 0.6], [0.8, np.nan, 0.4]])
    np.testing.assert_allclose(scored("mean", table), [0.7, 0.7, 0.6])
    np.testing.assert_allclose(scored("win-rate", table), [2 / 3, 2.5 / 4, 0.5 / 3])
    np.testing.assert_allclose(scored("borda", table), [(1 + 0) / 2, (0.25 + 1 + 1) / 3, (0.25 + 0) / 2])
    np.testing.assert_allclose(scored("mean-rank", table), [-1.5, -(2.5 + 1 + 1) / 3, -(2.5 + 2) / 2])
    np.testing.assert_allclose(scored("dominance", table), [1, 1, -2])  # A ties B on 2, beats C; B beats C on the third


def test_borda_has_two_levels() -> None:
    table = np.array([[0.9, 0.9, 0.1], [0.1, 0.1, 0.9]])
    np.testing.assert_allclose(scored("borda", table, np.array([0, 0, 1])), [0.5, 0.5])
    np.testing.assert_allclose(scored("borda", table, np.array([0, 1, 2])), [2 / 3, 1 / 3])


def test_z_score_of_a_constant_column_is_zero() -> None:
    table = np.array([[0.5, 1.0], [0.5, 2.0], [0.5, 3.0]])
    np.testing.assert_allclose(scored("z-score", table), [-0.5, 0.0, 0.5], atol=1e-12)


def test_bradley_terry_solves_its_equations() -> None:
    rng = np.random.default_rng(3)
    table = rng.integers(0, 4, (5, 12)) / 4.0
    table[rng.random(table.shape) < 0.2] = np.nan
    won = (table[:, None, :] > table[None, :, :]).sum(axis=2).astype(float)
    tied = (table[:, None, :] == table[None, :, :]).sum(axis=2).astype(float)
    np.fill_diagonal(tied, 0)
    theta, nu = davidson(won, tied)
    gap = theta[:, None] - theta[None, :]
    games = won + won.T + tied
    left = won.sum(axis=1) + tied.sum(axis=1) / 2 - (games * expected(gap, nu)).sum(axis=1) - 0.1 * theta
    np.testing.assert_allclose(left, 0, atol=1e-7)
    assert abs(theta.mean()) < 1e-12
    np.testing.assert_allclose(bradley_terry(table, np.ones(12), np.arange(12)), theta)


def test_bradley_terry_of_two_methods_is_the_logit() -> None:
    """With 3 wins to 1 the maximum is log 3; the prior of precision 0.1 pulls each strength towards 0."""
    theta, _ = davidson(np.array([[0.0, 300.0], [100.0, 0.0]]), np.zeros((2, 2)))
    assert theta[0] - theta[1] == pytest.approx(np.log(3), abs=2e-3)


def test_bradley_terry_orders_balanced_tables_by_wins() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        table = rng.integers(0, 5, (6, 7)) / 5.0
        np.testing.assert_array_equal(places(np.round(scored("bradley-terry", table), 6)),
                                      places(tidy(scored("win-rate", table))))  # fmt: skip


def test_bradley_terry_replicates_equal_single_fits() -> None:
    rng = np.random.default_rng(8)
    table = rng.integers(0, 6, (6, 8)) / 6.0
    table[rng.random(table.shape) < 0.15] = np.nan
    weights = rng.multinomial(8, np.full(8, 1 / 8), size=30).astype(float)
    together = bradley_terry(table, weights, np.arange(8))
    won = (table[:, None, :] > table[None, :, :]).astype(float)
    level = (table[:, None, :] == table[None, :, :]).astype(float)
    _, nu = davidson(won.sum(axis=2), level.sum(axis=2) * (1 - np.eye(6)))
    for b in range(30):
        wins, ties = (part @ weights[b] for part in (won, level))
        ties *= 1 - np.eye(6)
        theta = together[b]
        games = wins + wins.T + ties
        left = wins.sum(axis=1) + ties.sum(axis=1) / 2 - (games * expected(theta[:, None] - theta, nu)).sum(axis=1)
        np.testing.assert_allclose(left - 0.1 * theta, 0, atol=3e-3)  # strengths have four decimals


def test_additive_is_least_squares() -> None:
    rng = np.random.default_rng(1)
    table = rng.random((6, 7))
    table[rng.random(table.shape) < 0.3] = np.nan
    table[0] = 0.5
    i, j = np.nonzero(np.isfinite(table))
    design = np.zeros((len(i), 13))
    design[np.arange(len(i)), i] = design[np.arange(len(i)), 6 + j] = 1
    beta = np.linalg.lstsq(design, table[i, j], rcond=None)[0][:6]
    np.testing.assert_allclose(scored("additive", table), beta - beta.mean(), atol=1e-9)
    weights = rng.multinomial(7, np.full(7, 1 / 7), size=40).astype(float)
    many = additive(table, weights, np.arange(7))
    for b in range(40):
        keep = weights[b][j] > 0
        root = np.sqrt(weights[b][j][keep])[:, None]
        own = np.linalg.lstsq(design[keep] * root, table[i, j][keep] * root[:, 0], rcond=None)[0][:6]
        if np.isfinite(many[b]).all():
            np.testing.assert_allclose(many[b], own - own.mean(), atol=1e-7)


@given(tables)
def test_rules_turn_with_the_table(table: np.ndarray) -> None:
    """Methods in another order get the same scores in that order, and columns in another order change nothing."""
    for rule in EVERY:
        scores = tidy(np.round(scored(rule, table), 7))
        np.testing.assert_allclose(scored(rule, table[::-1])[::-1], scores, atol=1e-6)
        np.testing.assert_allclose(scored(rule, table[:, ::-1]), scores, atol=1e-6)


@given(gapped)
def test_ordinal_rules_ignore_monotone_relabelling(table: np.ndarray) -> None:
    for rule in WITHIN:
        np.testing.assert_allclose(scored(rule, np.exp(3 * table) - 7), scored(rule, table), atol=1e-9)


@given(gapped)
def test_a_dominated_method_changes_no_order_under_dominance(table: np.ndarray) -> None:
    before = scored("dominance", table)
    after = scored("dominance", np.vstack([table, np.full(table.shape[1], -1.0)]))[:-1]
    known = np.isfinite(before)
    np.testing.assert_array_equal(places(before[known]), places(after[known]))


@given(tables)
def test_weights_repeat_columns(table: np.ndarray) -> None:
    weights = np.arange(table.shape[1]) + 1.0
    columns = np.repeat(np.arange(table.shape[1]), weights.astype(int))
    for rule in ("mean", "win-rate", "mean-rank", "z-score", "dominance", "additive"):
        once = RULES[rule].scores(table, weights, np.arange(table.shape[1]))
        np.testing.assert_allclose(once, scored(rule, table[:, columns]), atol=1e-9)


@given(gapped)
def test_batches_equal_single_tables(table: np.ndarray) -> None:
    groups = np.arange(table.shape[1]) // 2
    weights = np.array([np.ones(table.shape[1]), np.arange(table.shape[1]) + 1.0])
    for rule in EVERY:
        if RULES[rule].connects and len(components_of(np.isfinite(table))) > 1:
            continue
        score = RULES[rule].scores
        single = np.array([score(table, row, groups) for row in weights])
        close = 2e-2 if rule == "bradley-terry" else 1e-9  # replicates share the tie parameter of the whole table
        np.testing.assert_allclose(score(table, weights, groups)[0], single[0], atol=close)
        stacked = score(np.stack([table, table]), weights, groups)
        np.testing.assert_allclose(stacked[0], single[0], atol=close)
        if rule != "bradley-terry":
            np.testing.assert_allclose(stacked, single, atol=1e-9)


def test_coverage_and_graph() -> None:
    table = np.array([[0.1, np.nan, np.nan], [0.2, 0.3, np.nan], [np.nan, 0.4, np.nan], [np.nan, np.nan, 0.5]])
    found = coverage_of(cube_of(table))
    assert (found.filled, found.possible, found.pairs_compared, found.pairs) == (5, 12, 2, 6)
    assert found.components == (("A", "B", "C"), ("D",))
    assert found.articulation_methods == ("B",)
    assert found.articulation_columns == ("d0|t0|dice", "d1|t0|dice")
    assert found.single_columns == ("d2|t0|dice",)
    assert str(found) == "5 of 12 cells filled; 2 of 6 pairs of methods share a column; the table falls into 2 parts"
    whole = connected(np.isfinite(table[:3]), np.array([[1.0, 1, 0], [1, 0, 5]]))
    assert whole.tolist() == [True, False]


@settings(max_examples=40)
@given(arrays(bool, st.tuples(st.integers(2, 5), st.integers(1, 5))))
def test_complete_block_is_the_largest(mask: np.ndarray) -> None:
    rows, columns = complete_block(mask)
    sizes = [0]
    for subset in range(1, 2 ** mask.shape[0]):
        some = [i for i in range(mask.shape[0]) if subset >> i & 1]
        if len(some) > 1:
            sizes.append(len(some) * int(mask[some].all(axis=0).sum()))
    assert len(rows) * len(columns) == max(sizes)
    assert mask[np.ix_(rows, columns)].all()


GAPS = np.array([[0.9, 0.5, np.nan], [0.8, 0.7, 0.6], [0.7, np.nan, 0.4]])


def test_missing_cells_are_an_error_that_names_them() -> None:
    with pytest.raises(InputError, match=r"2 of 9 cells are missing: A on d2.t0.dice; C on d1.t0.dice. Say what"):
        rank(cube_of(GAPS), "borda")


def test_policies() -> None:
    cube = cube_of(GAPS)
    assert rank(cube, "mean", "available", n_boot=0).order() == ("A", "B", "C")
    complete = rank(cube, "mean", "complete", n_boot=0)
    assert complete.k_used == 4
    assert len(complete.unranked) + len(complete.ranked) == 3
    worst = rank(cube, "mean", "worst", n_boot=0)
    assert [round(entry.score or 0, 4) for entry in worst.ranked] == [0.7, 0.6, 0.5333]
    assert any("2 of 9 values are invented" in text for text in worst.warnings)
    assert rank(cube, "additive", "model", n_boot=0).order()[-1] == "C"
    with pytest.raises(InputError, match="rule borda fits none"):
        rank(cube, "borda", "model")
    assert any("made for full tables" in text for text in rank(cube, "borda", "available", n_boot=0).warnings)
    assert not any("made for full" in text for text in rank(cube, "win-rate", "available", n_boot=0).warnings)


def test_no_complete_block() -> None:
    apart = cube_of(np.array([[0.9, np.nan], [np.nan, 0.8]]))
    with pytest.raises(NotEstimable, match="no two methods have a column in common"):
        rank(apart, "mean", "complete")


@pytest.mark.parametrize("rule", ["bradley-terry", "additive"])
def test_disconnected_tables_are_refused_unless_a_part_is_named(rule: str) -> None:
    table = np.array([[0.9, np.nan], [0.8, np.nan], [np.nan, 0.7], [np.nan, 0.6], [0.5, np.nan]])
    with pytest.raises(InputError, match=r"falls into 2 parts \(A, B, E; C, D\).*--component 'A'"):
        rank(cube_of(table), rule, "available")
    part = rank(cube_of(table), rule, "available", component="D", n_boot=0)
    assert part.order() == ("C", "D")
    assert len(part.coverage.components) == 2
    other = rank(cube_of(table), "win-rate", "available", n_boot=0)
    assert any("rests on no comparison" in text for text in other.warnings)


def test_scales() -> None:
    rows = [("A", "x", "dice", 0.9), ("B", "x", "dice", 0.8), ("A", "y", "voi", 2.0), ("B", "y", "voi", 1.0)]
    frame = pd.DataFrame(rows, columns=["method", "dataset", "metric", "value"])
    with pytest.raises(InputError, match="adds up values of dice, voi, whose ranges or directions differ"):
        rank(cube_from_long(frame), "mean")
    with pytest.raises(InputError, match=r"needs a lowest and a highest value of every metric; y.voi has none"):
        rank(cube_from_long(frame), "mean", transform="range")
    ranged = rank(cube_from_long(frame, ranges={"voi": (0, 10)}), "mean", transform="range", n_boot=0)
    assert [entry.score for entry in ranged.ranked] == pytest.approx([0.85, 0.85])
    assert ranged.ranked[0].tied
    assert (ranged.ranked[0].rank, ranged.ranked[1].rank, ranged.ranked[1].mid_rank) == (1, 1, 1.5)
    with pytest.raises(InputError, match="compares within columns"):
        rank(cube_from_long(frame), "borda", transform="range")
    with pytest.raises(UnknownName, match="transform 'square'"):
        rank(cube_from_long(frame), "mean", transform="square")


def test_lower_is_better_prints_on_the_own_scale() -> None:
    lower = rank(cube_of(np.array([[2.0, 1.0], [3.0, 4.0]]), metric="voi"), "mean", n_boot=0)
    assert lower.order() == ("A", "B")
    assert [entry.score for entry in lower.ranked] == [1.5, 3.5]
    ranks = rank(cube_of(np.array([[2.0, 1.0], [3.0, 4.0]]), metric="voi"), "mean-rank", n_boot=0)
    assert [entry.score for entry in ranks.ranked] == [1.0, 2.0]


def test_conventions_are_never_averaged() -> None:
    rows = [("A", "x", "arand", "gt0", 0.1), ("B", "x", "arand", "gt0", 0.2), ("A", "y", "arand", "cremi", 0.1),
            ("B", "y", "arand", "cremi", 0.3)]  # fmt: skip
    cube = cube_from_long(pd.DataFrame(rows, columns=["method", "dataset", "metric", "convention", "value"]))
    with pytest.raises(InputError, match="arand stands under the conventions cremi, gt0"):
        rank(cube, "mean")
    found = rank(cube, "borda", n_boot=0)
    assert any("arand stands under several conventions" in text for text in found.warnings)


def test_logit_keeps_off_the_ends() -> None:
    found = rank(cube_of(np.array([[1.0, 0.9], [0.5, 0.8]])), "additive", n_boot=0)
    assert found.transform == "logit"
    assert any("1 values within 0.0005 of an end" in text for text in found.warnings)


@pytest.mark.parametrize("rule", EVERY)
def test_all_tied(rule: str) -> None:
    found = rank(cube_of(np.full((3, 4), 0.5)), rule, n_boot=50)
    assert [entry.rank for entry in found.ranked] == [1, 1, 1]
    assert all((entry.rank_low, entry.rank_high, entry.ci_low, entry.ci_high) == (1, 1, 1, 1) for entry in found.ranked)
    assert "all 3 methods tie" in found.warnings
    assert any("separates nobody" in text for text in found.warnings)
    assert found.significance.n == 0 or not found.significance.omnibus


def test_one_method_and_one_data_set() -> None:
    with pytest.raises(InputError, match=r"one method \(A\) to rank"):
        rank(cube_of(np.array([[0.5, 0.6]])), "borda")
    found = rank(cube_of(np.array([[0.5], [0.6]])), "borda")
    assert found.order() == ("B", "A")
    assert found.ranked[0].ci_low is None
    assert any("needs at least two of them; there is 1" in text for text in found.warnings)


def test_method_without_comparison_has_no_rank() -> None:
    table = np.array([[0.9, np.nan], [0.8, np.nan], [np.nan, 0.7]])
    found = rank(cube_of(table), "win-rate", "available", n_boot=0)
    assert [(entry.method, entry.rank) for entry in found.ranked] == [("A", 1), ("B", 2), ("C", None)]
    assert "no rank for C: nothing there compares with another method" in found.warnings
    with pytest.raises(NotEstimable, match="no two methods share a column"):
        rank(cube_of(np.array([[0.9, np.nan], [np.nan, 0.7]])), "win-rate", "available")


def test_unknown_names() -> None:
    cube = cube_of(np.array([[0.5], [0.6]]))
    with pytest.raises(UnknownName, match=r"rule 'bordo'.*did you mean 'borda'"):
        rank(cube, "bordo")
    with pytest.raises(UnknownName, match="missing policy 'ignore'"):
        rank(cube, "borda", "ignore")
    with pytest.raises(UnknownName, match="bootstrap unit 'case'"):
        rank(cube, "borda", unit="case")
