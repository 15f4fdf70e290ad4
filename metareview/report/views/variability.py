"""Views across data sets: generalisation, variability, and correlation between metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import (
    Names,
    Results,
    Row,
    Tables,
    arrange,
    computed,
    printed_cell,
    records,
    refs_of,
    result_of,
    text,
)
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
        Column("source", "Source"),
        Column("n_multi", "On several data sets", "count"),
        Column("n", "Of", "count"),
        Column("share", "Share", "percent", help="with Wilson interval"),
    )
    body: list[list[Cell]] = []
    for row in found.rows if found else ():
        if row.corpus == spec.primary_corpus or (spec.primary_corpus is None and not body):
            body += _printed_shares(tables, row.unit, names.corpus(row.corpus))
        if row.n:
            refs = tuple(r for m in (found.methods_datasets if found else ()) if m.corpus == row.corpus for r in m.refs)
            body.append([
                Cell(names.corpus(row.corpus)), Cell(row.unit), Cell("recorded here"), Cell(row.n_multi, refs),
                Cell(row.n, refs), computed(Cell(row.share, refs, row.ci_low, row.ci_high, note=row.reason)),
            ])  # fmt: skip
    return arrange(
        "generalisation-shares", "Evaluation on more than one data set",
        "How many experiments, methods and studies used more than one data set, by body of studies.",
        columns, body, results=[found], group="corpus", nothing="no experiments are recorded",
    )  # fmt: skip


#: What the subject of a printed share or count of units on several data sets says after the unit.
_SEVERAL = "on more than one data set"


def _printed_shares(tables: Tables, unit: str, corpus: str) -> list[list[Cell]]:
    """Return the printed share of one unit of counting: statements of the subject ``<unit> on more than one data set``.

    Every share, with the count that stands behind it, is one line; one printed in several places stands once.
    """
    rows = [row for row in records(tables, "statements") if text(row.get("subject")) == f"{unit} {_SEVERAL}"]
    shares: dict[float, list[Row]] = {}
    for row in rows:
        if row["statistic"] == "share" and row.get("value") is not None:
            shares.setdefault(float(row["value"]), []).append(row)
    counts = [row for row in rows if row["statistic"] == "count" and row.get("value") is not None]
    lines = []
    for same in shares.values():
        of = [row for row in same if row.get("n") is not None]
        k = [row for row in counts if of and row.get("n") == of[0]["n"]]
        n = Cell(int(of[0]["n"]), refs_of(of)) if of else Cell()
        multi = Cell(int(k[0]["value"]), refs_of(k)) if k else Cell()
        share = replace(printed_cell(same), mark="contradicted" if len(shares) > 1 else "")
        lines.append([Cell(corpus), Cell(unit), Cell("printed"), multi, n, share])
    return lines


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
    body += [_mean_cv(mean, names, found) for mean in means.values()]
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
        Cell(None if row.get("n") is None else int(row["n"]), refs_of([row]) if row.get("n") is not None else ()),
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
        *(
            computed(cell)
            for cell in (
                Cell(row.mean, row.refs),
                Cell(row.sd, row.refs),
                Cell(row.cv, row.refs, row.ci_low, row.ci_high, note=row.reason),
                Cell(row.cv_corrected, row.refs),
            )
        ),
    ]


def _mean_cv(mean: MeanCv, names: Names, found: VariabilityResult | None) -> list[Cell]:
    rows = found.rows if found else ()
    own = (row for row in rows if (row.metric, row.convention) == (mean.metric, mean.convention))
    refs = tuple(ref for row in own for ref in row.refs)
    methods = "1 method" if mean.n_methods == 1 else f"{mean.n_methods} methods and settings"
    return [
        Cell(names.metric(mean.metric, mean.convention)),
        Cell("recomputed: mean CV"),
        Cell(f"mean over {methods}"),
        *(Cell() for _ in range(6)),
        computed(Cell(mean.mean_cv, refs, mean.ci_low, mean.ci_high, note=mean.reason)),
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
        Column("printed", "Printed r", "score", help="as a document prints it; which coefficient is not said"),
        Column("p", "p", "p", help="of Pearson r"),
        Column("rho", "Spearman ρ", "score", 2, help="with 95% interval"),
    )
    printed = _printed_correlations(tables, names)
    body = [_pair(pair, rows, printed.pop(frozenset(pair), [])) for pair, rows in together.items()]
    body += [_pair(_sides(rows[0], names), {}, rows) for rows in printed.values()]
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


def _sides(row: Row, names: Names) -> tuple[str, str]:
    """Return the two sides of a subject ``a vs b``, as they are printed; metrics by their names in use."""
    sides = [side.strip() for side in text(row.get("subject")).split(" vs ")]
    found = [names.vocabulary.find(side.casefold()) for side in sides]
    named = [str(names.metric(metric.key)) if metric else side for metric, side in zip(found, sides, strict=True)]
    return (named[0], named[1]) if len(named) == 2 else (text(row.get("subject")), "")


def _printed_correlations(tables: Tables, names: Names) -> dict[frozenset[str], list[Row]]:
    """Return printed coefficients by the two things they relate; those of families of metrics are no pair on record."""
    found: dict[frozenset[str], list[Row]] = {}
    for row in records(tables, "statements"):
        if row["topic"] == "correlation" and row.get("value") is not None:
            found.setdefault(frozenset(_sides(row, names)), []).append(row)
    return found


def _pair(pair: tuple[str, str], rows: dict[str, CorrelationRow], printed: Sequence[Row]) -> list[Cell]:
    pearson, spearman = rows.get("pearson"), rows.get("spearman")
    first = pearson or spearman
    return [
        Cell(pair[0]),
        Cell(pair[1]),
        Cell(first.n, first.refs) if first else Cell(),
        Cell(first.n_studies, first.refs) if first else Cell(),
        _coefficient(pearson),
        printed_cell(printed),
        computed(Cell(pearson.p, pearson.refs)) if pearson else Cell(),
        _coefficient(spearman),
    ]


def _coefficient(row: CorrelationRow | None) -> Cell:
    return (
        Cell()
        if row is None
        else computed(Cell(row.r, row.refs, row.ci_low, row.ci_high, note=row.reason if row.r is None else ""))
    )
