"""Tests of coefficients: z, t, Knapp-Hartung and its ad hoc form; Wald tests of several at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from metareview.errors import InputError, UnknownName
from metareview.stats.synthesis.core import Array

__all__ = ["TESTS", "Coefficient", "WaldTest", "coefficient_table", "critical", "knapp_hartung", "wald_test"]

#: kinds of test of the coefficients
TESTS = {
    "z": "normal quantiles",
    "t": "t quantiles with k - p degrees of freedom",
    "knha": "Knapp & Hartung 2003 (Stat Med 22:2693; Hartung 1999; Sidik & Jonkman 2002)",
    "adhoc": "Knapp-Hartung with a factor of at least 1 (Knapp & Hartung 2003, p. 2702; Jackson et al. 2017)",
}


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient with its test and interval; `df` is None for normal quantiles."""

    name: str
    estimate: float
    se: float
    statistic: float | None
    df: float | None
    pvalue: float | None
    ci_low: float | None
    ci_high: float | None


class WaldTest(NamedTuple):
    """A test of one or more linear hypotheses; chi-squared where `ddf` is None, else F."""

    statistic: float
    df: int
    ddf: float | None
    pvalue: float


def check_test(test: str) -> None:
    """Refuse a kind of test that does not exist, or that needs random effects."""
    if test == "contain":
        raise InputError("test contain takes its degrees of freedom from random effects; give random, or another test")
    if test not in TESTS:
        raise UnknownName("test", test, TESTS)


def critical(level: float, df: float | None) -> float:
    """Return the two-sided critical value, normal when `df` is None.

    >>> round(critical(0.95, None), 6), round(critical(0.95, 12.0), 6)
    (1.959964, 2.178813)
    """
    tail = (1 + level) / 2
    return float(ndtri(tail) if df is None else stdtrit(df, tail))


def check_level(level: float) -> None:
    """Refuse a level of confidence that is not inside (0, 1)."""
    if not 0 < level < 1:
        raise InputError(f"level is {level}; a level of confidence lies between 0 and 1, such as 0.95")


def knapp_hartung(q: Array | float, df: Array | float, *, adhoc: bool) -> Array:
    """Return the factor on the covariance, y'Py/(k - p) at the estimated heterogeneity; at least 1 when `adhoc`."""
    factor = np.asarray(q) / df
    return np.maximum(factor, 1.0) if adhoc else factor


def coefficient_table(
    names: tuple[str, ...], beta: Array, se: Array, df: tuple[float | None, ...], level: float
) -> tuple[Coefficient, ...]:
    """Return tests and intervals; a standard error of zero leaves statistic and p-value undefined."""
    out = []
    for name, b, s, d in zip(names, beta.tolist(), se.tolist(), df, strict=True):
        if not s > 0:
            out.append(Coefficient(name, b, s, None, d, None, b, b))
            continue
        statistic, half = b / s, critical(level, d) * s
        tail = ndtr(-abs(statistic)) if d is None else stdtr(d, -abs(statistic))
        out.append(Coefficient(name, b, s, statistic, d, float(2 * tail), b - half, b + half))
    return tuple(out)


def wald_test(beta: Array, cov: Array, contrast: Array, rhs: Array | float = 0.0, ddf: float | None = None) -> WaldTest:
    """Test ``contrast @ beta = rhs``.

    Parameters
    ----------
    beta, cov : coefficients (p,) and their covariance (p, p).
    contrast : (m, p) of full row rank.
    ddf : denominator degrees of freedom for F; chi-squared when None.

    Raises
    ------
    InputError
        If the hypotheses contradict or repeat each other.
    """
    contrast = np.atleast_2d(contrast)
    distance = contrast @ beta - rhs
    middle = contrast @ cov @ contrast.T
    if np.linalg.matrix_rank(contrast) < len(contrast) or not np.all(np.diag(middle) > 0):
        raise InputError("the rows of the contrast depend on each other or test nothing; give independent hypotheses")
    square = float(distance @ np.linalg.solve(middle, distance))
    m = len(contrast)
    if ddf is None:
        return WaldTest(square, m, None, float(chdtrc(m, square)))
    return WaldTest(square / m, m, ddf, float(fdtrc(m, ddf, square / m)))
