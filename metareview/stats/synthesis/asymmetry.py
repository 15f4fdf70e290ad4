"""Small-study effects: Egger's regression and its variants, Begg's rank correlation, PET-PEESE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from metareview.errors import NotEstimable, UnknownName
from metareview.stats.effects.registry import Array
from metareview.stats.effects.tables import peto_log_odds_ratio
from metareview.stats.synthesis.fit import fit
from metareview.stats.synthesis.inference import critical
from metareview.stats.synthesis.inputs import read_inputs
from metareview.stats.synthesis.result import ModelFit

__all__ = [
    "AsymmetryTest",
    "PetPeese",
    "begg",
    "egger",
    "egger_random",
    "harbord",
    "multilevel_egger",
    "peters",
    "pet_peese",
    "pustejovsky",
]


@dataclass(frozen=True, slots=True)
class AsymmetryTest:
    """A test of small-study effects.

    Attributes
    ----------
    name, source : which test, and where it is defined.
    k : effects used.
    statistic, df, pvalue : two-sided; `df` is None for normal quantiles and rank tests.
    slope, slope_se : bias coefficient and its standard error; None for rank tests.
    limit, limit_low, limit_high : the effect as the standard error goes to 0, with its interval; None for rank tests.
    warnings : what a reader must know.
    """

    name: str
    source: str
    k: int
    statistic: float
    df: float | None
    pvalue: float
    slope: float | None = None
    slope_se: float | None = None
    limit: float | None = None
    limit_low: float | None = None
    limit_high: float | None = None
    warnings: tuple[str, ...] = ()


def _weighted_line(y: Array, x: Array, w: Array) -> tuple[Array, Array, int]:
    """Coefficients and covariance of a weighted line with an estimated dispersion, and its degrees of freedom."""
    design = np.column_stack([np.ones(len(y)), x])
    if len(y) < 3:
        raise NotEstimable(f"a regression test needs at least 3 effects, there are {len(y)}")
    if np.ptp(x) <= 1e-12 * np.abs(x).max():
        raise NotEstimable("all effects have the same precision: there are no small studies to compare with large ones")
    root = np.sqrt(w)
    q, r = np.linalg.qr(design * root[:, None])
    b = np.linalg.solve(r, q.T @ (root * y))
    rest = root * (y - design @ b)
    df = len(y) - 2
    inverse = np.linalg.inv(r)
    return b, inverse @ inverse.T * float(rest @ rest) / df, df


def _few(k: int) -> tuple[str, ...]:
    text = f"{k} effects: tests of asymmetry have little power with fewer than 10 (Sterne et al. 2011)"
    return (text,) if k < 10 else ()


def _line_test(name: str, source: str, y: Array, x: Array, w: Array, level: float = 0.95) -> AsymmetryTest:
    b, cov, df = _weighted_line(y, x, w)
    se = np.sqrt(np.diag(cov))
    if not se[1] > 0:
        raise NotEstimable("the effects lie exactly on a line: the regression has no residual to test against")
    t, half = float(b[1] / se[1]), critical(level, float(df)) * float(se[0])
    return AsymmetryTest(
        name, source, len(y), t, float(df), float(2 * stdtr(df, -abs(t))), float(b[1]), float(se[1]), float(b[0]),
        float(b[0]) - half, float(b[0]) + half, _few(len(y)),
    )  # fmt: skip


def egger(yi: Any, vi: Any = None, *, data: Any = None) -> AsymmetryTest:
    """Egger's test: effects on standard errors, weights 1/vi, dispersion estimated.

    Egger et al. 1997, BMJ 315:629 (the intercept of the standardised effect on precision is this slope).

    Raises
    ------
    NotEstimable
        With fewer than three effects, or standard errors that are all equal.
    """
    given = read_inputs(yi, vi, data=data)
    return _line_test("Egger", "Egger et al. 1997", given.yi, np.sqrt(given.vi), 1 / given.vi)


def egger_random(
    yi: Any, vi: Any = None, *, data: Any = None, method: str = "REML", test: str = "z", predictor: Any = None
) -> AsymmetryTest:
    """Egger's test as a mixed-effects meta-regression on the standard error, or another `predictor` (k,).

    Sterne & Egger 2005, in Rothstein et al., Publication Bias in Meta-Analysis, ch. 6.

    Raises
    ------
    InputError, NotEstimable
        As `fit` and `egger`.
    """
    given = read_inputs(yi, vi, data=data)
    x = np.sqrt(given.vi) if predictor is None else np.asarray(predictor, dtype=float)[given.rows]
    return _from_model(
        fit(given.yi, given.vi, mods=_varying(x), method=method, test=test), "Egger, random effects",
        "Sterne & Egger 2005",
    )  # fmt: skip


def _varying(x: Array) -> Array:
    if len(x) < 3 or np.ptp(x) <= 1e-12 * np.abs(x).max():
        raise NotEstimable("a regression test needs at least 3 effects of different precision")
    return x


def _from_model(model: ModelFit, name: str, source: str) -> AsymmetryTest:
    limit, slope = model.coefficients[0], model.coefficients[1]
    if slope.statistic is None or slope.pvalue is None:
        raise NotEstimable("the slope has no standard error, so it cannot be tested")
    return AsymmetryTest(
        name, source, model.k, slope.statistic, slope.df, slope.pvalue, slope.estimate, slope.se, limit.estimate,
        limit.ci_low, limit.ci_high, (*_few(model.k), *model.warnings),
    )  # fmt: skip


def multilevel_egger(
    yi: Any,
    vi: Any = None,
    *,
    random: Any,
    data: Any = None,
    cluster: Any = None,
    V: Any = None,
    predictor: str = "se",
) -> AsymmetryTest:
    """Egger's test for dependent effects: the standard error (or variance, as in PEESE) in a multilevel model.

    Nakagawa et al. 2022, Methods Ecol Evol 13:4; Rodgers & Pustejovsky 2021, Psychol Methods 26:141, with `cluster`.

    Raises
    ------
    UnknownName
        If `predictor` is neither ``se`` nor ``variance``.
    """
    if predictor not in ("se", "variance"):
        raise UnknownName("predictor", predictor, ("se", "variance"))
    if hasattr(yi, "columns"):
        data, yi, vi = yi, "yi", vi or "vi"
    v = np.asarray(data[vi] if isinstance(vi, str) else vi, dtype=float)
    x = np.sqrt(v) if predictor == "se" else v
    model = fit(yi, vi, mods=x, data=data, random=random, cluster=cluster, V=V)
    return _from_model(model, f"Egger, multilevel ({predictor})", "Nakagawa et al. 2022")


def harbord(ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike) -> AsymmetryTest:
    """Harbord's test for odds ratios: Egger's regression on Peto's score and its variance, free of zero-cell trouble.

    Harbord, Egger & Sterne 2006, Stat Med 25:3443. Tables without events or without non-events are left out.

    Raises
    ------
    NotEstimable
        With fewer than three usable tables.
    """
    cells = [np.asarray(c, dtype=float) for c in (ai, bi, ci, di)]
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = peto_log_odds_ratio(*cells)
    use = np.isfinite(yi) & np.isfinite(vi)
    return _line_test("Harbord", "Harbord et al. 2006", yi[use], np.sqrt(vi[use]), 1 / vi[use])


def peters(yi: ArrayLike, events: ArrayLike, others: ArrayLike) -> AsymmetryTest:
    """Peters' test: log odds ratios on 1/n, weights from the events and non-events of both groups together.

    Peters et al. 2006, JAMA 295:676.

    Parameters
    ----------
    yi : log odds ratios (k,).
    events, others : totals over both groups (k,).

    Raises
    ------
    NotEstimable
        With fewer than three effects, or sizes that are all equal.
    """
    y, s, f = (np.asarray(a, dtype=float) for a in (yi, events, others))
    use = np.isfinite(y) & (s > 0) & (f > 0)
    n = (s + f)[use]
    return _line_test("Peters", "Peters et al. 2006", y[use], 1 / n, 1 / (1 / s[use] + 1 / f[use]))


def pustejovsky(yi: ArrayLike, n1i: ArrayLike, n2i: ArrayLike) -> AsymmetryTest:
    """Egger's test for standardised mean differences, with sqrt(1/n1 + 1/n2) in place of the standard error.

    The standard error of a standardised difference contains the effect, which alone makes Egger's test reject;
    Pustejovsky & Rodgers 2019, Res Synth Methods 10:57, modified precision both as covariate and as weight.

    Raises
    ------
    NotEstimable
        With fewer than three effects, or sizes that are all equal.
    """
    y, n1, n2 = (np.asarray(a, dtype=float) for a in (yi, n1i, n2i))
    use = np.isfinite(y) & (n1 > 0) & (n2 > 0)
    w = (1 / n1 + 1 / n2)[use]
    return _line_test("Pustejovsky", "Pustejovsky & Rodgers 2019", y[use], np.sqrt(w), 1 / w)


def begg(yi: Any, vi: Any = None, *, data: Any = None) -> AsymmetryTest:
    """Begg and Mazumdar's rank correlation of standardised effects and variances; exact without ties.

    Begg & Mazumdar 1994, Biometrics 50:1088.

    Raises
    ------
    NotEstimable
        With fewer than three effects, or variances that are all equal.
    """
    given = read_inputs(yi, vi, data=data)
    y, v = given.yi, given.vi
    if len(y) < 3 or np.ptp(v) == 0:
        raise NotEstimable("Begg's test needs at least 3 effects of different variance")
    pooled = np.sum(y / v) / np.sum(1 / v)
    standard = (y - pooled) / np.sqrt(v - 1 / np.sum(1 / v))
    from scipy.stats import kendalltau

    ties = len(np.unique(standard)) < len(y) or len(np.unique(v)) < len(v)
    found = kendalltau(standard, v, method="asymptotic" if ties else "exact")
    return AsymmetryTest(
        "Begg", "Begg & Mazumdar 1994", len(y), float(found.statistic), None, float(found.pvalue),
        warnings=(*_few(len(y)), *(("ties: normal approximation",) if ties else ())),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PetPeese:
    """Precision-effect estimates: intercepts of the regressions on the standard error (PET) and variance (PEESE).

    `estimate`, `se`, `ci_low`, `ci_high` are those of the conditional estimator: PEESE where PET finds an effect.
    """

    k: int
    pet: float
    pet_se: float
    pet_pvalue: float
    peese: float
    peese_se: float
    chosen: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    warnings: tuple[str, ...] = ()


def pet_peese(yi: Any, vi: Any = None, *, data: Any = None, level: float = 0.95, alpha: float = 0.05) -> PetPeese:
    """Estimate the effect at zero standard error; PEESE when PET's one-sided test in its own direction has p < alpha.

    Stanley & Doucouliagos 2014, Res Synth Methods 5:60.

    Raises
    ------
    NotEstimable
        As `egger`.
    """
    given = read_inputs(yi, vi, data=data)
    y, v = given.yi, given.vi
    (pet, pet_cov, df), (peese, peese_cov, _) = (_weighted_line(y, x, 1 / v) for x in (np.sqrt(v), v))
    se = [float(np.sqrt(cov[0, 0])) for cov in (pet_cov, peese_cov)]
    p = float(2 * stdtr(df, -abs(pet[0] / se[0]))) if se[0] > 0 else 0.0
    use_peese = p / 2 < alpha
    estimate, s = (float(peese[0]), se[1]) if use_peese else (float(pet[0]), se[0])
    half = critical(level, float(df)) * s
    return PetPeese(
        len(y), float(pet[0]), se[0], p, float(peese[0]), se[1], "PEESE" if use_peese else "PET", estimate, s,
        estimate - half, estimate + half, _few(len(y)),
    )  # fmt: skip
