"""From predicted probabilities to instances: (channels, *space) and a threshold -> labels, uint64, 0 background.

Libraries do the work: SciPy for components, scikit-image for watersheds, waterz for agglomeration of affinities,
mwatershed for the mutex watershed, python-elf for the multicut. A threshold is chosen on validation data only
(`metareview.rerun.thresholds`). With ``dims=2`` nothing is joined across sections: each has ids of its own.
The multicut may still look across them: what lies above and below a superpixel is evidence for where a section is cut.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, UnknownName
from metareview.evaluation.thinning import section_components
from metareview.rerun.needs import require
from metareview.rerun.targets import NEAREST_OFFSETS, Offsets

__all__ = [
    "SEGMENTERS",
    "Segmenter",
    "components",
    "marker_watershed",
    "multicut",
    "mutex",
    "segment",
    "sweep",
    "watershed",
    "waterz",
]

Prediction = NDArray[np.floating[Any]]
Labels = NDArray[np.uint64]
Segmenter = Callable[..., Labels]
Dims = Literal[2, 3]
Fragments = Literal["affinities", "distance", "mutex"]
Weighting = Literal["none", "all", "xyz"]
#: cost of an edge that is cut in any case; those of probabilities are below 7, and weights below 1
NEVER = -1e6
#: voxels below which a mutex fragment is what the membrane is made of, not part of a cell
CRUMB = 50


def components(
    prediction: Prediction,
    threshold: float = 0.5,
    *,
    channel: int = 0,
    of: Literal["foreground", "membrane"] = "foreground",
    dims: Dims = 3,
    smallest: int = 0,
) -> Labels:
    """Connected components of one thresholded channel; voxels that share a face are connected.

    Parameters
    ----------
    of : ``foreground`` takes what is above the threshold, ``membrane`` what is not: the cells between.
    smallest : components of fewer voxels become background.
    """
    chosen = _channel(prediction, channel) > threshold
    return _drop_small(_components(chosen if of == "foreground" else ~chosen, dims), smallest)


def watershed(
    prediction: Prediction,
    threshold: float = 0.5,
    *,
    channel: int = 0,
    seeds: Literal["components", "distance"] = "components",
    sigma: float = 2.0,
    dims: Dims = 3,
    smallest: int = 0,
) -> Labels:
    """Watershed of a membrane or boundary map: every voxel gets a label.

    Parameters
    ----------
    threshold : a voxel below it is inside a cell.
    seeds : ``components`` of the inside, or maxima of its ``distance`` to the outside, smoothed by `sigma` voxels,
        which also part cells that a hole in the membrane joins.
    smallest : components of fewer voxels are no seeds.

    Notes
    -----
    Without a single seed (a section that is all membrane under ``dims=2``) there is nothing to flood: background.

    Source: Beucher & Lantuejoul 1979 (watershed); Beier et al. 2017, Nat Methods 14:101-102 (distance seeds).
    """
    from scipy import ndimage

    height = _channel(prediction, channel)
    inside = height < threshold
    if seeds == "distance":
        flat = (0,) if dims == 2 and height.ndim == 3 else ()
        if flat:
            distance = np.stack([ndimage.distance_transform_edt(section) for section in inside])
        else:
            distance = ndimage.distance_transform_edt(inside)
        space = tuple(0.0 if axis in flat else sigma for axis in range(height.ndim))
        smooth = ndimage.gaussian_filter(distance, space)
        size = tuple(1 if axis in flat else 3 for axis in range(height.ndim))
        inside &= (smooth == ndimage.maximum_filter(smooth, size=size)) & (distance > 0)
    return _flood(height, _drop_small(_components(inside, dims), smallest), None, dims)


def marker_watershed(
    prediction: Prediction,
    threshold: float = 0.9,
    *,
    contour: float = 0.8,
    body: float = 0.85,
    distance: float = 0.5,
    dims: Dims = 3,
    smallest: int = 0,
) -> Labels:
    """Marker-controlled watershed of body and contour (BC), with a third, distance channel where there is one (BCD).

    Seeds are the components where the body is above `threshold`, the contour below `contour` and the distance, as
    (1 + d) / 2, above `distance`; they are grown within the voxels whose body is above `body`, downhill on the distance
    (BCD) or the body (BC). 0.9, 0.8 and 0.85 are the defaults of the authors' code.

    Source: Wei et al. 2020, MICCAI, LNCS 12265:66-76 (BC); Lin et al. 2021, MICCAI, LNCS 12901:164-174 (BCD).
    """
    if prediction.shape[0] not in (2, 3):
        raise InputError(f"marker-watershed needs body and contour, and may have distance; got {_shape(prediction)}")
    inner = (prediction[0] > threshold) & (prediction[1] < contour)
    if prediction.shape[0] == 3:
        inner &= prediction[2] > distance
    seeds = _drop_small(_components(inner, dims), smallest)
    return _flood(-prediction[-1 if prediction.shape[0] == 3 else 0], seeds, prediction[0] > body, dims)


def waterz(
    prediction: Prediction,
    threshold: float = 0.5,
    *,
    low: float = 1e-4,
    high: float = 0.9999,
    fragments: Labels | Fragments = "affinities",
    cut: float = 0.5,
    sigma: float = 1.0,
    offsets: Offsets = NEAREST_OFFSETS,
    bias: float = 0.7,
    scoring: str = "OneMinus<MeanAffinity<RegionGraphType, ScoreValue>>",
    smallest: int = 0,
) -> Labels:
    """Watershed of affinities, then agglomeration of the fragments up to a score of `threshold` (waterz).

    Parameters
    ----------
    prediction : affinities; the first three channels are those to the nearest neighbours in z, y and x.
    threshold : fragments are merged while their score, by default 1 - mean affinity, is below it.
    low, high : affinities below `low` never join voxels into a fragment, those above `high` always do.
    fragments : waterz's own, from the affinities; or those of `watershed` with distance seeds, which leaves no single
        voxels where wide boundaries were taught; or those of `mutex`, in which far affinities keep bodies apart that
        touch at a weak spot of the membrane, less those below `CRUMB` voxels; or given ones.
    cut, sigma : of the distance fragments: the inside is where 1 - the mean affinity is below `cut`.
    offsets, bias : of the mutex fragments: one offset per channel, nearest first; the threshold of `mutex`.

    Source: Funke et al. 2019, IEEE TPAMI 41:1669-1680, doi:10.1109/TPAMI.2018.2835450; fragments: Zlateski & Seung
    2015, arXiv:1505.00249; distance seeds: Beier et al. 2017, Nat Methods 14:101-102; mutex: see there.
    """
    found = _waterz_sweep(
        prediction, [threshold], low=low, high=high, fragments=fragments, cut=cut, sigma=sigma, offsets=offsets,
        bias=bias, scoring=scoring, smallest=smallest,
    )  # fmt: skip
    return next(found)[1]


def _waterz_sweep(
    prediction: Prediction, thresholds: Sequence[float], *, low: float = 1e-4, high: float = 0.9999,
    fragments: Labels | Fragments = "affinities", cut: float = 0.5, sigma: float = 1.0,
    offsets: Offsets = NEAREST_OFFSETS, bias: float = 0.7,
    scoring: str = "OneMinus<MeanAffinity<RegionGraphType, ScoreValue>>", smallest: int = 0,
) -> Iterator[tuple[float, Labels]]:  # fmt: skip
    """Agglomerate once, stopping at every threshold in rising order."""
    library = require("waterz")
    ordered = sorted(thresholds)
    affinities = np.ascontiguousarray(_affinities(prediction, NEAREST_OFFSETS), np.float32)
    given: Labels | None = None
    if isinstance(fragments, np.ndarray):
        given = fragments.copy()
    elif fragments == "distance":
        given = watershed(_walls(affinities)[None], cut, seeds="distance", sigma=sigma)
    elif fragments == "mutex":
        parts = mutex(prediction, bias, offsets=offsets, smallest=CRUMB)
        given = _flood(_walls(affinities), parts, None, 3)
    elif fragments != "affinities":
        raise UnknownName("kind of fragments", fragments, get_args(Fragments))
    found = library.agglomerate(
        affinities, ordered, fragments=given, aff_threshold_low=low, aff_threshold_high=high, scoring_function=scoring
    )
    for threshold in ordered:
        with _quiet():
            labels = next(found)
        yield threshold, _drop_small(labels.astype(np.uint64), smallest)
    with _quiet(), suppress(StopIteration):
        next(found)


def mutex(
    prediction: Prediction,
    threshold: float = 0.5,
    *,
    offsets: Offsets = NEAREST_OFFSETS,
    stride: Sequence[int] | None = None,
    smallest: int = 0,
) -> Labels:
    """Mutex watershed of affinities (mwatershed).

    Parameters
    ----------
    prediction : one channel per offset.
    threshold : affinities above it attract and those below repel, the more the further away; long-range channels are
        there to repel.
    stride : of long-range channels: only every so many voxels are asked, which is faster and as good.

    Source: Wolf et al. 2018, ECCV, LNCS 11208:571-587; Wolf et al. 2021, IEEE TPAMI 43:3724-3738.
    """
    library = require("mwatershed")
    weights = _affinities(prediction, offsets).astype(np.float64) - threshold
    steps = [[1, 1, 1] if max(map(abs, offset)) == 1 else list(stride or (1, 1, 1)) for offset in offsets]
    labels = library.agglom(weights, [list(offset) for offset in offsets], strides=steps if stride else None)
    return _drop_small(labels.astype(np.uint64), smallest)


def multicut(
    prediction: Prediction,
    threshold: float = 0.5,
    *,
    boundary: Literal["affinities", "membrane"] = "affinities",
    cut: float = 0.5,
    sigma: float = 2.0,
    weighting: Weighting = "none",
    dims: Dims = 3,
    smallest: int = 0,
) -> Labels:
    """Multicut of a watershed oversegmentation (python-elf: greedy additive start, then Kernighan-Lin).

    Parameters
    ----------
    prediction : affinities (the mean of the first three, taken from 1, is the boundary map), or a membrane map.
    threshold : the boundary bias beta; above 0.5 more is cut.
    cut, sigma, dims : of the oversegmentation, `watershed` with distance seeds. With ``dims=2`` its superpixels are
        flat, those of neighbouring sections share edges too, and cells are the connected regions within a section.
    weighting : of an edge's cost by its size over the largest: ``none``; ``all``; ``xyz``, apart for edges within
        sections and across them (only ``dims=2``; broad faces would outweigh all borders otherwise).

    Source: Andres et al. 2012, ECCV, LNCS 7574:778-791; Beier et al. 2017, Nat Methods 14:101-102 (flat superpixels).
    The cost of an edge is log((1 - p) / p) + log((1 - beta) / beta) with p the mean of the boundary map along it.
    """
    if weighting == "xyz" and dims == 3:
        raise InputError("weighting 'xyz' tells edges across sections from those within; it needs dims: 2")
    features, solver = require("elf.segmentation.features"), require("elf.segmentation.multicut")
    if boundary == "affinities":
        height = _walls(_affinities(prediction, NEAREST_OFFSETS))
    else:
        height = _channel(prediction, 0).astype(np.float32)
    over = watershed(height[None], cut, seeds="distance", sigma=sigma, dims=dims)
    _, compact = np.unique(over, return_inverse=True)
    compact = compact.reshape(over.shape).astype(np.uint32)
    graph = features.compute_rag(compact, n_threads=1)
    if graph.number_of_edges == 0:
        return over
    edges = features.compute_boundary_mean_and_length(graph, compact, height, n_threads=1)
    across = features.compute_z_edge_mask(graph, compact) if dims == 2 and compact.ndim == 3 else None
    costs = _edge_costs(edges, threshold, weighting, across)
    if not over.all():  # a section that is all membrane: one node, which ties nothing together
        costs[(graph.uv_ids() == 0).any(axis=1)] = NEVER
    nodes = np.asarray(solver.multicut_kernighan_lin(graph, costs), np.uint64)[compact] + np.uint64(1)
    nodes[over == 0] = 0
    return _drop_small(section_components(nodes).astype(np.uint64) if dims == 2 else nodes, smallest)


SEGMENTERS: Mapping[str, Segmenter] = MappingProxyType(
    {
        "components": components,
        "watershed": watershed,
        "marker-watershed": marker_watershed,
        "waterz": waterz,
        "mutex": mutex,
        "multicut": multicut,
    }
)


def segment(name: str, prediction: Prediction, threshold: float, **options: Any) -> Labels:
    """Return the labels of one segmenter.

    Raises
    ------
    UnknownName
        If there is no such segmenter.
    InputError
        If the channels do not fit it.
    MissingExtra
        If its library is not installed.
    """
    if name not in SEGMENTERS:
        raise UnknownName("segmenter", name, SEGMENTERS)
    return SEGMENTERS[name](prediction, threshold, **options)


def sweep(
    name: str, prediction: Prediction, thresholds: Sequence[float], **options: Any
) -> Iterator[tuple[float, Labels]]:
    """Yield (threshold, labels) in rising order of thresholds, one at a time; waterz does all in one agglomeration."""
    if name == "waterz":
        yield from _waterz_sweep(prediction, thresholds, **options)
        return
    for threshold in sorted(thresholds):
        yield threshold, segment(name, prediction, threshold, **options)


def _edge_costs(
    edges: NDArray[np.floating[Any]], beta: float, weighting: Weighting, across: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Costs of the edges (mean, size) of a multicut; above 0 they are better joined, below better cut."""
    costs = require("elf.segmentation.multicut").transform_probabilities_to_costs
    kinds = None if weighting != "xyz" or across is None else [kind for kind in (across, ~across) if kind.any()]
    return np.asarray(costs(edges[:, 0], beta, None if weighting == "none" else edges[:, 1], kinds), np.float64)


