"""Views of the audit: what holds, what does not, what cannot be checked, and what must stand behind a test.

Wording takes neither side: a figure is "not reproducible under any listed convention", whoever made the slip.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from metareview.audit.inputs import ARITHMETIC
from metareview.audit.reconstruction import Reconstruction, Solution
from metareview.audit.run import Audited, AuditResult
from metareview.audit.verdicts import VERDICTS
from metareview.report.views.base import Cell, Column, Mark, View
from metareview.report.views.common import Names, Results, Tables, arrange, filled, result_of
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef

__all__ = ["WORDS", "claims", "effects", "findings", "reconstruction", "undecided", "verdicts"]

#: Verdicts in print, in the order of the tables.
WORDS: dict[str, str] = {
    "contradicted": "not reproducible under any listed convention",
    "contradicted_if": "not reproducible if the assumption holds",
    "not_checkable": "not checkable here",
    "underpowered": "the check could not have failed",
    "not_applicable": "the check does not apply",
    "consistent": "holds",
}
#: The same in few words, for a table that has them in every row.
_FEW: dict[str, str] = {
    "contradicted": "not reproducible",
    "contradicted_if": "not reproducible, if",
    "not_checkable": "not checkable",
    "underpowered": "could not fail",
    "not_applicable": "does not apply",
    "consistent": "holds",
}
_MARKS: dict[str, Mark] = {"contradicted": "contradicted", "contradicted_if": "warning"}
_NOTHING = "no claims are recorded (claims.csv)"
_COLUMNS = (
    Column("verdict", "Verdict"),
    Column("place", "Line", help="first line of the statement in its source"),
    Column("statement", "Statement", help="in our words"),
    Column("printed", "Printed", help="figures as printed"),
    Column("found", "What was found", help="the computation, and what it says"),
    Column("assumption", "Assumption", help="what must be true for a contradiction to count"),
    Column("scope", "Scope", help="unit and population"),
    Column("source", "Document"),
    Column("line", "Line of the document", "count"),
    Column("computed", "Computed"),
    Column("check", "Check"),
    Column("related", "Related claims"),
    Column("id", "Claim"),
)
_KEEP = ("verdict", "place", "statement", "printed", "found", "computed")
_MACHINE = ("id", "check", "scope", "source", "line", "computed", "related")
#: Said once in the caption, so not in every row.
_DEFAULT = f" Conventions tried: {', '.join(ARITHMETIC)}."
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
#: Longest computation that is added to an explanation which does not hold it.
_SHORT = 160


def _rows(rows: Iterable[Audited], found: AuditResult, names: Names) -> list[list[Cell]]:
    """Return the rows by verdict, then by document in the order of the claims, then by line."""
    order, documents = list(WORDS), list(dict.fromkeys(row.source for row in found.rows))

    def key(row: Audited) -> tuple[int, int, int]:
        return order.index(row.verdict), documents.index(row.source), row.line or 0

    return [_row(row, documents[0], names) for row in sorted(rows, key=key)]


def _row(row: Audited, main: str, names: Names, words: Mapping[str, str] = WORDS) -> list[Cell]:
    refs = (row.ref,) if row.ref is not None else ()
    line = f"L{row.line}" if row.line else ""
    return [
        Cell(words[row.verdict], refs, mark=_MARKS.get(row.verdict, "")),
        Cell(f"{'' if row.source == main else names.citation(row.source)} {line}".strip() or None, refs),
        filled(row.statement),
        Cell("; ".join(row.printed) or None, refs),
        Cell(_found(row), refs),
        filled(row.assumption),
        filled(row.scope),
        filled(names.citation(row.source)),
        Cell(row.line, refs),
        Cell(row.computed or None, refs, mark="derived" if row.computed else ""),
        filled(row.check),
        filled("; ".join(row.related)),
        Cell(row.id),
    ]


def _found(row: Audited) -> str:
    """Return the explanation, with the computation where the sentence does not hold it."""
    text = row.explanation.replace(_DEFAULT, "")
    new = set(_NUMBER.findall(row.computed)) - set(_NUMBER.findall(text))
    if new and len(row.computed) <= _SHORT:
        return f"{text} [{row.computed}]"
    return text


def findings(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the statements that do not hold as printed."""
    found: AuditResult | None = result_of(results, "audit", AuditResult)
    rows = found.with_verdict("contradicted", "contradicted_if") if found else ()
    notes = [_tally(found)] if found and found.rows else []
    nothing = "nothing that was checked is contradicted" if found and found.rows else _NOTHING
    return arrange(
        "audit", "What does not hold as printed",
        "Statements whose printed figures cannot all be right, with the computation: first those that no listed "
        "rounding convention explains (half up and half even, unless another is named), then those that rest on the "
        "assumption named. Damage from scanning was considered first; which of the figures is wrong is not said.",
        _COLUMNS, _rows(rows, found, Names.of(tables, spec)) if found else (), notes=notes, group="verdict",
        nothing=nothing,
        warnings=found.warnings if found else (), dropped=found.dropped if found else (),
        keep=_KEEP, machine=_MACHINE,
    )  # fmt: skip


