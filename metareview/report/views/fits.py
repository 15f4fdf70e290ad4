"""Views of a fit that belongs to no review: what the pictures of ``metareview plot`` are drawn from.

They have the columns of the views of declared syntheses (`synthesis`), so that one figure draws both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import arrange
from metareview.report.views.diagnostics import Reading
from metareview.stats.synthesis.diagnostics_result import FitDiagnostics
from metareview.stats.synthesis.inference import critical
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.result import ModelFit
from metareview.stats.synthesis.univariate import UnivariateFit
from metareview.stats.synthesis.weights import weights

__all__ = ["effects", "filled_notes", "filled_rows", "fit", "funnel"]

#: Two-sided p-values of the contours of a funnel plot (Peters et al. 2008, J Clin Epidemiol 61:991).
_CONTOURS = (0.1, 0.05, 0.01)


def _variances(model: ModelFit) -> np.ndarray:
    """The sampling variances of a fit (k,)."""
    if not isinstance(model, UnivariateFit | MultilevelFit):
        raise TypeError(f"{type(model).__name__} has no sampling variances")
    return np.asarray(model.vi)


def effects(model: ModelFit, reading: Reading, groups: Sequence[str] | None = None) -> View:
    """Return one row per effect with its own interval and its weight."""
    half = critical(reading.level, None) * np.sqrt(_variances(model))
    columns = [
        Column("group", "Group"),
        Column("label", "Effect"),
        Column("estimate", "Value", "number", 2 if reading.log else None),
        Column("se", "SE", "number", 3),
        Column("source", "Variance from"),
        Column("weight", "Weight", "percent"),
    ]
    body = [
        [
            Cell(groups[i] if groups else None),
            Cell(model.labels[i]),
            reading.cell(y, y - h, y + h),
            Cell(float(np.sqrt(v))),
            Cell(),
            Cell(float(w), mark="derived"),
        ]
        for i, (y, h, v, w) in enumerate(
            zip(model.yi.tolist(), half.tolist(), _variances(model), weights(model), strict=True)
        )
    ]
    view = arrange(
        reading.name("effects"),
        reading.heading("Effects"),
        f"{reading.measure}: one row per effect.",
        columns,
        body,
        group="group" if groups else "",
        keep=("label", "estimate", "weight", "source"),
        dropped=model.dropped,
        alt=f"Forest plot of {model.k} effects.",
    )
    return replace(view, meta={**view.meta, **reading.meta()})


def fit(model: ModelFit, reading: Reading) -> View:
    """Return the lines of a forest plot that are not effects: pooled effect, prediction, heterogeneity."""
    columns = (Column("key", "Key"), Column("quantity", "Quantity"), Column("value", "Value", "number"))
    found = model.contract()
    body: list[list[Cell]] = []
    if model.p == 1 and model.has_intercept:
        body.append([Cell("pooled"), Cell("Pooled effect"), reading.cell(model.estimate, model.ci_low, model.ci_high)])
        if found["pi_low"] is not None:
            band = reading.cell(model.estimate, found["pi_low"], found["pi_high"])
            body.append([Cell("prediction"), Cell("Prediction interval"), replace(band, value=None)])
    for part in found["variance_components"]:
        name = "τ²" if part["name"] == "tau2" else f"Variance of {part['name']}"
        body.append([Cell("component"), Cell(name), Cell(part["value"], low=part["ci_low"], high=part["ci_high"])])
    for key, name in (("i2", "I² from τ²"), ("q", "Cochran's Q")):
        body += [[Cell(key), Cell(name), Cell(found[key])]] if found[key] is not None else []
    view = arrange(reading.name("fit"), reading.heading("Model"), "The model.", columns, body, results=[model],
                   keep=("key", "quantity", "value"))  # fmt: skip
    return replace(view, meta={**view.meta, **reading.meta()})


def funnel(model: ModelFit, reading: Reading, found: FitDiagnostics | None = None) -> View:
    """Return points, contours and pooled effect of a funnel plot, and what trim and fill puts in where it is asked.

    Parameters
    ----------
    found : diagnostics whose filled effects are shown; None for none.
    """
    columns = (Column("kind", "Kind"), Column("label", "Effect"), Column("x", "Effect", "number"),
               Column("se", "SE", "number"), Column("p", "p", "p"))  # fmt: skip
    errors = np.sqrt(_variances(model))
    body = [
        [Cell("point"), Cell(label), Cell(float(y)), Cell(float(se)), Cell()]
        for label, y, se in zip(model.labels, model.yi, errors, strict=True)
    ]
    top = float(errors.max())
    if reading.reference is not None:
        ends = [(p, float(ndtri(1 - p / 2)) * top) for p in _CONTOURS]
        body += [[Cell("contour"), Cell(), Cell(low=-half, high=half), Cell(top), Cell(p)] for p, half in ends]
    if model.p == 1:
        body.append([Cell("pooled"), Cell(), Cell(model.estimate), Cell(), Cell()])
    body += filled_rows(found)
    view = arrange(
        reading.name("funnel"), reading.heading("Funnel plot"), "Effects against their standard errors.", columns, body,
        keep=[column.key for column in columns], notes=filled_notes(found), alt=f"Funnel plot of {model.k} effects.",
    )  # fmt: skip
    return replace(view, meta={**view.meta, **reading.meta()})


def filled_rows(found: FitDiagnostics | None) -> list[list[Cell]]:
    """Return the effects that trim and fill puts in, and the pooled effect with them, as rows of a funnel plot."""
    if found is None or not found.filled:
        return []
    rows = [[Cell("filled"), Cell(one.label), Cell(one.yi), Cell(one.se), Cell()] for one in found.filled]
    if found.filled_estimate is not None:
        rows.append([Cell("pooled filled"), Cell(), Cell(found.filled_estimate.estimate), Cell(), Cell()])
    return rows


def filled_notes(found: FitDiagnostics | None) -> list[str]:
    """Return in words what trim and fill did."""
    if found is None:
        return []
    if not found.filled:
        why = found.reasons.get("trim_fill")
        return [f"Trim and fill: {why}." if why else "Trim and fill (L0) puts no effect in."]
    count = len(found.filled)
    return [
        f"Open circles: {count} effect{'s' if count > 1 else ''} that trim and fill (L0) puts in on the {found.side}; "
        "dotted: the pooled effect with what is put in. It assumes that asymmetry is suppression."
    ]
