"""Targets: small cases by hand, laws on random labels, and the affinities of a real crop."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from metareview.errors import InputError, UnknownName
from metareview.rerun.targets import (
    KINDS,
    LEE_OFFSETS,
    NEAREST_OFFSETS,
    affinities,
    border_weights,
    boundary,
    channel_names,
    contour,
    grow_boundary,
    make_target,
    signed_distance,
    target_mask,
)

ROW = np.array([[1, 1, 0, 2, 2, 2]])
VOLUMES = arrays.arrays(
    np.int32, arrays.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6), elements=st.integers(0, 3)
)


def test_membrane_foreground_boundary_by_hand() -> None:
    assert make_target("membrane", ROW).tolist() == [[[0, 0, 1, 0, 0, 0]]]
    assert make_target("foreground", ROW).tolist() == [[[1, 1, 0, 1, 1, 1]]]
    assert make_target("boundary", ROW).tolist() == [[[0, 1, 1, 1, 0, 0]]]


def test_affinities_by_hand() -> None:
    """Looking one to the left: known from the second voxel on, 0 at and after the gap."""
    assert affinities(ROW, [(0, -1)]).tolist() == [[[0, 1, 0, 0, 1, 1]]]
    assert target_mask("affinities", ROW, offsets=[(0, -1)]).tolist() == [[[0, 1, 1, 1, 1, 1]]]
    assert affinities(ROW, [(0, 2)]).tolist() == [[[0, 0, 0, 1, 0, 0]]]
    assert target_mask("affinities", ROW, offsets=[(0, 2)]).tolist() == [[[1, 1, 1, 1, 0, 0]]]
    labelled = np.array([[True, True, False, True, True, True]])  # an affinity has two ends
    assert target_mask("affinities", ROW, offsets=[(0, -1)], labelled=labelled).tolist() == [[[0, 1, 0, 0, 1, 1]]]
    assert target_mask("membrane", ROW, labelled=labelled).tolist() == [[[1, 1, 0, 1, 1, 1]]]


def test_offset_larger_than_the_volume() -> None:
    labels = np.ones((2, 2, 2), np.uint64)
    assert affinities(labels, [(-9, 0, 0)]).sum() == 0
    assert target_mask("affinities", labels, offsets=[(-9, 0, 0)]).sum() == 0


def test_grown_boundary_by_hand() -> None:
    row = np.array([[[1, 1, 1, 2, 2, 2]]], np.uint64)
    assert grow_boundary(row, 0).tolist() == row.tolist()
    assert grow_boundary(row, 1).tolist() == [[[1, 1, 0, 0, 2, 2]]]
    assert grow_boundary(row, 2).tolist() == [[[1, 0, 0, 0, 0, 2]]]
    above = np.array([[[1, 1]], [[2, 2]], [[2, 2]]])
    assert grow_boundary(above, 1).tolist() == [[[0, 0]], [[0, 0]], [[2, 2]]]
    assert grow_boundary(above, 1, dims=2).tolist() == above.tolist()


@settings(max_examples=60)
@given(VOLUMES, st.integers(0, 3))
def test_grown_boundary_is_erosion(labels: np.ndarray, steps: int) -> None:
    """A segment that is left is SciPy's erosion of it, the world outside the volume counting as more of the same."""
    grown = grow_boundary(labels, steps)
    structure = ndimage.generate_binary_structure(3, 1)
    for name in np.unique(labels[labels > 0]):
        segment = labels == name
        eroded = ndimage.binary_erosion(segment, structure, steps, border_value=1) if steps else segment
        assert np.array_equal(grown == name, eroded)
    assert set(np.unique(grown)) <= {0, *np.unique(labels).tolist()}


@settings(max_examples=60)
@given(VOLUMES, st.tuples(*[st.integers(-4, 4)] * 3))
def test_affinity_is_what_it_says(labels: np.ndarray, offset: tuple[int, int, int]) -> None:
    """Voxel by voxel, in plain Python."""
    found = affinities(labels, [offset])[0]
    mask = target_mask("affinities", labels, offsets=[offset])[0]
    for voxel in np.ndindex(labels.shape):
        other = tuple(a + b for a, b in zip(voxel, offset, strict=True))
        inside = all(0 <= a < size for a, size in zip(other, labels.shape, strict=True))
        assert mask[voxel] == inside
        assert found[voxel] == (inside and labels[voxel] == labels[other] != 0)


@settings(max_examples=40)
@given(VOLUMES, st.sampled_from(sorted(set(KINDS) - {"membrane"})))
def test_every_target_is_a_probability_free_of_ids(labels: np.ndarray, kind: str) -> None:
    """In [0, 1], float32, of the declared channels; renaming the instances changes nothing."""
    target = make_target(kind, labels)
    assert target.dtype == np.float32
    assert target.shape == (len(channel_names(kind)), *labels.shape) == target_mask(kind, labels).shape
    assert ((target >= 0) & (target <= 1)).all()
    renamed = np.array([0, 7, 2**40, 11], np.uint64)[labels]
    assert np.array_equal(target, make_target(kind, renamed))


