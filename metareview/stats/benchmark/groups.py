"""Comparison of groups of methods: omnibus tests, post-hoc contrasts, effect sizes, and what weakens them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from metareview.results import Dropped, Result
from metareview.schema.review import GroupSpec, ReviewSpec
from metareview.stats.benchmark.comparison import (
    Contrast,
    EffectSize,
    GroupSummary,
    GroupTest,
    MetricComparison,
    ValuesByGroup,
    compare_groups,
)
from metareview.stats.benchmark.descriptives import in_metric_order, unstated_warning
from metareview.stats.benchmark.rows import Tables, records, stated
from metareview.stats.benchmark.scores import ExperimentValue, ScoreTable, experiment_values, label, score_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Contrast", "EffectSize", "GroupSummary", "GroupTest", "GroupsResult", "MetricComparison", "compute_groups",
    "grouped_values",
]  # fmt: skip

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
    table, found, dropped = grouped_values(tables, spec, groups)
    comparisons = [
        compare_groups(metric, convention, members, seed=spec.seeds.permutation)
        for (metric, convention), members in found.items()
    ]
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
            *_selected(groups),
            *notes,
        ),
    )


def grouped_values(
    tables: Tables, spec: ReviewSpec, groups: GroupSpec
) -> tuple[ScoreTable, dict[tuple[str, str], ValuesByGroup], list[Dropped]]:
    """Return the values that are compared: the score table, values by metric and group, and those without a group."""
    table = score_table(
        tables,
        spec.vocabulary(),
        levels=groups.levels,
        corpus=groups.corpus,
        metrics=groups.metrics or spec.metrics_in_use or None,
        place=groups.place,
        nested=spec.nested_units,
    )
    group_of = _grouping(tables, groups)
    values = experiment_values(table.rows)
    dropped = _without_group([value for value in values if not group_of(value)], groups)
    order = {name: at for at, name in enumerate((groups.reference or "", *spec.attributes.get(groups.by, ())))}
    kept = in_metric_order([value for value in values if group_of(value)], spec)
    return table, {key: _by_group(members, group_of, order) for key, members in kept}, dropped


def _grouping(tables: Tables, groups: GroupSpec) -> Callable[[ExperimentValue], str]:
    """Return what gives a value its group: an experiment may have a category of its own, all else is of the study."""
    attribute = {row["study_id"]: stated(row.get(groups.by)) for row in records(tables, "studies")}

    def group_of(value: ExperimentValue) -> str:
        return value.score.category if groups.by == "category" else attribute.get(value.score.study_id, "")

    return group_of


def _by_group(
    values: Sequence[ExperimentValue], group_of: Callable[[ExperimentValue], str], order: dict[str, int]
) -> ValuesByGroup:
    found: ValuesByGroup = {}
    for value in values:
        found.setdefault(group_of(value), []).append(value)
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def _without_group(values: Sequence[ExperimentValue], groups: GroupSpec) -> list[Dropped]:
    return [
        Dropped(
            f"{score.experiment_id}, {label(score.metric, score.convention)}", f"no {groups.by} is stated", score.ref
        )
        for value in values
        for score in value.scores
    ]


def _plain(item: object) -> dict[str, object]:
    return {field.name: getattr(item, field.name) for field in fields(item)}  # type: ignore[arg-type]


def _absent(groups: GroupSpec, comparisons: Sequence[MetricComparison]) -> tuple[str, ...]:
    present = {comparison.metric for comparison in comparisons}
    absent = [metric for metric in groups.metrics if metric not in present]
    return (f"no value of {', '.join(absent)} has a {groups.by}",) if absent else ()


def _selected(groups: GroupSpec) -> tuple[str, ...]:
    if groups.place is None:
        return ()
    return (
        f"only values printed in {groups.place} enter: a table of selected methods does not represent their groups",
    )
