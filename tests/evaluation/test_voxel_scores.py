"""What needs the voxels: thinning, border masks, skeletons and clDice, surfaces, run lengths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from metareview.errors import InputError, NotEstimable
from metareview.evaluation import score_volumes, surface
from metareview.evaluation.border import border_mask
from metareview.evaluation.pair import refuse_incomputable
from metareview.evaluation.runs import (
    Skeletons,
    expected_run_length,
    normalised_run_length,
    run_lengths,
    sample_segments,
)
from metareview.evaluation.skeleton import centreline_dice, skeletonise
from metareview.evaluation.thinning import fill_nearest, section_components, thin_sections
from metareview.evaluation.volumes import as_volume

Pair = tuple[np.ndarray, np.ndarray]
EIGHT = np.ones((3, 3))
CORNERS = np.ones((3, 3, 3))


# thinning


def test_components_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    mask = rng.random((3, 40, 50)) < 0.6
    numbers = section_components(mask.astype(np.uint8))
    last = 0
    for section, own in zip(mask, numbers, strict=True):
        theirs, number = ndimage.label(section)
        assert np.array_equal(own > 0, section)
        assert len(np.unique(np.stack([own[section], theirs[section]]), axis=1).T) == number
        assert own[section].min() == last + 1
        last += number
        assert own.max() == last


def test_components_split_touching_labels() -> None:
    assert section_components(np.array([[1, 1, 2], [2, 1, 2]])).tolist() == [[1, 1, 2], [3, 1, 2]]


def test_thinning_leaves_a_line() -> None:
    thin = thin_sections(np.array([[1, 0, 0, 0, 2]] * 4))
    assert thin.tolist() == [[1, 1, 0, 2, 2]] * 4


@given(labels=hnp.arrays(np.int64, (9, 11), elements=st.sampled_from([0, 0, 0, 1, 2, 3])))
@settings(deadline=None, max_examples=60)
def test_thinning_laws(labels: np.ndarray) -> None:
    """Segments keep their pixels, lines have segments on both sides or end at lines, nothing is left where one is."""
    numbers = section_components(labels)
    thin = thin_sections(numbers)
    assert np.array_equal(thin[numbers > 0], numbers[numbers > 0])
    if len(np.unique(numbers[numbers > 0])) == 1:
        assert (thin > 0).all()  # one segment floods everything
    line = thin == 0
    if numbers.any():
        cross = ndimage.generate_binary_structure(2, 1)
        beside = np.sum([ndimage.binary_dilation(thin == k, cross) for k in np.unique(thin[thin > 0])], axis=0)
        lines_beside = ndimage.convolve(line.astype(int), np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]), mode="constant")
        assert ((beside >= 2) | (lines_beside > 0))[line].all()


def test_thinning_without_segments() -> None:
    assert not thin_sections(np.zeros((3, 4), np.int64)).any()
    with pytest.raises(InputError, match="the volume has 4 dimensions"):
        section_components(np.zeros((2, 2, 2, 2), int))


def test_filling() -> None:
    assert fill_nearest(np.array([1, 0, 0, 0, 0, 2])).tolist() == [1, 1, 1, 2, 2, 2]
    with pytest.raises(NotEstimable, match="nothing to fill its background from"):
        fill_nearest(np.zeros(3, int))


def test_thickness_of_membranes_does_not_matter_after_thinning() -> None:
    truth = np.zeros((1, 60, 60), np.uint8)
    truth[0, :29], truth[0, 30:] = 1, 1
    thick = truth.copy()
    thick[0, 24:36] = 0
    result = score_volumes(thick, truth, ["vrand", "vinfo"], ["thin", "thin.slice-mean"])
    assert result.value("vrand", "thin") == pytest.approx(1.0, abs=0.02)
    assert result.value("vrand", "thin") == pytest.approx(result.value("vrand", "thin.slice-mean"))
    assert result.value("vinfo", "thin") == pytest.approx(1.0, abs=0.1)


# CREMI border mask


def test_border_mask_by_hand() -> None:
    section = np.array([[1, 1, 1, 1, 2, 2, 2, 2]])
    assert border_mask(section, 0).tolist() == [[False, False, False, True, True, False, False, False]]
    assert border_mask(section, 1).tolist() == [[False, False, True, True, True, True, False, False]]
    assert not border_mask(np.ones((2, 3, 3), int), 5).any()
    stack = np.stack([np.full((3, 3), k) for k in range(3)])
    assert not border_mask(stack, 5).any(), "borders between sections do not count"
    with pytest.raises(InputError, match="0 or more pixels, not -1"):
        border_mask(section, -1)


def test_border_mask_has_the_definition_of_cremi() -> None:
    """A pixel is masked iff a pixel with a 4-neighbour of another label lies within the distance."""
    truth = np.random.default_rng(3).integers(0, 3, (1, 9, 12)).repeat(3, axis=1).repeat(3, axis=2)
    padded = np.pad(truth[0], 1, mode="edge")
    centre = padded[1:-1, 1:-1]
    edge = np.zeros(centre.shape, bool)
    for shifted in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        edge |= shifted != centre
    places = np.argwhere(edge)
    grid = np.argwhere(np.ones_like(edge))
    nearest = np.sqrt(((grid[:, None] - places[None]) ** 2).sum(axis=2)).min(axis=1).reshape(edge.shape)
    for distance in (0.0, 1.0, 1.5, 2.9):
        assert np.array_equal(border_mask(truth, distance)[0], nearest <= distance)


def test_border_scores(blob: Pair) -> None:
    result = score_volumes(*blob, ["cremi_score", "arand", "voi"], resolution=(40, 4, 4), border=4.0)
    mask = ~border_mask(blob[1], 1.0)
    from metareview.evaluation import contingency_table, scores

    table = contingency_table(*blob, mask=mask)
    assert result.value("arand", "cremi.border4nm") == scores(table, ["arand:cremi"]).value("arand", "cremi")
    assert result.value("voi", "bits.cremi.border4nm") == scores(table, ["voi:bits.all"]).value("voi", "bits.all")
    assert (result.value("cremi_score", "bits.cremi.border4nm") or 9) < (result.value("cremi_score", "bits.cremi") or 0)


# skeletons and clDice


@pytest.mark.parametrize("thickness", range(1, 9))
@pytest.mark.parametrize("axis", range(3))
def test_bars_of_any_thickness_keep_a_line(thickness: int, axis: int) -> None:
    """Bars 2x2, 4x4 and 6x6 thick vanish in scikit-image's 3D skeletonize; here every bar becomes one line."""
    shape, place = [thickness + 4] * 3, [slice(2, 2 + thickness)] * 3
    shape[axis], place[axis] = 40, slice(5, 35)
    bar = np.zeros(shape, bool)
    bar[tuple(place)] = True
    line = skeletonise(bar)
    across = tuple(k for k in range(3) if k != axis)
    per_slice = line.sum(axis=across)
    ends = np.flatnonzero(per_slice)
    assert set(per_slice[ends[0] : ends[-1] + 1].tolist()) == {1}, "one voxel per slice, no gap"
    assert len(ends) >= 29 - thickness  # thinning takes half the thickness from either end
    centre = np.argwhere(line)[:, across] - (1.5 + thickness / 2)
    assert np.abs(centre).max() <= 0.5, "in the middle, to half a voxel"


