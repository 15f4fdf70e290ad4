"""Descriptive statistics and correlations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmark_tables import build, result, spec
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from metareview.errors import NotEstimable
from metareview.stats.benchmark.correlations import (
    CorrelationsResult,
    compute_correlations,
    correlate,
    fisher_interval,
)
from metareview.stats.benchmark.descriptives import DescriptivesResult, compute_descriptives, quartiles


def scores(metric: str, values: list[float], **more: Any) -> list[dict[str, Any]]:
    return [result(f"s{i}.m.d", metric, value, **more) for i, value in enumerate(values)]


def test_table_2_layout() -> None:
    """NIST's Norris-like small case by hand: 1, 2, 3, 4, 10 has mean 4, SD 3.5355, median 3, quartiles 2 and 4."""
    found = compute_descriptives(build(scores("voi", [1, 2, 3, 4, 10])), spec())
    (row,) = found.rows
    assert (row.metric, row.convention, row.n, row.n_studies) == ("voi", "unstated", 5, 5)
    assert_allclose([row.mean, row.sd, row.min, row.max], [4, 12.5**0.5, 1, 10])
    assert (row.q1, row.median, row.q3) == (2, 3, 4)
    assert found.quartile_definition.startswith("linear interpolation")
    assert len(row.refs) == 5


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0], (1, 1, 1)), ([1.0, 2.0], (1.25, 1.5, 1.75)), ([3.0, 1.0, 2.0], (1.5, 2, 2.5))],
)
def test_quartiles_of_definition_7(values: list[float], expected: tuple[float, ...]) -> None:
    assert quartiles(np.array(values)) == expected


def test_order_conventions_and_single_values() -> None:
    rows = scores("dice", [0.9]) + scores("jaccard", [0.8, 0.7], convention="fg") + scores("jaccard", [0.5])
    found = compute_descriptives(build(rows), spec(metrics_in_use=["jaccard", "dice"]))
    assert [(row.metric, row.convention, row.n) for row in found.rows] == [
        ("jaccard", "fg", 2), ("jaccard", "unstated", 1), ("dice", "unstated", 1),
    ]  # fmt: skip
    assert (found.rows[1].sd, found.rows[1].reason) == (None, "one value has no standard deviation")
    assert "the scoring rule is unstated for jaccard, dice" in found.warnings[0]
    assert DescriptivesResult.from_json(found.to_json()).rows == found.rows


def test_units_count_as_one_experiment() -> None:
    rows = [result("a.m.d", "dice", v, unit=f"image:{v}") for v in (0.1, 0.3)] + scores("dice", [0.6])
    (row,) = compute_descriptives(build(rows), spec()).rows
    assert_allclose([row.n, row.n_experiments, row.mean], [2, 2, 0.4])


def test_the_primary_corpus_is_described() -> None:
    rows = [*scores("dice", [0.9]), result("z.m.d", "dice", 0.1, source_id="poster")]
    assert compute_descriptives(build(rows), spec()).rows[0].n == 1
    other = [{**row, "source_id": "page"} for row in rows]
    assert compute_descriptives(build(other), spec()).rows[0].n == 2, "no result is printed in it: all are"


def test_fisher_interval_as_published() -> None:
    """Fisher's z for r = .5, n = 28 (s = 1/5): artanh .5 = .5493, limits .1573 and .9413, tanh .1560 and .7358."""
    assert_allclose(fisher_interval(0.5, 28), (0.1560, 0.7358), atol=1e-4)
    low, high = fisher_interval(0.5, 28, "spearman")
    assert low < 0.1560
    assert high > 0.7355


@given(st.floats(-0.99, 0.99), st.integers(4, 200))
def test_fisher_laws(r: float, n: int) -> None:
    low, high = fisher_interval(r, n)
    assert -1 <= low <= r <= high <= 1
    assert_allclose(fisher_interval(-r, n), (-high, -low), atol=1e-12)
    assert fisher_interval(r, n + 1)[1] - fisher_interval(r, n + 1)[0] <= high - low + 1e-12


def test_anscombe() -> None:
    """Anscombe 1973, first set: r = .816."""
    x = np.array([10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5], dtype=float)
    y = np.array([8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68])
    assert_allclose(correlate(x, y, "pearson")[0], 0.816, atol=5e-4)
    assert_allclose(correlate(x, y, "spearman")[0], 0.818, atol=5e-4)


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1, 2, 3], [1, 2, 3], "3 experiments report both; a correlation needs 4"),
        ([1, 1, 1, 1], [1, 2, 3, 4], "the same value throughout"),
        ([1, 1 + 1e-15, 1, 1], [1, 2, 3, 4], "varies by no more than the rounding"),
    ],
)
def test_no_correlation_has_a_reason(x: list[float], y: list[float], reason: str) -> None:
    with pytest.raises(NotEstimable, match=reason):
        correlate(np.array(x, dtype=float), np.array(y, dtype=float), "pearson")


def test_matrix_with_pairwise_n() -> None:
    dice, jaccard = [0.9, 0.8, 0.7, 0.95, 0.6], [0.82, 0.67, 0.54, 0.91, 0.43]
    rows = scores("dice", dice) + scores("jaccard", jaccard) + scores("ap", [0.5, 0.6])
    rows += [result("z.m.d", "dice", 0.5)]
    found = compute_correlations(build(rows), spec(metrics_in_use=["dice", "jaccard", "ap"]))
    assert found.metrics == ("dice", "jaccard", "ap")
    pearson = {(row.metric_a, row.metric_b): row for row in found.rows if row.coefficient == "pearson"}
    assert {pair: row.n for pair, row in pearson.items()} == {
        ("dice", "jaccard"): 5, ("dice", "ap"): 2, ("jaccard", "ap"): 2,
    }  # fmt: skip
    row = pearson["dice", "jaccard"]
    assert_allclose(row.r, np.corrcoef(dice, jaccard)[0, 1])
    assert row.ci_low is not None
    assert pearson["dice", "ap"].r is None
    assert pearson["dice", "ap"].reason == "2 experiments report both; a correlation needs 4"
    assert [dropped.reason for dropped in found.dropped] == ["its experiment reports no second metric"]
    assert (found.k_in, found.k_used) == (13, 12)
    assert CorrelationsResult.from_json(found.to_json()).to_json() == found.to_json()


def test_a_line_has_a_correlation_but_no_interval() -> None:
    rows = scores("dice", [0.1, 0.2, 0.3, 0.4]) + scores("jaccard", [0.2, 0.4, 0.6, 0.8])
    spearman = compute_correlations(build(rows), spec()).rows[1]
    assert spearman.r == 1
    assert spearman.ci_low is None
    assert "lie on a line" in spearman.reason
