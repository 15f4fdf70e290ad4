"""``metareview multiverse``: rank under every choice, and say how much of the order is the choices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metareview.cli.options import JsonFlag, OutFile, emit

if TYPE_CHECKING:
    from metareview.stats.benchmark.multiverse import Multiverse
    from metareview.stats.benchmark.ranking.cube import Cube

__all__ = ["multiverse"]

Source = Annotated[Path, typer.Argument(metavar="REVIEW|TABLE.csv", help="Review folder, or a table of scores as CSV.")]


def multiverse(
    source: Source,
    board: Annotated[
        str | None, typer.Option(metavar="ID", help="A leaderboard of the review; by default its composite table.")
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="TABLE.csv has one row per method.")] = False,
    metric: Annotated[
        str | None, typer.Option(metavar="METRIC", help="With --wide: the metric, where headings are data sets.")
    ] = None,
    higher: Annotated[
        list[str] | None, typer.Option("--higher-is-better", metavar="METRIC", help="Of a metric nobody knows; repeat.")
    ] = None,
    lower: Annotated[
        list[str] | None, typer.Option("--lower-is-better", metavar="METRIC", help="Of a metric nobody knows; repeat.")
    ] = None,
    limits: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="METRIC=LOW:HIGH", help="Range of a metric, an end may be empty; repeat."),
    ] = None,
    rules: Annotated[
        str | None, typer.Option(metavar="RULE,…", help="Only these rules: mean, borda, win-rate, … All by default.")
    ] = None,
    output: OutFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Rank the methods under every choice: metrics and data sets in, redundant metrics, gaps, rule, scale, weights.

    Prints a verdict in one line, the range of each method's rank, what moves the ranks, and what methods lose by
    reporting a metric that others leave out. With --json: every specification with its options, order, ranks and
    scores, or the reason why it has none.

    A long table has the columns method, dataset, metric, value and may have study, category, se, n; a wide one has a
    row per method and headings such as dice or lucchi|dice.

    Examples:

      metareview multiverse data/studies/brain-em

      metareview multiverse data/studies/em-public --board em-stellar --json -o multiverse.json

      metareview multiverse scores.csv --wide --higher-is-better score --range score=0:1
    """
    chosen = [name.strip() for name in rules.split(",") if name.strip()] if rules else None
    if source.is_dir():
        found, cube = _of_review(source, board, chosen)
    else:
        from metareview.stats.benchmark.multiverse import run_multiverse

        ways = dict.fromkeys(higher or (), "higher") | dict.fromkeys(lower or (), "lower")
        cube = _table(source, wide, metric, ways, limits or [])
        found = run_multiverse(cube, rules=chosen, title=source.name)
    emit(found.to_json() if as_json else _text(found, cube), output)


def _of_review(folder: Path, board: str | None, rules: list[str] | None) -> tuple[Multiverse, Cube | None]:
    from metareview.ingest import read_review
    from metareview.stats.benchmark.multiverse.analysis import composite_cube, compute_multiverse

    review = read_review(folder)
    if review.spec.composite is None and board is None:
        known = ", ".join(board.id for board in review.spec.leaderboards)
        raise typer.BadParameter(f"the review has no composite table; name a leaderboard: {known or 'it has none'}",
                                 param_hint="--board")  # fmt: skip
    found = compute_multiverse(review.tables, review.spec, board or "", rules=rules)
    return found, None if board else composite_cube(review.tables, review.spec)


def _table(path: Path, wide: bool, metric: str | None, ways: dict[str, str], limits: list[str]) -> Cube:
    from metareview.cli.effects import read_csv
    from metareview.stats.benchmark.ranking.cube_frames import cube_from_long, cube_from_wide

    ranges = dict(_ends(text) for text in limits)
    frame = read_csv(path)
    if wide:
        return cube_from_wide(frame, ways, ranges=ranges, metric=metric, source=path.name)
    return cube_from_long(frame, ways, ranges=ranges, source=path.name)


def _ends(text: str) -> tuple[str, tuple[float | None, float | None]]:
    name, sign, ends = text.partition("=")
    low, colon, high = ends.partition(":")
    try:
        if sign and colon:
            return name.strip(), (float(low) if low else None, float(high) if high else None)
    except ValueError:
        pass
    raise typer.BadParameter(f"{text!r} is not METRIC=LOW:HIGH", param_hint="--range")


def _text(found: Multiverse, cube: Cube | None) -> str:
    from metareview.errors import MetareviewError
    from metareview.stats.benchmark.multiverse.penalty import reporting_penalty

    lines = [found.summary()]
    if cube is not None:
        try:
            lines.append(f"\nreporting penalty: {reporting_penalty(cube).verdict}")
        except MetareviewError as error:
            lines.append(f"\nreporting penalty: none can be computed: {error}")
    return "\n".join(lines)
