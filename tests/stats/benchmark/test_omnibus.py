"""Tests over all groups, against published numbers and laws."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from metareview.errors import NotEstimable
from metareview.stats.benchmark import omnibus
from metareview.stats.benchmark.omnibus import (
    anova,
    brown_forsythe,
    kruskal_wallis,
    permutation_anova,
    sums_of_squares,
    welch_anova,
)


def groups(*rows: str) -> list[np.ndarray]:
    return [np.array(row.split(), dtype=float) for row in rows]


#: NIST Statistical Reference Datasets, one-way ANOVA, SiRstv (resistivity of silicon wafers, five instruments).
SIRSTV = groups(
    "196.3052 196.1240 196.1890 196.2569 196.3403",
    "196.3042 196.3825 196.1669 196.3257 196.0422",
    "196.1303 196.2005 196.2889 196.0343 196.1811",
    "196.2795 196.1748 196.1494 196.1485 195.9885",
    "196.2119 196.1051 196.1850 196.0052 196.2090",
)
#: R's InsectSprays (Beall 1942): counts under six sprays.
SPRAYS = groups(
    "10 7 20 14 14 12 10 23 17 20 14 13",
    "11 17 21 11 16 14 17 17 19 21 7 13",
    "0 1 7 2 3 1 2 1 3 0 1 4",
    "3 5 12 6 4 3 5 5 5 5 2 4",
    "3 5 3 5 3 6 1 1 3 2 6 4",
    "11 9 15 22 15 16 13 10 26 26 24 13",
)
#: Kruskal & Wallis 1952, the introductory example: daily output of three bottle-cap machines.
CAPS = groups("340 345 330 342 338", "339 333 344", "347 343 349 355")

VALUES = st.lists(
    st.lists(st.integers(0, 1000).map(lambda x: x / 1000), min_size=2, max_size=5), min_size=2, max_size=4
).map(lambda rows: [np.array(row) for row in rows])


def test_anova_has_the_certified_digits_of_sirstv() -> None:
    squares = sums_of_squares(SIRSTV)
    assert_allclose(squares.between, 5.11462616000000e-02, rtol=1e-11)
    assert_allclose(squares.within, 2.16636560000000e-01, rtol=1e-11)
    outcome = anova(SIRSTV)
    assert_allclose(outcome.statistic, 1.18046237440255, rtol=1e-11)
    assert (outcome.df1, outcome.df2) == (4, 20)


def test_anova_and_welch_as_r_documents_them() -> None:
    """R: oneway.test(count ~ spray, InsectSprays) and aov."""
    welch = welch_anova(SPRAYS)
    assert_allclose([welch.statistic, welch.df1, welch.df2], [36.065, 5, 30.043], rtol=2e-5)
    assert_allclose(welch.p, 7.999e-12, rtol=1e-3)
    assert_allclose(anova(SPRAYS).statistic, 34.70, rtol=2e-4)


def test_kruskal_wallis_original_example() -> None:
    outcome = kruskal_wallis(CAPS)
    assert_allclose(outcome.statistic, 5.656, atol=5e-4)
    assert outcome.df1 == 2


def test_brown_forsythe_is_scipys_levene() -> None:
    from scipy.stats import levene

    expected = levene(*SPRAYS, center="median")
    outcome = brown_forsythe(SPRAYS)
    assert_allclose([outcome.statistic, outcome.p], [expected.statistic, expected.pvalue])


def test_permutation_lists_all_assignments_when_they_are_few() -> None:
    data = groups("1 2 4", "3 9", "8 7")
    outcome, note = permutation_anova(data, seed=1)
    values = np.concatenate(data)
    fs = [anova([p[:3], p[3:5], p[5:]]).statistic for p in map(np.array, permutations(values))]
    assert_allclose(outcome.p, np.mean(np.array(fs) >= outcome.statistic * (1 - 1e-9)))
    assert note == "exact: all 210 assignments"


def test_permutation_is_seeded_and_close_to_f_in_large_samples() -> None:
    first, note = permutation_anova(SIRSTV, seed=3)
    again, _ = permutation_anova(SIRSTV, seed=3)
    assert first == again
    assert note == "9999 random assignments, seed 3"
    assert_allclose(first.p, anova(SIRSTV).p, atol=0.03)
    assert permutation_anova(SPRAYS, seed=3)[0].p == 1 / 10_000, "no random assignment is as extreme; never 0"


@given(VALUES)
def test_squares_add_up(data: list[np.ndarray]) -> None:
    squares = sums_of_squares(data)
    values = np.concatenate(data)
    assert_allclose(squares.between + squares.within, ((values - values.mean()) ** 2).sum(), atol=1e-9)


@given(VALUES, st.floats(-5, 5), st.floats(0.1, 10))
def test_anova_does_not_depend_on_unit_origin_or_order(data: list[np.ndarray], shift: float, scale: float) -> None:
    try:
        f = anova(data).statistic
    except NotEstimable:
        return
    moved = [scale * group + shift for group in data]
    assert_allclose(anova(moved).statistic, f, rtol=1e-6, atol=1e-6)
    assert_allclose(anova(data[::-1]).statistic, f, rtol=1e-9, atol=1e-12)
    assert 0 <= anova(data).p <= 1


@given(VALUES)
def test_two_groups_give_the_square_of_t(data: list[np.ndarray]) -> None:
    from scipy.stats import ttest_ind

    pair = data[:2]
    assume(all(np.ptp(group) > 0 for group in pair))
    f = anova(pair)
    t = ttest_ind(*pair)
    assert_allclose(f.statistic, t.statistic**2, rtol=1e-6, atol=1e-9)
    assert_allclose(f.p, t.pvalue, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("test", [anova, welch_anova, kruskal_wallis, brown_forsythe])
def test_what_does_not_exist_is_refused_with_the_reason(test: object) -> None:
    function = getattr(omnibus, test.__name__)  # type: ignore[attr-defined]
    with pytest.raises(NotEstimable, match="there is one"):
        function(groups("1 2 3"))
    with pytest.raises(NotEstimable, match="there is no group"):
        function([])
    with pytest.raises(NotEstimable, match="no values"):
        function([np.array([1.0, 2.0, 3.0]), np.array([])])
    with pytest.raises(NotEstimable):
        function(groups("1 1 1", "1 1 1"))


def test_reasons_name_what_is_missing() -> None:
    with pytest.raises(NotEstimable, match="every group has one value"):
        anova(groups("1", "2", "3"))
    with pytest.raises(NotEstimable, match="do not vary within the groups"):
        anova(groups("0.1 0.1 0.1", "0.3 0.3"))
    with pytest.raises(NotEstimable, match="a group has one value"):
        welch_anova(groups("1 2", "3"))
    with pytest.raises(NotEstimable, match="fewer than 3 values"):
        brown_forsythe(groups("1 2 3", "3 4"))


def test_single_values_enter_the_analysis_of_variance() -> None:
    """The founding review's AP values: eight in four categories, some of them alone."""
    outcome = anova(groups("0.536 0.60 0.62", "0.769", "0.782 0.79", "0.951 0.973"))
    assert (outcome.df1, outcome.df2) == (3, 4)
