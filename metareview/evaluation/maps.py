"""Scores of a probability map over thresholds: ISBI-2012's best V_Rand and V_Info after thinning, and pixel errors.

The best value over thresholds is chosen with the truth at hand, so its convention ends in ``best`` and it is not
comparable with a score at a threshold fixed beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.evaluation import overlap, partition
from metareview.evaluation.background import Pieces
from metareview.evaluation.blockwise import contingency_table
from metareview.evaluation.counting import check_shapes
from metareview.evaluation.result import ScoreResult, ScoreRow
from metareview.evaluation.scoring import extent_of
from metareview.evaluation.volumes import Volume, as_volume
from metareview.evaluation.voxels import Settings, VoxelWorkspace, of_thinned

__all__ = ["THRESHOLDS", "best_over_thresholds", "score_map", "squared_pixel_error"]

THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(10))


def squared_pixel_error(probability: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared difference of a map in [0, 1] and a mask; equals the share of wrong pixels for a 0/1 map.

    Source: Arganda-Carreras et al. 2015, Front Neuroanat 9:142 (pixel error of a map).
    """
    if not probability.size:
        raise NotEstimable("there are no voxels")
    difference = probability.astype(np.float64) - (truth != 0)
    return float(np.mean(difference**2))


def best_over_thresholds(values: Sequence[float | None], thresholds: Sequence[float]) -> tuple[float, float]:
    """Return the largest value and the first threshold that reaches it; thresholds without a value are passed over."""
    found = [(value, -at) for value, at in zip(values, thresholds, strict=True) if value is not None]
    if not found:
        raise NotEstimable("no threshold gives a value")
    value, at = max(found)
    return value, -at


def _values(workspaces: Sequence[VoxelWorkspace], score: Callable[[VoxelWorkspace], float]) -> list[float | None]:
    values: list[float | None] = []
    for workspace in workspaces:
        try:
            values.append(score(workspace))
        except NotEstimable:
            values.append(None)
    return values


def _scores() -> list[tuple[str, str, str, Callable[[VoxelWorkspace], float]]]:
    thin = "4-connected regions per section, background of the map thinned by a watershed, then snemi"
    formulas: dict[str, Callable[[Pieces], float]] = {
        "vrand": partition.rand_score,
        "vinfo": partition.information_score,
    }
    rows: list[tuple[str, str, str, Callable[[VoxelWorkspace], float]]] = []
    for metric, formula in formulas.items():
        pooled, mean = (partial(of_thinned, formula=formula, mean=each) for each in (False, True))
        rows.append((metric, "thin.best", f"{thin}; sections pooled", pooled))
        rows.append((metric, "thin.slice-mean.best", f"{thin}; mean over sections", mean))
    rows.append(("f1", "pixel.best", "foreground pixels", lambda w: overlap.dice(w.confusion)))
    return rows


def _checked(probability: Any, truth: Any, thresholds: Sequence[float]) -> tuple[Volume, Volume, np.ndarray]:
    volumes = as_volume(probability, "the map"), as_volume(truth, "truth")
    check_shapes(volumes[0].shape, volumes[0].name, volumes[1].shape, volumes[1].name)
    values = volumes[0].read()
    if not np.isfinite(values).all():
        raise InputError(f"{volumes[0].name} holds NaN or infinity; a map has a probability in every voxel; repair it")
    if values.size and (values.min() < 0 or values.max() > 1):
        raise InputError(
            f"{volumes[0].name} goes from {values.min():g} to {values.max():g}; a map holds probabilities of "
            "the inside of cells from 0 to 1; divide an 8-bit map by 255"
        )
    if not thresholds or min(thresholds) < 0 or max(thresholds) >= 1:
        raise InputError("thresholds lie in [0, 1): voxels above one are inside; give at least one")
    return volumes[0], volumes[1], values


def _wanted(metrics: Sequence[str] | None) -> list[str]:
    """Return the rows asked for, as ``metric:convention``."""
    from metareview.schema.metric import default_vocabulary

    every = [f"{metric}:{convention}" for metric, convention, _, _ in _scores()]
    every += ["pixel_error:max-f", "pixel_error:squared"]
    if metrics is None:
        return every
    known = {*every, *(name.partition(":")[0] for name in every)}
    names = set()
    for name in metrics:
        bare, colon, convention = name.partition(":")
        found = default_vocabulary().find(bare)
        names.add(f"{found.key if found else bare}{colon}{convention}")
    for name in sorted(names - known):
        raise UnknownName("score of a map over thresholds", name, known)
    return [name for name in every if name in names or name.partition(":")[0] in names]


def score_map(
    probability: Any, truth: Any, thresholds: Sequence[float] = THRESHOLDS, metrics: Sequence[str] | None = None
) -> ScoreResult:
    """Score a map of the probability to be inside a cell, as the ISBI-2012 challenge did.

    Parameters
    ----------
    probability : volume of values in [0, 1], 2D or sections along the first axis.
    truth : labels, 0 for membrane.
    thresholds : a voxel above one is inside.
    metrics : keys, aliases or ``metric:convention``; all of the challenge when left out.

    Returns
    -------
    ScoreResult
        V_Rand and V_Info after thinning at the best threshold, pixel error as 1 - best F-score and as mean squared
        difference. The threshold chosen stands in the meaning of each row.
    """
    wanted = _wanted(metrics)
    stored, labels, values = _checked(probability, truth, thresholds)
    target = labels.read()
    masks = [stored.binarised(at) for at in thresholds]
    workspaces = [VoxelWorkspace(contingency_table(mask, labels), mask, labels, Settings()) for mask in masks]
    rows, warnings = [], []
    for metric, convention, meaning, score in _scores():
        try:
            value, at = best_over_thresholds(_values(workspaces, score), thresholds)
        except NotEstimable as error:
            rows.append(ScoreRow(metric, convention, None, "", meaning))
            warnings.append(f"{metric}:{convention} does not exist for this pair: {error}")
            continue
        words = f"{meaning}; best of {len(thresholds)} thresholds, chosen with the truth: {at:g}"
        rows.append(ScoreRow(metric, convention, value, "", words))
        if metric == "f1":
            rows.append(ScoreRow("pixel_error", "max-f", 1.0 - value, "", f"1 - F-score; {words}"))
    squared = "mean squared difference of map and mask"
    rows.append(ScoreRow("pixel_error", "squared", squared_pixel_error(values, target), "", squared))
    rows = [row for row in rows if f"{row.metric}:{row.convention}" in wanted]
    return ScoreResult(
        rows=tuple(rows),
        extent=extent_of(workspaces[0].table),
        k_in=len(rows),
        k_used=len(rows),
        warnings=tuple(text for text in warnings if text.partition(" ")[0] in wanted),
        methods=("scores over thresholds of a probability map",),
    )
