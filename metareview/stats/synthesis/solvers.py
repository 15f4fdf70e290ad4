"""Roots and maxima in the heterogeneity variance, for all replicates at once, with relative stopping rules only."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metareview.stats.synthesis.core import Array, Problem, log_likelihood, quadratics, rows, scores

__all__ = ["Solution", "maximise", "solve_q"]

_MAX_ITER = 200
#: a Newton step this small (relative) leaves an error of about its square
_CLOSE = 1e-6


class Solution(NamedTuple):
    """Where a search ended, each (B,).

    Attributes
    ----------
    t : the solution on the internal scale, at least 0.
    iterations : Newton steps.
    modes : local maxima seen on the grid (1 where the equation has one root by theory).
    gradient : relative size of what should be zero; 0 at a boundary.
    boundary : whether t is 0 because the equation has no positive solution.
    """

    t: Array
    iterations: NDArray[np.intp]
    modes: NDArray[np.intp]
    gradient: Array
    boundary: NDArray[np.bool_]


def solve_q(problem: Problem, target: Array) -> Solution:
    """Solve y'P(t)y = target for t >= 0 in each replicate.

    The left side is a sum of terms a/(d + t), so its reciprocal is concave and increasing: Newton on the reciprocal
    from t = 0 climbs to the only root without overshooting, at any scale (Moré & Hebden's device). Where the left side
    is below the target at t = 0 there is no root, and `boundary` is set.

    Parameters
    ----------
    problem : see `core`.
    target : (B,), positive.
    """
    t = np.zeros(max(problem.size, len(target)))
    target = np.broadcast_to(target, t.shape)
    steps = np.zeros(t.shape, dtype=np.intp)
    q1, q2 = quadratics(problem, t)
    boundary = ~(q1 > target)
    active = np.flatnonzero(~boundary)
    sub, low = problem, problem.v.min(axis=1)
    if len(active) < len(t):
        sub, q1, q2 = rows(problem, active), q1[active], q2[active]
    low = np.broadcast_to(low, t.shape)
    for _ in range(_MAX_ITER):
        if not len(active):
            break
        goal = target[active]
        step = q1 * (q1 - goal) / (goal * q2)
        t[active] += step
        steps[active] += 1
        open_ = np.abs(step) > _CLOSE * (t[active] + low[active])
        if not open_.all():
            sub, active = rows(sub, np.flatnonzero(open_)), active[open_]
        if len(active):
            q1, q2 = quadratics(sub, t[active])
    residual = np.where(boundary, 0.0, np.abs(quadratics(problem, t)[0] / target - 1))
    return Solution(t, steps, np.ones(t.shape, dtype=np.intp), residual, boundary)


def maximise(problem: Problem, *, restricted: bool, ratio: float) -> Solution:
    """Find the global maximum of the (restricted) likelihood over t >= 0 in each replicate.

    The gradient is evaluated on a logarithmic grid that provably reaches beyond the last maximum; each change of sign
    from up to down brackets a maximum, each is polished by safeguarded Newton, and the likelihoods decide.

    Parameters
    ----------
    problem : see `core`.
    restricted : REML if true, ML if false.
    ratio : ratio of neighbouring grid points; 1.5 for one data set, 2.5 for many.
    """
    grid, slope_at = _gradients(problem, restricted, ratio)
    size, up = problem.size, slope_at > 0
    peak = up[:-1] & ~up[1:]
    modes = peak.sum(axis=0) + ~up[0]
    owner, cell = np.nonzero(peak.T)
    low, high = grid[cell], grid[cell + 1]
    start = _start(grid, cell, owner, slope_at)
    every = len(owner) == size and bool((modes == 1).all())
    t, steps, gradient = _polish(problem if every else rows(problem, owner), low, high, start, restricted)
    if every:
        return Solution(t, steps, modes, gradient, np.zeros(size, dtype=bool))
    best, count, slope = np.zeros(size), np.zeros(size, dtype=np.intp), np.zeros(size)
    single = modes[owner] == 1
    best[owner[single]], count[owner[single]], slope[owner[single]] = t[single], steps[single], gradient[single]
    for b in np.flatnonzero(modes > 1):
        here = np.flatnonzero(owner == b)
        candidates = np.append(t[here], 0.0) if not up[0, b] else t[here]
        reached = log_likelihood(rows(problem, np.full(len(candidates), b)), candidates, restricted=restricted)
        top = int(np.argmax(reached))
        best[b] = candidates[top]
        if top < len(here):
            count[b], slope[b] = steps[here[top]], gradient[here[top]]
    return Solution(best, count, modes, slope, best == 0)


def _start(grid: Array, cell: NDArray[np.intp], owner: NDArray[np.intp], slopes: Array) -> Array:
    """Where the slope in log t is zero by the cubic through four grid points; by a line at the ends of the grid."""
    low, high = grid[cell], grid[cell + 1]
    g0, g1 = slopes[cell, owner], slopes[cell + 1, owner]
    share = g0 / (g0 - g1)
    inner = (cell >= 2) & (cell + 2 < len(grid))
    r = np.where(low > 0, high / np.where(low > 0, low, 1.0), 1.0)
    h0, h1 = g0, g1 * r
    before, after = (
        slopes[np.maximum(cell - 1, 0), owner] / r,
        slopes[np.minimum(cell + 2, len(grid) - 1), owner] * r * r,
    )
    a, b = (3 * (h0 - h1) + after - before) / 6, (before - 2 * h0 + h1) / 2
    c, x = h1 - h0 - a - b, share
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(4):
            x = np.clip(x - (((a * x + b) * x + c) * x + h0) / ((3 * a * x + 2 * b) * x + c), 0.0, 1.0)
    share = np.where(inner & np.isfinite(x), x, share)
    return np.where(low > 0, low * r**share, high * share)


def _gradients(problem: Problem, restricted: bool, ratio: float) -> tuple[Array, Array]:
    """Grid (G,) and the gradient there times two, (G, B).

    Beyond ``t^2 m = S (max v + t)``, with S the sum of squares of the centred effects and m the number of terms, the
    gradient is negative: y'PPy <= S/t^2 and tr P >= m/(max v + t).
    """
    v, size = problem.v, problem.size
    y2 = problem.y * problem.y
    s = (y2 if problem.n is None else problem.n * y2).sum(axis=1)
    m = np.maximum(problem.k - (problem.p if restricted else 0), 1.0)
    top = float(np.nanmax((s + np.sqrt(s * s + 4 * m * s * v.max(axis=1))) / (2 * m)))
    bottom = float(v.min()) / 8
    count = int(np.ceil(np.log(max(top / bottom, 1.0)) / np.log(ratio))) + 2
    grid = np.concatenate([[0.0], bottom * ratio ** np.arange(count)])
    if size == 1:
        found = scores(problem, grid, restricted=restricted)
        return grid, (found.q2 - found.trace)[:, None]
    if problem.flat and problem.n is not None and len(v) == 1 and len(problem.y) == 1:
        return grid, _count_gradients(problem, grid, restricted)
    out = np.empty((len(grid), size))
    gradient = _fast_gradient(problem, restricted)
    for g, t in enumerate(grid):
        out[g] = gradient(float(t))
    return grid, out


def _count_gradients(problem: Problem, grid: Array, restricted: bool) -> Array:
    """The gradients (G, B) where replicates differ in their counts alone: all sums are one matrix product."""
    i = 1 / (problem.v + grid[:, None])
    i2, y = i * i, problem.y
    features = np.stack([i, i * y, i2, i2 * y, i2 * y * y])
    n = np.ones((1, features.shape[2])) if problem.n is None else problem.n
    s, sy, s2, s2y, s2yy = (n @ features.reshape(-1, n.shape[1]).T).T.reshape(5, len(grid), -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        b = sy / s
        return np.asarray(s2yy - b * (2 * s2y - b * s2) - s + (s2 / s if restricted else 0.0))


def _fast_gradient(problem: Problem, restricted: bool) -> Callable[[float], Array]:
    """The gradient at one t for all replicates, from moments, in single precision.

    It only has to bracket: what a rounding error could do is move a bracket by one cell, and `_polish` looks one cell
    beyond on both sides.
    """
    y, v = problem.y.astype(np.float32), problem.v.astype(np.float32)
    n = None if problem.n is None else problem.n.astype(np.float32)
    x, xx, p = problem.x.astype(np.float32), problem.xx.astype(np.float32), problem.p
    y2, ones = y * y, np.ones(x.shape[0], dtype=np.float32)

    def flat(w: NDArray[np.float32], w2: NDArray[np.float32]) -> Array:
        """Without moderators five sums are enough."""
        s1, s2 = w.dot(ones), w2.dot(ones)
        b = np.einsum("bk,bk->b", w, y) / s1
        q2 = np.einsum("bk,bk->b", w2, y2) - b * (2 * np.einsum("bk,bk->b", w2, y) - b * s2)
        return np.asarray(q2 - s1 + (s2 / s1 if restricted else 0), dtype=float)

    def gradient(t: float) -> Array:
        i = v + np.float32(t)
        np.divide(np.float32(1), i, out=i)
        w = i if n is None else n * i
        w2 = w * i
        if problem.flat and len(w) > 1 and len(y) > 1:
            return flat(w, w2)
        a, a2 = (w @ xx).reshape(-1, p, p), (w2 @ xx).reshape(-1, p, p)
        with np.errstate(all="ignore"):
            inverse = 1 / a if p == 1 else np.linalg.inv(a + np.float32(1e-30) * np.eye(p, dtype=np.float32))
        if len(w) > 1 and len(y) > 1:
            wx, wy, wyy = (w * y) @ x, (w2 * y) @ x, np.einsum("bk,bk->b", w2, y2)
        elif len(w) > 1:
            wx, wy, wyy = w @ (y.T * x), w2 @ (y.T * x), (w2 @ y2.T)[:, 0]
        else:
            wx, wy, wyy = y @ (w.T * x), y @ (w2.T * x), (y2 @ w2.T)[:, 0]
        trace = w.dot(ones)
        if p == 1:
            b = inverse[:, :, 0] * wx
            q2 = wyy - 2 * (wy * b)[:, 0] + (b * b * a2[:, :, 0])[:, 0]
            return np.asarray(q2 - trace + ((inverse * a2)[:, 0, 0] if restricted else 0))
        b = np.einsum("bpq,bq->bp", inverse, wx)
        q2 = wyy - 2 * np.einsum("bp,bp->b", wy, b) + np.einsum("bp,bpq,bq->b", b, a2, b)
        return np.asarray(q2 - trace + (np.einsum("bpq,bqp->b", inverse, a2) if restricted else 0))

    return gradient


def _polish(
    problem: Problem, low: Array, high: Array, t: Array, restricted: bool
) -> tuple[Array, NDArray[np.intp], Array]:
    """Newton on the gradient between `low` and `high`, Fisher's step or the middle where Newton would leave."""
    size = len(low)
    floor = np.broadcast_to(problem.v.min(axis=1), (size,))
    out, steps, slope = t.copy(), np.zeros(size, dtype=np.intp), np.zeros(size)
    active, sub = np.arange(size), problem
    low, high = low * 0.5, high * 2.0
    for _ in range(_MAX_ITER):
        if not len(active):
            break
        s = scores(sub, t, restricted=restricted)
        gradient, fisher = (s.q2 - s.trace) / 2, s.trace2 / 2
        curvature = s.q3 - fisher
        up = gradient > 0
        low, high = np.where(up, t, low), np.where(up, high, t)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = t + gradient / np.where(curvature > 0, curvature, fisher)
            new = np.where((new >= low) & (new <= high), new, t + gradient / fisher)
        new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
        step = np.abs(new - t)
        t = new
        out[active], slope[active] = t, np.abs(gradient) * step / 2
        steps[active] += 1
        keep = step > _CLOSE * (t + floor[active])
        if not keep.any():
            break
        if keep.sum() < 0.7 * len(keep):  # copying costs more than a few steps that change nothing
            index = np.flatnonzero(keep)
            active, t, low, high = active[index], t[index], low[index], high[index]
            sub = rows(sub, index)
    return out, steps, slope
