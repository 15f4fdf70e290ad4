"""Many data sets at once: the engine behind bootstrap, permutation, subsets and coverage studies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metareview.errors import InputError
from metareview.stats.synthesis.core import Array, Problem, Scale, prepare, wls
from metareview.stats.synthesis.estimators import find_estimator
from metareview.stats.synthesis.inputs import check_range

__all__ = ["BatchFit", "fit_batch", "fit_counts"]

#: numbers per chunk: its arrays stay in the cache, and below the size at which each would get pages of its own
_CHUNK = 12_000


@dataclass(frozen=True, slots=True, eq=False)
class BatchFit:
    """Fits of B data sets; every array is of length B, coefficients and standard errors (B, p) with moderators.

    Attributes
    ----------
    method : estimator.
    estimate, se : pooled effects, or coefficients (B, p), and model-based standard errors.
    tau2 : heterogeneity variances.
    q : y'Py at the estimated heterogeneity; over k - p it is Knapp and Hartung's factor.
    df : k - p.
    iterations, modes, boundary : how the search went; `modes` above 1 counts local maxima of the likelihood.
    """

    method: str
    estimate: Array
    se: Array
    tau2: Array
    q: Array
    df: Array
    iterations: NDArray[np.intp]
    modes: NDArray[np.intp]
    boundary: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.tau2)

    def standard_errors(self, test: str) -> Array:
        """Return standard errors as a test uses them: scaled for `knha` and `adhoc`."""
        if test not in ("knha", "adhoc"):
            return self.se
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.sqrt(self.q / self.df)
        factor = np.maximum(factor, 1.0) if test == "adhoc" else factor
        return self.se * (factor if self.se.ndim == 1 else factor[:, None])


def fit_batch(yi: ArrayLike, vi: ArrayLike, *, method: str = "REML", mods: Any = None) -> BatchFit:
    """Fit B data sets of k effects each.

    Parameters
    ----------
    yi : effects (B, k), or (k,) for one.
    vi : sampling variances (B, k), or (k,) shared by all.
    method : key of `ESTIMATORS`.
    mods : moderators (k, q) shared by all; an intercept is added.

    Raises
    ------
    InputError
        For wrong shapes, and for values that are not finite or variances that are not positive: a batch has no rows
        to drop.

    Examples
    --------
    >>> found = fit_batch([[0.1, 0.3, 0.35, 0.65], [0.1, 0.1, 0.1, 0.1]], [0.03, 0.03, 0.05, 0.01], method="DL")
    >>> found.tau2.round(4).tolist()
    [0.0506, 0.0]
    """
    y, v = np.atleast_2d(np.asarray(yi, dtype=float)), np.atleast_2d(np.asarray(vi, dtype=float))
    if not (y.size and v.size):
        raise InputError(
            "there are no effects; give (B, k) effects and variances with at least one data set and effect"
        )
    if y.ndim != 2 or v.ndim != 2 or y.shape[1] != v.shape[1] or (len(v) not in (1, len(y)) and len(y) != 1):
        raise InputError(f"yi has shape {y.shape} and vi {v.shape}; give (B, k) and (B, k) or (k,)")
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise InputError("fit_batch needs finite effects and positive variances in every data set; leave others out")
    check_range(y, v)
    return _run(y, v, design_with_intercept(mods, y.shape[1]), None, method)


def fit_counts(yi: Array, vi: Array, counts: Array, *, x: Array | None = None, method: str = "REML") -> BatchFit:
    """Fit resamples of one data set, given how often each effect counts.

    Parameters
    ----------
    yi, vi : effects and variances (k,), or (B, k) where they differ.
    counts : multiplicities (B, k): resampling counts for a bootstrap, 0 and 1 for subsets.
    x : design (k, p) with its intercept; the intercept alone by default.
    method : key of `ESTIMATORS`.
    """
    y, v = np.atleast_2d(np.asarray(yi, dtype=float)), np.atleast_2d(np.asarray(vi, dtype=float))
    design = np.ones((y.shape[1], 1)) if x is None else np.asarray(x, dtype=float)
    return _run(y, v, design, np.asarray(counts, dtype=float), method)


def design_with_intercept(mods: Any, k: int) -> Array:
    """Return an intercept, and beside it the moderators (k, q)."""
    if mods is None:
        return np.ones((k, 1))
    values = np.asarray(mods, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != k or not np.isfinite(values).all():
        raise InputError(f"mods has shape {values.shape}; {k} rows of finite values are needed")
    x = np.column_stack([np.ones(k), values])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise InputError("mods are collinear (with each other or the intercept); leave one out")
    return x


def _run(y: Array, v: Array, x: Array, n: Array | None, method: str) -> BatchFit:
    parts = [_chunk(*part, x, method) for part in _chunks(y, v, n)]
    first = parts[0]
    if len(parts) == 1:
        return first
    names = ("estimate", "se", "tau2", "q", "df", "iterations", "modes", "boundary")
    return BatchFit(method, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _chunks(y: Array, v: Array, n: Array | None) -> Iterator[tuple[Array, Array, Array | None]]:
    size = max(len(y), len(v), 1 if n is None else len(n))
    rows = max(1, _CHUNK // y.shape[1])
    for start in range(0, size, rows):
        part = slice(start, start + rows)
        yield (
            y if len(y) == 1 else y[part],
            v if len(v) == 1 else v[part],
            n if n is None else n[part],
        )


def _chunk(y: Array, v: Array, n: Array | None, x: Array, method: str) -> BatchFit:
    estimator = find_estimator(method)
    problem, scale = prepare(y, v, x, n)
    size = problem.size
    df = np.broadcast_to(problem.k - problem.p, (size,)).astype(float)
    found = estimator.run(_only_estimable(problem), 2.5)
    unit = np.broadcast_to(scale.s, (size,))
    t = np.where(df > 0, found.tau2, np.nan) if estimator.random else found.tau2
    fitted = wls(problem, np.where(np.isnan(t), 0.0, t))
    estimate, se = _back(problem, scale, fitted.b, fitted.inverse, unit)
    return BatchFit(
        method, estimate, se, np.broadcast_to(t, (size,)) * unit**2, np.broadcast_to(fitted.q, (size,)), df,
        np.broadcast_to(found.iterations, (size,)), np.broadcast_to(found.modes, (size,)),
        np.broadcast_to(found.boundary, (size,)),
    )  # fmt: skip


def _only_estimable(problem: Problem) -> Problem:
    """Estimators divide by k - p: a replicate without degrees of freedom gets a number here and NaN in the result."""
    return problem._replace(k=np.maximum(problem.k, problem.p + 1.0))


def _back(problem: Problem, scale: Scale, b: Array, inverse: Array, unit: Array) -> tuple[Array, Array]:
    """Coefficients and standard errors on the scale of the data, (B,) for one coefficient, else (B, p)."""
    inner = b * unit[:, None] + scale.start
    if problem.p == 1:
        r = scale.r[0, 0]
        return inner[:, 0] / r, np.sqrt(np.broadcast_to(inverse[:, 0, 0], unit.shape)) * unit / abs(r)
    back = np.linalg.inv(scale.r)
    variance = np.einsum("ij,bjk,ik->bi", back, inverse, back)
    return inner @ back.T, np.sqrt(variance) * unit[:, None]
