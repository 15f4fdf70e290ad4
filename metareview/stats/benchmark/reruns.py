"""Re-runs of a review beside what is published: which two numbers answer each other, and whether they may.

The judgement itself is `replication.judge`; here stands who is compared with whom, and what speaks against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from metareview.results import Dropped
from metareview.schema.metric import Metric, Vocabulary
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.replication import (
    Relation,
    ReplicationResult,
    ReplicationRow,
    Sample,
    judge,
    mean_interval,
    prediction_interval,
    sample_of,
)
from metareview.stats.benchmark.rows import Row, Tables, records, ref_of, text
from metareview.stats.benchmark.units import kind_of

__all__ = ["RerunScore", "compute_replication", "half_unit", "over_runs", "rerun_scores"]

_METHODS = (
    "difference re-run minus reported with t interval over runs; Welch where both sides have a spread",
    "prediction interval for another run (Hahn & Meeker 1991; Patil, Peng & Leek 2016; Spence & Stanley 2016)",
)
_CAVEAT = (
    "runs of one spec differ in their seeds only: the intervals hold the spread of training, not that of data, "
    "annotation or implementation"
)
#: Words by which a source says that its spread is over runs.
_RUNS = ("run", "seed", "training")


@dataclass(frozen=True, slots=True)
class RerunScore:
    """The runs of one re-run under one metric and convention; `units` names each, where they have names."""

    experiment: Row
    metric: str
    convention: str
    values: tuple[float, ...]
    sample: Sample
    n_of: str
    refs: tuple[SourceRef, ...]
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Published:
    """A published score beside a re-run, and what speaks against the comparison."""

    relation: Relation
    sample: Sample
    convention: str
    method: str
    by: str
    experiment: str
    printed: str
    half_unit: float
    refs: tuple[SourceRef, ...]
    reasons: tuple[str, ...]


def half_unit(printed: str, value: float) -> float:
    """Return half a unit of the last printed digit on the scale of `value`; 0 where no such figure is printed.

    The figure may be printed as it stands or as a percentage.

    >>> half_unit("0.9878", 0.9878), half_unit("94.8", 0.948), half_unit("94.8%", 0.948), half_unit("up to 0.9", 0.9)
    (5e-05, 0.0005, 0.0005, 0.0)
    """
    try:
        figure = Decimal(printed.strip().rstrip("%").strip())
    except InvalidOperation:
        return 0.0
    exponent = figure.as_tuple().exponent
    if not isinstance(exponent, int):  # NaN and infinity
        return 0.0
    for shift in (0, 2):
        if abs(float(figure.scaleb(-shift)) - value) < 1e-9:
            return float(Decimal(5).scaleb(exponent - 1 - shift))
    return 0.0


def compute_replication(tables: Tables, spec: ReviewSpec, level: float = 0.95) -> ReplicationResult:
    """Compare every re-run score of a review with what is published.

    Parameters
    ----------
    tables : rerun_experiments, rerun_results, rerun_targets, and experiments and results with what they answer.
    spec : gives the vocabulary, which says which way a metric points.
    level : of all intervals.
    """
    groups, dropped = rerun_scores(tables)
    targets = records(tables, "rerun_targets")
    rows: list[ReplicationRow] = []
    vocabulary = spec.vocabulary()
    for group in groups:
        published = [*_answered(group, tables), *_targets(group, targets)] or _same_data(group, groups, tables)
        rows += [_row(group, found, vocabulary, level) for found in published]
        rows += [] if published else [_row(group, None, vocabulary, level)]
    used = {(group.experiment["experiment_id"], group.metric, group.convention) for group in groups}
    dropped += [
        Dropped(
            f"published {row['metric']} of {row['document']}",
            f"{row['experiment_id']} has no score under {row.get('rerun_convention') or row['convention']}",
            ref_of(row),
        )
        for row in targets
        if (row["experiment_id"], row["metric"], row.get("rerun_convention") or row["convention"]) not in used
    ]
    return ReplicationResult(
        rows=tuple(rows), level=level, methods=_METHODS, k_in=len(groups) + len(dropped), k_used=len(groups),
        dropped=tuple(dropped), warnings=(_CAVEAT,) if rows else (),
    )  # fmt: skip


def rerun_scores(tables: Tables) -> tuple[list[RerunScore], list[Dropped]]:
    """Return the runs of each re-run, metric and convention, in the order of the tables."""
    experiments = {row["experiment_id"]: row for row in records(tables, "rerun_experiments")}
    found: dict[tuple[str, str, str], list[Row]] = {}
    dropped: list[Dropped] = []
    for row in records(tables, "rerun_results"):
        if row["experiment_id"] not in experiments:  # a table built by hand; the door refuses such a row
            dropped.append(Dropped(f"result of {row['experiment_id']}", "there is no such re-run", ref_of(row)))
            continue
        found.setdefault((row["experiment_id"], row["metric"], row["convention"]), []).append(row)
    order = list(experiments)
    keys = sorted(found, key=lambda key: order.index(key[0]))
    return [_group(experiments[key[0]], key, found[key]) for key in keys], dropped


def _group(experiment: Row, key: tuple[str, str, str], rows: Sequence[Row]) -> RerunScore:
    """Return one group: its units of replication where it has them, otherwise its aggregate."""
    units = [row for row in rows if text(row.get("unit"))]
    kinds = sorted({kind_of(text(row["unit"])) for row in units})
    if units:
        values = tuple(float(row["value"]) for row in units)
        names = tuple(text(row["unit"]) for row in units)
        said = f"{' and '.join(kinds)}s"
        return RerunScore(experiment, *key[1:], values, sample_of(values), said, _refs(units), names)
    row = rows[0]
    sample = Sample(float(row["value"]), row.get("sd"), int(row.get("n") or 1))
    return RerunScore(experiment, *key[1:], (sample.mean,), sample, text(row.get("n_of")), _refs(rows[:1]))


def _refs(rows: Iterable[Row]) -> tuple[SourceRef, ...]:
    return tuple(ref_of(row) for row in rows)


def _answered(group: RerunScore, tables: Tables) -> list[_Published]:
    """Return the published scores of the experiment that the re-run answers, those under its own rule if there are."""
    wanted = text(group.experiment.get("replicates"))
    if not wanted:
        return []
    owner = next((row for row in records(tables, "experiments") if row["experiment_id"] == wanted), {})
    rows = [
        row for row in records(tables, "results") if row["experiment_id"] == wanted and row["metric"] == group.metric
    ]
    own = [row for row in rows if row["convention"] == group.convention]
    reasons = _test_set(text(group.experiment.get("test_set")), text(group.experiment.get("test_set_note")))
    return _published("replicates", own or rows, owner, group, reasons)


def _published(
    relation: Relation, rows: Sequence[Row], owner: Row, group: RerunScore, reasons: Sequence[str]
) -> list[_Published]:
    """Return printed scores by convention and document: the aggregate, or the mean of the units where there is none."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((text(row["convention"]), text(row["source_id"]), text(row["level"])), []).append(row)
    published = []
    for (convention, source, grade), same in found.items():
        whole = [row for row in same if not text(row.get("unit"))]
        told = [*reasons, *_rule(group.convention, convention), *_grade(grade)]
        sample = _stated(whole[0]) if whole else _of_units(same)
        first = (whole or same)[0]
        unit = half_unit(text(first.get("printed")), sample.mean) if whole else 0.0
        published.append(_Published(
            relation, sample, convention, text(owner.get("method")), text(owner.get("study_id")) or source,
            text(owner.get("experiment_id")), text(first.get("printed")) if whole else "", unit,
            _refs(whole[:1] or same), tuple(told),
        ))  # fmt: skip
    return published


