"""Known sampling covariances: effects of one study, arms with one control, methods on one test set."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from metareview.errors import InputError
from metareview.stats.effects.registry import Array

__all__ = ["aggregate", "block_covariance", "shared_control_covariance", "shared_test_set_covariance"]


def block_covariance(vi: ArrayLike, cluster: Any, rho: float) -> Array:
    """Return V with one correlation `rho` between all effects of a cluster, 0 between clusters (k, k).

    The working covariance of the correlated-and-hierarchical model; Pustejovsky & Tipton 2022, Prev Sci 23:425.

    Raises
    ------
    InputError
        For a correlation at which V is no covariance matrix.

    Examples
    --------
    >>> block_covariance([1.0, 4.0, 9.0], ["a", "a", "b"], 0.5).tolist()
    [[1.0, 1.0, 0.0], [1.0, 4.0, 0.0], [0.0, 0.0, 9.0]]
    """
    v = np.asarray(vi, dtype=float)
    ids = np.asarray([str(c) for c in list(cluster)])
    if len(ids) != len(v):
        raise InputError(f"{len(ids)} cluster ids for {len(v)} variances")
    largest = int(np.unique(ids, return_counts=True)[1].max())
    lowest = -1 / (largest - 1) if largest > 1 else -1.0
    if not lowest < rho < 1:
        raise InputError(f"rho is {rho}; with up to {largest} effects per cluster it lies between {lowest:.3g} and 1")
    same = ids[:, None] == ids[None, :]
    root = np.sqrt(v)
    out = np.where(same, rho * np.outer(root, root), 0.0)
    np.fill_diagonal(out, v)
    return out


def shared_control_covariance(vi: ArrayLike, control: Any, control_variance: ArrayLike) -> Array:
    """Return V for effects ``arm - control`` (or their logs) where arms share a control group (k, k).

    Two effects with one control covary by exactly the part of their variance that is the control's: for log odds
    ratios 1/c + 1/d, for mean differences sd^2/n of the control. Gleser & Olkin 2009, Handbook of Research Synthesis,
    2nd ed., ch. 19.

    Parameters
    ----------
    vi : variances of the effects (k,).
    control : which control group each effect uses (k,).
    control_variance : the control's part in each effect's variance (k,).

    Raises
    ------
    InputError
        If a control's part exceeds the variance it is a part of, or differs between effects that share it.
    """
    v, part = np.asarray(vi, dtype=float), np.asarray(control_variance, dtype=float)
    ids = np.asarray([str(c) for c in list(control)])
    if not len(v) == len(part) == len(ids):
        raise InputError(f"{len(v)} variances, {len(part)} parts and {len(ids)} controls; give one of each per effect")
    if np.any(part >= v) or np.any(part < 0):
        row = int(np.flatnonzero((part >= v) | (part < 0))[0])
        raise InputError(f"row {row + 1}: the control's part {part[row]:g} is not inside the variance {v[row]:g}")
    same = ids[:, None] == ids[None, :]
    if not np.allclose(np.where(same, part[:, None], 0), np.where(same, part[None, :], 0), rtol=1e-6):
        raise InputError("effects with one control give different variances for it; they use different control groups")
    out = np.where(same, part[:, None], 0.0)
    np.fill_diagonal(out, v)
    return out


def shared_test_set_covariance(errors: ArrayLike, reference: int) -> tuple[Array, Array]:
    """Return differences of mean scores from a reference, and their covariance, from scores on one test set.

    Differences share both the images and the reference, so that their sampling errors covary; the covariance of the
    per-image differences over n is exact for the mean and needs no assumption.

    Parameters
    ----------
    errors : scores (n images, m methods), one column per method.
    reference : column of the reference method.

    Returns
    -------
    Differences (m - 1,) of the other methods' means from the reference's, and V (m - 1, m - 1).

    Raises
    ------
    InputError
        With fewer than two images, missing scores, or a reference that does not exist.

    Examples
    --------
    >>> yi, v = shared_test_set_covariance([[1.0, 0.0], [0.5, 0.0], [0.0, 0.0]], reference=1)
    >>> yi.tolist(), v.round(4).tolist()
    ([0.5], [[0.0833]])
    """
    scores = np.asarray(errors, dtype=float)
    if scores.ndim != 2 or scores.shape[0] < 2 or not np.isfinite(scores).all():
        raise InputError("scores are a complete table of at least two images (rows) and the methods (columns)")
    if not 0 <= reference < scores.shape[1]:
        raise InputError(f"reference is {reference}; there are {scores.shape[1]} methods")
    others = [j for j in range(scores.shape[1]) if j != reference]
    differences = scores[:, others] - scores[:, [reference]]
    n = len(scores)
    centred = differences - differences.mean(axis=0)
    return differences.mean(axis=0), centred.T @ centred / (n * (n - 1))


def aggregate(yi: ArrayLike, v: Array, cluster: Any) -> tuple[Array, Array, tuple[str, ...]]:
    """Return one effect per cluster, by inverse covariance weights, with its variance and the clusters' names.

    Parameters
    ----------
    yi, v : effects (k,) and their covariance matrix (k, k).
    cluster : ids (k,).
    """
    y = np.asarray(yi, dtype=float)
    ids = [str(c) for c in list(cluster)]
    names = tuple(dict.fromkeys(ids))
    effects, variances = [], []
    for name in names:
        rows = np.array([i for i, c in enumerate(ids) if c == name])
        w = np.linalg.solve(v[np.ix_(rows, rows)], np.ones(len(rows)))
        effects.append(float(w @ y[rows] / w.sum()))
        variances.append(float(1 / w.sum()))
    return np.array(effects), np.array(variances), names
