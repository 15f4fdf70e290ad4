"""Prediction intervals: where the true effect of a new study is expected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metareview.errors import UnknownName
from metareview.stats.synthesis.inference import critical

__all__ = ["PREDICTIONS", "Prediction", "prediction_interval"]

#: kinds of prediction interval, all ``mean ± q sqrt(se^2 + tau2)``
PREDICTIONS = {
    "z": "normal quantile (Raudenbush 2009, equation 16.9)",
    "t": "t quantile with the df of the coefficients' test; with Knapp-Hartung's se that of Partlett & Riley 2017",
    "HTS": "t quantile with k - p - 1 df (Higgins, Thompson & Spiegelhalter 2009, J R Stat Soc A 172:137)",
    "k-1": "t quantile with k - p df, the default of current meta-analysis software (Veroniki et al. 2019)",
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted means with their intervals, and intervals for a new true effect, one entry per row asked."""

    kind: str
    estimate: tuple[float, ...]
    se: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    pi_low: tuple[float | None, ...]
    pi_high: tuple[float | None, ...]


def check_prediction(kind: str) -> None:
    """Refuse a kind of prediction interval that does not exist."""
    if kind not in PREDICTIONS:
        raise UnknownName("kind of prediction interval", kind, PREDICTIONS)


def prediction_interval(
    mean: NDArray[np.float64],
    se: NDArray[np.float64],
    tau2: float | None,
    kind: str,
    level: float,
    df: float | None,
    k: int,
    p: int,
) -> Prediction:
    """Return confidence and prediction intervals around predicted means (m,).

    Parameters
    ----------
    mean, se : predicted means and their standard errors (m,).
    tau2 : heterogeneity variance; None where there is none to predict with.
    kind : key of `PREDICTIONS`.
    level : coverage.
    df : degrees of freedom of the model's test; None for normal.
    k, p : effects and coefficients.
    """
    half = critical(level, df) * se
    degrees = {"z": None, "t": df, "HTS": float(k - p - 1), "k-1": float(k - p)}[kind]
    none: tuple[float | None, ...] = (None,) * len(mean)
    low, high = none, none
    if tau2 is not None and (degrees is None or degrees > 0):
        wide = critical(level, degrees) * np.sqrt(se**2 + tau2)
        low, high = tuple((mean - wide).tolist()), tuple((mean + wide).tolist())
    below, above = tuple((mean - half).tolist()), tuple((mean + half).tolist())
    return Prediction(kind, tuple(mean.tolist()), tuple(se.tolist()), below, above, low, high)
