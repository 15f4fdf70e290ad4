"""A threshold is chosen once, on validation data, and every candidate's score is kept (`rerun.run`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metareview.errors import NotEstimable

__all__ = ["best_place", "edge_warning"]


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
