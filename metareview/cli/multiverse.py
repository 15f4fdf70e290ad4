"""``metareview multiverse``: rank under every choice, and say how much of the order is the choices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metareview.cli.options import JsonFlag, OutFile, emit
from metareview.cli.rank import parse_ranges, read_cube

if TYPE_CHECKING:
    from metareview.stats.benchmark.multiverse import Multiverse
    from metareview.stats.benchmark.ranking import Cube

__all__ = ["multiverse"]

Many = list[str] | None
Data = Annotated[
    Path, typer.Argument(metavar="REVIEW|TABLE.csv", help="Review folder, or a table: method, dataset, metric, value.")
]


def multiverse(
    data: Data,
    board: Annotated[
        str | None, typer.Option(metavar="ID", help="In a review: a leaderboard; its composite table by default.")
    ] = None,
    rule: Annotated[Many, typer.Option(metavar="RULE", help="Only this rule; repeat for more. All by default.")] = None,
    metric: Annotated[Many, typer.Option(metavar="METRIC", help="Only this metric; repeat for more.")] = None,
    dataset: Annotated[Many, typer.Option(metavar="DATASET", help="Only this data set; repeat for more.")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="One row per method, columns DATASET|METRIC.")] = False,
    lower: Annotated[Many, typer.Option("--lower-is-better", metavar="METRIC", help="Direction of a metric.")] = None,
    higher: Annotated[Many, typer.Option("--higher-is-better", metavar="METRIC", help="Direction of a metric.")] = None,
    value_range: Annotated[
        Many, typer.Option("--range", metavar="METRIC=LOW:HIGH", help="Range of a metric; leave an end out if open.")
    ] = None,
    values_of: Annotated[
        str | None, typer.Option(metavar="KIND", help="In a review: values of single units, such as image, enter.")
    ] = None,
    corpus: Annotated[str | None, typer.Option(help="In a review: only what this document prints.")] = None,
    output: OutFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Rank the methods under every choice: metrics and data sets in, redundant metrics, gaps, rule, scale, weights.

    Prints a verdict in one line, the range of each method's rank, what moves the ranks, and what methods lose by
    reporting a metric that others leave out. With --json: every specification with its options, order, ranks and
    scores, or the reason why it has none. docs/multiverse.md explains the choices.

    A review is read by its composite table, by --board, or by what --metric, --dataset, --corpus and --values-of
    select, as `metareview rank` does; so is a table.

    Examples:

      metareview multiverse data/studies/brain-em

      metareview multiverse data/studies/em-public --board em-stellar --json -o multiverse.json

      metareview multiverse scores.csv --wide --higher-is-better score --range score=0:1
    """
    from metareview.errors import NotEstimable

    if data.is_dir() and not (metric or dataset or corpus or values_of or wide or lower or higher or value_range):
        found, cube = _of_review(data, board, rule)
    else:
        from metareview.errors import InputError
        from metareview.stats.benchmark.multiverse import run_multiverse

        if board is not None:
            raise InputError("--board names a whole table of a review; leave it out to select values by other options")
        directions = {**dict.fromkeys(lower or (), "lower"), **dict.fromkeys(higher or (), "higher")}
        cube = read_cube(
            data, metrics=metric, datasets=dataset, wide=wide, directions=directions,
            ranges=parse_ranges(value_range or []), corpus=corpus, values_of=values_of,
        )  # fmt: skip
        found = run_multiverse(cube, rules=rule, title=data.name)
    if as_json or found.n_feasible:
        emit(found.to_json() if as_json else _text(found, cube), output)
    if not found.n_feasible:
        raise NotEstimable(found.verdict or "; ".join(found.warnings[-1:]) or "there is nothing to rank")


def _of_review(folder: Path, board: str | None, rules: list[str] | None) -> tuple[Multiverse, Cube | None]:
    import metareview
    from metareview.errors import InputError
    from metareview.stats.benchmark.multiverse.analysis import composite_cube, compute_multiverse

    review = metareview.load(folder)
    if review.spec.composite is None and board is None:
        boards = ", ".join(board.id for board in review.spec.leaderboards)
        raise InputError(f"{folder} declares no composite table; name a leaderboard with --board "
                         f"({boards or 'it has none'}), or select values with --metric and --dataset")  # fmt: skip
    found = compute_multiverse(review.frames, review.spec, board or "", rules=rules)
    return found, None if board else composite_cube(review.frames, review.spec)


def _text(found: Multiverse, cube: Cube | None) -> str:
    """The summary, and the reporting penalty where there is a table to compute it from."""
    from metareview.errors import MetareviewError
    from metareview.stats.benchmark.multiverse.penalty import reporting_penalty

    lines = [found.summary()]
    if cube is not None:
        try:
            lines.append(f"\nreporting penalty: {reporting_penalty(cube).verdict}")
        except MetareviewError as error:
            lines.append(f"\nreporting penalty: none can be computed: {error}")
    return "\n".join(lines)