@pytest.mark.parametrize("thickness", [2, 4, 6])
def test_scikit_image_still_erases_even_bars(thickness: int) -> None:
    """The reason for a skeletoniser of our own; when this fails, the peer was repaired."""
    morphology = pytest.importorskip("skimage.morphology")
    bar = np.zeros((thickness + 4, thickness + 4, 40), bool)
    bar[2 : 2 + thickness, 2 : 2 + thickness, 5:35] = True
    assert not morphology.skeletonize(bar).any()
    assert skeletonise(bar).any()
    assert centreline_dice(bar, bar) == 1.0


@given(mask=hnp.arrays(bool, (6, 7, 8)))
@settings(deadline=None, max_examples=60)
def test_skeleton_laws_3d(mask: np.ndarray) -> None:
    """A subset with the same components, cavities and Euler characteristic; thinning it again changes nothing."""
    thin = skeletonise(mask)
    assert not (thin & ~mask).any()
    assert ndimage.label(thin, CORNERS)[1] == ndimage.label(mask, CORNERS)[1]
    outside = [ndimage.label(~np.pad(solid, 1))[1] for solid in (mask, thin)]
    assert outside[0] == outside[1]
    assert np.array_equal(skeletonise(thin), thin)
    measure = pytest.importorskip("skimage.measure")
    assert measure.euler_number(thin, 3) == measure.euler_number(mask, 3)


