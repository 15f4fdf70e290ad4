"""Views of a declared ranking: the order with bounds and intervals, pairs, tests, and what figures are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import Names, Results, Tables, arrange, result_of
from metareview.schema.ranking import RankingSpec
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.ranking.result import ColumnPlaces, MethodRank, Ranking
from metareview.stats.benchmark.ranking.significance import PairTest

__all__ = ["pairs", "places", "ranking", "shares", "tests"]

_UNITS = {"dataset": "data sets", "study": "studies", "unit": "units", "none": "nothing"}


_PAIRED = "What two methods share: units of replication where every cell has the same ones, else columns."
_ONE_SIDED = ("p and p (Holm) are two-sided, over all pairs; p better and p worse are one-sided and adjusted over all "
              "ordered pairs, so they need not agree with p (Holm).")  # fmt: skip


def _upper(text: str) -> str:
    """Begin with a capital and leave names within as they are."""
    return text[:1].upper() + text[1:]


def _declared(spec: ReviewSpec, key: str) -> RankingSpec:
    return next(declared for declared in spec.rankings if declared.id == key)


def _found(results: Results, key: str) -> Ranking | None:
    found: Ranking | None = result_of(results, f"ranking-{key}", Ranking)
    return found


def _nothing(found: Ranking | None) -> str:
    if found is None:
        return "the ranking was not computed"
    return found.warnings[0] if found.warnings else "nothing is ranked"


def _with_meta(view: View, found: Ranking | None, spec: ReviewSpec, key: str) -> View:
    meta = {"about": _declared(spec, key).title}
    if found is not None:
        gaps = found.coverage.filled < found.coverage.possible
        some = found.used < found.n_boot
        meta |= {"level": f"{found.level:.0%}", "unit": _UNITS.get(found.unit, found.unit), "rule": found.rule_title,
                 "n_boot": str(found.used), "some": "yes" if some else "", "gaps": "yes" if gaps else "",
                 "parts": str(len(found.coverage.components))}  # fmt: skip
    return replace(view, meta={**view.meta, **meta})


def _span(low: int | None, high: int | None, note: str = "") -> Cell:
    """Return an interval of whole ranks."""
    if low is None or high is None:
        return Cell()
    return Cell(low=low, high=high, mark="derived", note=note)


def ranking(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return the methods by rank, with rank bounds, intervals and the probability of being best."""
    declared, found = _declared(spec, key), _found(results, key)
    ranked = found.ranked if found else ()
    level = f"{declared.level:.0%}"
    columns = [
        Column("rank", "Rank", "text", help="1 is best; = where others share it"),
        Column("method", "Method"), Column("category", "Category"),
        Column("score", _upper(found.rule_title) if found and found.rule_title else "Score", "number",
               help=found.rule_title if found else ""),
        Column("bounds", "Possible ranks", "interval", 0,
               help="best and worst rank over all fillings of missing cells within the ranges of their metrics"),
        Column("interval", f"{level} interval", "interval", 0, help="percentile interval of bootstrap ranks"),
        Column("joint", "All at once", "interval", 0, help="rank intervals that hold for all methods together"),
        Column("best", "P(best)", "percent", help="share of replicates in which it is best"),
        Column("cells", "Cells", "count", help="values it has"),
        Column("columns", "Of", "count", help="columns there are"), Column("studies", "Studies", "count"),
        Column("place", "Place", "number", 1, help="rank as a number; ties share the mean"),
    ]  # fmt: skip
    notes = [
        *declared.notes,
        *(
            [
                f"Coverage: {found.coverage}.",
                *(f"{note}." for note in found.coverage.redundant),
                *([f"Bounds: {found.bounds_note}."] if found.ranked else []),
            ]
            if found
            else []
        ),
    ]
    notes += _boot_note(found)
    view = arrange(
        f"ranking-{key}", declared.title, f"{declared.title}: the order, and how far it can be trusted.", columns,
        [_row(entry) for entry in ranked], results=[found], notes=notes, nothing=_nothing(found),
        keep=("rank", "method", "bounds", "place"), machine=("place",),
        alt=_alt(found),
    )  # fmt: skip
    return _with_meta(view, found, spec, key)


def _boot_note(found: Ranking | None) -> list[str]:
    if found is None or not found.used:
        return []
    of = f"{found.used:,} of " if found.used < found.n_boot else ""
    return [f"Intervals: {of}{found.n_boot:,} bootstrap replicates over {found.clusters} {_UNITS[found.unit]}, seed "
            f"{found.seed}."]  # fmt: skip


