"""Redundant columns of a cube collapsed into one: Dice and Jaccard of one place are one metric, counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from metareview.results import Dropped
from metareview.stats.benchmark.identities import RedundancyGroup, convert, redundancy_groups
from metareview.stats.benchmark.ranking.cube import Column, Cube, Entry, make_cube

__all__ = ["DERIVED", "Derived", "collapse", "partly_reported"]

#: Level of an entry that stands in no source but follows from one by an identity.
DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Derived:
    """A cell that was converted: the value, and the bounds of the true mean."""

    method: str
    column: str
    value: float
    low: float | None
    high: float | None
    note: str


def collapse(cube: Cube) -> tuple[Cube, tuple[Derived, ...]]:
    """Return the cube with one column per redundancy group, and the cells that were converted for it.

    The column kept is the one most methods have (of equals the base of the family). A method that has it keeps its
    printed value, and its values of the other columns are dropped as said already; a method that has only another one
    gets that one converted, marked as derived (`DERIVED`).
    """
    groups = redundancy_groups(cube.columns)
    if not groups:
        return cube, ()
    by_cell = {(entry.method, entry.column): entry for entry in cube.entries}
    kept_of = {at: _target(group, cube) for group in groups for at in group.columns}
    cells: list[tuple[str, str | None, Column, Entry]] = []
    dropped: list[Dropped] = []
    derived: list[Derived] = []
    for (method, column), entry in by_cell.items():
        name, category = cube.methods_compared[method], cube.categories[method]
        target = kept_of.get(column, column)
        if target == column:
            cells.append((name, category, cube.columns[column], entry))
        elif (method, target) in by_cell or not _first(by_cell, method, column, target, kept_of):
            reason = f"{cube.columns[column].metric} is {cube.columns[target].metric} in other words, counted once"
            ref = entry.refs[0] if entry.refs else None
            dropped += [Dropped(cube.cell_name(method, column), reason, ref)] * entry.k
        else:
            found = _converted(cube, method, column, target, entry)
            derived.append(found)
            cells.append((name, category, cube.columns[target],
                          replace(entry, value=found.value, se=None, printed=None, level=DERIVED)))  # fmt: skip
    columns = [column for at, column in enumerate(cube.columns) if kept_of.get(at, at) == at]
    base = replace(cube, k_used=cube.k_used - len(dropped), dropped=(*cube.dropped, *dropped), warnings=(),
                   methods_compared=(), categories=(), columns=(), entries=())  # fmt: skip
    new = make_cube(cells, methods=cube.methods_compared, columns=columns, base=base)
    said = tuple(f"counted once: {group.note}" for group in groups)
    return replace(new, warnings=tuple(dict.fromkeys((*cube.warnings, *said))), categories=cube.categories), tuple(
        derived
    )


def _target(group: RedundancyGroup, cube: Cube) -> int:
    filled = cube.mask.sum(axis=0)
    return max(group.columns, key=lambda at: (int(filled[at]), cube.columns[at].metric == group.base, -at))


def _first(
    by_cell: dict[tuple[int, int], Entry], method: int, column: int, target: int, kept_of: dict[int, int]
) -> bool:
    """Whether the column is the first of those that the method has of a group whose target it lacks."""
    return column == min(at for row, at in by_cell if row == method and kept_of.get(at) == target)


def _converted(cube: Cube, method: int, column: int, target: int, entry: Entry) -> Derived:
    source, to = cube.columns[column], cube.columns[target]
    found = convert(entry.value, source.metric, to.metric, convention=source.convention)
    return Derived(cube.methods_compared[method], to.key, found.value, found.low, found.high, found.note)


def partly_reported(cube: Cube) -> tuple[list[str], list[str]]:
    """Return the metrics that methods have in common and those that only some report, redundant ones counted as one.

    A metric is common where every method has it, or another of its redundancy group, somewhere. Where no metric is
    common in this sense, those that at least half of the methods have take the place.
    """
    counts = _reported(cube)
    metrics = list(dict.fromkeys(column.metric for column in cube.columns))
    methods = sum(1 for row in cube.mask if row.any())
    common = [metric for metric in metrics if counts[metric] == methods]
    if not common:
        common = [metric for metric in metrics if 2 * counts[metric] >= methods]
    return common, [metric for metric in metrics if metric not in common]


def _reported(cube: Cube) -> dict[str, int]:
    """How many methods have each metric, or another of its redundancy group."""
    linked: dict[str, set[str]] = {column.metric: {column.metric} for column in cube.columns}
    for group in redundancy_groups(cube.columns):
        metrics = {cube.columns[at].metric for at in group.columns}
        for metric in metrics:
            linked[metric] |= metrics
    return {metric: _count(cube, others) for metric, others in linked.items()}


def _count(cube: Cube, metrics: Sequence[str] | set[str]) -> int:
    columns = [at for at, column in enumerate(cube.columns) if column.metric in metrics]
    return int(cube.mask[:, columns].any(axis=1).sum())