def undecided(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the statements that no printed figure decides, with the reason."""
    found: AuditResult | None = result_of(results, "audit", AuditResult)
    rows = found.with_verdict("not_checkable", "underpowered", "not_applicable") if found else ()
    nothing = "every statement that was read could be checked" if found and found.rows else _NOTHING
    return arrange(
        "audit-open", "What cannot be checked, and why",
        "Statements that nothing printed decides (the cited paper, the supplement or a list would), and checks that "
        "could not have failed. They are neither right nor wrong here.",
        _COLUMNS, _rows(rows, found, Names.of(tables, spec)) if found else (), group="verdict", nothing=nothing,
        keep=_KEEP, machine=_MACHINE,
    )  # fmt: skip


def claims(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return every statement with its verdict, in the order of the documents."""
    found: AuditResult | None = result_of(results, "audit", AuditResult)
    rows = found.rows if found else ()
    names = Names.of(tables, spec)
    return arrange(
        "audit-claims", "Every statement that was read",
        "Each statement with its verdict, its printed figures and the computation, in the order of the documents.",
        _COLUMNS, [_row(row, rows[0].source, names, _FEW) for row in rows], results=[found], nothing=_NOTHING,
        keep=_KEEP, machine=_MACHINE, shown=1000,
    )  # fmt: skip


def _tally(found: AuditResult) -> str:
    counts = found.counts()
    parts = [f"{WORDS[verdict]}: {counts[verdict]}" for verdict in WORDS if counts[verdict]]
    return f"Of {len(found.rows)} statements read: {'; '.join(parts)}."


def verdicts(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return how many statements of each kind have each verdict."""
    found: AuditResult | None = result_of(results, "audit", AuditResult)
    rows = found.rows if found else ()
    columns = [Column("type", "Kind of statement"), Column("n", "Statements", "count")]
    columns += [Column(verdict, WORDS[verdict].capitalize(), "count") for verdict in WORDS]
    sizes = Counter(row.type for row in rows)
    kinds = sorted(sizes, key=lambda kind: (-sizes[kind], kind))
    body = [_kind(kind, [row for row in rows if row.type == kind]) for kind in kinds]
    if len(kinds) > 1:
        body.append(_kind("all", rows))
    return arrange(
        "audit-summary", "Verdicts by kind of statement", "How many statements of each kind have each verdict.",
        columns, body, notes=[_tally(found)] if found and rows else [], nothing=_NOTHING, keep=("type", "n", *VERDICTS),
        alt=_tally(found) if found and rows else "",
    )  # fmt: skip


def _kind(kind: str, rows: Sequence[Audited]) -> list[Cell]:
    counts = {verdict: [row for row in rows if row.verdict == verdict] for verdict in WORDS}

    def refs(chosen: Sequence[Audited]) -> tuple[SourceRef, ...]:
        return tuple(row.ref for row in chosen if row.ref is not None)

    cells = [Cell(len(chosen), refs(chosen), mark=_MARKS.get(v, "") if chosen else "") for v, chosen in counts.items()]
    return [Cell(kind), Cell(len(rows)), *cells]


def reconstruction(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the values that must stand behind a test, solution by solution."""
    found: Reconstruction | None = result_of(results, "reconstruction", Reconstruction)
    columns = (
        Column("solution", "Solution", "count"),
        Column("value", "Value", help="in order of size"),
        Column("group", "Group"),
        Column("middle", "Example", "score", help="one set of values that has every printed figure; interval of all"),
        Column("low", "From", "score"),
        Column("high", "To", "score"),
    )
    solutions = found.solutions if found else ()
    body = [line for number, solution in enumerate(solutions, 1) for line in _values(number, solution)]
    notes = _reconstruction_notes(found) if found and solutions else []
    return arrange(
        "reconstruction", "What must stand behind the test",
        "Values and groups that could have produced the printed summary row, F, p and d together. This is inference: "
        "it holds if the printed figures belong to one analysis.",
        columns, body, results=[found], notes=notes, nothing="no analysis among the claims could be reconstructed",
        keep=("solution", "group", "middle", "low", "high"), alt="; ".join(notes),
    )  # fmt: skip


def _values(number: int, solution: Solution) -> list[list[Cell]]:
    return [
        [
            Cell(number),
            Cell(f"value {place + 1}"),
            Cell(group),
            Cell(
                solution.example[place] if solution.example else (solution.low[place] + solution.high[place]) / 2,
                low=solution.low[place], high=solution.high[place], mark="derived",
                note="inferred from the printed figures, not read anywhere",
            ),
            Cell(solution.low[place], mark="derived"),
            Cell(solution.high[place], mark="derived"),
        ]
        for place, group in enumerate(solution.groups)
    ]  # fmt: skip


def _reconstruction_notes(found: Reconstruction) -> list[str]:
    count = len(found.solutions)
    left = "one arrangement of the groups is left" if count == 1 else f"{count} arrangements of the groups are left"
    about = f"{found.title.rstrip('.')}: " if found.title else ""
    notes = [f"{about}{left}{'' if found.complete else ', and the search stopped before its end'}."]
    musts = [text for text in found.musts if not text.startswith("value ")]  # these stand in the table
    notes += [f"True in every solution: {'; '.join(musts)}."] if musts else []
    return notes


def effects(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the versions of the effect size."""
    found: Reconstruction | None = result_of(results, "reconstruction", Reconstruction)
    columns = (
        Column("version", "Version"),
        Column("estimate", "Estimate", "number", 2, help="with 95% interval"),
        Column("low", "From", "number", 2),
        Column("high", "To", "number", 2),
        Column("n1", "Values, group 1", "count"),
        Column("n2", "Values, group 2", "count"),
        Column("df", "df", "number", 1),
    )
    body = [
        [Cell(e.name), Cell(e.estimate, low=e.low, high=e.high, mark="derived" if number else ""), Cell(e.low),
         Cell(e.high), Cell(e.n1), Cell(e.n2), Cell(e.df)]
        for number, e in enumerate(found.effects if found else ())
    ]  # fmt: skip
    notes = []
    if body and found:
        notes.append("The printed d, its interval and small-sample version, and what is left when the values of each "
                     "group come from one study and are correlated.")  # fmt: skip
        open_ended = [e.name for e in found.effects if e.low <= 0 <= e.high]
        notes += [f"The interval takes in zero for: {'; '.join(open_ended)}."] if open_ended else []
    return arrange(
        "reconstruction-effects", "What the effect size is worth",
        "The printed standardised difference with the group sizes that must stand behind it.",
        columns, body, results=[found], notes=notes, nothing="no effect size among the claims could be reconstructed",
        keep=("version", "estimate", "low", "high"),
    )  # fmt: skip