def _row(entry: MethodRank) -> list[Cell]:
    sure = entry.low_exact and entry.high_exact
    return [
        Cell(None if entry.rank is None else f"{entry.rank}{'=' if entry.tied else ''}", entry.refs, mark="derived",
             note=entry.note),
        Cell(entry.method), Cell(entry.category), Cell(entry.score, entry.refs, mark="derived"),
        _span(entry.rank_low, entry.rank_high, "" if sure else "holds; whether a filling reaches both ends is open"),
        _span(entry.ci_low, entry.ci_high, f"{entry.replicates:,} replicates enter" if entry.ci_low else ""),
        _span(entry.sim_low, entry.sim_high), Cell(entry.p_best, mark="derived" if entry.p_best is not None else ""),
        Cell(entry.k), Cell(entry.possible), Cell(entry.studies or None), Cell(entry.mid_rank, mark="derived"),
    ]  # fmt: skip


def _alt(found: Ranking | None) -> str:
    if found is None or not found.ranked:
        return ""
    first = found.ranked[0]
    wide = sum(1 for e in found.ranked if (e.rank_low, e.rank_high) == (1, len(found.ranked)))
    parts = [f"Ranks of {len(found.ranked)} methods by {found.rule_title}; first is {first.method}."]
    if found.coverage.filled < found.coverage.possible:
        parts.append(f"{wide} could stand anywhere from first to last, depending on the missing cells.")
    return " ".join(parts)


