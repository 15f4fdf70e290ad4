"""Views of scores by data set: leaderboards, wide tables of methods by data sets, and the values for the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.boards import (
    Board,
    Runs,
    boards_of,
    cell_of,
    digits_of,
    evaluation_of,
    one_cell,
    size_notes,
    unit_sets,
)
from metareview.report.views.common import Names, Results, Tables, arrange, computed, mark_best
from metareview.report.views.format import column_decimals
from metareview.schema.review import LeaderboardSpec, ReviewSpec
from metareview.stats.benchmark.scores import ExperimentValue, Score, ScoreTable, experiment_values, score_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["dataset_performance", "heatmap", "leaderboard", "leaderboards"]

_NOTHING = "no result of level cell is recorded (one method on one data set)"
#: Metrics, data sets and methods that a figure has room for; the others are counted in a note.
METRICS, COLUMNS, METHODS, GRIDS = 6, 8, 16, 3
#: From here on digits before the point say more than those behind it.
LARGE = 1000


def _values(tables: Tables, spec: ReviewSpec, *, repeats: bool = False) -> tuple[ScoreTable, list[ExperimentValue]]:
    """Return one value per experiment and metric: its aggregate, or the mean of its units."""
    table = score_table(tables, spec.vocabulary(), levels=("cell",), nested=spec.nested_units, repeats=repeats)
    return table, [value for value in experiment_values(table.rows) if value.score.dataset_id]


def _value_column(values: Iterable[ExperimentValue], most: int) -> Column:
    """Return the column of scores; fixed decimals align unless values with a unit (lengths, times) are among them."""
    numbers = [value.value for value in values]
    help_ = "with its interval where the source states one"
    if max(map(abs, numbers), default=0) >= LARGE:
        return Column("value", "Value", "number", help=help_)
    return Column("value", "Value", "score", column_decimals(numbers, least=2, most=most), help=help_)


def _key(value: ExperimentValue) -> tuple[str, str]:
    return value.score.metric, value.score.convention


def _method(score: Score) -> str:
    return f"{score.method} ({score.setting})" if score.setting else score.method


def leaderboards(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return every board with at least two methods, best first; ties share the rank.

    Ablations and runs that are printed again stand below, without a rank.
    """
    names = Names.of(tables, spec)
    table, values = _values(tables, spec, repeats=True)
    runs = Runs.of(values)
    every = boards_of(values, spec)
    boards = {board: entries for board, entries in every.items() if len(_methods(entries, runs)) > 1}
    order = {metric: position for position, metric in enumerate(spec.metrics_in_use)}
    keys = sorted(
        boards, key=lambda b: (str(names.dataset(b.dataset)).casefold(), order.get(b.metric, len(order)), b.metric)
    )
    columns: tuple[Column, ...] = (
        Column("board", "Board"),
        Column("dataset", "Data set"),
        Column("target", "Target"),
        Column("split", "Split"),
        Column("metric", "Metric"),
        Column("rank", "Rank", "count"),
        Column("method", "Method"),
        Column("setting", "Setting"),
        Column("standing", "Standing", help="why a row takes no place: an ablation, or a run printed again"),
        Column("study", "Study"),
        Column("category", "Category"),
        Column("value", "Value", "number", help="with its interval where the source states one"),
        Column("n", "n", "count", help="units the value is over, as stated or averaged here"),
        Column("origin", "Origin", help="reported by the study, or re-reported by another document"),
    )
    body = [line for board in keys for line in _board_lines(board, boards[board], names, runs)]
    alone = sum(len(entries) for entries in every.values()) - len(body)
    unranked = [runs.standing(entry) for board in keys for entry in boards[board]]
    columns, body = _without_standing(columns, body, unranked)
    boards_shown = "1 board" if len(keys) == 1 else f"{len(keys)} boards"
    kept = f"{boards_shown}: values of one data set, target, split, evaluation, metric and scoring rule."
    left = f"Values without another method beside them are left to the table of results: {alone}."
    notes = [f"{kept} {left}"] if values else []
    return arrange(
        "leaderboards", "Leaderboards", "Methods ranked per data set and metric.", columns, body, results=[table],
        notes=[*notes, *_unranked(unranked), *names.legend(board.metric for board in keys)], group="board",
        nothing=_NOTHING if not values else "no data set has two methods on one metric",
        keep=("dataset", "target", "metric", "rank", "method", "setting", "study", "value"),
        machine=("dataset", "target", "split", "metric"),
    )  # fmt: skip


def _methods(entries: Iterable[ExperimentValue], runs: Runs) -> set[tuple[str, str, str]]:
    ranked = (entry.score for entry in entries if not runs.standing(entry))
    return {(score.study_id, score.method, score.setting) for score in ranked}


