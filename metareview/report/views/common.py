"""What every view needs: names in print, sources, footers, marks.

A view arranges; it computes nothing that a statistic could be asked for. The few means here (several values of one
method on one data set) are told as such in the cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from metareview.report.views.base import Bound, Cell, Column, Kind, Mark, View
from metareview.report.views.citations import citations
from metareview.report.views.format import round_half_up
from metareview.results import Dropped, Result
from metareview.schema.metric import Metric, Vocabulary
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.rows import Row, records, ref_of, stated, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "NOT_STATED", "Build", "Names", "Results", "Row", "Tables", "arrange", "bound_of", "computed", "filled",
    "has_place", "mark_best", "printed_cell", "records", "ref_of", "refs_of", "result_of", "short_name", "study_name",
    "stated", "studies_of", "tally", "text",
]  # fmt: skip

Tables = Mapping[str, "pd.DataFrame"]
Results = Mapping[str, Result]
Build = Callable[[Tables, Results, ReviewSpec], View]

#: What stands where no document states a value.
NOT_STATED = "not stated"
#: Rows that Markdown, HTML and LaTeX show; the CSV and the workbook have all.
SHOWN = 300
#: Longest name of a metric that stands as a heading; longer ones are abbreviated.
_HEADING = 14
#: Longest list of authors printed; longer ones are cut to the first.
_AUTHORS = 36


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called in print."""

    vocabulary: Vocabulary
    studies: Mapping[str, str]
    datasets: Mapping[str, str]
    corpora: Mapping[str, str]
    sources: Mapping[str, str]
    citations: Mapping[str, str]

    @classmethod
    def of(cls, tables: Tables, spec: ReviewSpec) -> Names:
        """Collect the names of a review."""
        return cls(
            spec.vocabulary(),
            {row["study_id"]: study_name(row) for row in records(tables, "studies")},
            {row["dataset_id"]: text(row.get("name")) for row in records(tables, "datasets")},
            {corpus.id: corpus.label for corpus in spec.corpora},
            {row["source_id"]: text(row.get("title")) for row in records(tables, "sources")},
            citations(records(tables, "sources")),
        )

    def study(self, study_id: object) -> str | None:
        """Return authors and reference number or year, or the id where the study is not in the table."""
        return self.studies.get(text(study_id)) or text(study_id) or None

    def dataset(self, dataset_id: object) -> str | None:
        """Return the name of a data set, or its id."""
        return self.datasets.get(text(dataset_id)) or text(dataset_id) or None

    def dataset_list(self, ids: Iterable[str]) -> str | None:
        """Return the names of data sets, joined."""
        return "; ".join(name for name in map(self.dataset, ids) if name) or None

    def corpus(self, corpus: object) -> str:
        """Return the label of a corpus, or its id."""
        key = text(corpus)
        return self.corpora.get(key, "all studies of this folder" if key in ("", "all") else key)

    def citation(self, source_id: object) -> str:
        """Return a document as it is cited, or its id where it is not in the table of documents."""
        return self.citations.get(text(source_id)) or text(source_id)

    def place(self, row: Row, *, whole: bool = False) -> str:
        """Return where a row is printed: document and the first part of its locator, or all of it."""
        locator = text(row.get("locator"))
        found = (self.citation(row.get("source_id")), locator if whole else locator.split(";")[0])
        return ", ".join(part for part in found if part)

    def metric(self, key: object, convention: object = "unstated") -> str | None:
        """Return a metric as it is printed, with its convention where one is stated."""
        name = text(key)
        if not name:
            return None
        found = self.vocabulary.find(name)
        shown = short_name(found) if found else name
        rule = text(convention)
        return shown if rule in ("", "unstated") else f"{shown}:{rule}"

    def about(self, key: str) -> str:
        """Return full name and definition of a metric, for a tooltip."""
        found = self.vocabulary.find(key)
        return f"{found.name}: {found.definition}" if found else ""

    def legend(self, keys: Iterable[str]) -> list[str]:
        """Return one note that opens the abbreviations of metrics, or none where all stand in full."""
        found = [self.vocabulary.find(key) for key in dict.fromkeys(keys)]
        opened = [f"{short_name(m)}: {m.name}" for m in found if m is not None and short_name(m) != m.name]
        return [f"{'; '.join(opened)}."] if opened else []

    def arrow(self, key: str) -> str:
        """Return the arrow of a metric, empty where neither direction is better."""
        found = self.vocabulary.find(key)
        return found.arrow if found else ""

    def kind(self, key: str) -> Kind:
        """Return how values of a metric are printed."""
        found = self.vocabulary.find(key)
        return "score" if found is not None and found.default_scale == "proportion" else "number"


