"""Permutation tests and bootstrap, all replicates in one batched call. Randomness is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, NotEstimable
from metareview.stats.synthesis.batch import BatchFit, fit_batch, fit_counts
from metareview.stats.synthesis.core import Array
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["Bootstrap", "PermutationTest", "bootstrap", "permutation_test", "prediction_bootstrap", "r2_interval"]

#: statistics closer than this (relative) count as equal, so that rounding cannot decide a p-value
_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """P-values by permutation, one per coefficient, and how they were made."""

    names: tuple[str, ...]
    pvalues: tuple[float, ...]
    omnibus: float | None
    exact: bool
    replicates: int
    tested: str


def permutation_test(
    model: UnivariateFit,
    *,
    rng: np.random.Generator,
    replicates: int = 1000,
    exact_limit: int = 50_000,
    statistic: str = "test",
) -> PermutationTest:
    """Test coefficients by permutation: signs of the effects without moderators, rows of the moderators with.

    Exact over all rearrangements where there are at most `exact_limit`; else `replicates` random ones beside the
    observed. Two-sided, by the absolute test statistic of the model, or by the absolute coefficients with
    ``statistic="estimate"``. Follmann & Proschan 1999, Biometrics 55:732;
    Higgins & Thompson 2004, Stat Med 23:1663.

    Raises
    ------
    InputError
        For a model without intercept, or another statistic.
    """
    if statistic not in ("test", "estimate"):
        raise InputError(f"statistic is {statistic!r}; it is 'test' or 'estimate'")
    if not model.has_intercept:
        raise InputError("permutation needs a model with an intercept: without one, rows are not exchangeable")
    y, v, k = model.yi, model.vi, model.k
    if model.p == 1:
        exact = 2**k <= exact_limit
        signs = _all_signs(k) if exact else _with_observed(rng.choice([-1.0, 1.0], (replicates, k)), np.ones(k))
        found = fit_batch(signs * y, np.asarray(v), method=model.method)
        order = signs
    else:
        exact = factorial(k) <= exact_limit if k < 12 else False
        order = (
            np.array(list(permutations(range(k))))
            if exact
            else _with_observed(np.argsort(rng.random((replicates, k)), axis=1), np.arange(k))
        )
        found = fit_batch(y[order], v[order], method=model.method, mods=model.x[:, 1:])
    values = np.abs(_statistics(found, model.test) if statistic == "test" else found.estimate.reshape(len(order), -1))
    pvalues = (values >= values[0] * (1 - _TIE)).mean(axis=0)
    omnibus = _omnibus(model, y, v, order, found) if model.p > 1 else None
    tested = "signs of the effects" if model.p == 1 else "rows of the moderators"
    return PermutationTest(model.names, tuple(pvalues.tolist()), omnibus, exact, len(order), tested)


def _statistics(found: BatchFit, test: str) -> Array:
    """Test statistics (B, p)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = found.estimate / found.standard_errors(test)
    return out[:, None] if out.ndim == 1 else out


def _omnibus(model: UnivariateFit, y: Array, v: Array, order: Array, found: BatchFit) -> float:
    """The p-value of all moderators together: Wald statistics over the same rearrangements."""
    x = model.x
    w = 1 / (v[order] + found.tau2[:, None])
    information = np.einsum("bk,kp,kq->bpq", w, x, x)
    cov = np.linalg.inv(information)[:, 1:, 1:]
    b = found.estimate[:, 1:]
    wald = np.einsum("bp,bpq,bq->b", b, np.linalg.inv(cov), b)
    if model.test in ("knha", "adhoc"):
        factor = found.q / found.df
        wald = wald / (np.maximum(factor, 1.0) if model.test == "adhoc" else factor)
    return float((wald >= wald[0] * (1 - _TIE)).mean())


def _all_signs(k: int) -> Array:
    """All 2^k vectors of signs, the observed one first."""
    bits = (np.arange(2**k)[:, None] >> np.arange(k)) & 1
    return np.asarray(1.0 - 2.0 * bits, dtype=float)


def _with_observed(random: NDArray[Any], observed: NDArray[Any]) -> NDArray[Any]:
    return np.vstack([observed[None].astype(random.dtype), random])


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """Replicates of the pooled effect (or coefficients) and of tau2, and percentile intervals at a level."""

    kind: str
    level: float
    estimate: Array
    tau2: Array
    left_out: int

    def interval(self, of: str = "estimate") -> tuple[Array, Array]:
        """Return the percentile interval of `estimate` or `tau2`."""
        tail = (1 - self.level) / 2
        values = self.estimate if of == "estimate" else self.tau2
        low, high = np.quantile(values, [tail, 1 - tail], axis=0)
        return np.asarray(low), np.asarray(high)