def _unranked(standings: Iterable[str]) -> list[str]:
    """Return the note on rows without a rank; none where every row has one."""
    kinds = Counter(standing.partition(" ")[0] for standing in standings if standing)
    if not kinds:
        return []
    return [f"Listed without a rank or mark: {kinds['ablation']} rows of ablations, {kinds['repeats']} rows that print "
            "a run again."]  # fmt: skip


def _without_standing(
    columns: tuple[Column, ...], body: list[list[Cell]], standings: Iterable[str]
) -> tuple[tuple[Column, ...], list[list[Cell]]]:
    """Leave the column out where it has nothing to say."""
    if any(standings):
        return columns, body
    keep = [at for at, column in enumerate(columns) if column.key != "standing"]
    return tuple(columns[at] for at in keep), [[line[at] for at in keep] for line in body]


def _board_lines(board: Board, entries: list[ExperimentValue], names: Names, runs: Runs) -> list[list[Cell]]:
    arrow = names.arrow(board.metric)
    sign = -1 if arrow == "↑" else 1
    ordered = sorted(entries, key=lambda entry: sign * entry.value) if arrow else entries
    ranked = [entry for entry in ordered if not runs.standing(entry)]
    others = [entry for entry in ordered if runs.standing(entry)]
    digits = digits_of(entries)
    marked = mark_best([replace(cell_of(entry), decimals=digits) for entry in ranked], arrow, digits)
    cells = [*marked, *(replace(cell_of(entry), decimals=digits) for entry in others)]
    metric = f"{names.metric(board.metric, board.convention)} {arrow}".strip()
    where = (str(names.dataset(board.dataset)), board.target, board.split, board.evaluation, board.basis, metric)
    title = " · ".join(part for part in where if part)
    lines = []
    for entry, cell in zip([*ranked, *others], cells, strict=True):
        score, standing = entry.score, runs.standing(entry)
        better = sum(sign * other.value < sign * entry.value for other in ranked)
        n = Cell(score.n) if len(entry.scores) == 1 else computed(Cell(len(entry.scores)))
        lines.append([
            Cell(title), Cell(names.dataset(board.dataset)), Cell(board.target or None), Cell(board.split or None),
            Cell(metric), computed(Cell(better + 1 if arrow and not standing else None)), Cell(score.method),
            Cell(score.setting or None), Cell(standing or None), Cell(names.study(score.study_id)),
            Cell(score.category or None), cell, n, Cell(score.origin),
        ])  # fmt: skip
    return lines


def leaderboard(tables: Tables, results: Results, spec: ReviewSpec, board_id: str) -> View:
    """Return one table of ``review.yaml``: methods by data sets and metrics.

    Raises
    ------
    KeyError
        If the review has no leaderboard of that id; the registry offers only those it has.
    """
    board = {board.id: board for board in spec.leaderboards}[board_id]
    names = Names.of(tables, spec)
    here = {**tables, "results": _of_board(tables, board)}
    table = score_table(
        here, spec.vocabulary(), levels=("cell",), corpus=board.source_id, metrics=board.metrics,
        nested=spec.nested_units, repeats=True,
    )  # fmt: skip
    wanted = experiment_values(table.rows)
    keys = _wide_keys(board, wanted)
    rows = _wide_rows(wanted, spec)
    standings = _standings(rows, Runs.of(wanted))
    scores = [_wide_column(key, rows, names) for key in keys]
    cells = [_wide_cells(key, column, rows, standings, names) for key, column in zip(keys, scores, strict=True)]
    body = [
        [Cell(who.evaluation or None), Cell(who.method), Cell(who.setting or None), Cell(standings[who] or None),
         Cell(who.target or None), Cell(names.study(who.study)), *(column[at] for column in cells)]
        for at, who in enumerate(rows)
    ]  # fmt: skip
    columns: tuple[Column, ...] = (
        Column("evaluation", "Evaluation"),
        Column("method", "Method"),
        Column("setting", "Setting"),
        Column("standing", "Standing", help="why a row is not compared: an ablation, or a run printed again"),
        Column("target", "Target"),
        Column("study", "Study"),
        *scores,
    )
    columns, body = _without_standing(columns, body, standings.values())
    several = any(who.evaluation for who in rows)
    if not several:
        columns, body = columns[1:], [line[1:] for line in body]
    where = f"printed in {names.corpus(board.source_id)}" if board.source_id else "of any document"
    caption = f"best and second best of each column{' and evaluation' if several else ''} marked"
    return arrange(
        f"leaderboard-{board.id}", board.title, f"Methods by data sets; {caption}.",
        columns, body, results=[table],
        notes=[f"Results {where}, in the order of the document.", *_unranked(standings.values()),
               *size_notes(keys, scores, rows), *names.legend(board.metrics)],
        nothing=f"no result {where} is of these data sets and metrics", group="evaluation" if several else "",
    )  # fmt: skip


