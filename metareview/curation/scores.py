"""The results of a review as arrays, prepared once for all checks of plausibility."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metareview.ingest.cells import CellFault, clean, parse_score
from metareview.ingest.tables import Mask, ParsedTable
from metareview.schema.metric import Vocabulary

__all__ = ["Numbers", "Scores", "collect_scores", "figures_in", "half_unit", "robust_z"]

Numbers = npt.NDArray[np.float64]

_FIGURE = re.compile(r"(?<![\w.])(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_COMMA = re.compile(r"\d+,(?:\d{1,2}|\d{4,})|0,\d+")
_PLACES = re.compile(r"[.,](\d+)")
#: Makes the MAD of normal values their standard deviation.
_MAD = 1.4826


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The tables, and the results as arrays of shape (k,); NaN where a cell is blank or cannot be read.

    Attributes
    ----------
    tables : every table that was read.
    vocabulary : the metrics.
    results : the table of results; None where there is none.
    frame : its columns with dataset, target, study and method of the experiment beside them, and a row number.
    raw : numbers as typed, by column (percentages not divided).
    decimals : decimals of the value as typed.
    """

    tables: Mapping[str, ParsedTable]
    vocabulary: Vocabulary
    results: ParsedTable | None
    frame: pd.DataFrame
    raw: Mapping[str, Numbers]
    decimals: npt.NDArray[np.int64]

    def good(self, *columns: str) -> Mask:
        """Return the rows whose cells in these columns have no problem of their own, and that are not uncertain.

        A row that says ``uncertain`` has its doubt stated already, in its note; nobody is asked twice.
        """
        if self.results is None:
            return np.zeros(0, dtype=np.bool_)
        sure: Mask = self.results.good(*columns) & ~self.frame["uncertain"].to_numpy(dtype=np.bool_)
        return sure


def collect_scores(tables: Mapping[str, ParsedTable], vocabulary: Vocabulary) -> Scores:
    """Return the results with what their experiments say, and the numbers as typed."""
    results = tables.get("results")
    if results is None or not len(results.raw):
        return Scores(tables, vocabulary, None, pd.DataFrame(), {}, np.zeros(0, dtype=np.int64))
    frame = results.frame.copy(deep=False)
    for column in ("dataset_id", "target", "study_id", "method", "setting", "split", "repeats", "origin"):
        frame[f"experiment_{column}"] = _of_experiment(tables.get("experiments"), column, frame["experiment_id"])
    frame["row"] = np.arange(len(frame))
    numbers = {name: _typed(results, name) for name in ("value", "sd", "se", "ci_low", "ci_high")}
    return Scores(tables, vocabulary, results, frame, numbers, _decimals(results))


def _of_experiment(experiments: ParsedTable | None, column: str, ids: pd.Series) -> pd.Series:
    if experiments is None:
        return pd.Series(np.nan, index=ids.index, dtype=object)
    owners = experiments.frame.drop_duplicates("experiment_id").set_index("experiment_id")[column]
    return ids.map(owners).fillna("")


def _typed(table: ParsedTable, column: str) -> Numbers:
    cells = table.raw.columns.get(column)
    if cells is None:
        return np.full(len(table.raw), np.nan)
    return np.array([_number(text) for text in cells.texts], dtype=np.float64)[cells.codes]


def _number(text: str) -> float:
    try:
        return parse_score(clean(text)).value if clean(text) else np.nan
    except CellFault:
        return np.nan


def _decimals(table: ParsedTable) -> npt.NDArray[np.int64]:
    cells = table.raw.columns.get("value")
    if cells is None:
        return np.zeros(len(table.raw), dtype=np.int64)
    return np.array([_places(text) for text in cells.texts], dtype=np.int64)[cells.codes]


def _places(text: str) -> int:
    found = _PLACES.search(text)
    return len(found[1]) if found else 0


def half_unit(texts: npt.NDArray[np.int64] | int) -> Numbers:
    """Return half a unit of the last of so many decimals."""
    return np.asarray(0.5 * 10.0 ** -np.asarray(texts, dtype=np.float64))


def figures_in(text: str) -> list[tuple[float, int]]:
    """Return the numbers in a printed text, each with its decimals.

    >>> figures_in("85.4 ± 1.2"), figures_in("0.830 (0.81-0.85)"), figures_in("n = 1,480"), figures_in("U-Net3D")
    ([(85.4, 1), (1.2, 1)], [(0.83, 3), (0.81, 2), (0.85, 2)], [(1480.0, 0)], [])
    """
    found: list[tuple[float, int]] = []
    for match in _FIGURE.finditer(text):
        word = match[0].rstrip(",")
        places = len(word.partition(".")[2].lower().partition("e")[0])
        if _COMMA.fullmatch(word):
            word, places = word.replace(",", "."), len(word.partition(",")[2])
        try:
            found.append((float(word.replace(",", "")), places))
        except ValueError:
            continue
    return found


def robust_z(values: Numbers, *, floor: float = 0.0) -> Numbers:
    """Return (x - median) / max(1.4826 MAD, floor), shape (k,); all zero where that is zero.

    Source: Iglewicz & Hoaglin 1993, How to Detect and Handle Outliers, section 3.4.
    """
    centre = np.median(values)
    spread = max(_MAD * float(np.median(np.abs(values - centre))), floor)
    return np.zeros_like(values) if spread == 0 else (values - centre) / spread
