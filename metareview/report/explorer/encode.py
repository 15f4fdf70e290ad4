"""The explorer's values as JSON, written short: two thousand of them stay below 300 kB with the page around them.

It is not compressed, so that a person can read it, a diff shows what changed, and its bytes do not depend on a
library. Texts stand once. A text of several parts (``L1715; Table 3; row SAM2``) is the list of its parts where it
shares them, and notes that differ in one number (``record P0001``) are a pattern and that number. Rows are lists whose
missing end is cut off. ``data.js`` reads it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from metareview.report.explorer.data import Explored, Shown, Who, facts_of, who_of
from metareview.report.views.common import short_name
from metareview.report.views.format import clean, round_half_up
from metareview.stats.benchmark.scores import Score

__all__ = ["encode"]

_JOINT = "; "
_NUMBER = re.compile(r"\d+")
#: Stands in a pattern where its number goes.
HOLE = "\x00"
#: Printed figures that are the value: with its digits, in full, or as a percentage.
_SHOWN, _FULL, _PERCENT = -1, -2, -3


class _Texts:
    """Texts by number; number 0 is the empty text.

    Parameters
    ----------
    texts : all that will be asked for, where they may share parts and patterns.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        known = {clean(text) for text in texts}
        self._shared = Counter(part for text in known for part in text.split(_JOINT))
        self._patterns = Counter(_NUMBER.sub(HOLE, text, count=1) for text in known)
        self._numbers: dict[str, int] = {"": 0}
        self.items: list[str | list[int]] = [""]

    def __call__(self, text: str) -> int:
        """Return the number of a text."""
        text = clean(text)
        if text in self._numbers:
            return self._numbers[text]
        runs = self._runs(text.split(_JOINT))
        return self._add(text, [self(run) for run in runs] if len(runs) > 1 else text)

    def pattern(self, text: str) -> int | list[Any]:
        """Return the number of a text, or of its pattern with the first number in it where others have the pattern."""
        text = clean(text)
        found = _NUMBER.search(text)
        shape = _NUMBER.sub(HOLE, text, count=1)
        if found is None or self._patterns[shape] < 2:
            return self(text)
        return [self._numbers.get(shape) or self._add(shape, shape), found[0]]

    def _runs(self, parts: Sequence[str]) -> list[str]:
        """Return parts with those that stand nowhere else joined to runs; a text that shares nothing is one run."""
        runs: list[list[str]] = []
        for part in parts:
            if runs and self._shared[part] <= 1 and self._shared[runs[-1][-1]] <= 1:
                runs[-1].append(part)
            else:
                runs.append([part])
        return [_JOINT.join(run) for run in runs]

    def _add(self, text: str, item: str | list[int]) -> int:
        self._numbers[text] = len(self.items)
        self.items.append(item)
        return self._numbers[text]


class _Table:
    """Rows by number, each once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}

    def __call__(self, *row: Any) -> int:
        """Return the number of a row."""
        return self._numbers.setdefault(row, len(self._numbers))

    def rows(self) -> list[list[Any]]:
        """Return the rows in order, short."""
        return [_short(row) for row in self._numbers]


def encode(data: Explored) -> dict[str, Any]:
    """Return what the page's script reads."""
    text, runs, flags = _Texts(), _Table(), _Table()
    refs = _Refs(data)
    columns = {column: number for number, column in enumerate(data.columns)}
    metrics = list(dict.fromkeys(column.metric for column in data.columns))
    cells = []
    for shown in data.shown:
        marks = [flags(*(text(part) for part in (f.verdict, f.statement, f.explanation, f.assumption, f.place)))
                 for f in shown.flags]  # fmt: skip
        cells.append(_short((
            columns[shown.column], _run(shown, runs, text), _number(shown.value.value), shown.digits,
            len(shown.value.scores) - 1, shown.held, text(shown.standing), marks or 0,
        )))  # fmt: skip
        refs.add(shown)
    gaps = [[runs(text(who.method), text(who.setting), text(who.study), 0, 0), columns[column], text(reason)]
            for (who, column), reason in data.gaps.items()]  # fmt: skip
    return {
        "review": {"id": data.spec.id, "title": clean(data.spec.title), "question": clean(data.spec.question)},
        "metrics": [_metric(data, key) for key in metrics],
        "columns": [
            _short((text(c.dataset), metrics.index(c.metric), text(c.target), text(c.convention), text(c.split),
                    text(c.evaluation), text(c.level), text(c.basis)))
            for c in data.columns
        ],
        "studies": _studies(data),
        "datasets": {c.dataset: clean(_dataset(data, c.dataset)) for c in data.columns},
        "cells": cells, "runs": runs.rows(), "flags": flags.rows(), "gaps": gaps,
        "left": [[n, clean(reason)] for reason, n in data.left_out.items()],
        "warnings": [clean(warning) for warning in data.warnings],
        "texts": text.items,
        **refs.to_data(),
    }  # fmt: skip


