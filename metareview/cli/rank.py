"""``metareview rank``: an order of methods that says how sure it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metareview.cli.options import JsonFlag, OutFile, emit

if TYPE_CHECKING:
    from metareview.stats.benchmark.ranking import Cube, Ranking

__all__ = ["parse_ranges", "rank", "read_cube"]

Many = list[str] | None
Data = Annotated[
    Path, typer.Argument(metavar="REVIEW|TABLE.csv", help="Review folder, or a table: method, dataset, metric, value.")
]


def rank(
    data: Data,
    rule: Annotated[
        str, typer.Option(help="mean, win-rate, bradley-terry, additive, borda, mean-rank, z-score or dominance.")
    ] = "borda",
    missing: Annotated[str, typer.Option(help="error, available, complete, worst or model.")] = "error",
    metric: Annotated[Many, typer.Option(metavar="METRIC", help="Only this metric; repeat for more.")] = None,
    dataset: Annotated[Many, typer.Option(metavar="DATASET", help="Only this data set; repeat for more.")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="One row per method, columns DATASET|METRIC.")] = False,
    transform: Annotated[str | None, typer.Option(help="identity, range or logit, for mean and additive.")] = None,
    component: Annotated[str | None, typer.Option(metavar="METHOD", help="Only what is connected with it.")] = None,
    lower: Annotated[Many, typer.Option("--lower-is-better", metavar="METRIC", help="Direction of a metric.")] = None,
    higher: Annotated[Many, typer.Option("--higher-is-better", metavar="METRIC", help="Direction of a metric.")] = None,
    value_range: Annotated[
        Many, typer.Option("--range", metavar="METRIC=LOW:HIGH", help="Range of a metric; leave an end out if open.")
    ] = None,
    boot: Annotated[int, typer.Option(metavar="N", help="Bootstrap replicates; 0 for none.")] = 2000,
    unit: Annotated[str, typer.Option(help="What is drawn again: dataset, study, unit or none.")] = "dataset",
    values_of: Annotated[
        str | None, typer.Option(metavar="KIND", help="In a review: values of single units, such as image, enter.")
    ] = None,
    corpus: Annotated[str | None, typer.Option(help="In a review: only what this document prints.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 20250101,
    level: Annotated[float, typer.Option(help="Level of intervals.")] = 0.95,
    declared: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="In a review: the ranking of this id in review.yaml.")
    ] = None,
    output: OutFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Rank methods, with coverage, rank bounds over all fillings of missing cells, and bootstrap intervals.

    Missing cells are an error unless --missing says what to do about them. docs/ranking.md explains rules, policies
    and the keys of --json.

    Examples:

      metareview rank scores.csv --rule borda --missing available

      metareview rank scores.csv --wide --metric dice --rule mean --missing complete --json -o ranking.json

      metareview rank my-review --rule bradley-terry --missing available --dataset cremi --dataset snemi3d

      metareview rank data/studies/em-public --id em-stellar-images
    """  # fmt: skip
    if declared is not None:
        found = _declared(data, declared)
    else:
        from metareview.stats.benchmark.ranking import rank as rank_cube

        directions = {**dict.fromkeys(lower or (), "lower"), **dict.fromkeys(higher or (), "higher")}
        cube = read_cube(
            data, metrics=metric, datasets=dataset, wide=wide, directions=directions,
            ranges=parse_ranges(value_range or []), corpus=corpus, values_of=values_of,
        )  # fmt: skip
        found = rank_cube(cube, rule, missing, transform=transform, n_boot=boot, unit=unit, seed=seed, level=level,
                          component=component)  # fmt: skip
    emit(_json(found) if as_json else _text(found), output)


def read_cube(
    data: Path,
    *,
    metrics: Many = None,
    datasets: Many = None,
    wide: bool = False,
    directions: dict[str, str] | None = None,
    ranges: dict[str, tuple[float | None, float | None]] | None = None,
    corpus: str | None = None,
    values_of: str | None = None,
) -> Cube:
    """Return the cube of a review folder or of a table.

    Raises
    ------
    InputError
        If there is no such folder or file, it is not what it should be, or options do not go with it.
    UnknownName
        If the table has no such metric or data set.
    """
    from metareview.errors import InputError

    if data.is_dir():
        given = {"--wide": wide, "--lower-is-better or --higher-is-better": directions, "--range": ranges}
        wrong = [name for name, value in given.items() if value]
        if wrong:
            raise InputError(f"{wrong[0]} is for a table; {data} is a review folder, and its vocabulary says so")
        import metareview
        from metareview.errors import UnknownName
        from metareview.stats.benchmark.ranking import cube_from_tables

        review = metareview.load(data)
        known = set(review.frames["datasets"]["dataset_id"])
        for name in sorted(set(datasets or ()) - known):
            raise UnknownName("data set", name, known)
        return cube_from_tables(review.frames, review.spec, metrics=metrics, datasets=datasets, corpus=corpus,
                                unit=values_of)  # fmt: skip
    if corpus or values_of:
        raise InputError(f"--corpus and --values-of are for a review folder; {data} is none")
    return _table_cube(data, metrics or [], datasets or [], wide, directions or {}, ranges or {})


