"""Views of a fit that belongs to no review: its table, and what the pictures of ``metareview plot`` are drawn from.

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
from metareview.report.views.format import readable_decimals
from metareview.stats.synthesis.describe import methods_paragraph
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
        Column("se", "SE", "number", readable_decimals(np.sqrt(_variances(model)).tolist(), 3, digits=2)),
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
    """Return the model as a table: coefficients, prediction, heterogeneity; the methods paragraph stands below."""
    places = readable_decimals(model.se.tolist(), 4, digits=2)
    columns = (
        Column("key", "Key"), Column("quantity", "Quantity"), Column("value", "Value", "number", help="with interval"),
        Column("se", "SE", "number", places, help="on the scale of the model"),
        Column("statistic", "Statistic", "number", 2),
        Column("df", "df", "number", 1), Column("p", "p", "p"),
    )  # fmt: skip
    body = [*_coefficients(model, reading), *_heterogeneity(model)]
    view = arrange(
        reading.name("fit"), reading.heading("Model"), f"The model of {reading.measure}.", columns, body,
        results=[model],
        notes=[methods_paragraph(model)], keep=("key", "quantity", "value"), machine=("key",),
    )  # fmt: skip
    return replace(view, meta={**view.meta, **reading.meta()})


def _coefficients(model: ModelFit, reading: Reading) -> list[list[Cell]]:
    alone, out = model.p == 1 and model.has_intercept, []
    for row in model.coefficients:
        value = (
            reading.cell(row.estimate, row.ci_low, row.ci_high)
            if alone
            else Cell(row.estimate, low=row.ci_low, high=row.ci_high, mark="derived")
        )
        tests = (Cell(row.se, mark="derived"), Cell(row.statistic), Cell(row.df), Cell(row.pvalue))
        out.append(
            [Cell("pooled" if alone else "coefficient"), Cell("Pooled effect" if alone else row.name), value, *tests]
        )
    low, high = (model.contract()[key] for key in ("pi_low", "pi_high"))
    if low is not None:
        band = replace(reading.cell(model.estimate, low, high), value=None)
        out.append([Cell("prediction"), Cell("Prediction interval"), band, *(Cell() for _ in range(4))])
    if model.p > 1 and model.omnibus is not None:
        test = model.omnibus
        out.append([Cell("omnibus"), Cell("Test of all moderators"), Cell(), Cell(), Cell(test.statistic),
                    Cell(float(test.df)), Cell(test.pvalue)])  # fmt: skip
    return out


def _heterogeneity(model: ModelFit) -> list[list[Cell]]:
    found, blank = model.contract(), [Cell() for _ in range(4)]
    out = []
    for part in found["variance_components"]:
        name = "τ²" if part["name"] == "tau2" else f"Variance of {part['name']}"
        value = Cell(part["value"], low=part["ci_low"], high=part["ci_high"], mark="derived")
        out.append([Cell("component"), Cell(name), value, *blank])
    for key, name in (("i2", "I² from τ²"), ("i2_q", "I² from Q"), ("r2", "R²")):
        if found[key] is not None:
            out.append([Cell(key), Cell(name), Cell(found[key], mark="derived"), *blank])
    out.append([Cell("q"), Cell("Cochran's Q"), Cell(found["q"], mark="derived"), Cell(), Cell(),
                Cell(None if found["q_df"] is None else float(found["q_df"])), Cell(found["q_pvalue"])])  # fmt: skip
    return [row for row in out if row[2].value is not None]


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
        body += [
            [Cell("contour"), Cell(), Cell(low=reading.null - half, high=reading.null + half), Cell(top), Cell(p)]
            for p, half in ends
        ]
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
