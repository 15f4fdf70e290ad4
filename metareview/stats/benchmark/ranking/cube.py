"""The benchmark cube: methods by columns, where a column is what methods compete on.

A column is one data set, target, metric, convention, split and evaluation. Only values of one column are ever
compared; a convention that is not stated is a convention of its own. A missing cell is missing: it stands as NaN in
`Cube.values` (the mask), and every ranking declares what it does about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, UnknownName
from metareview.results import Dropped, Result
from metareview.schema.source import SourceRef

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "Cube", "Entry", "make_cube"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """What methods compete on: only values of one column are compared with each other.

    Attributes
    ----------
    dataset, target, metric, convention, split, evaluation : the comparison; None (for the data set: empty) where it
        is not stated, which compares with itself only.
    direction : +1 where higher is better, -1 where lower is.
    low, high : range of the metric; None where it is not bounded.
    basis : what its values are means over, where that tells it from another column (``image 0, 1``).
    """

    dataset: str
    target: str | None
    metric: str
    convention: str | None
    split: str | None
    evaluation: str | None
    direction: int
    low: float | None = None
    high: float | None = None
    basis: str | None = None

    @property
    def rule(self) -> str:
        """Metric with its convention, as it is printed.

        >>> Column("cremi", None, "arand", "gt0", None, None, -1).rule
        'arand:gt0'
        """
        return f"{self.metric}:{self.convention}" if self.convention else self.metric

    @property
    def key(self) -> str:
        """Identifier, unique in a cube: the parts that are stated, joined by bars.

        >>> Column("cremi", "neurons", "arand", "gt0", None, None, -1).key
        'cremi|neurons|arand:gt0'
        """
        parts = (self.dataset, self.target, self.rule, self.split, self.evaluation, self.basis)
        return "|".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Entry:
    """One filled cell.

    Attributes
    ----------
    method, column : positions in the cube.
    value : on the metric's own scale, not turned.
    se, n : standard error and number of cases as stated with the value; None where not.
    studies, experiments, refs : where it comes from; all values that entered.
    printed : the figure as printed, where the cell is one figure.
    level : level of the results (``cell``, ``study_mean``).
    k : how many values were averaged.
    units : (unit, value) of each unit of replication behind it, where there are any.
    """

    method: int
    column: int
    value: float
    se: float | None = None
    n: int | None = None
    studies: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()
    refs: tuple[SourceRef, ...] = ()
    printed: str | None = None
    level: str = "cell"
    k: int = 1
    units: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cube(Result):
    """Methods by columns. Counts are of the values offered: several may stand behind one cell.

    Attributes
    ----------
    methods_compared : the methods, in alphabetical order.
    categories : category of each method; None where it is not stated or the method has several.
    columns : in the order of their keys.
    entries : the filled cells, by method, then column.
    """

    methods_compared: tuple[str, ...] = ()
    categories: tuple[str | None, ...] = ()
    columns: tuple[Column, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of methods and of columns."""
        return len(self.methods_compared), len(self.columns)

    @property
    def values(self) -> Array:
        """The values (m, c) on the metrics' own scales; NaN where a cell is missing."""
        return self._filled([entry.value for entry in self.entries])

    @property
    def se(self) -> Array:
        """The standard errors (m, c); NaN where none is stated."""
        return self._filled([np.nan if entry.se is None else entry.se for entry in self.entries])

    @property
    def n(self) -> Array:
        """The numbers of cases (m, c); NaN where none is stated."""
        return self._filled([np.nan if entry.n is None else float(entry.n) for entry in self.entries])

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which cells are filled (m, c)."""
        return np.isfinite(self.values)

    @property
    def directions(self) -> Array:
        """+1 or -1 of each column (c,)."""
        return np.array([column.direction for column in self.columns], dtype=float)

    @property
    def oriented(self) -> Array:
        """The values (m, c) with higher better everywhere: lower-is-better metrics change their sign."""
        return self.values * self.directions

    @property
    def limits(self) -> tuple[Array, Array]:
        """Worst and best possible oriented value of each column (c,), infinite where the metric is not bounded."""
        low = np.array([-np.inf if c.low is None else c.low for c in self.columns], dtype=float)
        high = np.array([np.inf if c.high is None else c.high for c in self.columns], dtype=float)
        up = self.directions > 0
        return np.where(up, low, -high), np.where(up, high, -low)

    def restrict(self, methods: Iterable[str] | None = None, columns: Iterable[int] | None = None) -> Cube:
        """Return the cube of some methods and columns; the entries of the others are dropped with that reason.

        Methods and columns stay although all their cells may be missing.

        Raises
        ------
        UnknownName
            If a method is not in the cube.
        """
        rows = list(range(self.shape[0])) if methods is None else sorted({self._row(name) for name in methods})
        kept = list(range(self.shape[1])) if columns is None else sorted(set(columns))
        new_row = {old: new for new, old in enumerate(rows)}
        new_column = {old: new for new, old in enumerate(kept)}
        stay, gone = [], []
        for entry in self.entries:
            if entry.method in new_row and entry.column in new_column:
                stay.append(replace(entry, method=new_row[entry.method], column=new_column[entry.column]))
            else:
                gone += [Dropped(self.cell_name(entry.method, entry.column), "not among the methods and columns asked "
                                 "for", entry.refs[0] if entry.refs else None)] * entry.k  # fmt: skip
        return replace(
            self, methods_compared=tuple(self.methods_compared[i] for i in rows),
            categories=tuple(self.categories[i] for i in rows), columns=tuple(self.columns[j] for j in kept),
            entries=tuple(stay), k_used=self.k_used - len(gone), dropped=(*self.dropped, *gone),
        )  # fmt: skip

    def cell_name(self, method: int, column: int) -> str:
        """Return how a cell is called in messages: method and column."""
        return f"{self.methods_compared[method]} on {self.columns[column].key}"

    def missing(self) -> list[str]:
        """Return the names of the missing cells, by method, then column."""
        return [self.cell_name(i, j) for i, j in zip(*np.nonzero(~self.mask), strict=True)]

    def to_frame(self) -> pd.DataFrame:
        """Return the filled cells, one row each."""
        import pandas as pd

        return pd.DataFrame(
            {
                "method": [self.methods_compared[e.method] for e in self.entries],
                "category": [self.categories[e.method] for e in self.entries],
                **{
                    name: [getattr(self.columns[e.column], name) for e in self.entries]
                    for name in ("dataset", "target", "metric", "convention", "split", "evaluation")
                },
                **{name: [getattr(e, name) for e in self.entries] for name in ("value", "se", "n", "level", "k")},
                "studies": ["; ".join(e.studies) for e in self.entries],
                "printed": [e.printed for e in self.entries],
            }
        )

    def _filled(self, numbers: Sequence[float]) -> Array:
        table = np.full(self.shape, np.nan)
        if self.entries:
            table[[e.method for e in self.entries], [e.column for e in self.entries]] = numbers
        return table

    def _row(self, method: str) -> int:
        if method not in self.methods_compared:
            raise UnknownName("method", method, self.methods_compared)
        return self.methods_compared.index(method)


def make_cube(
    cells: Iterable[tuple[str, str | None, Column, Entry]],
    *,
    methods: Iterable[str] = (),
    columns: Iterable[Column] = (),
    base: Cube | None = None,
) -> Cube:
    """Order cells into a cube.

    Parameters
    ----------
    cells : method, its category, the column and the entry (whose positions are set here), one per filled cell.
    methods, columns : those that must be there although they may have no filled cell.
    base : carries counts, dropped rows, methods and warnings.

    Raises
    ------
    InputError
        If a cell comes twice, or two columns share a key although they differ (in direction or range).
    """
    found = list(cells)
    names = sorted({name for name, *_ in found} | set(methods))
    every = sorted({column for _, _, column, _ in found} | set(columns), key=_order)
    keys = [column.key for column in every]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InputError(f"column {twice[0]!r} has two directions or ranges; one metric points one way")
    row, at = {name: i for i, name in enumerate(names)}, {column: j for j, column in enumerate(every)}
    entries = sorted(
        (replace(entry, method=row[name], column=at[column]) for name, _, column, entry in found),
        key=lambda entry: (entry.method, entry.column),
    )
    places = [(entry.method, entry.column) for entry in entries]
    if len(set(places)) < len(places):
        double = next(place for place in places if places.count(place) > 1)
        raise InputError(f"two values of {names[double[0]]} on {keys[double[1]]}; combine them first")
    groups: dict[str, set[str]] = {name: set() for name in names}
    for name, category, _, _ in found:
        groups[name] |= {category} if category else set()
    mixed = [name for name in names if len(groups[name]) > 1]
    warned = [f"{name} stands under several categories ({', '.join(sorted(groups[name]))}); it has none here"
              for name in mixed]  # fmt: skip
    start = base or Cube(k_in=len(entries), k_used=len(entries))
    return replace(
        start, methods_compared=tuple(names), columns=tuple(every), entries=tuple(entries),
        categories=tuple(next(iter(groups[name])) if len(groups[name]) == 1 else None for name in names),
        warnings=(*start.warnings, *warned, *_conventions(every)),
    )  # fmt: skip


def _order(column: Column) -> tuple[str, int, float, float]:
    low = -np.inf if column.low is None else column.low
    return column.key, column.direction, low, np.inf if column.high is None else column.high


def _conventions(columns: Sequence[Column]) -> tuple[str, ...]:
    """Say which columns rest on conventions that no source states, and which data sets have a metric under several."""
    unstated = sorted({column.metric for column in columns if column.convention is None})
    said = []
    if unstated:
        said.append(
            f"no source states the convention of {', '.join(unstated)}: such values are compared with each other only, "
            "and two of them may follow different rules"
        )
    several: dict[tuple[str | None, ...], set[str]] = {}
    for column in columns:
        same = (column.dataset, column.target, column.metric, column.split, column.evaluation)
        several.setdefault(same, set()).add(column.convention or "unstated")
    for where, rules in sorted(several.items(), key=str):
        if len(rules) > 1:
            said.append(
                f"{where[2]} on {where[0] or 'the data'} stands under {len(rules)} conventions "
                f"({', '.join(sorted(rules))}): they are columns of their own and never mixed within one"
            )
    return tuple(said)