@given(mask=hnp.arrays(bool, (9, 12)))
@settings(deadline=None, max_examples=60)
def test_skeleton_laws_2d(mask: np.ndarray) -> None:
    thin = skeletonise(mask)
    assert not (thin & ~mask).any()
    assert ndimage.label(thin, EIGHT)[1] == ndimage.label(mask, EIGHT)[1]
    holes = [ndimage.label(~np.pad(solid, 1))[1] for solid in (mask, thin)]
    assert holes[0] == holes[1]


def test_skeleton_of_a_ring_keeps_its_hole() -> None:
    ring = np.zeros((20, 20, 6), bool)
    ring[3:17, 3:17, 1:5] = True
    ring[7:13, 7:13] = False
    thin = skeletonise(ring)
    assert thin.any(axis=2).sum() < 60
    assert ndimage.label(~np.pad(thin.any(axis=2), 1))[1] == 2


def test_cldice_by_hand() -> None:
    """Half of a line predicted: precision 1, sensitivity 1/2, clDice 2/3."""
    truth = np.zeros((5, 22), bool)
    truth[2, 1:21] = True
    prediction = truth.copy()
    prediction[2, 11:21] = False
    assert centreline_dice(prediction, truth) == pytest.approx(2 / 3)
    assert centreline_dice(np.roll(truth, 2, axis=0), truth) == 0.0
    with pytest.raises(NotEstimable, match="an empty mask has no skeleton"):
        centreline_dice(np.zeros_like(truth), truth)
    with pytest.raises(InputError, match="the mask has 1 dimensions"):
        skeletonise(np.ones(3))


def test_cldice_forgives_thickness_and_not_gaps() -> None:
    truth = np.zeros((12, 12, 40), bool)
    truth[4:8, 4:8, 3:37] = True
    thin = ndimage.binary_erosion(truth)
    gap = truth.copy()
    gap[:, :, 15:25] = False
    values = {name: score_volumes(mask, truth, ["cldice", "dice:fg"]) for name, mask in (("thin", thin), ("gap", gap))}
    assert (values["thin"].value("cldice", "lee94") or 0) > 0.95 > 0.6 > (values["thin"].value("dice", "fg") or 1)
    assert (values["gap"].value("cldice", "lee94") or 1) < 0.9


# surfaces


def test_distances_by_hand() -> None:
    first, second = np.zeros((2, 1, 1, 30), np.uint8)
    first[..., 2:5] = 1
    second[..., 10:12] = 1
    result = score_volumes(first, second, ["hausdorff", "assd"])
    assert result.value("hausdorff", "max.voxels") == 8.0
    assert result.value("assd", "pooled.voxels") == pytest.approx((8 + 7 + 6 + 6 + 7) / 5)
    assert result.value("assd", "mean-of-means.voxels") == pytest.approx((7 + 6.5) / 2)
    in_nm = score_volumes(first, second, ["hausdorff"], resolution=(40, 4, 4))
    assert in_nm.value("hausdorff", "max.40x4x4nm") == 32.0