def short_name(metric: Metric) -> str:
    """Return a metric's name for a heading: abbreviated by its key where the name is long.

    >>> from metareview.schema.metric import default_vocabulary
    >>> [short_name(default_vocabulary()[key]) for key in ("dice", "ap75", "voi_split", "msa", "recall", "arand")]
    ['Dice', 'AP75', 'VOI split', 'mSA', 'Recall', 'ARAND']
    """
    name = str(metric.name).split(" (")[0]
    if len(name) <= _HEADING:
        return name
    words: list[str] = re.findall(r"[A-Za-z0-9]+", name)
    base, _, rest = str(metric.key).partition("_")
    rest = f" {rest.replace('_', ' ')}" if rest else ""
    if words[0].lower() == base:
        return words[0] + rest
    letters, digits = base.rstrip("0123456789"), base[len(base.rstrip("0123456789")) :]
    initials = iter(word[0].lower() for word in words)
    if all(letter in initials for letter in letters):  # each letter in turn, so the order counts
        upper = f"m{letters[1:].upper()}" if words[0] == "Mean" else letters.upper()
        return upper + digits + rest
    return name if rest else base.upper()


def study_name(row: Row) -> str:
    """Return a study as it is cited: authors, and its number in the review or its year."""
    authors = stated(row.get("authors")) or ("reference" if row.get("ref") is not None else text(row.get("study_id")))
    if len(authors) > _AUTHORS:
        first = authors.split(";")[0].split(" and ")[0].strip()
        authors = f"{first} et al." if len(first) <= _AUTHORS else f"{first[: _AUTHORS - 1]}…"
    if row.get("ref") is not None:
        return f"{authors} [{int(row['ref'])}]"
    year = stated(row.get("year"))
    return f"{authors} {year}" if year else authors


def refs_of(rows: Iterable[Row]) -> tuple[SourceRef, ...]:
    """Return the sources of rows."""
    return tuple(ref_of(row) for row in rows)


def studies_of(tables: Tables) -> dict[str, tuple[SourceRef, ...]]:
    """Return the rows of the included studies of each body: what a size of a body counts."""
    found: dict[str, list[Row]] = {"all": []}
    for row in records(tables, "studies"):
        if row.get("status") == "included":
            for corpus in ("all", *(row.get("corpus") or ())):
                found.setdefault(corpus, []).append(row)
    return {corpus: refs_of(rows) for corpus, rows in found.items()}


def has_place(locator: object, place: str | None) -> bool:
    """Return whether a locator has a part such as ``Table 3``; without a place every locator does.

    >>> has_place("L1715; Table 3; row SAM2", "Table 3"), has_place("L8; Table 30", "Table 3")
    (True, False)
    """
    return place is None or place in [part.strip() for part in text(locator).split(";")]


