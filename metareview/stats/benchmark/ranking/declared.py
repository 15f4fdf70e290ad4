"""A declared ranking: the cube that ``review.yaml`` asks for, ranked as it says."""

from __future__ import annotations

from dataclasses import replace

from metareview.errors import InputError, MetareviewError
from metareview.schema.ranking import RankingSpec
from metareview.schema.review import ReviewSpec, find_declared
from metareview.schema.toolbox import find_tool
from metareview.stats.benchmark.ranking.coverage import coverage_of
from metareview.stats.benchmark.ranking.cube import Cube
from metareview.stats.benchmark.ranking.cube_tables import cube_from_tables, method_label
from metareview.stats.benchmark.ranking.rank import rank
from metareview.stats.benchmark.ranking.result import Ranking
from metareview.stats.benchmark.rows import Tables, records, text
from metareview.stats.quality import studies_of_quality

__all__ = ["compute_ranking", "declared_cube"]


def declared_cube(tables: Tables, spec: ReviewSpec, declared: RankingSpec) -> Cube:
    """Return the cube that a declared ranking is of.

    Raises
    ------
    UnknownName
        If there is no such tool or item of one, where studies are chosen by their appraisal.
    InputError
        If a judgement that is declared is none of the item.
    """
    studies, said = _studies(tables, spec, declared)
    cube = cube_from_tables(
        tables, spec, metrics=declared.metrics or None, datasets=declared.datasets or None,
        studies=studies, corpus=declared.corpus, place=declared.place, levels=declared.levels,
        name=method_label(*declared.name), unit=declared.values_of, as_printed=declared.as_printed,
    )  # fmt: skip
    return replace(cube, warnings=(*said, *cube.warnings)) if said else cube


def _studies(tables: Tables, spec: ReviewSpec, declared: RankingSpec) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Return the studies that enter (None for all), and which the appraisal leaves out, with the reason."""
    asked = declared.quality
    if asked is None:
        return declared.studies or None, ()
    tool = find_tool(asked.tool, spec)
    item = tool.item(asked.item) if asked.item else tool.main
    scale = tool.scale_of(item) if item else None
    strange = [level for level in asked.levels if scale is None or level not in scale.ids]
    if strange:
        names = ", ".join(scale.ids) if scale else ""
        raise InputError(f"ranking {declared.id}: quality level {strange[0]!r} is not one of {names}")
    kept, dropped = studies_of_quality(tables, spec, asked.tool, asked.item, asked.levels)
    there = (
        set(declared.studies) if declared.studies else {text(row["study_id"]) for row in records(tables, "experiments")}
    )
    gone = [row for row in dropped if row.what in there]
    said = "; ".join(f"{row.what} ({row.reason})" for row in gone)
    left = f"{len(gone)} {'study is' if len(gone) == 1 else 'studies are'} left out by the appraisal: {said}"
    return tuple(study for study in kept if study in there), (left,) if gone else ()


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
    declared = find_declared("ranking", name, spec.rankings)
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
