"""Doubts about one row: figures as printed, spreads and intervals, ids of studies, forms of places."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from metareview.curation.scores import Numbers, Scores, figures_in
from metareview.ingest.cells import clean
from metareview.ingest.problems import Problems
from metareview.ingest.tables import ParsedTable
from metareview.schema.locator import suggest_form

__all__ = [
    "check_copied_cells",
    "check_interval_of_sd",
    "check_locator_form",
    "check_lopsided",
    "check_printed",
    "check_same_study",
    "check_spread_possible",
    "check_standard_error",
    "check_year_of_id",
]

#: Quantile of the normal distribution behind a 95 % interval.
_Z = 1.959964
_YEAR = re.compile(r"(?<![0-9])(19[5-9][0-9]|20[0-9]{2})(?![0-9])")


def warn(
    table: ParsedTable,
    rows: Sequence[int],
    column: str,
    rule: str,
    remedy: str | Callable[[int], str],
    problems: Problems,
) -> None:
    """Report a doubt about these rows."""
    table.raw.report(problems, rows, column, rule, remedy, severity="warning")


def check_printed(scores: Scores, problems: Problems) -> None:
    """The value, and the number after ±, are figures as printed; not where the reading is said to be inferred."""
    table = scores.results
    if table is None or "printed" not in table.raw.columns:
        return
    cells = table.raw.columns["printed"]
    figures = [figures_in(text) for text in cells.texts]
    spread = ["±" in text or "+/-" in text or "\\pm" in text for text in cells.texts]
    read = (scores.frame["experiment_origin"] != "recomputed").to_numpy()
    good = (scores.good("value", "sd", "printed") & read).tolist()
    values, sds, codes = scores.raw["value"].tolist(), scores.raw["sd"].tolist(), cells.codes.tolist()
    bad_values, bad_sds = [], []
    for row, code in enumerate(codes):
        if good[row] and figures[code]:
            if values[row] == values[row] and not _among(values[row], figures[code]):
                bad_values.append(row)
            if spread[code] and sds[row] == sds[row] and not _among(sds[row], figures[code]):
                bad_sds.append(row)

    def remedy(row: int) -> str:
        return f"printed reads {clean(table.raw.text(row, 'printed'))}; correct the one that is mistyped"

    rule = "the number is the figure as printed, to the digits printed"
    warn(table, bad_values, "value", rule, remedy, problems)
    warn(table, bad_sds, "sd", rule, remedy, problems)


def _among(number: float, figures: Sequence[tuple[float, int]]) -> bool:
    """Return whether a number is one of the figures, as it is or as a percentage of it, to the digits printed."""
    for figure, places in figures:
        room = 0.5 * 10.0**-places * (1 + 1e-6)
        for factor, slack in ((1, room), (100, room), (0.01, room)):
            if abs(abs(number) * factor - figure) <= slack:
                return True
    return False


def check_spread_possible(scores: Scores, problems: Problems) -> None:
    """A standard deviation of values between 0 and 1 is bounded by their mean."""
    table = scores.results
    if table is None:
        return
    bounded = {metric.key for metric in scores.vocabulary if metric.low == 0 and metric.high == 1}
    value, sd, n = (scores.frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("value", "sd", "n"))
    factor = np.where(n > 1, n / np.maximum(n - 1, 1), 2.0)
    with np.errstate(invalid="ignore"):
        limit = np.sqrt(np.clip(value * (1 - value), 0, None) * factor)
        broken = (sd > limit * 1.02 + 0.006) & scores.frame["metric"].isin(bounded).to_numpy()
    rows = np.flatnonzero(broken & scores.good("value", "sd", "metric"))
    warn(
        table, rows.tolist(), "sd", "values between 0 and 1 with this mean cannot vary so much",
        lambda row: f"check which is value and which sd, and the scale (value is {_text(table, row, 'value')}; "
        f"the largest sd possible is {limit[row]:.3g})", problems,
    )  # fmt: skip


def _text(table: ParsedTable, row: int, column: str) -> str:
    return clean(table.raw.text(row, column)) or "blank"


def check_copied_cells(scores: Scores, problems: Problems) -> None:
    """The same number in two columns of a row."""
    table = scores.results
    if table is None:
        return
    raw, n = scores.raw, scores.frame["n"].to_numpy(dtype=np.float64, na_value=np.nan)
    for column in ("sd", "se"):
        rows = np.flatnonzero((raw[column] == raw["value"]) & (raw[column] > 0) & scores.good("value", column))
        warn(table, rows.tolist(), column, f"{column} is not the value again", "read the two figures again", problems)
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((raw["sd"] == raw["se"]) & (raw["sd"] > 0) & ~(n <= 1) & scores.good("sd", "se"))
    warn(table, rows.tolist(), "se", "se is smaller than sd", "check which of the two is printed", problems)


def check_standard_error(scores: Scores, problems: Problems) -> None:
    """Where sd, se and n are given, they fit together."""
    table = scores.results
    if table is None:
        return
    sd, se, n = (scores.frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("sd", "se", "n"))
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = sd / np.sqrt(n)
        room = 0.1 * expected + _rounding(scores, "se") + _rounding(scores, "sd") / np.sqrt(n)
        broken = (np.abs(se - expected) > room) & (sd != se)
    rows = np.flatnonzero(broken & scores.good("sd", "se", "n"))
    warn(
        table, rows.tolist(), "se", "a standard error is sd / sqrt(n)",
        lambda row: f"check sd, se and n (sd/sqrt(n) is {expected[row]:.3g} as a proportion or native)", problems,
    )  # fmt: skip


def _rounding(scores: Scores, column: str) -> Numbers:
    """Return half a unit of the last digit of a column, on the scale of the vocabulary."""
    table = scores.results
    if table is None or column not in table.raw.columns:
        return np.zeros(len(scores.frame))
    cells = table.raw.columns[column]
    places = np.array([len(clean(text).rstrip("%").replace(",", ".").partition(".")[2]) for text in cells.texts])
    percent = (scores.frame["scale"] == "percent").to_numpy()
    half: Numbers = 0.5 * 10.0 ** -places.astype(np.float64)[cells.codes]
    return half * np.where(percent, 0.01, 1.0)


def check_interval_of_sd(scores: Scores, problems: Problems) -> None:
    """An interval of value ± 1.96 sd over several units says that sd is a standard error."""
    table = scores.results
    if table is None:
        return
    sd, low, high, n = (
        scores.frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("sd", "ci_low", "ci_high", "n")
    )
    with np.errstate(invalid="ignore"):
        half = (high - low) / 2
        room = 0.03 * half + _Z * _rounding(scores, "sd") + _rounding(scores, "ci_low")
        broken = (np.abs(half - _Z * sd) <= room) & (n >= 5) & (sd > 0)
    rows = np.flatnonzero(broken & scores.good("sd", "ci_low", "ci_high", "n"))
    warn(
        table, rows.tolist(), "sd", "the interval is value ± 1.96 sd, so sd is a standard error",
        "move it to se, if that is what is printed", problems,
    )  # fmt: skip


def check_lopsided(scores: Scores, problems: Problems) -> None:
    """One arm of an interval is more than ten times the other."""
    table = scores.results
    if table is None:
        return
    value, low, high = (
        scores.frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("value", "ci_low", "ci_high")
    )
    room = _rounding(scores, "value") + _rounding(scores, "ci_low")
    with np.errstate(invalid="ignore"):
        below, above = value - low, high - value
        short, long = np.minimum(below, above), np.maximum(below, above)
        broken = (long > 10 * (short + room)) & (short >= 0)
    rows = np.flatnonzero(broken & scores.good("value", "ci_low", "ci_high"))
    remedy = "check the digits of value and limits"
    warn(table, rows.tolist(), "ci_low", "the two arms of an interval are of like length", remedy, problems)


def check_same_study(scores: Scores, problems: Problems) -> None:
    """Two studies with one DOI, or with one title and year."""
    table = scores.tables.get("studies")
    if table is None or not len(table.raw):
        return
    frame, lines = table.frame, table.raw.lines
    for column, keys in (
        ("doi", frame["doi"].str.lower()),
        ("title", frame["title"].str.lower().str.replace(r"\W+", " ", regex=True) + frame["year"].astype("str")),
    ):
        first: dict[str, int] = {}
        given = frame[column].notna().tolist()
        for row, key in enumerate(map(str, keys.tolist())):
            if not given[row]:
                continue
            other = first.setdefault(key, row)
            if other != row:
                remedy = f"is it the study of line {lines[other]} ({frame['study_id'].iloc[other]})? Then keep one"
                warn(table, [row], column, f"two studies have two {column}s", remedy, problems)


def check_year_of_id(scores: Scores, problems: Problems) -> None:
    """The year in the id of a study is its year."""
    table = scores.tables.get("studies")
    if table is None:
        return
    years = table.frame["year"].tolist()
    rows = []
    for row, name in enumerate(table.frame["study_id"].fillna("").tolist()):
        found, year = _YEAR.findall(name), years[row]
        if len(found) == 1 and isinstance(year, int) and abs(int(found[0]) - year) > 1:
            rows.append(row)
    warn(table, rows, "year", "the year is the one in the id, or next to it", "check the year", problems)


def check_locator_form(scores: Scores, problems: Problems) -> None:
    """Parts of locators that almost have a known form."""
    for table in scores.tables.values():
        cells = table.raw.columns.get("locator")
        if cells is None:
            continue
        advice = {}
        for index, text in enumerate(cells.texts):
            found = [(part.strip(), suggest_form(part)) for part in clean(text).split(";")]
            said = [f"{known} for {part}" for part, known in found if known]
            if said:
                advice[index] = "; ".join(said)
        rows = np.flatnonzero(np.isin(cells.codes, list(advice)) & table.good("locator"))
        codes = cells.codes
        warn(
            table, rows.tolist(), "locator", "a page, table, figure or line is written in one way",
            lambda row, codes=codes, advice=advice: f"write {advice[int(codes[row])]}", problems,  # type: ignore[misc]
        )  # fmt: skip
