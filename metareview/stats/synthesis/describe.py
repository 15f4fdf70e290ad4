"""A methods paragraph for a fitted model, made from the result: what was done is what is said."""

from __future__ import annotations

from metareview.stats.synthesis.estimators import find_estimator
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.two_by_two import TableFit
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["methods_paragraph"]

_INTERVALS = {
    "QP": "the Q-profile method (Viechtbauer, 2007)",
    "PL": "profile likelihood (Hardy & Thompson, 1996)",
    "Wald": "its standard error",
}
_TESTS = {
    "z": "normal quantiles",
    "t": "t quantiles with k - p degrees of freedom",
    "contain": "t quantiles with one degree of freedom less than the random effect with fewest levels has",
    "knha": "the method of Knapp and Hartung (2003)",
    "adhoc": "the method of Knapp and Hartung (2003) with a variance factor of at least 1",
}


def methods_paragraph(model: ModelFit) -> str:
    """Return a paragraph for the methods section of a paper.

    Parameters
    ----------
    model : any fitted model.

    Examples
    --------
    >>> from metareview.stats.synthesis import fit
    >>> print(methods_paragraph(fit([0.1, 0.3, 0.6], [0.03, 0.03, 0.01], method="EE")))
    An equal-effects model was fitted to 3 effects by inverse-variance weighting. Tests and 95% intervals of the \
pooled effect use normal quantiles.
    """
    if isinstance(model, UnivariateFit):
        sentences = _univariate(model)
    elif isinstance(model, MultilevelFit):
        sentences = _multilevel(model)
    elif isinstance(model, TableFit):
        sentences = _tables(model)
    else:
        raise TypeError(f"no words for a {type(model).__name__}")
    sentences.append(_tests(model))
    if model.dropped:
        reasons = sorted({row.reason for row in model.dropped})
        sentences.append(f"{len(model.dropped)} of {model.k_in} rows were left out ({'; '.join(reasons)}).")
    return " ".join(sentences)


def _moderators(model: ModelFit) -> str:
    names = model.names[1:] if model.has_intercept else model.names
    listing = ", ".join(names)
    if not model.has_intercept:
        return f" without intercept, with {listing},"
    return f" with the moderators {listing}" if names else ""


def _univariate(model: UnivariateFit) -> list[str]:
    if not model.random:
        title = "An equal-effects" if model.method == "EE" else "A fixed-effects"
        return [f"{title} model{_moderators(model)} was fitted to {model.k} effects by inverse-variance weighting."]
    estimator = find_estimator(model.method)
    kind = "mixed-effects" if model.p > 1 else "random-effects"
    out = [
        f"A {kind} model{_moderators(model)} was fitted to {model.k} effects; the heterogeneity variance was estimated "
        f"by the {estimator.title} estimator ({estimator.source})."
    ]
    if model.tau2 is None:
        return [*out, "The data do not allow an estimate of the heterogeneity."]
    out.append(f"Its {model.level:.0%} interval is by {_INTERVALS[model.ci_method]}.")
    out.append("I2 is the share of tau2 in the sum of it and the typical sampling variance (Higgins & Thompson, 2002).")
    return out


def _multilevel(model: MultilevelFit) -> list[str]:
    known = "" if model.v.ndim == 1 else " and a known covariance matrix of the sampling errors"
    if not model.components:
        return [f"Generalised least squares{_moderators(model)} was fitted to {model.k} effects with{known[4:]}."]
    parts = ", ".join(f"{name} ({n} levels)" for name, n in zip(model.components, model.levels, strict=True))
    estimator = "restricted maximum likelihood" if model.restricted else "maximum likelihood"
    return [
        f"A multilevel model{_moderators(model)} was fitted to {model.k} effects, with random effects for "
        f"{parts}{known}.",
        f"Variance components were estimated by {estimator}, with profile likelihood intervals.",
    ]


def _tables(model: TableFit) -> list[str]:
    name = "Peto's method (Yusuf et al., 1985)" if model.method == "Peto" else "the Mantel-Haenszel method"
    return [f"{model.k} studies were pooled by {name} (measure {model.measure}), without continuity correction."]


def _tests(model: ModelFit) -> str:
    subject = "the pooled effect" if model.p == 1 else "the coefficients"
    if model.vcov != "model":
        return (
            f"Tests and {model.level:.0%} intervals of {subject} use cluster-robust covariances ({model.vcov}, "
            f"{model.clusters} clusters) with Satterthwaite degrees of freedom (Tipton & Pustejovsky, 2015)."
        )
    return f"Tests and {model.level:.0%} intervals of {subject} use {_TESTS[model.test]}."
