"""Ratings: units by raters, and the counts that the coefficients are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metareview.errors import InputError, UnknownName

__all__ = ["MISSING", "Ratings", "category_counts", "confusion_table", "two_by_two"]

Codes = npt.NDArray[np.int64]
Counts = npt.NDArray[np.float64]

#: Code of a rating that was not given.
MISSING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Ratings of units by raters.

    Attributes
    ----------
    raters : names of the raters, r of them.
    units : names of the units, n of them.
    categories : the categories in their order, q of them (numbers where the scale has numbers).
    codes : int, shape (n, r): the position of the category, `MISSING` where the rater did not rate the unit.
    """

    raters: tuple[str, ...]
    units: tuple[str, ...]
    categories: tuple[Any, ...]
    codes: Codes

    @classmethod
    def of(
        cls, rows: Sequence[Sequence[Any]], *, raters: Sequence[str] = (), units: Sequence[str] = (),
        categories: Sequence[Any] | None = None,
    ) -> Ratings:  # fmt: skip
        """Make ratings of rows (units) of values (one per rater), None where a rating is missing.

        Parameters
        ----------
        rows : n rows of r values.
        raters, units : their names; numbered where not given.
        categories : all categories in their order; the values that occur, sorted, where not given.

        Raises
        ------
        InputError
            If the rows differ in length, or a value is not among the categories.
        """
        width = len(rows[0]) if rows else len(raters)
        if any(len(row) != width for row in rows):
            raise InputError("every unit has one place per rater; the rows of ratings differ in length")
        found = {value for row in rows for value in row if value is not None}
        known = tuple(sorted(found)) if categories is None else tuple(categories)
        if len(set(known)) != len(known):
            raise InputError(f"a category stands twice among {', '.join(map(str, known))}")
        strange = sorted(str(value) for value in found - set(known))
        if strange:
            raise InputError(f"{', '.join(strange)}: not among the categories {', '.join(map(str, known))}")
        place = {value: index for index, value in enumerate(known)}
        codes = np.array(
            [[MISSING if value is None else place[value] for value in row] for row in rows], dtype=np.int64
        )
        return cls(
            tuple(raters) or tuple(f"rater {index + 1}" for index in range(width)),
            tuple(units) or tuple(str(index + 1) for index in range(len(rows))),
            known,
            codes.reshape(len(rows), width),
        )

    def pair(self, first: str, second: str) -> Ratings:
        """Return the ratings of two raters.

        Raises
        ------
        UnknownName
            If there is no such rater.
        """
        for name in (first, second):
            if name not in self.raters:
                raise UnknownName("rater", name, self.raters)
        columns = [self.raters.index(first), self.raters.index(second)]
        return Ratings((first, second), self.units, self.categories, self.codes[:, columns])

    def take(self, rows: npt.NDArray[np.int64]) -> Ratings:
        """Return the units at these positions, repeated where a position is."""
        return Ratings(self.raters, tuple(self.units[row] for row in rows), self.categories, self.codes[rows])

    def counts(self) -> Counts:
        """Return how many raters chose each category for each unit, shape (n, q)."""
        return category_counts(self.codes, len(self.categories))

    def confusion(self) -> Counts:
        """Return the table of two raters, shape (q, q).

        Raises
        ------
        InputError
            If there are not two raters.
        """
        if len(self.raters) != 2:
            raise InputError(f"a table of two raters needs two raters, not {len(self.raters)}")
        return confusion_table(self.codes[:, 0], self.codes[:, 1], len(self.categories))

    def values(self) -> npt.NDArray[np.float64]:
        """Return the ratings as numbers, shape (n, r), NaN where one is missing.

        Raises
        ------
        InputError
            If a category is no number.
        """
        try:
            numbers = np.array([float(value) for value in (*self.categories, np.nan)])
        except (TypeError, ValueError) as error:
            raise InputError(f"this scale needs numbers as ratings: {error}") from error
        return np.asarray(numbers[self.codes])


def confusion_table(first: Codes, second: Codes, q: int) -> Counts:
    """Return how often the first rater chose the row's and the second the column's category.

    Parameters
    ----------
    first, second : codes, shape (n,); units that only one of them rated do not count.
    q : number of categories.

    >>> confusion_table(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1]), 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    both = (first != MISSING) & (second != MISSING)
    return np.bincount(first[both] * q + second[both], minlength=q * q).reshape(q, q).astype(np.float64)


def category_counts(codes: Codes, q: int) -> Counts:
    """Return how many raters chose each category for each unit.

    Parameters
    ----------
    codes : shape (n, r).
    q : number of categories.
    """
    n = len(codes)
    counts = np.zeros((n, q))
    rows, _ = np.nonzero(codes != MISSING)
    np.add.at(counts, (rows, codes[codes != MISSING]), 1)
    return counts


def two_by_two(table: Iterable[Iterable[float]], positive: int) -> tuple[float, float, float, float]:
    """Return a, b, c, d of a table of two raters: both say `positive`, only the first, only the second, neither.

    >>> two_by_two([[20, 5], [10, 15]], positive=0)
    (20.0, 5.0, 10.0, 15.0)
    """
    counts = np.asarray(list(map(list, table)), dtype=np.float64)
    a = counts[positive, positive]
    b, c = counts[positive].sum() - a, counts[:, positive].sum() - a
    return float(a), float(b), float(c), float(counts.sum() - a - b - c)
