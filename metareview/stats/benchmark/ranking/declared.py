"""A declared ranking: the cube that ``review.yaml`` asks for, ranked as it says."""

from __future__ import annotations

from dataclasses import replace

from metareview.errors import MetareviewError, UnknownName
from metareview.schema.ranking import RankingSpec
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.ranking.coverage import coverage_of
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.cube_tables import cube_from_tables, method_label
from metareview.stats.benchmark.ranking.rank import rank
from metareview.stats.benchmark.ranking.result import Ranking
from metareview.stats.benchmark.rows import Tables

__all__ = ["compute_ranking", "declared_cube", "declared_ranking"]


def declared_ranking(spec: ReviewSpec, name: str) -> RankingSpec:
    """Return a declared ranking by id.

    Raises
    ------
    UnknownName
        If ``review.yaml`` declares none of that id.
    """
    for declared in spec.rankings:
        if declared.id == name:
            return declared
    raise UnknownName("ranking", name, [declared.id for declared in spec.rankings])


def declared_cube(tables: Tables, spec: ReviewSpec, declared: RankingSpec) -> Cube:
    """Return the cube that a declared ranking is of."""
    return cube_from_tables(
        tables, spec, metrics=declared.metrics or None, datasets=declared.datasets or None,
        studies=declared.studies or None, corpus=declared.corpus, place=declared.place, levels=declared.levels,
        name=method_label(*declared.name), unit=declared.values_of, as_printed=declared.as_printed,
    )  # fmt: skip


def compute_ranking(tables: Tables, spec: ReviewSpec, name: str) -> Ranking:
    """Compute a ranking that ``review.yaml`` declares; one that cannot be made has no rows, and a warning says why.

    Parameters
    ----------
    tables : results, experiments, studies and data sets of the review.
    spec : its configuration.
    name : id of the ranking.

    Raises
    ------
    UnknownName
        If there is no ranking of that id.
    """
    declared = declared_ranking(spec, name)
    cube = declared_cube(tables, spec, declared)
    try:
        found = rank(
            cube, declared.rule, declared.missing, transform=declared.transform, n_boot=declared.n_boot,
            unit=declared.bootstrap, seed=spec.seeds.bootstrap, level=declared.level, component=declared.component,
        )  # fmt: skip
    except MetareviewError as error:
        found = Ranking(
            rule=declared.rule, missing=declared.missing, coverage=coverage_of(cube), methods=cube.methods,
            k_in=cube.k_in, k_used=cube.k_used, dropped=cube.dropped,
            warnings=(f"nothing is ranked: {error}", *cube.warnings),
        )  # fmt: skip
    return replace(found, id=declared.id, title=declared.title, notes=declared.notes)
