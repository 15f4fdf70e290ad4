"""Units of replication that may not be averaged as they stand: nested ones, and ones that not every method has.

A mean over units compares methods only where they were scored on the same units, and means something only where the
units do not contain each other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metareview.schema.review import ReviewSpec
    from metareview.stats.benchmark.scores import Score

__all__ = [
    "Reasons", "apart", "evaluation_of", "grouped", "kind_of", "nested_warnings", "parts_of_wholes", "shared_warnings",
    "units_not_shared",
]  # fmt: skip

#: Position in a sequence of scores -> why the score there does not enter.
Reasons = dict[int, str]


def kind_of(unit: str) -> str:
    """Return the kind of a unit, empty for an aggregate.

    >>> kind_of("roi:11"), kind_of("")
    ('roi', '')
    """
    return unit.partition(":")[0]


def evaluation_of(score: Score, spec: ReviewSpec) -> str:
    """Return the evaluation that the first part of a setting names, where the review declares it as one.

    >>> from types import SimpleNamespace as Row
    >>> [evaluation_of(Row(setting=s), Row(evaluations=("2D", "3D"))) for s in ("2D; small", "small")]
    ['2D', '']
    """
    first = score.setting.partition(";")[0].strip()
    return first if first in spec.evaluations else ""


def grouped(scores: Sequence[Score], key: Callable[[Score], Hashable], least: int = 2) -> list[list[int]]:
    """Return the positions of scores that share a key, in groups of `least` and more."""
    groups: dict[Hashable, list[int]] = {}
    for at, score in enumerate(scores):
        groups.setdefault(key(score), []).append(at)
    return [group for group in groups.values() if len(group) >= least]


def parts_of_wholes(scores: Sequence[Score], wholes: Mapping[str, str]) -> Reasons:
    """Of units that contain each other keep the whole; without it the experiment has no value from these units.

    Parameters
    ----------
    wholes : kind of unit -> the member that contains all others.
    """
    reasons: Reasons = {}
    for group in grouped(scores, lambda s: (_value(s), kind_of(s.unit)), 1):
        kind = kind_of(scores[group[0]].unit)
        if kind not in wholes:
            continue
        whole = f"{kind}:{wholes[kind]}"
        there = any(scores[at].unit == whole for at in group)
        reason = (
            f"nested in {whole}, the whole, whose value stands for it"
            if there
            else f"units of kind {kind} are nested, so they have no mean, and the whole, {whole}, is not there"
        )
        reasons |= {at: reason for at in group if scores[at].unit != whole}
    return reasons


def units_not_shared(scores: Sequence[Score]) -> Reasons:
    """Keep the units that all methods of one data set and metric have, where their units overlap but differ."""
    reasons: Reasons = {}
    for group in _boards(scores):
        for cluster in _clusters(scores, group):
            sets = _unit_sets(scores, cluster)
            common = set.intersection(*sets.values())
            if common:
                reason = f"not every method on this data set has this unit; the {len(common)} common ones enter"
                reasons |= {at: reason for at in cluster if scores[at].unit not in common}
    return reasons


def apart(scores: Sequence[Score]) -> list[tuple[Score, list[list[str]]]]:
    """Return data sets and metrics whose methods have means over different units, with the methods by units.

    Returns
    -------
    One score of the data set and metric, and the experiments in groups that share all units.
    """
    found = []
    for group in _boards(scores):
        same: dict[frozenset[str], list[str]] = {}
        for name, units in _unit_sets(scores, group).items():
            same.setdefault(frozenset(units), []).append(name)
        if len(same) > 1:
            found.append((scores[group[0]], list(same.values())))
    return found


def nested_warnings(scores: Sequence[Score], reasons: Reasons, wholes: Mapping[str, str]) -> list[str]:
    """Return what `parts_of_wholes` did, one sentence per kind of unit."""
    warnings = []
    for kind, name in wholes.items():
        parts = [scores[at] for at in reasons if kind_of(scores[at].unit) == kind]
        there = {_value(s) for s in scores if s.unit == f"{kind}:{name}"}
        without = dict.fromkeys(s.experiment_id for s in parts if _value(s) not in there)
        if parts:
            lost = f"; {', '.join(without)} lack it and have no value from these units" if without else ""
            warnings.append(
                f"units of kind {kind} are nested (the larger contain the smaller): {kind}:{name}, the whole, stands "
                f"for them, and the values of its parts ({len(parts)}) are left out{lost}"
            )
    return warnings


def shared_warnings(scores: Sequence[Score], reasons: Reasons) -> list[str]:
    """Return what `units_not_shared` did, and which means are over different units and do not compare."""
    cut = dict.fromkeys((_name(scores[at]), kind_of(scores[at].unit), reasons[at]) for at in sorted(reasons))
    kept = [score for at, score in enumerate(scores) if at not in reasons]
    return [
        f"{name}: methods were scored on different units of kind {kind}; {reason.rpartition('; the ')[2]} as means"
        for name, kind, reason in cut
    ] + [
        f"{_name(score)}: means over different units, which do not compare: "
        + " against ".join(", ".join(group) for group in groups)
        for score, groups in apart(kept)
    ]


def _value(score: Score) -> Hashable:
    return score.experiment_id, score.metric, score.convention, score.level


def _name(score: Score) -> str:
    rule = "" if score.convention == "unstated" else f":{score.convention}"
    return f"{score.metric}{rule} on {score.dataset_id}"


def _boards(scores: Sequence[Score]) -> list[list[int]]:
    def board(score: Score) -> Hashable:
        where = (score.dataset_id, score.target, score.split)
        return *where, score.metric, score.convention, score.level, kind_of(score.unit)

    return [group for group in grouped(scores, board) if scores[group[0]].unit and scores[group[0]].dataset_id]


def _unit_sets(scores: Sequence[Score], positions: Sequence[int]) -> dict[str, set[str]]:
    sets: dict[str, set[str]] = {}
    for at in positions:
        sets.setdefault(scores[at].experiment_id, set()).add(scores[at].unit)
    return sets


def _clusters(scores: Sequence[Score], group: Sequence[int]) -> list[list[int]]:
    """Return positions in clusters of experiments that are linked by units they share."""
    clusters: list[set[str]] = []
    for units in _unit_sets(scores, group).values():
        linked = [cluster for cluster in clusters if cluster & units]
        clusters = [c for c in clusters if c not in linked] + [units.union(*linked)]
    return [[at for at in group if scores[at].unit in cluster] for cluster in clusters]
