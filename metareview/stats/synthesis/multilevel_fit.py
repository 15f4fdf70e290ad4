"""Fitting models with dependent effects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from metareview.errors import InputError, UnknownName
from metareview.stats.synthesis.ai_reml import Components, evaluate, maximise_components
from metareview.stats.synthesis.containment import contained
from metareview.stats.synthesis.core import Array
from metareview.stats.synthesis.inference import TESTS
from metareview.stats.synthesis.inputs import Inputs, read_column, read_inputs
from metareview.stats.synthesis.multilevel import MultilevelFit, diagnostics
from metareview.stats.synthesis.result import frozen_array
from metareview.stats.synthesis.robust import check_clusters, robust_fit
from metareview.stats.synthesis.structures import Codes, build_structure, components_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fit_multilevel", "parse_random"]


def parse_random(random: Any) -> list[tuple[str, ...]]:
    """Return for each component the columns whose combination is its levels.

    >>> parse_random("~ 1 | study/esid")
    [('study',), ('study', 'esid')]
    >>> parse_random(["~ 1 | study", "dataset"])
    [('study',), ('dataset',)]

    Raises
    ------
    InputError
        For anything but random intercepts.
    """
    if random is None:
        return []
    terms = [random] if isinstance(random, str) else list(random)
    out: list[tuple[str, ...]] = []
    for term in terms:
        text = str(term).strip()
        left, bar, right = text.lstrip("~").partition("|")
        factor = right if bar else text.lstrip("~")
        parts = tuple(part.strip() for part in factor.split("/"))
        if (bar and left.strip() != "1") or not all(parts) or (not bar and text.startswith("~")):
            raise InputError(
                f"random={text!r}: write '~ 1 | study/result', or a list of such terms for crossed factors"
            )
        out += [parts[: i + 1] for i in range(len(parts)) if parts[: i + 1] not in out]
    return out


def fit_multilevel(
    yi: Any,
    vi: Any,
    *,
    method: str,
    mods: Any,
    data: pd.DataFrame | None,
    test: str | None,
    level: float,
    cluster: Any,
    vcov: str | None,
    V: Any,
    random: Any,
    sei: Any,
    labels: Any,
) -> MultilevelFit:
    """Fit a model with random effects or known covariances; see `fit`.

    Raises
    ------
    UnknownName
        For a method other than REML and ML, a test that does not exist, or a column that does not exist.
    InputError
        For a covariance matrix that is none, components that cannot be told apart, missing ids.
    NotEstimable
        For containment in a model that has none; see `contained`.
    """
    if method not in ("REML", "ML"):
        raise UnknownName("method for models with random effects or V", method, ("REML", "ML"))
    used, said = _usable_test(test or "t", clustered=cluster is not None)
    if hasattr(yi, "columns") and data is None:
        data, yi = yi, "yi"
        vi = "vi" if vi is None and sei is None and V is None else vi
    full = None if V is None else _matrix(V, len(read_column("yi", yi, data)))
    given = read_inputs(
        yi,
        vi if full is None else np.diag(full),
        sei=sei if full is None else None,
        mods=mods,
        data=data,
        labels=labels,
    )
    if full is not None and vi is not None:
        _check_agree(vi, full, data)
    v = given.vi if full is None else _usable(full, given)
    terms = parse_random(random)
    codes = [_codes(term, given) for term in terms]
    names = tuple("/".join(term) for term in terms)
    _check_components(names, codes, len(given.yi))
    model = _fit(given, v, names, codes, method, used, level)
    model = replace(model, warnings=(*said, *model.warnings))
    if cluster is None:
        if vcov not in (None, "model"):
            raise InputError(f"vcov={vcov} needs the ids of the clusters; pass cluster=")
        return contained(model) if test == "contain" else model
    return _robust(model, read_column("cluster", cluster, given.data, text=True), given, vcov or "CR2")


def _usable_test(test: str, *, clustered: bool) -> tuple[str, tuple[str, ...]]:
    """The test that stands in for the one asked for, and what has to be said about it.

    Knapp and Hartung's factor is defined for independent effects with one heterogeneity variance. What is asked of
    every model of a paper in one option is not refused here: what stands in is in the result and in the warnings.
    """
    if test not in (*TESTS, "contain"):
        raise UnknownName("test", test, (*TESTS, "contain"))
    if test in ("z", "t"):
        return test, ()
    if clustered:
        return "t", (f"test {test}: with clusters, tests use robust covariances and Satterthwaite degrees of freedom",)
    if test == "contain":
        return "t", ()
    return "t", (
        f"test {test}: defined for independent effects with one heterogeneity variance; this model uses t quantiles "
        "with k - p degrees of freedom (test contain has fewer where a random effect has few levels)",
    )


def _matrix(given: Any, k: int) -> Array:
    v = np.asarray(given, dtype=float)
    if v.ndim != 2 or v.shape[0] != v.shape[1]:
        raise InputError(f"V has shape {v.shape}; it is the covariance matrix of the effects, (k, k)")
    if not np.allclose(v, v.T, rtol=1e-8, atol=0, equal_nan=True):
        raise InputError("V is not symmetric; a covariance matrix is")
    if len(v) != k:
        raise InputError(f"V is {len(v)} x {len(v)}, but there are {k} effects")
    return v


def _check_agree(vi: Any, full: Array, data: pd.DataFrame | None) -> None:
    """Refuse variances that are not the diagonal of V: one of the two would be passed over in silence."""
    own = np.asarray(read_column("vi", vi, data), dtype=float)
    there = np.isfinite(own)
    if len(own) != len(full) or not np.allclose(own[there], np.diag(full)[there], rtol=1e-8, atol=0):
        raise InputError("vi and the diagonal of V differ; give V alone, or variances that are its diagonal")


def _usable(full: Array, given: Inputs) -> Array:
    """The rows and columns in use, as a vector when nothing covaries."""
    v = full[np.ix_(given.rows, given.rows)]
    if not np.isfinite(v).all():
        raise InputError("V has missing covariances among rows that are used; give them, or 0")
    if not (v - np.diag(np.diag(v))).any():
        return np.diag(v).copy()
    scale = np.sqrt(np.diag(v))
    lowest = float(np.linalg.eigvalsh(v / np.outer(scale, scale))[0])
    if lowest <= 1e-12:
        raise InputError(
            f"V is not positive definite (smallest eigenvalue of its correlations {lowest:.3g}): some covariances are "
            "too large for their variances; lower rho, or check for duplicated rows"
        )
    return v


def _codes(term: tuple[str, ...], given: Inputs) -> Codes:
    levels = None
    for name in term:
        column = read_column(f"random effect {name}", name, given.data, text=True)[given.rows]
        missing = [given.labels[i] for i, value in enumerate(column) if value is None or value != value]
        if missing:
            raise InputError(f"random effect {name}: no id for {', '.join(missing[:5])}; every effect needs one")
        values = [str(value) for value in column]
        levels = values if levels is None else [f"{a}\x1f{b}" for a, b in zip(levels, values, strict=True)]
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in levels or []], dtype=np.intp)


def _check_components(names: tuple[str, ...], codes: list[Codes], k: int) -> None:
    """Refuse what no data can tell apart: one level, or two factors that group the rows alike."""
    for name, code in zip(names, codes, strict=True):
        if int(code.max()) == 0:
            raise InputError(f"random effect {name} has one level only: its variance cannot be estimated; leave it out")
    for i, a in enumerate(codes):
        for j in range(i):
            if np.array_equal(a, codes[j]):
                raise InputError(
                    f"random effects {names[j]} and {names[i]} group the rows alike, so their variances cannot be told "
                    "apart; leave one out"
                )


def _fit(
    given: Inputs, v: Array, names: tuple[str, ...], codes: list[Codes], method: str, test: str, level: float
) -> MultilevelFit:
    unit = float(np.sqrt(np.median(given.vi)))
    x, restricted = given.design.x, method == "REML"
    k, p = x.shape
    q, _ = np.linalg.qr(x)
    centre = given.yi - q @ (q.T @ given.yi)
    structure = build_structure(v / unit**2, codes)
    if k <= p and codes:
        raise InputError(f"{k} effects and {p} coefficients leave nothing to estimate variance components from")
    y = centre / unit
    if codes:
        total = max(float(y @ y) / max(k - p, 1) - 1.0, 0.1)
        found = maximise_components(structure, q, y, restricted=restricted, total=total)
    else:
        found = Components(evaluate(structure, q, y, np.zeros(0), restricted=restricted), 0, 0.0, 1)
    point = found.point
    r = q.T @ x
    back = np.linalg.inv(r)
    beta = back @ (point.b * unit + q.T @ given.yi)
    m = k - p if restricted else k
    value = point.value - m / 2 * float(np.log(2 * np.pi)) - m * float(np.log(unit))
    return MultilevelFit(
        methods=(
            f"{method} by average information (Gilmour et al. 1995)",
            f"{test}: {'normal quantiles' if test == 'z' else 't quantiles with k - p degrees of freedom'}",
        ),
        k_in=given.k_in, k_used=k, dropped=given.dropped, warnings=_warnings(given, names, point.theta),
        method=method, test=test, level=level, names=given.design.names, beta=frozen_array(beta),
        cov=frozen_array(back @ point.cov @ back.T * unit**2),
        df=(None if test == "z" or k == p else float(k - p),) * p, labels=given.labels, yi=frozen_array(given.yi),
        x=frozen_array(x), diagnostics=diagnostics(found, structure), v=frozen_array(v), components=names,
        levels=tuple(int(c.max()) + 1 for c in codes), codes=frozen_array(np.array(codes).reshape(len(codes), k)),
        sigma2=tuple((point.theta * unit**2).tolist()), log_likelihood=value,
    )  # fmt: skip


def _warnings(given: Inputs, names: tuple[str, ...], theta: Array) -> tuple[str, ...]:
    zero = [name for name, value in zip(names, theta, strict=True) if value == 0]
    text = f"the variance of {', '.join(zero)} is estimated as 0, at its boundary"
    return (*given.design.warnings, *((text,) if zero else ()))


def _robust(model: MultilevelFit, ids: Any, given: Inputs, kind: str) -> MultilevelFit:
    if len(ids) != given.k_in:
        raise InputError(f"{len(ids)} cluster ids for {given.k_in} rows")
    clusters = check_clusters(ids[given.rows], model.p, kind)
    codes = [row.astype(np.intp) for row in model.codes]
    label = np.empty(model.k, dtype=np.intp)
    for j, rows in enumerate(clusters):
        label[rows] = j
    linked = components_of(np.asarray(model.v), [c for c, s in zip(codes, model.sigma2, strict=True) if s > 0])
    for group in range(int(linked.max()) + 1):
        if len(set(label[linked == group].tolist())) > 1:
            raise InputError(
                "clusters share random effects or sampling covariances, so they are not independent; give the cluster "
                "that holds all linked effects (with crossed factors there may be none)"
            )
    return robust_fit(model, [_block(model, codes, rows) for rows in clusters], clusters, kind)


def _block(model: MultilevelFit, codes: list[Codes], rows: Codes) -> Array:
    """The covariance of the effects of one cluster."""
    block = np.diag(model.v[rows]) if model.v.ndim == 1 else model.v[np.ix_(rows, rows)]
    for code, s in zip(codes, model.sigma2, strict=True):
        block = block + s * (code[rows][:, None] == code[rows][None, :])
    return np.asarray(block)
