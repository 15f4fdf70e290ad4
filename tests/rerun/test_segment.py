"""Segmenters on perfect and on published predictions, and the choice of a threshold."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_rerun_specs import spec_of

from metareview.errors import InputError, MissingExtra, NotEstimable, UnknownName
from metareview.evaluation import score_volumes
from metareview.rerun.data import Volume
from metareview.rerun.run import choose_on_validation
from metareview.rerun.segment import SEGMENTERS, _edge_costs, segment, sweep
from metareview.rerun.targets import LEE_OFFSETS, grow_boundary, make_target
from metareview.rerun.thresholds import best_place, edge_warning

#: what a segmenter needs besides NumPy and SciPy: module, extra
LIBRARIES = {
    "watershed": ("skimage", "rerun"),
    "marker-watershed": ("skimage", "rerun"),
    "waterz": ("waterz", "affinities"),
    "mutex": ("mwatershed", "affinities"),
    "multicut": ("elf", "affinities"),
}


def need(name: str) -> None:
    """Skip where the library of a segmenter is missing."""
    if name in LIBRARIES:
        module, extra = LIBRARIES[name]
        pytest.importorskip(module, reason=f"needs the extra {extra}")


@cache
def cells(dense: bool) -> np.ndarray:
    """Voronoi cells in 12 x 32 x 32 voxels, with or without a gap of zeros between them."""
    rng = np.random.default_rng(7)
    points = rng.uniform((0, 0, 0), (12, 32, 32), (9, 3))
    grid = np.stack(np.mgrid[:12, :32, :32], -1)
    labels = np.argmin(((grid[..., None, :] - points) ** 2).sum(-1), -1).astype(np.uint64) + 1
    if not dense:
        labels[make_target("boundary", labels)[0] > 0] = 0
    return labels


#: segmenter -> (prediction of perfect channels, options)
PERFECT: dict[str, Any] = {
    "components": lambda gap, dense: (make_target("foreground", gap), {}),
    "watershed": lambda gap, dense: (make_target("membrane", gap), {}),
    "marker-watershed": lambda gap, dense: (make_target("bcd", gap), {}),
    "waterz": lambda gap, dense: (make_target("affinities", dense), {}),
    "mutex": lambda gap, dense: (make_target("affinities", dense, offsets=LEE_OFFSETS), {"offsets": LEE_OFFSETS}),
    "multicut": lambda gap, dense: (make_target("membrane", gap), {"boundary": "membrane"}),
}


@pytest.mark.parametrize("name", sorted(SEGMENTERS))
def test_perfect_prediction_gives_the_truth(name: str) -> None:
    """Foreground of the truth and every segment as it is, whatever the ids."""
    need(name)
    gap, dense = cells(dense=False), cells(dense=True)
    prediction, options = PERFECT[name](gap, dense)
    labels = segment(name, prediction, 0.5, **options)
    assert labels.dtype == np.uint64
    truth = dense if name in ("waterz", "mutex") else gap
    result = score_volumes(labels, truth, ["arand:gt0"])
    assert result.value("arand", "gt0") == pytest.approx(0.0, abs=5e-3)
    assert np.array_equal(labels, segment(name, prediction, 0.5, **options))  # same input, same labels


@pytest.mark.parametrize("name", ["components", "watershed", "marker-watershed", "multicut"])
def test_sections_stay_apart(name: str) -> None:
    need(name)
    gap = cells(dense=False)
    prediction, options = PERFECT[name](gap, gap)
    labels = segment(name, prediction, 0.5, dims=2, **options)
    ids = [set(np.unique(section)) - {0} for section in labels]
    assert sum(map(len, ids)) == len(set.union(*ids)) > len(np.unique(gap))


def test_sections_that_are_all_membrane_stay_background() -> None:
    """They have no cell, under either segmenter, and tie nothing together."""
    need("multicut")
    wall = np.full((1, 4, 24, 40), 0.02, np.float32)
    wall[..., 19:21] = 0.95
    wall[:, [1, 3]] = 1.0
    labels = segment("multicut", wall, 0.5, boundary="membrane", cut=0.3, dims=2, weighting="xyz")
    assert [sorted(set(np.unique(section)) - {0}) for section in labels] == [[1, 2], [], [3, 4], []]
    assert not segment("multicut", np.ones_like(wall), 0.5, boundary="membrane", cut=0.3, dims=2).any()


def test_the_multicut_looks_above_and_below() -> None:
    """A wall that one section shows faintly is cut where its neighbours show it: two edges of a node outweigh one."""
    need("multicut")
    wall = np.full((1, 3, 24, 40), 0.02, np.float32)
    wall[..., 19:21] = 0.95
    wall[:, 1, :, 19:21] = 0.45  # more probably no wall, taken by itself
    how: dict[str, Any] = {"boundary": "membrane", "cut": 0.3, "dims": 2, "weighting": "xyz"}
    alone = segment("multicut", wall[:, 1:2], 0.5, **how)
    assert len(np.unique(alone)) == 1
    labels = segment("multicut", wall, 0.5, **how)
    assert [len(np.unique(section)) for section in labels] == [2, 2, 2]
    assert len(np.unique(labels)) == 6


@pytest.mark.parametrize(
    ("weighting", "across", "expected"),
    [
        ("none", None, [np.log(9), 0.0, -np.log(9)]),
        ("all", None, [np.log(9) / 4, 0.0, -np.log(9)]),
        ("xyz", [True, True, False], [np.log(9) / 2, 0.0, -np.log(9)]),
        ("xyz", None, [np.log(9) / 4, 0.0, -np.log(9)]),
        ("xyz", [False, False, False], [np.log(9) / 4, 0.0, -np.log(9)]),
    ],
)
def test_costs_of_edges_by_hand(weighting: Any, across: Any, expected: list[float]) -> None:
    """log((1 - p) / p) of p = 0.1, 0.5 and 0.9 (the library moves p by up to 0.001), times size over largest size."""
    need("multicut")
    edges = np.array([[0.1, 10.0], [0.5, 20.0], [0.9, 40.0]])
    kinds = None if across is None else np.array(across)
    assert _edge_costs(edges, 0.5, weighting, kinds) == pytest.approx(np.array(expected), abs=0.01)
    biased = _edge_costs(edges, 0.25, weighting, kinds) - _edge_costs(edges, 0.5, weighting, kinds)
    assert biased[2] == pytest.approx(np.log(3))  # below 0.5 less is cut


def test_weighting_across_sections_needs_flat_superpixels() -> None:
    with pytest.raises(InputError, match="needs dims: 2"):
        segment("multicut", np.zeros((1, 2, 8, 8), np.float32), 0.5, boundary="membrane", weighting="xyz")


def test_components_by_hand() -> None:
    membrane = np.array([[[0.0, 0.1, 0.9, 0.2]]])
    assert segment("components", membrane, 0.5, of="membrane").tolist() == [[1, 1, 0, 2]]
    assert segment("components", membrane, 0.5).tolist() == [[0, 0, 1, 0]]
    assert segment("components", membrane, 0.5, of="membrane", smallest=2).tolist() == [[1, 1, 0, 0]]


def test_watershed_fills_the_membrane() -> None:
    need("watershed")
    labels = segment("watershed", np.array([[[0.0, 0.1, 0.9, 0.2]]]), 0.5)
    assert 0 not in labels
    assert len(np.unique(labels)) == 2


def test_distance_seeds_part_a_dumbbell() -> None:
    """Two discs joined by a hole in the membrane: one component, two maxima of the distance."""
    need("watershed")
    y, x = np.mgrid[:21, :45]
    inside = ((y - 10) ** 2 + (x - 10) ** 2 < 81) | ((y - 10) ** 2 + (x - 34) ** 2 < 81) | (abs(y - 10) < 2)
    membrane = 1.0 - inside.astype(float)[None]
    assert len(np.unique(segment("watershed", membrane, 0.5))) == 1
    parted = segment("watershed", membrane, 0.5, seeds="distance")
    assert parted[10, 10] != parted[10, 34]


def test_bc_parts_touching_bodies_by_their_contour() -> None:
    need("marker-watershed")
    dense = cells(dense=True)
    labels = segment("marker-watershed", make_target("bc", dense), 0.5)
    assert len(np.unique(labels)) > 5
    assert score_volumes(labels, dense, ["arand:gt0"]).value("arand", "gt0") < 0.1


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_missing_library_says_the_install_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, extra = LIBRARIES[name]
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=rf"is not installed; pip install 'metareview\[{extra}\]'"):
        segment(name, np.zeros((3, 4, 4, 4), np.float32), 0.5)


def test_wrong_input() -> None:
    with pytest.raises(UnknownName, match="did you mean 'watershed'"):
        segment("watershd", np.zeros((1, 4, 4)), 0.5)
    with pytest.raises(InputError, match=r"channel 2 of a prediction .* shape 1 x 4 x 4"):
        segment("components", np.zeros((1, 4, 4)), 0.5, channel=2)
    with pytest.raises(
        InputError, match="needs body and contour, and may have distance; got an array of shape 1 x 4 x 4"
    ):
        segment("marker-watershed", np.zeros((1, 4, 4)), 0.5)
    need("mutex")
    with pytest.raises(InputError, match=r"affinities for 12 offsets are \(channels, z, y, x\)"):
        segment("mutex", np.zeros((3, 4, 4, 4)), 0.5, offsets=LEE_OFFSETS)


@pytest.mark.parametrize("name", ["waterz", "components"])
def test_sweep_is_one_by_one(name: str) -> None:
    need(name)
    rng = np.random.default_rng(3)
    prediction = (0.2 + 0.6 * make_target("affinities", cells(dense=True))).astype(np.float32)
    prediction += rng.uniform(-0.2, 0.2, prediction.shape).astype(np.float32)
    several = list(sweep(name, prediction, [0.7, 0.3, 0.5]))
    assert [threshold for threshold, _ in several] == [0.3, 0.5, 0.7]
    for threshold, labels in several:
        alone = segment(name, prediction, threshold)
        assert score_volumes(labels, alone, ["arand:all"]).value("arand", "all") == pytest.approx(0.0, abs=1e-9)


def test_waterz_fragments() -> None:
    """Where every voxel of a taught boundary is alone, waterz's own fragments are specks; those by distance are not."""
    need("waterz")
    need("watershed")
    truth = cells(dense=True)
    noise = np.random.default_rng(0).uniform(0.01, 0.2, (3, *truth.shape))
    prediction = np.maximum(0.999 * make_target("affinities", grow_boundary(truth, 1)), noise)
    own, filled = (segment("waterz", prediction, 0.5, fragments=kind) for kind in ("affinities", "distance"))
    assert len(np.unique(own)) > 4 * len(np.unique(truth))
    assert 0 not in filled
    assert len(np.unique(filled)) == len(np.unique(truth))
    assert score_volumes(filled, truth, ["arand:gt0"]).value("arand", "gt0") < 0.2
    given = segment("waterz", prediction, 0.5, fragments=truth)
    assert score_volumes(given, truth, ["arand:gt0"]).value("arand", "gt0") == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(UnknownName, match="kind of fragments"):
        segment("waterz", prediction, 0.5, fragments="distances")


