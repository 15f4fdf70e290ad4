"""Which pairs of groups differ, after a test over all of them.

Every procedure returns one `PairOutcome` per pair ``i < j`` with ``difference = mean_i - mean_j``; p values are
adjusted for all pairs together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from metareview.errors import NotEstimable
from metareview.stats.benchmark.omnibus import Groups, anova, sums_of_squares

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PairOutcome", "games_howell", "tukey_hsd", "welch_holm"]


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """One pair of groups, by their positions."""

    i: int
    j: int
    difference: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float
    p: float
    p_raw: float | None = None


def tukey_hsd(groups: Groups, level: float = 0.95) -> list[PairOutcome]:
    """Tukey's honestly significant differences, Tukey-Kramer for unequal sizes (scipy's ``tukey_hsd``).

    The statistic is the studentised range ``q = |difference| / sqrt(MSW/2 (1/n_i + 1/n_j))`` with its sign.

    Sources: Tukey (1953), The Problem of Multiple Comparisons; Kramer, Biometrics 1956;12:307-310.

    Raises
    ------
    NotEstimable
        As `anova`.
    """
    from scipy.stats import tukey_hsd as procedure

    anova(groups)
    squares = sums_of_squares(groups)
    mean_square = squares.within / squares.df_within
    if any(group.size < 2 for group in groups):
        return _tukey_with_single_values(groups, mean_square, squares.df_within, level)
    result: Any = procedure(*groups)
    interval = result.confidence_interval(level)
    outcomes = []
    for i, j in combinations(range(len(groups)), 2):
        q = float(result.statistic[i, j]) / sqrt(mean_square / 2 * (1 / groups[i].size + 1 / groups[j].size))
        low, high = float(interval.low[i, j]), float(interval.high[i, j])
        p = float(result.pvalue[i, j])
        outcomes.append(PairOutcome(i, j, float(result.statistic[i, j]), low, high, q, squares.df_within, p))
    return outcomes


def _tukey_with_single_values(groups: Groups, mean_square: float, df: int, level: float) -> list[PairOutcome]:
    """Tukey-Kramer where a group has one value; the pooled variance exists, but scipy refuses such groups."""
    from scipy.stats import studentized_range

    critical = float(studentized_range.ppf(level, len(groups), df))
    outcomes = []
    for i, j in combinations(range(len(groups)), 2):
        se = sqrt(mean_square / 2 * (1 / groups[i].size + 1 / groups[j].size))
        difference = float(groups[i].mean() - groups[j].mean())
        p = float(studentized_range.sf(abs(difference) / se, len(groups), df))
        low, high = difference - critical * se, difference + critical * se
        outcomes.append(PairOutcome(i, j, difference, low, high, difference / se, df, p))
    return outcomes


def games_howell(groups: Groups, level: float = 0.95) -> list[PairOutcome]:
    """Games-Howell procedure for unequal variances (pingouin's ``pairwise_gameshowell``, with intervals added).

    The statistic is Welch's t; p comes from the studentised range of ``|t| sqrt(2)`` with Welch's degrees of freedom.

    Source: Games & Howell, J Educ Stat 1976;1:113-125.

    Raises
    ------
    NotEstimable
        If a group has fewer than two values or does not vary.
    """
    import pandas as pd
    from scipy.stats import studentized_range

    _need_spread(groups)
    labels = np.repeat(np.arange(len(groups)), [group.size for group in groups])
    table = _peer_games_howell(pd.DataFrame({"value": np.concatenate(groups), "group": labels}))
    outcomes = []
    for row in table.to_dict("records"):
        i, j, df = int(row["A"]), int(row["B"]), float(row["df"])
        difference = float(groups[i].mean() - groups[j].mean())
        half = float(studentized_range.ppf(level, len(groups), df)) * _welch_se(groups, i, j) / sqrt(2)
        low, high = difference - half, difference + half
        outcomes.append(PairOutcome(i, j, difference, low, high, float(row["T"]), df, float(row["pval"])))
    return outcomes


def welch_holm(groups: Groups, level: float = 0.95) -> list[PairOutcome]:
    """Welch's t test of every pair, p values adjusted by Holm's step-down procedure (statsmodels' ``multipletests``).

    The intervals are those of the single pairs, not simultaneous ones: Holm's procedure has none of its own.

    Sources: Welch, Biometrika 1947;34:28-35; Holm, Scand J Stat 1979;6:65-70.

    Raises
    ------
    NotEstimable
        If a group has fewer than two values or does not vary.
    """
    from scipy.special import stdtr, stdtrit
    from statsmodels.stats.multitest import multipletests

    _need_spread(groups)
    pairs = list(combinations(range(len(groups)), 2))
    raw: list[tuple[float, float, float, float]] = []
    for i, j in pairs:
        se = _welch_se(groups, i, j)
        difference = float(groups[i].mean() - groups[j].mean())
        df = _welch_df(groups, i, j)
        raw.append((difference, se, df, 2 * float(stdtr(df, -abs(difference) / se))))
    adjusted = multipletests([p for *_, p in raw], method="holm")[1]
    outcomes = []
    for (i, j), (difference, se, df, p), p_holm in zip(pairs, raw, adjusted, strict=True):
        half = float(stdtrit(df, 0.5 + level / 2)) * se
        low, high = difference - half, difference + half
        outcomes.append(PairOutcome(i, j, difference, low, high, difference / se, df, float(p_holm), p))
    return outcomes


def _peer_games_howell(frame: pd.DataFrame) -> pd.DataFrame:
    """Call pingouin, whose import and internals may warn about things that are not about these data."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

        table: pd.DataFrame = pingouin.pairwise_gameshowell(data=frame, dv="value", between="group", effsize="none")
    return table


def _welch_se(groups: Groups, i: int, j: int) -> float:
    return sqrt(sum(float(groups[at].var(ddof=1)) / groups[at].size for at in (i, j)))


def _welch_df(groups: Groups, i: int, j: int) -> float:
    """Welch-Satterthwaite degrees of freedom."""
    parts = [(float(groups[at].var(ddof=1)) / groups[at].size, groups[at].size - 1) for at in (i, j)]
    return sum(v for v, _ in parts) ** 2 / sum(v * v / df for v, df in parts)


def _need_spread(groups: Groups) -> None:
    sums_of_squares(groups)
    if any(group.size < 2 for group in groups):
        raise NotEstimable("a group has one value, so it has no variance of its own")
    if any(float(np.ptp(group)) == 0 for group in groups):
        raise NotEstimable("the values of a group are all equal, so it has no variance of its own")
