"""Covariance structures ``M = V + sum_j theta_j Z_j Z_j'`` and what a likelihood needs of them, without k x k algebra.

Z_j has a one where a row belongs to a level of factor j. Which solver is used follows from the structure alone:

- `Nested`: V diagonal, one grouping factor and perhaps one with a level per row: Sherman-Morrison, O(k).
- `Blocks`: rows fall into unconnected clusters (by V and all factors): dense blocks, batched by size.
- `Crossed`: V diagonal, factors that connect everything: Woodbury on the levels, O(k + levels^3).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from metareview.stats.synthesis.core import Array

__all__ = ["Factored", "Structure", "build_structure", "components_of"]

Codes = NDArray[np.intp]


class Factored(Protocol):
    """M at one theta."""

    log_det: float

    def solve(self, b: Array) -> Array:
        """Return M^-1 b for b (k, m)."""

    def traces(self) -> Array:
        """Return tr(M^-1 Z_j Z_j') for each component."""


class Structure(Protocol):
    """A covariance structure with fixed V and factors."""

    codes: list[Codes]

    def factor(self, theta: Array) -> Factored:
        """Return M at theta, factored."""

    def spread(self, j: int, b: Array) -> Array:
        """Return Z_j Z_j' b for b (k, m)."""


def _sum_levels(codes: Codes, b: Array) -> Array:
    """Z'b for one factor, (levels, m)."""
    count = int(codes.max()) + 1
    return np.stack([np.bincount(codes, weights=b[:, m], minlength=count) for m in range(b.shape[1])], axis=1)


class _Spreading:
    codes: list[Codes]

    def spread(self, j: int, b: Array) -> Array:
        """Return Z_j Z_j' b."""
        codes = self.codes[j]
        return b if int(codes.max()) + 1 == len(codes) else _sum_levels(codes, b)[codes]


class Nested(_Spreading):
    """V diagonal; at most one factor with several rows per level, at most one with a level per row."""

    def __init__(self, v: Array, codes: list[Codes]) -> None:
        self.v, self.codes = v, codes
        k = len(v)
        self.group = next((j for j, c in enumerate(codes) if int(c.max()) + 1 < k), None)
        self.row = next((j for j, c in enumerate(codes) if int(c.max()) + 1 == k), None)

    def factor(self, theta: Array) -> Factored:
        """Return M = D + s 11' by group, factored."""
        d = self.v + (theta[self.row] if self.row is not None else 0.0)
        s = float(theta[self.group]) if self.group is not None else 0.0
        return _NestedFactored(self, 1 / d, s)


class _NestedFactored:
    def __init__(self, parent: Nested, i: Array, s: float) -> None:
        self.parent, self.i, self.s = parent, i, s
        self.log_det = float(-np.log(i).sum())
        self.group = None if parent.group is None else parent.codes[parent.group]
        if self.group is not None:
            self.sum_i = np.bincount(self.group, weights=i)
            self.gain = 1 / (1 + s * self.sum_i)
            self.log_det += float(-np.log(self.gain).sum())

    def solve(self, b: Array) -> Array:
        """Return M^-1 b by Sherman and Morrison."""
        first = self.i[:, None] * b
        if self.group is None or self.s == 0:
            return first
        shared = _sum_levels(self.group, first) * (self.s * self.gain)[:, None]
        return np.asarray(first - self.i[:, None] * shared[self.group])

    def traces(self) -> Array:
        """Return the traces in the order of the factors."""
        parent, out = self.parent, np.zeros(len(self.parent.codes))
        if parent.group is not None and self.group is not None:
            out[parent.group] = (self.sum_i * self.gain).sum()
        if parent.row is not None:
            out[parent.row] = self.i.sum()
            if self.group is not None:
                squares = np.bincount(self.group, weights=self.i * self.i)
                out[parent.row] -= (self.s * squares * self.gain).sum()
        return out


class _Batch(NamedTuple):
    """Clusters of one size: rows (C, n), V (C, n, n), and Z_j Z_j' for each component (q, C, n, n)."""

    rows: Codes
    v: Array
    z: Array


class Blocks(_Spreading):
    """Unconnected clusters as dense blocks, batched by size."""

    def __init__(self, v: Array, codes: list[Codes], labels: Codes) -> None:
        self.codes, self.k = codes, len(labels)
        order = np.argsort(labels, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
        self.batches: list[_Batch] = []
        for n in sorted({len(g) for g in groups}):
            rows = np.stack([g for g in groups if len(g) == n])
            block = v[rows[:, :, None], rows[:, None, :]] if v.ndim == 2 else v[rows][:, :, None] * np.eye(n)
            z = [(c[rows][:, :, None] == c[rows][:, None, :]).astype(float) for c in codes]
            self.batches.append(_Batch(rows, block, np.stack(z) if z else np.zeros((0, *block.shape))))

    def factor(self, theta: Array) -> Factored:
        """Return the blocks of M, inverted."""
        return _BlocksFactored(self, theta)


class _BlocksFactored:
    def __init__(self, parent: Blocks, theta: Array) -> None:
        self.parent, self.inverses, self.log_det = parent, [], 0.0
        for batch in parent.batches:
            m = batch.v + np.tensordot(theta, batch.z, axes=1)
            lower = np.linalg.cholesky(m)
            self.log_det += float(2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum())
            root = np.linalg.inv(lower)
            self.inverses.append(np.swapaxes(root, 1, 2) @ root)

    def solve(self, b: Array) -> Array:
        """Return M^-1 b block by block."""
        out = np.empty_like(b)
        for batch, inverse in zip(self.parent.batches, self.inverses, strict=True):
            out[batch.rows] = inverse @ b[batch.rows]
        return out

    def traces(self) -> Array:
        """Return the traces from the blocks."""
        parts = [
            np.einsum("cij,qcij->q", inverse, batch.z)
            for batch, inverse in zip(self.parent.batches, self.inverses, strict=True)
        ]
        return np.asarray(np.sum(parts, axis=0))


class Crossed(_Spreading):
    """V diagonal and factors that connect all rows: the algebra is in the levels."""

    def __init__(self, v: Array, codes: list[Codes]) -> None:
        from scipy.sparse import coo_array  # not at the top: it doubles the time of importing the engine

        self.v, self.codes = v, codes
        k = len(v)
        self.row = next((j for j, c in enumerate(codes) if int(c.max()) + 1 == k), None)
        self.others = [j for j in range(len(codes)) if j != self.row]
        starts = np.cumsum([0, *(int(codes[j].max()) + 1 for j in self.others)])
        columns = np.concatenate([codes[j] + start for j, start in zip(self.others, starts, strict=False)])
        shape = (k, int(starts[-1]))
        self.z = coo_array((np.ones(len(columns)), (np.tile(np.arange(k), len(self.others)), columns)), shape).tocsr()
        self.owner = np.repeat(self.others, np.diff(starts))

    def factor(self, theta: Array) -> Factored:
        """Return M by Woodbury's identity."""
        d = self.v + (theta[self.row] if self.row is not None else 0.0)
        return _CrossedFactored(self, theta, 1 / d)


class _CrossedFactored:
    def __init__(self, parent: Crossed, theta: Array, i: Array) -> None:
        self.parent, self.i = parent, i
        self.g = np.sqrt(theta[parent.owner])
        self.h = (parent.z.T @ parent.z.multiply(i[:, None])).toarray()
        c = np.eye(len(self.g)) + self.g[:, None] * self.h * self.g
        lower = np.linalg.cholesky(c)
        self.log_det = float(-np.log(i).sum() + 2 * np.log(np.diag(lower)).sum())
        self.inner = self.g[:, None] * np.linalg.inv(c) * self.g

    def solve(self, b: Array) -> Array:
        """Return M^-1 b."""
        first = self.i[:, None] * b
        return np.asarray(first - self.i[:, None] * (self.parent.z @ (self.inner @ (self.parent.z.T @ first))))

    def traces(self) -> Array:
        """Return the traces from the levels."""
        parent, out = self.parent, np.zeros(len(self.parent.codes))
        diagonal = np.diag(self.h) - np.einsum("ab,ba->a", self.h @ self.inner, self.h)
        for j in parent.others:
            out[j] = diagonal[parent.owner == j].sum()
        if parent.row is not None:
            squares = (parent.z.T @ parent.z.multiply((self.i**2)[:, None])).toarray()
            out[parent.row] = self.i.sum() - np.sum(self.inner * squares)
        return out


def components_of(v: Array, codes: list[Codes]) -> Codes:
    """Return the connected cluster (k,) of each row: rows linked by a covariance in V or a shared level."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    k = len(v)
    row, column = np.nonzero(v) if v.ndim == 2 else (np.arange(0), np.arange(0))
    total = k
    for c in codes:
        row, column = np.concatenate([row, np.arange(k)]), np.concatenate([column, c + total])
        total += int(c.max()) + 1
    graph = coo_array((np.ones(len(row)), (row, column)), shape=(total, total))
    return np.asarray(connected_components(graph, directed=False)[1][:k], dtype=np.intp)


def build_structure(v: Array, codes: list[Codes]) -> Structure:
    """Choose the solver that the structure allows; V is (k,) when diagonal, else (k, k)."""
    k = len(v)
    grouping = [c for c in codes if int(c.max()) + 1 < k]
    if v.ndim == 1 and len(grouping) <= 1 and len(codes) - len(grouping) <= 1:
        return Nested(v, codes)
    labels = components_of(v, codes)
    sizes = np.bincount(labels).astype(float)
    levels = float(sum(int(c.max()) + 1 for c in grouping))
    if v.ndim == 1 and len(codes) - len(grouping) <= 1 and levels**3 + k < np.sum(sizes**3):
        return Crossed(v, codes)
    return Blocks(v, codes, labels)