def _stated(row: Row) -> Sample:
    """Return a printed aggregate; its deviation counts only where it is said to be over runs."""
    runs = over_runs(text(row.get("n_of")))
    n = int(row["n"]) if runs and row.get("n") else 1
    return Sample(float(row["value"]), row.get("sd") if runs and n > 1 else None, n)


def _of_units(rows: Sequence[Row]) -> Sample:
    """Return the mean of printed units; how they differ counts only where each is a run, not an image or a region."""
    sample = sample_of([float(row["value"]) for row in rows])
    return sample if all(over_runs(kind_of(text(row["unit"]))) for row in rows) else Sample(sample.mean, None, 1)


def over_runs(n_of: str) -> bool:
    """Return whether what a mean is over is runs.

    >>> over_runs("training runs"), over_runs("images")
    (True, False)
    """
    return any(word in n_of.lower() for word in _RUNS)


def _targets(group: RerunScore, targets: Sequence[Row]) -> list[_Published]:
    """Return the figures that documents outside the review print, as far as they are beside this score."""
    found = []
    for row in targets:
        beside = (row["experiment_id"], row["metric"], row.get("rerun_convention") or row["convention"])
        if beside != (group.experiment["experiment_id"], group.metric, group.convention):
            continue
        reasons = [
            *_test_set(text(row.get("test_set")), text(row.get("note"))),
            *_rule(group.convention, row["convention"]),
            *(["the figure was not checked in the document"] if row.get("uncertain") else []),
        ]
        found.append(_Published(
            "target", Sample(float(row["value"]), row.get("sd"), int(row.get("n") or 1)), row["convention"],
            text(group.experiment["method"]), f"{row['document']}, {row['locator']}", "", text(row.get("printed")),
            half_unit(text(row.get("printed")), float(row["value"])), _refs([row]), tuple(reasons),
        ))  # fmt: skip
    return found


