"""All comparisons of one metric between groups: summaries, tests, contrasts, effect sizes, warnings.

Each number comes from a pure formula (`omnibus`, `posthoc`, `effect_sizes`); where it does not exist for these values,
the reason stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable
from metareview.schema.source import SourceRef
from metareview.stats.benchmark import effect_sizes, omnibus, posthoc
from metareview.stats.benchmark.scores import ExperimentValue

__all__ = ["Contrast", "EffectSize", "GroupSummary", "GroupTest", "MetricComparison", "ValuesByGroup", "compare_groups"]

#: Group -> the values of its experiments.
ValuesByGroup = dict[str, list[ExperimentValue]]


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


def compare_groups(metric: str, convention: str, groups: ValuesByGroup, *, seed: int) -> MetricComparison:
    """Return every comparison of one metric; groups keep their order, and pairs are taken in it."""
    names = list(groups)
    arrays = [np.array([value.value for value in members]) for members in groups.values()]
    tests = _tests(arrays, seed)
    return MetricComparison(
        metric=metric,
        convention=convention,
        groups=tuple(_summary(name, members) for name, members in groups.items()),
        tests=tests,
        contrasts=_contrasts(names, arrays),
        effects=_effects(names, arrays),
        warnings=_warnings(groups, tests),
        refs=tuple(ref for members in groups.values() for value in members for ref in value.refs),
    )


def _summary(name: str, members: Sequence[ExperimentValue]) -> GroupSummary:
    values = np.array([value.value for value in members])
    return GroupSummary(
        group=name,
        n=values.size,
        n_studies=len({value.score.study_id for value in members}),
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if values.size > 1 else None,
        median=float(np.median(values)),
        min=float(values.min()),
        max=float(values.max()),
        refs=tuple(ref for value in members for ref in value.refs),
    )


def _tests(arrays: list[NDArray[np.float64]], seed: int) -> tuple[GroupTest, ...]:
    def permutation(groups: omnibus.Groups) -> tuple[omnibus.Outcome, str]:
        return omnibus.permutation_anova(groups, seed=seed)

    plain: tuple[tuple[str, str, Callable[[omnibus.Groups], omnibus.Outcome | tuple[omnibus.Outcome, str]]], ...] = (
        ("anova", "F", omnibus.anova),
        ("welch", "F", omnibus.welch_anova),
        ("kruskal", "H", omnibus.kruskal_wallis),
        ("permutation", "F", permutation),
        ("brown-forsythe", "F", omnibus.brown_forsythe),
    )
    n = sum(array.size for array in arrays)
    tests = []
    for name, symbol, procedure in plain:
        try:
            found = procedure(arrays)
        except NotEstimable as error:
            tests.append(GroupTest(test=name, symbol=symbol, n_groups=len(arrays), n=n, reason=str(error)))
            continue
        outcome, note = found if isinstance(found, tuple) else (found, "")
        tests.append(
            GroupTest(
                test=name,
                symbol=symbol,
                statistic=outcome.statistic,
                df1=outcome.df1,
                df2=outcome.df2,
                p=outcome.p,
                n_groups=len(arrays),
                n=n,
                note=note,
            )
        )
    return tuple(tests)


def _contrasts(names: list[str], arrays: list[NDArray[np.float64]]) -> tuple[Contrast, ...]:
    contrasts = []
    for name, procedure in (
        ("tukey-hsd", posthoc.tukey_hsd),
        ("games-howell", posthoc.games_howell),
        ("welch-holm", posthoc.welch_holm),
    ):
        try:
            outcomes = procedure(arrays)
        except NotEstimable as error:
            contrasts += [
                Contrast(procedure=name, group_a=a, group_b=b, reason=str(error)) for a, b in combinations(names, 2)
            ]
            continue
        contrasts += [
            Contrast(
                procedure=name,
                group_a=names[outcome.i],
                group_b=names[outcome.j],
                difference=outcome.difference,
                ci_low=outcome.ci_low,
                ci_high=outcome.ci_high,
                statistic=outcome.statistic,
                df=outcome.df,
                p=outcome.p,
                p_raw=outcome.p_raw,
            )
            for outcome in outcomes
        ]
    return tuple(contrasts)


def _effects(names: list[str], arrays: list[NDArray[np.float64]]) -> tuple[EffectSize, ...]:
    effects = []
    for i, j in combinations(range(len(names)), 2):
        a, b = arrays[i], arrays[j]
        for name, formula in (
            ("cohen-d", effect_sizes.cohen_d),
            ("hedges-g", effect_sizes.hedges_g),
            ("cliff-delta", effect_sizes.cliff_delta),
        ):
            found, reason = _estimate(lambda formula=formula, a=a, b=b: formula(a, b))  # type: ignore[misc]
            effects.append(_effect(name, found, reason, names[i], names[j], a.size, b.size))
    for name, formula_all in (("eta2", effect_sizes.eta_squared), ("omega2", effect_sizes.omega_squared)):
        found, reason = _estimate(lambda formula=formula_all: formula(arrays))  # type: ignore[misc]
        effects.append(_effect(name, found, reason, "", "", 0, 0))
    return tuple(effects)


def _estimate(formula: Callable[[], effect_sizes.Estimate]) -> tuple[effect_sizes.Estimate | None, str]:
    try:
        return formula(), ""
    except NotEstimable as error:
        return None, str(error)


def _effect(
    name: str, found: effect_sizes.Estimate | None, reason: str, a: str, b: str, n_a: int, n_b: int
) -> EffectSize:
    if found is None:
        return EffectSize(name=name, group_a=a, group_b=b, n_a=n_a, n_b=n_b, reason=reason)
    return EffectSize(
        name=name,
        group_a=a,
        group_b=b,
        n_a=n_a,
        n_b=n_b,
        value=found.value,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        interval=found.interval,
    )


def _warnings(groups: ValuesByGroup, tests: Sequence[GroupTest]) -> tuple[str, ...]:
    warnings = []
    small = [f"{name} (n = {len(members)})" for name, members in groups.items() if len(members) < 3]
    if small:
        warnings.append(f"fewer than 3 values in {', '.join(small)}: means and tests rest on almost nothing")
    spread = next(test for test in tests if test.test == "brown-forsythe")
    if spread.p is not None and spread.p < 0.05:
        warnings.append(f"unequal variances (Brown-Forsythe p = {spread.p:.3g}): prefer Welch and Games-Howell")
    elif spread.p is None and len(groups) > 1:
        warnings.append(f"equal variances cannot be checked: {spread.reason}")
    for name, members in groups.items():
        studies = [value.score.study_id for value in members]
        repeated = [f"{study} ({studies.count(study)})" for study in dict.fromkeys(studies) if studies.count(study) > 1]
        if repeated:
            warnings.append(
                f"several values of {name} come from one study: {', '.join(repeated)}; they are not independent, so "
                "p values are too small and intervals too narrow"
            )
    return tuple(warnings)
