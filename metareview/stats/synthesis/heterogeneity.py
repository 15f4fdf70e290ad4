"""How much effects differ beyond their sampling error: Q, the typical variance, I2 by two definitions, H2."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from metareview.stats.synthesis.core import Array, Problem, quadratics, scores

__all__ = ["Heterogeneity", "heterogeneity", "i2_from_q", "i2_from_tau2"]


class Heterogeneity(NamedTuple):
    """Cochran's Q (of the residuals, with moderators), its df and p-value, and the typical sampling variance.

    All of shape (B,), on the internal scale. The typical variance is ``(k - p)/tr P`` with weights 1/v; without
    moderators Higgins & Thompson 2002 (Stat Med 21:1539), equation 9.
    """

    q: Array
    df: Array
    pvalue: Array
    typical: Array


def heterogeneity(problem: Problem) -> Heterogeneity:
    """Return Q and the typical sampling variance; where k = p they are 0 and NaN."""
    df = problem.k - problem.p
    found, q = scores(problem, np.zeros(1), restricted=True), quadratics(problem, np.zeros(1))[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        typical = np.where(df > 0, df / found.trace, np.nan)
        pvalue = np.where(df > 0, chdtrc(np.maximum(df, 1), q), 1.0)
    return Heterogeneity(np.where(df > 0, q, 0.0), df, pvalue, typical)


def i2_from_tau2(tau2: Array | float, typical: Array | float) -> Array:
    """Return I2 as tau2/(tau2 + typical variance), a proportion: the share that follows the estimator (`I2_tau`)."""
    return np.asarray(tau2 / (tau2 + typical))


def i2_from_q(q: Array | float, df: Array | float) -> Array:
    """Return I2 as max(0, (Q - df)/Q), a proportion: Higgins & Thompson 2002, the same for every estimator (`I2_Q`).

    >>> round(float(i2_from_q(152.233, 12)), 5)
    0.92117
    """
    q = np.asarray(q, dtype=float)
    return np.where(q > 0, np.maximum((q - df) / np.where(q > 0, q, 1.0), 0.0), 0.0)