def _of_board(tables: Tables, board: LeaderboardSpec) -> pd.DataFrame:
    """Return the results on the data sets (and of the studies) of a board, so that its footer counts no others."""
    experiments = tables["experiments"]
    here = experiments["dataset_id"].isin(board.datasets)
    if board.studies:
        here &= experiments["study_id"].isin(board.studies)
    return tables["results"][tables["results"]["experiment_id"].isin(experiments.loc[here, "experiment_id"])]


Key = tuple[str, str, str]


class Who(NamedTuple):
    """A row of a wide leaderboard."""

    evaluation: str
    study: str
    method: str
    setting: str
    target: str


Rows = dict[Who, dict[Key, list[ExperimentValue]]]


def _wide_keys(board: LeaderboardSpec, values: Iterable[ExperimentValue]) -> list[Key]:
    there = {(v.score.dataset_id, v.score.metric, v.score.convention) for v in values}
    rules = sorted({key[2] for key in there}, key=lambda rule: (rule != "unstated", rule))
    every = ((d, m, rule) for d in board.datasets for m in board.metrics for rule in rules)
    return [key for key in every if key in there]


def _wide_rows(values: Iterable[ExperimentValue], spec: ReviewSpec) -> Rows:
    """Return the rows in the order of the document, evaluation by evaluation."""
    rows: Rows = {}
    for value in values:
        score = value.score
        who = Who(evaluation_of(score, spec), score.study_id, score.method, score.setting, score.target)
        row = rows.setdefault(who, {})
        row.setdefault((score.dataset_id, score.metric, score.convention), []).append(value)
    order = dict.fromkeys(who.evaluation for who in rows)
    return {who: row for evaluation in order for who, row in rows.items() if who.evaluation == evaluation}


def _standings(rows: Rows, runs: Runs) -> dict[Who, str]:
    """Return why rows take no place, empty for those that do: a row does where one of its values does."""
    found = {}
    for who, row in rows.items():
        told = list(dict.fromkeys(runs.standing(value) for values in row.values() for value in values))
        found[who] = "" if "" in told else "; ".join(told)
    return found


def _wide_cells(key: Key, column: Column, rows: Rows, standings: dict[Who, str], names: Names) -> list[Cell]:
    """Return the cells of a column with the best of each evaluation marked, where all are over the same units."""
    cells = {who: one_cell(row.get(key, [])) for who, row in rows.items()}
    alike = len(unit_sets([value for row in rows.values() for value in row.get(key, [])])) < 2
    for evaluation in dict.fromkeys(who.evaluation for who in rows) if alike else ():
        ranked = [who for who in rows if who.evaluation == evaluation and not standings[who]]
        marked = mark_best([cells[who] for who in ranked], names.arrow(key[1]), column.decimals or 3)
        cells |= dict(zip(ranked, marked, strict=True))
    return list(cells.values())


def _wide_column(key: Key, rows: Rows, names: Names) -> Column:
    dataset, metric, rule = key
    digits = digits_of(value for row in rows.values() for value in row.get(key, []))
    name = metric if rule == "unstated" else f"{metric}:{rule}"
    return Column(
        f"{dataset}.{name}", str(names.metric(metric, rule)), "score", digits,
        group=str(names.dataset(dataset)), arrow=names.arrow(metric), help=names.about(metric),
    )  # fmt: skip


def _common_metrics(values: list[ExperimentValue], spec: ReviewSpec) -> list[tuple[str, str]]:
    """Return the metrics a figure shows: those in use, or the most frequent ones."""
    count = Counter(_key(value) for value in values)
    order = {metric: position for position, metric in enumerate(spec.metrics_in_use)}
    keys = [key for key in count if not order or key[0] in order]
    keys.sort(key=lambda key: (order.get(key[0], 0), -count[key], key))
    return sorted(keys, key=lambda key: -count[key])[:METRICS] if len(keys) > METRICS else keys