def pairs(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return every pair of methods: columns won, tied and lost, probabilities, and p values where tests exist."""
    declared, found = _declared(spec, key), _found(results, key)
    tested = {(p.first, p.second): p for p in found.significance.pairs} if found else {}
    columns = [
        Column("first", "Better ranked"), Column("second", "Other"), Column("shared", "Shared", "count"),
        Column("wins", "Won", "count", group="Head to head"), Column("ties", "Tied", "count", group="Head to head"),
        Column("losses", "Lost", "count", group="Head to head"),
        Column("improvement", "P(better)", "percent",
               help="probability of improvement: share of what both have won, ties half"),
        Column("above", "P(above)", "percent", help="share of replicates in which the first scores higher"),
        Column("p", "p", "p", help="Wilcoxon signed-rank test, two-sided"),
        Column("p_holm", "p (Holm)", "p", help="adjusted over all pairs"),
        Column("p_better", "p better", "p", help="one-sided, first better; adjusted over all ordered pairs"),
        Column("p_worse", "p worse", "p", help="one-sided, second better; adjusted over all ordered pairs"),
    ]  # fmt: skip
    body = []
    for pair in found.pairs if found else ():
        test = tested.get((pair.first, pair.second))
        p = _p_cells(test)
        body.append([
            Cell(pair.first), Cell(pair.second), *(_derived(n) for n in (pair.columns, pair.wins, pair.ties,
            pair.losses, pair.improvement, pair.p_above)), *p,
        ])  # fmt: skip
    view = arrange(
        f"pairs-{key}", f"Head to head: {declared.title}", "Every pair of methods on what both have.",
        columns, body, nothing=_nothing(found) if found is None or not found.ranked else "there is one method",
        keep=("first", "second", "improvement", "p_better", "p_worse", "p_holm"),
        notes=[_PAIRED, *([_ONE_SIDED] if tested else []), *_tests_notes(found)],
        alt=f"Significance map of {len(found.ranked) if found else 0} methods.",
    )  # fmt: skip
    return _with_meta(view, found, spec, key)


def _p_cells(test: PairTest | None) -> list[Cell]:
    if test is None:
        return [Cell()] * 4
    return [_derived(value) for value in (test.p, test.p_holm, test.p_better, test.p_worse)]


def _derived(value: float | None) -> Cell:
    return Cell(value, mark="derived") if value is not None else Cell()


def _tests_notes(found: Ranking | None) -> list[str]:
    if found is None:
        return []
    tests_ = found.significance
    said = [f"Tests over {tests_.n} {tests_.blocks}: {'; '.join(tests_.methods)}."] if tests_.n else []
    return [*said, *(f"No tests: {text}." if not tests_.n else f"{text[:1].upper()}{text[1:]}."
                     for text in tests_.warnings)]  # fmt: skip


def tests(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return the omnibus tests, the critical difference and the mean ranks."""
    declared, found = _declared(spec, key), _found(results, key)
    test = found.significance if found else None
    columns = [Column("quantity", "Quantity"), Column("value", "Value", "number"), Column("df", "df", "text"),
               Column("p", "p", "p"), Column("key", "Key")]  # fmt: skip
    body: list[Sequence[Cell]] = []
    for omnibus in test.omnibus if test else ():
        df = f"{omnibus.df1:g}" if omnibus.df2 is None else f"{omnibus.df1:g}, {omnibus.df2:g}"
        body.append([Cell(f"{omnibus.name} test"), _derived(omnibus.statistic), Cell(df), _derived(omnibus.p),
                     Cell("omnibus")])  # fmt: skip
    if test and test.n:
        body.append([Cell(f"critical difference of mean ranks (Nemenyi, {test.alpha:g})"),
                     _derived(test.critical_difference), Cell(), Cell(), Cell("difference")])  # fmt: skip
        for name, value in sorted(
            zip(test.names, test.mean_ranks, strict=True), key=lambda entry: (entry[1], entry[0])
        ):
            body.append([Cell(name), _derived(value), Cell(), Cell(), Cell("mean-rank")])
    nothing = _nothing(found)
    if found is not None and found.ranked and test is not None:
        nothing = test.warnings[0] if test.warnings else "no tests were made"
    view = arrange(
        f"tests-{key}", f"Tests: {declared.title}", "Tests over blocks, and the mean rank of each method.", columns,
        body, nothing=nothing, notes=_tests_notes(found) if body else [], keep=("quantity", "value", "key"),
        machine=("key",),
        alt=f"Critical-difference diagram: mean ranks of {len(test.names) if test else 0} methods over "
            f"{test.n if test else 0} {test.blocks if test else ''}.",
    )  # fmt: skip
    return _with_meta(view, found, spec, key)


def places(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return one row per column and method: value and place there, missing where the cell is; then units, if any."""
    declared, found, names = _declared(spec, key), _found(results, key), Names.of(tables, spec)
    body: list[list[Cell]] = []
    kinds = (("column", found.columns), ("unit", found.blocks)) if found else ()
    for kind, at in [(kind, at) for kind, every in kinds for at in every]:
        metric, _, rule = at.rule.partition(":")
        dataset = "+".join(str(names.dataset(part)) for part in at.dataset.split("+")) if at.dataset else None
        unit = at.key.rpartition("|")[2] if kind == "unit" else None
        body += [
            [Cell(kind), Cell(at.key), Cell(dataset), Cell(names.metric(metric, rule or "unstated")), Cell(unit),
             Cell(_where(at) or None), Cell(entry.method), Cell(value, refs), _derived(place)]
            for entry, value, place, refs in zip(found.ranked if found else (), at.values, at.places, at.refs,
                                                 strict=True)
        ]  # fmt: skip
    columns = [Column("kind", "Kind"), Column("column", "Column"), Column("dataset", "Data set"),
               Column("metric", "Metric"), Column("unit", "Unit"), Column("where", "Target, split, evaluation"),
               Column("method", "Method"), Column("value", "Value", "number"),
               Column("place", "Place", "number", 1)]  # fmt: skip
    own = [row for row in body if row[0].value == "column"]
    filled = sum(row[7].value is not None for row in own)
    view = arrange(
        f"places-{key}", f"Places by column: {declared.title}", "Value and place of every method on every column.",
        columns, body, nothing=_nothing(found), keep=tuple(column.key for column in columns), machine=("column",),
        notes=[f"{filled} of {len(own)} cells have a value."] if body else [],
        alt=f"Methods by columns; {filled} of {len(own)} cells have a value, the others are shown as missing.",
    )  # fmt: skip
    return _with_meta(view, found, spec, key)


def _where(at: ColumnPlaces) -> str:
    """Return the parts of a column's key that are neither data set nor metric."""
    return ", ".join(part for part in at.key.split("|") if part not in (at.dataset, at.rule))


def shares(tables: Tables, results: Results, spec: ReviewSpec, key: str) -> View:
    """Return one row per method and rank: the share of bootstrap replicates in which the method has it."""
    declared, found = _declared(spec, key), _found(results, key)
    body = [
        [Cell(entry.method), Cell(rank), Cell(share, mark="derived")]
        for entry in (found.ranked if found else ())
        for rank, share in enumerate(entry.shares, 1)
        if share > 0
    ]
    columns = [Column("method", "Method"), Column("rank", "Rank", "count"), Column("share", "Share", "percent")]
    nothing = _nothing(found)
    if found is not None and found.ranked:
        nothing = next((text for text in found.warnings if text.startswith("no bootstrap")), "there is no bootstrap")
    view = arrange(
        f"shares-{key}", f"Ranks of the replicates: {declared.title}",
        "How often each method takes each rank when the data are drawn again.", columns, body, nothing=nothing,
        notes=_boot_note(found) if body else [],
        alt=f"Blobs of the ranks that {len(found.ranked) if found else 0} methods take in bootstrap replicates.",
    )  # fmt: skip
    return _with_meta(view, found, spec, key)
