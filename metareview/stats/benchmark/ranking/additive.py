"""The additive model: value = method + column + rest, by least squares with fixed column effects.

Column effects are fixed, not random: with random ones (REML) part of what is learned about a method comes from
comparing columns with each other, and who reports which column is a choice of the authors, not of chance. A method
that reports easy data sets only would gain by it. Fixed effects use comparisons within columns alone; the price is
that effects exist only among methods that are connected.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metareview.stats.benchmark.ranking.coverage import connected

__all__ = ["additive"]

Array = NDArray[np.float64]
Groups = NDArray[np.int64]
#: Elements of a block of replicates.
_BLOCK = 2_000_000
#: Rounds of conjugate gradients at most; a table of m methods needs m in exact arithmetic.
_ROUNDS = 400


def additive(values: Array, weights: Array, groups: Groups) -> Array:
    """Return the method effects (..., m), whose mean is 0; NaN where the columns of positive weight connect not all.

    Eliminating the column effects leaves ``L a = b`` with ``L_ij = [i=j] sum_c w_c m_ic - sum_c w_c m_ic m_jc / n_c``
    and ``b_i = sum_c w_c m_ic (x_ic - mean of c)``, where m_ic says whether a cell is filled and n_c counts them. L
    is the Laplacian of the comparison graph: singular but for connected tables, where its null space is the constant.

    Source: Searle 1971, Linear Models, chapter 7 (two-way classification, unequal subclass numbers).
    """
    if values.ndim == 2 and weights.ndim == 1:
        return np.asarray(_solve(values[None], weights[None])[0])
    lead = weights.shape[0] if weights.ndim > 1 else values.shape[0]
    m, c = values.shape[-2:]
    out = np.empty((lead, m))
    size = max(1, _BLOCK // (m * (m if values.ndim == 2 else max(m, c))))
    for low in range(0, lead, size):
        rows = slice(low, min(low + size, lead))
        some = weights[rows] if weights.ndim > 1 else np.broadcast_to(weights, (rows.stop - low, c))
        out[rows] = _solve(values[None] if values.ndim == 2 else values[rows], some)
    return out


def _solve(values: Array, weights: Array) -> Array:
    """Return the effects (B, m) of one table (1, m, c) or of one per row of weights."""
    there = np.isfinite(values)
    number = there.sum(axis=-2, keepdims=True).astype(float)
    filled = np.where(there, values, 0.0)
    centred = np.where(there, filled - filled.sum(axis=-2, keepdims=True) / np.maximum(number, 1), 0.0)
    right = weights @ centred[0].T if len(centred) == 1 else (centred @ weights[..., None])[..., 0]
    if there.all():  # balanced: the effects are the means of the deviations
        total = weights.sum(axis=-1)[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(total > 0, right / total, np.nan))
    mask = there.astype(float)
    if len(mask) == 1:
        return _iterated(mask[0], weights, right, connected(there[0], weights))
    weighted = mask * weights[:, None, :]
    laplacian = -weighted @ np.swapaxes(mask / np.maximum(number, 1), -1, -2)
    m = mask.shape[-2]
    laplacian[..., range(m), range(m)] += weighted.sum(axis=-1)
    whole = np.array([connected(t, w[None])[0] for t, w in zip(there, weights, strict=True)])
    return _effects(laplacian, right, whole)


def _iterated(mask: Array, weights: Array, right: Array, whole: NDArray[np.bool_]) -> Array:
    """Solve ``L a = b`` for every row of weights by conjugate gradients, preconditioned by the unweighted table.

    The product with L goes through the columns, ``L a = (sum_c w_c m_ic) a_i - sum_c m_ic w_c / n_c sum_j m_jc a_j``,
    so that no matrix is made for a replicate. Source: Hestenes & Stiefel 1952, J Res NBS 49:409-436.
    """
    m = len(mask)
    number = np.maximum(mask.sum(axis=0), 1)
    plain = np.diag(mask.sum(axis=1)) - (mask / number) @ mask.T
    inverse = np.linalg.inv(plain * weights.mean() + np.trace(plain) * weights.mean() / m**2 + 1e-12 * np.eye(m))
    own, share = weights @ mask.T, weights / number
    effect, rest = np.zeros_like(right), right.copy()
    turned = rest @ inverse
    step, size = turned.copy(), (rest * turned).sum(axis=1)
    goal = np.maximum(1e-20 * size, 1e-26 * float(inverse.max()))  # a right side of rounding errors is 0
    for _ in range(_ROUNDS):
        image = own * step - ((step @ mask) * share) @ mask.T
        length = np.where(size > goal, size / np.maximum((step * image).sum(axis=1), 1e-300), 0.0)[:, None]
        effect += length * step
        rest -= length * image
        turned = rest @ inverse
        turned -= turned.mean(axis=1, keepdims=True)
        new = (rest * turned).sum(axis=1)
        if not (whole & (new > goal)).any():
            break
        step = turned + np.where(size > goal, new / np.maximum(size, goal), 0.0)[:, None] * step
        size = new
    effect[~whole] = np.nan
    return np.asarray(effect - effect.mean(axis=1, keepdims=True))


def _effects(laplacian: Array, right: Array, whole: NDArray[np.bool_]) -> Array:
    """Solve the singular systems on the space of zero mean; NaN for one whose graph falls apart."""
    m = laplacian.shape[-1]
    out = np.full(right.shape, np.nan)
    if whole.any():
        level = np.trace(laplacian[whole], axis1=-2, axis2=-1)[:, None, None] / m**2
        out[whole] = np.linalg.solve(laplacian[whole] + level, right[whole][..., None])[..., 0]
    return np.asarray(out - out.mean(axis=-1, keepdims=True))
