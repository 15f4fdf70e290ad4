"""Effects of benchmarks: two methods scored on the same images, with the same folds, or over seeds.

Scores of two methods on one test set are correlated, because images are hard or easy for both; treating them as
independent can double the variance. These functions take what a paper or a log has: discordance counts, values per
image, values per seed, values per fold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metareview.errors import InputError
from metareview.stats.effects.registry import Array, Effect
from metareview.stats.effects.tables import matched_log_risk_ratio, matched_risk_difference

__all__ = [
    "cross_validated_difference",
    "difference_from_counts",
    "log_error_ratio",
    "log_error_ratio_from_counts",
    "log_ratio_of_scores",
    "paired_difference",
    "seed_difference",
]


def _pair(first: ArrayLike, second: ArrayLike, what: str, least: int = 2) -> tuple[Array, Array]:
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < least:
        raise InputError(
            f"{what}: shapes {a.shape} and {b.shape}; give the same {least} or more {what} for both methods"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError(f"{what}: a value is missing; leave that {what[:-1]} out for both methods")
    return a, b


def difference_from_counts(both: ArrayLike, first: ArrayLike, second: ArrayLike, neither: ArrayLike) -> Effect:
    """Return the difference of two accuracies on one test set from discordance counts.

    ``(first - second)/n``, variance ``(p12 + p21 - (p12 - p21)^2)/n``: McNemar's cells, measure MPRD.

    Parameters
    ----------
    both, first, second, neither : items that both methods, only the first, only the second, or none got right (k,).

    Examples
    --------
    >>> found = difference_from_counts([820], [60], [40], [80])
    >>> round(float(found.yi[0]), 4), round(float(found.vi[0]) * 1e5, 3)
    (0.02, 9.96)
    """
    return matched_risk_difference(*(np.asarray(c, dtype=float) for c in (both, first, second, neither)))


def log_error_ratio_from_counts(both: ArrayLike, first: ArrayLike, second: ArrayLike, neither: ArrayLike) -> Effect:
    """Return the log ratio of two error rates on one test set from discordance counts: MPRR of the errors.

    Below 0 the first method makes fewer errors.
    """
    cells = (np.asarray(c, dtype=float) for c in (neither, second, first, both))
    return matched_log_risk_ratio(*cells)


def paired_difference(first: ArrayLike, second: ArrayLike) -> Effect:
    """Return the mean difference of scores of two methods on the same images, with its sampling variance.

    ``mean(d)`` and ``var(d)/n`` with n - 1: the variance over images, not over training runs.

    Raises
    ------
    InputError
        With fewer than two images, or values missing for one method.

    Examples
    --------
    >>> found = paired_difference([0.9, 0.8, 0.7], [0.8, 0.7, 0.7])
    >>> round(float(found.yi[0]), 4), round(float(found.vi[0]), 6)
    (0.0667, 0.001111)
    """
    a, b = _pair(first, second, "images")
    d = a - b
    return Effect(np.array([d.mean()]), np.array([d.var(ddof=1) / len(d)]))


def log_ratio_of_scores(first: ArrayLike, second: ArrayLike) -> Effect:
    """Return the log ratio of two mean scores on the same images, its variance by the delta method with covariance.

    Measure ROMC without bias correction; Lajeunesse 2011, equation 6.

    Raises
    ------
    InputError
        With fewer than two images, values missing for one method, or a mean that is not positive.
    """
    a, b = _pair(first, second, "images")
    if a.mean() <= 0 or b.mean() <= 0:
        raise InputError("a log ratio needs positive mean scores")
    n = len(a)
    cov = np.cov(np.stack([a / a.mean(), b / b.mean()]))
    return Effect(np.array([np.log(a.mean() / b.mean())]), np.array([(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]) / n]))


def seed_difference(first: ArrayLike, second: ArrayLike) -> Effect:
    """Return the difference of mean scores over independent training runs (seeds) of two methods.

    ``sd1^2/n1 + sd2^2/n2`` over seeds: how far another training would land, with the test set held fixed.

    Raises
    ------
    InputError
        With fewer than two runs of a method.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.ndim != 1 or b.ndim != 1 or min(len(a), len(b)) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError("a difference over seeds needs at least two complete runs of each method")
    return Effect(np.array([a.mean() - b.mean()]), np.array([a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)]))


def cross_validated_difference(first: ArrayLike, second: ArrayLike, *, n_train: float, n_test: float) -> Effect:
    """Return the mean difference over cross-validation folds or repeated splits, with Nadeau and Bengio's variance.

    ``(1/J + n_test/n_train) var(d)``: training sets of folds overlap, so that ``var(d)/J`` is far too small. Nadeau &
    Bengio 2003, Mach Learn 52:239, equation 8.

    Raises
    ------
    InputError
        With fewer than two folds, or sizes that are not positive.

    Examples
    --------
    >>> found = cross_validated_difference([0.9, 0.8], [0.8, 0.8], n_train=90, n_test=10)
    >>> round(float(found.vi[0]), 6)
    0.003056
    """
    a, b = _pair(first, second, "folds")
    if not (n_train > 0 and n_test > 0):
        raise InputError(f"n_train is {n_train} and n_test {n_test}; both are positive")
    d = a - b
    return Effect(np.array([d.mean()]), np.array([(1 / len(d) + n_test / n_train) * d.var(ddof=1)]))


def log_error_ratio(
    score1: ArrayLike, score2: ArrayLike, sd1: ArrayLike, sd2: ArrayLike, n1: ArrayLike, n2: ArrayLike
) -> Effect:
    """Return the log ratio of errors (1 - score) of two methods with independent replicates: ROM of the errors.

    Near the ceiling a difference of scores hides what matters: from 0.98 to 0.99 the error halves. Not bias corrected;
    ``sd1^2/(n1 e1^2) + sd2^2/(n2 e2^2)`` with e = 1 - score. Below 0 the first method errs less.

    Raises
    ------
    InputError
        For scores outside [0, 1), where an error ratio does not exist.

    Examples
    --------
    >>> found = log_error_ratio([0.99], [0.98], [0.002], [0.004], [5], [5])
    >>> round(float(found.yi[0]), 4), round(float(found.vi[0]), 4)
    (-0.6931, 0.016)
    """
    p1, p2, s1, s2, m1, m2 = (np.asarray(a, dtype=float) for a in (score1, score2, sd1, sd2, n1, n2))
    for p in (p1, p2):
        if np.any((p < 0) | (p >= 1)):
            raise InputError("an error ratio needs scores in [0, 1): a perfect score has no error to divide by")
    e1, e2 = 1 - p1, 1 - p2
    return Effect(np.log(e1 / e2), s1**2 / (m1 * e1**2) + s2**2 / (m2 * e2**2))
