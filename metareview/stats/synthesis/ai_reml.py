"""Variance components by (restricted) maximum likelihood: average-information steps, projected to theta >= 0.

Gilmour, Thompson & Cullis 1995, Biometrics 51:1440; Johnson & Thompson 1995, J Dairy Sci 78:449. Every rule for
stopping is about the likelihood, which has no unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metareview.errors import NotEstimable
from metareview.stats.synthesis.core import Array
from metareview.stats.synthesis.structures import Structure

__all__ = ["Components", "Point", "evaluate", "maximise_components"]

#: Largest rise that a last step may still promise where rounding ends the search.
_SETTLED = 1e-6
_MAX_ITER = 200
#: squared distance to the optimum in standard errors (the Newton decrement) at which the search ends
_DECREMENT = 1e-20


class Point(NamedTuple):
    """The likelihood at one theta, without constants, and the generalised least squares fit there."""

    theta: Array
    value: float
    gradient: Array
    information: Array
    b: Array
    cov: Array


class Components(NamedTuple):
    """Where the search ended."""

    point: Point
    iterations: int
    decrement: float
    starts: int


def evaluate(s: Structure, x: Array, y: Array, theta: Array, *, restricted: bool, slopes: bool = True) -> Point:
    """Return the log-likelihood at theta with its gradient and average information."""
    m = s.factor(theta)
    solved = m.solve(np.column_stack([x, y]))
    mx, my = solved[:, :-1], solved[:, -1]
    cov: Array = np.linalg.inv(x.T @ mx).astype(float)
    b = cov @ (x.T @ my)
    u = my - mx @ b
    value = -(m.log_det + float(u @ y)) / 2
    if restricted:
        value += float(np.linalg.slogdet(cov)[1]) / 2
    q = len(theta)
    if not slopes or not q:
        return Point(theta, value, np.zeros(q), np.zeros((q, q)), b, cov)
    traces = m.traces()
    if restricted:
        half = mx @ cov
        traces = traces - np.array([np.sum(s.spread(j, mx) * half) for j in range(q)])
    h = np.column_stack([s.spread(j, u[:, None]) for j in range(q)])
    gradient = (h.T @ u - traces) / 2
    mh = m.solve(h)
    information = (h.T @ mh - (mx.T @ h).T @ cov @ (mx.T @ h)) / 2
    return Point(theta, value, gradient, information, b, cov)


def maximise_components(
    s: Structure,
    x: Array,
    y: Array,
    *,
    restricted: bool,
    fixed: dict[int, float] | None = None,
    start: Array | None = None,
    total: float = 1.0,
) -> Components:
    """Maximise over theta >= 0, components in `fixed` held.

    The search starts at the best point of a coarse grid (or at `start`), and again wherever the grid shows a higher
    likelihood than the maximum found.

    Parameters
    ----------
    s, x, y : structure, design (k, p), effects (k,), on a scale where `total` is the size of the heterogeneity.
    restricted : REML if true.
    fixed : values of components that are not estimated.
    start : where to begin; None for the grid.
    total : rough sum of the components.

    Raises
    ------
    NotEstimable
        If the search does not end.
    """
    fixed, q = fixed or {}, len(s.codes)
    free = np.array([j not in fixed for j in range(q)])
    base = np.array([fixed.get(j, 0.0) for j in range(q)])
    grid: list[Point] = []
    if start is None:
        thetas = (_put(base, free, np.array(c)) for c in _shares(int(free.sum()), total))
        grid = [evaluate(s, x, y, t, restricted=restricted, slopes=False) for t in thetas]
        grid.sort(key=lambda p: -p.value)
        start = grid[0].theta
    found = _climb(s, x, y, start, free, restricted)
    runs = 1
    while grid and grid[0].value > found.point.value + 1e-7 and runs < 4:
        other = _climb(s, x, y, grid.pop(0).theta, free, restricted)
        runs += 1
        found = other if other.point.value > found.point.value else found
    if found.decrement > _SETTLED:
        raise NotEstimable(
            f"the variance components did not settle (at {found.point.theta}): the likelihood can still rise, but no "
            "step raises it; the data cannot tell the components apart"
        )
    return found._replace(starts=runs)


def _put(base: Array, free: NDArray[np.bool_], values: Array) -> Array:
    out = base.copy()
    out[free] = values
    return out


def _shares(q: int, total: float) -> Iterable[tuple[float, ...]]:
    """Totals over two decades, split in up to three ways per component."""
    if q == 0:
        return [()]
    splits = product((0.05, 1.0), repeat=q) if q > 1 else [(1.0,)]
    found = {tuple(np.round(np.array(c) / sum(c), 6)) for c in splits}
    return [tuple(scale * total * f for f in c) for c in sorted(found) for scale in (0.3, 1.5)]


def _climb(s: Structure, x: Array, y: Array, start: Array, free: NDArray[np.bool_], restricted: bool) -> Components:
    point = evaluate(s, x, y, start, restricted=restricted)
    for iteration in range(_MAX_ITER):
        active = free & ((point.theta > 0) | (point.gradient > 0))
        step, decrement = _step(point, active)
        if decrement < _DECREMENT:
            return Components(point, iteration, decrement, 1)
        new = _line(s, x, y, point, step, restricted)
        if new is None:
            return Components(point, iteration, decrement, 1)
        point = new
    raise NotEstimable(
        f"the variance components did not settle in {_MAX_ITER} steps (at {point.theta}); the likelihood is flat: "
        "the data cannot tell the components apart"
    )


def _step(point: Point, active: NDArray[np.bool_]) -> tuple[Array, float]:
    """The average-information step on the active components, and its decrement."""
    step = np.zeros_like(point.theta)
    if not active.any():
        return step, 0.0
    g, h = point.gradient[active], point.information[np.ix_(active, active)]
    scale = np.sqrt(np.maximum(np.diag(h), 1e-300))
    values, vectors = np.linalg.eigh(h / np.outer(scale, scale))
    inner = vectors @ ((vectors.T @ (g / scale)) / np.maximum(values, 1e-8)) / scale
    step[active] = inner
    return step, float(abs(g @ inner))


def _line(s: Structure, x: Array, y: Array, point: Point, step: Array, restricted: bool) -> Point | None:
    """The first of the step and its halves that does not lower the likelihood; None where rounding decides."""
    slack = 1e-12 * (1 + abs(point.value))
    for half in range(30):
        theta = point.theta + step * 0.5**half
        theta = np.where(theta < 1e-12 * max(float(point.theta.max()), 1e-300), 0.0, theta)
        if np.array_equal(theta, point.theta):
            return None
        new = evaluate(s, x, y, theta, restricted=restricted)
        if new.value >= point.value - (slack if half == 0 else 0.0):
            return new
    return None