@settings(max_examples=40)
@given(VOLUMES)
def test_boundary_follows_from_affinities(labels: np.ndarray) -> None:
    """A voxel is at a boundary where one of its six neighbours inside differs."""
    expected = np.zeros(labels.shape, bool)
    for offset in (*NEAREST_OFFSETS, *(tuple(-step for step in offset) for offset in NEAREST_OFFSETS)):
        known = target_mask("affinities", labels, offsets=[offset])[0] > 0
        same = affinities(labels + 1, [offset])[0] > 0
        expected |= known & ~same
    assert np.array_equal(boundary(labels), expected)
    sections = np.stack([boundary(section) for section in labels])
    assert np.array_equal(boundary(labels, dims=2), sections)
    assert not (sections & ~contour(labels)).any()  # the square contains the four neighbours


def test_contour_stays_in_the_section() -> None:
    labels = np.stack([np.full((3, 3), number) for number in (1, 2)])
    assert not contour(labels).any()
    assert contour(ROW, radius=2).tolist() == [[True, True, True, True, True, False]]


def test_signed_distance_by_hand() -> None:
    found = signed_distance(ROW)
    assert found[0] == pytest.approx(np.tanh([2 / 8, 1 / 8, -1 / 50, 1 / 8, 2 / 8, 3 / 8]), abs=1e-6)


def test_signed_distance_touching_and_alone() -> None:
    """Touching instances are apart; without a border the distance is infinite, without an instance minus infinite."""
    assert signed_distance(np.array([[1, 1, 2, 2]]))[0] == pytest.approx(
        np.tanh([2 / 8, 1 / 8, 1 / 8, 2 / 8]), abs=1e-6
    )
    assert (signed_distance(np.ones((2, 3), int)) == 1.0).all()
    assert (signed_distance(np.zeros((2, 3), int)) == 0.0).all()


@settings(max_examples=30)
@given(VOLUMES)
def test_signed_distance_against_the_whole_volume(labels: np.ndarray) -> None:
    """The box around an instance is enough: the same as a distance transform of the whole volume per instance."""
    from scipy import ndimage

    found = signed_distance(labels)
    for number in np.unique(labels[labels > 0]):
        own = labels == number
        if not own.all():
            expected = np.tanh(ndimage.distance_transform_edt(own) / 8.0)
            assert np.allclose(found[own], expected[own], atol=1e-6)


def test_border_weights_by_hand() -> None:
    """One pixel between two cells: d1 = d2 = 1, 1 + 10 exp(-4 / 50); balance adds the weight of the classes."""
    weights = border_weights(ROW, balance=False)
    assert weights[0] == pytest.approx([1, 1, 1 + 10 * np.exp(-4 / 50), 1, 1, 1], rel=1e-6)
    balanced = border_weights(ROW)
    assert balanced[0, 0] == pytest.approx(0.5 / (5 / 6))
    assert balanced[0, 2] == pytest.approx(0.5 / (1 / 6) + 10 * np.exp(-4 / 50))
    assert border_weights(np.array([[1, 1, 0, 0, 0]]), balance=False).tolist() == [[1, 1, 1, 1, 1]]  # one cell: no gap


def test_border_weights_against_all_pairs() -> None:
    """The two nearest cells of every gap pixel, from distance transforms of the whole plane."""
    from scipy import ndimage

    rng = np.random.default_rng(0)
    points = rng.integers(0, 40, (12, 2))
    grid = np.stack(np.mgrid[:40, :40], -1)
    labels = np.argmin(((grid[:, :, None] - points) ** 2).sum(-1), axis=-1) + 1
    labels[boundary(labels)] = 0
    distances = np.sort([ndimage.distance_transform_edt(labels != number) for number in np.unique(labels)[1:]], axis=0)
    expected = 1.0 + 10.0 * np.exp(-((distances[0] + distances[1]) ** 2) / 50.0) * (labels == 0)
    assert np.allclose(border_weights(labels, balance=False), expected, atol=1e-3)
    stacked = border_weights(np.stack([labels, labels]), balance=False)
    assert np.array_equal(stacked[0], border_weights(labels, balance=False))


def test_names_of_channels() -> None:
    assert len(channel_names("affinities", LEE_OFFSETS)) == 12
    assert channel_names("affinities")[1] == "affinity 0,-1,0"
    assert channel_names("bcd") == ("body", "contour", "distance")


def test_wrong_input() -> None:
    with pytest.raises(UnknownName, match="did you mean 'boundary'"):
        make_target("boundry", ROW)
    with pytest.raises(InputError, match="no voxel of the labels is 0, so no membrane is annotated; use boundary"):
        make_target("membrane", np.ones((3, 3), int))
    with pytest.raises(InputError, match="labels are whole numbers"):
        make_target("boundary", np.ones((3, 3)))
    with pytest.raises(InputError, match=r"offset \(-1, 0, 0\) has 3 steps, the labels have 2 axes"):
        affinities(ROW, NEAREST_OFFSETS)


@pytest.mark.needs_em_data
def test_affinities_of_the_lsd_crop() -> None:
    """The affinities published with the FIB-25 crop of the LSD paper, wherever a voxel looks at one inside."""
    with np.load(Path(os.environ["METAREVIEW_EM_DATA"]) / "lsd_fib25_web" / "fib25_92.npz") as file:
        labels, published = file["labels"], file["gt_affs"]
    known = target_mask("affinities", labels) > 0
    assert np.array_equal(make_target("affinities", labels)[known], published[known])
