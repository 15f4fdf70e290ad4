"""A stand-alone R script that repeats a fit with metafor, for readers who want to check outside this program.

Only numbers go into the script: no label or name of the data, which may be anyone's text, becomes code.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metareview.errors import NotEstimable
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["r_script"]


def r_script(model: ModelFit) -> str:
    """Return an R script that fits the same model with metafor and prints estimates and standard errors.

    metafor's stopping rules are absolute, so the script works on effects whose variances and spread are around 1 (its
    scoring does not converge where tau2 is far above that) and scales back.

    Raises
    ------
    NotEstimable
        For models that metafor fits from other inputs (tables).

    Examples
    --------
    >>> from metareview.stats.synthesis import fit
    >>> "rma(yi / s, vi / s^2" in r_script(fit([0.1, 0.3, 0.6], [0.03, 0.03, 0.01]))
    True
    """
    if isinstance(model, UnivariateFit):
        body = _univariate(model)
    elif isinstance(model, MultilevelFit):
        body = _multilevel(model)
    else:
        raise NotEstimable(f"a {type(model).__name__} is fitted from tables; use rma.mh or rma.peto on its cells")
    head = ["# repeats a fit of metareview with metafor (R); numbers only", "suppressMessages(library(metafor))"]
    head += [f"yi <- {_vector(model.yi)}", f"X <- {_matrix(model.x)}"]
    tail = ["scale <- s", 'cat("estimate", format(c(fit$beta) * scale, digits=15), "\\n")', *_errors(model)]
    return "\n".join([*head, *body, *tail]) + "\n"


def _errors(model: ModelFit) -> list[str]:
    """Standard errors of the model, or the cluster-robust ones of clubSandwich with their degrees of freedom."""
    if model.cluster_codes is None:
        return ['cat("se", format(fit$se * scale, digits=15), "\\n")']
    return [
        "suppressMessages(library(clubSandwich))",
        f"cluster <- {_vector(model.cluster_codes)}",
        f'robust <- coef_test(fit, vcov=vcovCR(fit, cluster=cluster, type="{model.vcov}"), test="Satterthwaite")',
        'cat("se", format(robust$SE * scale, digits=15), "\\n")',
        'cat("df", format(if (is.null(robust$df_Satt)) robust$df else robust$df_Satt, digits=15), "\\n")',
    ]


def _univariate(model: UnivariateFit) -> list[str]:
    call = (
        f'fit <- rma(yi / s, vi / s^2, mods=X, intercept=FALSE, method="{model.method}", {_test(model.test)}, '
        f"level={100 * model.level:.15g}, control=list(threshold=1e-14, tol=1e-14, maxiter=10000))"
    )
    show = 'cat("tau2", format(fit$tau2 * s^2, digits=15), "\\n")'
    unit = "s <- sqrt(max(median(vi), var(yi), na.rm=TRUE))"
    return [f"vi <- {_vector(model.vi)}", unit, call, show]


def _multilevel(model: MultilevelFit) -> list[str]:
    known = f"V <- {_vector(model.v)}" if model.v.ndim == 1 else f"V <- {_matrix(model.v)}"
    spread = "V" if model.v.ndim == 1 else "diag(V)"
    factors = [f"f{j + 1} <- {_vector(code)}" for j, code in enumerate(model.codes)]
    terms = ", ".join(f"~ 1 | f{j + 1}" for j in range(len(model.components)))
    random = f"random=list({terms}), " if terms else ""
    call = (
        f'fit <- rma.mv(yi / s, V / s^2, mods=X, intercept=FALSE, {random}method="{model.method}", '
        f"{_test(model.test)}, level={100 * model.level:.15g})"
    )
    show = 'cat("sigma2", format(fit$sigma2 * s^2, digits=15), "\\n")'
    return [known, *factors, f"s <- sqrt(median({spread}))", call, *([show] if terms else [])]


def _test(test: str) -> str:
    own = {"contain": 'test="t", dfs="contain"', "satterthwaite": 'test="z"'}
    return own.get(test, f'test="{test}"')


def _vector(values: ArrayLike) -> str:
    return f"c({', '.join(repr(value) for value in np.asarray(values, dtype=float).tolist())})"


def _matrix(values: ArrayLike) -> str:
    table = np.asarray(values, dtype=float)
    return f"matrix({_vector(table.ravel())}, nrow={len(table)}, byrow=TRUE)"
