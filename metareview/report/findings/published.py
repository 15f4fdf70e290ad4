"""Findings about what is published: printed statements, composites and tests, and whether they come out again."""

from __future__ import annotations

from metareview.report.findings.base import Finding, Line, Part, Views, finding, joined, lines
from metareview.schema.review import ReviewSpec

__all__ = ["audit", "categories", "composites"]

#: Contradictions that are named.
_NAMED = 2
#: Longest list of methods that stands in a sentence.
_LISTED = 60


def audit(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return how many checked statements hold; the contradicted ones that most other statements hang on, by name."""
    every = list(lines(views, "audit-summary"))
    if not every:
        return ()
    row = every[-1]  # the row of all kinds; the only row where there is one kind
    wrong = [line for line in lines(views, "audit") if line.cell("verdict").mark == "contradicted"]
    wrong.sort(key=lambda line: -len([part for part in line.text("related").split("; ") if part]))  # stable: as listed
    named: list[Part | str] = []
    if wrong:
        named = [
            ", among them " if len(wrong) > _NAMED else ": ",
            *joined(["“", line.name("statement", "."), "”"] for line in wrong[:_NAMED]),
        ]
    said: list[list[Part | str]] = [
        [row.part("consistent"), " hold" if row.size("consistent") != 1 else " holds"],
        [row.part("contradicted"), " cannot be reproduced under any listed convention", *named],
        [row.part("contradicted_if"), " cannot if the assumption that the table names holds"],
        [row.part("not_checkable"), " cannot be checked here"],
    ]
    doubt = bool(row.size("contradicted_if"))
    return (
        finding(
            "audit", "Audit", "Of ", row.count("n", "statement", "statements"), " read, ",
            _clauses(said, bool(named)), ".",
            tables=("audit-summary",), mark="contradicted" if row.size("contradicted") else "warning" if doubt else "",
        ),
    )  # fmt: skip


def _clauses(said: list[list[Part | str]], long: bool) -> list[Part | str]:
    """Return clauses as a list; a list with commas of its own needs stronger ones."""
    if not long:
        return joined(said)
    return [piece for at, clause in enumerate(said) for piece in (*(["; "] if at else []), *clause)]


def composites(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return how many of the printed composites the best definition gives again."""
    best = next(lines(views, "composite-verdicts"), None)
    if best is None:
        return ()
    fails = best.size("n_fail")
    which: list[Part | str] = []
    if fails and 0 < len(best.text("fails")) <= _LISTED:
        which = [" (", best.name("fails"), ")"]
    left: list[Part | str] = [", and ", best.part("n_open"), " cannot be judged"] if best.size("n_open") else []
    return (
        finding(
            "composites", "Composites", "The best definition tried gives ",
            best.count("n_agree", "printed composite", "printed composites"), " again and ",
            ["fails on ", best.part("n_fail"), *which] if fails else "fails on none", left, ".",
            mark="contradicted" if fails else "warning" if left else "",
        ),
    )  # fmt: skip


def categories(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return the printed test of categories with the smallest p, and what comes out of the values on record."""
    table = list(lines(views, "category-models"))
    printed = [line for line in table if line.text("source") == "printed" and line.size("p_values") is not None]
    printed = [line for line in printed if line.cell("p_values").bound not in (">", ">=")] or printed
    if not printed:
        return ()
    line = min(printed, key=lambda found: found.size("p_values") or 0.0)
    again = next((other for other in table if other.text("source") != "printed"
                  and other.text("metric") == line.text("metric")), None)  # fmt: skip
    if again is None:
        return ()
    bare = line.part("p_values")
    p = "p " if bare.text.startswith(("<", ">", "≤", "≥")) else "p = "
    return (
        finding(
            "categories", "Categories", "For ", line.name("metric"), f", {p}", bare, " is printed (",
            line.name("contrast"), "); ", _again(again), ".", mark="" if again.has("p_values") else "warning",
        ),
    )  # fmt: skip


def _again(line: Line) -> list[Part | str]:
    """Return the tests of the values on record that are as the published one and that respect studies."""
    told: list[list[Part | str]] = [
        [title, " p " if line.part(key).text.startswith("<") else " p = ", line.part(key)]
        for key, title in (("p_values", "as independent values"), ("p_permutation", "by permutation between studies"))
        if line.has(key)
    ]
    if line.has("p_values"):
        return ["the values on record give ", *joined(told)]
    note = line.cell("p_values").note
    why: list[Part | str] = [": ", Part(note, "name", line.view.name, "p_values", line.at)] if note else []
    return ["it cannot be recomputed from the values on record", *why]