def _same_data(group: RerunScore, groups: Sequence[RerunScore], tables: Tables) -> list[_Published]:
    """Return what is printed for other methods on the same data, beside the first rule of a metric only."""
    first = next(g for g in groups if g.experiment is group.experiment and g.metric == group.metric)
    dataset = text(group.experiment.get("dataset_id"))
    if first is not group or not dataset:
        return []
    owners = {row["experiment_id"]: row for row in records(tables, "experiments") if row.get("dataset_id") == dataset}
    rows = [
        row for row in records(tables, "results") if row["experiment_id"] in owners and row["metric"] == group.metric
    ]
    found: list[_Published] = []
    for key, owner in owners.items():
        reasons = [
            f"another method ({text(owner['method'])})",
            *_test_set(text(group.experiment.get("test_set")), text(group.experiment.get("test_set_note"))),
        ]
        theirs = [row for row in rows if row["experiment_id"] == key]
        found += _published("same data", theirs, owner, group, reasons)
    return found


def _test_set(said: str, note: str) -> list[str]:
    because = f" ({note})" if note else ""
    if said == "other":
        return [f"not the same test set{because}"]
    return [] if said == "same" else [f"whether the test sets are the same is not known{because}"]


def _rule(rerun: str, published: str) -> list[str]:
    """Return why two scoring rules do not compare; two unstated ones may be one rule or two, so they do not either."""
    if "unstated" in (rerun, published):
        return [
            "the published scoring rule is not stated" if published == "unstated" else "our scoring rule is not stated"
        ]
    return [] if rerun == published else [f"published under the rule {published}, re-run under {rerun}"]


def _grade(level: str) -> list[str]:
    words = {
        "range_low": "printed as the lower end of a range",
        "range_high": "printed as the upper end of a range",
        "study_mean": "printed as a mean over several data sets",
    }
    return [words[level]] if level in words else []


def _best(metric: Metric | None) -> float | None:
    """Return the best possible value of a metric, None where it has no end on the good side."""
    if metric is None:
        return None
    return {"higher": metric.high, "lower": metric.low}.get(metric.direction)


def _row(group: RerunScore, published: _Published | None, vocabulary: Vocabulary, level: float) -> ReplicationRow:
    experiment = group.experiment
    base: dict[str, Any] = {
        name: text(experiment.get(name))
        for name in ("experiment_id", "method", "setting", "dataset_id", "target", "split", "note")
    }
    base |= {"metric": group.metric, "convention": group.convention, "values": group.values, "mean": group.sample.mean,
             "sd": group.sample.sd, "n": group.sample.n, "n_of": group.n_of, "refs": group.refs}  # fmt: skip
    if group.sample.sd is not None and group.sample.n > 1:
        base["mean_low"], base["mean_high"] = mean_interval(group.sample, level)
        base["pi_low"], base["pi_high"] = prediction_interval(group.sample, level=level)
    if published is None:
        said = "neither the review nor the spec has a printed figure of this method, data set and metric"
        return ReplicationRow(**base, relation="none", verdict="nothing published", words=said)
    metric = vocabulary.find(group.metric)
    direction = {"higher": 1, "lower": -1}.get(metric.direction if metric else "", 0)
    judged = judge(
        group.sample, published.sample, reasons=published.reasons, half_unit=published.half_unit, direction=direction,
        best=_best(metric), level=level,
    )  # fmt: skip
    return ReplicationRow(
        **base, relation=published.relation, verdict=judged.verdict, words=judged.words,
        reported=published.sample.mean, reported_sd=published.sample.sd, reported_n=published.sample.n,
        reported_convention=published.convention, reported_method=published.method, reported_by=published.by,
        reported_experiment=published.experiment, printed=published.printed, difference=judged.difference,
        low=judged.low, high=judged.high, inside=judged.inside,
        reported_refs=published.refs,
    )  # fmt: skip
