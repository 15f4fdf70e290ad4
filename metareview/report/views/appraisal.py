"""Views of the appraisal: what could be judged, the judgements, their shares, and how far raters agree."""

from __future__ import annotations

from collections.abc import Sequence

from metareview.appraisal.coverage import AppraisalCoverage, Covered
from metareview.appraisal.lights import AppraisalResult, Light
from metareview.appraisal.raters import AppraisalAgreement, Difference, ItemAgreement
from metareview.appraisal.summary import STUDIES, AppraisalSummary
from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import Names, Results, Tables, arrange, computed, filled, result_of, studies_of
from metareview.schema.review import ReviewSpec

__all__ = ["SYMBOLS", "agreement", "appraisal", "coverage", "differences", "lights", "summary"]

#: A sign for what a judgement means, so that colour is never alone.
SYMBOLS = {"good": "+", "some": "!", "bad": "−", "unknown": "?", "none": "·"}
_NOTHING = "no study has been appraised (appraisal.csv); metareview appraise template makes the sheet"
_SIGNS = "Signs: + good, ! some concern, − bad, ? unclear; a blank cell is not judged."


def _found(results: Results) -> AppraisalResult | None:
    found: AppraisalResult | None = result_of(results, "appraisal", AppraisalResult)
    return found


def appraisal(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per study, one column per judged item of each tool."""
    found, names = _found(results), Names.of(tables, spec)
    rows = found.rows if found else ()
    keys = dict.fromkeys((row.tool, row.item) for row in rows)
    first = {(row.tool, row.item): row for row in reversed(rows)}
    columns = [Column("study", "Study"), Column("study_id", "study_id")]
    columns += [
        Column(f"{tool}.{item}", first[tool, item].heading, group=first[tool, item].tool_title,
               help=first[tool, item].text)
        for tool, item in keys
    ]  # fmt: skip
    lights_ = {(row.study_id, row.tool, row.item): row for row in rows}
    body = [
        [Cell(names.study(study)), Cell(study), *(_light(lights_.get((study, *key))) for key in keys)]
        for study in dict.fromkeys(row.study_id for row in rows)
    ]
    return arrange(
        "appraisal", "Appraisal of the studies", "Judgements per study and item; each walks back to what it rests on.",
        columns, body, results=[found], notes=_notes(found), nothing=_NOTHING,
        keep=("study", "study_id"), machine=("study_id",), alt=_alt(rows),
    )  # fmt: skip


def _notes(found: AppraisalResult | None) -> list[str]:
    return [] if found is None else [*(f"{text}." for text in found.tools), *found.tool_notes]


def _light(row: Light | None) -> Cell:
    if row is None:
        return Cell()
    said = [f"{rater}: {judgement}" for rater, judgement in row.ratings] if len(row.ratings) > 1 else []
    told = "; ".join([part for part in (row.reason if row.reason != "not judged" else "", row.support) if part] + said)
    if row.judgement is None:
        return Cell(None, row.refs, mark="warning" if said else "", note=told)
    cell = Cell(f"{SYMBOLS.get(str(row.role), '')} {row.label or row.judgement}".strip(), row.refs, note=told)
    return computed(cell) if row.how == "rule" else cell


def _alt(rows: Sequence[Light]) -> str:
    if not rows:
        return "No study has been appraised."
    parts = []
    for tool in dict.fromkeys(row.tool_title for row in rows):
        own = [row for row in rows if row.tool_title == tool]
        studies, items = len({row.study_id for row in own}), len({row.item for row in own})
        judged = [row for row in own if row.judgement is not None]
        counts = {label: sum(row.label == label for row in judged) for label in dict.fromkeys(r.label for r in judged)}
        told = ", ".join(f"{n} {label}" for label, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        parts.append(
            f"{tool}: {studies} studies by {items} items, {len(judged)} of {len(own)} judged ({told or 'none'})."
        )
    return "Traffic-light plot. " + " ".join(parts)


def lights(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per tool, study and item, for the traffic-light plot."""
    found, names = _found(results), Names.of(tables, spec)
    rows = found.rows if found else ()
    keys = ("tool", "study_id", "study", "item", "kind", "judgement", "role")
    columns = [Column(key, key.capitalize()) for key in keys]
    body = [
        [Cell(row.tool_title), Cell(row.study_id), Cell(names.study(row.study_id)), Cell(row.heading), Cell(row.kind),
         Cell(row.label or None, row.refs, note=row.reason), Cell(str(row.role) or None)]
        for row in rows
    ]  # fmt: skip
    return arrange(
        "appraisal-lights", "Traffic lights", f"Judgement of each study on each item. {_SIGNS}", columns, body,
        nothing=_NOTHING, keep=keys, alt=_alt(rows), warnings=found.warnings if found else (),
    )  # fmt: skip


def summary(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the shares of judgements per item, of studies and by the weights of each synthesis."""
    found: AppraisalSummary | None = result_of(results, "appraisal_summary", AppraisalSummary)
    rows = found.rows if found else ()
    columns = (
        Column("panel", "Tool and weighting"), Column("tool", "Tool"), Column("weights", "Weights"),
        Column("item", "Item"), Column("judgement", "Judgement"), Column("role", "role"),
        Column("n", "Studies", "count"), Column("of", "of", "count"),
        Column("share", "Share", "percent", 0, help="of the studies, or of the weight in the synthesis"),
    )  # fmt: skip
    body = []
    for row in rows:
        how = row.weights_title if row.weights == STUDIES else f"weights of: {row.weights_title}"
        cells = [f"{row.tool_title}, {how}", row.tool_title, row.weights, row.heading, row.label, row.role or None]
        body.append([*(Cell(text) for text in cells), Cell(row.n), Cell(row.of), computed(Cell(row.share))])
    open_ = len(found.dropped) if found else 0
    names = Names.of(tables, spec)
    notes = [f"Unweighted shares are over the included studies of {names.corpus(found.corpus if found else '')}, "
             "weighted ones over those that a synthesis pools, judged or not.",
             f"Of the studies that a tool was used on, {open_} items have no judgement; the table of judgements has "
             "the reasons."]  # fmt: skip
    return arrange(
        "appraisal-summary", "Shares of judgements", "Shares of judgements per item.", columns, body,
        notes=notes if rows else (), warnings=found.warnings if found else (), nothing=_NOTHING, group="panel",
        keep=("panel", "tool", "weights", "item", "judgement", "role", "n", "of", "share"),
        machine=("tool", "weights", "role"), alt=_summary_alt(found),
    )  # fmt: skip


def _summary_alt(found: AppraisalSummary | None) -> str:
    if found is None or not found.rows:
        return "No study has been appraised."
    best: dict[tuple[str, str], list[str]] = {}
    for row in found.rows:
        if row.weights == STUDIES and row.role == "bad":
            best.setdefault((row.tool_title, row.heading), []).append(f"{row.n} of {row.of} {row.label}")
    told = "; ".join(f"{heading} {', '.join(said)}" for (_, heading), said in best.items())
    return f"Stacked bars of judgements per item. Judged worst: {told or 'none'}."


def coverage(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return what could be judged, for how many studies, and what could not."""
    found: AppraisalCoverage | None = result_of(results, "appraisal_coverage", AppraisalCoverage)
    names, rows = Names.of(tables, spec), found.rows if found else ()
    sizes = studies_of(tables)
    corpus = found.corpus if found else ""
    columns = (
        Column("tool", "Tool"), Column("heading", "Dimension"), Column("item", "Item"), Column("text", "What is asked"),
        Column("n", "Studies judged", "count"), Column("of", "of", "count"), Column("levels", "Judgements"),
        Column("outside", "Others judged", "count", help="studies of other bodies"),
    )  # fmt: skip
    body = [_covered(row, sizes.get(corpus, ())) for row in rows]
    none = [row for row in rows if not row.n]
    notes = [*spec.appraisal.notes]
    if rows:
        notes.append(
            f"Studies of {names.corpus(corpus)}. {len(rows) - len(none)} of {len(rows)} items could be judged for at "
            f"least one study, {len(none)} for none."
        )
    return arrange(
        "appraisal-coverage", "What could be judged", "Items of each tool, and the studies that the documents at hand "
        "allow a judgement for.", columns, body, group="tool", notes=notes, nothing=_NOTHING,
        keep=("tool", "item", "n", "of"), dropped=found.dropped if found else (),
    )  # fmt: skip


def _covered(row: Covered, members: Sequence[object]) -> list[Cell]:
    levels = "; ".join(f"{level}: {n}" for level, n in row.levels)
    return [
        Cell(row.tool_title), filled(row.heading_of), Cell(row.heading), Cell(row.text), Cell(row.n),
        Cell(row.of, tuple(members)), filled(levels), Cell(row.outside or None),  # type: ignore[arg-type]
    ]  # fmt: skip


def agreement(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return how far raters agree on each item."""
    found: AppraisalAgreement | None = result_of(results, "appraisal_agreement", AppraisalAgreement)
    rows = found.rows if found else ()
    columns = (
        Column("tool", "Tool"), Column("item", "Item"), Column("raters", "Raters"), Column("n", "Studies", "count"),
        Column("agree", "Alike", "count"), Column("percent", "Agreement", "score", 2),
        Column("kappa", "Kappa", "score", 2, help="Cohen's kappa of two raters, Fleiss' kappa of more"),
        Column("weighted", "Weighted kappa", "score", 2, help="linear weights, for judgements with an order"),
        Column("ac1", "AC1", "score", 2, help="Gwet's AC1, which prevalence moves less"), Column("note", "Note"),
    )  # fmt: skip
    alone = found.alone if found else ""
    notes = [f"One rater only, so there is nothing to agree on: {alone}."] if alone and rows else []
    nothing = f"one rater only, so there is nothing to agree on ({alone})" if alone else _NOTHING
    return arrange(
        "appraisal-agreement", "Agreement of raters", "Agreement per item with 95 % intervals, before any consensus.",
        columns, [_agreed(row) for row in rows], group="tool", notes=notes, nothing=nothing,
        warnings=found.warnings if found else (), keep=("tool", "item", "n", "agree", "percent", "kappa", "ac1"),
    )  # fmt: skip


def _agreed(row: ItemAgreement) -> list[Cell]:
    cells = [Cell(row.tool_title), Cell(row.heading), Cell(", ".join(row.raters)), Cell(row.n), Cell(row.n_agree)]
    for name in ("percent", "kappa", "weighted", "ac1"):
        value, low, high = (getattr(row, f"{name}{part}") for part in ("", "_low", "_high"))
        cells.append(computed(Cell(value, low=low, high=high, note="" if value is not None else row.reason)))
    return [*cells, filled(row.reason)]


def differences(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return every difference between raters, and the consensus."""
    found: AppraisalAgreement | None = result_of(results, "appraisal_agreement", AppraisalAgreement)
    names, rows = Names.of(tables, spec), found.differences if found else ()
    columns = (
        Column("tool", "Tool"), Column("study", "Study"), Column("item", "Item"), Column("ratings", "Raters say"),
        Column("consensus", "Consensus"),
    )  # fmt: skip
    alone = found.alone if found else ""
    nothing = "the raters agree on everything that two of them judged" if found and found.rows else (
        f"one rater only, so nobody can differ ({alone})" if alone else _NOTHING
    )  # fmt: skip
    return arrange(
        "appraisal-differences", "Where raters differ", "Each study and item on which raters differ, and what came of "
        "it.", columns, [_difference(row, names) for row in rows], group="tool", nothing=nothing,
        keep=("tool", "study", "item", "ratings", "consensus"), warnings=found.warnings if found else (),
    )  # fmt: skip


def _difference(row: Difference, names: Names) -> list[Cell]:
    said = "; ".join(f"{rater}: {judgement}" for rater, judgement in row.ratings)
    consensus = Cell(row.consensus) if row.consensus else Cell("none yet", mark="warning", note=row.how)
    return [Cell(row.tool_title), Cell(names.study(row.study_id)), Cell(row.heading), Cell(said), consensus]
