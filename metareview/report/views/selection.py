"""Views of the selection: the PRISMA counts as published, and the reasons for exclusion."""

from __future__ import annotations

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import (
    Names,
    Results,
    Row,
    Tables,
    arrange,
    filled,
    records,
    ref_of,
    refs_of,
    result_of,
    text,
)
from metareview.report.views.format import display
from metareview.schema.flow import parse_reasons
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.flow import FlowCheckRow, FlowResult

__all__ = ["exclusions", "prisma"]

_STAGES = ("Identification", "Screening", "Included")
_IDENTIFICATION = ("previous_", "database_", "register_", "website_", "organisation_", "citations_", "other_results")
_REMOVED = ("duplicates", "excluded_automatic", "excluded_other")
_OTHER = ("previous_", "website_", "organisation_", "citations_", "other_")
_STAGE_NAMES = {"title_abstract": "Title and abstract", "full_text": "Full text"}


def prisma(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the PRISMA counts in the order of the template, with what contradicts them."""
    rows = [row for row in records(tables, "flow") if text(row.get("data")) not in ("", "NA")]
    printed = [row for row in rows if row.get("n") is not None]
    found: FlowResult | None = result_of(results, "flow", FlowResult)
    broken = _broken(found)
    columns = (
        Column("data", "Count", help="name in the template of the PRISMA2020 R package"),
        Column("stage", "Stage"),
        Column("side", "Box", help="main column, what is removed from it, or another way of identification"),
        Column("label", "What is counted"),
        Column("n", "n", "count"),
        Column("check", "Contradiction"),
    )
    body = [line for row in printed for line in _flow_lines(row, broken)]
    names = Names.of(tables, spec)
    quiet = len([row for row in rows if row.get("n") is None and row.get("boxtext")])
    notes = [f"Counts as printed, over the records of {names.corpus(spec.primary_corpus)}; nothing is corrected."]
    told = found is not None and bool(found.dropped)
    if quiet and body and not told:
        notes.append(f"Lines of the template without a printed count are not shown: {quiet}.")
    failing = [check.message or check.statement for check in (found.checks if found else ()) if check.holds is False]
    view = arrange(
        "prisma", "PRISMA flow", "Records, reports and studies at each stage, as published.", columns, body,
        results=[found], notes=notes, warnings=failing, nothing="no PRISMA counts are recorded (flow.csv)",
        keep=("data", "stage", "side", "label", "n", "check"), machine=("data",), alt=_flow_alt(printed, failing),
    )  # fmt: skip
    return view


def _broken(found: FlowResult | None) -> dict[str, list[FlowCheckRow]]:
    """Return the failing identities by the counts they read."""
    broken: dict[str, list[FlowCheckRow]] = {}
    for check in found.checks if found else ():
        if check.holds is False:
            for name in check.names:
                broken.setdefault(name, []).append(check)
    return broken


def _flow_lines(row: Row, broken: dict[str, list[FlowCheckRow]]) -> list[list[Cell]]:
    """Return one line per count; a list ``label, n; label, n`` gives one line per item."""
    name, printed = text(row["data"]), text(row["n"]).strip()
    items: list[tuple[str, int]]
    label = text(row.get("boxtext")) or text(row.get("description")) or name
    items = [(label, int(printed))] if printed.isdigit() else list(parse_reasons(printed))
    checks = broken.get(name, [])
    message = "; ".join(check.message or check.statement for check in checks)
    return [
        [
            Cell(name),
            Cell(_stage(name)),
            Cell(_side(name)),
            Cell(item),
            Cell(n, (ref_of(row),), mark="contradicted" if message else "", note=text(row.get("note"))),
            filled(message),
        ]
        for item, n in items
    ]


def _stage(name: str) -> str:
    if name.startswith(_IDENTIFICATION) or name in _REMOVED:
        return _STAGES[0]
    return _STAGES[2] if name.startswith(("new_", "total_")) else _STAGES[1]


def _side(name: str) -> str:
    if name.startswith(_OTHER):
        return "other"
    gone = name in _REMOVED or name.endswith(("_excluded", "_excluded_reasons", "_notretrieved_reports"))
    return "removed" if gone or name.startswith("records_excluded") else "main"


def _flow_alt(rows: list[Row], failing: list[str]) -> str:
    steps = (
        ("database_results", "records from databases"),
        ("records_screened", "records screened"),
        ("dbr_assessed", "reports assessed in full text"),
        ("new_studies", "studies included"),
        ("total_studies_ma", "studies in the synthesis"),
    )
    counts = {text(row["data"]): text(row["n"]) for row in rows}
    shown = [
        f"{display(int(counts[name]), Column('n', 'n', 'count'))} {label}"
        for name, label in steps
        if counts.get(name, "").isdigit()
    ]
    text_ = f"PRISMA flow diagram: {', '.join(shown)}." if shown else "PRISMA flow diagram."
    return text_ + (f" {len(failing)} contradictions among the printed counts." if failing else "")


def exclusions(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the reasons for exclusion; one reason printed in several places with one count is one line."""
    rows = records(tables, "exclusions")
    merged: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        merged.setdefault((text(row["stage"]), text(row["reason"])), []).append(row)
    names = Names.of(tables, spec)
    wordings = _wordings(merged, names)
    body = [line for (stage, reason), same in merged.items() for line in _reason_lines(stage, reason, same, wordings)]
    body.sort(key=lambda line: list(_STAGE_NAMES.values()).index(text(line[0].value)))
    found: FlowResult | None = result_of(results, "flow", FlowResult)
    partitions = [
        check for check in (found.checks if found else ())
        if check.holds is False and any(name.startswith("exclusions:") for name in check.names)
    ]  # fmt: skip
    columns = (
        Column("stage", "Stage"),
        Column("reason", "Reason"),
        Column("n", "n", "count"),
        Column("places", "Printed in", "count", help="places of the document that print this reason with this count"),
    )
    return arrange(
        "exclusions", "Reasons for exclusion", "Records and reports excluded, by stage and reason, as published.",
        columns, body, group="stage",
        notes=[f"Counts as printed for {names.corpus(spec.primary_corpus)}. A reason that text and figure word "
               "differently, with one count, stands once; its note has the other wording."],
        warnings=[check.message or check.statement for check in partitions],
        nothing="no reasons for exclusion are recorded (exclusions.csv)", keep=("stage", "reason", "n"),
    )  # fmt: skip


def _wordings(merged: dict[tuple[str, str], list[Row]], names: Names) -> dict[tuple[str, str], str]:
    """Merge two wordings of one reason, in place; return the other wording by the reason that stays.

    They are one where stage and count agree, one stands only in the text and the other only in a figure, and the words
    of one are among those of the other: a document that gave two reasons would print both in both places.
    """
    told: dict[tuple[str, str], str] = {}
    for key in list(merged):
        for other in list(merged):
            if key in merged and other in merged and _same_reason(key, other, merged):
                rows = merged.pop(other)
                places = "; ".join(dict.fromkeys(names.place(row, whole=True) for row in rows))
                told[key] = f"also worded: {other[1]} ({places})"
                merged[key] = [*merged[key], *rows]
    return told


def _same_reason(one: tuple[str, str], other: tuple[str, str], merged: dict[tuple[str, str], list[Row]]) -> bool:
    drawn = [{"Fig" in text(row["locator"]) for row in merged[key]} for key in (one, other)]
    counts = {row["n"] for key in (one, other) for row in merged[key]}
    words = [set(key[1].casefold().split()) for key in (one, other)]
    return one[0] == other[0] and len(counts) == 1 and drawn[0].isdisjoint(drawn[1]) and words[1] < words[0]


def _reason_lines(stage: str, reason: str, rows: list[Row], wordings: dict[tuple[str, str], str]) -> list[list[Cell]]:
    by_count: dict[int, list[Row]] = {}
    for row in rows:
        by_count.setdefault(int(row["n"]), []).append(row)
    clash = len(by_count) > 1
    also = wordings.get((stage, reason), "")
    note = f"printed as {' and as '.join(str(n) for n in by_count)}" if clash else ""
    return [
        [
            Cell(_STAGE_NAMES.get(stage, stage)),
            Cell(reason, mark="warning" if also else "", note=also),
            Cell(n, refs_of(same), mark="contradicted" if clash else "", note=note),
            Cell(len(same)),
        ]
        for n, same in by_count.items()
    ]
