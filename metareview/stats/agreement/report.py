"""Every coefficient that fits the scale of the ratings, of all raters and of each pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.special import stdtrit

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.results import Dropped
from metareview.stats.agreement import icc as correlations
from metareview.stats.agreement import many_raters as many
from metareview.stats.agreement import two_raters as two
from metareview.stats.agreement.alpha import Scale, krippendorff_alpha
from metareview.stats.agreement.bootstrap import bootstrap_interval
from metareview.stats.agreement.estimates import AgreementResult, Estimate
from metareview.stats.agreement.ratings import MISSING, Ratings, two_by_two
from metareview.stats.agreement.weights import weights_for
from metareview.stats.benchmark.proportions import wilson_interval

__all__ = ["SCALES", "agreement"]

SCALES: tuple[Scale, ...] = ("nominal", "ordinal", "interval", "ratio")
#: A standard error below this is rounding: every unit is alike, and a formula's interval would have no width.
_NO_ERROR = 1e-12
_NO_INTERVAL = "no interval: every unit is alike, or the units differ too little, so there is no error to judge by"
#: Value, standard error, limits: what a coefficient's own formula gives; None where it has none.
Numbers = tuple[float, float | None, float, float]


@dataclass(frozen=True, slots=True)
class _Coefficient:
    name: str
    label: str
    interval: str
    compute: Callable[[Ratings, float], Numbers]


def agreement(
    ratings: Ratings, scale: Scale = "nominal", *, positive: object = None, level: float = 0.95, n_boot: int = 0,
    seed: int = 20250101,
) -> AgreementResult:  # fmt: skip
    """Return every coefficient that fits the scale.

    Parameters
    ----------
    ratings : units by raters.
    scale : nominal; ordinal (categories in their order); interval or ratio (numbers).
    positive : the category whose positive and negative agreement, prevalence and bias are wanted; with two categories
        the last one where nothing is said.
    level : level of the intervals.
    n_boot : draws of the bootstrap; 0 for the formulas of each coefficient.
    seed : seed of the bootstrap.

    Raises
    ------
    InputError
        If there are fewer than two raters, or the ratings do not fit the scale.
    UnknownName
        If the scale or the positive category is not known.
    """
    if scale not in SCALES:
        raise UnknownName("scale", scale, SCALES)
    if len(ratings.raters) < 2:
        raise InputError(f"agreement is between two raters or more; found {len(ratings.raters)}")
    if not 0 < level < 1:
        raise InputError(f"level {level:g} is no level of confidence; write 0.95")
    chosen = _positive(ratings, scale, positive)
    warnings = _alike(ratings)
    groups = [("all", ratings, _of_all(ratings, scale))]
    groups += [(f"{a} & {b}", ratings.pair(a, b), _of_two(ratings, scale, chosen))
               for a, b in combinations(ratings.raters, 2)]  # fmt: skip
    estimates = [
        _estimate(name, part, coefficient, level, n_boot, seed, warnings)
        for name, part, coefficients in groups
        for coefficient in coefficients
    ]
    alone = np.flatnonzero((ratings.codes != MISSING).sum(1) < 2)
    dropped = tuple(Dropped(ratings.units[row], "fewer than two ratings") for row in alone)
    counted = scale in ("nominal", "ordinal")
    return AgreementResult(
        methods=(f"intervals: {f'percentiles of {n_boot} draws of units' if n_boot else 'by formula'}",),
        k_in=len(ratings.units), k_used=len(ratings.units) - len(dropped), dropped=dropped,
        warnings=tuple(dict.fromkeys(warnings)), scale=scale, raters=ratings.raters,
        categories=tuple(map(_name, ratings.categories)) if counted else (), level=level,
        seed=seed if n_boot else None, n_boot=n_boot, tables=tuple(_tables(ratings)) if counted else (),
        estimates=tuple(estimates),
    )  # fmt: skip


def _alike(ratings: Ratings) -> list[str]:
    """Return warnings of categories that differ in nothing but case or spaces."""
    spelt: dict[str, list[str]] = {}
    for category in ratings.categories:
        spelt.setdefault(" ".join(str(category).split()).casefold(), []).append(str(category))
    return [
        f"{' and '.join(map(repr, names))} differ only in case or spaces and count as different categories; "
        "write them alike if they mean the same"
        for names in spelt.values()
        if len(names) > 1
    ]


def _positive(ratings: Ratings, scale: Scale, positive: object) -> int | None:
    if positive is None:
        return 1 if len(ratings.categories) == 2 and scale in ("nominal", "ordinal") else None
    if positive not in ratings.categories:
        raise UnknownName("category", str(positive), map(str, ratings.categories))
    return ratings.categories.index(positive)


def _name(category: object) -> str:
    return f"{category:g}" if isinstance(category, float) else str(category)


def _tables(ratings: Ratings) -> Iterator[tuple[str, str, tuple[tuple[int, ...], ...]]]:
    for a, b in combinations(ratings.raters, 2):
        table = ratings.pair(a, b).confusion()
        yield a, b, tuple(tuple(int(cell) for cell in row) for row in table)


def _estimate(
    raters: str, ratings: Ratings, asked: _Coefficient, level: float, n_boot: int, seed: int, warnings: list[str]
) -> Estimate:
    """Compute one coefficient; what does not exist is None with the reason."""
    n = int(((ratings.codes != MISSING).sum(1) >= 2).sum())
    body: dict[str, Any] = {"raters": raters, "coefficient": asked.name, "label": asked.label}
    try:
        value, se, low, high = asked.compute(ratings, level)
    except NotEstimable as error:
        return Estimate(**body, n=n, reason=str(error))
    if not n_boot:
        if not np.isfinite(low):
            return Estimate(**body, value=value, se=se, n=n, reason=_NO_INTERVAL)
        return Estimate(**body, value=value, se=se, ci_low=low, ci_high=high, n=n, interval=asked.interval)
    try:
        low, high, failed = bootstrap_interval(
            lambda drawn: asked.compute(drawn, level)[0], ratings, n_boot=n_boot, seed=seed, level=level
        )
    except NotEstimable as error:
        return Estimate(**body, value=value, se=se, n=n, reason=f"no interval: {error}")
    if failed:
        warnings.append(
            f"{asked.label} ({raters}): it does not exist in {failed} of {n_boot} draws, which are left out"
        )
    return Estimate(**body, value=value, se=se, ci_low=low, ci_high=high, n=n, interval="bootstrap percentiles")


def _normal(value: float, se: float, level: float, least: float = -1.0) -> Numbers:
    if se < _NO_ERROR:
        return value, se, np.nan, np.nan
    half = NormalDist().inv_cdf((1 + level) / 2) * se
    return value, se, max(value - half, least), min(value + half, 1.0)


def _over_units(value: float, units: np.ndarray, level: float, least: float = -np.inf) -> Numbers:
    """Add the standard error over units, and the limits of Student's t; the upper one is at most 1."""
    if len(units) < 2:
        return value, None, np.nan, np.nan
    se = many.unit_se(units)
    if se < _NO_ERROR:
        return value, se, np.nan, np.nan
    half = float(stdtrit(len(units) - 1, (1 + level) / 2)) * se
    return value, se, max(value - half, least), min(value + half, 1.0)