def _run(shown: Shown, runs: _Table, text: _Texts) -> int:
    score = shown.value.score
    who: Who = who_of(score)
    return runs(text(who.method), text(who.setting), text(who.study), text(score.category), text(score.origin))


class _Refs:
    """Where values come from: one row for each score behind a value, in the order of the values."""

    def __init__(self, data: Explored) -> None:
        scores = [score for shown in data.shown for score in shown.value.scores]
        self._locators = _Texts(score.locator for score in scores)
        self._places = _Table()
        self._last = 0
        self._notes = _Texts(score.note for score in scores)
        self._texts = _Texts()
        self._sources = {key: n for n, key in enumerate(dict.fromkeys(score.source_id for score in scores))}
        self._cited = [[key, clean(data.names.citation(key))] for key in self._sources]
        self._rows: list[list[Any]] = []

    def add(self, shown: Shown) -> None:
        """Take up the scores behind a value."""
        alone = len(shown.value.scores) == 1
        for score in shown.value.scores:
            ddof = "" if score.sd_ddof is None else str(score.sd_ddof)
            place = self._places(self._sources[score.source_id], self._locators(score.locator))
            self._rows.append(_short((
                score.line - self._last, place, self._printed(score, shown.digits), self._notes.pattern(score.note),
                score.n or 0, self._texts(score.n_of), score.sd, self._texts(ddof), int(score.uncertain),
                self._texts(score.unit), None if alone else _number(score.value), score.se, score.ci_low,
                score.ci_high, 0 if score.file == "results.csv" else self._texts(score.file),
            )))  # fmt: skip
            self._last = score.line

    def to_data(self) -> dict[str, Any]:
        """Return the rows, and the texts that they name."""
        return {
            "refs": self._rows,
            "places": self._places.rows(),
            "locators": self._locators.items,
            "notes": self._notes.items,
            "sources": self._cited,
            "words": self._texts.items,
        }

    def _printed(self, score: Score, digits: int) -> int:
        if score.printed == f"{round_half_up(score.value, digits):f}":
            return _SHOWN
        if score.printed == repr(score.value):
            return _FULL
        if digits >= 2 and score.printed == f"{round_half_up(score.value * 100, digits - 2):f}":
            return _PERCENT
        return self._texts(score.printed)


def _metric(data: Explored, key: str) -> list[Any]:
    metric = data.names.vocabulary[key]
    return [key, clean(short_name(metric)), clean(metric.name), clean(metric.definition), data.direction(key),
            metric.low, metric.high]  # fmt: skip


def _studies(data: Explored) -> dict[str, list[str]]:
    used = sorted({shown.value.score.study_id for shown in data.shown} | {who.study for who, _ in data.gaps})
    return {
        key: [clean(str(data.names.study(key) or key)), *facts_of(data.studies.get(key))] for key in used
    }  # fmt: skip


def _dataset(data: Explored, ids: str) -> str:
    if ids in data.names.datasets:
        return str(data.names.dataset(ids))
    return "; ".join(str(data.names.dataset(part)) for part in ids.split("+") if part)


def _number(value: float) -> float | int:
    """Return a value as JSON writes it shortest: a whole number without ``.0``, except the zero that `_short` cuts."""
    return int(value) if value.is_integer() and value and abs(value) < 2**53 else value


def _short(row: Sequence[Any]) -> list[Any]:
    """Return a row without what is missing at its end: None, and the number 0 of the empty text.

    A zero that is a value (a score, a standard deviation) is a float and stays.
    """
    kept = list(row)
    while kept and (kept[-1] is None or (type(kept[-1]) is int and kept[-1] == 0)):
        kept.pop()
    return kept
