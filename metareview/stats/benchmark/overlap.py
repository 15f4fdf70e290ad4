"""Which scores are contained in others, so that no number enters a statistic twice.

Four kinds of containment occur in curated tables: the same score printed in two documents, units beside their
aggregate (or two kinds of unit of the same data), a mean over data sets beside the values it is a mean of, and a data
set beside its parts. Each rule keeps one side and says so for every row of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from metareview.results import Dropped

if TYPE_CHECKING:
    from metareview.stats.benchmark.scores import Score

__all__ = ["nested_datasets", "without_overlap"]

_Reasons = dict[int, str]


def without_overlap(scores: Sequence[Score], parents: Mapping[str, str]) -> tuple[list[Score], list[Dropped]]:
    """Return the scores of which none is contained in another, and the contained ones with the reason.

    Parameters
    ----------
    scores : candidates, in table order.
    parents : data set -> the data set that contains it, empty where none does.
    """
    kept = list(scores)
    dropped: list[Dropped] = []
    rules: tuple[Callable[[Sequence[Score]], _Reasons], ...] = (
        _printed_twice,
        _units_of_aggregates,
        _second_kinds_of_units,
        _means_and_their_parts,
        lambda rows: _wholes_of_parts(rows, parents),
    )
    for rule in rules:
        reasons = rule(kept)
        dropped += [Dropped(_what(kept[at]), reasons[at], kept[at].ref) for at in sorted(reasons)]
        kept = [score for at, score in enumerate(kept) if at not in reasons]
    return kept, dropped


def _what(score: Score) -> str:
    unit = f", {score.unit}" if score.unit else ""
    return f"{score.experiment_id}, {score.metric}{unit}"


def _grouped(scores: Sequence[Score], key: Callable[[Score], Hashable]) -> list[list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for at, score in enumerate(scores):
        groups.setdefault(key(score), []).append(at)
    return [group for group in groups.values() if len(group) > 1]


def _printed_twice(scores: Sequence[Score]) -> _Reasons:
    reasons: _Reasons = {}
    for group in _grouped(scores, lambda s: (s.experiment_id, s.metric, s.convention, s.level, s.unit)):
        first = scores[group[0]]
        for at in group[1:]:
            same = "the same" if scores[at].value == first.value else f"another value ({first.value:g} there)"
            reasons[at] = f"already counted as printed in {first.source_id} (line {first.line}); {same}"
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
