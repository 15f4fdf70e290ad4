"""Ids in running text become names: what a statistic warns of is told in the words of its readers.

Analyses speak of experiments, studies, bodies and metrics by their ids, which is right for programs. Under a table
stand methods, authors and names; machine columns and the sources of cells keep the ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from metareview.report.views.base import Cell, View
from metareview.report.views.common import Names, Tables, records, stated, text
from metareview.results import Dropped
from metareview.schema.review import ReviewSpec

__all__ = ["LEVELS", "in_words", "readable"]

#: What a level of a result is, in words.
LEVELS: Mapping[str, str] = {
    "cell": "one method on one data set",
    "study_mean": "mean over data sets",
    "range_low": "lower end of a range",
    "range_high": "upper end of a range",
}
_ARTICLES = {key: f"{'one value of ' if key == 'cell' else 'a ' if key == 'study_mean' else 'the '}{words}"
             for key, words in LEVELS.items()}  # fmt: skip
#: Words as they stand in the texts of analyses, and as they are read.
_PHRASES: tuple[tuple[str, str], ...] = (
    (r"\b1 (experiment|row|pair|method|result)s report\b", r"1 \1 reports"),
    (r"of the (\d+) rows that experiments reproduces", r"of the \1 rows that the mean over experiments reproduces"),
    (r"; row(?=;|$|,|\.)", "; from the values in its row"),
    (r"; half up", "; rounded half up"),
    (r"; half to even", "; rounded half to even"),
)
_LEVEL = re.compile(r"its level is (\w+), and only (\w+(?: and \w+)*) enters?")
_ID = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)+")
#: Places of a text where a metric stands by its key: opening it, after an id, or in a list.
_METRIC = r"[a-z][a-z0-9_]*(?::[a-z0-9.-]+)?"
_OPENING = re.compile(rf"^({_METRIC})(?=: )|(?<=, )({_METRIC})$")
_PAIR = rf"{_METRIC} and {_METRIC}"
_LISTED = re.compile(rf"(?<=unstated for ){_METRIC}(?:, {_METRIC})*|\({_PAIR}(?:, {_PAIR})*\)")


def readable(view: View, tables: Tables, spec: ReviewSpec) -> View:
    """Return a view whose notes, warnings and reasons name things instead of giving their ids."""
    names = Names.of(tables, spec)
    known = _known(tables, names)

    def told(line: str) -> str:
        return _told(line, known, names)

    def cell(found: Cell, key: str) -> Cell:
        value, note = found.value, told(found.note) if found.note else ""
        if isinstance(value, str) and key not in view.machine:
            value = _ID.sub(lambda match: names.citations.get(match[0], match[0]), value)
        return found if (value, note) == (found.value, found.note) else replace(found, value=value, note=note)

    return replace(
        view,
        rows=tuple(
            tuple(cell(c, column.key) for c, column in zip(row, view.columns, strict=True)) for row in view.rows
        ),
        caption=told(view.caption),
        notes=tuple(dict.fromkeys(map(told, view.notes))),
        warnings=tuple(dict.fromkeys(map(told, view.warnings))),
        dropped=tuple(Dropped(told(row.what), told(row.reason), row.ref) for row in view.dropped),
    )


def _known(tables: Tables, names: Names) -> dict[str, str]:
    """Return the names of experiments, studies, bodies and documents by their ids."""
    known = {key: label for key, label in names.citations.items() if _ID.fullmatch(key)}
    known |= {key: label for key, label in names.corpora.items() if _ID.fullmatch(key)}
    known |= {key: label for key, label in names.studies.items() if _ID.fullmatch(key)}
    for row in records(tables, "experiments"):
        setting = f", {row['setting']}" if row.get("setting") else ""
        where = names.dataset(row.get("dataset_id"))
        on = f" on {where}" if where else f", {row['target']}" if stated(row.get("target")) else ""
        about = f"{text(row['method'])}{setting}{on} ({names.study(row['study_id'])})"
        known[text(row["experiment_id"])] = about
    return known


def _told(line: str, known: Mapping[str, str], names: Names) -> str:
    line = _LISTED.sub(lambda found: _metrics(found[0], names), line)
    line = _OPENING.sub(lambda found: _metrics(found[0], names), line)
    line = re.sub(_LEVEL, lambda found: _level(found[1], found[2]), line)
    line = re.sub(r"\bstudy (\S+) of corpus (\S+)", r"\1 of \2", in_words(line))
    return _ID.sub(lambda found: known.get(found[0], found[0]), line)


def in_words(line: str) -> str:
    """Return a label or sentence of an analysis without the short forms that only its code explains.

    >>> in_words("mean of the printed values; row; half up")
    'mean of the printed values; from the values in its row; rounded half up'
    """
    for old, new in _PHRASES:
        line = re.sub(old, new, line)
    return line


def _metrics(listed: str, names: Names) -> str:
    def name(found: re.Match[str]) -> str:
        key, _, rule = found[0].partition(":")
        return str(names.metric(key, rule or "unstated")) if names.vocabulary.find(key) else found[0]

    return re.sub(_METRIC, name, listed)


def _level(found: str, wanted: str) -> str:
    enter = " and ".join(LEVELS.get(word, word) for word in wanted.split(" and "))
    return f"it is {_ARTICLES.get(found, found)}, and only values of {enter} enter"
