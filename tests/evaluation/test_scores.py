"""`scores`: names, conventions, what is missing and why, the spread, and the JSON that carries it all."""

from __future__ import annotations

import re

import numpy as np
import pytest

from metareview.errors import InputError, UnknownName
from metareview.evaluation import (
    ScoreResult,
    contingency_table,
    map_over,
    object_table,
    score_volumes,
    scores,
    table_rules,
)
from metareview.evaluation.listing import listing_json, listing_text
from metareview.evaluation.pair import all_rules
from metareview.evaluation.voxels import Settings
from metareview.schema.metric import default_vocabulary

Pair = tuple[np.ndarray, np.ndarray]


def test_every_metric_is_in_the_vocabulary_and_every_id_is_a_slug() -> None:
    vocabulary = default_vocabulary()
    slug = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
    for rule in all_rules(Settings(resolution=(40.0, 4.0, 4.5))).values():
        assert vocabulary[rule.metric].key == rule.metric
        assert slug.fullmatch(rule.convention), rule.name
        assert rule.metric not in rule.convention.split("."), "the id never contains the metric"
        assert rule.meaning


def test_values_lie_in_the_range_of_the_vocabulary(blob: Pair) -> None:
    vocabulary = default_vocabulary()
    result = scores(contingency_table(*blob))
    assert len(result.rows) == len(table_rules()) == result.k_in
    for row in result.rows:
        metric = vocabulary[row.metric]
        assert row.value is not None
        assert metric.low is None or row.value >= metric.low, row.name
        assert metric.high is None or row.value <= metric.high + 1e-12, row.name


def test_a_volume_against_itself_is_perfect(blob: Pair) -> None:
    vocabulary = default_vocabulary()
    for row in scores(contingency_table(blob[1], blob[1])).rows:
        if row.value is None or {"snemi", "cremi"} & set(row.convention.split(".")):
            continue  # unassigned voxels as single segments cost recall also where the truth is unassigned
        best = {"higher": 1.0, "lower": 0.0}[vocabulary[row.metric].direction]
        assert row.value == pytest.approx(best, abs=1e-12), row.name


def test_frame(blob: Pair) -> None:
    frame = scores(contingency_table(*blob), ["ARE", "VI"], ["gt0", "bits.gt0"]).to_frame()
    assert frame["metric"].tolist() == ["arand", "voi"]
    assert frame["convention"].tolist() == ["gt0", "bits.gt0"]
    assert frame["unit"].tolist() == ["", "bits"]
    assert frame["value"].between(0, 10).all()


def test_all_is_every_convention_and_as_one_of_several_the_rule(blob: Pair) -> None:
    table = contingency_table(*blob)
    assert len(scores(table, ["arand"], "all").rows) > 4
    assert len(scores(table, ["arand"], ["all"]).rows) > 4
    assert [row.convention for row in scores(table, ["arand"], ["gt0", "all"]).rows] == ["gt0", "all"]
    assert [row.convention for row in scores(table, ["arand:all"]).rows] == ["all"]


def test_spread(blob: Pair) -> None:
    result = scores(contingency_table(*blob), ["arand", "voi"])
    spread = result.spread().set_index(["metric", "unit"])
    values = [row.value for row in result.rows if row.metric == "arand"]
    row = spread.loc[("arand", "")]
    assert (row["low"], row["high"], row["conventions"]) == (min(values), max(values), len(values))
    assert set(spread.index) == {("arand", ""), ("voi", "bits"), ("voi", "nats")}
    assert result.value("arand", row["low_convention"]) == row["low"]


def test_bits_are_nats(blob: Pair) -> None:
    result = scores(contingency_table(*blob), ["voi"])
    for rule in ("gt0", "snemi", "fg", "all"):
        bits, nats = result.value("voi", f"bits.{rule}"), result.value("voi", f"nats.{rule}")
        assert bits is not None
        assert nats == pytest.approx(bits * np.log(2.0))


def test_json_round_trip(blob: Pair) -> None:
    result = scores(contingency_table(*blob))
    again = ScoreResult.from_json(result.to_json())
    assert (again.rows, again.extent, again.warnings) == (result.rows, result.extent, result.warnings)
    assert again.to_json() == result.to_json()


def test_what_does_not_exist_is_none_with_a_reason() -> None:
    result = scores(contingency_table(np.array([1, 1]), np.array([0, 0])), ["arand", "dice"], ["gt0", "all", "fg"])
    assert result.value("arand", "gt0") is None
    assert "arand:gt0 does not exist for this pair: no voxel is counted under this background rule" in result.warnings
    assert result.value("dice", "fg") == 0.0
    assert "does not exist" in result.summary()
    assert np.isnan(result.to_frame().set_index("convention").loc["gt0", "value"])


def test_given_confidence_adds_a_convention(blob: Pair) -> None:
    table = contingency_table(*blob)
    sizes = dict(zip(*np.unique(blob[0], return_counts=True), strict=True))
    given = {"net-a": {int(key): float(value) for key, value in sizes.items()}}
    result = scores(table, ["ap75"], confidence=given)
    assert result.value("ap75", "coco.net-a") == result.value("ap75", "coco.size")
    assert "coco.net-a" not in {row.convention for row in scores(table, ["ap75"]).rows}