def test_waterz_fragments_by_mutex(monkeypatch: pytest.MonkeyPatch) -> None:
    """A taught boundary is two voxels wide: the mutex watershed leaves them out, as fragments they go to the cells."""
    need("waterz")
    need("watershed")
    need("mutex")
    truth, offsets = cells(dense=True), ((-1, 0, 0), (0, -1, 0), (0, 0, -1), (0, 0, -3))
    taught = make_target("affinities", grow_boundary(truth, 1), offsets=offsets).astype(np.float32)
    assert 0 in segment("mutex", taught, 0.7, offsets=offsets)
    asked: list[tuple[float, Any]] = []

    def watched(prediction: Any, threshold: float, **how: Any) -> Any:
        asked.append((threshold, how["offsets"]))
        return SEGMENTERS["mutex"](prediction, threshold, **how)

    monkeypatch.setattr("metareview.rerun.segment.mutex", watched)
    held = segment("waterz", taught, 0.5, fragments="mutex", offsets=offsets, bias=0.7)
    assert asked == [(0.7, offsets)]  # all channels, the far one among them
    assert 0 not in held
    assert len(np.unique(held)) == len(np.unique(truth))
    assert score_volumes(held, truth, ["arand:gt0"]).value("arand", "gt0") < 0.2


def test_waterz_prints_nothing() -> None:
    """Its C++ part reports to standard output, which may be somebody's JSON."""
    need("waterz")
    code = "import numpy as np; from metareview.rerun.segment import waterz; waterz(np.ones((3, 4, 4, 4)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def chosen(choose_by: str, thresholds: list[float]) -> Any:
    """Two cells with a membrane of 0.7 between them, and a speck of 0.3 in one."""
    truth = np.array([[[1, 1, 1, 1, 0, 2, 2, 2, 2]]], np.uint64)
    membrane = np.zeros((1, 1, 1, 9), np.float32)
    membrane[..., 4], membrane[..., 2] = 0.7, 0.3
    cut = {"method": "components", "options": {"of": "membrane", "dims": 2}, "thresholds": thresholds}
    spec = spec_of(segment={**cut, "choose_by": choose_by}, presets={})
    volume = Volume("two cells", np.zeros((1, 1, 9), np.uint8), truth, (1.0, 1.0, 1.0), "neurons")
    return choose_on_validation(spec, [(((0, 1), (0, 1), (0, 9)), membrane)], volume)


