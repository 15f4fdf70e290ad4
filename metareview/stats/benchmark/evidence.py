"""Which definition reproduces the printed composites: candidates side by side, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from metareview.results import Result
from metareview.schema.metric import Vocabulary
from metareview.schema.review import CompositeSpec, ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.definitions import CANDIDATES, Candidate, Ingredient
from metareview.stats.benchmark.feasibility import Verdict, judge
from metareview.stats.benchmark.orientation import normalised_ranks, orient, z_scores
from metareview.stats.benchmark.printed import PrintedComposite, printed_composites
from metareview.stats.benchmark.rounding import exact, exact_mean, round_half_up
from metareview.stats.benchmark.rows import Tables, frame_of
from metareview.stats.benchmark.scores import ExperimentValue

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CompositeEvidenceResult", "DefinitionVerdict", "EvidenceRow", "compute_composite_evidence"]

#: Candidates that need the whole printed table.
_TABLE = {
    "rank-in-table": "mean over metrics of normalised ranks among the printed rows",
    "zscore-in-table": "mean over metrics of z scores among the printed rows",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One printed composite under one candidate definition.

    Attributes
    ----------
    study_id, authors, method : whose composite it is.
    definition : key of the candidate, explained in `CompositeEvidenceResult.verdicts`.
    kind : ``agreement`` compares a recomputed value with the printed one; ``feasibility`` only says whether values
        exist that would give the printed one, and is never counted as agreement.
    value : recomputed, rounded as the definition says; None where it cannot be computed, and `reason` says why.
    exact : before rounding.
    low, high : for ``feasibility`` the composites that values rounding to the printed means can give; else None.
    printed : the composite as published.
    agrees : whether `value` equals `printed`; for ``feasibility`` whether values exist; None where not computable.
    k : experiments that entered (for ``feasibility`` the number assumed).
    reason : what it fails on, or how it is feasible.
    refs, printed_refs : the values that entered, and the printed composite.
    """

    study_id: str
    authors: str
    method: str
    definition: str
    kind: Literal["agreement", "feasibility"] = "agreement"
    value: float | None = None
    exact: float | None = None
    low: float | None = None
    high: float | None = None
    printed: float
    agrees: bool | None = None
    k: int = 0
    reason: str = ""
    refs: tuple[SourceRef, ...] = ()
    printed_refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionVerdict:
    """What one candidate definition reproduces over all printed composites.

    Attributes
    ----------
    definition, label : key, and what it computes, in words.
    n_agree, n_fail, n_open : rows it reproduces, rows it does not, rows where it cannot be computed or judged.
    n_inferred : of the agreeing rows those that rest on an inferred assignment of values to experiments, which may
        have been inferred from the composite itself.
    n_trivial : of the agreeing rows those with one printed value, which every mean reproduces.
    fails : methods it fails on.
    """

    definition: str
    label: str
    n_agree: int
    n_fail: int
    n_open: int
    n_inferred: int = 0
    n_trivial: int = 0
    fails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CompositeEvidenceResult(Result):
    """Candidate definitions against the printed composites.

    Attributes
    ----------
    rows : one per printed composite and definition, in printed order; feasibility rows follow their method.
    verdicts : one per definition, most agreements first.
    best : definitions that reproduce the most rows.
    """

    rows: tuple[EvidenceRow, ...] = ()
    verdicts: tuple[DefinitionVerdict, ...] = ()
    best: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per printed composite and definition."""
        return frame_of(self.rows, EvidenceRow)


def compute_composite_evidence(tables: Tables, spec: ReviewSpec) -> CompositeEvidenceResult:
    """Compare every candidate definition with every printed composite, row by row.

    Where the values of a row are means over data sets that are printed nowhere, feasibility rows say whether values
    exist that would give the printed composite; they are never counted as agreement.

    Raises
    ------
    InputError
        If a metric of the composite cannot be oriented.
    """
    definition = spec.composite
    if definition is None:
        return CompositeEvidenceResult(
            warnings=("review.yaml declares no composite: name its metrics under composite",)
        )
    vocabulary = spec.vocabulary()
    found, dropped = printed_composites(tables, definition, vocabulary, spec.nested_units)
    scaled = {name: _scaled(found, name, definition, vocabulary) for name in _TABLE}
    rows: list[EvidenceRow] = []
    for at, composite in enumerate(found):
        rows += [_compare(composite, candidate, definition, vocabulary) for candidate in CANDIDATES]
        rows += [_in_table(composite, name, scaled[name][at], definition) for name in _TABLE]
        rows += [_feasible(composite, verdict) for verdict in judge(composite, definition, vocabulary)]
    verdicts = _verdicts(rows)
    most = max((verdict.n_agree for verdict in verdicts), default=0)
    return CompositeEvidenceResult(
        rows=tuple(rows),
        verdicts=verdicts,
        best=tuple(verdict.definition for verdict in verdicts if most and verdict.n_agree == most),
        methods=("exact decimal arithmetic on the printed figures", "feasibility: linear programming (HiGHS)"),
        k_in=len(found) + len(dropped),
        k_used=len(found),
        dropped=tuple(dropped),
        warnings=_warnings(rows, verdicts, len(found)),
    )


def _compare(
    composite: PrintedComposite, candidate: Candidate, spec: CompositeSpec, vocabulary: Vocabulary
) -> EvidenceRow:
    values = composite.scope(candidate.scope)
    if not values:
        return _row(composite, candidate.key, reason="no value of this scope is on record")
    ingredients = [_ingredient(value, spec, vocabulary) for value in values]
    result = candidate.compute(ingredients)
    value = candidate.rounding(result, spec.decimals)
    agrees = exact(value) == exact(composite.printed)
    reason = (
        _support(composite, values, candidate)
        if agrees
        else _difference(result, value, composite.printed, spec.decimals)
    )
    k = len({ingredient.experiment for ingredient in ingredients})
    return _row(composite, candidate.key, value, result, agrees=agrees, k=k, reason=reason, values=values)


def _ingredient(value: ExperimentValue, spec: CompositeSpec, vocabulary: Vocabulary) -> Ingredient:
    metric = vocabulary[value.score.metric]
    return Ingredient(value.score.experiment_id, metric.key, metric.family, orient(value.exact, metric, spec))


def _row(
    composite: PrintedComposite,
    definition: str,
    value: float | None = None,
    result: Fraction | None = None,
    *,
    reason: str,
    agrees: bool | None = None,
    k: int = 0,
    values: Sequence[ExperimentValue] = (),
) -> EvidenceRow:
    score = composite.row[0].score
    return EvidenceRow(
        study_id=score.study_id,
        authors=score.authors,
        method=score.method,
        definition=definition,
        value=value,
        exact=None if result is None else float(result),
        printed=composite.printed,
        agrees=agrees,
        k=k,
        reason=reason,
        refs=tuple(ref for entry in values for ref in entry.refs),
        printed_refs=(composite.ref,),
    )


def _difference(result: Fraction, value: float, printed: float, decimals: int) -> str:
    tie = (result * 10**decimals).denominator == 2
    note = f" ({float(result):.{decimals + 1}f} is a tie)" if tie else ""
    return f"gives {value:.{decimals}f}{note}, printed {printed:.{decimals}f}"


def _support(composite: PrintedComposite, values: Sequence[ExperimentValue], candidate: Candidate) -> str:
    """Return what weakens an agreement; empty where nothing does."""
    if len(values) == 1:
        return _TRIVIAL
    if not candidate.by_experiment:
        return ""
    experiments = {value.score.experiment_id for value in values}
    means = any(value.score.level == "study_mean" for value in values)
    notes = []
    if len(experiments) > 1 and any(score.uncertain for value in values for score in value.scores):
        notes.append(f"{_INFERRED} its values to {len(experiments)} experiments")
    if composite.n_datasets is not None and composite.n_datasets > len(experiments):
        kind = "as one mean" if means else f"of which {len(experiments)} enter"
        notes.append(f"the row is over {composite.n_datasets} data sets, {kind}")
    return "; ".join(notes)


_TRIVIAL = "one printed value: every mean reproduces it"
_INFERRED = "holds if the curator is right to assign"


def _scaled(
    found: Sequence[PrintedComposite], name: str, spec: CompositeSpec, vocabulary: Vocabulary
) -> list[list[Fraction]]:
    """Return, for every printed row, its values scaled among the rows that print the same metric."""
    scale = normalised_ranks if name == "rank-in-table" else z_scores
    columns: dict[tuple[str, str], list[tuple[int, Fraction]]] = {}
    for at, composite in enumerate(found):
        for value in composite.row:
            turned = orient(value.exact, vocabulary[value.score.metric], spec)
            columns.setdefault((value.score.metric, value.score.convention), []).append((at, turned))
    scaled: list[list[Fraction]] = [[] for _ in found]
    for column in columns.values():
        for (at, _), place in zip(column, scale([turned for _, turned in column]), strict=True):
            if place is not None:
                scaled[at].append(place)
    return scaled


def _in_table(composite: PrintedComposite, name: str, places: Sequence[Fraction], spec: CompositeSpec) -> EvidenceRow:
    if not places:
        return _row(composite, name, reason="no other printed row has its metrics")
    result = exact_mean(places)
    value = round_half_up(result, spec.decimals)
    agrees = exact(value) == exact(composite.printed)
    reason = "" if agrees else _difference(result, value, composite.printed, spec.decimals)
    return _row(composite, name, value, result, agrees=agrees, k=len(places), reason=reason, values=composite.row)


def _feasible(composite: PrintedComposite, verdict: Verdict) -> EvidenceRow:
    score = composite.row[0].score
    return EvidenceRow(
        study_id=score.study_id,
        authors=score.authors,
        method=score.method,
        definition=verdict.name,
        kind="feasibility",
        low=verdict.low,
        high=verdict.high,
        printed=composite.printed,
        agrees=verdict.exists,
        k=verdict.k,
        reason=verdict.reason,
        refs=tuple(ref for value in (*composite.row, *verdict.known) for ref in value.refs),
        printed_refs=(composite.ref,),
    )


def _verdicts(rows: Sequence[EvidenceRow]) -> tuple[DefinitionVerdict, ...]:
    labels = {candidate.key: candidate.label for candidate in CANDIDATES} | _TABLE
    verdicts = []
    for key, label in labels.items():
        own = [row for row in rows if row.definition == key]
        agreeing = [row for row in own if row.agrees]
        verdicts.append(
            DefinitionVerdict(
                definition=key,
                label=label,
                n_agree=len(agreeing),
                n_fail=sum(row.agrees is False for row in own),
                n_open=sum(row.agrees is None for row in own),
                n_inferred=sum(row.reason.startswith(_INFERRED) for row in agreeing),
                n_trivial=sum(row.reason == _TRIVIAL for row in agreeing),
                fails=tuple(row.method for row in own if row.agrees is False),
            )
        )
    return tuple(sorted(verdicts, key=lambda verdict: -verdict.n_agree))


def _warnings(rows: Sequence[EvidenceRow], verdicts: Sequence[DefinitionVerdict], n: int) -> tuple[str, ...]:
    if not n:
        return ("no printed composite has its values on record, so no definition can be tested",)
    warnings = []
    if not any(verdict.n_agree == n for verdict in verdicts):
        warnings.append(f"no definition tried reproduces all {n} printed composites")
    first = verdicts[0]
    if first.n_trivial or first.n_inferred:
        warnings.append(
            f"of the {first.n_agree} rows that {first.definition} reproduces, {first.n_trivial} print one value (every "
            f"mean gives it) and {first.n_inferred} rest on an inferred assignment of values to experiments"
        )
    if any(row.kind == "feasibility" and row.agrees for row in rows):
        warnings.append("feasible means that values exist which would give the printed composite, not that they are it")
    return tuple(warnings)
