"""Boards: which scores are ranked together, and which rows of a board take no place."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from metareview.report.views.base import Cell, Column
from metareview.report.views.format import given_decimals
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.scores import ExperimentValue
from metareview.stats.benchmark.units import evaluation_of, kind_of

__all__ = [
    "Board", "Runs", "boards_of", "cell_of", "digits_of", "evaluation_of", "one_cell",
    "size_notes", "unit_sets",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Board:
    """Scores that can be compared: one data set, target, split, evaluation, metric and convention.

    `units` names the units of means that are kept apart from means over other units; empty where all agree.
    """

    dataset: str
    target: str
    split: str
    evaluation: str
    metric: str
    convention: str
    units: tuple[str, ...] = ()

    @property
    def basis(self) -> str:
        """What the means of this board are over, for its title; empty where that tells it from no other."""
        names = ", ".join(unit.partition(":")[2] for unit in self.units)
        return f"mean of {kind_of(self.units[0])} {names}" if self.units else ""


@dataclass(frozen=True, slots=True)
class Runs:
    """What is known of the runs behind scores: what each is called, by experiment, metric and convention."""

    there: Mapping[tuple[str, str, str], str]

    @classmethod
    def of(cls, values: Iterable[ExperimentValue]) -> Runs:
        """Collect the runs behind values."""
        there = {}
        for value in values:
            score = value.score
            name = ", ".join(part for part in (score.method, score.setting) if part)
            there[score.experiment_id, score.metric, score.convention] = name
        return cls(there)

    def standing(self, value: ExperimentValue) -> str:
        """Return why a value takes no place: it prints a run again that is there, or is an ablation; else nothing."""
        score = value.score
        printed = self.there.get((score.repeats, score.metric, score.convention))
        if printed is not None:
            return f"repeats {printed}"
        return "ablation" if score.ablation else ""


def boards_of(values: Iterable[ExperimentValue], spec: ReviewSpec) -> dict[Board, list[ExperimentValue]]:
    """Return values by board, in order of appearance; means over different units stand on boards of their own."""
    boards: dict[Board, list[ExperimentValue]] = {}
    for value in values:
        s = value.score
        board = Board(s.dataset_id, s.target, s.split, evaluation_of(s, spec), s.metric, s.convention)
        boards.setdefault(board, []).append(value)
    split: dict[Board, list[ExperimentValue]] = {}
    for board, entries in boards.items():
        several = len(unit_sets(entries)) > 1
        for entry in entries:
            split.setdefault(replace(board, units=_units(entry)) if several else board, []).append(entry)
    return split


def unit_sets(values: Sequence[ExperimentValue]) -> set[tuple[str, ...]]:
    """Return the different sets of units that values are means over."""
    return {_units(value) for value in values} - {()}


def _units(value: ExperimentValue) -> tuple[str, ...]:
    return tuple(sorted(score.unit for score in value.scores if score.unit))


#: Digits after the point at most.
MOST_DIGITS = 4


def cell_of(value: ExperimentValue) -> Cell:
    """Return a value as a cell; a mean of units is told as such."""
    if len(value.scores) == 1:
        score = value.score
        return Cell(score.value, value.refs, score.ci_low, score.ci_high, note=score.note)
    kind = value.score.unit.split(":")[0] or "value"
    return Cell(value.value, value.refs, mark="derived", note=f"mean of {len(value.scores)} units ({kind})")


def digits_of(values: Iterable[ExperimentValue]) -> int:
    """Return the digits after the point that values were printed with; the longest decides, a mean has one more."""
    digits = [
        max(given_decimals(score.value, score.printed) for score in value.scores) + (len(value.scores) > 1)
        for value in values
    ]
    return min(max(digits, default=0), MOST_DIGITS)


def one_cell(values: list[ExperimentValue]) -> Cell:
    """Return the value of a cell; of several experiments (other splits, repeated print) their mean, told as such."""
    if not values:
        return Cell()
    if len(values) == 1:
        return cell_of(values[0])
    refs = tuple(ref for value in values for ref in value.refs)
    mean = sum(value.value for value in values) / len(values)
    return Cell(mean, refs, mark="derived", note=f"mean of {len(values)} experiments")


def size_notes(
    keys: Sequence[Hashable], columns: Sequence[Column], rows: Mapping[Any, Mapping[Any, Sequence[ExperimentValue]]]
) -> list[str]:
    """Return a footnote for each column whose values are over different numbers of things, as stated or averaged here.

    Parameters
    ----------
    keys, columns : the columns of scores.
    rows : by row (which has a `method` and a `setting`), its values by key.
    """
    notes = []
    for key, column in zip(keys, columns, strict=True):
        known = {
            ", ".join(filter(None, (who.method, who.setting))): sizes
            for who, found in rows.items()
            if (sizes := sorted({n for value in found.get(key, ()) if (n := _size(value)) is not None}))
        }
        if len({n for sizes in known.values() for n in sizes}) > 1:
            each = "; ".join(f"{name} {' and '.join(map(str, sizes))}" for name, sizes in known.items())
            notes.append(f"Unequal n, {column.group}, {column.label}: {each}.")
    return notes


def _size(value: ExperimentValue) -> int | None:
    return value.score.n if len(value.scores) == 1 else len(value.scores)
