"""The share of each effect in a pooled one, for independent and for dependent effects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["weights"]


def weights(model: ModelFit) -> NDArray[np.float64]:
    """Return the share of each effect in the pooled one (k,), ``1'M^-1 / 1'M^-1 1`` with M its whole covariance.

    With moderators there is no one pooled effect; the diagonal of M^-1 stands for the weight of a row then.
    """
    if isinstance(model, MultilevelFit):
        m = np.diag(model.v) if model.v.ndim == 1 else np.array(model.v)
        for code, value in zip(model.codes, model.sigma2, strict=True):
            m = m + value * np.equal.outer(code, code)
        inverse = np.linalg.inv(m)
        w = inverse.sum(axis=1) if model.p == 1 else np.diag(inverse)
    elif isinstance(model, UnivariateFit):
        w = model.weights
    else:
        w = np.ones(model.k)
    return np.asarray(w / w.sum())
