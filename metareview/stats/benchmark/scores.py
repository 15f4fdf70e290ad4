"""The score table: every result joined with its experiment and study, and what may not enter, with the reason.

All statistics of this room read scores through `score_table`, so that one rule decides for all of them which rows
count: the level, the corpus, the convention, and whether a row is already contained in another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Literal

from metareview.results import Dropped, Result
from metareview.schema.metric import Vocabulary
from metareview.schema.review import NestedUnits
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.overlap import nested_datasets, without_overlap
from metareview.stats.benchmark.rounding import exact, exact_mean
from metareview.stats.benchmark.rows import Row, Tables, frame_of, records, ref_of, stated, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ExperimentValue",
    "Level",
    "Score",
    "ScoreTable",
    "experiment_values",
    "join_scores",
    "label",
    "score_table",
]

Level = Literal["cell", "study_mean", "range_low", "range_high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One result with what its experiment and study say of it.

    Attributes
    ----------
    experiment_id, study_id, authors, method, setting : whose score it is; text that is not stated is empty.
    category : of the experiment where it names one, otherwise of the study; empty where neither does.
    dataset_id : the data set, empty for a mean over several, which `datasets` then lists as far as they are known.
    target, split : what was segmented, and on which part of the data.
    metric, convention, level, unit : key of the score; `unit` is empty for an aggregate.
    value : on the scale of the vocabulary (percentages are proportions).
    sd, sd_ddof, se, ci_low, ci_high, n, n_of : as stated with it; None where not.
    origin : reported, re-reported, recomputed, rerun.
    uncertain, note : whether the reading is inferred, and why.
    ablation : whether it varies a part of a method to measure what the part does.
    repeats : the experiment that printed the run first, empty where it is this one.
    file, line, source_id, locator, printed : the way back to the document.
    """

    experiment_id: str
    study_id: str
    authors: str = ""
    method: str = ""
    setting: str = ""
    category: str = ""
    dataset_id: str = ""
    datasets: tuple[str, ...] = ()
    target: str = ""
    split: str = ""
    metric: str
    convention: str = "unstated"
    level: Level = "cell"
    unit: str = ""
    value: float
    sd: float | None = None
    sd_ddof: int | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int | None = None
    n_of: str = ""
    origin: str = "reported"
    uncertain: bool = False
    ablation: bool = False
    repeats: str = ""
    file: str = ""
    line: int = 0
    source_id: str = ""
    locator: str = ""
    printed: str = ""
    note: str = ""

    @property
    def ref(self) -> SourceRef:
        """The way back to the document."""
        return SourceRef(self.file, self.line, self.source_id, self.locator, self.printed, self.uncertain, self.note)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoreTable(Result):
    """Scores that may enter a statistic together, and the rows that may not, with reasons.

    Attributes
    ----------
    rows : the scores, in the order of ``results.csv``.
    levels : the levels that were let in.
    corpus : only results printed in this document; empty for all.
    """

    rows: tuple[Score, ...] = ()
    levels: tuple[Level, ...] = ("cell",)
    corpus: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the scores, one row each."""
        return frame_of(self.rows, Score)


@dataclass(frozen=True, slots=True)
class ExperimentValue:
    """The one value that an experiment contributes for one metric and convention.

    Attributes
    ----------
    scores : what it was made from: one aggregate, or the units of an experiment that has no aggregate.
    exact : their mean, exactly.
    """

    scores: tuple[Score, ...]
    exact: Fraction

    @property
    def score(self) -> Score:
        """The first of its scores, which all share experiment, metric and convention."""
        return self.scores[0]

    @property
    def value(self) -> float:
        """The value as a float."""
        return float(self.exact)

    @property
    def refs(self) -> tuple[SourceRef, ...]:
        """Every score that entered."""
        return tuple(score.ref for score in self.scores)


def label(metric: str, convention: str) -> str:
    """Return a metric as it is printed: with its convention where that is stated.

    >>> label("arand", "gt0"), label("dice", "unstated")
    ('arand:gt0', 'dice')
    """
    return metric if convention == "unstated" else f"{metric}:{convention}"


def score_table(
    tables: Tables,
    vocabulary: Vocabulary,
    *,
    levels: Sequence[Level] = ("cell",),
    corpus: str | None = None,
    metrics: Sequence[str] | None = None,
    place: str | None = None,
    nested: Sequence[NestedUnits] = (),
    repeats: bool = False,
) -> ScoreTable:
    """Join results with their experiments and studies, and keep those that may enter a statistic together.

    `corpus`, `metrics` and `place` say what is asked for; of the rows asked for, each is used or dropped with a
    reason: another level, a re-run (only the comparison with its original reads those), a study that is excluded, and
    whatever is already contained in another row (`metareview.stats.benchmark.overlap`).

    Parameters
    ----------
    tables : the tables of a review; read are results, experiments, studies and, for data sets within data sets,
        datasets.
    vocabulary : the metrics of the review.
    levels : levels that may enter.
    corpus : only results printed in this document; None for all.
    metrics : only these metrics (keys or aliases); None for all.
    place : only results whose locator has this part, such as ``Table 3``; None for all.
    nested : kinds of unit whose members contain each other (``nested_units`` of the review).
    repeats : keep runs that are printed again; only a list that shows them as such may.

    Raises
    ------
    UnknownName
        If one of `metrics` is not in the vocabulary.
    """
    joined = join_scores(tables, vocabulary, levels=levels, corpus=corpus, metrics=metrics, place=place)
    parents = {row["dataset_id"]: text(row.get("part_of")) for row in records(tables, "datasets")}
    wholes = {units.kind: units.whole for units in nested}
    rows, contained, told = without_overlap(joined.rows, parents, wholes, repeats=repeats)
    return replace(
        joined,
        rows=tuple(rows),
        k_used=len(rows),
        dropped=(*joined.dropped, *contained),
        warnings=(*_uncertain(rows), *_nested(nested_datasets(rows, parents)), *told),
    )


def join_scores(
    tables: Tables,
    vocabulary: Vocabulary,
    *,
    levels: Sequence[Level] = ("cell",),
    corpus: str | None = None,
    metrics: Sequence[str] | None = None,
    place: str | None = None,
) -> ScoreTable:
    """Return what `score_table` does before it removes rows contained in others: what is printed, as it is printed."""
    wanted = None if metrics is None else {vocabulary.resolve(name).key for name in metrics}
    results = records(tables, "results")
    asked = [
        row
        for row in results
        if (corpus is None or row["source_id"] == corpus)
        and (wanted is None or row["metric"] in wanted)
        and (place is None or place in _places(row))
    ]
    experiments = {row["experiment_id"]: row for row in records(tables, "experiments")}
    studies = {row["study_id"]: row for row in records(tables, "studies")}
    kept: list[Score] = []
    dropped: list[Dropped] = []
    for row in asked:
        experiment = experiments.get(row["experiment_id"], {})
        study = studies.get(text(experiment.get("study_id")), {})
        reason = _refusal(row, experiment, study, vocabulary, levels)
        if reason:
            dropped.append(Dropped(_name(row), reason, ref_of(row)))
        else:
            kept.append(_score(row, experiment, study, _first_print(experiment, experiments)))
    return ScoreTable(
        rows=tuple(kept),
        levels=tuple(levels),
        corpus=corpus or "",
        methods=(_scope(len(asked), len(results), corpus, place),),
        k_in=len(asked),
        k_used=len(kept),
        dropped=tuple(dropped),
        warnings=_uncertain(kept),
    )


def experiment_values(scores: Iterable[Score]) -> list[ExperimentValue]:
    """Return one value per experiment, metric and convention, in order of first appearance.

    Units of one experiment (images, seeds, regions) are repeated measurements of it, not further experiments, so they
    enter as their mean.
    """
    groups: dict[tuple[str, str, str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.experiment_id, score.metric, score.convention, score.level), []).append(score)
    return [
        ExperimentValue(tuple(group), exact_mean(exact(score.value) for score in group)) for group in groups.values()
    ]


def _places(row: Row) -> set[str]:
    return {part.strip() for part in text(row.get("locator")).split(";")}


def _scope(n: int, total: int, corpus: str | None, place: str | None) -> str:
    where = ", ".join(part for part in (corpus, place) if part)
    return f"scores: {n} of {total} results" + (f" (printed in {where})" if where else "")


def _name(row: Row) -> str:
    unit = f", {row['unit']}" if row.get("unit") else ""
    return f"{row['experiment_id']}, {label(row['metric'], text(row.get('convention')) or 'unstated')}{unit}"


def _refusal(row: Row, experiment: Row, study: Row, vocabulary: Vocabulary, levels: Sequence[Level]) -> str:
    if not experiment:
        return f"experiments has no row {row['experiment_id']}"
    if row["metric"] not in vocabulary:
        return f"metric {row['metric']} is not in the vocabulary"
    if row.get("value") is None or not isfinite(row["value"]):
        return "it has no value"
    if experiment.get("origin") == "rerun":
        return "a re-run; only the comparison with its original reads it"
    if study.get("status") == "excluded":
        return f"study {study['study_id']} is excluded"
    if row["level"] not in levels:
        return f"its level is {row['level']}, and only {' and '.join(levels)} enter"
    return ""


def _first_print(experiment: Row, experiments: dict[str, Row]) -> str:
    """Return the experiment at the start of a chain of repeats; empty for one that repeats nothing, or only itself."""
    seen = [text(experiment.get("experiment_id"))]
    while (name := text(experiments.get(seen[-1], {}).get("repeats"))) and name not in seen:
        seen.append(name)
    return seen[-1] if len(seen) > 1 else ""


def _score(row: Row, experiment: Row, study: Row, repeats: str) -> Score:
    return Score(
        experiment_id=row["experiment_id"],
        study_id=text(experiment.get("study_id")),
        authors=text(study.get("authors")),
        method=text(experiment.get("method")),
        setting=text(experiment.get("setting")),
        category=stated(experiment.get("category")) or stated(study.get("category")),
        dataset_id=text(experiment.get("dataset_id")),
        datasets=tuple(experiment.get("datasets") or ()),
        target=stated(experiment.get("target")),
        split=stated(experiment.get("split")),
        metric=row["metric"],
        convention=text(row.get("convention")) or "unstated",
        level=row["level"],
        unit=text(row.get("unit")),
        value=float(row["value"]),
        sd=_number(row.get("sd")),
        sd_ddof=None if row.get("sd_ddof") is None else int(row["sd_ddof"]),
        se=_number(row.get("se")),
        ci_low=_number(row.get("ci_low")),
        ci_high=_number(row.get("ci_high")),
        n=None if row.get("n") is None else int(row["n"]),
        n_of=text(row.get("n_of")),
        origin=text(experiment.get("origin")) or "reported",
        uncertain=bool(row.get("uncertain") or experiment.get("uncertain") or False),
        ablation=bool(experiment.get("ablation") or False),
        repeats=repeats,
        file=text(row.get("file")),
        line=int(row.get("line") or 0),
        source_id=text(row.get("source_id")),
        locator=text(row.get("locator")),
        printed=text(row.get("printed")),
        note=text(row.get("note")) or text(experiment.get("note")),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _nested(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    if not pairs:
        return ()
    names = ", ".join(f"{part} in {whole}" for part, whole in pairs)
    return (f"values of one method on a data set and on a part of it are both in ({names}): they are not independent",)


def _uncertain(rows: Sequence[Score]) -> tuple[str, ...]:
    number = sum(score.uncertain for score in rows)
    if not number:
        return ()
    return (f"{number} of {len(rows)} values rest on an inferred reading or assignment; their notes say why",)
