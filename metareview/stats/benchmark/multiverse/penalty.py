"""The reporting penalty: what methods lose by reporting a metric that others leave out.

A mean over what each method reports compares a method that reports a hard metric with others that do not. The test
ranks again without the metrics that only some methods report, and asks of each reporting method where it would stand
had it alone kept silent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metareview.results import Result
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.multiverse.analysis import composite_cube
from metareview.stats.benchmark.multiverse.collapse import partly_reported
from metareview.stats.benchmark.multiverse.tables import Weights, Work
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.places import places, tidy
from metareview.stats.benchmark.ranking.rules import find_rule
from metareview.stats.benchmark.rows import Tables, frame_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PenaltyRow", "ReportingPenalty", "compute_reporting_penalty", "reporting_penalty"]

Array = NDArray[np.float64]
#: Most ways to choose the reporting methods that are listed.
_MOST = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyRow:
    """One method.

    Attributes
    ----------
    method, category : who it is.
    metrics, partial : metrics it reports, and those of them that only some methods report.
    rank, score : with all metrics; ranks are smallest of ties.
    rank_without, score_without : with the metrics of partial reporting left out for all.
    rank_silent : had this method alone left them out; None for one that reports none of them.
    """

    method: str
    category: str | None
    metrics: tuple[str, ...]
    partial: tuple[str, ...]
    rank: float | None
    score: float | None
    rank_without: float | None
    score_without: float | None
    rank_silent: float | None = None
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReportingPenalty(Result):
    """Ranks with and without the metrics that only some methods report.

    Attributes
    ----------
    rows : the methods in order of their rank with all metrics.
    common, partial : metrics that are kept and left out.
    rule, title : the rule that ranks, and the table.
    gain : mean number of places that reporting methods gain by leaving the metrics out, less that of the others.
    p : share of the ways to name as many methods as reporting that give a gain at least as far from 0; exact.
    verdict : one sentence, made from the numbers.
    """

    rows: tuple[PenaltyRow, ...] = ()
    common: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    rule: str = "mean"
    title: str = ""
    gain: float | None = None
    p: float | None = None
    verdict: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per method."""
        return frame_of(self.rows, PenaltyRow)


def compute_reporting_penalty(tables: Tables, spec: ReviewSpec) -> ReportingPenalty:
    """Return the reporting penalty of the composite table of a review."""
    if spec.composite is None:
        return ReportingPenalty(
            warnings=("review.yaml declares no composite, so there is no mean over what is reported",)
        )
    return reporting_penalty(composite_cube(tables, spec), title=spec.composite.place or "the composite table")


def reporting_penalty(cube: Cube, *, rule: str = "mean", title: str = "") -> ReportingPenalty:
    """Rank the methods of a cube with and without the metrics that only some of them report.

    Parameters
    ----------
    cube : the table; metrics of different range are compared by their place in it.
    rule : name of the rule.

    Raises
    ------
    UnknownName
        If there is no such rule.
    InputError, NotEstimable
        If the rule gives no order of the table.
    """
    common, partial = partly_reported(cube)
    base = ReportingPenalty(
        common=tuple(common), partial=tuple(partial), rule=find_rule(rule).name, title=title, methods=cube.methods,
        k_in=cube.k_in, k_used=cube.k_used, dropped=cube.dropped, warnings=cube.warnings,
    )  # fmt: skip
    if not cube.entries:
        return base
    everything = _scores(cube, rule)
    keep = [j for j, column in enumerate(cube.columns) if column.metric in common]
    without = _scores(cube.restrict(columns=keep), rule) if keep and partial else everything
    rows = [_row(cube, i, common, partial, everything, without, rule) for i in range(len(cube.methods_compared))]
    rows.sort(key=lambda row: (row.rank is None, row.rank, row.method))
    gain, p = _test(rows)
    found = replace(base, rows=tuple(rows), gain=gain, p=p)
    return replace(found, verdict=_verdict(found))


def _scores(cube: Cube, rule: str) -> Array:
    scales = {(c.direction, c.low, c.high) for c in cube.columns}
    bounded = all(None not in scale for scale in scales)
    transform = "range" if len(scales) > 1 and bounded and find_rule(rule).metric_scale else "identity"
    table = Work.of(cube, "available", find_rule(rule))
    return table.scores(find_rule(rule), transform, Weights.of(cube, "cell"))


def _row(
    cube: Cube, i: int, common: list[str], partial: list[str], everything: Array, without: Array, rule: str
) -> PenaltyRow:
    own = [entry for entry in cube.entries if entry.method == i]
    metrics = tuple(dict.fromkeys(cube.columns[entry.column].metric for entry in own))
    some = tuple(metric for metric in metrics if metric in partial)
    silent = None
    if some and len(some) < len(metrics):
        kept = [e for e in cube.entries if e.method != i or cube.columns[e.column].metric in common]
        silent = _place(_scores(replace(cube, entries=tuple(kept)), rule), i)
    return PenaltyRow(
        method=cube.methods_compared[i], category=cube.categories[i], metrics=metrics, partial=some,
        rank=_place(everything, i), score=_number(everything[i]), rank_without=_place(without, i),
        score_without=_number(without[i]), rank_silent=silent, refs=tuple(ref for entry in own for ref in entry.refs),
    )  # fmt: skip


def _place(scores: Array, i: int) -> float | None:
    return _number(places(tidy(scores), ties="min")[i])


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _test(rows: list[PenaltyRow]) -> tuple[float | None, float | None]:
    """Return the mean gain of reporting methods less that of the others, and its exact permutation p."""
    moved = [(row.rank - row.rank_without, bool(row.partial)) for row in rows
             if row.rank is not None and row.rank_without is not None]  # fmt: skip
    changes, reporting = np.array([m for m, _ in moved]), np.array([r for _, r in moved])
    k, n = int(reporting.sum()), len(changes)
    if not 0 < k < n:
        return None, None
    gain = float(changes[reporting].mean() - changes[~reporting].mean())
    if comb(n, k) > _MOST:
        return gain, None
    sums = np.array([changes[list(chosen)].sum() for chosen in combinations(range(n), k)])
    gains = sums / k - (changes.sum() - sums) / (n - k)
    return gain, float(np.mean(np.abs(gains) >= abs(gain) - 1e-9))


def _verdict(found: ReportingPenalty) -> str:
    if not found.partial:
        return (
            "Every method reports every metric (redundant ones counted as one), so no one is penalised for reporting."
        )
    reporters = [row for row in found.rows if row.partial]
    moves = [
        f"{row.method} moves from {row.rank:.0f} to {row.rank_without:.0f}"
        for row in sorted(reporters, key=lambda row: row.method)
        if row.rank is not None and row.rank_without is not None and row.rank != row.rank_without
    ]
    metrics = " and ".join(found.partial)
    head = f"{metrics} is reported by {len(reporters)} of {len(found.rows)} methods"
    if not moves:
        return f"{head}; without it none of them changes its place."
    tail = "" if found.gain is None or found.p is None else (
        f"; methods that report it gain {found.gain:.1f} places more than the others (exact permutation "
        f"p = {found.p:.3f})"
    )  # fmt: skip
    return f"{head}; without it {' and '.join(moves)}{tail}."
