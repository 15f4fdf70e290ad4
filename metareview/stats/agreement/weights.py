"""Agreement weights: 1 for the same category, less the farther apart two categories are."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from metareview.errors import NotEstimable

__all__ = ["Weighting", "identity_weights", "linear_weights", "quadratic_weights", "weights_for"]

Weighting = Literal["identity", "linear", "quadratic"]
Matrix = npt.NDArray[np.float64]


def identity_weights(values: npt.ArrayLike) -> Matrix:
    """Return 1 for the same category and 0 otherwise, shape (q, q)."""
    return np.eye(np.size(np.asarray(values)))


def linear_weights(values: npt.ArrayLike) -> Matrix:
    r"""Return :math:`w_{kl} = 1 - |x_k - x_l| / (\max x - \min x)`, shape (q, q).

    Source: Cicchetti & Allison 1971, Am J EEG Technol 11:101.

    >>> linear_weights([1, 2, 3])[0].tolist()
    [1.0, 0.5, 0.0]
    """
    distance = _distances(values)
    return np.asarray(1 - distance / distance.max())


def quadratic_weights(values: npt.ArrayLike) -> Matrix:
    r"""Return :math:`w_{kl} = 1 - (x_k - x_l)^2 / (\max x - \min x)^2`, shape (q, q).

    Source: Fleiss & Cohen 1973, Educ Psychol Meas 33:613.

    >>> quadratic_weights([1, 2, 3])[0].tolist()
    [1.0, 0.75, 0.0]
    """
    distance = _distances(values)
    return np.asarray(1 - (distance / distance.max()) ** 2)


def weights_for(name: Weighting, values: npt.ArrayLike) -> Matrix:
    """Return the weights of a name for categories with these values."""
    makers = {"identity": identity_weights, "linear": linear_weights, "quadratic": quadratic_weights}
    return makers[name](values)


def _distances(values: npt.ArrayLike) -> Matrix:
    x = np.asarray(values, dtype=np.float64)
    distance = np.abs(x[:, None] - x[None, :])
    if not distance.size or distance.max() == 0:
        raise NotEstimable("weights need two categories")
    return np.asarray(distance)