@pytest.mark.parametrize(
    ("metrics", "conventions", "error", "message"),
    [
        (["arnd"], "all", UnknownName, "metric 'arnd' is not known; did you mean 'arand'"),
        (["arand"], "gt00", UnknownName, "convention 'gt00' is not known; did you mean 'gt0'"),
        (["arand"], "bits.gt0", UnknownName, "convention of arand 'bits.gt0' is not known"),
        (["arand:thin"], "all", UnknownName, "convention of arand 'thin' is not known"),
        (["runtime"], "all", UnknownName, "metric to compute 'runtime' is not known"),
        (["WE"], "all", UnknownName, "metric 'WE' is not known"),
        (["cldice"], "all", InputError, "cldice needs more than a contingency table; call score_volumes"),
        (["warping error"], "all", InputError, "cannot be recomputed: it asks for the least disagreement over all"),
    ],
)
def test_messages(blob: Pair, metrics: list[str], conventions: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        scores(contingency_table(*blob), metrics, conventions)


def test_an_unknown_score_of_a_result(blob: Pair) -> None:
    with pytest.raises(UnknownName, match="score 'arand:fg' is not known; did you mean 'arand:gt0'"):
        scores(contingency_table(*blob), ["arand"], ["gt0"]).value("arand", "fg")


def test_listing() -> None:
    text = listing_text()
    assert "arand:gt0" in text
    assert "erl:tol50.voxels" in text
    assert "not recomputable: warping_error cannot be recomputed" in text
    assert (
        listing_text(["ARE"]).count("\n") == len([rule for rule in all_rules().values() if rule.metric == "arand"]) + 2
    )
    assert '"convention": "bits.gt0"' in listing_json(["voi"])


def test_map_over_images(blob: Pair) -> None:
    tables = {
        "good": contingency_table(blob[1], blob[1]),
        "bad": contingency_table(*blob),
        "empty": contingency_table(blob[0], np.zeros_like(blob[1])),
    }
    result = map_over(tables, "images")
    single = scores(tables["bad"], ["ap"])
    for convention in ("dsb", "coco.size"):
        parts = [1.0, single.value("ap", convention), 0.0]
        if convention != "dsb":
            parts.pop()  # without objects in the truth COCO's AP does not exist
            assert f"map:images.{convention}: empty has no value" in result.warnings
        assert result.value("map", f"images.{convention}") == pytest.approx(np.mean(parts))
    with pytest.raises(InputError, match="at least one table"):
        map_over({}, "classes")


def test_object_table(blob: Pair) -> None:
    table = contingency_table(*blob)
    for side, metric in (("truth", "voi_split"), ("prediction", "voi_merge")):
        frame = object_table(table, side)  # type: ignore[arg-type]
        assert frame["voi_bits"].sum() == pytest.approx(scores(table, [metric], ["bits.fg"]).value(metric, "bits.fg"))
        assert frame["voxels"].sum() == (blob[0 if side == "prediction" else 1] > 0).sum()
    frame = object_table(table)
    sa = scores(table, ["instance_f1:iou50"]).value("instance_f1", "iou50")
    hits = int((frame["iou"] >= 0.5).sum())
    assert sa == pytest.approx(2 * hits / (len(frame) + len(object_table(table, "prediction"))))
    with pytest.raises(UnknownName, match="side 'both' is not known"):
        object_table(table, "both")  # type: ignore[arg-type]


def test_object_without_a_partner() -> None:
    frame = object_table(contingency_table(np.array([0, 0, 2]), np.array([7, 7, 0])))
    assert frame["best"].isna().tolist() == [True]
    assert frame[["id", "background", "pieces", "iou"]].to_numpy().tolist() == [[7.0, 2.0, 0.0, 0.0]]


def test_gt0_grows_with_the_volume_and_snemi_does_not() -> None:
    """Why arand:gt0 cannot be compared across volume sizes: tiling a pair makes its background a larger merger."""
    truth = np.repeat(np.arange(1, 9), 10)
    prediction = truth.copy()
    prediction[::5] = 0
    once = scores(contingency_table(prediction, truth), ["arand"])
    tiles = range(8)
    tiled = scores(
        contingency_table(
            np.concatenate([np.where(prediction > 0, prediction + 100 * k, 0) for k in tiles]),
            np.concatenate([truth + 100 * k for k in tiles]),
        ),
        ["arand"],
    )
    for rule in ("snemi", "fg"):
        assert tiled.value("arand", rule) == pytest.approx(once.value("arand", rule))
    assert (tiled.value("arand", "gt0") or 0) > 2 * (once.value("arand", "gt0") or 0)


def test_fg_can_be_gamed(blob: Pair) -> None:
    """Leaving voxels unassigned improves `fg`; the background share beside it tells."""
    prediction, truth = blob
    from scipy.ndimage import minimum_filter

    timid = np.where(minimum_filter(prediction, 3) == prediction, prediction, 0)
    before, after = (score_volumes(p, truth, ["arand"], ["fg", "gt0"]) for p in (prediction, timid))
    assert (after.value("arand", "fg") or 0) < (before.value("arand", "fg") or 0)
    assert (after.value("arand", "gt0") or 0) > (before.value("arand", "gt0") or 0)
    assert after.extent.prediction_background > 2 * before.extent.prediction_background
