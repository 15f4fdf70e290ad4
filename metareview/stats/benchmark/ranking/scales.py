"""Scales on which values of different columns may be added up, and the refusal where they may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, UnknownName
from metareview.stats.benchmark.ranking.cube import Column
from metareview.stats.benchmark.ranking.rules import Rule

__all__ = ["Scaled", "Transform", "mixed_conventions", "scale"]

Array = NDArray[np.float64]
Transform = Literal["identity", "range", "logit"]
#: Nearest that a value comes to an end of its range on the logit scale: half a unit of the third decimal.
_EDGE = 0.0005


@dataclass(frozen=True, slots=True)
class Scaled:
    """Oriented values (m, c), the ends of their ranges (c,), and what was done."""

    values: Array
    worst: Array
    best: Array
    transform: Transform
    sign: int = 1
    methods: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def scale(
    values: Array, worst: Array, best: Array, columns: Sequence[Column], rule: Rule, transform: str | None
) -> Scaled:
    """Return the values on the scale that a rule works on.

    Rules that only compare within a column take them as they are. Rules that add up values of several columns need
    one scale: the metric's own where all columns share metric and range, else ``range`` (place between the worst and
    the best possible value) or ``logit`` of that. Nothing is added up across conventions of one metric, but by the
    additive model, which compares within columns.

    Parameters
    ----------
    values, worst, best : oriented, as `Cube.oriented` and `Cube.limits` give them.
    transform : identity, range or logit; None for what the rule does by itself (the additive model takes logit where
        every range has two ends).

    Raises
    ------
    UnknownName
        If there is no such transform.
    InputError
        If the columns have no common scale, a range lacks an end, or conventions would be mixed.
    """
    if transform is not None and transform not in get_args(Transform):
        raise UnknownName("transform", transform, get_args(Transform))
    if not rule.metric_scale:
        if transform not in (None, "identity"):
            raise InputError(f"rule {rule.name} compares within columns, so --transform {transform} changes nothing; "
                             "leave it out")  # fmt: skip
        return Scaled(values, worst, best, "identity")
    bounded = bool(np.isfinite(worst).all() and np.isfinite(best).all())
    wanted = transform or ("logit" if rule.name == "additive" and bounded else "identity")
    if rule.name == "mean":
        _refuse_mixtures(columns)
    if wanted == "identity":
        _refuse_scales(columns, rule)
        same = len({column.direction for column in columns}) == 1
        return Scaled(values, worst, best, "identity", columns[0].direction if same and rule.name == "mean" else 1)
    open_ = [
        column.key for column, low, high in zip(columns, worst, best, strict=True) if np.isinf(low) or np.isinf(high)
    ]
    if open_:
        raise InputError(
            f"--transform {wanted} needs a lowest and a highest value of every metric; {open_[0]} has none: give it "
            f"(--range METRIC=LOW:HIGH), leave the metric out, or take a rule that compares within columns"
        )
    share = (values - worst) / (best - worst)
    if wanted == "range":
        return Scaled(share, np.zeros_like(worst), np.ones_like(best), "range",
                      methods=("values as shares of the range of their metric",))  # fmt: skip
    return _logit(share)


def mixed_conventions(columns: Sequence[Column]) -> list[str]:
    """Return the metrics that stand under more than one convention, or under a stated one and an unstated one."""
    rules: dict[str, set[str | None]] = {}
    for column in columns:
        rules.setdefault(column.metric, set()).add(column.convention)
    return sorted(metric for metric, found in rules.items() if len(found) > 1)


def _logit(share: Array) -> Scaled:
    inside = np.clip(share, _EDGE, 1 - _EDGE)
    moved = int((np.isfinite(share) & (share != inside)).sum())
    edge = np.full(share.shape[-1], np.log((1 - _EDGE) / _EDGE))
    said = ((f"{moved} values within {_EDGE} of an end of their range were moved to {_EDGE} from it: the logit of an "
             "end is infinite",) if moved else ())  # fmt: skip
    return Scaled(np.log(inside / (1 - inside)), -edge, edge, "logit", methods=("logits of shares of the range",),
                  warnings=said)  # fmt: skip


def _refuse_mixtures(columns: Sequence[Column]) -> None:
    mixed = mixed_conventions(columns)
    if mixed:
        found = sorted({column.convention or "unstated" for column in columns if column.metric == mixed[0]})
        raise InputError(
            f"{mixed[0]} stands under the conventions {', '.join(found)}: their values are different numbers under one "
            "name, and no mean is taken over them; choose one, or take a rule that compares within columns (borda, "
            "win-rate, bradley-terry, dominance)"
        )


def _refuse_scales(columns: Sequence[Column], rule: Rule) -> None:
    scales = {(column.low, column.high, column.direction) for column in columns}
    bounded = all(low is not None and high is not None for low, high, _ in scales)
    metrics = sorted({column.metric for column in columns})
    if len(scales) > 1 or (len(metrics) > 1 and not bounded):
        raise InputError(
            f"rule {rule.name} adds up values of {', '.join(metrics)}, whose ranges or directions differ; say "
            "--transform range or --transform logit, choose one metric, or take a rule that compares within columns"
        )
