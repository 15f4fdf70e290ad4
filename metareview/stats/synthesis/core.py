"""The batched core: weighted least squares and its quadratic forms, with a leading axis over replicates.

One problem is B data sets of k studies with one design: ``y`` and ``v`` of shape (B, k), or (1, k) where they are the
same in all; ``n`` how often each study counts (B, k), so that bootstrap, leave-one-out and subsets need no copies. For
a heterogeneity variance ``t`` of shape (B,), with ``W = diag(n / (v + t))`` and ``P = W - WX(X'WX)^-1 X'W``, everything
that estimators need is a handful of sums: y'Py, y'PPy, y'PPPy, tr P, tr PP. They cost O(k p^2), never k x k.

Numbers are put on an internal scale first (variances around 1, columns of X orthonormal, y centred at the fit without
heterogeneity), and every stopping rule is relative. Effects on a 0-1 scale are treated like any others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Problem",
    "Scale",
    "Scores",
    "Wls",
    "log_likelihood",
    "prepare",
    "quadratics",
    "rows",
    "scores",
    "wls",
]

Array = NDArray[np.float64]


class Problem(NamedTuple):
    """Data on the internal scale; see the module.

    Attributes
    ----------
    y, v : (B, k) or (1, k).
    n : multiplicities (B, k), or None for all ones.
    x : orthonormal design (k, p).
    xx : its row-wise outer products (k, p * p), so that X'WX is one matrix product.
    k : studies that count in each replicate, (B,) or (1,).
    flat : whether x is one constant column: sums of weights then stand in for products with x.
    shift : what y was centred by, (B, k) or (1, k); None where that is a constant.
    """

    y: Array
    v: Array
    n: Array | None
    x: Array
    xx: Array
    k: Array
    flat: bool = False
    shift: Array | None = None

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return int(self.x.shape[1])

    @property
    def size(self) -> int:
        """Number of replicates."""
        return max(len(self.y), len(self.v), 1 if self.n is None else len(self.n))


class Scale(NamedTuple):
    """The way back from the internal scale: ``s`` (B,) the unit, `start` (B, p) and `r` (p, p) for coefficients."""

    s: Array
    start: Array
    r: Array


class Wls(NamedTuple):
    """A weighted fit on the internal scale: coefficients (B, p), (X'WX)^-1 (B, p, p), residual quadratic form (B,)."""

    b: Array
    inverse: Array
    q: Array


class Scores(NamedTuple):
    """Quadratic forms and traces at t, each (B,): q2 = y'PPy, q3 = y'PPPy, and traces.

    `trace` and `trace2` are tr P and tr PP for restricted likelihood, sum w and sum w^2 for full likelihood.
    """

    q2: Array
    q3: Array
    trace: Array
    trace2: Array


def prepare(y: Array, v: Array, x: Array, n: Array | None = None) -> tuple[Problem, Scale]:
    """Put data on the internal scale.

    Parameters
    ----------
    y, v : (B, k) or (1, k); variances positive.
    x : design (k, p) of full column rank.
    n : multiplicities (B, k), or None.
    """
    q, r = _orthonormal(x)
    xx = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    k = np.array([float(y.shape[1])]) if n is None else n.sum(axis=1)
    unit = _middle(v.min(axis=1), v.max(axis=1))
    v = v / (unit * unit)[:, None]
    y = y / unit[:, None]
    raw = Problem(y, v, n, q, xx, k, q.shape[1] == 1 and bool(np.ptp(q) == 0))
    start = wls(raw, np.zeros(1)).b
    fitted = start @ q.T
    return raw._replace(y=y - fitted, shift=None if raw.flat else fitted), Scale(unit, start * unit[:, None], r)


def _middle(low: Array, high: Array) -> Array:
    """The fourth root of a product that itself may lie outside of floating point."""
    with np.errstate(over="ignore", under="ignore"):
        product = low * high
    fine = (product > 1e-290) & (product < 1e290)
    return np.asarray(np.where(fine, product, 1.0) ** 0.25 * np.where(fine, 1.0, np.sqrt(np.sqrt(low) * np.sqrt(high))))


def _orthonormal(x: Array) -> tuple[Array, Array]:
    if x.shape[1] == 1:
        norm = float(np.sqrt(np.sum(x * x)))
        sign = -1.0 if x[0, 0] < 0 else 1.0
        return x / (sign * norm), np.array([[sign * norm]])
    q, r = np.linalg.qr(x)
    return q, r


def rows(problem: Problem, index: NDArray[np.intp]) -> Problem:
    """Return the replicates at `index`."""

    def take(a: Array) -> Array:
        return a if len(a) == 1 else a[index]

    n = None if problem.n is None else take(problem.n)
    shift = None if problem.shift is None else take(problem.shift)
    return problem._replace(y=take(problem.y), v=take(problem.v), n=n, k=take(problem.k), shift=shift)


def _inverse(a: Array) -> Array:
    """Invert symmetric (B, p, p); what is singular becomes NaN instead of stopping the batch."""
    p = a.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        if p == 1:
            return np.asarray(1.0 / a)
        if p == 2:
            det = a[:, 0, 0] * a[:, 1, 1] - a[:, 0, 1] ** 2
            good = det > 1e-14 * a[:, 0, 0] * a[:, 1, 1]
            adjugate = np.stack([a[:, 1, 1], -a[:, 0, 1], -a[:, 0, 1], a[:, 0, 0]], axis=1)
            return (adjugate / np.where(good, det, np.nan)[:, None]).reshape(-1, 2, 2)
    rank = np.linalg.matrix_rank(a, hermitian=True) if len(a) else np.zeros(0)
    out = np.full_like(a, np.nan)
    good = rank == p
    if good.any():
        out[good] = np.linalg.inv(a[good])
    return out


def _weights(problem: Problem, t: Array) -> tuple[Array, Array]:
    """1/(v + t) and n/(v + t), (B, k)."""
    i = problem.v + t[:, None]
    np.divide(1.0, i, out=i)
    return i, i if problem.n is None else problem.n * i


def wls(problem: Problem, t: Array) -> Wls:
    """Fit with weights 1/(v + t)."""
    p = problem.p
    _, w = _weights(problem, t)
    inverse = _inverse((w @ problem.xx).reshape(-1, p, p))
    wy = w * problem.y
    b = _times(inverse, wy @ problem.x)
    r = problem.y - _fitted(problem, b)
    return Wls(b, inverse, np.einsum("bk,bk->b", *np.broadcast_arrays(w * r, r)))


def _times(inverse: Array, x: Array) -> Array:
    """(B, p, p) times (B, p)."""
    return inverse[:, :, 0] * x[:, :1] if inverse.shape[-1] == 1 else np.einsum("bpq,bq->bp", inverse, x)


def _fitted(problem: Problem, b: Array) -> Array:
    """Xb, (B, k); a matrix product with one column is slower than a broadcast."""
    return b * problem.x[:, 0] if problem.p == 1 else b @ problem.x.T


def quadratics(problem: Problem, t: Array) -> tuple[Array, Array]:
    """Return y'Py and y'PPy at t: all that moment equations need."""
    i, w = _weights(problem, t)
    p = problem.p
    inverse = _inverse((w @ problem.xx).reshape(-1, p, p))
    b = _times(inverse, (w * problem.y) @ problem.x)
    r = problem.y - _fitted(problem, b)
    wr = w * r
    return np.einsum("bk,bk->b", wr, r), np.einsum("bk,bk->b", wr * i, r)


def scores(problem: Problem, t: Array, *, restricted: bool) -> Scores:
    """Return the quadratic forms and traces at t."""
    p = problem.p
    i, w = _weights(problem, t)
    w2 = w * i
    ones = np.ones(problem.x.shape[0])
    trace, trace2 = w.dot(ones), w2.dot(ones)
    squares = problem.xx[0] if problem.flat else problem.xx
    first = trace[:, None] * squares if problem.flat else w @ squares
    second = trace2[:, None] * squares if problem.flat else w2 @ squares
    inverse = _inverse(first.reshape(-1, p, p))
    b = _times(inverse, (w * problem.y) @ problem.x)
    r = problem.y - _fitted(problem, b)
    u = r * i
    wu = w * u
    g = wu @ problem.x
    nu = u if problem.n is None else problem.n * u
    q3 = np.einsum("bk,bk->b", wu, u) - np.einsum("bp,bp->b", g, _times(inverse, g))
    q2 = np.einsum("bk,bk->b", nu, u)
    if restricted:
        m2 = inverse @ second.reshape(-1, p, p)
        m3 = (w2 * i) @ problem.xx
        trace = trace - np.einsum("bpp->b", m2)
        trace2 = trace2 - 2 * np.einsum("bp,bp->b", m3, inverse.reshape(-1, p * p)) + np.einsum("bpq,bqp->b", m2, m2)
    return Scores(q2, q3, trace, trace2)


def log_likelihood(problem: Problem, t: Array, *, restricted: bool) -> Array:
    """Return the log-likelihood at t without its constants, on the internal scale, (B,)."""
    d = problem.v + t[:, None]
    logs = np.log(d)
    total = logs.sum(axis=1) if problem.n is None else (problem.n * logs).sum(axis=1)
    fitted = wls(problem, t)
    out = -(total + fitted.q) / 2
    if restricted:
        out = out + np.linalg.slogdet(fitted.inverse)[1] / 2
    return np.asarray(out)
