"""Printed composites with the values that stand beside them, and with what else is on record for their study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from metareview.results import Dropped
from metareview.schema.metric import Vocabulary
from metareview.schema.review import CompositeSpec, NestedUnits
from metareview.schema.source import SourceRef, line_span
from metareview.stats.benchmark.composite import one_convention_each
from metareview.stats.benchmark.rows import Row, Tables, records, ref_of, text
from metareview.stats.benchmark.scores import ExperimentValue, experiment_values, join_scores, score_table

__all__ = ["PrintedComposite", "printed_composites"]

_NO_ROW = "no result on record is printed on its line"


@dataclass(frozen=True, slots=True)
class PrintedComposite:
    """A composite as published.

    Attributes
    ----------
    printed, ref : the figure, and its place.
    row : the values printed on the same lines of the same document; at least one, all of one study.
    counted : values of the study in the corpus, none contained in another.
    study : values of the study in the corpus as printed, those contained in others included.
    n_datasets : number of data sets printed with it; None where not.
    """

    printed: float
    ref: SourceRef
    row: tuple[ExperimentValue, ...]
    counted: tuple[ExperimentValue, ...]
    study: tuple[ExperimentValue, ...]
    n_datasets: int | None

    def scope(self, name: Literal["row", "method", "study"]) -> tuple[ExperimentValue, ...]:
        """Return the values that a candidate definition of this scope reads."""
        if name == "row":
            return self.row
        if name == "study":
            return self.counted
        own = {(value.score.method, value.score.setting) for value in self.row}
        return tuple(value for value in self.counted if (value.score.method, value.score.setting) in own)


def printed_composites(
    tables: Tables, spec: CompositeSpec, vocabulary: Vocabulary, nested: Sequence[NestedUnits] = ()
) -> tuple[list[PrintedComposite], list[Dropped]]:
    """Return the printed composites in printed order, and those without ingredients on record, with the reason.

    A printed composite is a statement with statistic ``composite``. The results printed on its line are its row. A
    figure that is printed again elsewhere, without values, is left out and says so.
    """
    printed = experiment_values(
        join_scores(tables, vocabulary, levels=spec.levels, corpus=spec.corpus, metrics=spec.metrics).rows
    )
    counted = experiment_values(
        score_table(
            tables, vocabulary, levels=spec.levels, corpus=spec.corpus, metrics=spec.metrics, nested=nested
        ).rows
    )
    statements = records(tables, "statements")
    found: list[PrintedComposite] = []
    without: list[tuple[Row, str]] = []
    for statement in (row for row in statements if row["statistic"] == "composite"):
        ref = ref_of(statement)
        inside = [value for value in printed if _same_lines(ref, value.score.ref)]
        studies = {value.score.study_id for value in inside}
        named = text(statement.get("study_id"))
        if statement.get("value") is None or len(studies) != 1 or (named and named not in studies):
            without.append((statement, "its line prints another study" if studies else _NO_ROW))
            continue
        found.append(
            PrintedComposite(
                printed=float(statement["value"]),
                ref=ref,
                row=tuple(one_convention_each(inside)[0]),
                counted=tuple(value for value in counted if value.score.study_id in studies),
                study=tuple(value for value in printed if value.score.study_id in studies),
                n_datasets=_n_datasets(ref, statements),
            )
        )
    return found, [_dropped(statement, reason, found) for statement, reason in without]


def _dropped(statement: Row, reason: str, found: Sequence[PrintedComposite]) -> Dropped:
    """Say of a composite without its own row whether it repeats, or contradicts, one that has a row."""
    for composite in found:
        if statement.get("study_id") == composite.row[0].score.study_id:
            same = "the same figure" if statement.get("value") == composite.printed else "ANOTHER figure"
            reason = f"{same} as at {composite.ref.locator.partition(';')[0]}, printed without its values"
    return Dropped(f"printed composite of {text(statement.get('subject'))}", reason, ref_of(statement))


def _same_lines(one: SourceRef, other: SourceRef) -> bool:
    first, second = line_span(one.locator), line_span(other.locator)
    if one.source_id != other.source_id or first is None or second is None:
        return False
    return first[0] <= second[1] and second[0] <= first[1]


def _n_datasets(ref: SourceRef, statements: Sequence[Row]) -> int | None:
    """Return the number of data sets printed on the line of a composite."""
    for row in statements:
        counts = row["statistic"] == "n_datasets" or (row["statistic"] == "count" and row.get("metric") == "datasets")
        if counts and row.get("value") is not None and _same_lines(ref, ref_of(row)):
            return int(row["value"])
    return None
