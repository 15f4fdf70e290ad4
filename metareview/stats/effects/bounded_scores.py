"""Scores between 0 and 1: on the logit scale intervals stay inside; and corrections of reported spreads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri

from metareview.errors import InputError
from metareview.stats.effects.registry import Array, Effect

__all__ = ["ScoreInterval", "VarianceParts", "fix_ddof", "logit_score", "score_interval", "variance_parts"]


class ScoreInterval(NamedTuple):
    """Bounds inside [0, 1], (k,)."""

    low: Array
    high: Array


def logit_score(score: ArrayLike, variance: ArrayLike) -> Effect:
    """Return logit(score) and its variance by the delta method, ``variance / (score (1 - score))^2``.

    Minus it is the log-odds of error. A score of exactly 0 or 1 has none.

    Raises
    ------
    InputError
        For scores outside (0, 1) or negative variances.

    Examples
    --------
    >>> found = logit_score([0.5], [0.01])
    >>> found.yi.tolist(), round(float(found.vi[0]), 4)
    ([0.0], 0.16)
    """
    p, v = np.asarray(score, dtype=float), np.asarray(variance, dtype=float)
    if np.any((p <= 0) | (p >= 1)):
        raise InputError("a logit needs scores strictly between 0 and 1; use counts (PLO) where a score is 0 or 1")
    if np.any(v < 0):
        raise InputError("a variance is negative")
    return Effect(logit(p), v / (p * (1 - p)) ** 2)


def score_interval(score: ArrayLike, variance: ArrayLike, *, level: float = 0.95) -> ScoreInterval:
    """Return an interval for bounded scores that stays inside [0, 1]: the logit interval, back-transformed.

    >>> low, high = score_interval([0.98], [0.0004])
    >>> bool(high[0] < 1), bool(low[0] > 0.8)
    (True, True)
    """
    yi, vi = logit_score(score, variance)
    half = ndtri((1 + level) / 2) * np.sqrt(vi)
    return ScoreInterval(expit(yi - half), expit(yi + half))


def fix_ddof(sd: ArrayLike, n: ArrayLike, *, given: int = 0, wanted: int = 1) -> Array:
    """Return standard deviations computed with another divisor: ``sd sqrt((n - given)/(n - wanted))``.

    numpy divides by n unless told otherwise; with three seeds that makes a reported SD 18 % too small.

    Raises
    ------
    InputError
        Where n does not exceed both divisors' corrections.

    Examples
    --------
    >>> fix_ddof([1.0], [3]).round(4).tolist()
    [1.2247]
    """
    s, m = np.asarray(sd, dtype=float), np.asarray(n, dtype=float)
    if np.any(m <= max(given, wanted)):
        raise InputError(f"n must exceed {max(given, wanted)} to change the divisor of a standard deviation")
    return np.asarray(s * np.sqrt((m - given) / (m - wanted)), dtype=float)


class VarianceParts(NamedTuple):
    """Variance of a reported mean by source, each (k,): training seeds, data splits, test items; and their total."""

    seed: Array
    split: Array
    test: Array

    @property
    def total(self) -> Array:
        """Their sum."""
        return self.seed + self.split + self.test


def variance_parts(
    *,
    seed_sd: ArrayLike = 0.0,
    n_seeds: ArrayLike = 1.0,
    split_sd: ArrayLike = 0.0,
    n_splits: ArrayLike = 1.0,
    item_sd: ArrayLike = 0.0,
    n_items: ArrayLike = 1.0,
) -> VarianceParts:
    """Keep apart what varies when training, splitting or testing is repeated.

    ``sd^2/n`` each. They answer different questions: another training of this method on this benchmark (seed), another
    partition (split), other images of this kind (test). Bouthillier et al. 2021, MLSys 3:747.

    Raises
    ------
    InputError
        For a negative SD or a size below 1.

    Examples
    --------
    >>> parts = variance_parts(seed_sd=[0.02], n_seeds=[4], item_sd=[0.1], n_items=[100])
    >>> parts.seed.round(6).tolist(), parts.total.round(6).tolist()
    ([0.0001], [0.0002])
    """
    out = []
    for name, sd, n in (("seed", seed_sd, n_seeds), ("split", split_sd, n_splits), ("item", item_sd, n_items)):
        s, m = np.asarray(sd, dtype=float), np.asarray(n, dtype=float)
        if np.any(s < 0) or np.any(m < 1):
            raise InputError(f"{name}: a standard deviation is at least 0 and a number of replicates at least 1")
        out.append(s**2 / m)
    seed, split, test = np.broadcast_arrays(*out)
    return VarianceParts(seed, split, test)
