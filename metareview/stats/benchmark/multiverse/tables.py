"""The arrays that rules work on: gaps filled and scales made as in a single ranking, and weights of cells."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable
from metareview.stats.benchmark.ranking.coverage import components_of
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.missing import Filled, fill
from metareview.stats.benchmark.ranking.rank import groups_of
from metareview.stats.benchmark.ranking.rules import Rule
from metareview.stats.benchmark.ranking.scales import scale

__all__ = ["OWN_ROW", "Weights", "Work"]

Array = NDArray[np.float64]

#: Rules whose score of a method uses only the method's own weights, so that each method may have its own.
OWN_ROW = ("mean", "win-rate", "mean-rank", "z-score")


@dataclass(frozen=True)
class Weights:
    """How much a cell counts: per method (m, c), so that groups of its cells weigh alike, and per column (c,)."""

    rows: Array
    columns: Array

    @classmethod
    def of(cls, cube: Cube, weighting: str) -> Weights:
        """Return the weights ``1 / size of the group`` with groups by metric, data set or experiment."""
        mask = cube.mask
        ones = cls(np.ones(mask.shape), np.ones(mask.shape[1]))
        if weighting == "cell" or not mask.size:
            return ones
        if weighting == "experiment":
            names: list[list[Hashable]] = [[""] * mask.shape[1] for _ in range(mask.shape[0])]
            for entry in cube.entries:
                names[entry.method][entry.column] = entry.experiments
            return cls(np.array([_shares(row, there) for row, there in zip(names, mask, strict=True)]), ones.columns)
        groups = [column.metric if weighting == "metric" else column.dataset for column in cube.columns]
        rows = np.array([_shares(groups, there) for there in mask])
        return cls(rows, _shares(groups, np.ones(len(groups), dtype=bool)))

    def trivial(self, mask: NDArray[np.bool_], own_row: bool) -> bool:
        """Whether a rule would weigh all cells alike: those of every method, or all columns."""
        if own_row:
            return all(np.ptp(row[there]) == 0 for row, there in zip(self.rows, mask, strict=True) if there.any())
        return not self.columns.size or float(np.ptp(self.columns)) == 0


def _shares(groups: Sequence[Hashable], there: NDArray[np.bool_]) -> Array:
    sizes: dict[Hashable, int] = {}
    for group, filled in zip(groups, there, strict=True):
        sizes[group] = sizes.get(group, 0) + int(filled)
    return np.array([1 / sizes[group] if filled else 0.0 for group, filled in zip(groups, there, strict=True)])


@dataclass(frozen=True)
class Work:
    """A table whose gaps are filled, ready to be scored by rules.

    Attributes
    ----------
    cube : the table as it was.
    filled : what the missing policy made of it; it may have fewer methods and columns.
    """

    cube: Cube
    filled: Filled

    @classmethod
    def of(cls, cube: Cube, missing: str, rule: Rule) -> Work:
        """Apply a missing policy.

        Raises
        ------
        InputError, NotEstimable
            As `fill`; also where no values are left.
        """
        if not cube.entries:
            raise NotEstimable("no values are left")
        return cls(cube, fill(cube, missing, rule))

    @cached_property
    def rows(self) -> list[int]:
        """Positions in the cube of the methods that have a value after filling."""
        there = np.flatnonzero(np.isfinite(self.filled.values).any(axis=1))
        names = [self.filled.cube.methods_compared[i] for i in there]
        return [self.cube.methods_compared.index(name) for name in names]

    @cached_property
    def columns(self) -> list[int]:
        """Positions in the cube of the columns of the filled table."""
        keys = [column.key for column in self.cube.columns]
        return [keys.index(column.key) for column in self.filled.cube.columns]

    @cached_property
    def apart(self) -> str:
        """Why a rule that needs a connected table cannot be used, empty where it can."""
        values = self.filled.values
        parts = components_of(np.isfinite(values[np.isfinite(values).any(axis=1)]))
        sizes = ", ".join(str(len(part)) for part in parts)
        return (
            f"the table falls into {len(parts)} parts (of {sizes} methods) that nothing compares"
            if len(parts) > 1
            else ""
        )

    def scores(self, rule: Rule, transform: str, weights: Weights) -> Array:
        """Return the scores of the methods of the cube (m,), NaN for those that the rule cannot score.

        Raises
        ------
        InputError
            If the columns have no common scale that the rule needs.
        NotEstimable
            If the table falls apart under a rule that needs it connected.
        """
        if rule.connects and self.apart:
            raise NotEstimable(self.apart)
        table = self.filled.cube
        scaled = scale(self.filled.values, *table.limits, table.columns, rule, transform)
        there = np.isfinite(self.filled.values).any(axis=1)
        values = scaled.values[there]
        out = np.full(len(self.cube.methods_compared), np.nan)
        groups = groups_of(table)
        if rule.name in OWN_ROW:
            own = np.where(np.isfinite(values), weights.rows[np.ix_(self.rows, self.columns)], 0.0)
            filled_in = np.isfinite(values) & (own == 0)  # a cell that the policy filled weighs like one of its column
            own = np.where(filled_in, weights.columns[self.columns], own)
            out[self.rows] = np.diagonal(rule.scores(values, own, groups))
        else:
            out[self.rows] = rule.scores(values, weights.columns[self.columns], groups)
        return out
