"""What a network is taught: from instance labels to target channels, their masks, and voxel weights.

Labels are (z, y, x) or (y, x), 0 being background, which is the membrane where membranes are annotated. With
``dims=2`` every section is treated by itself. Targets are float32 in [0, 1], of shape (channels, *labels.shape), so
that every loss of `metareview.rerun.losses` fits every target. NumPy and SciPy only.

Affinities follow the field's rule: channel c at voxel v says whether v and v + offsets[c] are in one segment; offsets
are negative, so that a voxel looks back (waterz, mwatershed and the LSD data agree on it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, UnknownName

__all__ = [
    "KINDS",
    "LEE_OFFSETS",
    "NEAREST_OFFSETS",
    "affinities",
    "border_weights",
    "boundary",
    "channel_names",
    "contour",
    "grow_boundary",
    "make_target",
    "signed_distance",
    "target_mask",
]

Offsets = Sequence[Sequence[int]]
Labels = NDArray[Any]
Floats = NDArray[np.float32]

NEAREST_OFFSETS = ((-1, 0, 0), (0, -1, 0), (0, 0, -1))
#: nearest neighbours, then z 2 to 4 and y, x 3, 9, 27 voxels away: the long-range affinities of Lee et al. 2017
LEE_OFFSETS = (
    *NEAREST_OFFSETS,
    *((-z, 0, 0) for z in (2, 3, 4)),
    *((0, -y, 0) for y in (3, 9, 27)),
    *((0, 0, -x) for x in (3, 9, 27)),
)

KINDS = ("membrane", "foreground", "boundary", "bc", "bcd", "affinities")
#: beyond this many sigmas a border weight is left out: exp(-5^2 / 2) = 4e-6
REACH = 5.0


def channel_names(kind: str, offsets: Offsets | None = None) -> tuple[str, ...]:
    """Return the channels of a target; their number is the `out_channels` of a model.

    >>> channel_names("bc")
    ('body', 'contour')
    """
    if kind not in KINDS:
        raise UnknownName("target", kind, KINDS)
    if kind == "affinities":
        return tuple("affinity " + ",".join(str(step) for step in offset) for offset in offsets or NEAREST_OFFSETS)
    return {"bc": ("body", "contour"), "bcd": ("body", "contour", "distance")}.get(kind, (kind,))


def make_target(
    kind: str, labels: Labels, *, offsets: Offsets | None = None, dims: Literal[2, 3] = 3, radius: int = 1
) -> Floats:
    """Return the target channels, float32 of shape (channels, *labels.shape).

    Parameters
    ----------
    kind : ``membrane`` (label 0), ``foreground`` (any other label), ``boundary`` (a face neighbour has another label),
        ``bc`` (body and contour), ``bcd`` (and the signed distance, as (1 + d) / 2), ``affinities``.
    offsets : of affinities, one per channel; the nearest neighbours when left out.
    dims : 2 looks at sections one by one (boundary, contour, distance).
    radius : of the contour, in pixels of the section.

    Raises
    ------
    UnknownName
        If the kind is not one of `KINDS`.
    InputError
        If membranes are asked for of labels without a 0, or the labels are not 2D or 3D integers.
    """
    labels = _checked(labels)
    names = channel_names(kind, offsets)
    if kind == "affinities":
        return affinities(labels, offsets or NEAREST_OFFSETS)
    if kind == "membrane" and labels.size and labels.min() != 0:
        raise InputError("target membrane: no voxel of the labels is 0, so no membrane is annotated; use boundary")
    channels: dict[str, Callable[[], NDArray[Any]]] = {
        "membrane": lambda: labels == 0,
        "foreground": lambda: labels != 0,
        "body": lambda: labels != 0,
        "boundary": lambda: boundary(labels, dims=dims),
        "contour": lambda: contour(labels, radius=radius),
        "distance": lambda: 0.5 + 0.5 * signed_distance(labels, dims=dims),
    }
    return np.stack([channels[name]() for name in names]).astype(np.float32)


def target_mask(
    kind: str, labels: Labels, *, offsets: Offsets | None = None, labelled: NDArray[np.bool_] | None = None
) -> Floats:
    """Return 1 where the target is known and 0 where it is not, of the target's shape.

    An affinity is unknown where the voxel it looks at lies outside the volume or is not `labelled`; every other target
    is known where its own voxel is labelled.
    """
    labels = _checked(labels)
    mask = np.ones((len(channel_names(kind, offsets)), *labels.shape), np.float32)
    if kind == "affinities":
        for channel, offset in zip(mask, offsets or NEAREST_OFFSETS, strict=True):
            here, there = _shifted(offset, labels.shape)
            known = np.zeros(labels.shape, bool)
            known[here] = True if labelled is None else labelled[there]
            channel[~known] = 0.0
    return mask if labelled is None else mask * labelled.astype(np.float32)


def affinities(labels: Labels, offsets: Offsets = NEAREST_OFFSETS) -> Floats:
    """Affinities: 1 where a voxel and the one at its offset have the same label, which is not 0.

    0 where the other voxel is outside (`target_mask` marks those). Offsets have as many steps as labels have axes.

    Source: Turaga et al. 2010, Neural Comput 22:511-538; long range: Lee et al. 2017, arXiv:1706.00120.
    """
    labels = _checked(labels)
    found = np.zeros((len(offsets), *labels.shape), np.float32)
    for channel, offset in zip(found, offsets, strict=True):
        here, there = _shifted(offset, labels.shape)
        channel[here] = (labels[here] == labels[there]) & (labels[here] != 0)
    return found


def boundary(labels: Labels, *, dims: Literal[2, 3] = 3) -> NDArray[np.bool_]:
    """Voxels of which a face neighbour has another label: both sides of every border, two voxels thick."""
    labels = _checked(labels)
    found = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim - min(dims, labels.ndim), labels.ndim):
        step = [0] * labels.ndim
        step[axis] = -1
        here, there = _shifted(step, labels.shape)
        differs = labels[here] != labels[there]
        found[here] |= differs
        found[there] |= differs
    return found


def grow_boundary(labels: Labels, steps: int, *, dims: Literal[2, 3] = 3) -> Labels:
    """Return the labels with background, 0, grown into every segment from where another one begins.

    A segment loses `steps` voxels of its surface, face by face; where it ends at the edge of the volume it loses none.

    Source: the preparation of labels of Funke et al. 2019, IEEE TPAMI 41:1669-1680 (GrowBoundary of gunpowder), there
    within sections; so it is here with ``dims=2``.

    >>> grow_boundary(np.array([[1, 1, 1, 2, 2, 2]]), 1).tolist()
    [[1, 1, 0, 0, 2, 2]]
    """
    grown = _checked(labels)
    for _ in range(steps):
        grown = np.where(boundary(grown, dims=dims), 0, grown).astype(labels.dtype)
    return grown


def contour(labels: Labels, *, radius: int = 1) -> NDArray[np.bool_]:
    """Voxels with more than one label in the square of 2 radius + 1 pixels around them, within the section.

    Source: Wei et al. 2020, MICCAI, LNCS 12265:66-76 (the instance contour map of U3D-BC); the square is our choice.
    """
    from scipy import ndimage

    labels = _checked(labels)
    _, compact = np.unique(labels, return_inverse=True)
    compact = compact.reshape(labels.shape).astype(np.int32)
    size = (1,) * (labels.ndim - 2) + (2 * radius + 1,) * 2
    high = ndimage.maximum_filter(compact, size=size, mode="nearest")
    low = ndimage.minimum_filter(compact, size=size, mode="nearest")
    different: NDArray[np.bool_] = high != low
    return different


def signed_distance(
    labels: Labels, *, inside: float = 8.0, outside: float = 50.0, dims: Literal[2, 3] = 3
) -> NDArray[np.float32]:
    """Signed distance to the border of the instance, in (-1, 1): tanh(d / inside) within, -tanh(d / outside) without.

    d is the Euclidean distance in voxels to the nearest voxel that is not of the instance, or of background to the
    nearest instance; the edge of the volume is no border.

    Source: Lin et al. 2021, NucMM, MICCAI, LNCS 12901:164-174, arXiv:2107.05840 (the signed distance of
    U3D-BCD); 8 and 50 are those of the authors' public code.
    """
    from scipy import ndimage

    labels = _checked(labels)
    if dims == 2 and labels.ndim == 3:
        return np.stack([signed_distance(section, inside=inside, outside=outside, dims=2) for section in labels])
    found = np.zeros(labels.shape, np.float32)
    background = labels == 0
    if not background.all():
        found[background] = -np.tanh(ndimage.distance_transform_edt(background) / outside)[background]
    for box, own in _instances(labels, 1):
        # alone in its world: no border anywhere
        distance = np.full(own.shape, np.inf) if own.all() else ndimage.distance_transform_edt(own)
        found[box][own] = np.tanh(distance / inside)[own]
    return found


def border_weights(
    labels: Labels, w0: float = 10.0, sigma: float = 5.0, *, balance: bool | float = True, dims: Literal[2, 3] = 2
) -> Floats:
    """Voxel weights that teach the gaps between touching cells: w = wc + w0 exp(-(d1 + d2)^2 / (2 sigma^2)).

    Parameters
    ----------
    labels : instances; 0 is the gap.
    w0, sigma : height and width in voxels; the paper's 10 and 5.
    balance : wc gives background and foreground the same total weight, mean 1, at the share of background that is
        given, or that of these labels where True; False: wc = 1.
    dims : 2 measures distances within the section.

    Returns
    -------
    float32 of the shape of `labels`. d1 and d2 are the distances of a background voxel to the nearest and the second
    nearest instance; terms beyond five sigma (below 4e-6 w0) are left out.

    Source: Ronneberger et al. 2015, eq. 2 (arXiv:1505.04597).
    """
    labels = _checked(labels)
    if dims == 2 and labels.ndim == 3:
        parts = [border_weights(part, w0, sigma, balance=False, dims=2) for part in labels]
        weights = np.stack(parts) if parts else np.zeros(labels.shape, np.float32)
    else:
        weights = 1.0 + _gap_term(labels, w0, sigma)
    background = labels == 0
    share = float(balance) if not isinstance(balance, bool) else float(background.mean()) if labels.size else 0.0
    if balance is not False and 0.0 < share < 1.0:
        weights += np.where(background, 0.5 / share, 0.5 / (1.0 - share)) - 1.0
    return weights.astype(np.float32)


def _gap_term(labels: Labels, w0: float, sigma: float) -> Floats:
    """w0 exp(-(d1 + d2)^2 / (2 sigma^2)) on the background, 0 elsewhere."""
    from scipy import ndimage

    reach = int(np.ceil(REACH * sigma))
    nearest = np.full(labels.shape, np.inf, np.float32)
    second = nearest.copy()
    for box, own in _instances(labels, reach):
        distance = ndimage.distance_transform_edt(~own).astype(np.float32)
        # the third of three numbers never matters: keep the lowest two
        second[box] = np.minimum(second[box], np.maximum(nearest[box], distance))
        nearest[box] = np.minimum(nearest[box], distance)
    term = w0 * np.exp(-((nearest + second) ** 2) / (2.0 * sigma**2))
    return np.where(labels == 0, term, 0.0).astype(np.float32)


def _instances(labels: Labels, margin: int) -> list[tuple[tuple[slice, ...], NDArray[np.bool_]]]:
    """Return for each instance the box around it, `margin` voxels wider but inside the volume, and its mask there."""
    from scipy import ndimage

    ids, compact = np.unique(labels, return_inverse=True)
    compact = compact.reshape(labels.shape) + (0 if ids.size and ids[0] == 0 else 1)
    found = []
    for number, box in enumerate(ndimage.find_objects(compact), start=1):
        wider = tuple(
            slice(max(0, side.start - margin), min(size, side.stop + margin))
            for side, size in zip(box, labels.shape, strict=True)
        )
        found.append((wider, compact[wider] == number))
    return found


def _shifted(offset: Sequence[int], shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return where a voxel and the one at `offset` from it are both inside: the first, the second."""
    if len(offset) != len(shape):
        raise InputError(f"offset {tuple(offset)} has {len(offset)} steps, the labels have {len(shape)} axes")
    pairs = list(zip(offset, shape, strict=True))
    here = tuple(slice(min(max(0, -step), size), max(0, min(size, size - step))) for step, size in pairs)
    there = tuple(slice(min(max(0, step), size), max(0, min(size, size + step))) for step, size in pairs)
    return here, there


def _checked(labels: Labels) -> Labels:
    if labels.ndim not in (2, 3) or labels.dtype.kind not in "uib":
        raise InputError(
            f"labels are whole numbers of shape (z, y, x) or (y, x); these are {labels.dtype} with {labels.ndim} axes"
        )
    return labels
