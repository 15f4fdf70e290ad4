"""The multiverse of a review: of its composite table as printed, and of each of its leaderboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from metareview.schema.review import LeaderboardSpec, ReviewSpec, find_declared
from metareview.stats.benchmark.multiverse.result import Multiverse
from metareview.stats.benchmark.multiverse.run import run_multiverse
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.cube_tables import cube_from_tables
from metareview.stats.benchmark.rows import Tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compute_multiverse", "composite_cube", "cubes_without"]


def compute_multiverse(
    tables: Tables, spec: ReviewSpec, board: str = "", rules: Sequence[str] | None = None
) -> Multiverse:
    """Return the multiverse of the composite table, or of a leaderboard by its id, under all rules or some.

    Raises
    ------
    UnknownName
        If the review has no such leaderboard, or there is no such rule.
    """
    if board:
        return _of_board(tables, spec, find_declared("leaderboard", board, spec.leaderboards), rules)
    if spec.composite is None:
        return Multiverse(warnings=("review.yaml declares no composite, so there is no table to rank in many ways",))
    cube = composite_cube(tables, spec)
    if len(cube.methods_compared) < 2:
        return _nothing(cube, _title(spec))
    return run_multiverse(cube, without=cubes_without(tables, spec, cube), rules=rules,
                          strict=composite_cube(tables, spec, as_printed=False), title=_title(spec))  # fmt: skip


def composite_cube(tables: Tables, spec: ReviewSpec, *, as_printed: bool = True) -> Cube:
    """Return the table of the composite as it is printed: one column per metric, over whatever data; or by data."""
    declared = spec.composite
    if declared is None:
        return Cube()
    return cube_from_tables(
        tables, spec, metrics=declared.metrics, corpus=declared.corpus, place=declared.place, levels=declared.levels,
        as_printed=as_printed,
    )  # fmt: skip


def cubes_without(tables: Tables, spec: ReviewSpec, cube: Cube) -> dict[str, Cube]:
    """Return the table of the composite without the experiments on each data set, a mean over several included."""
    used = {name for entry in cube.entries for name in entry.experiments}
    experiments = tables["experiments"]
    there = experiments[experiments["experiment_id"].isin(used)]
    pairs = zip(there["dataset_id"], there["datasets"], strict=True)
    names = sorted({name for single, several in pairs for name in _names(single, several)})
    found: dict[str, Cube] = {}
    for name in names if len(names) > 1 else ():
        keep = [
            name not in _names(a, b) for a, b in zip(experiments["dataset_id"], experiments["datasets"], strict=True)
        ]
        ids = experiments.loc[keep, "experiment_id"]
        results: pd.DataFrame = tables["results"]
        fewer: Mapping[str, pd.DataFrame] = {**tables, "results": results[results["experiment_id"].isin(ids)]}
        found[name] = composite_cube(fewer, spec)
    return found


def _names(single: object, several: object) -> set[str]:
    own = {single} if isinstance(single, str) and single else set()
    return own | (set(several) if isinstance(several, tuple | list) else set())


def _title(spec: ReviewSpec) -> str:
    place = spec.composite.place if spec.composite else None
    return f"{place} as printed" if place else "the composite table as printed"


def _of_board(tables: Tables, spec: ReviewSpec, board: LeaderboardSpec, rules: Sequence[str] | None) -> Multiverse:
    cube = cube_from_tables(tables, spec, metrics=board.metrics, datasets=board.datasets, corpus=board.source_id)
    if len(cube.methods_compared) < 2:
        return _nothing(cube, board.title)
    return run_multiverse(cube, rules=rules, title=board.title)


def _nothing(cube: Cube, title: str) -> Multiverse:
    return Multiverse(
        title=title, k_in=cube.k_in, k_used=cube.k_used, dropped=cube.dropped, methods=cube.methods,
        warnings=(*cube.warnings, "fewer than two methods have values, so nothing is ranked"),
    )  # fmt: skip
