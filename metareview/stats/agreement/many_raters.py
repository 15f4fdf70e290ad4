r"""Any number of raters, some ratings missing: coefficients of the counts of raters per category.

`counts` has shape (n, q): how many raters put unit i into category k. Every coefficient is
:math:`(p_a - p_e) / (1 - p_e)` with the same observed agreement :math:`p_a` over units with two ratings or more; they
differ in the agreement expected by chance. Each comes with its value per unit, linearised, from which Gwet's variance
over units follows.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from metareview.errors import NotEstimable

__all__ = ["brennan_prediger", "fleiss_kappa", "gwet_ac", "many_agreement", "unit_se"]

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]
NO_PAIRS = "no unit has two ratings"
ONE_CATEGORY = "all ratings are of one category, so agreement by chance is certain"


def many_agreement(counts: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> tuple[float, Vector]:
    r"""Return the observed agreement, and its value per unit.

    .. math:: p_a = \frac{1}{n'} \sum_{i: r_i \ge 2} \sum_k \frac{r_{ik} (r^*_{ik} - 1)}{r_i (r_i - 1)}, \quad
       r^*_{ik} = \sum_l w_{kl} r_{il}

    Source: Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed., ch. 5. Units with fewer than two ratings have
    the value 0, and the others count n / n' times, so that the mean over units is the agreement.

    Raises
    ------
    NotEstimable
        If no unit has two ratings.
    """
    r, w = _inputs(counts, weights)
    total = r.sum(1)
    paired = total >= 2
    if not paired.any():
        raise NotEstimable(NO_PAIRS)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (r * (r @ w.T - 1)).sum(1) / (total * (total - 1))
    each = np.where(paired, each, 0.0)
    return float(each[paired].mean()), np.asarray(each * len(r) / paired.sum())


def fleiss_kappa(counts: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> tuple[float, Vector]:
    r"""Return Fleiss' kappa, and its linearised value per unit.

    :math:`p_e = \sum_{kl} w_{kl} \pi_k \pi_l`, with :math:`\pi_k` the mean share of category k over units.

    Source: Fleiss 1971, Psychol Bull 76:378, (every unit with as many ratings); with missing ratings and
    weights Gwet 2014, ch. 5; the linearisation is Gwet 2008, Br J Math Stat Psychol 61:29.

    Raises
    ------
    NotEstimable
        If no unit has two ratings, or all are of one category.
    """
    r, w = _inputs(counts, weights)
    shares, pi = _prevalence(r)
    if np.count_nonzero(pi) == 1:
        raise NotEstimable(ONE_CATEGORY)
    return _coefficient(r, w, float(pi @ w @ pi), shares @ ((w + w.T) @ pi) / 2, 2)


def gwet_ac(counts: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> tuple[float, Vector]:
    r"""Return Gwet's AC1, or AC2 where `weights` are given, and its linearised value per unit.

    :math:`p_e = \frac{\sum_{kl} w_{kl}}{q (q - 1)} \sum_k \pi_k (1 - \pi_k)`; q counts all categories of `counts`,
    those nobody chose included.

    Source: Gwet 2008, Br J Math Stat Psychol 61:29 (AC1); Gwet 2014, ch. 5 (AC2).

    Raises
    ------
    NotEstimable
        If no unit has two ratings, or `counts` has one category only.
    """
    r, w = _inputs(counts, weights)
    q = r.shape[1]
    if q < 2:
        raise NotEstimable("chance agreement needs two categories; name all that could have been chosen")
    shares, pi = _prevalence(r)
    scale = float(w.sum()) / (q * (q - 1))
    return _coefficient(r, w, scale * float((pi * (1 - pi)).sum()), scale * (shares @ (1 - pi)), 2)


def brennan_prediger(counts: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> tuple[float, Vector]:
    r"""Return Brennan and Prediger's kappa (PABAK of many raters), and its value per unit.

    :math:`p_e = \sum_{kl} w_{kl} / q^2`.

    Source: Brennan & Prediger 1981, Educ Psychol Meas 41:687; Gwet 2014, ch. 5.

    Raises
    ------
    NotEstimable
        If no unit has two ratings, or `counts` has one category only.
    """
    r, w = _inputs(counts, weights)
    q = r.shape[1]
    if q < 2:
        raise NotEstimable("chance agreement needs two categories; name all that could have been chosen")
    expected = float(w.sum()) / q**2
    return _coefficient(r, w, expected, np.full(len(r), expected), 0)


def unit_se(units: npt.ArrayLike) -> float:
    r"""Return the standard error over units, :math:`\sqrt{\sum_i (\gamma_i - \bar\gamma)^2 / (n (n - 1))}`.

    Parameters
    ----------
    units : linearised values of a coefficient, shape (n,).

    Raises
    ------
    NotEstimable
        If there is one unit only.

    Source: Gwet 2008, Br J Math Stat Psychol 61:29; no correction for a finite population.
    """
    each = np.asarray(units, dtype=np.float64)
    if len(each) < 2:
        raise NotEstimable("a standard error over units needs two units")
    return float(each.std(ddof=1)) / sqrt(len(each))


def _inputs(counts: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Matrix, Matrix]:
    r = np.asarray(counts, dtype=np.float64)
    r = r[r.sum(1) > 0]
    if not len(r):
        raise NotEstimable(NO_PAIRS)
    return r, np.eye(r.shape[1]) if weights is None else np.asarray(weights, dtype=np.float64)


def _prevalence(r: Matrix) -> tuple[Matrix, Vector]:
    shares = r / r.sum(1)[:, None]
    return shares, np.asarray(shares.mean(0))


def _coefficient(r: Matrix, w: Matrix, expected: float, each: Vector, factor: int) -> tuple[float, Vector]:
    """Return (pa - pe) / (1 - pe), and per unit the same with the slope of pe times `factor`."""
    observed, agreed = many_agreement(r, w)
    value = (observed - expected) / (1 - expected)
    paired = r.sum(1) >= 2
    # a unit without a pair has no say on the observed agreement, only on the expected one
    own = np.where(paired, agreed - expected * len(r) / paired.sum(), 0.0) / (1 - expected)
    return value, np.asarray(own - factor * (1 - value) * (each - expected) / (1 - expected))