def _of_all(ratings: Ratings, scale: Scale) -> list[_Coefficient]:
    """Return the coefficients of any number of raters."""
    found = [_Coefficient("krippendorff_alpha", f"Krippendorff's alpha ({scale})", _UNITS, _alpha(scale))]
    if scale in ("interval", "ratio"):
        found += [_Coefficient(f"icc_{form.replace(',', '_')}", f"ICC({form})", "F distributions", _icc(form))
                  for form in correlations.FORMS]  # fmt: skip
        return found
    found += [
        _Coefficient("percent_agreement", "Percent agreement", _UNITS, _many(many.many_agreement, least=0.0)),
        _Coefficient("fleiss_kappa", "Fleiss' kappa", _UNITS, _many(many.fleiss_kappa)),
        _Coefficient("gwet_ac1", "Gwet's AC1", _UNITS, _many(many.gwet_ac)),
        _Coefficient("brennan_prediger", "Brennan-Prediger kappa", _UNITS, _many(many.brennan_prediger)),
    ]
    if scale == "ordinal" and len(ratings.categories) > 1:
        for name in ("linear", "quadratic"):
            w = weights_for(name, range(len(ratings.categories)))
            label = f"Gwet's AC2 ({name} weights)"
            found.append(_Coefficient(f"gwet_ac2_{name}", label, _UNITS, _many(many.gwet_ac, w)))
    return found


_UNITS = "Student's t, variance over units (Gwet)"
_LARGE = "normal, large-sample standard error"
_WILSON = "Wilson score interval"


