"""Re-runs against each other as a table: both sides, what is better, what must be known of them, in every format."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd
import pytest

from metareview.report.registry import build_view
from metareview.report.tables import render
from metareview.report.views.base import View
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.contrasts import compute_contrasts

SPEC = ReviewSpec(id="r", title="t", question="q")
RUNS = {
    "net": {"arand": [0.10, 0.11, 0.12], "dice": [0.9, 0.91, 0.92]},
    "forest": {"arand": [0.20, 0.21, 0.22], "dice": [0.9, 0.91, 0.93]},
    "full": {"arand": [0.05, 0.06, 0.07]},
}


def experiment(name: str, **more: Any) -> dict[str, Any]:
    base = {"experiment_id": f"rerun.{name}", "method": name, "setting": "small preset", "dataset_id": "fib-25",
            "target": "neurons", "split": "block, 1 fold", "origin": "rerun", "note": f"{name} departs"}  # fmt: skip
    return base | more


@pytest.fixture(scope="module")
def view() -> View:
    """Two methods and a published segmentation on one split, and one method on another split."""
    experiments = [experiment("net"), experiment("forest"), experiment("full", split="block, 5 folds"),
                   experiment("=ffn", setting=None, origin="recomputed", note=None)]  # fmt: skip
    results = [
        {"experiment_id": f"rerun.{name}", "metric": metric, "convention": "fg", "unit": f"seed:{seed}", "value": value}
        for name, metrics in RUNS.items() for metric, values in metrics.items() for seed, value in enumerate(values)
    ]  # fmt: skip
    results.append({"experiment_id": "rerun.=ffn", "metric": "arand", "convention": "fg", "unit": None, "value": 0.04,
                    "n": 1, "n_of": "segmentation"})  # fmt: skip
    tables = {"rerun_experiments": pd.DataFrame(experiments), "rerun_results": pd.DataFrame(results),
              "datasets": pd.DataFrame([{"dataset_id": "fib-25", "name": "FIB 25"}])}  # fmt: skip
    results_by_name = {"rerun_contrasts": compute_contrasts(tables, SPEC)}
    return build_view("rerun-contrasts", tables, results_by_name, SPEC)


def test_one_row_per_pair_and_metric(view: View) -> None:
    assert view.name == "rerun-contrasts"
    assert view.group == "dataset"
    first, second = view.values("first"), view.values("second")
    assert list(zip(first, second, view.values("metric"), strict=True)) == [
        ("net (small preset)", "forest (small preset)", "ARAND:fg"),
        ("net (small preset)", "=ffn", "ARAND:fg"),
        ("forest (small preset)", "=ffn", "ARAND:fg"),
        ("net (small preset)", "forest (small preset)", "Dice:fg"),
    ]
    assert view.values("verdict") == (
        "first is better", "second is better", "second is better", "no difference shown"
    )  # fmt: skip
    cell = view.cells("difference")[0]
    assert cell.value == pytest.approx(-0.1)
    assert cell.low is not None
    assert cell.high is not None
    assert cell.low < -0.1 < cell.high < 0
    assert len(cell.refs) == 6  # every run of both sides


def test_the_better_one_is_marked_where_there_is_one(view: View) -> None:
    marks = [
        (one.mark, two.mark) for one, two in zip(view.cells("first_value"), view.cells("second_value"), strict=True)
    ]
    assert marks == [("best derived", "derived"), ("derived", "best derived"), ("derived", "best derived"),
                     ("derived", "derived")]  # fmt: skip


def test_a_fixed_number_says_so(view: View) -> None:
    assert view.values("second_n")[1] == 1
    assert view.cells("second_sd")[1].value is None
    assert "scored once" in view.cells("second_n")[1].note
    assert "second is a fixed number" in str(view.values("why")[1])


def test_what_stands_under_it(view: View) -> None:
    notes = "\n".join(view.notes)
    assert "Verdicts: 1 first is better, 1 no difference shown, 2 second is better." in notes
    assert "FIB 25: neurons, block, 1 fold" in notes
    assert "net (small preset): net departs." in notes
    assert "k = 3 of 6" in notes
    assert "ARAND: Adapted Rand error" in notes
    assert "Holm" in notes
    assert {row.reason for row in view.dropped} == {"other split: block, 1 fold against block, 5 folds",
                                                    "other split: block, 5 folds against block, 1 fold"}  # fmt: skip
    (warning,) = view.warnings
    assert "noise of training" in warning


def test_every_format(view: View) -> None:
    for kind in ("md", "tex", "html"):
        assert "first is better" in render(view, kind)
        assert "rerun.forest" not in render(view, kind)  # ids are for programs
    rows = list(csv.DictReader(io.StringIO(render(view, "csv"))))
    assert rows[0]["first_runs"] == "0.1; 0.11; 0.12"
    assert rows[0]["second_id"] == "rerun.forest"
    assert float(rows[0]["p"]) < float(rows[0]["p_holm"])
    assert rows[0]["family"] == "3"
    assert rows[1]["second"] == "'=ffn"  # no formula in a spreadsheet