def test_choice_takes_the_middle_of_the_best() -> None:
    table, threshold, said = chosen("arand:gt0", [0.1, 0.4, 0.5, 0.6, 0.9])
    assert threshold == 0.5
    assert [entry.value for entry in table] == [0.1, 0.4, 0.5, 0.6, 0.9]
    assert [entry.score for entry in table][1:4] == [0.0, 0.0, 0.0]
    assert min(table[0].score, table[4].score) > 0.1
    assert said == ()


def test_choice_follows_the_direction_of_the_metric() -> None:
    table, threshold, said = chosen("vrand:snemi", [0.1, 0.5])
    assert (threshold, table[1].score) == (0.5, 1.0)
    assert said == ("the chosen threshold 0.5 is the last candidate on its side; try further ones",)


def test_choice_passes_over_what_has_no_score() -> None:
    assert best_place([None, 0.2, 0.4, None], 1, "vinfo:gt0") == 2
    assert best_place([None, 0.2, 0.4, None], -1, "voi:bits.gt0") == 1
    assert best_place([0.4, 0.4, 0.1, 0.4, 0.4], 1, "vinfo:gt0") == 1  # the lower of two middle ones
    with pytest.raises(NotEstimable, match="vinfo:gt0 does not exist at any of 1 thresholds"):
        best_place([None], 1, "vinfo:gt0")
    assert edge_warning([0.5], 0) == ()