def _components(chosen: NDArray[np.bool_], dims: Dims) -> Labels:
    from scipy import ndimage

    labels = np.empty(chosen.shape, np.int64)
    ndimage.label(chosen, structure=_neighbours(chosen.ndim, dims), output=labels)
    return labels.astype(np.uint64)


def _neighbours(axes: int, dims: Dims) -> NDArray[np.bool_]:
    """Voxels that share a face; with `dims` 2 only those of the same section."""
    from scipy import ndimage

    structure: NDArray[np.bool_] = ndimage.generate_binary_structure(axes, 1)
    if dims == 2 and axes == 3:
        structure[0] = structure[2] = False
    return structure


def _flood(height: Prediction, seeds: Labels, mask: NDArray[np.bool_] | None, dims: Dims) -> Labels:
    flood = require("skimage.segmentation").watershed
    markers = seeds.astype(np.int64)
    labels = flood(height, markers, mask=mask, connectivity=_neighbours(height.ndim, dims))
    return np.asarray(labels).astype(np.uint64)


def _drop_small(labels: Labels, smallest: int) -> Labels:
    """Return the labels with segments of fewer than `smallest` voxels made background."""
    if smallest > 1:
        _, place, count = np.unique(labels, return_inverse=True, return_counts=True)
        labels = np.where(count[place.reshape(labels.shape)] < smallest, np.uint64(0), labels)
    return labels


