"""Doubts that take several rows: related metrics of one experiment, and values beside others of their kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from metareview.curation.doubts_within import warn
from metareview.curation.scores import Numbers, Scores, robust_z
from metareview.ingest.cells import clean
from metareview.ingest.problems import Problems

__all__ = [
    "check_digits",
    "check_duplicates",
    "check_f1",
    "check_jaccard_dice",
    "check_outliers",
    "check_scale_mixed",
    "check_sd_like_se",
    "check_sd_scale",
    "check_voi_arand",
    "check_voi_sum",
]

Rows = npt.NDArray[np.int64]
#: What makes two results the same evaluation, but for the metric.
_EVALUATION = ["experiment_id", "level", "unit", "source_id"]
#: Beyond this robust z a value is an outlier.
OUTLIER = 5.0
#: Smallest robust spread on the logit or log scale: in groups that agree to a few per cent nothing is an outlier yet.
FLOOR = 0.25


def _pairs(scores: Scores, metrics: Sequence[str], same: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """Yield the rows of these metrics that belong to one evaluation, in the order of `metrics`."""
    good = scores.good("metric", "value", "experiment_id", "source_id", "unit", "level")
    frame = scores.frame.loc[good & scores.frame["metric"].isin(metrics).to_numpy()]
    tables = [frame[frame["metric"] == metric].drop_duplicates(list(same)) for metric in metrics]
    joined = tables[0][[*same, "row"]].rename(columns={"row": "row_0"})
    for place, table in enumerate(tables[1:], 1):
        joined = joined.merge(table[[*same, "row"]].rename(columns={"row": f"row_{place}"}), on=list(same))
    yield from joined[[f"row_{place}" for place in range(len(metrics))]].itertuples(index=False, name=None)


def _half(scores: Scores, row: int) -> float:
    """Return half a unit of the last digit of a value, on the scale of the vocabulary."""
    half = float(0.5 * 10.0 ** -float(scores.decimals[row]))
    return half / 100 if scores.frame["scale"].iat[row] == "percent" else half


def _says(scores: Scores, row: int) -> str:
    table = scores.results
    return "" if table is None else f"{table.frame['metric'].iat[row]} {clean(table.raw.text(row, 'value'))}"


def check_jaccard_dice(scores: Scores, problems: Problems) -> None:
    """Jaccard lies between Dice/(2 - Dice) and Dice: equality below per image, Jensen above for means."""
    table = scores.results
    if table is None:
        return
    value: Numbers = scores.frame["value"].to_numpy()
    other: dict[int, int] = {}
    for dice_metric in ("dice", "f1"):
        for jaccard, dice in _pairs(scores, ("jaccard", dice_metric), [*_EVALUATION, "convention"]):
            room, d = _half(scores, jaccard) + 2 * _half(scores, dice), value[dice]
            if dice_metric == "f1" and scores.frame["convention"].iat[dice] == "unstated":
                continue  # F1 may be over objects or pairs there
            low = d / (2 - d) if d < 2 else d
            if value[jaccard] > d + room or value[jaccard] < low - room:
                other[jaccard] = dice
    warn(
        table, sorted(other), "value", "Jaccard is at most Dice, and at least Dice / (2 - Dice)",
        lambda row: f"check both, and whether they are exchanged ({_says(scores, other[row])})", problems,
    )  # fmt: skip


def check_f1(scores: Scores, problems: Problems) -> None:
    """F1 lies between precision and recall."""
    table = scores.results
    if table is None:
        return
    value: Numbers = scores.frame["value"].to_numpy()
    other: dict[int, str] = {}
    for f1, precision, recall in _pairs(scores, ("f1", "precision", "recall"), [*_EVALUATION, "convention"]):
        ends = sorted((value[precision], value[recall]))
        room = _half(scores, f1) + max(_half(scores, precision), _half(scores, recall))
        if not ends[0] - room <= value[f1] <= ends[1] + room:
            other[f1] = f"{_says(scores, precision)}, {_says(scores, recall)}"
    warn(
        table, sorted(other), "value", "F1 lies between precision and recall (a mean over images may lie below both)",
        lambda row: f"check the three figures ({other[row]})", problems,
    )  # fmt: skip


def check_voi_sum(scores: Scores, problems: Problems) -> None:
    """VOI is the sum of its two parts."""
    table = scores.results
    if table is None:
        return
    value: Numbers = scores.frame["value"].to_numpy()
    other: dict[int, str] = {}
    for whole, split, merge in _pairs(scores, ("voi", "voi_split", "voi_merge"), [*_EVALUATION, "convention"]):
        room = sum(_half(scores, row) for row in (whole, split, merge)) * 1.01
        if abs(value[whole] - value[split] - value[merge]) > room:
            other[whole] = f"{_says(scores, split)}, {_says(scores, merge)}"
    warn(
        table, sorted(other), "value", "VOI is the sum of voi_split and voi_merge",
        lambda row: f"check the three figures ({other[row]})", problems,
    )  # fmt: skip


def check_voi_arand(scores: Scores, problems: Problems) -> None:
    """VOI (bits or nats) is above ARAND of the same segmentation."""
    table = scores.results
    if table is None:
        return
    value: Numbers = scores.frame["value"].to_numpy()
    other = {
        voi: arand for voi, arand in _pairs(scores, ("voi", "arand"), _EVALUATION) if value[voi] <= value[arand] > 0
    }
    warn(
        table, sorted(other), "value", "VOI is above ARAND of the same segmentation",
        lambda row: f"check whether the two are exchanged ({_says(scores, other[row])})", problems,
    )  # fmt: skip


def _groups(scores: Scores, columns: Sequence[str], rows: npt.NDArray[np.bool_], least: int) -> Iterator[Rows]:
    """Yield the rows of each group that has at least so many."""
    chosen = scores.frame.loc[rows]
    for _, group in chosen.groupby(list(columns), dropna=False, sort=False)["row"]:
        if len(group) >= least:
            yield group.to_numpy()


def check_sd_like_se(scores: Scores, problems: Problems) -> None:
    """A standard deviation that is smaller than its peers by the root of n."""
    table = scores.results
    if table is None:
        return
    sd, n = (scores.frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("sd", "n"))
    found: dict[int, float] = {}
    for rows in _groups(scores, ("metric", "source_id", "n_of"), (sd > 0) & (n >= 10) & scores.good("sd", "n"), 6):
        logs = np.log(sd[rows])
        ratio = np.exp(logs - np.median(logs)) * np.sqrt(n[rows])
        like = (logs - np.median(logs) < np.log(0.45)) & (np.abs(np.log(ratio)) < np.log(1.8))
        found.update({int(row): float(np.exp(np.median(logs))) for row in rows[like]})
    warn(
        table, sorted(found), "sd", "a standard deviation is like those of its metric in its source",
        lambda row: f"is it a standard error (sd / sqrt(n))? The others have a median of {found[row]:.3g}, n is "
        f"{n[row]:g}; then move it to se", problems,
    )  # fmt: skip


def check_sd_scale(scores: Scores, problems: Problems) -> None:
    """A standard deviation on another scale than its peers: a factor of a hundred."""
    table = scores.results
    if table is None:
        return
    for column in ("sd", "se"):
        spread = scores.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        found: dict[int, float] = {}
        for rows in _groups(scores, ("metric", "source_id"), (spread > 0) & scores.good(column, "scale"), 4):
            ratio = spread[rows] / np.median(spread[rows])
            off = ((ratio > 50) & (ratio < 200)) | ((ratio > 1 / 200) & (ratio < 1 / 50))
            found.update({int(row): float(np.median(spread[rows])) for row in rows[off]})
        warn(
            table, sorted(found), column, f"{column} is on the scale of its row, as value is",
            lambda row, found=found: "is it a percentage beside a proportion? The others of its metric and source have "  # type: ignore[misc]
            f"a median of {found[row]:.3g} (as a proportion or native)", problems,
        )  # fmt: skip


def check_scale_mixed(scores: Scores, problems: Problems) -> None:
    """A proportion in a column of percentages."""
    table = scores.results
    if table is None:
        return
    raw = scores.raw["value"]
    percent = (scores.frame["scale"] == "percent").to_numpy() & scores.good("value", "scale")
    found: list[int] = []
    for rows in _groups(scores, ("metric", "source_id"), percent, 3):
        if np.median(raw[rows]) > 15:
            found.extend(int(row) for row in rows[(raw[rows] > 0) & (raw[rows] <= 1)])
    remedy = "set scale to proportion for this row, or write the percentage"
    warn(table, sorted(found), "value", "the rows of one metric and source have one scale", remedy, problems)


def _spread_out(values: Numbers, low: float | None, high: float | None) -> Numbers:
    """Return values on a scale without bounds: logit between 0 and 1, log above 0, as they are otherwise."""
    if low == 0 and high == 1:
        kept = np.clip(values, 0.001, 0.999)
        return np.asarray(np.log(kept / (1 - kept)))
    return np.log(np.clip(values, 1e-4, None)) if low == 0 else values


def _gap(values: Numbers) -> Numbers:
    """Return the distance of each value to the nearest other one."""
    order = np.argsort(values)
    steps = np.diff(values[order])
    gaps = np.empty(len(values))
    gaps[order] = np.minimum(np.r_[np.inf, steps], np.r_[steps, np.inf])
    return gaps


def check_outliers(scores: Scores, problems: Problems) -> None:
    """A value far from all others of its data set, target, metric and convention."""
    table = scores.results
    if table is None:
        return
    frame = scores.frame
    kept = frame["level"].isin(["cell"]).to_numpy() & scores.good("value", "metric", "convention", "experiment_id")
    kept &= (frame["experiment_dataset_id"] != "").to_numpy()
    by = ("experiment_dataset_id", "experiment_target", "metric", "convention")
    found: dict[int, tuple[float, float, int]] = {}
    for rows in _groups(scores, by, kept, 8):
        metric = scores.vocabulary.find(str(frame["metric"].iat[rows[0]]))
        values: Numbers = frame["value"].to_numpy()[rows]
        scaled = _spread_out(values, metric.low if metric else None, metric.high if metric else None)
        z = robust_z(scaled, floor=FLOOR)
        for place in np.flatnonzero((np.abs(z) > OUTLIER) & (_gap(z) > OUTLIER / 2)):
            found[int(rows[place])] = (float(np.median(values)), float(z[place]), len(rows))
    warn(
        table, sorted(found), "value", "a value is near the others of its data set, target, metric and convention",
        lambda row: f"read it again: the median of {found[row][2]} is {found[row][0]:.3g} "
        f"(robust z {found[row][1]:.1f})", problems,
    )  # fmt: skip


def check_duplicates(scores: Scores, problems: Problems) -> None:
    """Two experiments of one source with the same figures: a row copied and not filled in."""
    table = scores.results
    if table is None:
        return
    frame = scores.frame
    good = scores.good("value", "sd", "experiment_id") & (frame["experiment_repeats"] == "").to_numpy()
    long = _digits(scores) >= 3
    key = ["source_id", "metric", "convention", "unit", "value", "sd", "printed"]
    chosen = frame.loc[good & long, [*key, "experiment_id", "row"]]
    again = chosen[chosen.duplicated(key, keep=False)]
    partners: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for _, group in again.groupby(key, dropna=False, sort=False):
        firsts = group.drop_duplicates("experiment_id")
        pairs = list(zip(firsts["experiment_id"].tolist(), firsts["row"].tolist(), strict=True))
        for place, (name, row) in enumerate(pairs[1:6], 1):
            before, other = pairs[place - 1]
            partners.setdefault((before, name), []).append((other, row))
    digits, spread = _digits(scores), frame["sd"].to_numpy(dtype=np.float64)
    found = {
        row: other
        for rows in partners.values()
        for other, row in rows
        if len(rows) >= 3 or digits[row] >= 5 or (spread[row] > 0 and digits[row] >= 4)
    }
    lines = table.raw.lines
    warn(
        table, sorted(found), "value", "two experiments of one source do not have the same figures",
        lambda row: f"line {lines[found[row]]} has them, too; read the two again", problems,
    )  # fmt: skip


def _digits(scores: Scores) -> npt.NDArray[np.int64]:
    """Return the significant digits of each value as typed."""
    table = scores.results
    if table is None or "value" not in table.raw.columns:
        return np.zeros(len(scores.frame), dtype=np.int64)
    cells = table.raw.columns["value"]
    counts = [sum(map(str.isdigit, clean(text).lstrip("-0.,").rstrip("%"))) for text in cells.texts]
    return np.array(counts, dtype=np.int64)[cells.codes]


def check_digits(scores: Scores, problems: Problems) -> None:
    """A value with two decimals less than nearly all others of its source and metric."""
    table = scores.results
    if table is None:
        return
    found: dict[int, int] = {}
    good = scores.good("value", "metric", "source_id")
    for rows in _groups(scores, ("source_id", "metric", "scale"), good, 8):
        places = scores.decimals[rows]
        usual = int(np.quantile(places, 0.1, method="lower"))
        if 2 <= usual <= 6:
            found.update({int(row): usual for row in rows[places <= usual - 2]})
    warn(
        table, sorted(found), "value", "the values of one source and metric have as many decimals",
        lambda row: f"add the digits that are lost: the others have {found[row]}", problems,
    )  # fmt: skip