def dataset_performance(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per experiment and metric: data set, method, category, value."""
    names = Names.of(tables, spec)
    table, values = _values(tables, spec)
    metrics = _common_metrics(values, spec)
    chosen = [v for v in values if _key(v) in metrics]
    digits = {key: digits_of(v for v in chosen if _key(v) == key) for key in metrics}
    chosen.sort(key=lambda v: (metrics.index(_key(v)), str(names.dataset(v.score.dataset_id))))
    columns = (
        Column("metric", "Metric"),
        Column("dataset", "Data set"),
        Column("target", "Target"),
        Column("method", "Method"),
        Column("study", "Study"),
        Column("category", "Category"),
        Column("value", "Value", "number", help="with its interval where the source states one"),
    )
    body = [
        [Cell(names.metric(v.score.metric, v.score.convention)), Cell(names.dataset(v.score.dataset_id)),
         Cell(v.score.target or None), Cell(_method(v.score)), Cell(names.study(v.score.study_id)),
         Cell(v.score.category or "not stated"), replace(cell_of(v), decimals=digits[_key(v)])]
        for v in chosen
    ]  # fmt: skip
    sets = len({v.score.dataset_id for v in chosen})
    left = len(values) - len(chosen)
    labels = ", ".join(str(names.metric(*key)) for key in metrics)
    return arrange(
        "dataset-performance", "Performance by data set", "One value per experiment, by data set and metric.",
        columns, body, results=[table], group="metric", nothing=_NOTHING,
        notes=[f"{len(chosen)} values of {labels}; {left} values of other metrics stand in the table of results."]
        if chosen else [],
        keep=("dataset", "metric", "method", "category", "value"),
        alt=f"Dots of {len(chosen)} values of {labels} on {sets} data sets, by category of method.",
    )  # fmt: skip


def heatmap(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return methods by data sets for the metrics in use; a pair without a value is a missing cell."""
    names = Names.of(tables, spec)
    table, values = _values(tables, spec)
    metrics = _common_metrics(values, spec)
    cells: Cells = {}
    for value in values:
        if (key := _key(value)) in metrics:
            column = (str(names.metric(*key)), _dataset(value.score, names))
            cells.setdefault(column, {}).setdefault(_row(value.score, names), []).append(value)
    grids = _grids(cells)
    chosen = [v for grid in grids for column in grid.columns for entries in cells[column].values() for v in entries]
    columns = (
        Column("metric", "Metric"),
        Column("dataset", "Data set"),
        Column("method", "Method"),
        _value_column(chosen, 3),
    )
    body = [
        [Cell(metric), Cell(dataset), Cell(method), one_cell(cells[metric, dataset].get(method, []))]
        for grid in grids
        for metric, dataset in grid.columns
        for method in grid.methods
    ]
    there = sum(line[3].value is not None for line in body)
    shown = sum(len(grid.columns) for grid in grids)
    chosen_by = (
        f"Of the {GRIDS} metrics with most values, the {COLUMNS} data sets with most methods and the {METHODS} methods "
        f"on most of them are shown; {len(cells) - shown} of {len(cells)} pairs of data set and metric are left to the "
        "table of results."
    )
    notes = [f"{there} of {len(body)} cells have a value.", chosen_by] if body else []
    return arrange(
        "heatmap", "Methods by data sets", "Value of each method on each data set; – where none is recorded.",
        columns, body, results=[table], notes=notes, group="metric",
        nothing=_NOTHING if not values else "no data set has two methods on one metric",
        keep=("method", "dataset", "metric", "value"),
        alt=f"Matrices of methods by data sets for {', '.join(grid.columns[0][0] for grid in grids)}; {there} of "
            f"{len(body)} cells have a value, the others are shown as missing.",
    )  # fmt: skip


Cells = dict[tuple[str, str], dict[str, list[ExperimentValue]]]


@dataclass(frozen=True, slots=True)
class _Grid:
    """What is shown of one metric: its columns (metric and data set), and the methods."""

    columns: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]


def _grids(cells: Cells) -> list[_Grid]:
    """Choose the metrics with most values, their data sets with most methods, and the methods with most of those."""
    grids = []
    for metric in dict.fromkeys(metric for metric, _ in cells):
        several = [column for column in cells if column[0] == metric and len(cells[column]) > 1]
        columns = sorted(several, key=lambda column: -len(cells[column]))[:COLUMNS]
        count = Counter(method for column in columns for method in cells[column])
        if columns:
            grids.append(_Grid(tuple(columns), tuple(method for method, _ in count.most_common(METHODS))))
    fullest = sorted(grids, key=lambda grid: -sum(len(cells[column]) for column in grid.columns))[:GRIDS]
    return [grid for grid in grids if grid in fullest]


def _dataset(score: Score, names: Names) -> str:
    return " · ".join(part for part in (str(names.dataset(score.dataset_id)), score.target) if part)


def _row(score: Score, names: Names) -> str:
    return f"{_method(score)}, {names.study(score.study_id)}"
