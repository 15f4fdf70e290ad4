"""What holds of every table of ratings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import stdtrit

from metareview.stats.agreement import Ratings, agreement
from metareview.stats.agreement.alpha import krippendorff_alpha
from metareview.stats.agreement.bootstrap import bootstrap_interval
from metareview.stats.agreement.many_raters import brennan_prediger, fleiss_kappa, gwet_ac, unit_se
from metareview.stats.agreement.ratings import category_counts, two_by_two
from metareview.stats.agreement.two_raters import (
    bias_index,
    cohen_kappa,
    cohen_kappa_se,
    negative_agreement,
    observed_agreement,
    pabak,
    positive_agreement,
    positive_agreement_interval,
    prevalence_index,
)
from metareview.stats.agreement.weights import quadratic_weights

cells = st.integers(0, 40)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), min_size=3, max_size=3)
squares = st.tuples(cells, cells, cells, cells)


@given(squares)
def test_kappa_from_pabak(counts: tuple[int, int, int, int]) -> None:
    """kappa = (PABAK - PI^2 + BI^2) / (1 - PI^2 + BI^2): Byrt, Bishop & Carlin 1993."""
    a, b, c, d = counts
    assume((a + b) * (c + d) or (a + c) * (b + d))
    table = [[a, b], [c, d]]
    pi, bi = prevalence_index(a, b, c, d) ** 2, bias_index(a, b, c, d) ** 2
    adjusted = pabak(observed_agreement(table), 2)
    assert cohen_kappa(table) == pytest.approx((adjusted - pi + bi) / (1 - pi + bi), abs=1e-12)


@given(tables)
def test_kappa_does_not_ask_who_is_first(rows: list[list[int]]) -> None:
    table = np.array(rows, dtype=float)
    assume(np.count_nonzero(table.sum(0)) > 1 and np.count_nonzero(table.sum(1)) > 1)
    w = quadratic_weights([1, 2, 3])
    assert cohen_kappa(table) == pytest.approx(cohen_kappa(table.T), abs=1e-12)
    assert cohen_kappa(table, w) == pytest.approx(cohen_kappa(table.T, w), abs=1e-12)
    assert -1 - 1e-12 <= cohen_kappa(table) <= 1 + 1e-12
    order = [2, 0, 1]
    assert cohen_kappa(table[np.ix_(order, order)]) == pytest.approx(cohen_kappa(table), abs=1e-12)


@given(squares)
def test_specific_agreement(counts: tuple[int, int, int, int]) -> None:
    """The observed agreement is the mean of the two specific ones, weighted by how often each category is chosen."""
    a, b, c, d = counts
    assume(a + b + c and b + c + d)
    n = a + b + c + d
    share = (2 * a + b + c) / (2 * n)
    mean = share * positive_agreement(a, b, c) + (1 - share) * negative_agreement(b, c, d)
    assert mean == pytest.approx((a + d) / n, abs=1e-12)
    low, high = positive_agreement_interval(a, b, c)
    assert 0 <= low <= positive_agreement(a, b, c) <= high <= 1


rows_of = st.lists(
    st.lists(st.sampled_from([0, 1, 2, None]), min_size=3, max_size=3), min_size=3, max_size=25
)  # fmt: skip


@given(rows_of)
def test_many_raters(rows: list[list[int | None]]) -> None:
    ratings = Ratings.of(rows, categories=[0, 1, 2])
    counts = ratings.counts()
    paired = counts[counts.sum(1) >= 2]
    assume(np.count_nonzero(paired.sum(0)) > 1)
    for formula in (fleiss_kappa, gwet_ac, brennan_prediger):
        value, units = formula(counts)
        assert value <= 1 + 1e-12
        assert units.mean() == pytest.approx(value, abs=1e-9)
        mixed, _ = formula(counts[::-1][:, [2, 0, 1]])
        assert mixed == pytest.approx(value, abs=1e-9)
    alpha, _ = krippendorff_alpha(counts)
    assert alpha == pytest.approx(krippendorff_alpha(paired)[0], abs=1e-12)
    interval, _ = krippendorff_alpha(counts, "interval", [0, 1, 2])
    assert interval == pytest.approx(krippendorff_alpha(counts, "interval", [7, 17, 27])[0], abs=1e-9)
    ratio, _ = krippendorff_alpha(counts, "ratio", [1, 2, 3])
    assert ratio == pytest.approx(krippendorff_alpha(counts, "ratio", [10, 20, 30])[0], abs=1e-9)


@given(rows_of)
def test_two_raters_alpha_nears_scott(rows: list[list[int | None]]) -> None:
    """With two raters and no gaps, 1 - alpha = (1 - Fleiss' kappa) (2n - 1) / 2n: the small-sample correction."""
    full = [row[:2] for row in rows if None not in row[:2]]
    assume(len(full) > 1 and len({value for row in full for value in row}) > 1)
    counts = Ratings.of(full, categories=[0, 1, 2]).counts()
    n = len(full)
    assert 1 - krippendorff_alpha(counts)[0] == pytest.approx(
        (1 - fleiss_kappa(counts)[0]) * (2 * n - 1) / (2 * n), abs=1e-9
    )


@given(rows_of, st.sampled_from(["nominal", "ordinal", "interval"]))
def test_every_report_is_whole(rows: list[list[int | None]], scale: str) -> None:
    """Numbers or reasons, limits around the value, nothing that is not a number."""
    found = agreement(Ratings.of(rows, categories=[0, 1, 2]), scale)  # type: ignore[arg-type]
    for row in found.estimates:
        assert (row.value is None) <= bool(row.reason)
        assert (row.ci_low is None) == (row.ci_high is None)
        if row.value is not None and row.ci_low is not None and row.ci_high is not None:
            assert row.ci_low - 1e-9 <= row.value <= row.ci_high + 1e-9
        if row.value is not None and row.ci_low is None:
            assert row.reason
    found.to_json()


def test_bootstrap_repeats_its_bits() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 80)
    rows = [[int(t), int(t if rng.random() < 0.8 else rng.integers(0, 3))] for t in truth]
    ratings = Ratings.of(rows)

    def kappa(drawn: Ratings) -> float:
        return cohen_kappa(drawn.confusion())

    first = bootstrap_interval(kappa, ratings, n_boot=300, seed=1)
    assert first == bootstrap_interval(kappa, ratings, n_boot=300, seed=1)
    assert first != bootstrap_interval(kappa, ratings, n_boot=300, seed=2)
    report = agreement(ratings, n_boot=300, seed=1)
    formula = agreement(ratings).get("cohen_kappa", "rater 1 & rater 2")
    drawn = report.get("cohen_kappa", "rater 1 & rater 2")
    assert (drawn.ci_low, drawn.ci_high) == first[:2]
    assert drawn.ci_low == pytest.approx(formula.ci_low, abs=0.05)
    assert (report.seed, report.n_boot) == (1, 300)