def _channel(prediction: Prediction, channel: int) -> Prediction:
    if prediction.ndim not in (3, 4) or not -prediction.shape[0] <= channel < prediction.shape[0]:
        raise InputError(
            f"channel {channel} of a prediction (channels, z, y, x) or (channels, y, x): {_shape(prediction)}"
        )
    found: Prediction = prediction[channel]
    return found


def _affinities(prediction: Prediction, offsets: Offsets) -> Prediction:
    """Return the channels that belong to `offsets`; surplus ones are allowed for the nearest neighbours only."""
    enough = prediction.shape[0] >= len(offsets) if offsets is NEAREST_OFFSETS else prediction.shape[0] == len(offsets)
    if prediction.ndim != 4 or not enough:
        raise InputError(f"affinities for {len(offsets)} offsets are (channels, z, y, x); got {_shape(prediction)}")
    return prediction[: len(offsets)]


def _walls(affinities: Prediction) -> Prediction:
    """Return the boundary map of affinities to the nearest neighbours: 1 - their mean."""
    walls: Prediction = 1.0 - affinities.mean(axis=0, dtype=np.float32)
    return walls


def _shape(prediction: Prediction) -> str:
    return "an array of shape " + " x ".join(str(size) for size in prediction.shape)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what waterz prints from C++ out of the standard output, which may be somebody's JSON."""
    saved, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(nowhere)
