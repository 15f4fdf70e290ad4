"""Tests of differences between methods over blocks (data sets, or images): for complete designs only.

`values` have shape (k, n): k methods on n blocks, higher better, no gaps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, NotEstimable
from metareview.stats.benchmark.ranking.places import places

__all__ = [
    "PairTest", "Significance", "Test", "friedman", "holm", "iman_davenport", "nemenyi_difference", "nemenyi_p",
    "significance", "signed_rank", "win_tie_loss",
]  # fmt: skip

Array = NDArray[np.float64]
#: Fewest blocks with which a Wilcoxon test can reach 0.05 at all (2 / 2^6 = 0.03).
_LEAST = 6


@dataclass(frozen=True, slots=True)
class Test:
    """Statistic, degrees of freedom and p value of an omnibus test."""

    name: str
    statistic: float
    df1: float
    df2: float | None
    p: float


@dataclass(frozen=True, slots=True)
class PairTest:
    """A pair of methods: blocks won, tied and lost by the first, and p values.

    Attributes
    ----------
    p, p_holm : two-sided Wilcoxon signed-rank test, and adjusted by Holm over all pairs; None where all differences
        are 0.
    p_better : one-sided (first better), adjusted by Holm over all ordered pairs: the significance map.
    p_worse : the same for second better.
    nemenyi : whether their mean ranks differ by at least the critical difference.
    """

    first: str
    second: str
    wins: int
    ties: int
    losses: int
    p: float | None
    p_holm: float | None
    p_better: float | None
    p_worse: float | None
    nemenyi: bool


@dataclass(frozen=True, slots=True)
class Significance:
    """Tests over blocks.

    Attributes
    ----------
    blocks, n : what a block is, and how many there are.
    names, mean_ranks : the methods, and their mean ranks over blocks, in the order of these.
    omnibus : Friedman and Iman-Davenport; empty where they do not exist.
    critical_difference : Nemenyi's, at `alpha`.
    pairs : every pair.
    methods, warnings : how, and what to know; with `n` 0 the first warning says why there are no tests.
    """

    blocks: str = ""
    n: int = 0
    alpha: float = 0.05
    names: tuple[str, ...] = ()
    mean_ranks: tuple[float, ...] = ()
    omnibus: tuple[Test, ...] = ()
    critical_difference: float | None = None
    pairs: tuple[PairTest, ...] = ()
    methods: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def friedman(values: Array) -> Test:
    """Friedman's test with correction for ties; p from chi-squared with k - 1 degrees of freedom.

    With A the sum of all squared ranks, R_j the sum of those of method j and C = n k (k+1)^2 / 4:
    ``Q = (k-1) (sum R_j^2 - n C) / (A - C)``, which without ties is Friedman's statistic.

    Source: Friedman 1937, J Am Stat Assoc 32:675-701; ties: Conover 1999, Practical Nonparametric Statistics, 5.8.

    Raises
    ------
    InputError
        If values are missing.
    NotEstimable
        With fewer than two blocks or methods, or where all methods tie in every block.
    """
    from scipy.special import chdtrc

    ranks = _ranks(values)
    k, n = values.shape
    squares, centre = float((ranks**2).sum()), n * k * (k + 1) ** 2 / 4
    if squares - centre <= 1e-9 * centre:
        raise NotEstimable("all methods tie in every block, so there is no difference to test")
    q = (k - 1) * (float((ranks.sum(axis=1) ** 2).sum()) - n * centre) / (squares - centre)
    return Test("Friedman", q, k - 1, None, float(chdtrc(k - 1, q)))


def iman_davenport(values: Array) -> Test:
    """Iman and Davenport's correction: ``F = (n-1) Q / (n (k-1) - Q)`` with k - 1 and (k-1)(n-1) degrees of freedom.

    Source: Iman & Davenport 1980, Commun Stat A 9:571-595; Demšar 2006, JMLR 7:1-30, section 3.2.2.

    Raises
    ------
    InputError, NotEstimable
        As `friedman`; also where every block has the same order: F is infinite.
    """
    from scipy.special import fdtrc

    k, n = values.shape
    q = friedman(values).statistic
    rest = n * (k - 1) - q
    if rest <= 1e-9 * n * (k - 1):
        raise NotEstimable("every block has the same order, so F is infinite")
    f = (n - 1) * q / rest
    return Test("Iman-Davenport", f, k - 1, (k - 1) * (n - 1), float(fdtrc(k - 1, (k - 1) * (n - 1), f)))


def nemenyi_difference(k: int, n: int, alpha: float = 0.05) -> float:
    """Return Nemenyi's critical difference of mean ranks: ``q(alpha, k) sqrt(k (k+1) / (6 n))``.

    q is the upper quantile of the studentised range for k groups and infinite degrees of freedom, divided by
    sqrt(2).

    >>> round(nemenyi_difference(4, 14), 2), round(nemenyi_difference(4, 14, 0.10), 2)
    (1.25, 1.12)

    Source: Nemenyi 1963; Demšar 2006, section 3.2.2, whose table 5 gives q.
    """
    from scipy.stats import studentized_range

    q = float(studentized_range.ppf(1 - alpha, k, np.inf)) / np.sqrt(2)
    return float(q * np.sqrt(k * (k + 1) / (6 * n)))


def nemenyi_p(mean_ranks: Array, n: int) -> Array:
    """Return Nemenyi's p values (k, k): the studentised range at ``|R_i - R_j| / sqrt(k (k+1) / (6 n)) * sqrt(2)``."""
    from scipy.stats import studentized_range

    k = len(mean_ranks)
    gap = np.abs(mean_ranks[:, None] - mean_ranks[None, :]) / np.sqrt(k * (k + 1) / (6 * n)) * np.sqrt(2)
    return np.asarray(studentized_range.sf(gap, k, np.inf))


