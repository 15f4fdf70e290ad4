"""`scores`: from a contingency table to every score asked for, each under its named convention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from metareview.errors import InputError, NotEstimable, UnknownName, did_you_mean
from metareview.evaluation.catalogue import Rule, Workspace, confidence_rules, table_rules
from metareview.evaluation.result import Extent, ScoreResult, ScoreRow
from metareview.evaluation.table import ContingencyTable

__all__ = ["choose", "extent_of", "map_over", "resolve_metrics", "scores"]

#: metric -> why no number is given for it
NOT_RECOMPUTABLE = {
    "warping_error": (
        "warping_error cannot be recomputed: it asks for the least disagreement over all topology-preserving warps of "
        "the truth, the only implementation is Fiji's WarpingError.java, and a loose one would give other numbers"
    )
}


def resolve_metrics(metrics: Sequence[str] | str | None, known: Iterable[str]) -> list[str]:
    """Return vocabulary keys for names, aliases or ``metric:convention`` (the part after the colon is kept).

    Raises
    ------
    UnknownName
        If a name is no metric, or no metric that can be computed here.
    InputError
        If a metric cannot be recomputed at all.
    """
    computable = list(dict.fromkeys(known))
    if metrics is None:
        return computable
    resolved = []
    for name in [metrics] if isinstance(metrics, str) else metrics:
        bare, colon, convention = name.partition(":")
        key = _key(bare, computable)
        if key in NOT_RECOMPUTABLE:
            raise InputError(NOT_RECOMPUTABLE[key])
        if key not in computable:
            from metareview.evaluation.voxels import voxel_rules

            if any(rule.metric == key for rule in voxel_rules().values()):
                raise InputError(f"{key} needs more than a contingency table; call score_volumes with both volumes")
            raise UnknownName("metric to compute", key, computable)
        resolved.append(f"{key}{colon}{convention}")
    return list(dict.fromkeys(resolved))


def _key(name: str, computable: Sequence[str]) -> str:
    """Return the key of a name or alias; where nothing is near, the error lists what can be computed, not aliases."""
    from metareview.schema.metric import default_vocabulary

    vocabulary = default_vocabulary()
    metric = vocabulary.find(name)
    if metric is not None:
        return metric.key
    names = [alias for entry in vocabulary for alias in (entry.key, *entry.aliases)]
    raise UnknownName("metric", name, names if did_you_mean(name, names) else computable)


def choose(rules: Mapping[str, Rule], metrics: Sequence[str], conventions: str | Sequence[str]) -> list[Rule]:
    """Return the rules of the `metrics` under the `conventions` (``all``, one id, or several).

    Raises
    ------
    UnknownName
        If no rule has such a convention, or a metric has none of those asked for.
    """
    wanted = [conventions] if isinstance(conventions, str) else list(conventions)
    ids = {rule.convention for rule in rules.values()}
    for convention in wanted:
        if convention != "all" and convention not in ids:
            raise UnknownName("convention", convention, ids)
    # "all" is also the id of a rule; alone it means every convention, as one of several it is that rule
    every = wanted == ["all"]
    chosen: dict[str, Rule] = {}
    for name in metrics:
        metric, _, own = name.partition(":")
        of_metric = [rule for rule in rules.values() if rule.metric == metric]
        fitting = [
            rule for rule in of_metric if (rule.convention == own if own else every or rule.convention in wanted)
        ]
        if not fitting:
            raise UnknownName(f"convention of {metric}", own or ", ".join(wanted), (r.convention for r in of_metric))
        chosen |= {rule.name: rule for rule in fitting}
    return list(chosen.values())


def extent_of(table: ContingencyTable) -> Extent:
    """Return how many voxels, pairs and segments a table holds, and the background shares."""
    voxels = max(table.voxels, 1)
    return Extent(
        voxels=table.voxels,
        pairs=len(table),
        truth_segments=int(np.count_nonzero(np.unique(table.truth))),
        prediction_segments=int(np.count_nonzero(np.unique(table.prediction))),
        truth_background=int(table.count[table.truth == 0].sum()) / voxels,
        prediction_background=int(table.count[table.prediction == 0].sum()) / voxels,
    )


def evaluate(workspace: Workspace, rules: Iterable[Rule]) -> tuple[list[ScoreRow], list[str]]:
    """Return one row per rule, and why a value is missing where one is."""
    rows, warnings = [], []
    for rule in rules:
        value: float | None
        try:
            value = float(rule.compute(workspace))
        except NotEstimable as error:
            value = None
            warnings.append(f"{rule.name} does not exist for this pair: {error}")
        rows.append(ScoreRow(rule.metric, rule.convention, value, rule.unit, rule.meaning))
    return rows, warnings


def map_over(tables: Mapping[str, ContingencyTable], over: Literal["images", "classes"]) -> ScoreResult:
    """Mean average precision over images or over classes: the mean of their AP (IoU .50 to .95), under each rule.

    Parameters
    ----------
    tables : name of the image or class -> its table.
    over : what the tables are; it begins the convention id, since the means of images and classes are other numbers
        than the mean over thresholds.

    Returns
    -------
    ScoreResult
        Rows ``map:images.dsb``, ``map:images.coco.size`` …; an image without a value under a rule is left out of its
        mean and named in `warnings`. `extent` is that of all tables.

    Source: Everingham et al. 2010, Int J Comput Vis 88:303-338 (mean over classes); Lin et al. 2014, ECCV.
    """
    if not tables:
        raise InputError("mean average precision needs at least one table")
    results = {name: scores(table, ["ap"]) for name, table in tables.items()}
    rows, warnings = [], []
    for row in next(iter(results.values())).rows:
        found = {name: result.value("ap", row.convention) for name, result in results.items()}
        values = [value for value in found.values() if value is not None]
        convention = f"{over}.{row.convention}"
        warnings += [f"map:{convention}: {name} has no value" for name, value in found.items() if value is None]
        mean = float(np.mean(values)) if values else None
        rows.append(ScoreRow("map", convention, mean, "", f"mean over {len(values)} {over} of: {row.meaning}"))
    first, *others = tables.values()
    return ScoreResult(
        rows=tuple(rows),
        extent=extent_of(first.merge(*others)),
        k_in=len(rows),
        k_used=len(rows),
        warnings=tuple(warnings),
        methods=(f"mean of average precision over {over}",),
    )


def scores(
    table: ContingencyTable,
    metrics: Sequence[str] | str | None = None,
    conventions: str | Sequence[str] = "all",
    *,
    confidence: Mapping[str, Mapping[int, float]] | None = None,
) -> ScoreResult:
    """Compute scores of a contingency table, each with its convention id.

    Parameters
    ----------
    table : what `contingency_table` returned.
    metrics : keys or aliases of the vocabulary, or ``metric:convention``; every metric a table gives when left out.
    conventions : ``all``, an id, or several ids; `table_rules` lists them.
    confidence : name -> {predicted id -> confidence}: adds the conventions ``coco.<name>`` of average precision.

    Raises
    ------
    UnknownName
        If a metric or convention is not known; the message has the nearest names.

    Examples
    --------
    >>> import numpy as np
    >>> from metareview.evaluation import contingency_table
    >>> table = contingency_table(np.array([1, 1, 2, 0]), np.array([7, 7, 7, 7]))
    >>> scores(table, ["arand"], ["gt0", "fg"]).to_frame()[["metric", "convention", "value"]].round(3)
      metric convention  value
    0  arand        gt0  0.455
    1  arand         fg  0.286
    """
    rules = dict(table_rules())
    for name, given in (confidence or {}).items():
        rules |= {rule.name: rule for rule in confidence_rules(name, given)}
    names = resolve_metrics(metrics, (rule.metric for rule in rules.values()))
    rows, warnings = evaluate(Workspace(table), choose(rules, names, conventions))
    return ScoreResult(
        rows=tuple(rows),
        extent=extent_of(table),
        k_in=len(rows),
        k_used=len(rows),
        warnings=tuple(warnings),
        methods=("contingency table of prediction and truth, exact",),
    )
