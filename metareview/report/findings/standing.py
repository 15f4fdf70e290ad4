"""Findings about who leads, and how sure that is."""

from __future__ import annotations

from metareview.report.findings.base import Finding, Line, Part, Views, finding, joined, lines, titled
from metareview.report.views.base import Mark
from metareview.schema.review import ReviewSpec

__all__ = ["leader", "rankings"]

_PRINTED = {"composite": "printed", "composite_recomputed": "recomputed"}
#: Methods that share a first place and are named.
_SHARING = 3


def leader(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return who is first by composite, what missing cells and other choices could make of it, and who leads most."""
    table = list(lines(views, "benchmark"))
    key = "composite" if _highest(table, "composite") else "composite_recomputed"
    words, first = _PRINTED[key], _highest(table, key)
    if not first:
        return ()
    is_first = f" {'is' if len(first) == 1 else 'are'} first by {words} composite ("
    sentence: list[Part | str] = [*_names(first), is_first, first[0].part(key), ")"]
    sure = True
    if len(first) == 1:
        bounds = _bounds(views, spec, first[0].text("method"))
        choices = _choices(views, first[0].text("method"))
        sentence += [*bounds[0], *choices[0]]
        sure = bounds[1] and choices[1]
    mark: Mark = "" if sure else "warning"
    return (finding("leader", "Leader", sentence, ".", tables=("benchmark",), mark=mark),)


def _highest(table: list[Line], key: str) -> list[Line]:
    """Return the rows with the largest number; what is printed alike is a tie."""
    there = [line for line in table if line.size(key) is not None]
    if not there:
        return []
    most = max(there, key=lambda line: line.size(key) or 0.0).part(key).text
    return [line for line in there if line.part(key).text == most]


def _names(first: list[Line]) -> list[Part | str]:
    shown: list[Part | str | list[Part | str]] = [line.name("method") for line in first[:_SHARING]]
    return joined([*shown, *(["others"] if len(first) > _SHARING else [])])


def _bounds(views: Views, spec: ReviewSpec, method: str) -> tuple[list[Part | str], bool]:
    """Return the possible ranks in the ranking of the printed table, and whether the first place is certain there."""
    for declared in spec.rankings:
        row = _row_of(views, f"ranking-{declared.id}", method) if declared.as_printed else None
        if row is not None and row.has("bounds"):
            return [", with possible ranks ", row.part("bounds"), " over what the missing cells may hold"], (
                row.cell("bounds").high == 1
            )
    return [], True


def _choices(views: Views, method: str) -> tuple[list[Part | str], bool]:
    """Return the ranks over all specifications, and whether the first place is certain there."""
    row = _row_of(views, "multiverse", method)
    if row is None or not (row.has("best") and row.has("worst") and row.has("first")):
        return [], True
    told: list[Part | str] = [
        "; under other rules and choices its rank runs from ", row.part("best"), " to ", row.part("worst"),
        ", first in ", row.part("first"), " of the specifications",
    ]  # fmt: skip
    most = max(lines(views, "multiverse"), key=lambda line: line.size("first") or 0.0)
    if (most.size("first") or 0.0) > (row.size("first") or 0.0):
        told += [", while ", most.name("method"), " is in ", most.part("first")]
    return told, row.size("worst") == 1


def _row_of(views: Views, view: str, method: str) -> Line | None:
    return next((line for line in lines(views, view) if line.text("method") == method), None)


def rankings(views: Views, spec: ReviewSpec) -> tuple[Finding, ...]:
    """Return who is first in each declared ranking of comparable scores, with bounds, interval and probability."""
    found = []
    for declared in spec.rankings:
        table = f"ranking-{declared.id}"
        first = [line for line in lines(views, table) if line.text("rank").rstrip("=") == "1"]
        if declared.as_printed or not first:
            continue
        named = _names(first)
        shared = f" {'is' if len(first) == 1 else 'are'} first in "
        told = _sure(first[0]) if len(first) == 1 else []
        ends = [first[0].cell(key).high for key in ("bounds", "interval")]
        doubt = len(first) > 1 or any(end is not None and end > 1 for end in ends)
        found.append(
            finding(
                "rankings", "Ranking", named, shared, "“", titled(views[table]), "”", [": "] if told else [],
                joined(told, ", "), ".", tables=(table,), mark="warning" if doubt else "",
            )
        )  # fmt: skip
    return tuple(found)


def _sure(line: Line) -> list[Part | str | list[Part | str]]:
    """Return possible ranks, interval and probability of the first place, and how much it rests on."""
    told: list[Part | str | list[Part | str]] = []
    if line.has("bounds"):
        told.append(["possible ranks ", line.part("bounds")])
    if line.has("interval"):
        label = line.view.columns[line.view.index("interval")].label
        told.append([f"{label} of its rank ", line.part("interval")])
    if line.has("best"):
        told.append(["best in ", line.part("best"), " of the bootstrap replicates"])
    if line.has("cells") and line.has("columns") and line.has("studies"):
        studies = line.count("studies", "study", "studies")
        told.append(["on ", line.part("cells"), " of ", line.part("columns"), " cells from ", *studies])
    return told
