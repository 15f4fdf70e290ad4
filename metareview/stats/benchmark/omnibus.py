"""Tests over all groups at once. Arrays in, numbers out; what does not exist is refused with the reason.

Groups are sequences of 1-d arrays, one per group, of shapes ``(n_i,)``; N is the sum of the n_i and k their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable

__all__ = [
    "Groups", "Outcome", "Squares", "anova", "assignments", "brown_forsythe", "kruskal_wallis", "permutation_anova",
    "sums_of_squares", "welch_anova",
]  # fmt: skip

Groups = Sequence[NDArray[np.float64]]

#: Up to this many distinct assignments of values to groups the permutation test lists them all.
MAX_ASSIGNMENTS = 20_000


@dataclass(frozen=True, slots=True)
class Squares:
    """Sums of squares between and within groups, with their degrees of freedom."""

    between: float
    within: float
    df_between: int
    df_within: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Statistic, degrees of freedom where the test has them, and p value."""

    statistic: float
    p: float
    df1: float | None = None
    df2: float | None = None


def sums_of_squares(groups: Groups) -> Squares:
    """Return ``SSB = sum n_i (m_i - m)²`` and ``SSW = sum sum (x_ij - m_i)²``, computed from centred values.

    Source: Fisher, Statistical Methods for Research Workers (1925), section 40; NIST/SEMATECH e-Handbook, 7.4.3.3.

    Raises
    ------
    NotEstimable
        With fewer than two groups or an empty group.
    """
    if len(groups) < 2:
        raise NotEstimable("a comparison needs at least two groups; there is one" if groups else "there is no group")
    if any(group.size == 0 for group in groups):
        raise NotEstimable("a group has no values")
    values = np.concatenate(groups)
    centred = [group - values.mean() for group in groups]
    # not the built-in sum, whose last digit depends on the version of Python (compensated since 3.12)
    between = float(np.sum([group.size * float(group.mean()) ** 2 for group in centred]))
    within = float(np.sum([float(((group - group.mean()) ** 2).sum()) for group in centred]))
    return Squares(between, within, len(groups) - 1, values.size - len(groups))


def anova(groups: Groups) -> Outcome:
    """One-way analysis of variance: ``F = (SSB / (k-1)) / (SSW / (N-k))``. Groups of one value are admitted.

    Source: Fisher (1925), section 40; NIST/SEMATECH e-Handbook, 7.4.3.

    Raises
    ------
    NotEstimable
        If no group has two values, or no value differs from the mean of its group.
    """
    from scipy.special import fdtrc

    squares = sums_of_squares(groups)
    if squares.df_within < 1:
        raise NotEstimable("every group has one value, so nothing measures the variation within groups")
    if _is_flat(squares, groups):
        raise NotEstimable("the values do not vary within the groups, so F has no denominator")
    f = (squares.between / squares.df_between) / (squares.within / squares.df_within)
    p = float(fdtrc(squares.df_between, squares.df_within, f))
    return Outcome(f, p, squares.df_between, squares.df_within)


def welch_anova(groups: Groups) -> Outcome:
    """Welch's analysis of variance for unequal variances (statsmodels' ``anova_oneway``).

    Source: Welch, Biometrika 1951;38:330-336.

    Raises
    ------
    NotEstimable
        If a group has fewer than two values or does not vary: its weight n_i / s_i² does not exist.
    """
    from statsmodels.stats.oneway import anova_oneway

    sums_of_squares(groups)
    _need_variances(groups, "Welch's weight n / s²")
    result = anova_oneway(list(groups), use_var="unequal", welch_correction=True)
    return Outcome(float(result.statistic), float(result.pvalue), float(result.df_num), float(result.df_denom))


def kruskal_wallis(groups: Groups) -> Outcome:
    """Kruskal-Wallis rank test with correction for ties; p from chi² with k - 1 degrees of freedom (approximate).

    Source: Kruskal & Wallis, J Am Stat Assoc 1952;47:583-621, equations 1.1 and 1.3.

    Raises
    ------
    NotEstimable
        If all values are equal.
    """
    from scipy.stats import kruskal

    sums_of_squares(groups)
    if np.ptp(np.concatenate(groups)) == 0:
        raise NotEstimable("all values are equal, so ranks say nothing")
    result = kruskal(*groups)
    return Outcome(float(result.statistic), float(result.pvalue), len(groups) - 1)


