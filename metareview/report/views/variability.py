"""Views across data sets: generalisation, variability, and correlation between metrics."""

from __future__ import annotations

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import Names, Results, Row, Tables, arrange, printed_cell, records, result_of, text
from metareview.report.views.format import display
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.correlations import CorrelationRow, CorrelationsResult
from metareview.stats.benchmark.generalisation import GeneralisationResult
from metareview.stats.benchmark.variability import MeanCv, VariabilityResult, VariabilityRow

__all__ = ["correlations", "generalisation", "generalisation_shares", "variability"]

_CV_STATISTICS = ("cv", "mean_cv")


def generalisation(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the methods that were evaluated on more than one data set, with the data sets."""
    names = Names.of(tables, spec)
    found: GeneralisationResult | None = result_of(results, "generalisation", GeneralisationResult)
    everything = found.methods_datasets if found else ()
    several = [row for row in everything if row.k > 1]
    columns = (
        Column("corpus", "Studies"),
        Column("method", "Method"),
        Column("study", "Study"),
        Column("category", "Category"),
        Column("k", "Data sets", "count"),
        Column("datasets", "Which"),
        Column("n_experiments", "Experiments", "count"),
    )
    body = [
        [Cell(names.corpus(row.corpus)), Cell(row.method), Cell(names.study(row.study_id)), Cell(row.category or None),
         Cell(row.k, row.refs), Cell(names.dataset_list(row.datasets)), Cell(row.n_experiments, row.refs)]
        for row in several
    ]  # fmt: skip
    notes = [f"{len(several)} of {len(everything)} methods ran on more than one known data set; the others are counted "
             "in the table of shares."] if everything else []  # fmt: skip
    return arrange(
        "generalisation", "Methods on more than one data set", "Methods by the number of data sets they ran on.",
        columns, body, results=[found], notes=notes, group="corpus",
        nothing="no method is recorded on more than one known data set",
    )  # fmt: skip


def generalisation_shares(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the share of experiments, methods and studies with more than one data set."""
    names = Names.of(tables, spec)
    found: GeneralisationResult | None = result_of(results, "generalisation", GeneralisationResult)
    columns = (
        Column("corpus", "Studies"),
        Column("unit", "Share of"),
        Column("n_multi", "On several data sets", "count"),
        Column("n", "Of", "count"),
        Column("share", "Share", "percent", help="with Wilson interval"),
    )
    body = [
        [Cell(names.corpus(row.corpus)), Cell(row.unit), Cell(row.n_multi), Cell(row.n),
         Cell(row.share, (), row.ci_low, row.ci_high, note=row.reason)]
        for row in (found.rows if found else ())
        if row.n
    ]  # fmt: skip
    return arrange(
        "generalisation-shares", "Evaluation on more than one data set",
        "How many experiments, methods and studies used more than one data set, by body of studies.",
        columns, body, results=[found], group="corpus", nothing="no experiments are recorded",
    )  # fmt: skip


def variability(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the coefficient of variation of every method over data sets, printed ones first."""
    names = Names.of(tables, spec)
    found: VariabilityResult | None = result_of(results, "variability", VariabilityResult)
    columns = (
        Column("metric", "Metric"),
        Column("source", "Source"),
        Column("method", "Method"),
        Column("study", "Study"),
        Column("target", "Target"),
        Column("k", "k", "count", help="data sets"),
        Column("datasets", "Data sets"),
        Column("mean", "Mean", "score"),
        Column("sd", "SD", "score"),
        Column("cv", "CV", "score", help="SD (k − 1) / mean, with 95% interval"),
        Column("cv_corrected", "CV corrected", "score", help="times 1 + 1/(4k)"),
    )
    body = [_printed_cv(rows, names) for rows in _printed_groups(tables)]
    means = {(mean.metric, mean.convention): mean for mean in (found.means if found else ())}
    body += [_cv(row, names) for row in (found.rows if found else ())]
    body += [_mean_cv(mean, names) for mean in means.values()]
    order = list(dict.fromkeys(text(line[0].value) for line in body))
    body.sort(key=lambda line: order.index(text(line[0].value)))
    notes = [f"Results printed in {names.corpus(found.corpus)}."] if found and found.corpus else []
    return arrange(
        "variability", "Variability over data sets", "Coefficient of variation of each method's scores over data sets.",
        columns, body, results=[found], notes=notes, group="metric",
        nothing="no method has values of one metric on two data sets",
        keep=("source", "method", "k", "mean", "cv"),
    )  # fmt: skip


def _printed_groups(tables: Tables) -> list[list[Row]]:
    """Return printed coefficients; one that is printed in several places is one group."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in records(tables, "statements"):
        if row["topic"] == "variability" and row["statistic"] in _CV_STATISTICS and row.get("value") is not None:
            about = text(row.get("study_id")) or text(row.get("subject"))
            groups.setdefault((text(row.get("metric")), row["statistic"], about), []).append(row)
    return list(groups.values())


def _printed_cv(rows: list[Row], names: Names) -> list[Cell]:
    row = rows[0]
    return [
        Cell(names.metric(row.get("metric")) or "no metric stated"),
        Cell("printed: mean CV" if row["statistic"] == "mean_cv" else "printed"),
        Cell(text(row.get("subject")) or None),
        Cell(names.study(row.get("study_id"))),
        Cell(),
        Cell(None if row.get("n") is None else int(row["n"])),
        Cell(),
        Cell(),
        Cell(),
        printed_cell(rows),
        Cell(),
    ]


def _cv(row: VariabilityRow, names: Names) -> list[Cell]:
    method = f"{row.method} ({row.setting})" if row.setting else row.method
    return [
        Cell(names.metric(row.metric, row.convention)),
        Cell("recomputed"),
        Cell(method),
        Cell(names.study(row.study_id)),
        Cell(row.target or None),
        Cell(row.k, row.refs),
        Cell(names.dataset_list(row.datasets)),
        Cell(row.mean, row.refs),
        Cell(row.sd, row.refs),
        Cell(row.cv, row.refs, row.ci_low, row.ci_high, note=row.reason),
        Cell(row.cv_corrected, row.refs),
    ]


def _mean_cv(mean: MeanCv, names: Names) -> list[Cell]:
    methods = "1 method" if mean.n_methods == 1 else f"{mean.n_methods} methods"
    return [
        Cell(names.metric(mean.metric, mean.convention)),
        Cell("recomputed: mean CV"),
        Cell(f"mean over {methods}"),
        *(Cell() for _ in range(6)),
        Cell(mean.mean_cv, (), mean.ci_low, mean.ci_high, note=mean.reason),
        Cell(),
    ]


def correlations(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the correlation of every pair of metrics that some experiments report together."""
    names = Names.of(tables, spec)
    found: CorrelationsResult | None = result_of(results, "correlations", CorrelationsResult)
    pairs: dict[tuple[str, str], dict[str, CorrelationRow]] = {}
    for row in found.rows if found else ():
        pair = (str(names.metric(row.metric_a, row.convention_a)), str(names.metric(row.metric_b, row.convention_b)))
        pairs.setdefault(pair, {})[row.coefficient] = row
    together = {pair: rows for pair, rows in pairs.items() if any(row.n for row in rows.values())}
    columns = (
        Column("metric_a", "Metric"),
        Column("metric_b", "With"),
        Column("n", "n", "count", help="experiments that report both"),
        Column("n_studies", "Studies", "count"),
        Column("r", "Pearson r", "score", 2, help="with 95% interval"),
        Column("p", "p", "p", help="of Pearson r"),
        Column("rho", "Spearman ρ", "score", 2, help="with 95% interval"),
    )
    body = [_pair(pair, rows) for pair, rows in together.items()]
    corpus = names.corpus(found.corpus) if found and found.corpus else "any document"
    notes = [f"Results printed in {corpus}. {len(pairs) - len(together)} of {len(pairs)} pairs of metrics are reported "
             "together by no experiment and are not shown."] if pairs else []  # fmt: skip
    shown = [f"{a} and {b} {display(rows['pearson'].r, columns[4])} (n = {rows['pearson'].n})"
             for (a, b), rows in together.items() if "pearson" in rows and rows["pearson"].r is not None]  # fmt: skip
    return arrange(
        "correlations", "Correlation between metrics", "Over the experiments that report both metrics of a pair.",
        columns, body, results=[found], notes=notes, nothing="no experiment reports two metrics",
        keep=("metric_a", "metric_b", "r", "n"),
        alt=f"Matrix of Pearson correlations between metrics: {'; '.join(shown[:12]) or 'none could be computed'}.",
    )  # fmt: skip


def _pair(pair: tuple[str, str], rows: dict[str, CorrelationRow]) -> list[Cell]:
    pearson, spearman = rows.get("pearson"), rows.get("spearman")
    first = pearson or spearman
    return [
        Cell(pair[0]),
        Cell(pair[1]),
        Cell(first.n if first else 0, first.refs if first else ()),
        Cell(first.n_studies if first else 0),
        _coefficient(pearson),
        Cell(pearson.p if pearson else None, pearson.refs if pearson else ()),
        _coefficient(spearman),
    ]


def _coefficient(row: CorrelationRow | None) -> Cell:
    return (
        Cell()
        if row is None
        else Cell(row.r, row.refs, row.ci_low, row.ci_high, note=row.reason if row.r is None else "")
    )
