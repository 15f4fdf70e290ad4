"""Expected run length (ERL) and its normalised form, from frozen skeletons and a segmentation.

Skeletons are an input with a hash, never recomputed here: the skeletoniser moves the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from metareview.errors import InputError, NotEstimable
from metareview.evaluation.readers import read_npz

if TYPE_CHECKING:
    from metareview.evaluation.volumes import Volume

__all__ = ["RunLengths", "Skeletons", "expected_run_length", "normalised_run_length", "run_lengths", "sample_segments"]


@dataclass(frozen=True, slots=True, eq=False)
class Skeletons:
    """Ground-truth skeletons.

    Attributes
    ----------
    nodes : float64, shape (n, d): positions in nanometres, axes in the order of the volume (z, y, x).
    edges : int64, shape (m, 2): indices of nodes; both ends belong to one skeleton.
    skeleton : int64, shape (n,): which skeleton each node belongs to.
    """

    nodes: np.ndarray
    edges: np.ndarray
    skeleton: np.ndarray

    @classmethod
    def from_arrays(cls, nodes: np.ndarray, edges: np.ndarray, skeleton: np.ndarray) -> Skeletons:
        """Check and freeze the three arrays.

        Raises
        ------
        InputError
            If shapes disagree, a position is not finite, or an edge joins two skeletons or a node that is not there.
        """
        nodes, edges = np.array(nodes, dtype=np.float64), np.array(edges, dtype=np.int64).reshape(-1, 2)
        skeleton = np.array(skeleton, dtype=np.int64)
        if nodes.ndim != 2 or skeleton.shape != nodes.shape[:1]:
            raise InputError(f"skeletons need nodes (n, d) and skeleton (n,), not {nodes.shape} and {skeleton.shape}")
        if not np.isfinite(nodes).all():
            raise InputError("a skeleton node has a position that is not finite; positions are nanometres; repair it")
        if edges.size and (edges.min() < 0 or edges.max() >= len(nodes)):
            raise InputError(f"an edge names a node that is not there; node indices run from 0 to {len(nodes) - 1}")
        if (skeleton[edges[:, 0]] != skeleton[edges[:, 1]]).any():
            raise InputError("an edge joins two skeletons; give both ends one skeleton id, or leave the edge out")
        return cls(nodes, edges, skeleton)

    @classmethod
    def load(cls, path: str | Path) -> Skeletons:
        """Read an ``.npz`` file with the arrays ``nodes`` (nm), ``edges`` and ``skeleton``.

        Raises
        ------
        InputError
            If the file is missing, no such archive, or its arrays do not fit together.
        """
        return cls.from_arrays(*read_npz(path, ("nodes", "edges", "skeleton"), "a file of skeletons"))

    def lengths(self) -> np.ndarray:
        """Return the length of each edge in nanometres, shape (m,)."""
        return np.asarray(np.linalg.norm(self.nodes[self.edges[:, 0]] - self.nodes[self.edges[:, 1]], axis=1))


class RunLengths(NamedTuple):
    """Per skeleton, shape (k,): id, length L_k and run length sum_s l_ks^2 / L_k, in nanometres; merging segments."""

    skeleton: np.ndarray
    length: np.ndarray
    run: np.ndarray
    merging: np.ndarray


def sample_segments(volume: Volume, nodes: np.ndarray, resolution: Sequence[float]) -> np.ndarray:
    """Return the segment under each node, shape (n,), reading only the blocks that hold nodes.

    Raises
    ------
    InputError
        If a node lies outside the volume.
    """
    place = np.floor(nodes / np.asarray(resolution, dtype=np.float64)).astype(np.int64)
    shape = np.asarray(volume.shape)
    if place.shape[1] != shape.size:
        raise InputError(f"skeleton nodes have {place.shape[1]} coordinates and {volume.name} {shape.size} dimensions")
    outside = ((place < 0) | (place >= shape)).any(axis=1)
    if outside.any():
        first = nodes[outside][0].tolist()
        raise InputError(
            f"{int(outside.sum())} skeleton nodes lie outside {volume.name}, the first at {first} nm; positions are "
            "nanometres from the first voxel in the axis order of the volume; check resolution, order and offset"
        )
    block = np.asarray(volume.chunks)
    found = np.zeros(len(place), dtype=np.uint64)
    keys, member, nodes_in = np.unique(place // block, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(member.reshape(-1), kind="stable")
    for key, rows in zip(keys, np.split(order, np.cumsum(nodes_in)[:-1]), strict=True):
        low = key * block
        high = np.minimum(low + block, shape)
        content = volume.read(tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)))
        found[rows] = content[tuple((place[rows] - low).T)].astype(np.uint64)
    return found


def merging_segments(skeleton: np.ndarray, segment: np.ndarray, tolerance: int) -> np.ndarray:
    """Return the segments that hold at least max(tolerance, 1) nodes of each of two or more skeletons.

    Source: em_erl (compute_erl_score, count >= merge_threshold); tolerance 0 and 1 are the rule of Januszewski et al.
    2018 and funlib.evaluate, where one node of a second skeleton makes a merger.
    """
    both = np.stack([segment.astype(np.uint64), skeleton.astype(np.uint64)])
    pairs, count = np.unique(both, axis=1, return_counts=True)
    holders, number = np.unique(pairs[0][count >= max(tolerance, 1)], return_counts=True)
    return np.asarray(holders[number > 1])


def run_lengths(skeletons: Skeletons, segment: np.ndarray, *, tolerance: int = 0) -> RunLengths:
    """Return the error-free run length of each skeleton.

    An edge is right if both ends lie in one segment that is not 0 and does not merge skeletons. The right edges of
    skeleton k in segment s have total length l_ks; its run length is sum_s l_ks^2 / L_k.

    Parameters
    ----------
    segment : shape (n,): the segment under each node.
    tolerance : nodes of a skeleton that a segment may hold before it counts as merging that skeleton.

    Source: Januszewski et al. 2018, Nat Methods 15:605-610; tolerance as in em_erl.
    """
    ids, index = np.unique(skeletons.skeleton, return_inverse=True)
    lengths = skeletons.lengths()
    owner = index[skeletons.edges[:, 0]]
    total = np.bincount(owner, weights=lengths, minlength=ids.size)
    merging = merging_segments(index, segment, tolerance)
    u, v = segment[skeletons.edges[:, 0]], segment[skeletons.edges[:, 1]]
    right = (u == v) & (u != 0) & ~np.isin(u, merging)
    pairs, member = np.unique(np.stack([owner[right].astype(np.uint64), u[right]]), axis=1, return_inverse=True)
    correct = np.bincount(member.reshape(-1), weights=lengths[right], minlength=pairs.shape[1])
    squares = np.bincount(pairs[0].astype(np.int64), weights=correct**2, minlength=ids.size)
    run = np.divide(squares, total, out=np.zeros_like(total), where=total > 0)
    return RunLengths(ids, total, run, merging)


def expected_run_length(runs: RunLengths) -> float:
    """ERL: sum_k (L_k / L) run_k, in nanometres. Source: Januszewski et al. 2018, Nat Methods 15:605-610."""
    if not runs.length.sum():
        raise NotEstimable("the skeletons have no length")
    return float(np.dot(runs.length, runs.run) / runs.length.sum())


def normalised_run_length(runs: RunLengths, *, weighted: bool = True) -> float:
    """NERL: ERL over the ERL of the truth, sum_k L_k run_k / sum_k L_k^2, in [0, 1].

    Parameters
    ----------
    weighted : otherwise the ratio of plain sums, sum_k run_k / sum_k L_k, which some tools print.

    Source: Sheridan et al. 2023, Nat Methods 20:295-303.
    """
    if not runs.length.sum():
        raise NotEstimable("the skeletons have no length")
    if weighted:
        return float(np.dot(runs.length, runs.run) / np.dot(runs.length, runs.length))
    return float(runs.run.sum() / runs.length.sum())
