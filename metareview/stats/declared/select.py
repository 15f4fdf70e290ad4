"""From results to candidates of effects: single scores, or pairs of them; the rest is dropped with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from metareview.results import Dropped
from metareview.schema.review import ReviewSpec
from metareview.schema.synthesis import FACTORS, ContrastSpec, SynthesisSpec
from metareview.stats.benchmark.rows import Tables, records, text
from metareview.stats.benchmark.scores import Score, ScoreTable, join_scores
from metareview.stats.declared.scales import SCALES

__all__ = ["Candidates", "candidates", "factor"]

#: Documents' rows are of these levels only: means and ends of ranges are no effects.
_LEVELS: tuple[Literal["cell"], ...] = ("cell",)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Scores, one or two to an effect; how many results were looked at, and which of them are no effect."""

    arms: tuple[tuple[Score, ...], ...]
    asked: int
    dropped: tuple[Dropped, ...]


def factor(score: Score, name: str) -> str:
    """Return a column of a score as text."""
    return str(getattr(score, name))


def candidates(tables: Tables, spec: ReviewSpec, declared: SynthesisSpec) -> Candidates:
    """Return the scores that a declared synthesis selects, paired where it is a contrast.

    Parameters
    ----------
    tables : results, experiments and studies of the review.
    spec, declared : the configuration, and the synthesis in it.
    """
    joined = join_scores(tables, spec.vocabulary(), levels=_LEVELS, metrics=(declared.metric,))
    chosen = [score for score in joined.rows if _selected(columns_of(score), declared)]
    refused = _refused(joined, tables, declared)
    kept: list[Score] = []
    dropped = list(refused)
    for score in chosen:
        reason = _reason(score, declared)
        if reason:
            dropped.append(Dropped(_name(score), reason, score.ref))
        else:
            kept.append(score)
    asked = len(chosen) + len(refused)
    if declared.contrast is None:
        return Candidates(tuple((score,) for score in kept), asked, tuple(dropped))
    pairs, lost = _pairs(kept, declared.contrast)
    return Candidates(pairs, asked, (*dropped, *lost))


def columns_of(score: Score) -> dict[str, str]:
    """Return the columns of a score that a selection can name."""
    return {name: factor(score, name) for name in FACTORS}


def _refused(joined: ScoreTable, tables: Tables, declared: SynthesisSpec) -> list[Dropped]:
    """Results that are asked for but may not enter any statistic: no value, another level, an excluded study."""
    experiments = {row["experiment_id"]: row for row in records(tables, "experiments")}
    lines = {(row["file"], row["line"]): row for row in records(tables, "results")}
    out = []
    for row in joined.dropped:
        result = lines[(row.ref.file, row.ref.line)] if row.ref else {}
        found = {**experiments.get(result.get("experiment_id", ""), {}), "source_id": result.get("source_id")}
        if _selected({name: text(found.get(name)) for name in FACTORS}, declared):
            out.append(row)
    return out


def _selected(columns: Mapping[str, str], declared: SynthesisSpec) -> bool:
    """Whether a result is asked for; the contrast's two values are part of the question."""
    select, contrast = declared.select, declared.contrast
    wanted = (("study_id", select.studies), ("method", select.methods), ("dataset_id", select.datasets),
              ("target", select.targets), ("source_id", select.sources))  # fmt: skip
    if not all(not names or columns[name] in names for name, names in wanted):
        return False
    return contrast is None or columns[contrast.between] in (contrast.first, contrast.second)


def _reason(score: Score, declared: SynthesisSpec) -> str:
    if score.convention != declared.convention:
        return f"its convention is {score.convention}, not {declared.convention}"
    kind = score.unit.partition(":")[0]
    if declared.values == "printed" and kind:
        return f"a value of one {kind}; printed aggregates enter"
    if declared.values == "units" and kind != declared.unit:
        return f"{f'a value of one {kind}' if kind else 'an aggregate'}; values of one {declared.unit} enter"
    scale = SCALES[declared.scale]
    if not scale.takes(score.value):
        return f"its value {score.value:g} is not between {scale.low:g} and {scale.high:g}, as scale {scale.name} needs"
    return ""


def _pairs(
    scores: Sequence[Score], contrast: ContrastSpec
) -> tuple[tuple[tuple[Score, Score], ...], tuple[Dropped, ...]]:
    """Return the pairs in order of the first arm, and the results without exactly one counterpart."""
    arms: dict[tuple[str, ...], dict[str, list[Score]]] = {}
    for score in scores:
        place = tuple(factor(score, name) for name in contrast.match)
        arms.setdefault(place, {}).setdefault(factor(score, contrast.between), []).append(score)
    pairs: list[tuple[Score, Score]] = []
    lost: list[Dropped] = []
    for place, found in arms.items():
        first, second = found.get(contrast.first, []), found.get(contrast.second, [])
        if len(first) == len(second) == 1:
            pairs.append((first[0], second[0]))
            continue
        where = ", ".join(f"{name} {value or 'not stated'}" for name, value in zip(contrast.match, place, strict=True))
        sizes = f"{len(first)} of {contrast.first} and {len(second)} of {contrast.second}"
        why = f"{sizes} at {where}; a pair is one of each"
        lost += [Dropped(_name(score), why, score.ref) for score in (*first, *second)]
    return tuple(pairs), tuple(lost)


def _name(score: Score) -> str:
    return f"{score.experiment_id}, {score.metric}" + (f", {score.unit}" if score.unit else "")
