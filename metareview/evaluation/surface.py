"""Distances between the surfaces of two masks, by SciPy's nearest-neighbour tree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metareview.errors import NotEstimable

__all__ = ["average_surface_distance", "hausdorff_distance", "surface_distances", "surface_points"]


def surface_points(mask: np.ndarray, resolution: Sequence[float]) -> np.ndarray:
    """Return the positions of the surface voxels of a mask, shape (n, d), in the unit of `resolution`.

    A voxel is on the surface if a voxel that shares a face with it is background; beyond the edge of the volume is
    background.
    """
    from scipy.ndimage import binary_erosion

    solid = mask != 0
    return np.argwhere(solid & ~binary_erosion(solid)) * np.asarray(resolution, dtype=np.float64)


def surface_distances(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each point of one surface its distance to the other: from first to second, and back.

    Raises
    ------
    NotEstimable
        If a surface is empty.
    """
    from scipy.spatial import cKDTree

    if not len(first) or not len(second):
        raise NotEstimable("an empty mask has no surface")
    there, _ = cKDTree(second).query(first)
    back, _ = cKDTree(first).query(second)
    return np.asarray(there), np.asarray(back)


def hausdorff_distance(there: np.ndarray, back: np.ndarray, *, percentile: float = 100.0) -> float:
    """Hausdorff distance: the larger of both directed maxima, or of both directed percentiles (95: printed HD95).

    Source: Huttenlocher, Klanderman & Rucklidge 1993, IEEE TPAMI 15:850-863; percentiles as in Taha & Hanbury 2015.
    """
    return float(max(np.percentile(there, percentile), np.percentile(back, percentile)))


def average_surface_distance(there: np.ndarray, back: np.ndarray, *, pooled: bool = True) -> float:
    """ASSD: mean distance over the surface voxels of both masks.

    Parameters
    ----------
    pooled : the sum of all distances over the number of all surface voxels (Heimann et al. 2009, IEEE TMI
        28:1251-1265); otherwise the mean of the two directed means.
    """
    if pooled:
        return float((there.sum() + back.sum()) / (there.size + back.size))
    return float((there.mean() + back.mean()) / 2.0)
