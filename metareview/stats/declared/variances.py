"""Sampling variances of scores from what is printed with them, each with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from metareview.schema.synthesis import SynthesisSpec
from metareview.stats.benchmark.scores import Score
from metareview.stats.effects.bounded_scores import fix_ddof
from metareview.stats.effects.variance_ladder import RUNGS, variance_ladder

__all__ = ["LAYOUT", "SOURCES", "Variances", "layout_variance", "printed_variances"]

#: Tag of the variance that is estimated from a two-way layout of values.
LAYOUT = "two-way residual"
#: Every source of a variance by tag, and what it measures.
SOURCES: dict[str, str] = {rung.tag: rung.meaning for rung in RUNGS} | {
    LAYOUT: "residual mean square of experiments by units on the scale of the model, one variance for all"
}
_COVERAGE = 0.95
#: What `n_of` counts, by the words in it.
_RUNS, _ITEMS = ("run", "seed"), ("image", "volume", "slice", "patch")


@dataclass(frozen=True, slots=True)
class Variances:
    """Variance, source tag and imputed flag per score; NaN with the reason where there is none."""

    vi: tuple[float, ...]
    source: tuple[str, ...]
    imputed: tuple[bool, ...]
    reason: tuple[str, ...]


def printed_variances(scores: Sequence[Score], declared: SynthesisSpec) -> Variances:
    """Return variances of printed values by the ladder of `variance_ladder`, the allowed rungs only.

    A standard deviation counts as over training runs or over test items by what `n_of` says; one with divisor n is
    corrected to n - 1 first. Printed 95 % intervals are taken with the declared quantile.

    Parameters
    ----------
    scores : the scores (k,).
    declared : allowed sources, and the quantile of intervals.
    """
    import pandas as pd

    if not scores:
        return Variances((), (), (), ())
    allowed: set[str] = set(declared.variance)
    table = pd.DataFrame([_columns(score, allowed, declared.interval) for score in scores]).astype(float)
    found = variance_ladder(table, level=_COVERAGE, borrow=False)
    borrowed = allowed & {"borrowed-cv", "n-only"}
    if borrowed:
        keep = [] if "n-only" in borrowed else ["n_items"]
        filled = variance_ladder(table.drop(columns=keep), level=_COVERAGE)
        if "borrowed-cv" not in borrowed:
            filled = variance_ladder(table.drop(columns="score"), level=_COVERAGE)
        found = filled
    vi = [float(value) for value in found["vi"]]
    return Variances(
        tuple(vi), tuple(str(tag) for tag in found["vi_source"]), tuple(bool(x) for x in found["vi_imputed"]),
        tuple("" if np.isfinite(v) else _why_not(score, allowed) for v, score in zip(vi, scores, strict=True)),
    )  # fmt: skip


def _columns(score: Score, allowed: set[str], interval: str) -> dict[str, float]:
    nan = float("nan")
    out = dict.fromkeys(
        ("se", "sd_image", "n_images", "sd_seed", "n_seeds", "ci_low", "ci_high", "score", "n_items"), nan
    )
    out["score"] = score.value
    if score.n is not None:
        out["n_items"] = float(score.n)
    if "reported-se" in allowed and score.se is not None:
        out["se"] = score.se
    for tag, words, sd, n in (("per-seed", _RUNS, "sd_seed", "n_seeds"), ("per-image", _ITEMS, "sd_image", "n_images")):
        if tag in allowed and score.sd is not None and (score.n or 0) > 1 and _counts(score, words):
            out[sd], out[n] = _sample_sd(score), float(score.n or 0)
    if "reported-ci" in allowed and score.ci_low is not None and score.ci_high is not None:
        shrink = _quantile_ratio(score, interval)
        middle, half = (score.ci_low + score.ci_high) / 2, (score.ci_high - score.ci_low) / 2
        out["ci_low"], out["ci_high"] = middle - half * shrink, middle + half * shrink
    return out


def _quantile_ratio(score: Score, interval: str) -> float:
    """What a printed half width is multiplied by, so that a normal quantile gives the standard error back."""
    if interval == "normal":
        return 1.0
    if score.n is None or score.n < 2:
        return float("nan")
    return float(ndtri((1 + _COVERAGE) / 2) / stdtrit(score.n - 1.0, (1 + _COVERAGE) / 2))


def _counts(score: Score, words: Sequence[str]) -> bool:
    return any(word in score.n_of.lower() for word in words)


def _sample_sd(score: Score) -> float:
    sd = score.sd or 0.0
    return float(fix_ddof(sd, score.n or 0, given=0, wanted=1)) if score.sd_ddof == 0 else sd


def _why_not(score: Score, allowed: set[str]) -> str:
    if "reported-ci" in allowed and score.ci_low is not None and score.ci_low == score.ci_high:
        return "its printed interval has no width at the digits printed, so no variance can be taken from it"
    if 0.0 in (score.se, score.sd):
        return "its printed spread is 0 at the digits printed, so it cannot be weighted"
    if score.sd is not None and not _counts(score, (*_RUNS, *_ITEMS)):
        return f"its SD is over {score.n_of or 'something that is not stated'}, which is neither runs nor test items"
    return f"nothing printed with it gives a sampling variance (allowed: {', '.join(sorted(allowed))})"


def layout_variance(values: Sequence[float], rows: Sequence[str], columns: Sequence[str]) -> tuple[float, int]:
    """Return the residual mean square of the additive two-way layout, and its degrees of freedom.

    ``sum (y_ij - fitted_ij)^2 / (n - rank)`` with effects of rows and columns: what is left of one value when its row
    and its column are known. In a balanced layout with random rows and columns it is the analysis-of-variance
    estimate of the residual variance, and REML of the other two components given it is theirs too (Searle, Casella &
    McCulloch 1992, Variance Components, section 4.7).

    Parameters
    ----------
    values : one value per cell (n,); cells may be missing.
    rows, columns : level of each value (n,).

    Examples
    --------
    >>> found, df = layout_variance([1.0, 2.0, 3.0, 6.0], ["a", "a", "b", "b"], ["x", "y", "x", "y"])
    >>> round(found, 12), df
    (1.0, 1)
    """
    y = np.asarray(values, dtype=float)
    parts = [np.ones((len(y), 1))]
    for codes in (rows, columns):
        levels = list(dict.fromkeys(codes))
        parts.append(np.array([[float(code == level) for level in levels[1:]] for code in codes]).reshape(len(y), -1))
    x = np.hstack(parts)
    beta, _, rank, _ = np.linalg.lstsq(x, y - y.mean(), rcond=None)
    df = len(y) - int(rank)
    rest = y - y.mean() - x @ beta
    return (float(rest @ rest) / df if df > 0 else float("nan")), df