def _table_cube(
    data: Path, metrics: list[str], datasets: list[str], wide: bool, directions: dict[str, str],
    ranges: dict[str, tuple[float | None, float | None]],
) -> Cube:  # fmt: skip
    from metareview.cli.effects import decimal_mark, read_csv
    from metareview.errors import UnknownName
    from metareview.schema.metric import default_vocabulary
    from metareview.stats.benchmark.ranking import cube_from_long, cube_from_wide

    table = read_csv(data, text=True)
    about = {"ranges": ranges, "source": data.name, "decimal": decimal_mark(data)}
    if wide:
        only = metrics[0] if len(metrics) == 1 and not any("|" in str(name) for name in table.columns) else None
        cube = cube_from_wide(table, directions, metric=only, **about)  # type: ignore[arg-type]
    else:
        cube = cube_from_long(table, directions, **about)  # type: ignore[arg-type]
    known = default_vocabulary()
    wanted = {found.key if (found := known.find(name)) else name for name in metrics}
    for kind, names, there in (
        ("metric", wanted, {column.metric for column in cube.columns}),
        ("data set", set(datasets), {column.dataset for column in cube.columns}),
    ):
        for name in sorted(names - there):
            raise UnknownName(kind, name, there)
    if not wanted and not datasets:
        return cube
    keep = [
        j for j, column in enumerate(cube.columns)
        if (not wanted or column.metric in wanted) and (not datasets or column.dataset in datasets)
    ]  # fmt: skip
    part = cube.restrict(columns=keep)
    return part.restrict([name for name, row in zip(part.methods_compared, part.mask, strict=True) if row.any()])


def parse_ranges(given: list[str]) -> dict[str, tuple[float | None, float | None]]:
    """Return the ranges that ``--range METRIC=LOW:HIGH`` gives.

    Raises
    ------
    InputError
        If one is not written so.
    """
    from metareview.errors import InputError

    found = {}
    for text in given:
        name, _, ends = text.partition("=")
        low, colon, high = ends.partition(":")
        try:
            pair = tuple(float(end) if end.strip() else None for end in (low, high))
        except ValueError:
            pair = ()
        if not name or not colon or len(pair) != 2:
            raise InputError(f"--range {text}: write METRIC=LOW:HIGH, such as dice=0:100")
        found[name] = (pair[0], pair[1])
    return found


def _declared(folder: Path, name: str) -> Ranking:
    import metareview
    from metareview.stats.benchmark.ranking.declared import compute_ranking

    review = metareview.load(folder)
    return compute_ranking(review.frames, review.spec, name)


def _json(found: Ranking) -> str:
    import json

    return json.dumps(found.contract(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _text(found: Ranking) -> str:
    """The ranking as people read it: coverage, then one line per method, then what to know."""
    unit = {"dataset": "data sets", "study": "studies", "unit": "units"}.get(found.unit, "")
    head = ["rank", "method", "score", "bounds", "interval", "all at once", "P(best)", "cells"]
    rows = [head, *(_line(entry) for entry in found.ranked)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    lines = [f"{found.rule_title or found.rule}; {found.coverage}"]
    lines += [f"one metric in other words: {note}" for note in found.coverage.redundant]
    parts = found.coverage.components
    lines += [f"  part: {', '.join(part)}" for part in parts] if len(parts) > 1 else []
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.append(f"bounds: {found.bounds_note}")
    if found.used:
        of = f"{found.used} of " if found.used < found.n_boot else ""
        lines.append(f"interval: {found.level:.0%} of {of}{found.n_boot} bootstrap replicates over {found.clusters} "
                     f"{unit}, seed {found.seed}")  # fmt: skip
    lines += [f"not ranked: {name}" for name in found.unranked]
    lines += [f"warning: {text}" for text in found.warnings]
    return "\n".join([*lines, f"{found.k_used} of {found.k_in} values used"]) + "\n"


def _line(entry: Any) -> list[str]:
    def span(low: int | None, high: int | None) -> str:
        return "–" if low is None or high is None else f"{low}-{high}" if low != high else str(low)

    return [
        "–" if entry.rank is None else f"{entry.rank}{'=' if entry.tied else ''}", entry.method,
        "–" if entry.score is None else f"{entry.score:.4g}", span(entry.rank_low, entry.rank_high),
        span(entry.ci_low, entry.ci_high), span(entry.sim_low, entry.sim_high),
        "–" if entry.p_best is None else f"{entry.p_best:.2f}", f"{entry.k}/{entry.possible}",
    ]  # fmt: skip