def tally(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    """Return rows by the value of a column, in order of appearance; rows without one stand under the empty string."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(text(row.get(key)), []).append(row)
    return groups


def filled(value: object) -> Cell:
    """Return a cell with text, or an empty one."""
    return Cell(text(value) or None)


def printed_cell(rows: Sequence[Row]) -> Cell:
    """Return a printed figure, or bound, with every place that prints it; other figures there are told, notes once.

    Parameters
    ----------
    rows : statements of one statistic of one thing; the first one gives the value.
    """
    if not rows or rows[0].get("value") is None:
        return Cell()
    value, bound = float(rows[0]["value"]), bound_of(rows[0])
    different = [row for row in rows if (row["value"], bound_of(row)) != (value, bound)]
    if different:
        told = dict.fromkeys(f"printed as {row['printed']} at {row['locator']}" for row in different)
        return Cell(value, refs_of(rows), mark="contradicted", note="; ".join(told), bound=bound)
    notes = [] if rows[0].get("value_high") is None else [f"printed as a range up to {rows[0]['value_high']}"]
    notes += [part.strip() for row in rows for part in text(row.get("note")).split(";") if part.strip()]
    return Cell(value, refs_of(rows), note="; ".join(dict.fromkeys(notes)), bound=bound)


def bound_of(row: Row) -> Bound:
    """Return how the true figure lies to a statement's value; empty where the figure itself is printed."""
    return _BOUNDS.get(text(row.get("bound")), "")


_BOUNDS: dict[str, Bound] = {"<": "<", ">": ">", "<=": "<=", ">=": ">="}


def computed(cell: Cell) -> Cell:
    """Mark a number that is computed here and printed in no source; a doubt that is there stays."""
    return replace(cell, mark="derived") if cell.value is not None and not cell.mark else cell


def mark_best(cells: Sequence[Cell], direction: str, decimals: int = 3) -> list[Cell]:
    """Mark the best and the second best number of a column; ties as printed share the mark.

    A contradicted cell keeps its mark; one that is computed here keeps its sign. Without two different
    numbers there is nothing to be best among.

    Parameters
    ----------
    direction : ``higher`` or ``lower`` is better, or an arrow; anything else marks nothing.
    decimals : digits that are printed: what looks equal is a tie.
    """
    sign = {"higher": -1, "lower": 1, "↑": -1, "↓": 1}.get(direction)
    numbers = [c.value for c in cells if isinstance(c.value, int | float) and not isinstance(c.value, bool)]
    levels = sorted({round_half_up(value, decimals) * (sign or 0) for value in numbers})
    if sign is None or len(levels) < 2:
        return list(cells)
    marked = []
    for cell in cells:
        if isinstance(cell.value, str | bool) or cell.value is None or cell.mark not in ("", "derived"):
            marked.append(cell)
            continue
        place = levels.index(round_half_up(cell.value, decimals) * sign)
        marked.append(replace(cell, mark=_MARKS[cell.mark, place]) if place < 2 else cell)
    return marked


_MARKS: dict[tuple[str, int], Mark] = {
    ("", 0): "best",
    ("", 1): "second",
    ("derived", 0): "best derived",
    ("derived", 1): "second derived",
}


def arrange(
    name: str,
    title: str,
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    results: Sequence[Result | None] = (),
    notes: Iterable[str] = (),
    warnings: Iterable[str] = (),
    dropped: Iterable[Dropped] = (),
    group: str = "",
    alt: str = "",
    nothing: str = "",
    keep: Iterable[str] = (),
    relevant: Callable[[str], bool] = bool,
    machine: Sequence[str] = (),
    shown: int = SHOWN,
) -> View:
    """Return a view with everything that must be seen under it.

    Parameters
    ----------
    results : what it was made from: their methods, counts, dropped rows and warnings go into the footer.
    nothing : the note of a view without rows: why there is nothing to show.
    keep : columns that stay although they are empty (figures read them); others without a value are left out, and a
        note names them.
    relevant : which warnings of the results are about what is shown; others stand where they belong.
    machine : columns for programs: only the CSV and the workbook have them.
    shown : rows that Markdown, HTML and LaTeX show.
    """
    body = tuple(tuple(row) for row in rows)
    texts = [*notes]
    if not body:
        texts.insert(0, nothing or "the tables of this review hold nothing of this kind")
    else:
        columns, body, gone = _without_empty(columns, body, {group, *keep})
        texts += [f"Columns without any value are left out: {', '.join(gone)}."] if gone else []
    there = [result for result in results if result is not None]
    for result in there:
        texts += _counts(result)
    return View(
        name, title, caption, tuple(columns), body,
        group=group,
        notes=tuple(dict.fromkeys(texts)),
        warnings=tuple(dict.fromkeys([*warnings, *(t for result in there for t in result.warnings if relevant(t))])),
        dropped=tuple(dict.fromkeys([*dropped, *(row for result in there for row in result.dropped)])),
        alt=alt,
        meta={"shown": str(shown)} if len(body) > shown else {},
        machine=tuple(key for key in machine if any(column.key == key for column in columns)),
    )  # fmt: skip


def _counts(result: Result) -> list[str]:
    lines = [f"k = {result.k_used} of {result.k_in} rows used."] if result.k_in else []
    return lines + ([f"Methods: {'; '.join(result.methods)}."] if result.methods else [])


def _without_empty(
    columns: Sequence[Column], rows: tuple[tuple[Cell, ...], ...], keep: set[str]
) -> tuple[list[Column], tuple[tuple[Cell, ...], ...], list[str]]:
    held = [
        position
        for position, column in enumerate(columns)
        if column.key in keep or any(_has_value(row[position]) for row in rows)
    ]
    gone = [column.label for position, column in enumerate(columns) if position not in held]
    return [columns[p] for p in held], tuple(tuple(row[p] for p in held) for row in rows), gone


def _has_value(cell: Cell) -> bool:
    return cell.value is not None or cell.low is not None or cell.high is not None or bool(cell.note)


def result_of(results: Results, name: str, kind: type[Any]) -> Any:
    """Return a result by name, or None where it was not made.

    Raises
    ------
    TypeError
        If what stands under the name is of another kind: a wiring mistake, not one of the data.
    """
    found = results.get(name)
    if found is not None and not isinstance(found, kind):
        raise TypeError(f"result {name} is a {type(found).__name__}, not a {kind.__name__}")
    return found