@given(masks=hnp.arrays(bool, (2, 5, 6, 7)))
@settings(deadline=None)
def test_surface_laws(masks: np.ndarray) -> None:
    points = [surface.surface_points(mask, (1.0, 1.0, 1.0)) for mask in masks]
    if not masks.any(axis=(1, 2, 3)).all():
        with pytest.raises(NotEstimable, match="an empty mask has no surface"):
            surface.surface_distances(*points)
        return
    there, back = surface.surface_distances(*points)
    whole = surface.hausdorff_distance(there, back)
    assert whole == surface.hausdorff_distance(back, there)
    assert surface.hausdorff_distance(there, back, percentile=95.0) <= whole
    for pooled in (True, False):
        assert 0.0 <= surface.average_surface_distance(there, back, pooled=pooled) <= whole


# run lengths


def line(*positions: float, skeleton: int = 1, start: int = 0) -> tuple[list[list[float]], list[list[int]], list[int]]:
    number = len(positions)
    edges = [[start + k, start + k + 1] for k in range(number - 1)]
    return [[0.0, 0.0, x] for x in positions], edges, [skeleton] * number


def test_run_lengths_of_em_erl() -> None:
    """The worked cases of em_erl: grouped edges 30^2 + 30^2 over 60, background edges, a merger, a split."""
    nodes, _, skeleton = line(0, 10, 10, 30, 30, 60)
    grouped = Skeletons.from_arrays(np.array(nodes), np.array([[0, 1], [2, 3], [4, 5]]), np.array(skeleton))
    runs = run_lengths(grouped, np.array([5, 5, 5, 5, 9, 9]))
    assert runs.run.tolist() == pytest.approx([(30.0**2 + 30.0**2) / 60.0])
    background = Skeletons.from_arrays(*(np.array(part) for part in line(0, 10, 30)))
    assert run_lengths(background, np.array([5, 0, 0]), tolerance=1).run.tolist() == [0.0]
    first, second = line(0, 10, 30), line(0, 10, skeleton=2, start=3)
    merged = Skeletons.from_arrays(*(np.array(a + b) for a, b in zip(first, second, strict=True)))
    runs = run_lengths(merged, np.array([5, 5, 99, 99, 99]), tolerance=1)
    assert runs.run.tolist() == pytest.approx([10.0**2 / 30.0, 0.0])
    assert runs.merging.tolist() == [99]
    assert expected_run_length(runs) == pytest.approx(10.0**2 / 40.0)


def test_tolerance_forgives_small_mergers() -> None:
    first, second = line(*range(0, 100, 10)), line(*range(0, 50, 10), skeleton=2, start=10)
    both = Skeletons.from_arrays(*(np.array(a + b) for a, b in zip(first, second, strict=True)))
    segment = np.array([7] * 9 + [8] + [7] * 2 + [9] * 3)
    values = {t: expected_run_length(run_lengths(both, segment, tolerance=t)) for t in (0, 2, 3)}
    assert values[0] == values[2] < values[3]
    assert values[3] == pytest.approx((80.0**2 + 10.0**2 + 20.0**2) / 130.0)


@given(segment=hnp.arrays(np.uint64, 12, elements=st.integers(0, 3)), tolerance=st.integers(0, 5))
@settings(deadline=None)
def test_run_length_laws(segment: np.ndarray, tolerance: int) -> None:
    first, second = line(*range(7)), line(0, 3, 4, 9, 11, skeleton=2, start=7)
    both = Skeletons.from_arrays(*(np.array(a + b) for a, b in zip(first, second, strict=True)))
    runs = run_lengths(both, segment, tolerance=tolerance)
    perfect = run_lengths(both, both.skeleton.astype(np.uint64))
    assert (runs.run <= perfect.run + 1e-9).all()
    assert perfect.run.tolist() == perfect.length.tolist()
    for weighted in (True, False):
        assert 0.0 <= normalised_run_length(runs, weighted=weighted) <= 1.0
        assert normalised_run_length(perfect, weighted=weighted) == pytest.approx(1.0)
    assert expected_run_length(run_lengths(both, segment, tolerance=99)) >= expected_run_length(runs) - 1e-9


