"""Cluster-robust covariances CR0 to CR3, Satterthwaite degrees of freedom, Hotelling's T-squared test (HTZ).

For clusters c with design X_c, residuals e_c and working covariance F_c (inverse weights), M = (sum X'F^-1 X)^-1::

    V = M [sum X_c' F_c^-1 A_c e_c e_c' A_c' F_c^-1 X_c] M

with A_c the identity (CR0), sqrt(m/(m-1)) (CR1), sqrt(m/(m-p)) (CR1p), (I - H_cc)^-1 (CR3), or the matrix that makes V
unbiased when the working covariance is right (CR2). Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, J Bus Econ Stat
36:672; Tipton & Pustejovsky 2015, J Educ Behav Stat 40:604.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from metareview.errors import InputError, UnknownName
from metareview.stats.synthesis.core import Array
from metareview.stats.synthesis.inference import WaldTest
from metareview.stats.synthesis.result import ModelFit, frozen_array
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["VCOV", "Sandwich", "cluster_index", "htz_test", "robust", "robust_fit", "sandwich"]

VCOV = {
    "CR0": "no small-sample correction (Hedges, Tipton & Johnson 2010)",
    "CR1": "m/(m - 1)",
    "CR1p": "m/(m - p)",
    "CR2": "bias-reduced linearisation (Bell & McCaffrey 2002; Tipton 2015)",
    "CR3": "approximately leave-one-cluster-out",
}

Fit = TypeVar("Fit", bound=ModelFit)


class Sandwich(NamedTuple):
    """A robust covariance (p, p) and what its tests need.

    `f` (m, p, p) and `t` (m, p, p) give the covariance of the clusters' contributions under the working model:
    ``cov(x_sc, x_td) = [c = d] f_c[s, t] - (t_c t_d')[s, t]``.
    """

    cov: Array
    f: Array
    t: Array


def cluster_index(ids: Sequence[Any] | NDArray[Any]) -> list[NDArray[np.intp]]:
    """Return the rows of each cluster, in order of first appearance."""
    groups: dict[Any, list[int]] = {}
    for i, value in enumerate(list(ids)):
        groups.setdefault(value, []).append(i)
    return [np.array(rows) for rows in groups.values()]


def sandwich(x: Array, residual: Array, blocks: list[Array], clusters: list[NDArray[np.intp]], kind: str) -> Sandwich:
    """Return the robust covariance of weighted least squares.

    Parameters
    ----------
    x, residual : design (k, p) and residuals (k,).
    blocks : working covariance of each cluster (n_c, n_c); its inverse is the weight.
    clusters : rows of each cluster.
    kind : key of `VCOV`.
    """
    p, m = x.shape[1], len(clusters)
    inverses: list[Array] = [np.linalg.inv(block).astype(float) for block in blocks]
    information = np.sum([x[c].T @ w @ x[c] for c, w in zip(clusters, inverses, strict=True)], axis=0)
    bread: Array = np.linalg.inv(information).astype(float)
    root = np.linalg.cholesky(bread)
    score, f, t = np.zeros((m, p)), np.zeros((m, p, p)), np.zeros((m, p, p))
    for j, (c, block, w) in enumerate(zip(clusters, blocks, inverses, strict=True)):
        g = _adjust(kind, x[c], block, w, bread, m).T @ w @ x[c] @ bread
        score[j] = g.T @ residual[c]
        f[j] = g.T @ block @ g
        t[j] = g.T @ x[c] @ root
    return Sandwich(score.T @ score, f, t)


def _adjust(kind: str, x: Array, block: Array, w: Array, bread: Array, m: int) -> Array:
    """The adjustment matrix A_c."""
    n, p = x.shape
    if kind == "CR2":
        upper = np.linalg.cholesky(block).T
        middle = upper @ (block - x @ bread @ x.T) @ upper.T
        values, vectors = np.linalg.eigh(middle)
        good = values > 1e-10 * max(float(values[-1]), 0.0)
        half = np.where(good, 1 / np.sqrt(np.where(good, values, 1.0)), 0.0)
        return np.asarray(upper.T @ (vectors * half) @ vectors.T @ upper)
    if kind == "CR3":
        return np.asarray(np.linalg.pinv(np.eye(n) - x @ bread @ x.T @ w))
    factor = {"CR0": 1.0, "CR1": m / (m - 1), "CR1p": m / max(m - p, 1)}[kind]
    return np.asarray(np.sqrt(factor) * np.eye(n), dtype=float)


def satterthwaite(f: Array, t: Array) -> Array:
    """Return the degrees of freedom of each coefficient, tr(P)^2/tr(PP), from `Sandwich`'s parts (p,)."""
    out = []
    for s in range(f.shape[1]):
        p = np.diag(f[:, s, s]) - t[:, s] @ t[:, s].T
        out.append(np.trace(p) ** 2 / np.sum(p * p))
    return np.array(out)


def htz_test(beta: Array, cov: Array, f: Array, t: Array, contrast: Array, rhs: float = 0.0) -> WaldTest:
    """Test several hypotheses with Hotelling's T-squared approximation (HTZ), the recommended small-sample test.

    Tipton & Pustejovsky 2015, equations 11 to 13. Returns F with degrees of freedom q and eta - q + 1.

    Raises
    ------
    InputError
        If the hypotheses depend on each other, or too few clusters are left to test so many at once.
    """
    q, m = len(contrast), len(f)
    if np.linalg.matrix_rank(contrast) < q:
        raise InputError("the rows of the contrast depend on each other; give independent hypotheses")
    cf, ct = contrast @ f @ contrast.T, contrast @ t
    omega = cf.sum(axis=0) - np.einsum("msj,mtj->st", ct, ct)
    values, vectors = np.linalg.eigh(omega)
    rotate = (vectors / np.sqrt(values)) @ vectors.T
    cf, ct = rotate @ cf @ rotate, rotate @ ct
    p = -np.einsum("csj,dtj->stcd", ct, ct)
    p[:, :, np.arange(m), np.arange(m)] += np.moveaxis(cf, 0, -1)
    total = np.einsum("sscd,ttcd->", p, p) + np.einsum("stcd,tscd->", p, p)
    eta = q * (q + 1) / total
    distance = contrast @ beta - rhs
    square = float(distance @ np.linalg.solve(contrast @ cov @ contrast.T, distance))
    ddf = float(eta - q + 1)
    if ddf <= 0:
        raise InputError(f"{m} clusters are too few to test {q} coefficients together; test fewer at a time")
    statistic = ddf / (float(eta) * q) * square
    return WaldTest(statistic, q, ddf, float(fdtrc(q, ddf, statistic)))


def check_clusters(ids: NDArray[Any], p: int, kind: str) -> list[NDArray[np.intp]]:
    """Return the rows of each cluster, or refuse.

    Raises
    ------
    UnknownName
        If there is no such covariance.
    InputError
        For a missing id, one cluster, or no more clusters than coefficients.
    """
    if kind not in VCOV:
        raise UnknownName("robust covariance (vcov)", kind, VCOV)
    missing = [i + 1 for i, value in enumerate(list(ids)) if value is None or value != value or value == ""]
    if missing:
        raise InputError(f"the cluster id is missing in row {missing[0]} of the rows used; every effect needs one")
    clusters = cluster_index(ids)
    if len(clusters) <= p:
        raise InputError(
            f"{len(clusters)} cluster{'' if len(clusters) == 1 else 's'} and {p} coefficient{'' if p == 1 else 's'}: "
            "robust covariances need more clusters than coefficients; leave cluster= out or use fewer moderators"
        )
    return clusters


def robust_fit(model: Fit, blocks: list[Array], clusters: list[NDArray[np.intp]], kind: str) -> Fit:
    """Return a model with robust covariance and degrees of freedom in place of its own."""
    # Squares of variances leave floating point; a power of two takes nothing from the digits.
    unit = 2.0 ** np.round(np.log2(np.median(np.concatenate([np.diag(block) for block in blocks]))) / 2)
    residual, inner = (model.yi - model.x @ model.beta) / unit, [block / unit / unit for block in blocks]
    found = sandwich(model.x, residual, inner, clusters, kind)
    df = satterthwaite(found.f, found.t)
    few = [name for name, d in zip(model.names, df.tolist(), strict=True) if d < 4]
    warnings = list(model.warnings)
    if few:
        warnings.append(
            f"fewer than 4 degrees of freedom for {', '.join(few)}: p-values of robust tests are not to be trusted "
            "(Tipton 2015)"
        )
    codes = np.zeros(model.k)
    for code, rows in enumerate(clusters):
        codes[rows] = code
    methods = (*(text for text in model.methods if text.split(":")[0] != model.test), f"{kind}: {VCOV[kind]}")
    methods += ("Satterthwaite degrees of freedom; HTZ for several coefficients (Tipton & Pustejovsky 2015)",)
    return replace(
        model, cov=frozen_array(found.cov * unit * unit), df=tuple(df.tolist()), vcov=kind, test="satterthwaite",
        clusters=len(clusters), robust_f=frozen_array(found.f * unit * unit), robust_t=frozen_array(found.t * unit),
        warnings=tuple(warnings), methods=methods, cluster_codes=frozen_array(codes),
    )  # fmt: skip


def robust(model: UnivariateFit, ids: NDArray[Any], kind: str = "CR2") -> UnivariateFit:
    """Return a univariate fit with cluster-robust inference; `ids` (k,) of the effects used.

    Raises
    ------
    InputError, UnknownName
        See `check_clusters`.
    """
    clusters = check_clusters(ids, model.p, kind)
    spread = model.vi + (model.tau2 or 0.0)
    blocks = [np.diag(spread[c]) for c in clusters]
    return robust_fit(replace(model, s2=1.0), blocks, clusters, kind)