def bootstrap(
    model: UnivariateFit, *, rng: np.random.Generator, replicates: int = 1000, kind: str = "parametric"
) -> Bootstrap:
    """Refit resampled data: new effects from the model (`parametric`), or studies drawn with replacement (`studies`).

    Raises
    ------
    InputError
        For another kind.
    NotEstimable
        When the model has no estimate of the heterogeneity to draw from.
    """
    if model.tau2 is None:
        raise NotEstimable("the model has no estimate of the heterogeneity to draw from")
    if kind == "parametric":
        spread = np.sqrt(model.vi + model.tau2)
        y = model.x @ model.beta + spread * rng.standard_normal((replicates, model.k))
        found = _refit(model, y)
    elif kind == "studies":
        counts = rng.multinomial(model.k, np.full(model.k, 1 / model.k), size=replicates).astype(float)
        found = fit_counts(model.yi, model.vi, counts, x=model.x, method=model.method)
    else:
        raise InputError(f"kind is {kind!r}; it is 'parametric' or 'studies'")
    flat = found.estimate if found.estimate.ndim == 1 else found.estimate.sum(axis=1)
    good = np.isfinite(flat) & np.isfinite(found.tau2)
    return Bootstrap(kind, model.level, found.estimate[good], found.tau2[good], int((~good).sum()))


def _refit(model: UnivariateFit, y: Array) -> BatchFit:
    mods = model.x[:, 1:] if model.p > 1 else None
    if not model.has_intercept:
        raise InputError("the bootstrap needs a model with an intercept")
    return fit_batch(y, np.asarray(model.vi), method=model.method, mods=mods)


def r2_interval(model: UnivariateFit, *, rng: np.random.Generator, replicates: int = 1000) -> tuple[float, float]:
    """Return the percentile interval of R2 from a parametric bootstrap of both models.

    Raises
    ------
    NotEstimable
        When the model has no R2.
    """
    if model.r2 is None or model.tau2 is None:
        raise NotEstimable("the model has no R2: it needs an intercept, moderators and heterogeneity to explain")
    spread = np.sqrt(model.vi + model.tau2)
    y = model.x @ model.beta + spread * rng.standard_normal((replicates, model.k))
    full = _refit(model, y).tau2
    null = fit_batch(y, np.asarray(model.vi), method=model.method).tau2
    r2 = np.where(null > 0, np.maximum(0.0, 1 - full / np.where(null > 0, null, 1.0)), 0.0)
    tail = (1 - model.level) / 2
    low, high = np.quantile(r2, [tail, 1 - tail])
    return float(low), float(high)


def prediction_bootstrap(
    model: UnivariateFit, *, rng: np.random.Generator, replicates: int = 5000
) -> tuple[float, float]:
    """Return the bootstrap prediction interval of a new true effect.

    tau2 is drawn from the distribution of its DerSimonian-Laird estimate by inverting Q's, the mean by Knapp-Hartung's
    pivot; Nagashima, Noma & Furukawa 2019, Stat Methods Med Res 28:1689, with Q's distribution by parametric bootstrap.

    Raises
    ------
    NotEstimable
        With moderators, fewer than three effects, or without heterogeneity in the model.
    """
    if model.p > 1 or not model.random or model.tau2 is None or model.k < 3:
        raise NotEstimable("a bootstrap prediction interval needs three effects or more, no moderators, and tau2")
    spread = np.sqrt(model.vi + model.tau2)
    y = model.estimate + spread * rng.standard_normal((replicates, model.k))
    found = fit_batch(y, np.asarray(model.vi), method=model.method)
    w = 1 / (model.vi + found.tau2[:, None])
    centre = (w @ model.yi) / w.sum(axis=1)
    scale = np.sqrt((w * (model.yi - centre[:, None]) ** 2).sum(axis=1) / (model.k - 1) / w.sum(axis=1))
    new = (
        centre
        + np.sqrt(found.tau2) * rng.standard_normal(replicates)
        - scale * rng.standard_t(model.k - 1, size=replicates)
    )
    tail = (1 - model.level) / 2
    low, high = np.quantile(new, [tail, 1 - tail])
    return float(low), float(high)
