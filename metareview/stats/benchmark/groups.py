"""Comparison of groups of methods: omnibus tests, post-hoc contrasts, effect sizes, and what weakens them."""

from __future__ import annotations

from dataclasses import dataclass

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["Contrast", "EffectSize", "GroupSummary", "GroupTest", "GroupsResult", "MetricComparison"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """One group: `n` values from `n_studies` studies; `sd` (n - 1) is None for one value."""

    group: str
    n: int
    n_studies: int
    mean: float
    sd: float | None
    median: float
    min: float
    max: float
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTest:
    """One test over all groups; `statistic` and `p` are None where it does not exist, and `reason` says why.

    Attributes
    ----------
    test : anova, welch, kruskal, permutation, brown-forsythe.
    symbol : of the statistic (F, H, W).
    df1, df2 : degrees of freedom where the test has them.
    note : how `p` was obtained (exact, number of permutations, seed).
    """

    test: str
    symbol: str
    statistic: float | None = None
    df1: float | None = None
    df2: float | None = None
    p: float | None = None
    n_groups: int = 0
    n: int = 0
    note: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One pair of groups after the omnibus test: ``difference = mean(group_a) - mean(group_b)``.

    Attributes
    ----------
    procedure : tukey-hsd, games-howell, welch-holm.
    p : adjusted for the family of all pairs by the procedure.
    p_raw : unadjusted, where the procedure has one.
    """

    procedure: str
    group_a: str
    group_b: str
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    statistic: float | None = None
    df: float | None = None
    p: float | None = None
    p_raw: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSize:
    """An effect size with its interval; `group_a` and `group_b` are empty for one over all groups.

    Attributes
    ----------
    name : cohen-d, hedges-g, cliff-delta, eta2, omega2.
    interval : how the limits were obtained (noncentral t, bootstrap …).
    """

    name: str
    group_a: str = ""
    group_b: str = ""
    n_a: int = 0
    n_b: int = 0
    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    interval: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison:
    """All comparisons of one metric under one convention; `warnings` are about this metric only."""

    metric: str
    convention: str
    groups: tuple[GroupSummary, ...] = ()
    tests: tuple[GroupTest, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    effects: tuple[EffectSize, ...] = ()
    warnings: tuple[str, ...] = ()
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupsResult(Result):
    """Groups of methods compared metric by metric.

    Attributes
    ----------
    comparisons : one per metric and convention.
    by : the attribute that makes the groups; reference : the group that contrasts are taken against first.
    corpus : only results printed in this document; empty for all.
    alpha : of the intervals (``1 - alpha`` coverage).
    """

    comparisons: tuple[MetricComparison, ...] = ()
    by: str = ""
    reference: str = ""
    corpus: str = ""
    alpha: float = 0.05
