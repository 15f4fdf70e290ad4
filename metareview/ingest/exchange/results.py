"""One score of a leaderboard that is kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ForeignResult", "split_rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignResult:
    """A score as another format holds it.

    Attributes
    ----------
    method, dataset, metric : names as they stand there.
    printed : the score as it stands there.
    value : the score as a number on the metric's own scale, where the format has one; else `printed` is read.
    place : where in the file it stands (``/0/datasets/1/sota/rows/3``).
    target : the task or structure, where one is named.
    study : title or address of the paper; the method stands for it where none is named.
    address, year, code : of the paper.
    category : kind of method.
    lower_is_better : direction, where the format states one.
    low, high : range, where stated.
    se, sd, ci_low, ci_high, n : uncertainty, where stated.
    note : what else the format says.
    """

    method: str
    dataset: str
    metric: str
    printed: str
    place: str
    value: float | None = None
    target: str = ""
    study: str = ""
    address: str = ""
    year: str = ""
    code: str = ""
    category: str = ""
    convention: str = ""
    lower_is_better: bool | None = None
    low: float | None = None
    high: float | None = None
    se: float | None = None
    sd: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int | None = None
    note: str = ""


def split_rule(text: str) -> tuple[str, str]:
    """Return metric and convention of a heading such as ``arand:gt0``.

    >>> split_rule("arand:gt0"), split_rule(" F1 ")
    (('arand', 'gt0'), ('F1', ''))
    """
    metric, _, convention = text.strip().partition(":")
    return metric.strip(), convention.strip()
