"""Make docs/figures/convention_spread.csv and .svg: one name, several numbers, on real pairs of volumes.

    METAREVIEW_EM_DATA=folder python docs/convention_spread.py    scores the pairs again, then draws
    python docs/convention_spread.py                              draws from the committed CSV

The CSV holds scores only; the labels' terms do not allow them here.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HERE = Path(__file__).parent / "figures"
COLUMNS = ("pair", "metric", "convention", "value", "unit")
FIB25 = "FIB-25, FFN result"
LUCCHI = "Lucchi, U-Net"
ISBI = "ISBI-2012, membranes 1 px too thick"
#: panel title, pair, metric, conventions shown (None: all of the CSV)
PANELS = (
    ("ARAND (lower is better)", FIB25, "arand"),
    ("VOI in bits (lower is better)", FIB25, "voi"),
    ("V_Rand (higher is better)", ISBI, "vrand"),
    ("AP-75 (higher is better)", LUCCHI, "ap75"),
)


def rows_of(pair: str, prediction: Any, truth: Any, names: list[str], **options: Any) -> list[list[str]]:
    """Score one pair; one row per convention, in bits where there is a choice."""
    from metareview.evaluation import score_volumes

    result = score_volumes(prediction, truth, names, **options)
    return [
        [pair, row.metric, row.convention, "" if row.value is None else f"{row.value:.6f}", row.unit]
        for row in result.rows
        if row.unit != "nats" and not row.convention.endswith("distinct")
    ]


def scored(data: Path) -> list[list[str]]:
    """Score the three pairs."""
    import tifffile
    from scipy.ndimage import binary_erosion

    from metareview.evaluation.thinning import section_components

    fib25 = [data / "fib25_training_sample2" / name for name in ("ffn_sample_seg_250.tif", "gt_bodies_250.tif")]
    lucchi = [data / "lucchi_test_labels" / f"lucchi_{name}.h5:main" for name in ("pred_UNet_label_test", "gt_test")]
    cells = tifffile.imread(data / "isbi2012" / "train-labels.tif") > 0
    thick = np.stack([binary_erosion(section) for section in cells])
    return [
        *rows_of(FIB25, *fib25, ["arand", "voi", "voi_split", "voi_merge", "vinfo"], resolution=(10, 10, 10)),
        *rows_of(ISBI, section_components(thick), section_components(cells), ["vrand", "arand", "vinfo"]),
        *rows_of(LUCCHI, *lucchi, ["ap50", "ap75", "ap", "jaccard", "dice", "instance_f1:iou75"]),
    ]


def metric_is_bounded(metric: str) -> bool:
    """Whether values beyond 1 do not exist, so that no tick should stand there."""
    from metareview.schema.metric import default_vocabulary

    return default_vocabulary()[metric].high == 1.0


def draw_panel(rows: list[dict[str, str]], title: str, ax: Axes) -> None:
    """Draw one metric: a dot per convention, in order of value."""
    from matplotlib import ticker

    rows = sorted(rows, key=lambda row: (float(row["value"]), row["convention"]))
    values = [float(row["value"]) for row in rows]
    places = range(len(rows))
    ax.hlines(places, 0, values, color="#d0d4da", linewidth=1.2)
    ax.plot(values, places, "o", color="#1b5e8c", markersize=6)
    for place, value in zip(places, values, strict=True):
        ax.annotate(f"{value:.3f}", (value, place), (7, 0), textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(list(places), [row["convention"] for row in rows], fontsize=8.5, family="DejaVu Sans Mono")
    ax.set_title(f"{title}\n{rows[0]['pair']}", fontsize=10, loc="left")
    ax.set_xlim(0, max(values) * 1.22)
    ax.xaxis.set_major_locator(ticker.MaxNLocator(5))
    if metric_is_bounded(rows[0]["metric"]):
        ax.set_xticks([tick for tick in ax.get_xticks() if 0.0 <= tick <= 1.0])
    ax.margins(y=0.08)
    ax.tick_params(axis="x", labelsize=8)
    ax.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def draw(table: list[dict[str, str]], path: Path) -> None:
    """Draw the four panels; the same table gives the same bytes."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "metareview", "svg.fonttype": "path"})
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(10, 6.4), layout="constrained", gridspec_kw={"height_ratios": [10, 8]})
    for (title, pair, metric), ax in zip(PANELS, axes.flat, strict=True):
        chosen = [row for row in table if row["pair"] == pair and row["metric"] == metric and row["value"]]
        draw_panel(chosen, title, ax)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def main() -> None:
    """Score where there is data, then draw."""
    HERE.mkdir(exist_ok=True)
    table = HERE / "convention_spread.csv"
    if data := os.environ.get("METAREVIEW_EM_DATA"):
        with table.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(scored(Path(data)))
    with table.open(encoding="utf-8", newline="") as stream:
        draw(list(csv.DictReader(stream)), HERE / "convention_spread.svg")


if __name__ == "__main__":
    main()