def signed_rank(first: Array, second: Array, *, one_sided: bool = False) -> float | None:
    """Return the p value of Wilcoxon's signed-rank test; None where all differences are 0.

    Zero differences are left out (Wilcoxon's way); exact without ties up to 50 differences, else the normal
    approximation with correction for ties and continuity.

    Source: Wilcoxon 1945, Biometrics Bulletin 1:80-83 (scipy.stats.wilcoxon).
    """
    from scipy.stats import wilcoxon

    difference = np.round(first - second, 12)
    difference = difference[difference != 0]
    if not difference.size:
        return None
    ties = len(np.unique(np.abs(difference))) < difference.size
    exact = not ties and difference.size <= 50
    done = wilcoxon(
        difference, alternative="greater" if one_sided else "two-sided", method="exact" if exact else "approx",
        correction=not exact,
    )  # fmt: skip
    return float(done.pvalue)


def holm(p: Array) -> Array:
    """Return Holm's step-down adjustment of p values (k,).

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]

    Source: Holm 1979, Scand J Stat 6:65-70.
    """
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    out = np.empty_like(raised)
    out[order] = np.minimum(raised, 1.0)
    return out


def win_tie_loss(first: Array, second: Array) -> tuple[int, int, int]:
    """Return the blocks that the first wins, ties and loses."""
    difference = np.round(first - second, 12)
    return int((difference > 0).sum()), int((difference == 0).sum()), int((difference < 0).sum())


def significance(values: Array, names: tuple[str, ...], blocks: str, alpha: float = 0.05) -> Significance:
    """Return all tests of a complete design.

    Parameters
    ----------
    values : (k, n), higher better.
    names : of the methods.
    blocks : what a block is, in print.

    Raises
    ------
    InputError, NotEstimable
        As `friedman`.
    """
    k, n = values.shape
    mean_ranks = _ranks(values).mean(axis=1)
    omnibus, said = [], []
    for test in (friedman, iman_davenport):
        try:
            omnibus.append(test(values))
        except NotEstimable as error:
            said.append(f"{test.__name__.replace('_', '-').title()}: {error}")
    difference = nemenyi_difference(k, n, alpha)
    if n < _LEAST:
        said.append(f"{n} blocks: no Wilcoxon test of so few can fall below {2 / 2**n:.3g}")
    return Significance(
        blocks, n, alpha, names, tuple(float(r) for r in mean_ranks), tuple(omnibus), difference,
        _pairs(values, names, mean_ranks, difference),
        ("Friedman test with ties, Iman-Davenport correction", "Nemenyi critical difference",
         "Wilcoxon signed-rank tests, zero differences left out, adjusted by Holm"), tuple(said),
    )  # fmt: skip


def _pairs(values: Array, names: tuple[str, ...], mean_ranks: Array, difference: float) -> tuple[PairTest, ...]:
    places_of = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    two = [signed_rank(values[i], values[j]) for i, j in places_of]
    better = [signed_rank(values[i], values[j], one_sided=True) for i, j in places_of]
    worse = [signed_rank(values[j], values[i], one_sided=True) for i, j in places_of]
    adjusted = _adjusted(two)
    sided = _adjusted([*better, *worse])
    size = len(places_of)
    return tuple(
        PairTest(names[i], names[j], *win_tie_loss(values[i], values[j]), two[at], adjusted[at], sided[at],
                 sided[size + at], bool(abs(mean_ranks[i] - mean_ranks[j]) >= difference))
        for at, (i, j) in enumerate(places_of)
    )  # fmt: skip


def _adjusted(p: list[float | None]) -> list[float | None]:
    """Holm over all hypotheses; one without a p value counts as 1."""
    raised = holm(np.array([1.0 if value is None else value for value in p]))
    return [None if value is None else float(up) for value, up in zip(p, raised, strict=True)]


def _ranks(values: Array) -> Array:
    k, n = values.shape
    if not np.isfinite(values).all():
        raise InputError("the design has missing values; the tests are for complete ones: take the complete block")
    if k < 2 or n < 2:
        raise NotEstimable(f"{k} methods on {n} blocks; the tests need at least two of each")
    return places(values, axis=0, ties="mean")
