"""Krippendorff's alpha: any number of raters, any scale, missing ratings allowed."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from metareview.errors import InputError, NotEstimable

__all__ = ["Scale", "coincidences", "difference", "krippendorff_alpha"]

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
Matrix = npt.NDArray[np.float64]


def coincidences(counts: npt.ArrayLike) -> Matrix:
    r"""Return the matrix of coincidences, :math:`o_{kl} = \sum_i r_{ik} (r_{il} - [k = l]) / (r_i - 1)`, shape (q, q).

    Parameters
    ----------
    counts : how many raters chose each category per unit, shape (n, q); units with one rating do not enter.

    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability.
    """
    r = np.asarray(counts, dtype=np.float64)
    r = r[r.sum(1) >= 2]
    scaled = r / (r.sum(1) - 1)[:, None]
    return np.asarray(r.T @ scaled - np.diag(scaled.sum(0)))


def difference(scale: Scale, totals: npt.ArrayLike, values: npt.ArrayLike) -> Matrix:
    r"""Return the squared differences between categories, shape (q, q).

    nominal :math:`[k \neq l]`; ordinal :math:`(\sum_{g=k}^{l} n_g - (n_k + n_l) / 2)^2`; interval
    :math:`(x_k - x_l)^2`; ratio :math:`((x_k - x_l) / (x_k + x_l))^2`.

    Parameters
    ----------
    scale : how categories differ.
    totals : how often each category is paired, shape (q,), in the order of the categories; the ordinal scale uses it.
    values : the categories as numbers, shape (q,); the interval and ratio scales use them.

    Raises
    ------
    InputError
        If a ratio scale has a negative value: its ratios mean nothing.

    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability.
    """
    n, x = np.asarray(totals, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if scale == "nominal":
        return 1.0 - np.eye(len(n))
    if scale == "ordinal":
        middle = np.cumsum(n) - n / 2
        return np.asarray((middle[:, None] - middle[None, :]) ** 2)
    apart = x[:, None] - x[None, :]
    if scale == "interval":
        return np.asarray(apart**2)
    if (x < 0).any():
        raise InputError("a ratio scale has no negative values; choose interval")
    both = x[:, None] + x[None, :]
    return np.asarray(np.divide(apart, both, out=np.zeros_like(apart), where=both > 0) ** 2)


def krippendorff_alpha(
    counts: npt.ArrayLike, scale: Scale = "nominal", values: npt.ArrayLike | None = None
) -> tuple[float, npt.NDArray[np.float64]]:
    r"""Return Krippendorff's alpha, and its linearised value per unit with two ratings or more.

    .. math:: \alpha = 1 - (n_{..} - 1) \frac{\sum_{kl} o_{kl} \delta^2_{kl}}{\sum_{kl} n_k n_l \delta^2_{kl}}

    Parameters
    ----------
    counts : shape (n, q), categories in their order.
    scale : nominal, ordinal, interval or ratio.
    values : the categories as numbers, shape (q,); their positions where not given.

    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability. The values per unit, whose spread gives the
    standard error (`many_raters.unit_se`), are Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed.; the
    differences of an ordinal scale depend on the ratings and are held fixed in them.

    Raises
    ------
    NotEstimable
        If no unit has two ratings, or all paired ratings are of one category.
    """
    r = np.asarray(counts, dtype=np.float64)
    r = r[r.sum(1) >= 2]
    if not len(r):
        raise NotEstimable("no unit has two ratings")
    o = coincidences(r)
    totals = o.sum(1)
    if np.count_nonzero(totals) < 2:
        raise NotEstimable("all paired ratings are of one category, so there is nothing to disagree about")
    x = np.arange(r.shape[1], dtype=np.float64) if values is None else np.asarray(values, dtype=np.float64)
    delta = difference(scale, totals, x)
    observed, n = float((o * delta).sum()), float(totals.sum())
    expected = float(totals @ delta @ totals)
    if expected == 0:
        raise NotEstimable("the paired ratings do not differ on this scale")
    alpha = 1 - (n - 1) * observed / expected
    return alpha, _per_unit(r, delta / delta.max())


def _per_unit(r: Matrix, delta: Matrix) -> npt.NDArray[np.float64]:
    """Return alpha per unit, linearised, with agreement weights 1 - delta; the mean is alpha without its correction.

    As in Gwet's own program (irrCAC), the drift of the mean number of ratings is taken at the corrected agreement.
    """
    w = 1 - delta
    total, n = r.sum(1), len(r)
    mean = float(total.mean())
    pairs = (r * (r @ w - 1)).sum(1) / (mean * (total - 1))
    drift = (total - mean) / mean
    small = 1 / (n * mean)
    prime = float(pairs.mean())
    corrected = (1 - small) * prime + small
    pi = r.sum(0) / (n * mean)
    expected = float(pi @ w @ pi)
    alpha = (prime - expected) / (1 - expected)
    own = (pairs - corrected * drift - expected) / (1 - expected)
    chance = r @ (w @ pi) / mean - expected * drift
    return np.asarray(own - 2 * (1 - alpha) * (chance - expected) / (1 - expected))
