r"""Numbers of a report by name, for prose that cannot go stale.

``numbers.json`` holds each number with its text and where it was computed; ``numbers.tex`` the same as macros
(``\mrIncludedStudies``). A manuscript uses the macro, or in Markdown the text beside a mark,
``<!-- mr:included-studies -->60<!-- /mr -->``; `metareview.audit.literals` finds the places that do neither.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from metareview.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from metareview.results import Result
    from metareview.schema.review import ReviewSpec

__all__ = [
    "NUMBER_TABLES", "Number", "collect_numbers", "macro_name", "numbers_json", "numbers_tex", "read_numbers",
]  # fmt: skip

#: Tables that the numbers of a review are taken from.
NUMBER_TABLES: tuple[str, ...] = ("studies", "experiments", "results", "datasets")
_DIGITS = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]
_NAME = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the report.

    Attributes
    ----------
    name : slug, unique.
    text : as it is printed.
    noun : what it counts, in the words that stand beside it in prose; empty where it counts nothing.
    source : where it was computed: a table, or a result.
    """

    name: str
    text: str
    noun: str = ""
    source: str = ""


def macro_name(name: str) -> str:
    r"""Return the LaTeX macro of a number; digits are spelled, because macro names have none.

    >>> macro_name("table-2-rows")
    '\\mrTableTwoRows'
    """
    if not _NAME.match(name):
        raise InputError(f"number name {name!r} is no slug; write lower-case letters, digits and hyphens")
    spelled = re.sub(r"\d", lambda match: f"-{_DIGITS[int(match.group())]}-", name)
    return "\\mr" + "".join(part[:1].upper() + part[1:] for part in spelled.split("-"))


def numbers_json(numbers: Iterable[Number]) -> str:
    """Return the numbers as JSON, by name.

    Raises
    ------
    InputError
        If two numbers share a name.
    """
    body: dict[str, dict[str, str]] = {}
    for number in numbers:
        if number.name in body:
            raise InputError(f"two numbers are called {number.name!r}; give each its own name")
        body[number.name] = {key: value for key, value in asdict(number).items() if key != "name"}
    return json.dumps(dict(sorted(body.items())), ensure_ascii=False, indent=1) + "\n"


def read_numbers(text: str) -> tuple[Number, ...]:
    """Read what `numbers_json` wrote.

    Raises
    ------
    InputError
        If the text is something else.
    """
    try:
        return tuple(Number(name, **entry) for name, entry in json.loads(text).items())
    except (ValueError, TypeError, AttributeError):
        raise InputError("this is not a numbers.json; build the report again") from None


_TEX = {
    "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "$": r"\$", "{": r"\{", "}": r"\}", "−": "$-$",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
}  # fmt: skip


def numbers_tex(numbers: Iterable[Number]) -> str:
    """Return the numbers as LaTeX macros, with what each is as a comment.

    Raises
    ------
    InputError
        If two names make the same macro.
    """
    lines, seen = ["% written by metareview; do not edit"], dict[str, str]()
    for number in sorted(numbers, key=lambda number: number.name):
        macro = macro_name(number.name)
        if macro in seen:
            raise InputError(f"numbers {seen[macro]!r} and {number.name!r} make the same macro {macro}; rename one")
        seen[macro] = number.name
        text = "".join(_TEX.get(letter, letter) for letter in number.text)
        comment = re.sub(r"\s+", " ", f"{number.noun} ({number.source})".strip())
        lines.append(f"\\newcommand{{{macro}}}{{{text}}}% {comment}")
    return "\n".join(lines) + "\n"


def collect_numbers(
    tables: Mapping[str, pd.DataFrame], spec: ReviewSpec, results: Mapping[str, Result] | None = None
) -> tuple[Number, ...]:
    """Return the numbers of a review: its sizes by table and corpus, and its main results.

    Parameters
    ----------
    tables : the tables of the review; those of `NUMBER_TABLES` are counted.
    spec : the configuration, for the names of the corpora.
    results : results by name of the analysis.
    """
    from metareview.audit.result_numbers import result_numbers

    found = []
    nouns = {"studies": "studies", "experiments": "experiments", "results": "results", "datasets": "data sets"}
    for table, noun in nouns.items():
        if table in tables:
            found.append(Number(f"{table}", f"{len(tables[table]):,}", noun, f"rows of {table}.csv"))
    if "studies" in tables:
        listed = [corpus for entry in tables["studies"]["corpus"] for corpus in entry]
        for corpus in spec.corpora:
            name = re.sub(r"[^a-z0-9]+", "-", corpus.id).strip("-")
            text = f"{listed.count(corpus.id):,}"
            found.append(Number(f"studies-{name}", text, f"studies of {corpus.label}", "studies.csv, column corpus"))
    return (*found, *result_numbers(results or {}))