def test_run_lengths_from_a_volume(tmp_path: Path) -> None:
    volume = np.zeros((2, 3, 40), np.uint16)
    volume[0, 0, :20], volume[0, 0, 20:] = 1, 2
    nodes = np.array([[0.0, 0.0, 8.0 * x + 1.0] for x in range(40)])
    edges = np.stack([np.arange(39), np.arange(1, 40)], axis=1)
    path = tmp_path / "skeletons.npz"
    np.savez(path, nodes=nodes, edges=edges, skeleton=np.ones(40, int))
    skeletons = Skeletons.load(path)
    assert sample_segments(as_volume(volume, "volume"), skeletons.nodes, (30, 8, 8)).tolist() == [1] * 20 + [2] * 20
    result = score_volumes(volume, volume, ["erl", "nerl"], skeletons=skeletons, resolution=(30, 8, 8))
    assert result.value("erl", "tol0.30x8x8nm") == pytest.approx(2 * 152.0**2 / 312.0 / 1000.0)
    assert result.value("nerl", "length-weighted.tol50.30x8x8nm") == pytest.approx(2 * 152.0**2 / 312.0**2)
    assert {row.unit for row in result.rows if row.metric == "erl"} == {"um"}
    with pytest.raises(InputError, match="20 skeleton nodes lie outside volume, the first at"):
        sample_segments(as_volume(volume, "volume"), skeletons.nodes, (30, 8, 4))


def test_skeletons_are_checked(tmp_path: Path) -> None:
    nodes = np.zeros((2, 3))
    with pytest.raises(InputError, match="an edge joins two skeletons"):
        Skeletons.from_arrays(nodes, np.array([[0, 1]]), np.array([1, 2]))
    with pytest.raises(InputError, match="node indices run from 0 to 1"):
        Skeletons.from_arrays(nodes, np.array([[0, 2]]), np.array([1, 1]))
    with pytest.raises(InputError, match="not finite"):
        Skeletons.from_arrays(nodes * np.nan, np.array([[0, 1]]), np.array([1, 1]))
    with pytest.raises(InputError, match=r"none.npz does not exist; a file of skeletons is an \.npz file"):
        Skeletons.load(tmp_path / "none.npz")
    with pytest.raises(NotEstimable, match="the skeletons have no length"):
        expected_run_length(run_lengths(Skeletons.from_arrays(nodes, np.array([[0, 1]]), np.ones(2)), np.ones(2)))


# what is missing is said


def test_a_score_asked_for_by_its_rule_is_never_dropped_silently(blob: Pair) -> None:
    """Thinning is not defined with a mask: asked for by name that is an error, as one of all rules it is dropped."""
    truth = blob[1]
    mask = np.ones(truth.shape, bool)
    mask[..., :3] = False
    for names in (["vrand:thin"], ["vrand:thin", "arand:gt0"], ["V_Rand:thin", "arand:gt0"]):
        with pytest.raises(InputError, match="vrand:thin is not defined with a mask; crop the volumes"):
            score_volumes(truth, truth, names, mask=mask)
        with pytest.raises(InputError, match="vrand:thin is not defined with a mask"):
            refuse_incomputable(names, truth.shape, masked=True)
        refuse_incomputable(names, truth.shape)
    result = score_volumes(truth, truth, ["vrand"], mask=mask)
    assert "vrand:thin" in {entry.what for entry in result.dropped}
    with pytest.raises(InputError, match="needs the resolution of a voxel"):
        refuse_incomputable(["arand:cremi.border25nm"], truth.shape)


def test_missing_means_are_named(blob: Pair) -> None:
    result = score_volumes(*blob, ["arand", "cremi_score"])
    assert {str(row) for row in result.dropped} == {
        "arand:cremi.border25nm: needs the resolution of a voxel",
        "cremi_score:bits.cremi.border25nm: needs the resolution of a voxel",
    }
    with pytest.raises(InputError, match=r"arand:cremi\.border25nm needs the resolution of a voxel"):
        score_volumes(*blob, ["arand"], ["cremi.border25nm"])
    with pytest.raises(InputError, match="resolution 8, 8 does not fit truth with 3 axes"):
        score_volumes(*blob, ["arand"], resolution=(8, 8))
    masked = score_volumes(*blob, ["arand"], mask=np.ones(blob[0].shape, bool))
    assert "arand:filled: is not defined with a mask; crop the volumes instead" in {str(row) for row in masked.dropped}


