"""Whether a score can be one: the range of its metric, and a percentage that was taken for a proportion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from metareview.ingest.cells import clean, parse_score
from metareview.ingest.problems import Problems
from metareview.ingest.tables import Mask, ParsedTable
from metareview.schema.metric import Metric, Vocabulary

__all__ = ["check_ranges"]

Numbers = npt.NDArray[np.float64]


def check_ranges(table: ParsedTable, vocabulary: Vocabulary, problems: Problems) -> None:
    """Report values, deviations and intervals that the metric cannot have, and scales that do not fit it.

    The ends of a range (levels ``range_low`` and ``range_high``) are values of the metric like any other.
    """
    frame = table.frame
    for key in frame["metric"].dropna().unique():
        metric = vocabulary.find(key)
        if metric is None or metric.key != key:
            continue
        mask = (frame["metric"] == key).to_numpy(dtype=np.bool_) & table.good("metric", "scale")
        _check_value(table, metric, mask, problems)
        _check_spread(table, metric, mask, problems)
        _check_scale(table, metric, mask, problems)


def _bounds(metric: Metric) -> tuple[float, float]:
    return -np.inf if metric.low is None else metric.low, np.inf if metric.high is None else metric.high


def _range_text(metric: Metric) -> str:
    """Return the range of a metric in words.

    >>> from metareview.schema import default_vocabulary
    >>> _range_text(default_vocabulary()["dice"]), _range_text(default_vocabulary()["voi"])
    ('dice is a proportion between 0 and 1', 'voi is at least 0')
    """
    noun = "a proportion " if metric.default_scale == "proportion" else ""
    if metric.low is not None and metric.high is not None:
        return f"{metric.key} is {noun}between {metric.low:g} and {metric.high:g}"
    if metric.low is not None:
        return f"{metric.key} is at least {metric.low:g}"
    return f"{metric.key} is at most {metric.high:g}"


def _check_value(table: ParsedTable, metric: Metric, mask: Mask, problems: Problems) -> None:
    low, high = _bounds(metric)
    if metric.low is None and metric.high is None:
        return
    values: Numbers = table.frame["value"].to_numpy()
    rows = np.flatnonzero(((values < low) | (values > high)) & mask & table.good("value"))
    table.raw.report(problems, rows, "value", _range_text(metric), _percent_hint(table, metric, "value"))


def _percent_hint(table: ParsedTable, metric: Metric, column: str) -> Callable[[int], str]:
    """Return the remedy for a row: the proportion to write where the number looks like a percentage."""
    scales, high = table.frame["scale"], _bounds(metric)[1]

    def remedy(row: int) -> str:
        score = parse_score(clean(table.raw.text(row, column)))
        if scales.iloc[row] == "percent" or metric.default_scale != "proportion":
            return "correct the figure, or the metric"
        if high < score.value <= 100 * high:
            return f"write {score.hundredth!r} or set scale to percent"
        return "correct the figure, or the scale"

    return remedy


def _check_spread(table: ParsedTable, metric: Metric, mask: Mask, problems: Problems) -> None:
    """A standard deviation within bounds is at most their distance / sqrt(2) (two values, n - 1); take the distance."""
    low, high = _bounds(metric)
    width = high - low
    if not np.isfinite(width):
        return
    for column in ("sd", "se"):
        values: Numbers = table.frame[column].to_numpy()
        rows = np.flatnonzero((values > width) & mask & table.good(column))
        rule = f"{column} of {metric.key} is not larger than its range, {width:g}"
        table.raw.report(problems, rows, column, rule, _percent_hint(table, metric, column))
    for column in ("ci_low", "ci_high"):
        values = table.frame[column].to_numpy()
        rows = np.flatnonzero(((values < low - width) | (values > high + width)) & mask & table.good(column))
        rule = f"an interval of {metric.key} does not reach beyond its range by more than the range"
        table.raw.report(problems, rows, column, rule, _percent_hint(table, metric, column))


def _check_scale(table: ParsedTable, metric: Metric, mask: Mask, problems: Problems) -> None:
    percent = (table.frame["scale"] == "percent").to_numpy(dtype=np.bool_) & mask
    if metric.unit:
        rule = f"{metric.key} is measured in {metric.unit}, not in percent"
        table.raw.report(problems, np.flatnonzero(percent), "scale", rule, "set scale to native")
    elif metric.direction == "higher" and metric.high == 1:
        values: Numbers = table.frame["value"].to_numpy()
        rows = np.flatnonzero(percent & (values > 0) & (values <= 0.01) & table.good("value"))
        table.raw.report(
            problems, rows, "value",
            f"a {metric.key} of 1 percent or less is rare", "set scale to proportion if that is what is printed",
            severity="warning",
        )  # fmt: skip
