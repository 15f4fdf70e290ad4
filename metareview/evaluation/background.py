"""Background rules: which voxels a partition score counts, and what label 0 means.

A partition score is a mean over voxels: of the size of the piece a voxel lies in (the overlap of its two segments),
of its truth segment, of its predicted segment, or of their logarithms. So each rule turns the contingency table into
`Pieces`: groups of voxels with those three sizes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from metareview.errors import UnknownName
from metareview.evaluation.table import ContingencyTable

__all__ = ["RULES", "Pieces", "pieces"]

#: rule -> (what happens to truth 0, what happens to prediction 0)
RULES: dict[str, tuple[str, str]] = {
    "gt0": ("dropped", "a segment like any other"),
    "snemi": ("dropped", "every voxel a segment of its own, so unassigned voxels cost recall only"),
    "fg": ("dropped", "dropped"),
    "all": ("a segment", "a segment"),
    "cremi": ("a segment", "every voxel a segment of its own"),
}


class Pieces(NamedTuple):
    """Groups of voxels, shape (k,) each.

    voxels : how many voxels the group has.
    overlap : n_ij, the size of the piece each of them lies in.
    truth : t_i, the size of its truth segment.
    prediction : s_j, the size of its predicted segment.
    """

    voxels: np.ndarray
    overlap: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray


def sizes_by_row(ids: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return for each row the total count of its id, shape (k,)."""
    if not ids.size:
        return count.copy()
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    first = np.ones(ids.size, dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    totals = np.add.reduceat(count[order], np.flatnonzero(first))
    result = np.empty_like(count)
    result[order] = totals[np.cumsum(first) - 1]
    return result


def pieces(table: ContingencyTable, rule: str) -> Pieces:
    """Return the voxels that count under a background rule.

    Parameters
    ----------
    table : the contingency table.
    rule : one of `RULES`. ``gt0`` is the default of scikit-image, funlib.evaluate and python-elf; ``snemi`` the
        SNEMI3D Matlab script, cremi_python's functions and Fiji; ``fg`` ignores 0 on both sides; ``all`` ignores
        nothing; ``cremi`` is cremi_python's NeuronIds, which adds 1 to the truth, so that its 0 becomes a segment.

    Notes
    -----
    The SNEMI3D script adds sum(p_i0)/n to the sums of squared proportions: unassigned voxels are segments of one
    voxel. cremi_python and Fiji's 3D function add the same term to sums of squared *counts*, where it is too small by
    n; on volumes of more than 10^6 voxels the difference is below 10^-6.
    """
    if rule not in RULES:
        raise UnknownName("background rule", rule, RULES)
    prediction, truth, count = table.prediction, table.truth, table.count
    if rule in ("gt0", "snemi", "fg"):
        keep = truth != 0
        if rule == "fg":
            keep &= prediction != 0
        prediction, truth, count = prediction[keep], truth[keep], count[keep]
    overlap, size = count, sizes_by_row(prediction, count)
    if rule in ("snemi", "cremi"):
        alone = prediction == 0
        overlap, size = np.where(alone, 1, overlap), np.where(alone, 1, size)
    return Pieces(count, overlap, sizes_by_row(truth, count), size)
