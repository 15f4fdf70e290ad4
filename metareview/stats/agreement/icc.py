"""Intraclass correlations: raters who give numbers, every rater to every unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import fdtri

from metareview.errors import NotEstimable

__all__ = ["FORMS", "Form", "MeanSquares", "icc", "icc_interval", "mean_squares"]

Form = Literal["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]
#: Form -> what it says: raters drawn anew for each unit (1), a random sample of raters (2), just these raters (3);
#: of one rater's number, or of the mean over the k raters.
FORMS: dict[Form, str] = {
    "1,1": "one rating, raters differ by unit",
    "2,1": "one rating, raters are a sample; absolute agreement",
    "3,1": "one rating, these raters only; consistency",
    "1,k": "mean of k ratings, raters differ by unit",
    "2,k": "mean of k ratings, raters are a sample; absolute agreement",
    "3,k": "mean of k ratings, these raters only; consistency",
}


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares of the two-way layout: between units, within units, between raters, and the residual."""

    n: int
    k: int
    units: float
    within: float
    raters: float
    residual: float


def mean_squares(values: npt.ArrayLike) -> MeanSquares:
    """Return the mean squares of a complete matrix of ratings, shape (n, k).

    Source: Shrout & Fleiss 1979, Psychol Bull 86:420, table 1.

    Raises
    ------
    NotEstimable
        If there are fewer than two units or raters, or all ratings are one number.
    """
    x = np.asarray(values, dtype=np.float64)
    n, k = x.shape
    if n < 2 or k < 2:
        raise NotEstimable(f"an intraclass correlation needs two units that all of two raters rated; found {n} by {k}")
    if (x == x.flat[0]).all():
        raise NotEstimable("all ratings are one number, so units do not differ")
    grand = x.mean()
    by_unit, by_rater = x.mean(1), x.mean(0)
    units = k * float(((by_unit - grand) ** 2).sum())
    raters = n * float(((by_rater - grand) ** 2).sum())
    within = float(((x - by_unit[:, None]) ** 2).sum())
    rest = float(((x - by_unit[:, None] - by_rater[None, :] + grand) ** 2).sum())
    return MeanSquares(
        n, k, units / (n - 1), within / (n * (k - 1)), raters / (k - 1), rest / ((n - 1) * (k - 1))
    )  # fmt: skip


def icc(squares: MeanSquares, form: Form) -> float:
    r"""Return an intraclass correlation.

    With the mean squares B (units), W (within), J (raters), E (residual):

    .. math:: (1,1) = \frac{B - W}{B + (k - 1) W}, \quad (2,1) = \frac{B - E}{B + (k - 1) E + k (J - E) / n}, \quad
       (3,1) = \frac{B - E}{B + (k - 1) E}

    .. math:: (1,k) = \frac{B - W}{B}, \quad (2,k) = \frac{B - E}{B + (J - E) / n}, \quad (3,k) = \frac{B - E}{B}

    Source: Shrout & Fleiss 1979, Psychol Bull 86:420, pp. 423-426.

    Raises
    ------
    NotEstimable
        If the units do not differ at all, so that the denominator is 0.
    """
    b, w, j, e = squares.units, squares.within, squares.raters, squares.residual
    n, k = squares.n, squares.k
    parts: dict[Form, tuple[float, float]] = {
        "1,1": (b - w, b + (k - 1) * w),
        "2,1": (b - e, b + (k - 1) * e + k * (j - e) / n),
        "3,1": (b - e, b + (k - 1) * e),
        "1,k": (b - w, b),
        "2,k": (b - e, b + (j - e) / n),
        "3,k": (b - e, b),
    }
    above, below = parts[form]
    if below <= 0:
        raise NotEstimable("the means of the units do not differ more than the raters do, so there is no correlation")
    return above / below


def icc_interval(squares: MeanSquares, form: Form, level: float = 0.95) -> tuple[float, float]:
    r"""Return the interval of an intraclass correlation, from F distributions; for forms 2 Satterthwaite's.

    Source: Shrout & Fleiss 1979, Psychol Bull 86:420, pp. 424-427; for the mean of k ratings McGraw & Wong 1996,
    Psychol Methods 1:30, table 7.

    Raises
    ------
    NotEstimable
        If the raters agree exactly, so that there is no error to judge by, or the units differ so little that the
        limits do not hold the value between them.
    """
    low, high = _limits_two(squares, form, level) if form[0] == "2" else _limits_f(squares, form, level)
    if not low <= icc(squares, form) <= high:
        raise NotEstimable("the units differ too little for an interval")
    return low, high


def _limits_f(squares: MeanSquares, form: Form, level: float) -> tuple[float, float]:
    n, k = squares.n, squares.k
    error, df = (squares.within, n * (k - 1)) if form[0] == "1" else (squares.residual, (n - 1) * (k - 1))
    if error <= 0 or squares.units <= 0:
        raise NotEstimable("the ratings of a unit do not differ, or the units do not, so there is nothing to judge by")
    p = (1 + level) / 2
    ratio = squares.units / error
    low, high = ratio / float(fdtri(n - 1, df, p)), ratio * float(fdtri(df, n - 1, p))
    if form.endswith("k"):
        return 1 - 1 / low, 1 - 1 / high
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _limits_two(squares: MeanSquares, form: Form, level: float) -> tuple[float, float]:
    n, k, b, j, e = squares.n, squares.k, squares.units, squares.raters, squares.residual
    if e <= 0:
        raise NotEstimable("the ratings differ by rater only, so there is no residual to judge by")
    rho, f = icc(squares, "2,1"), j / e
    part = n * (1 + (k - 1) * rho) - k * rho
    below = (n - 1) * k**2 * rho**2 * f**2 + part**2
    df = (k - 1) * (n - 1) * (k * rho * f + part) ** 2 / below if below else 0.0
    if df <= 0:
        raise NotEstimable("the units differ too little for an interval")
    p = (1 + level) / 2
    more, less = float(fdtri(n - 1, df, p)), float(fdtri(df, n - 1, p))
    rest = j - e if form.endswith("k") else k * j + (k * n - k - n) * e
    under = more * rest + n * b, rest + n * less * b
    if min(under) <= 0:
        raise NotEstimable("the units differ too little for an interval")
    return n * (b - more * e) / under[0], n * (less * b - e) / under[1]
