"""A stand-alone Python script that repeats a fit with numpy and scipy alone.

It shares no code with this package and goes another way: dense matrices and a general optimiser where `fit` has
closed forms, batches and average information. Only numbers go into it: no label or name of the data, which may be
anyone's text, becomes code.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metareview.errors import NotEstimable
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["python_script"]

#: Methods with a likelihood and without heterogeneity; `_MOMENTS` and `_TARGETS` have the others.
_LIKELIHOODS, _EQUAL = ("REML", "ML"), ("EE", "FE")

_HEAD = """# repeats a fit of metareview with numpy and scipy; numbers only
import numpy as np
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

"""
_COMMON = """

def gls(theta):
    M = V + sum(t * Z for t, Z in zip(theta, Zs))
    inverse = np.linalg.inv(M)
    cov = np.linalg.inv(X.T @ inverse @ X)
    beta = cov @ X.T @ inverse @ y
    return M, inverse, cov, beta

"""
_LIKELIHOOD = """
s2 = np.median(np.diag(V))  # the optimiser works on variances around 1
y, V = y / np.sqrt(s2), V / s2


def loss(root):
    M, inverse, cov, beta = gls(root**2)
    rest = y - X @ beta
    value = np.linalg.slogdet(M)[1] + rest @ inverse @ rest
    return value - (np.linalg.slogdet(cov)[1] if RESTRICTED else 0.0)


options = dict(method="Nelder-Mead", options=dict(xatol=1e-11, fatol=1e-13, maxiter=20000, maxfev=20000))
tries = [minimize(loss, np.full(len(Zs), start), **options) for start in (0.3, 1.0, 3.0)]
best = min(tries, key=lambda found: found.fun)
theta = minimize(loss, best.x, **options).x ** 2
M, inverse, cov, beta = gls(theta)
theta, beta, cov = theta * s2, beta * np.sqrt(s2), cov * s2
y, V = y * np.sqrt(s2), V * s2
"""
_MOMENT = """
k, p = X.shape
v = np.diag(V)
start = np.var(y)
W = np.diag({weights})
P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
theta = np.array([max(0.0, {formula})])
M, inverse, cov, beta = gls(theta)
"""
#: weights of a quadratic form, and tau2 from it
_MOMENTS = {
    "DL": ("1 / v", "(y @ P @ y - (k - p)) / np.trace(P)"),
    "HE": ("np.ones(k)", "(y @ P @ y - np.trace(P @ V)) / np.trace(P)"),
    "HS": ("1 / v", "(y @ P @ y - k) / np.sum(1 / v)"),
    "HSk": ("1 / v", "(k / (k - p) * (y @ P @ y) - k) / np.sum(1 / v)"),
    "SJ": ("1 / (v + start)", "start * (y @ P @ y) / (k - p)"),
}
_ROOT = """
TARGET = {target}
unit = np.median(np.diag(V))  # the root is sought in units of a typical variance


def excess(t):
    M, inverse, cov, beta = gls([t * unit])
    rest = y - X @ beta
    return rest @ inverse @ rest - TARGET


top = 1.0
while excess(top) > 0:
    top *= 2
theta = np.array([brentq(excess, 0.0, top, xtol=1e-14, rtol=1e-14) * unit if excess(0.0) > 0 else 0.0])
M, inverse, cov, beta = gls(theta)
"""
#: what the generalised Q statistic is set equal to
_TARGETS = {"PM": "len(y) - X.shape[1]", "EB": "len(y) - X.shape[1]", "PMM": "chi2.median(len(y) - X.shape[1])"}
_PLAIN = """
theta = np.zeros(0)
M, inverse, cov, beta = gls(theta)
"""
_KNAPP = """
rest = y - X @ beta
factor = rest @ np.linalg.inv(V + sum(t * Z for t, Z in zip(theta, Zs))) @ rest / (len(y) - X.shape[1])
cov = cov * {}
"""
_ROBUST = """
# cluster-robust covariance, {kind}
M = V + sum(t * Z for t, Z in zip(theta, Zs))
clusters, meat = np.array({clusters}), 0.0
for cluster in np.unique(clusters):
    rows = np.flatnonzero(clusters == cluster)
    F, Xc, rest = M[np.ix_(rows, rows)], X[rows], y[rows] - X[rows] @ beta
    W = np.linalg.inv(F)
{adjust}    score = Xc.T @ W @ A @ rest
    meat = meat + np.outer(score, score)
