"""Problems: what is wrong with a review, where, under which rule, and what to do about it.

Every check of this room adds to one `Problems`, so that a reviewer sees everything at once. A column that is broken
in a hundred thousand rows is one kind of problem: the first ones are kept, the rest are counted, and the total stays
exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from metareview.errors import ProblemsFound
from metareview.ingest.layout import is_workbook

__all__ = [
    "KEEP",
    "Problem",
    "Problems",
    "column_letters",
    "count_problems",
    "quote",
    "render_problems",
    "shorten",
    "shown",
]

Severity = Literal["error", "warning"]
#: File, sheet, column and rule: problems that share them are of one kind.
Kind = tuple[str, str, str | None, str]

#: Problems of one kind (same file, column and rule) that are kept; further ones are counted.
KEEP = 1000
#: Characters of a cell that a message shows.
SHOWN_CHARACTERS = 60
LONG = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    file : name of the file, relative to the review folder.
    row : line of a text file or row of a sheet (1-based, the header included); None for the whole file.
    column : name of the column; None for the whole row.
    address : where a spreadsheet program shows it, such as ``results!D3``.
    found : what is there: the text of the cell, or a phrase where the problem is not one cell's.
    rule : the rule that it breaks.
    remedy : what to do.
    severity : an error stops reading, a warning does not.
    more : how many further problems of the same kind this one stands for.
    """

    file: str
    row: int | None
    column: str | None
    address: str | None
    found: str
    rule: str
    remedy: str
    severity: Severity = "error"
    more: int = 0

    @classmethod
    def of_file(
        cls,
        file: str,
        found: str,
        rule: str,
        remedy: str,
        *,
        row: int | None = None,
        sheet: str | None = None,
        severity: Severity = "error",
    ) -> Problem:
        """Return the problem of a whole file, or of one whole row (of a sheet); `found` is a phrase."""
        address = f"{sheet}!{row}:{row}" if sheet and row and is_workbook(file) else None
        return cls(file, row, None, address, found, rule, remedy, severity)

    @property
    def kind(self) -> Kind:
        """What problems have in common that are listed once and counted."""
        return self.file, (self.address or "").partition("!")[0], self.column, self.rule

    @property
    def where(self) -> str:
        """File, line, column and address, as far as they are known."""
        parts = [self.file]
        if self.row is not None:
            parts[0] += f" {'row' if is_workbook(self.file) else 'line'} {self.row}"
        if self.column is not None:
            parts.append(f"{'key' if self.file.endswith('.yaml') else 'column'} {self.column}")
        return ", ".join(parts) + (f" ({self.address})" if self.address else "")

    @property
    def what(self) -> str:
        """What was found, with the text of a cell in quotes."""
        return f"found {quote(self.found)}" if self.column is not None else self.found

    def __str__(self) -> str:
        warning = "warning: " if self.severity == "warning" else ""
        parts = (self.what, self.rule, self.remedy)
        text = _printable(f"{self.where}: {warning}{'; '.join(part for part in parts if part)}")
        return f"{text}\n  … and {self.more:,} more like this" if self.more else text

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as a mapping of plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def _printable(text: str) -> str:
    """Return one line without control characters: a name from a file must not move the cursor of a terminal."""
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def quote(text: str) -> str:
    """Return the text of a cell for a message: in quotes, on one line, shortened, control characters visible.

    >>> quote("0,85")
    "'0,85'"
    >>> quote("")
    'a blank cell'
    """
    if not text:
        return "a blank cell"
    return repr(shorten(text))


def shorten(text: str) -> str:
    """Return `text`, or its beginning and its length where it is long; a shortened text stays as it is.

    >>> shorten("x" * 10_000_000)[-26:]
    'x… (10,000,000 characters)'
    """
    return f"{text[:SHOWN_CHARACTERS]}… ({len(text):,} characters)" if len(text) > LONG else text