def test_what_does_not_fit_is_left_out_with_a_reason() -> None:
    flat = np.arange(24) // 3
    left = {str(row) for row in score_volumes(flat, flat, ["arand"]).dropped}
    assert "arand:thin: needs 2 or 3 dimensions, the volume has 1" in left
    cube = flat.reshape(2, 3, 4)
    left = {str(row) for row in score_volumes(cube, cube, ["arand"], resolution=(40, 4, 5)).dropped}
    assert left == {"arand:cremi.border25nm: needs pixels as high as wide in a section"}
    empty = score_volumes(np.zeros_like(cube), cube, ["arand"], ["filled"])
    assert empty.value("arand", "filled") is None
    assert "nothing to fill its background from" in empty.warnings[0]


def test_large_volumes_leave_out_what_holds_them_in_memory(blob: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metareview.evaluation.pair.WHOLE_VOLUME", 1000)
    result = score_volumes(*blob, ["arand"])
    assert any("arand:filled: holds all 110592 voxels in memory; name the convention" in str(d) for d in result.dropped)
    assert score_volumes(*blob, ["arand"], ["filled"]).value("arand", "filled") is not None


def test_slice_means(blob: Pair) -> None:
    from metareview.evaluation import contingency_table, overlap

    result = score_volumes(*blob, ["dice"], ["fg", "fg.slice-mean"])
    per_slice = [overlap.dice(overlap.confusion(contingency_table(p, t))) for p, t in zip(*blob, strict=True)]
    assert result.value("dice", "fg.slice-mean") == pytest.approx(np.mean(per_slice))
    assert result.value("dice", "fg.slice-mean") != result.value("dice", "fg")
    empty = np.zeros((3, 4, 4), np.uint8)
    empty[0, 0] = 1
    assert score_volumes(empty, empty, ["dice"], ["fg.slice-mean"]).value("dice", "fg.slice-mean") == 1.0


def plain_run_length(skeletons: Skeletons, segment: np.ndarray, tolerance: int) -> float:
    """The definition word by word: Januszewski et al. 2018, with em_erl's tolerance."""
    holders: dict[int, dict[int, int]] = {}
    for k, s in zip(skeletons.skeleton.tolist(), segment.tolist(), strict=True):
        holders.setdefault(s, {}).setdefault(k, 0)
        holders[s][k] += 1
    merging = {s for s, n in holders.items() if sum(c >= max(tolerance, 1) for c in n.values()) > 1}
    length: dict[int, float] = {}
    correct: dict[tuple[int, int], float] = {}
    for (u, v), size in zip(skeletons.edges.tolist(), skeletons.lengths().tolist(), strict=True):
        k = int(skeletons.skeleton[u])
        length[k] = length.get(k, 0.0) + size
        if segment[u] == segment[v] != 0 and int(segment[u]) not in merging:
            correct[k, int(segment[u])] = correct.get((k, int(segment[u])), 0.0) + size
    return sum(size**2 for size in correct.values()) / sum(length.values())


@given(data=st.data(), tolerance=st.integers(0, 4))
@settings(deadline=None)
def test_run_lengths_are_the_definition(data: st.DataObject, tolerance: int) -> None:
    parts = [line(*range(0, 8 * n, n), skeleton=n, start=8 * (n - 1)) for n in (1, 2, 3)]
    three = Skeletons.from_arrays(*(np.concatenate([part[i] for part in parts if part[i]]) for i in range(3)))
    segment = data.draw(hnp.arrays(np.uint64, 24, elements=st.integers(0, 4)))
    mine = expected_run_length(run_lengths(three, segment, tolerance=tolerance))
    assert mine == pytest.approx(plain_run_length(three, segment, tolerance))
