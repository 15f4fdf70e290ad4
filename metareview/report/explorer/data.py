"""What the explorer shows: every value of the review with its column, its study, its sources and its audit flags.

The page ranks in the browser, so it gets values, not rankings. The unit is the one of the leaderboards: one value per
experiment, metric and convention, which is its aggregate or the mean of its units; the units stay as sources of the
value. Values of another level than ``cell`` come along, marked, in columns of their own, and never take a rank.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

from metareview.audit.run import Audited, AuditResult
from metareview.report.views.audit import WORDS
from metareview.report.views.boards import MOST_DIGITS, Runs
from metareview.report.views.common import Names, Tables
from metareview.report.views.format import given_decimals
from metareview.results import Dropped
from metareview.schema.review import ReviewSpec
from metareview.schema.source import line_spans
from metareview.stats.benchmark.rows import Row, records, stated, text
from metareview.stats.benchmark.scores import ExperimentValue, Level, Score, experiment_values, score_table
from metareview.stats.benchmark.units import evaluation_of, kind_of

__all__ = [
    "EXPLORER_TABLES",
    "LEVELS",
    "ColumnKey",
    "Explored",
    "Flag",
    "Shown",
    "Who",
    "collect",
    "column_of",
    "facts_of",
    "who_of",
]

#: Tables that it reads.
EXPLORER_TABLES = ("sources", "studies", "datasets", "experiments", "results")
#: Levels of a value, the one that may be ranked first.
LEVELS: tuple[Level, ...] = ("cell", "study_mean", "range_low", "range_high")
_DIRECTIONS = {"higher": 1, "lower": -1, "none": 0}
_FIGURE = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True, order=True)
class ColumnKey:
    """What methods compete on: values under two of these are never compared.

    `basis` names the units that means are over, where that keeps them apart from means over other units.
    """

    dataset: str
    target: str
    split: str
    evaluation: str
    metric: str
    convention: str
    level: str
    basis: str = ""


class Who(NamedTuple):
    """Whose value it is; the reader chooses which of these name a row of the board."""

    method: str
    setting: str
    study: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A statement that takes in a value and does not hold as printed, or not if an assumption is true."""

    verdict: str
    statement: str
    explanation: str
    assumption: str
    place: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One value of the explorer.

    Attributes
    ----------
    value : one experiment's value, with the scores it was made from.
    column : where it competes.
    digits : digits after the point that it was printed with.
    standing : why it takes no rank (an ablation, a run printed again); empty where it does.
    flags : contradicted statements that take in its figure; `held` counts those that were checked and hold.
    """

    value: ExperimentValue
    column: ColumnKey
    digits: int
    standing: str = ""
    flags: tuple[Flag, ...] = ()
    held: int = 0


@dataclass(frozen=True, slots=True)
class Explored:
    """Everything of a review that its explorer shows.

    Attributes
    ----------
    spec, names, studies : the configuration, names in print, and the studies by id.
    shown : the values by level, in the order of ``results.csv``, runs that are printed again last.
    gaps : results that are left out, with reasons, by (who, column): why a cell without a value has none.
    left_out : how many results each reason left out.
    warnings : what must be known before the numbers are used.
    """

    spec: ReviewSpec
    names: Names
    shown: tuple[Shown, ...]
    studies: Mapping[str, Row]
    gaps: Mapping[tuple[Who, ColumnKey], str] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[ColumnKey, ...]:
        """Every column that has a value, sorted."""
        return tuple(sorted({value.column for value in self.shown}))

    def direction(self, metric: str) -> int:
        """Return 1 where higher is better, -1 where lower is, 0 where neither."""
        return _DIRECTIONS[self.names.vocabulary[metric].direction]


def collect(tables: Tables, spec: ReviewSpec, audit: AuditResult | None = None) -> Explored:
    """Collect what the explorer of a review shows.

    Parameters
    ----------
    tables : the tables of the review.
    spec : its ``review.yaml``.
    audit : the audit of its claims; without it no value carries a flag.
    """
    parts = [_values(tables, spec, level) for level in LEVELS]
    values = [value for part in parts for value in part.values]
    runs, by_place = Runs.of(values), _by_place(audit)
    units = _units_apart((value for value in values if not runs.standing(value)), spec)
    shown = [_shown(value, column_of(value, spec, units), runs, by_place) for value in values]
    dropped = [row for part in parts for row in part.dropped]
    return Explored(
        spec, Names.of(tables, spec), tuple(shown),
        studies={row["study_id"]: row for row in records(tables, "studies")},
        gaps=_gaps(tables, shown, dropped, spec),
        left_out=_tally(dropped),
        warnings=tuple(dict.fromkeys(text for part in parts for text in part.warnings)),
    )  # fmt: skip


class _Part(NamedTuple):
    """The values of one level: what may enter a statistic first, then runs printed again."""

    values: list[ExperimentValue]
    dropped: list[Dropped]
    warnings: tuple[str, ...]


def _values(tables: Tables, spec: ReviewSpec, level: Level) -> _Part:
    """Return the values of one level; each level on its own, so that none stands for another one here."""
    asked = {**tables, "results": tables["results"][tables["results"]["level"] == level]}
    first, every = (
        score_table(asked, spec.vocabulary(), levels=(level,), nested=spec.nested_units, repeats=repeats)
        for repeats in (False, True)
    )
    there = {(score.file, score.line) for score in first.rows}
    again = [score for score in every.rows if (score.file, score.line) not in there and score.repeats]
    listed = {(score.file, score.line) for score in again}
    dropped = [row for row in first.dropped if row.ref is None or (row.ref.file, row.ref.line) not in listed]
    return _Part([*experiment_values(first.rows), *experiment_values(again)], dropped, first.warnings)


def who_of(score: Score) -> Who:
    """Return whose score it is."""
    return Who(score.method, score.setting, score.study_id)


def column_of(value: ExperimentValue, spec: ReviewSpec, apart: Container[ColumnKey] = ()) -> ColumnKey:
    """Return where a value competes; a mean over data sets names them, in order.

    Parameters
    ----------
    apart : columns whose means are over different units, and so are kept apart by these.
    """
    s = value.score
    where = s.dataset_id or "+".join(sorted(s.datasets))
    key = ColumnKey(where, s.target, s.split, evaluation_of(s, spec), s.metric, s.convention, s.level)
    units = _units(value) if key in apart else ()
    names = ", ".join(unit.partition(":")[2] for unit in units)
    return replace(key, basis=f"{kind_of(units[0])} {names}") if units else key


def _units_apart(values: Iterable[ExperimentValue], spec: ReviewSpec) -> set[ColumnKey]:
    """Return the columns that have means over different units."""
    sets: dict[ColumnKey, set[tuple[str, ...]]] = {}
    for value in values:
        if units := _units(value):
            sets.setdefault(column_of(value, spec), set()).add(units)
    return {column for column, found in sets.items() if len(found) > 1}


def _units(value: ExperimentValue) -> tuple[str, ...]:
    return tuple(sorted(score.unit for score in value.scores if score.unit))


def _shown(value: ExperimentValue, column: ColumnKey, runs: Runs, by_place: _ByPlace) -> Shown:
    scores = value.scores
    digits = max(given_decimals(score.value, score.printed) for score in scores) + (len(scores) > 1)
    found = dict.fromkeys(claim for score in scores for claim in _claims_on(score, by_place))
    return Shown(
        value, column, min(digits, MOST_DIGITS),
        standing=runs.standing(value),
        flags=tuple(_flag(row) for row in found if row.verdict in ("contradicted", "contradicted_if")),
        held=sum(row.verdict == "consistent" for row in found),
    )  # fmt: skip


_ByPlace = Mapping[tuple[str, int], Sequence[Audited]]


def _by_place(audit: AuditResult | None) -> _ByPlace:
    """Return the claims by each line of each document that they name."""
    places: dict[tuple[str, int], list[Audited]] = {}
    for row in audit.rows if audit else ():
        for line in (row.line, *row.related_lines) if row.line else ():
            places.setdefault((row.source, line), []).append(row)
    return places


def _claims_on(score: Score, by_place: _ByPlace) -> Iterable[Audited]:
    """Return the claims that take in a score: they name its line, and print its figure among theirs."""
    own = _FIGURE.search(score.printed)
    if own is None:
        return
    for span in line_spans(score.locator, score.source_id):
        for line in range(span.first, max(span.first, span.last) + 1):
            for claim in by_place.get((span.source_id, line), ()):
                if any(own[0] == figure for text in claim.printed for figure in _FIGURE.findall(text)):
                    yield claim


def _flag(row: Audited) -> Flag:
    line = f", L{row.line}" if row.line else ""
    return Flag(WORDS[row.verdict], row.statement, row.explanation, row.assumption, f"{row.source}{line}")


def _tally(dropped: Iterable[Dropped]) -> dict[str, int]:
    """Return how many rows each reason left out; what a reason names of one row is left away."""
    counts: dict[str, int] = {}
    for row in dropped:
        reason = re.sub(r" \(?(?:at )?line \d+\)?", "", row.reason)
        counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _gaps(
    tables: Tables, shown: Sequence[Shown], dropped: Iterable[Dropped], spec: ReviewSpec
) -> dict[tuple[Who, ColumnKey], str]:
    """Return why cells have no value although a row of ``results.csv`` is about them: the row was left out."""
    there = {(who_of(value.value.score), value.column) for value in shown}
    columns = {value.column for value in shown}
    results = {(row["file"], row["line"]): row for row in records(tables, "results")}
    experiments = {row["experiment_id"]: row for row in records(tables, "experiments")}
    gaps: dict[tuple[Who, ColumnKey], str] = {}
    for item in dropped:
        row = results.get((item.ref.file, item.ref.line)) if item.ref else None
        experiment = experiments.get(row["experiment_id"]) if row else None
        if row is None or experiment is None:
            continue
        score = _bare(row, experiment)
        key = who_of(score), column_of(ExperimentValue((score,), Fraction(0)), spec)
        if key not in there and key[1] in columns:
            gaps.setdefault(key, item.reason)
    return gaps


def _bare(row: Row, experiment: Row) -> Score:
    """Return a dropped row as a score, with what its place on a board takes."""
    return Score(
        experiment_id=row["experiment_id"], study_id=text(experiment.get("study_id")),
        method=text(experiment.get("method")), setting=text(experiment.get("setting")),
        dataset_id=text(experiment.get("dataset_id")), datasets=tuple(experiment.get("datasets") or ()),
        target=stated(experiment.get("target")), split=stated(experiment.get("split")), metric=row["metric"],
        convention=text(row.get("convention")) or "unstated", level=row["level"], value=0.0,
    )  # fmt: skip


def facts_of(study: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return year and code availability of a study as text, empty where they are not stated."""
    row = study or {}
    return stated(row.get("year")), stated(row.get("code"))