cov = cov @ meat @ cov
"""
#: what residuals of a cluster are multiplied by
_ADJUST = {
    "CR2": """    D = np.linalg.cholesky(F).T
    values, vectors = np.linalg.eigh(D @ (F - Xc @ cov @ Xc.T) @ D.T)
    keep = values > 1e-10 * values.max()
    A = D.T @ (vectors[:, keep] / np.sqrt(values[keep])) @ vectors[:, keep].T @ D
""",
    "CR3": """    A = np.linalg.pinv(np.eye(len(rows)) - Xc @ cov @ Xc.T @ W)
""",
}
_TAIL = """
print("estimate", *(repr(float(value)) for value in beta))
print("se", *(repr(float(value)) for value in np.sqrt(np.diag(cov))))
print("variances", *(repr(float(value)) for value in theta))
"""


def python_script(model: ModelFit) -> str:
    """Return a Python script that fits the same model and prints estimates, standard errors and variances.

    Raises
    ------
    NotEstimable
        For models of tables.

    Examples
    --------
    >>> from metareview.stats.synthesis import fit
    >>> "RESTRICTED = True" in python_script(fit([0.1, 0.3, 0.6], [0.03, 0.03, 0.01]))
    True
    """
    if isinstance(model, UnivariateFit):
        v, factors = np.diag(model.vi), ["Zs = [np.eye(len(y))]" if model.random else "Zs = []"]
    elif isinstance(model, MultilevelFit):
        v = np.diag(model.v) if model.v.ndim == 1 else np.asarray(model.v)
        factors = ["codes = " + _list(model.codes, whole=True), _ZS]
    else:
        raise NotEstimable(f"a {type(model).__name__} is fitted from tables, not from effects")
    data = [f"y = np.array({_list(model.yi)})", f"X = np.array({_list(model.x)})", f"V = {_covariance(v)}", *factors]
    return _HEAD + "\n".join(data) + _COMMON + _body(model) + _knapp(model) + _robust(model) + _TAIL


_ZS = "Zs = [np.equal.outer(np.array(code), np.array(code)).astype(float) for code in codes]"


def _body(model: ModelFit) -> str:
    if model.method in _EQUAL or (isinstance(model, MultilevelFit) and not model.components):
        return _PLAIN
    if model.method in _MOMENTS:
        weights, formula = _MOMENTS[model.method]
        return _MOMENT.format(weights=weights, formula=formula)
    if model.method in _TARGETS:
        return _ROOT.format(target=_TARGETS[model.method])
    if model.method in _LIKELIHOODS:
        return f"RESTRICTED = {model.method == 'REML'}\n" + _LIKELIHOOD
    raise NotEstimable(f"the Python script does not repeat {model.method}; take the R script")


def _knapp(model: ModelFit) -> str:
    if model.test not in ("knha", "adhoc"):
        return ""
    return _KNAPP.format("max(factor, 1.0)" if model.test == "adhoc" else "factor")


def _robust(model: ModelFit) -> str:
    if model.cluster_codes is None:
        return ""
    m, p = model.clusters or 0, model.p
    factors = {"CR0": "1.0", "CR1": f"{m} / {m - 1}", "CR1p": f"{m} / {m - p}"}
    adjust = _ADJUST.get(model.vcov) or f"    A = np.sqrt({factors[model.vcov]}) * np.eye(len(rows))\n"
    return _ROBUST.format(clusters=_list(model.cluster_codes, whole=True), kind=model.vcov, adjust=adjust)


def _covariance(v: ArrayLike) -> str:
    table = np.asarray(v, dtype=float)
    if np.array_equal(table, np.diag(np.diag(table))):
        return f"np.diag({_list(np.diag(table))})"
    return f"np.array({_list(table)})"


def _list(values: ArrayLike, *, whole: bool = False) -> str:
    table = np.asarray(values)
    return repr((table.astype(int) if whole else table.astype(float)).tolist())
