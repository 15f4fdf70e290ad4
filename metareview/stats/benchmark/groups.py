"""Comparison of groups of methods: omnibus tests, post-hoc contrasts, effect sizes, and what weakens them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable
from metareview.results import Dropped, Result
from metareview.schema.review import GroupSpec, ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark import effect_sizes, omnibus, posthoc
from metareview.stats.benchmark.descriptives import in_metric_order, unstated_warning
from metareview.stats.benchmark.rows import Tables, frame_of, records, stated
from metareview.stats.benchmark.scores import ExperimentValue, experiment_values, label, score_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Contrast", "EffectSize", "GroupSummary", "GroupTest", "GroupsResult", "MetricComparison", "compare_groups",
    "compute_groups",
]  # fmt: skip

_Groups = dict[str, list[ExperimentValue]]

_METHODS = (
    "one-way analysis of variance (Fisher 1925)",
    "Welch's analysis of variance (Welch 1951)",
    "Kruskal-Wallis rank test (Kruskal and Wallis 1952)",
    "permutation test of F (Pitman 1938)",
    "Brown-Forsythe test of equal variances (Brown and Forsythe 1974)",
    "Tukey's honestly significant differences (Tukey 1953; Kramer 1956)",
    "Games-Howell procedure (Games and Howell 1976)",
    "Welch's t tests with Holm's adjustment (Holm 1979)",
    "Cohen's d and Hedges' g with exact correction, noncentral t intervals (Hedges and Olkin 1985)",
    "Cliff's delta (Cliff 1993; Feng and Cliff 2004)",
    "eta² and omega² with noncentral F intervals (Steiger 2004)",
)


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

    def to_frame(self) -> pd.DataFrame:
        """Return one row per test, contrast and effect size; `kind` says which."""
        import pandas as pd

        rows = [
            {"metric": label(part.metric, part.convention), "kind": kind} | _plain(item)
            for part in self.comparisons
            for kind, items in (("test", part.tests), ("contrast", part.contrasts), ("effect", part.effects))
            for item in items
        ]
        return pd.DataFrame(
            rows, columns=list(dict.fromkeys(["metric", "kind", *(key for row in rows for key in row)]))
        )


def compute_groups(tables: Tables, spec: ReviewSpec) -> GroupsResult:
    """Compare groups of methods metric by metric, by the ``groups`` of ``review.yaml``.

    One value per experiment enters. A value whose group is not stated is dropped.
    """
    groups = spec.groups
    if groups is None:
        return GroupsResult(warnings=("review.yaml declares no groups: name what makes them under groups",))
    metrics = groups.metrics or spec.metrics_in_use or None
    table = score_table(tables, spec.vocabulary(), levels=groups.levels, corpus=groups.corpus, metrics=metrics)
    attribute = {row["study_id"]: stated(row.get(groups.by)) for row in records(tables, "studies")}

    def group_of(value: ExperimentValue) -> str:
        return value.score.category if groups.by == "category" else attribute.get(value.score.study_id, "")

    values = experiment_values(table.rows)
    kept = [value for value in values if group_of(value)]
    dropped = [
        Dropped(
            f"{score.experiment_id}, {label(score.metric, score.convention)}", f"no {groups.by} is stated", score.ref
        )
        for value in values
        if not group_of(value)
        for score in value.scores
    ]
    order = {name: at for at, name in enumerate((groups.reference or "", *spec.attributes.get(groups.by, ())))}
    comparisons = []
    for (metric, convention), members in in_metric_order(kept, spec):
        by_group: _Groups = {}
        for value in members:
            by_group.setdefault(group_of(value), []).append(value)
        ordered = dict(sorted(by_group.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))
        comparisons.append(compare_groups(metric, convention, ordered, seed=spec.seeds.permutation))
    notes = tuple(f"{label(part.metric, part.convention)}: {note}" for part in comparisons for note in part.warnings)
    return GroupsResult(
        comparisons=tuple(comparisons),
        by=groups.by,
        reference=groups.reference or "",
        corpus=groups.corpus or "",
        methods=(*table.methods, *_METHODS),
        k_in=table.k_in,
        k_used=table.k_used - len(dropped),
        dropped=(*table.dropped, *dropped),
        warnings=(
            *table.warnings,
            *unstated_warning([(part.metric, part.convention) for part in comparisons]),
            *_absent(groups, comparisons),
            *notes,
        ),
    )


def compare_groups(metric: str, convention: str, groups: _Groups, *, seed: int) -> MetricComparison:
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


def _plain(item: object) -> dict[str, object]:
    return {field.name: getattr(item, field.name) for field in fields(item)}  # type: ignore[arg-type]


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


def _warnings(groups: _Groups, tests: Sequence[GroupTest]) -> tuple[str, ...]:
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
                "p values and intervals are too narrow"
            )
    return tuple(warnings)


def _absent(groups: GroupSpec, comparisons: Sequence[MetricComparison]) -> tuple[str, ...]:
    present = {comparison.metric for comparison in comparisons}
    absent = [metric for metric in groups.metrics if metric not in present]
    return (f"no value of {', '.join(absent)} has a {groups.by}",) if absent else ()
