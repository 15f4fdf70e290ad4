"""Which scores are contained in others, so that no number enters a statistic twice.

These kinds of containment occur in curated tables: the same score printed in two documents, one run printed in
several tables, units beside their aggregate (or two kinds of unit of the same data), units within units
(`metareview.stats.benchmark.units`), a mean over data sets beside the values it is a mean of, and a data set beside
its parts. Each rule keeps one side and says so for every row of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from metareview.results import Dropped
from metareview.stats.benchmark.units import Reasons as _Reasons
from metareview.stats.benchmark.units import grouped as _grouped
from metareview.stats.benchmark.units import nested_warnings, parts_of_wholes, shared_warnings, units_not_shared

if TYPE_CHECKING:
    from metareview.stats.benchmark.scores import Score

__all__ = ["nested_datasets", "without_overlap"]

_Tell = Callable[[Sequence["Score"], _Reasons], list[str]]
_NONE: Mapping[str, str] = {}


def without_overlap(
    scores: Sequence[Score],
    parents: Mapping[str, str],
    wholes: Mapping[str, str] = _NONE,
    *,
    repeats: bool = False,
) -> tuple[list[Score], list[Dropped], list[str]]:
    """Return the scores of which none is contained in another, the contained ones with the reason, and warnings.

    Parameters
    ----------
    scores : candidates, in table order.
    parents : data set -> the data set that contains it, empty where none does.
    wholes : kind of unit whose members contain each other -> the member that contains all others.
    repeats : keep runs that are printed again (a list shows them; a statistic counts them once).
    """
    kept = list(scores)
    dropped: list[Dropped] = []
    warnings: list[str] = []
    rules: tuple[tuple[Callable[[Sequence[Score]], _Reasons], _Tell], ...] = (
        (_printed_twice, _silent),
        (lambda rows: {} if repeats else _printed_again(rows), _silent),
        (_units_of_aggregates, _silent),
        (lambda rows: parts_of_wholes(rows, wholes), lambda rows, gone: nested_warnings(rows, gone, wholes)),
        (_second_kinds_of_units, _silent),
        (units_not_shared, shared_warnings),
        (_means_and_their_parts, _silent),
        (lambda rows: _wholes_of_parts(rows, parents), _silent),
    )
    for rule, tell in rules:
        reasons = rule(kept)
        warnings += tell(kept, reasons)
        dropped += [Dropped(_what(kept[at]), reasons[at], kept[at].ref) for at in sorted(reasons)]
        kept = [score for at, score in enumerate(kept) if at not in reasons]
    return kept, dropped, warnings


def _silent(scores: Sequence[Score], reasons: _Reasons) -> list[str]:
    """Most rules say enough with the rows they drop."""
    return []


def _what(score: Score) -> str:
    unit = f", {score.unit}" if score.unit else ""
    return f"{score.experiment_id}, {score.metric}{unit}"


def _printed_twice(scores: Sequence[Score]) -> _Reasons:
    reasons: _Reasons = {}
    for group in _grouped(scores, lambda s: (s.experiment_id, s.metric, s.convention, s.level, s.unit)):
        first = scores[group[0]]
        for at in group[1:]:
            same = "the same" if scores[at].value == first.value else f"another value ({first.value:g} there)"
            reasons[at] = f"already counted as printed in {first.source_id} (line {first.line}); {same}"
    return reasons


def _printed_again(scores: Sequence[Score]) -> _Reasons:
    """Drop the scores of an experiment that prints another one again, where that one has them."""
    lines = {(s.experiment_id, s.metric, s.convention, s.level, s.unit): s for s in scores}
    reasons: _Reasons = {}
    for at, score in enumerate(scores):
        first = lines.get((score.repeats, score.metric, score.convention, score.level, score.unit))
        if score.repeats and first is not None:
            same = "" if first.value == score.value else f", with another value ({first.value:g} there)"
            reasons[at] = f"prints again what another row holds (repeats){same}: one run counts once"
    return reasons


def _units_of_aggregates(scores: Sequence[Score]) -> _Reasons:
    reasons: _Reasons = {}
    for group in _grouped(scores, lambda s: (s.experiment_id, s.metric, s.convention, s.level)):
        aggregates = [at for at in group if not scores[at].unit]
        for at in group:
            if aggregates and scores[at].unit:
                reasons[at] = f"part of the aggregate at line {scores[aggregates[0]].line}"
    return reasons


def _second_kinds_of_units(scores: Sequence[Score]) -> _Reasons:
    """Keep the coarsest kind of unit: images of seeds, regions of volumes are nested, never independent."""
    reasons: _Reasons = {}
    for group in _grouped(scores, lambda s: (s.experiment_id, s.metric, s.convention, s.level)):
        kinds: dict[str, list[int]] = {}
        for at in group:
            kinds.setdefault(scores[at].unit.partition(":")[0], []).append(at)
        coarsest = min(kinds, key=lambda kind: len(kinds[kind]))
        for kind, members in kinds.items():
            if kind != coarsest:
                reasons |= dict.fromkeys(members, f"units of kind {kind} are nested with those of kind {coarsest}")
    return reasons


def _means_and_their_parts(scores: Sequence[Score]) -> _Reasons:
    """A mean over data sets gives way where every data set of it is there, and stands for them otherwise."""
    reasons: _Reasons = {}
    for group in _grouped(scores, lambda s: (s.study_id, s.method, s.metric, s.convention)):
        cells = [at for at in group if scores[at].level == "cell"]
        for mean in (at for at in group if scores[at].level == "study_mean"):
            parts = [at for at in cells if _may_contain(scores[mean], scores[at])]
            if not parts:
                continue
            known = {scores[at].dataset_id for at in parts}
            listed = set(scores[mean].datasets)
            if len(listed) > 1 and listed <= known:
                reasons[mean] = "a mean over data sets whose values are there one by one"
            else:
                line = scores[mean].line
                reasons |= dict.fromkeys(parts, f"contained, as far as is known, in the study mean at line {line}")
    return reasons


def _may_contain(mean: Score, cell: Score) -> bool:
    same_target = not mean.target or not cell.target or mean.target == cell.target
    same_setting = not mean.setting or not cell.setting or mean.setting == cell.setting
    listed = not mean.datasets or cell.dataset_id in mean.datasets
    return same_target and same_setting and listed


def _wholes_of_parts(scores: Sequence[Score], parents: Mapping[str, str]) -> _Reasons:
    """Drop the value of a data set of which two or more parts are there; with one part it may be another crop."""
    reasons: _Reasons = {}
    for group in _grouped(scores, _same_measurement):
        present = {scores[at].dataset_id for at in group}
        for at in group:
            parts = sorted(name for name in present if scores[at].dataset_id in _containers(name, parents))
            if len(parts) > 1:
                reasons[at] = f"its data set contains {' and '.join(parts)}, whose values are there one by one"
    return reasons


def nested_datasets(scores: Sequence[Score], parents: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return pairs (part, whole) of data sets whose values of one method stand side by side."""
    pairs: dict[tuple[str, str], None] = {}
    for group in _grouped(scores, _same_measurement):
        present = dict.fromkeys(scores[at].dataset_id for at in group)
        pairs |= {(part, whole): None for part in present for whole in present if whole in _containers(part, parents)}
    return list(pairs)


def _same_measurement(score: Score) -> Hashable:
    return score.study_id, score.method, score.setting, score.target, score.split, score.metric, score.convention


def _containers(dataset: str, parents: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    while (dataset := parents.get(dataset, "")) and dataset not in found:
        found.add(dataset)
    return found