def test_bootstrap_says_what_failed() -> None:
    rows = [["a", "a"]] * 4 + [["b", "b"]]
    report = agreement(Ratings.of(rows), n_boot=200)
    assert any("does not exist in" in text for text in report.warnings)


def test_a_square_of_more_categories() -> None:
    assert two_by_two([[5, 1, 0], [2, 7, 1], [0, 3, 4]], 1) == (7.0, 3.0, 4.0, 9.0)


def test_intervals_cover() -> None:
    """95 % intervals of kappa hold the true kappa in 93 to 97 % of 2,000 simulated tables of 200."""
    rng = np.random.default_rng(20250101)
    shares = np.array([[0.45, 0.10], [0.08, 0.37]])
    true = cohen_kappa(shares * 1000)
    tables = rng.multinomial(200, shares.ravel(), 2000).reshape(-1, 2, 2)
    hits = sum(abs(cohen_kappa(table) - true) <= 1.959964 * cohen_kappa_se(table) for table in tables)
    assert 0.93 <= hits / 2000 <= 0.97


def drawn(rng: np.random.Generator, n: int) -> np.ndarray:
    """Ratings of three raters around a common truth, a tenth of them missing, as counts."""
    shares = [0.6, 0.3, 0.1]
    truth = rng.choice(3, n, p=shares)
    given = np.where(rng.random((n, 3)) < 0.7, truth[:, None], rng.choice(3, (n, 3), p=shares))
    return category_counts(np.where(rng.random((n, 3)) < 0.1, -1, given), 3)


@pytest.mark.parametrize("formula", [fleiss_kappa, gwet_ac, brennan_prediger, krippendorff_alpha])
def test_intervals_over_units_cover(formula: Callable[..., tuple[float, np.ndarray]]) -> None:
    """95 % intervals of 60 units hold the coefficient of 200,000 units in 93 to 97 % of 1,000 draws."""
    rng = np.random.default_rng(20250101)
    true, _ = formula(drawn(rng, 200_000))
    hits = 0
    for _ in range(1000):
        value, units = formula(drawn(rng, 60))
        hits += abs(value - true) <= float(stdtrit(len(units) - 1, 0.975)) * unit_se(units)
    assert 0.93 <= hits / 1000 <= 0.97


def test_categories_that_differ_in_case_only_are_told() -> None:
    found = agreement(Ratings.of([["Include", "include"], ["no", "no"], ["include", "include "]]))
    assert [text for text in found.warnings if "differ only in case" in text] == [
        "'Include' and 'include' and 'include ' differ only in case or spaces and count as different categories; "
        "write them alike if they mean the same"
    ]
