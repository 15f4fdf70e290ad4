"""A threshold is chosen once, on validation data, and every candidate's score is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, NotEstimable
from metareview.results.base import Dropped, Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ThresholdChoice", "best_place", "choose_threshold", "edge_warning"]

Labels = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ThresholdChoice(Result):
    """What was tried, and what was chosen.

    Attributes
    ----------
    score : metric and convention, such as ``arand:gt0``.
    direction : 1 where higher is better, -1 where lower is.
    thresholds, values : every candidate in rising order and its score; None where the score does not exist.
    segments : segments at every candidate, background not among them.
    chosen, value : the best threshold and its score; of equally good ones the middle one, the lower of two.
    """

    score: str
    direction: int
    thresholds: tuple[float, ...]
    values: tuple[float | None, ...]
    segments: tuple[int, ...]
    chosen: float
    value: float

    def to_frame(self) -> pd.DataFrame:
        """Return threshold, score, segments, and which one was chosen."""
        import pandas as pd

        chosen = [threshold == self.chosen for threshold in self.thresholds]
        columns = {"threshold": self.thresholds, self.score: self.values, "segments": self.segments, "chosen": chosen}
        return pd.DataFrame(columns).astype({self.score: "float64"})


def choose_threshold(
    predict_labels: Callable[[float], Labels] | Iterable[tuple[float, Labels]],
    truth: Labels,
    thresholds: Sequence[float],
    score: str = "arand:gt0",
    *,
    resolution: Sequence[float] | None = None,
    mask: Labels | None = None,
) -> ThresholdChoice:
    """Score every threshold on validation data and choose the best.

    Parameters
    ----------
    predict_labels : threshold -> labels of the validation volume, or the pairs of `metareview.rerun.segment.sweep`.
    truth : labels of the validation volume; never those of the test data.
    thresholds : the candidates.
    score : ``metric:convention`` of `metareview.evaluation`; one rule, since several would be several choices.
    resolution, mask : as for `metareview.evaluation.score_volumes`.

    Raises
    ------
    InputError
        If there is no candidate, the score names no single rule or has no direction, or the pairs are not of the
        candidates.
    NotEstimable
        If the score does not exist at any threshold.
    """
    from metareview.evaluation import score_volumes

    ordered = sorted({float(threshold) for threshold in thresholds})
    if not ordered:
        raise InputError("no threshold to choose from; give at least one")
    metric, direction = _direction(score)
    pairs = ((t, predict_labels(t)) for t in ordered) if callable(predict_labels) else iter(predict_labels)
    values: list[float | None] = []
    segments: list[int] = []
    dropped: list[Dropped] = []
    for threshold, (given, labels) in zip(ordered, pairs, strict=True):
        if float(given) != threshold:
            raise InputError(
                f"the labels are of threshold {given:g}, {threshold:g} was next; give both in rising order"
            )
        result = score_volumes(labels, truth, [score], resolution=resolution, mask=mask)
        if len(result.rows) != 1:
            raise InputError(f"score {score} names {len(result.rows)} rules of {metric}; name one, as in {metric}:gt0")
        values.append(result.rows[0].value)
        segments.append(result.extent.prediction_segments)
        if values[-1] is None:
            dropped.append(Dropped(f"threshold {threshold:g}", "; ".join(result.warnings)))
    chosen = best_place(values, direction, score)
    return ThresholdChoice(
        methods=(f"best {score} over {len(ordered)} thresholds on validation data",),
        k_in=len(ordered),
        k_used=len(ordered) - len(dropped),
        dropped=tuple(dropped),
        warnings=edge_warning(ordered, chosen),
        score=score,
        direction=direction,
        thresholds=tuple(ordered),
        values=tuple(values),
        segments=tuple(segments),
        chosen=ordered[chosen],
        value=float(values[chosen] or 0.0),
    )


def _direction(score: str) -> tuple[str, Literal[1, -1]]:
    from metareview.schema.metric import default_vocabulary

    name, _, _ = score.partition(":")
    metric = default_vocabulary().resolve(name)
    if metric.direction == "none":
        raise InputError(f"score {score}: {metric.name} has no better direction, so nothing can be chosen by it")
    return metric.key, 1 if metric.direction == "higher" else -1


def best_place(values: Sequence[float | None], direction: int, score: str) -> int:
    """Return the place of the best value: of a plateau the middle, which is the least sensitive.

    Raises
    ------
    NotEstimable
        If there is no value.
    """
    known = [value * direction for value in values if value is not None]
    if not known:
        raise NotEstimable(f"{score} does not exist at any of {len(values)} thresholds")
    places = [place for place, value in enumerate(values) if value is not None and value * direction == max(known)]
    return int(np.asarray(places)[(len(places) - 1) // 2])


def edge_warning(thresholds: Sequence[float], chosen: int) -> tuple[str, ...]:
    """Return what to say where the best candidate is the first or the last one: a better one may lie beyond."""
    if len(thresholds) > 1 and chosen in (0, len(thresholds) - 1):
        return (f"the chosen threshold {thresholds[chosen]:g} is the last candidate on its side; try further ones",)
    return ()
