"""The cube of a review: its score table arranged as methods by columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import cast

from metareview.results import Dropped
from metareview.schema.metric import Vocabulary
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.ranking.cube import Column, Cube, Entry, make_cube
from metareview.stats.benchmark.rounding import exact, exact_mean
from metareview.stats.benchmark.rows import Tables
from metareview.stats.benchmark.scores import ExperimentValue, Level, Score, experiment_values, score_table
from metareview.stats.benchmark.units import evaluation_of, kind_of

__all__ = ["cube_from_tables", "method_label"]

_NORMAL_95 = 1.959963984540054


def method_label(*parts: str) -> Callable[[Score], str]:
    """Return a function that names the method of a score by columns of it (``method``, ``setting``, ``study_id`` …).

    >>> method_label("method", "setting")(Score(experiment_id="e", study_id="s", method="U-Net", metric="dice",
    ...     setting="3D", value=0.9))
    'U-Net, 3D'
    """
    return lambda score: ", ".join(text for part in parts if (text := str(getattr(score, part))))


def cube_from_tables(
    tables: Tables,
    spec: ReviewSpec,
    *,
    metrics: Sequence[str] | None = None,
    datasets: Sequence[str] | None = None,
    studies: Sequence[str] | None = None,
    corpus: str | None = None,
    place: str | None = None,
    levels: Sequence[str] = ("cell",),
    name: Callable[[Score], str] | None = None,
    unit: str | None = None,
    as_printed: bool = False,
) -> Cube:
    """Return the cube of a review.

    Scores pass through `score_table`, so that one rule decides what may enter. An experiment contributes one value
    per column (units of replication their mean); several experiments of a method in one column (other settings,
    other studies) contribute their mean, as in the leaderboards, and the cell says so.

    Parameters
    ----------
    tables, spec : the tables of a review, and its ``review.yaml``.
    metrics, datasets, studies : only these; None for all. Metrics may be aliases.
    corpus, place, levels : as in `score_table`.
    name : names the method of a score; ``score.method`` by default.
    unit : kind of unit (``image``): only values of single units enter, and a cell is their mean. None lets
        aggregates stand for their units.
    as_printed : one column per metric and convention over whatever data the values are of, as a printed table has
        them. What is compared then is not the same thing, and the cube warns of it.

    Raises
    ------
    UnknownName
        If one of `metrics` is not in the vocabulary.
    """
    vocabulary = spec.vocabulary()
    chosen, narrowed = _asked(tables, datasets, studies, unit)
    table = score_table(
        chosen, vocabulary, levels=cast("Sequence[Level]", levels), corpus=corpus, metrics=metrics, place=place,
        nested=spec.nested_units,
    )  # fmt: skip
    kept, refused = _admitted(table.rows, vocabulary, as_printed)
    groups = _cells(kept, spec, vocabulary, name or method_label("method"), as_printed)
    cells = [(who, _category(values), column, _entry(values)) for (who, column), values in groups.items()]
    base = Cube(
        methods=(*table.methods, *narrowed, *_said(groups)), k_in=table.k_in, k_used=len(kept),
        dropped=(*table.dropped, *refused), warnings=(*table.warnings, *_warned(kept, as_printed)),
    )  # fmt: skip
    return make_cube(cells, base=base)


def _asked(
    tables: Tables, datasets: Sequence[str] | None, studies: Sequence[str] | None, unit: str | None
) -> tuple[Tables, tuple[str, ...]]:
    """Return the tables with the results asked for only, so that the footer counts no others, and what was asked."""
    results, experiments = tables["results"], tables["experiments"]
    said = []
    here = experiments["experiment_id"].notna()
    if datasets is not None:
        here &= experiments["dataset_id"].isin(list(datasets))
        said.append(f"on {', '.join(datasets)}")
    if studies is not None:
        here &= experiments["study_id"].isin(list(studies))
        said.append(f"of {', '.join(studies) or 'no study'}")
    keep = results["experiment_id"].isin(experiments.loc[here, "experiment_id"]) if said else results["metric"].notna()
    if unit is not None:
        keep &= results["unit"].fillna("").astype(str).str.startswith(f"{unit}:")
        said.append(f"values of single units of kind {unit}")
    if not said:
        return tables, ()
    return {**tables, "results": results[keep]}, (f"only results {', '.join(said)}",)


def _admitted(rows: Iterable[Score], vocabulary: Vocabulary, as_printed: bool) -> tuple[list[Score], list[Dropped]]:
    kept, refused = [], []
    for score in rows:
        reason = ""
        if score.ablation:
            reason = "an ablation; it takes no place"
        elif vocabulary[score.metric].direction == "none":
            reason = f"{score.metric} has no better direction, so nothing can be ranked by it"
        elif not as_printed and not _dataset(score):
            reason = "no data set is named for it, so nothing says what it compares with"
        if reason:
            unit = f", {score.unit}" if score.unit else ""
            refused.append(Dropped(f"{score.experiment_id}, {score.metric}{unit}", reason, score.ref))
        else:
            kept.append(score)
    return kept, refused


def _dataset(score: Score) -> str:
    """Return the data set; a mean over several that are named compares with means over the same ones."""
    return score.dataset_id or "+".join(sorted(score.datasets))


def _cells(
    scores: Iterable[Score], spec: ReviewSpec, vocabulary: Vocabulary, name: Callable[[Score], str], as_printed: bool
) -> dict[tuple[str, Column], list[ExperimentValue]]:
    """Return the values of each cell; means over different units stand in columns of their own."""
    groups: dict[Column, list[tuple[str, ExperimentValue]]] = {}
    for value in experiment_values(scores):
        column = _column(value.score, spec, vocabulary, as_printed)
        groups.setdefault(column, []).append((name(value.score), value))
    cells: dict[tuple[str, Column], list[ExperimentValue]] = {}
    for column, members in groups.items():
        apart = len({_units(value) for _, value in members} - {()}) > 1
        for who, value in members:
            basis = _basis(value) if apart else None
            cells.setdefault((who, replace(column, basis=basis)), []).append(value)
    return cells


def _column(score: Score, spec: ReviewSpec, vocabulary: Vocabulary, as_printed: bool) -> Column:
    metric = vocabulary[score.metric]
    where = (
        ("", None, None, None)
        if as_printed
        else (_dataset(score), score.target or None, score.split or None, evaluation_of(score, spec) or None)
    )
    return Column(
        dataset=where[0], target=where[1], metric=metric.key,
        convention=None if score.convention == "unstated" else score.convention, split=where[2], evaluation=where[3],
        direction=1 if metric.direction == "higher" else -1, low=metric.low, high=metric.high,
    )  # fmt: skip


def _units(value: ExperimentValue) -> tuple[str, ...]:
    return tuple(sorted(score.unit for score in value.scores if score.unit))


def _basis(value: ExperimentValue) -> str | None:
    units = _units(value)
    return f"{kind_of(units[0])} {', '.join(unit.partition(':')[2] for unit in units)}" if units else None


def _category(values: Sequence[ExperimentValue]) -> str | None:
    there = {value.score.category for value in values} - {""}
    return next(iter(there)) if len(there) == 1 else None


def _entry(values: Sequence[ExperimentValue]) -> Entry:
    scores = [score for value in values for score in value.scores]
    only = scores[0] if len(scores) == 1 else None
    return Entry(
        0, 0, float(exact_mean(exact_mean(exact(s.value) for s in value.scores) for value in values)),
        se=None if only is None else _se(only), n=None if only is None else only.n,
        studies=tuple(dict.fromkeys(score.study_id for score in scores)),
        experiments=tuple(dict.fromkeys(score.experiment_id for score in scores)),
        refs=tuple(score.ref for score in scores), printed=only.printed or None if only else None,
        level=scores[0].level, k=len(scores),
        units=tuple((score.unit, score.value) for score in scores if score.unit) if len(values) == 1 else (),
    )  # fmt: skip


def _se(score: Score) -> float | None:
    """Return the standard error as printed, or the half-width of a printed 95 % interval over the normal quantile."""
    if score.se is not None:
        return score.se
    if score.ci_low is None or score.ci_high is None:
        return None
    return (score.ci_high - score.ci_low) / 2 / _NORMAL_95


def _said(groups: dict[tuple[str, Column], list[ExperimentValue]]) -> tuple[str, ...]:
    means = sum(len(values) > 1 for values in groups.values())
    units = sum(len(values) == 1 and len(values[0].scores) > 1 for values in groups.values())
    said = [f"{means} of {len(groups)} cells are means over several experiments of a method"] if means else []
    return (*said, *([f"{units} of {len(groups)} cells are means over units of an experiment"] if units else []))


def _warned(scores: Sequence[Score], as_printed: bool) -> tuple[str, ...]:
    if not as_printed:
        return ()
    sets = {_dataset(score) or f"unnamed data of {score.study_id}" for score in scores}
    if len(sets) < 2:
        return ()
    return (
        f"values are compared as printed, over {len(sets)} different data sets or combinations of them: a place says "
        "how a printed number compares with others, not how a method does",
    )