def brown_forsythe(groups: Groups) -> Outcome:
    """Test of equal variances: analysis of variance of the absolute deviations from the group medians.

    Source: Brown & Forsythe, J Am Stat Assoc 1974;69:364-367 (W50).

    Raises
    ------
    NotEstimable
        If a group has fewer than three values (one or two have equal deviations, so they cannot vary), or the
        deviations do not vary within groups.
    """
    sums_of_squares(groups)
    if any(group.size < 3 for group in groups):
        raise NotEstimable("a group has fewer than 3 values, so the spread of its deviations is not measured")
    return anova([np.abs(group - np.median(group)) for group in groups])


def permutation_anova(groups: Groups, *, n_resamples: int = 9_999, seed: int) -> tuple[Outcome, str]:
    """Permutation test of F: the share of assignments of values to groups with an F at least as large.

    SSB orders assignments as F does, because the total is fixed. All distinct assignments are listed where there are
    at most 20,000; otherwise `n_resamples` random ones are drawn and ``p = (b + 1) / (n_resamples + 1)``.

    Returns
    -------
    outcome, note : the F of the data with its p, and how p was obtained.

    Sources: Pitman, Biometrika 1938;29:322-335; Phipson & Smyth, Stat Appl Genet Mol Biol 2010;9:39 (never 0).

    Raises
    ------
    NotEstimable
        As `anova`.
    """
    observed = anova(groups)
    sizes = [group.size for group in groups]
    values = np.concatenate(groups)
    values = values - values.mean()
    labels = np.repeat(np.arange(len(groups)), sizes)
    n_distinct = factorial(values.size) // prod(factorial(size) for size in sizes)
    target = _between(values[None, :], labels, sizes)[0] * (1 - 1e-12)
    if n_distinct <= MAX_ASSIGNMENTS:
        drawn = assignments(sizes)
        p = float(np.mean(_between_of(values, drawn, sizes) >= target))
        return Outcome(observed.statistic, p), f"exact: all {n_distinct} assignments"
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.broadcast_to(values, (n_resamples, values.size)), axis=1)
    hits = int(np.sum(_between(shuffled, labels, sizes) >= target))
    note = f"{n_resamples} random assignments, seed {seed}"
    return Outcome(observed.statistic, (hits + 1) / (n_resamples + 1)), note


def _between(values: NDArray[np.float64], labels: NDArray[np.int64], sizes: Sequence[int]) -> NDArray[np.float64]:
    """Sum of n_i m_i² per row of centred `values` (rows, N)."""
    sums = [values[:, labels == group].sum(axis=1) ** 2 / size for group, size in enumerate(sizes)]
    return np.asarray(np.sum(sums, axis=0))


def _between_of(
    values: NDArray[np.float64], assignments: NDArray[np.int64], sizes: Sequence[int]
) -> NDArray[np.float64]:
    sums = [np.where(assignments == group, values, 0.0).sum(axis=1) ** 2 / size for group, size in enumerate(sizes)]
    return np.asarray(np.sum(sums, axis=0))


def assignments(sizes: Sequence[int]) -> NDArray[np.int64]:
    """Every distinct way to label N positions with group numbers, `sizes` of each; shape (ways, N)."""
    from itertools import combinations

    total = sum(sizes)
    partial = [(np.full(total, -1), tuple(range(total)))]
    for group, size in enumerate(sizes):
        grown = []
        for labels, free in partial:
            for chosen in combinations(free, size):
                marked = labels.copy()
                marked[list(chosen)] = group
                grown.append((marked, tuple(at for at in free if at not in chosen)))
        partial = grown
    return np.stack([labels for labels, _ in partial])


def _is_flat(squares: Squares, groups: Groups) -> bool:
    """Whether what varies within groups is no more than the rounding of the arithmetic."""
    scale = max(float(np.abs(np.concatenate(groups)).max()), np.finfo(float).tiny)
    return bool(squares.within <= (np.finfo(float).eps * scale) ** 2 * sum(group.size for group in groups) * 16)


def _need_variances(groups: Groups, what: str) -> None:
    if any(group.size < 2 for group in groups):
        raise NotEstimable(f"a group has one value, so {what} does not exist")
    if any(float(np.ptp(group)) == 0 for group in groups):
        raise NotEstimable(f"the values of a group are all equal, so {what} does not exist")
