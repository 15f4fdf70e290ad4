"""Views of rankings under every choice: curves, decisions, pairs, specifications, and the reporting penalty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import Names, Results, Tables, arrange, result_of
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.multiverse import Multiverse
from metareview.stats.benchmark.multiverse.penalty import ReportingPenalty
from metareview.stats.benchmark.multiverse.result import Decision, DecisionShare, Specification

__all__ = ["multiverse", "multiverse_decisions", "multiverse_pairs", "multiverse_specifications", "reporting_penalty"]

_NOTHING = "review.yaml declares no composite, so there is no table to rank in many ways"
_RANK = "ties share the mean rank"


def _result(results: Results, board: str) -> Multiverse | None:
    found: Multiverse | None = result_of(results, _name("multiverse", board), Multiverse)
    return found if found is not None and found.specifications else None


def _name(stem: str, board: str) -> str:
    return f"{stem}-{board}" if board else stem


def _about(found: Multiverse | None) -> dict[str, str]:
    return {"about": found.title} if found else {}


def _made(view: View, found: Multiverse | None) -> View:
    return replace(view, meta={**view.meta, **_about(found)})


def multiverse(tables: Tables, results: Results, spec: ReviewSpec, board: str = "") -> View:
    """Return the ranks of every method over all specifications; the verdict is the caption."""
    found = _result(results, board)
    columns = (
        Column("method", "Method"),
        Column("category", "Category"),
        Column("default", "Default", "number", group="Rank", help=f"with every decision at its default; {_RANK}"),
        Column("best", "Best", "number", group="Rank", help="over the specifications that rank every method"),
        Column("median", "Median", "number", group="Rank"),
        Column("worst", "Worst", "number", group="Rank"),
        Column("first", "First in", "percent", 0, help="share of the specifications; ties share the first place"),
        Column("ranked", "Ranked in", "count", help="specifications that rank the method at all"),
    )
    body = [
        [Cell(c.method), Cell(c.category), Cell(c.default, c.refs), Cell(c.best, c.refs), Cell(c.median, c.refs),
         Cell(c.worst, c.refs), Cell(c.first, c.refs), Cell(c.ranked, c.refs)]
        for c in (found.curves if found else ())
    ]  # fmt: skip
    return _made(
        arrange(
            _name("multiverse", board), _title("The ranking under every choice", found), _caption(found), columns,
            body, results=[found], notes=[*_rules(found), *_category_notes(found)], nothing=_nothing(results, board),
            keep=("default", "best", "median", "worst", "first"), alt=_alt(found),
        ), found,
    )  # fmt: skip


def _title(head: str, found: Multiverse | None) -> str:
    return f"{head}: {found.title}" if found and found.title else head


def _nothing(results: Results, board: str) -> str:
    made: Multiverse | None = result_of(results, _name("multiverse", board), Multiverse)
    return made.warnings[-1] if made and made.warnings else _NOTHING


def _caption(found: Multiverse | None) -> str:
    if found is None:
        return "Ranks over every combination of decisions."
    return f"{found.verdict} {len(found.specifications):,} specifications, {found.n_feasible:,} with an order."


def _rules(found: Multiverse | None) -> list[str]:
    if found is None or not found.winners:
        return []
    titles = dict(zip(*_options_of(found, "rule"), strict=True))
    told = [
        f"{titles.get(winner.rule, winner.rule)}: {' and '.join(winner.first) or f'none ({winner.reason})'}"
        for winner in found.winners
    ]
    return [f"First under each rule with the other decisions at their defaults: {'; '.join(told)}."]


def _options_of(found: Multiverse, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    for decision in found.decisions:
        if decision.name == name:
            return decision.options, decision.titles
    return (), ()


def _category_notes(found: Multiverse | None) -> list[str]:
    if found is None or not found.category_orders:
        return []
    shown = [f"{' > '.join(order.order)} in {order.share:.0%}" for order in found.category_orders[:4]]
    more = len(found.category_orders) - len(shown)
    rest = f", and {more} more" if more > 0 else ""
    return [f"Orders of the categories, by the mean rank of their methods: {'; '.join(shown)}{rest}."]


def _alt(found: Multiverse | None) -> str:
    if found is None:
        return ""
    lines = [f"{c.method}: best {c.best:g}, median {c.median:g}, worst {c.worst:g}" for c in found.curves
             if c.best is not None and c.median is not None and c.worst is not None]  # fmt: skip
    return f"Ranks of the methods over {found.n_full} specifications. {'; '.join(lines)}. {found.verdict}"


def multiverse_decisions(tables: Tables, results: Results, spec: ReviewSpec, board: str = "") -> View:
    """Return every option of every decision: who leads under it, and how much the decision moves the ranks."""
    names, found = Names.of(tables, spec), _result(results, board)
    columns = (
        Column("decision", "Decision"),
        Column("share", "Share", "percent", 0,
               help="of the variance of ranks over specifications that rank every method; Shapley value of R²"),
        Column("alone", "Alone", "percent", 0, help="R² of this decision by itself"),
        Column("option", "Option"),
        Column("n", "Specifications", "count"),
        Column("n_feasible", "Ordered", "count", help="specifications that give an order"),
        Column("n_full", "All methods", "count", help="specifications that rank every method"),
        Column("leader", "First most often"),
        Column("leader_share", "In", "percent", 0),
    )  # fmt: skip
    body: list[list[Cell]] = []
    for part in _ordered(found):
        decision, share = part
        for option in found.options if found else ():
            if option.decision == decision.name:
                first = not body or body[-1][0].value != decision.title
                body.append([
                    Cell(decision.title), Cell(share.share if share and first else None),
                    Cell(share.alone if share and first else None),
                    Cell(_option(decision.name, option.title, names)), Cell(option.n), Cell(option.n_feasible),
                    Cell(option.n_full), Cell(option.leader or None), Cell(option.share),
                ])  # fmt: skip
    notes = []
    if found and found.unexplained is not None:
        notes.append(f"Interaction of decisions, which no share counts: {found.unexplained:.0%} of the variance.")
        body.append([Cell("Interaction of decisions"), Cell(found.unexplained), *[Cell()] * 7])
    return _made(
        arrange(
            _name("multiverse-decisions", board), _title("What moves the ranks", found),
            "Every option of every decision, and the share of the variance of ranks that the decision explains.",
            columns, body, results=[], notes=notes, group="decision", nothing=_nothing(results, board),
            keep=("share", "alone", "option", "leader"), alt=_share_alt(found),
        ), found,
    )  # fmt: skip


def _ordered(found: Multiverse | None) -> list[tuple[Decision, DecisionShare | None]]:
    if found is None:
        return []
    shares = {part.decision: part for part in found.shares}
    pairs = [(decision, shares.get(decision.name)) for decision in found.decisions]
    return sorted(pairs, key=lambda pair: -(pair[1].share if pair[1] else 0))


def _share_alt(found: Multiverse | None) -> str:
    if found is None:
        return ""
    parts = [f"{decision.title} {share.share:.0%}" for decision, share in _ordered(found) if share]
    rest = f", interaction {found.unexplained:.0%}" if found.unexplained is not None else ""
    return f"Shares of the variance of ranks by decision: {', '.join(parts)}{rest}."


def _option(name: str, title: str, names: Names) -> str:
    """Return an option in print, its data set or metrics by their names."""
    if name == "datasets" and title.startswith("without "):
        return f"without {names.dataset(title.removeprefix('without '))}"
    if name != "metrics":
        return title
    return re.sub(r"[a-z][a-z0-9_]*", lambda m: str(names.metric(m[0])) if names.vocabulary.find(m[0]) else m[0], title)


def multiverse_pairs(tables: Tables, results: Results, spec: ReviewSpec, board: str = "") -> View:
    """Return how often one method is ahead of another, and what was ever compared between them."""
    found = _result(results, board)
    columns = (
        Column("above", "Ahead"),
        Column("below", "Behind"),
        Column("share", "In", "percent", 0, help="of the specifications that rank both; ties count half"),
        Column("n", "Specifications", "count"),
        Column("columns", "Compared on", "count", help="metrics on the same data that both have a value of"),
        Column("studies", "Studies", "count", help="behind these values"),
    )
    order = {curve.method: at for at, curve in enumerate(found.curves if found else ())}
    pairs = sorted(found.pairs if found else (), key=lambda p: (order[p.above], order[p.below]))
    body = [
        [Cell(p.above), Cell(p.below), Cell(p.share, note="" if p.n else "no specification ranks both"), Cell(p.n),
         Cell(p.columns), Cell(p.studies)] for p in pairs
    ]  # fmt: skip
    return _made(
        arrange(
            _name("multiverse-pairs", board), _title("Which method is ahead of which", found),
            "Share of the specifications in which one method is ranked before another, and the evidence that ever "
            "compared the two.", columns, body, nothing=_nothing(results, board), keep=("share", "columns"),
            alt=f"Matrix of the shares of specifications in which one of {len(order)} methods is ahead of another.",
        ), found,
    )  # fmt: skip


def multiverse_specifications(tables: Tables, results: Results, spec: ReviewSpec, board: str = "") -> View:
    """Return the specifications that rank every method (of all, where none does): their options and ranks."""
    names, found = Names.of(tables, spec), _result(results, board)
    decisions = [decision for decision, _ in _ordered(found)]
    methods = [curve.method for curve in found.curves] if found else []
    columns = (
        Column("id", "Number", "count"),
        *(Column(f"option.{decision.name}", decision.title) for decision in decisions),
        *(Column(f"rank.{at}", method, "number", group="Rank") for at, method in enumerate(methods)),
    )
    chosen = _chosen(found, decisions)
    at = [found.methods_compared.index(method) for method in methods] if found else []
    titles = {
        d.name: {option: _option(d.name, title, names) for option, title in zip(d.options, d.titles, strict=True)}
        for d in decisions
    }
    body = [
        [
            Cell(one.id),
            *(Cell(titles[d.name][one.options[d.name]]) for d in decisions),
            *(Cell(one.ranks[i]) for i in at),
        ]
        for one in chosen
    ]
    notes = []
    if found:
        left = len(found.specifications) - len(chosen)
        notes.append(f"{left:,} further specifications rank some of the methods only, or none: `metareview multiverse "
                     "--json` lists all of them.")  # fmt: skip
    return _made(
        arrange(
            _name("multiverse-specifications", board), _title("Every specification", found),
            "Ranks under each specification that ranks every method, in the order of the decisions that move most.",
            columns, body, notes=notes, nothing=_nothing(results, board),
            keep=[column.key for column in columns], alt=_alt(found), shown=50,
        ), found,
    )  # fmt: skip


def _chosen(found: Multiverse | None, decisions: Sequence[Decision]) -> list[Specification]:
    if found is None:
        return []
    feasible = [one for one in found.specifications if one.feasible]
    full = [one for one in feasible if None not in one.ranks] or feasible
    places = [{option: at for at, option in enumerate(decision.options)} for decision in decisions]
    return sorted(
        full, key=lambda one: [place[one.options[d.name]] for d, place in zip(decisions, places, strict=True)]
    )


def reporting_penalty(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the rank of every method with and without the metrics that only some methods report."""
    names = Names.of(tables, spec)
    found: ReportingPenalty | None = result_of(results, "reporting_penalty", ReportingPenalty)
    left_out = ", ".join(str(names.metric(metric)) for metric in (found.partial if found else ()))
    columns = (
        Column("method", "Method"),
        Column("category", "Category"),
        Column("metrics", "Reports"),
        Column("partial", "Not reported by all"),
        Column("rank", "All metrics", "count", group="Rank"),
        Column("rank_without", f"Without {left_out or 'them'}", "count", group="Rank"),
        Column("rank_silent", "Alone silent", "count", group="Rank",
               help="had this method alone not reported them"),
        Column("score", "All metrics", "score", group="Mean"),
        Column("score_without", f"Without {left_out or 'them'}", "score", group="Mean"),
    )  # fmt: skip
    body = [
        [Cell(row.method), Cell(row.category), Cell(_listed(row.metrics, names)), Cell(_listed(row.partial, names)),
         Cell(row.rank, row.refs), Cell(row.rank_without, row.refs), Cell(row.rank_silent, row.refs),
         Cell(row.score, row.refs), Cell(row.score_without, row.refs)]
        for row in (found.rows if found else ())
    ]  # fmt: skip
    return arrange(
        "reporting-penalty", "What reporting a metric costs", _metric_words(found.verdict, names) if found else "",
        columns, body,
        results=[found], nothing=_NOTHING, keep=("rank", "rank_without", "rank_silent"),
    )  # fmt: skip


def _metric_words(sentence: str, names: Names) -> str:
    """Return a sentence that begins with metrics, these by their names."""
    head, verb, rest = sentence.partition(" is reported by ")
    shown = " and ".join(str(names.metric(metric)) for metric in head.split(" and "))
    return f"{shown}{verb}{rest}" if verb else sentence


def _listed(metrics: Sequence[str], names: Names) -> str | None:
    return ", ".join(str(names.metric(metric)) for metric in metrics) or None