def column_letters(position: int) -> str:
    """Return the letters of a 0-based column.

    >>> [column_letters(position) for position in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class Problems:
    """A collection of problems that keeps the first of each kind and counts all.

    >>> problems = Problems()
    >>> problems.add(Problem("results.csv", None, None, None, "the file is empty", "a table has a header row", "…"))
    >>> problems.total, problems.errors
    (1, 1)
    """

    def __init__(self) -> None:
        self._kept: dict[Kind, list[Problem]] = {}
        self._counts: dict[Kind, int] = {}

    def add(self, problem: Problem) -> None:
        """Add one problem."""
        self.add_many(1, lambda _: problem, problem)

    def add_many(self, number: int, make: Callable[[int], Problem], first: Problem | None = None) -> None:
        """Add `number` problems of one kind, of which ``make(i)`` makes the i-th; only those kept are made.

        Parameters
        ----------
        number : how many there are.
        make : function from 0 … number - 1 to the problem; all have one file, column and rule.
        first : the first one, where it is made already.
        """
        if not number:
            return
        first = first or make(0)
        key = first.kind
        kept = self._kept.setdefault(key, [])
        self._counts[key] = self._counts.get(key, 0) + number
        room = min(number, KEEP - len(kept))
        kept.extend(first if index == 0 else make(index) for index in range(room))

    def extend(self, others: Iterable[Problem]) -> None:
        """Add problems one by one."""
        for problem in others:
            self.add(problem)

    @property
    def total(self) -> int:
        """How many problems there are, those included that are only counted."""
        return sum(self._counts.values())

    @property
    def errors(self) -> int:
        """How many of them are errors."""
        return sum(count for key, count in self._counts.items() if self._kept[key][0].severity == "error")

    @property
    def warnings(self) -> int:
        """How many of them are warnings."""
        return self.total - self.errors

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.sorted())

    def sorted(self, order: Sequence[str] = ()) -> tuple[Problem, ...]:
        """Return the kept problems by file, row and column; the last of a kind says how many more there are.

        Parameters
        ----------
        order : names of the files in the order they are to be listed; others follow by name.
        """
        kept = [problem for key in self._kept for problem in self._closed(key)]
        rank = {name: index for index, name in enumerate(order)}

        def position(problem: Problem) -> tuple[Any, ...]:
            sheet, _, cell = (problem.address or "").rpartition("!")
            letters = cell.rstrip("0123456789:")
            sheet = sheet if is_workbook(problem.file) else ""
            row = -1 if problem.row is None else problem.row
            return rank.get(problem.file, len(rank)), problem.file, sheet, row, len(letters), letters, problem.rule

        return tuple(sorted(kept, key=position))

    def _closed(self, key: Kind) -> list[Problem]:
        kept = self._kept[key]
        more = self._counts[key] - len(kept)
        return [*kept[:-1], replace(kept[-1], more=kept[-1].more + more)] if more else list(kept)


def count_problems(problems: Iterable[Problem]) -> tuple[int, int]:
    """Return the number of errors and of warnings, those counted in ``more`` included."""
    counts = {"error": 0, "warning": 0}
    for problem in problems:
        counts[problem.severity] += 1 + problem.more
    return counts["error"], counts["warning"]


def shown(problems: Sequence[Problem], limit: int) -> tuple[Problem, ...]:
    """Return at most `limit` problems of each kind; the last of a kind counts the others. 0 is no limit.

    >>> problem = Problem("results.csv", 3, "n", "results!K3", "0", "n is positive", "leave it blank")
    >>> [p.more for p in shown([problem] * 5, 2)]
    [0, 3]
    """
    if limit <= 0:
        return tuple(problems)
    kinds: dict[Kind, list[int]] = {}
    for index, problem in enumerate(problems):
        kinds.setdefault(problem.kind, []).append(index)
    hidden: set[int] = set()
    closing: dict[int, int] = {}
    for indices in kinds.values():
        rest = indices[limit:]
        if rest:
            hidden.update(rest)
            closing[indices[limit - 1]] = sum(1 + problems[index].more for index in rest)
    return tuple(
        replace(problem, more=problem.more + closing[index]) if index in closing else problem
        for index, problem in enumerate(problems)
        if index not in hidden
    )


def summary_line(what: str, problems: Iterable[Problem]) -> str:
    """Return one line that says how many problems there are.

    >>> summary_line("my-review", [])
    'my-review: no problems'
    """
    errors, warnings = count_problems(problems)
    parts = [_plural(errors, "problem")] if errors else ["no problems"]
    parts += [_plural(warnings, "warning")] if warnings else []
    return f"{what}: {', '.join(parts)}"


def render_problems(what: str, problems: Sequence[Problem], limit: int = 3) -> str:
    """Return the text for a person: a line with the totals, then the problems.

    Parameters
    ----------
    what : name of what was checked.
    problems : the problems, sorted.
    limit : at most this many of one kind are shown; 0 for all.
    """
    return "\n".join([summary_line(what, problems), *(str(problem) for problem in shown(problems, limit))])


def raise_if_errors(what: str, problems: Sequence[Problem]) -> None:
    """Raise if any of the problems is an error.

    Raises
    ------
    ProblemsFound
        With all problems, at most 20 of one kind printed one by one.
    """
    if count_problems(problems)[0]:
        raise ProblemsFound(summary_line(what, problems), shown(problems, 20))


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