def _of_two(ratings: Ratings, scale: Scale, positive: int | None) -> list[_Coefficient]:
    """Return the coefficients of two raters."""
    if scale in ("interval", "ratio"):
        return []
    q = len(ratings.categories)
    found = [
        _Coefficient("percent_agreement", "Percent agreement", _WILSON, _percent),
        _Coefficient("cohen_kappa", "Cohen's kappa", _LARGE, _kappa(None)),
        _Coefficient("pabak", "PABAK", f"{_WILSON} of the agreement, carried over", _pabak),
    ]
    if scale == "ordinal" and q > 1:
        found += [
            _Coefficient(f"weighted_kappa_{name}", f"Weighted kappa ({name})", _LARGE,
                         _kappa(weights_for(name, range(q))))
            for name in ("linear", "quadratic")
        ]  # fmt: skip
    if positive is None:
        return found
    carried = f"{_WILSON} of the pairs in which one says so, carried over"
    said = _name(ratings.categories[positive])
    found += [
        _Coefficient(
            "positive_agreement", f"Positive agreement ({said})", carried, _square(_positive_numbers, positive)
        ),
        _Coefficient("negative_agreement", "Negative agreement", carried, _square(_negative_numbers, positive)),
        _Coefficient("prevalence_index", "Prevalence index", _LARGE, _square(_prevalence_numbers, positive)),
        _Coefficient("bias_index", "Bias index", _LARGE, _square(_bias_numbers, positive)),
    ]
    return found


def _alpha(scale: Scale) -> Callable[[Ratings, float], Numbers]:
    def compute(ratings: Ratings, level: float) -> Numbers:
        values = _numbers(ratings) if scale in ("interval", "ratio") else None
        return _over_units(*krippendorff_alpha(ratings.counts(), scale, values), level)

    return compute


def _numbers(ratings: Ratings) -> list[float]:
    ratings.values()  # says so where a category is no number
    return [float(value) for value in ratings.categories]


def _icc(form: correlations.Form) -> Callable[[Ratings, float], Numbers]:
    def compute(ratings: Ratings, level: float) -> Numbers:
        values = ratings.values()
        squares = correlations.mean_squares(values[np.isfinite(values).all(1)])
        value = correlations.icc(squares, form)
        try:
            low, high = correlations.icc_interval(squares, form, level)
        except NotEstimable:
            low = high = np.nan
        return value, None, low, high

    return compute


def _many(
    formula: Callable[..., tuple[float, np.ndarray]], weights: object = None, least: float = -np.inf
) -> Callable[..., Numbers]:
    def compute(ratings: Ratings, level: float) -> Numbers:
        return _over_units(*formula(ratings.counts(), weights), level, least)

    return compute


def _percent(ratings: Ratings, level: float) -> Numbers:
    table = ratings.confusion()
    value, n = two.observed_agreement(table), table.sum()
    return value, float(np.sqrt(value * (1 - value) / n)), *wilson_interval(round(table.trace()), round(n), level)


def _pabak(ratings: Ratings, level: float) -> Numbers:
    table = ratings.confusion()
    q, n = len(table), float(table.sum())
    po = two.observed_agreement(table)
    se = float(np.sqrt(po * (1 - po) / n)) * q / (q - 1) if q > 1 else None
    return two.pabak(po, q), se, *two.pabak_interval(float(table.trace()), n, q, level)


def _kappa(weights: object) -> Callable[[Ratings, float], Numbers]:
    def compute(ratings: Ratings, level: float) -> Numbers:
        table = ratings.confusion()
        return _normal(two.cohen_kappa(table, weights), two.cohen_kappa_se(table, weights), level)  # type: ignore[arg-type]

    return compute


def _square(formula: Callable[..., Numbers], positive: int) -> Callable[[Ratings, float], Numbers]:
    def compute(ratings: Ratings, level: float) -> Numbers:
        table = ratings.confusion()
        if not table.sum():
            raise NotEstimable(two.NO_OVERLAP)
        return formula(*two_by_two(table, positive), level)

    return compute


def _positive_numbers(a: float, b: float, c: float, d: float, level: float) -> Numbers:
    return two.positive_agreement(a, b, c), None, *two.positive_agreement_interval(a, b, c, level)


def _negative_numbers(a: float, b: float, c: float, d: float, level: float) -> Numbers:
    return two.negative_agreement(b, c, d), None, *two.negative_agreement_interval(b, c, d, level)


def _prevalence_numbers(a: float, b: float, c: float, d: float, level: float) -> Numbers:
    return _normal(two.prevalence_index(a, b, c, d), two.prevalence_index_se(a, b, c, d), level)


def _bias_numbers(a: float, b: float, c: float, d: float, level: float) -> Numbers:
    return _normal(two.bias_index(a, b, c, d), two.bias_index_se(a, b, c, d), level)