@pytest.fixture
def lsd() -> Any:
    """The FIB-25 crop of the LSD paper: labels and predicted affinities."""
    with np.load(Path(os.environ["METAREVIEW_EM_DATA"]) / "lsd_fib25_web" / "fib25_92.npz") as file:
        return dict(file)


@pytest.mark.needs_em_data
def test_published_affinities_with_waterz(lsd: Any) -> None:
    """Measured apart with waterz 0.10.1: ARAND 0.0094, VOI 0.138 + 0.019 bits at threshold 0.8."""
    need("waterz")
    pairs = sweep("waterz", lsd["pred_affs"].astype(np.float32), [0.2, 0.5, 0.8])
    found = {
        t: score_volumes(labels, lsd["labels"], ["arand:gt0", "voi_split:bits.gt0", "voi_merge:bits.gt0"])
        for t, labels in pairs
    }
    values = [row.value for row in found[0.8].rows]
    assert values == pytest.approx([0.0094, 0.138, 0.019], abs=5e-4)
    assert min(found, key=lambda t: found[t].rows[0].value) == 0.8


@pytest.mark.needs_em_data
def test_published_affinities_with_the_mutex_watershed(lsd: Any) -> None:
    """Measured apart with mwatershed 0.5.4 and a bias of -0.5: ARAND 0.107, VOI 0.561 + 0.418 bits."""
    need("mutex")
    labels = segment("mutex", lsd["pred_affs"].astype(np.float32), 0.5)
    result = score_volumes(labels, lsd["labels"], ["arand:gt0", "voi_split:bits.gt0", "voi_merge:bits.gt0"])
    assert [row.value for row in result.rows] == pytest.approx([0.107, 0.561, 0.418], abs=1e-3)


@pytest.mark.needs_em_data
def test_published_affinities_with_the_multicut(lsd: Any) -> None:
    """No number to compare with: better than the mutex watershed of short-range affinities."""
    need("multicut")
    labels = segment("multicut", lsd["pred_affs"].astype(np.float32), 0.5)
    assert score_volumes(labels, lsd["labels"], ["arand:gt0"]).value("arand", "gt0") < 0.107
