"""Views of the unified benchmark: the published ranking beside the recomputed one, and the evidence for its formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import (
    Names,
    Results,
    Row,
    Tables,
    arrange,
    computed,
    filled,
    has_place,
    mark_best,
    records,
    ref_of,
    refs_of,
    result_of,
    stated,
    text,
)
from metareview.report.views.format import display
from metareview.report.views.wording import in_words
from metareview.schema.review import CompositeSpec, ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.composite import CompositeResult, CompositeRow
from metareview.stats.benchmark.evidence import CompositeEvidenceResult, EvidenceRow

__all__ = ["benchmark", "composite_evidence", "composite_verdicts"]

_SCORE = Column("x", "x", "score")


@dataclass(frozen=True, slots=True)
class _Line:
    """One method: the printed composite where there is one, the recomputed row where there is one."""

    study_id: str
    method: str
    printed: Row | None
    found: CompositeRow | None


def benchmark(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per method: rank, metrics, composite as printed and as recomputed, data sets, code."""
    names = Names.of(tables, spec)
    found: CompositeResult | None = result_of(results, "composite", CompositeResult)
    evidence: CompositeEvidenceResult | None = result_of(results, "composite_evidence", CompositeEvidenceResult)
    if spec.composite is None:
        return arrange("benchmark", "Unified benchmark", "Methods ranked by composite score.", (), (), results=[found],
                       nothing="review.yaml defines no composite score")  # fmt: skip
    lines = _lines(tables, spec.composite, found)
    facts = _facts_at(tables, spec.composite.place)
    scores = _scores(tables, spec.composite)
    order = spec.composite.metrics
    metrics = list(dict.fromkeys(key for line in lines for key in scores.get(_who(line), {})))
    metrics.sort(key=lambda key: order.index(key[0]))
    columns = _columns(names, metrics, spec.composite)
    reasons = _reasons(evidence, found)
    body = [_body(line, names, facts, scores, metrics, reasons, position) for position, line in enumerate(lines, 1)]
    body, unsure = _without_empty_intervals(_marked(columns, body), _at(columns, "interval"))
    printed = sum(line.printed is not None for line in lines)
    place = f" ({spec.composite.place})" if spec.composite.place else ""
    notes = [f"Corpus: {names.corpus(spec.composite.corpus or spec.primary_corpus)}{place}; {len(lines)} methods, "
             f"{printed} of them with a printed composite, in printed order.",
             f"Composite recomputed: {_definition(spec.composite, names)}. k: experiments that enter.",
             *unsure, *names.legend(spec.composite.metrics)] if body else []  # fmt: skip
    differ = sum(row[_at(columns, "composite_recomputed")].mark == "contradicted" for row in body)
    return arrange(
        "benchmark", "Unified benchmark", "Methods ranked by composite score, as published and as recomputed.",
        columns, body, results=[found], notes=notes,
        warnings=[f"{differ} of {printed} printed composites are not reproduced; the cell says why."] if differ else [],
        nothing="no method has a value of the metrics of the composite",
        keep=("rank", "method", "study", "category", "composite", "composite_recomputed", "k", "n_datasets", "datasets",
              "code"),
        alt=_alt(columns, body),
    )  # fmt: skip


def _columns(names: Names, metrics: list[tuple[str, str]], composite: CompositeSpec) -> tuple[Column, ...]:
    digits = composite.decimals
    scores = [
        Column(
            _key(*key),
            str(names.metric(*key)),
            names.kind(key[0]),
            digits,
            arrow=names.arrow(key[0]),
            help=names.about(key[0]),
        )
        for key in metrics
    ]
    return (
        Column("rank", "Rank", "count", help="in the published table"),
        Column("method", "Method"),
        Column("study", "Study"),
        Column("category", "Category"),
        *scores,
        Column("composite", "Printed", "score", digits, group="Composite", arrow="↑"),
        Column("composite_recomputed", "Recomputed", "score", digits, group="Composite", arrow="↑"),
        Column("interval", "95% CI", "interval", digits, group="Composite", help="t interval over the experiments"),
        Column("k", "k", "count", group="Composite", help="experiments that enter the recomputed composite"),
        Column("rank_recomputed", "Rank", "count", group="Composite", help="by the recomputed composite"),
        Column("n_datasets", "Printed", "count", group="Data sets", help="number of data sets as printed"),
        Column("datasets", "Known", group="Data sets", help="data sets that the document lets be known"),
        Column("code", "Printed", group="Code"),
        Column("code_recorded", "In use", group="Code", help="value in use, from all places"),
    )


def _without_empty_intervals(body: list[list[Cell]], at: int) -> tuple[list[list[Cell]], list[str]]:
    """Empty the column of intervals where no composite has one, and say why in a note instead of in every cell."""
    if not body or any(row[at].low is not None for row in body):
        return body, []
    reasons = dict.fromkeys(row[at].note for row in body if row[at].note)
    return [[*row[:at], Cell(), *row[at + 1 :]] for row in body], [
        f"Composites have no interval: {', '.join(reasons)}."
    ]


def _at(columns: Sequence[Column], key: str) -> int:
    return [column.key for column in columns].index(key)


def _key(metric: str, convention: str) -> str:
    return metric if convention == "unstated" else f"{metric}:{convention}"


def _definition(composite: CompositeSpec, names: Names) -> str:
    turned = "; ".join(f"{names.metric(metric)} as {how}" for metric, how in composite.orientation.items())
    metrics = ", ".join(str(names.metric(metric)) for metric in composite.metrics)
    return (
        f"mean of {metrics} within an experiment, then {composite.across.replace('_', ' ')}, "
        f"rounded half up to {composite.decimals} decimals" + (f"; {turned}" if turned else "")
    )


def _lines(tables: Tables, composite: CompositeSpec, found: CompositeResult | None) -> list[_Line]:
    """Pair printed and recomputed composites: by study, and by method where a study has several."""
    left = list(found.rows) if found else []
    lines = []
    for row in _printed(tables, composite):
        same = [entry for entry in left if entry.study_id == row["study_id"]]
        named = [entry for entry in same if entry.method == text(row.get("subject"))]
        likely = named or (same if len(same) == 1 else [])
        match = likely[0] if likely else None
        if match is not None:
            left.remove(match)
        method = text(row.get("subject")) or (match.method if match is not None else "")
        lines.append(_Line(row["study_id"], method, row, match))
    return lines + [_Line(entry.study_id, entry.method, None, entry) for entry in left]


def _printed(tables: Tables, composite: CompositeSpec) -> list[Row]:
    """Return the printed composites in printed order: of the place that the definition names, one per method."""
    rows: dict[tuple[str, str], Row] = {}
    for row in records(tables, "statements"):
        here = row["statistic"] == "composite" and row.get("study_id") and row.get("value") is not None
        if here and has_place(row["locator"], composite.place) and composite.corpus in (None, row["source_id"]):
            rows.setdefault((text(row["study_id"]), text(row.get("subject"))), row)
    return list(rows.values())


def _facts_at(tables: Tables, place: str | None) -> dict[tuple[str, str], Row]:
    """Return what the published table itself says of a study, by study and attribute; last, what is in use."""
    facts: dict[tuple[str, str], Row] = {}
    for row in records(tables, "study_facts"):
        if place is not None and has_place(row["locator"], place):
            facts.setdefault((text(row["study_id"]), text(row["attribute"])), row)
    for row in records(tables, "studies"):
        for attribute in ("code", "category"):
            facts[text(row["study_id"]), f"{attribute} in use"] = {**row, "value": row.get(attribute)}
    return facts


Scores = dict[tuple[str, str], dict[tuple[str, str], list[Row]]]


def _scores(tables: Tables, composite: CompositeSpec) -> Scores:
    """Return the values of the composite's metrics by study and method, as they are recorded."""
    owners = {row["experiment_id"]: row for row in records(tables, "experiments")}
    scores: Scores = {}
    for row in records(tables, "results"):
        owner = owners.get(row["experiment_id"])
        if owner is None or owner.get("origin") == "rerun" or row.get("value") is None:
            continue
        wanted = row["metric"] in composite.metrics and row["level"] in composite.levels and not row.get("unit")
        if wanted and composite.corpus in (None, row["source_id"]) and has_place(row["locator"], composite.place):
            key = (text(row["metric"]), text(row.get("convention")) or "unstated")
            who = (text(owner["study_id"]), text(owner["method"]))
            scores.setdefault(who, {}).setdefault(key, []).append(row)
    return scores


def _who(line: _Line) -> tuple[str, str]:
    return line.study_id, line.found.method if line.found else line.method


def _reasons(evidence: CompositeEvidenceResult | None, found: CompositeResult | None) -> dict[tuple[str, str], str]:
    """Return why a printed composite is not reproduced by the definition in use."""
    rows = evidence.rows if evidence and found else ()
    return {
        (row.study_id, row.method): row.reason
        for row in rows
        if found and row.definition == found.definition and row.kind == "agreement" and row.reason
    }


def _body(
    line: _Line, names: Names, facts: dict[tuple[str, str], Row], scores: Scores, metrics: list[tuple[str, str]],
    reasons: dict[tuple[str, str], str], position: int,
) -> list[Cell]:  # fmt: skip
    found, printed = line.found, line.printed
    here = scores.get(_who(line), {})
    printed_n = facts.get((line.study_id, "n_datasets"))
    code, in_use = facts.get((line.study_id, "code")), facts.get((line.study_id, "code in use"))
    used = stated(in_use.get("value")) if in_use else ""
    clash = code is not None and used and text(code["value"]) != used
    # A doubt about the printed composite (a lost decimal point) is none about the order of the table.
    place = (replace(ref_of(printed), uncertain=False, note=""),) if printed else ()
    no_interval = "" if found is None or found.ci_low is not None else found.reason
    return [
        Cell(position if printed is not None else None, place),
        Cell(line.method, place),
        Cell(names.study(line.study_id)),
        _category(line, facts),
        *(_score(here.get(key, [])) for key in metrics),
        Cell(printed["value"], (ref_of(printed),)) if printed else Cell(),
        _recomputed(line, reasons),
        Cell(None, found.refs if found else (), found.ci_low if found else None, found.ci_high if found else None,
             note=no_interval),
        Cell(found.k if found else None, found.refs if found else ()),
        computed(Cell(found.rank, found.refs)) if found else Cell(),
        Cell(int(float(printed_n["value"])), (ref_of(printed_n),)) if printed_n else Cell(),
        Cell(names.dataset_list(found.datasets) if found else None),
        Cell(text(code["value"]), (ref_of(code),)) if code else Cell(),
        Cell(used or None, mark="contradicted", note="the published table says otherwise") if clash else filled(used),
    ]  # fmt: skip


def _category(line: _Line, facts: dict[tuple[str, str], Row]) -> Cell:
    fact = facts.get((line.study_id, "category"))
    in_use = facts.get((line.study_id, "category in use"))
    value = (line.found.category if line.found else "") or (stated(in_use.get("value")) if in_use else "")
    if fact is not None and value and text(fact["value"]) != value:
        return Cell(value, (ref_of(fact),), mark="contradicted", note=f"the published table says {fact['value']}")
    return Cell(value or None, (ref_of(fact),) if fact else ())


def _score(rows: list[Row]) -> Cell:
    if not rows:
        return Cell()
    values = [float(row["value"]) for row in rows]
    if len(values) == 1:
        return Cell(values[0], refs_of(rows), note=text(rows[0].get("note")))
    return Cell(sum(values) / len(values), refs_of(rows), mark="derived", note=f"mean of {len(values)} values")


def _recomputed(line: _Line, reasons: dict[tuple[str, str], str]) -> Cell:
    if line.found is None:
        return Cell(None, note="no value of its metrics is recorded")
    cell = computed(Cell(line.found.rounded, line.found.refs))
    if line.printed is None or float(line.printed["value"]) == line.found.rounded:
        return cell
    told = f"printed {display(line.printed['value'], _SCORE)}, recomputed {display(line.found.rounded, _SCORE)}"
    reason = reasons.get(_who(line)) or reasons.get((line.study_id, line.method), "")
    return replace(cell, mark="contradicted", note="; ".join(part for part in (told, reason) if part))


def _marked(columns: Sequence[Column], body: list[list[Cell]]) -> list[list[Cell]]:
    """Mark best and second best of every metric and of the printed composite."""
    for position, column in enumerate(columns):
        if column.arrow and column.key != "composite_recomputed":
            cells = mark_best([row[position] for row in body], column.arrow, column.decimals or 3)
            for row, cell in zip(body, cells, strict=True):
                row[position] = cell
    return body


def _alt(columns: Sequence[Column], body: list[list[Cell]]) -> str:
    place = {key: _at(columns, key) for key in ("method", "composite", "composite_recomputed")}
    parts = []
    for row in body[:10]:
        values = [display(row[place[key]].value, _SCORE) for key in ("composite", "composite_recomputed")]
        parts.append(f"{row[place['method']].value} {values[0]} ({values[1]})")
    return f"Composite score per method, printed (recomputed): {'; '.join(parts)}." if parts else ""


def composite_evidence(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return every candidate definition of the composite against every printed composite."""
    names = Names.of(tables, spec)
    found: CompositeEvidenceResult | None = result_of(results, "composite_evidence", CompositeEvidenceResult)
    labels = _labels(found)
    columns = (
        Column("method", "Method"),
        Column("definition", "Definition"),
        Column("kind", "Kind"),
        Column("value", "Value", "score", help="recomputed and rounded"),
        Column("possible", "Possible", "interval", help="what values that round to the printed means can give"),
        Column("printed", "Printed", "score"),
        Column("agrees", "Agrees"),
        Column("k", "k", "count"),
        Column("reason", "Reason"),
    )
    body = [_evidence(row, labels, names) for row in (found.rows if found else ())]
    return arrange(
        "composite-evidence", "Which definition gives the printed composites",
        "Candidate definitions of the composite score against every printed one.",
        columns, body, results=[found], group="method",
        notes=["Feasibility says only that values exist which would give the printed composite; it is no agreement."],
        nothing="no composite score is printed, or none is defined in review.yaml",
        keep=("definition", "value", "printed", "agrees", "k", "reason"),
    )  # fmt: skip


def _evidence(row: EvidenceRow, labels: Mapping[str, str], names: Names) -> list[Cell]:
    return [
        Cell(f"{row.method} ({names.study(row.study_id)})"),
        Cell(labels.get(row.definition, row.definition)),
        Cell(row.kind),
        computed(Cell(row.value, row.refs)),
        Cell(None, row.refs if row.low is not None else (), row.low, row.high),
        Cell(row.printed, row.printed_refs),
        Cell("open" if row.agrees is None else "yes" if row.agrees else "no"),
        Cell(row.k, row.refs),
        Cell(row.reason or None),
    ]


def _labels(found: CompositeEvidenceResult | None) -> dict[str, str]:
    """Return what each definition is in words; feasibility is none, and named for what it asks."""
    labels = {row.definition: row.definition for row in (found.rows if found else ())}
    for definition in labels:
        head, _, given = definition.partition(":")
        if head.startswith("feasibility"):
            labels[definition] = "values that could exist" + (f", {given} among them" if given else "")
    return labels | {verdict.definition: in_words(verdict.label) for verdict in (found.verdicts if found else ())}


def composite_verdicts(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return how many printed composites each candidate definition reproduces, best first."""
    found: CompositeEvidenceResult | None = result_of(results, "composite_evidence", CompositeEvidenceResult)
    columns = (
        Column("definition", "Definition"),
        Column("n_agree", "Agrees with", "count"),
        Column("n_fail", "Fails on", "count"),
        Column("n_open", "Cannot be judged", "count"),
        Column("fails", "Which it fails on"),
    )
    places: dict[tuple[str, bool | None], list[SourceRef]] = {}
    for row in found.rows if found else ():
        places.setdefault((row.definition, row.agrees), []).extend((*row.printed_refs, *row.refs))

    def count(n: int, definition: str, agrees: bool | None) -> Cell:
        return Cell(n, tuple(places.get((definition, agrees), ())))

    body = [
        [
            Cell(in_words(verdict.label), mark="best" if verdict.definition in (found.best if found else ()) else ""),
            count(verdict.n_agree, verdict.definition, True),
            count(verdict.n_fail, verdict.definition, False),
            count(verdict.n_open, verdict.definition, None),
            Cell("; ".join(verdict.fails) or None),
        ]
        for verdict in (found.verdicts if found is not None and found.rows else ())
    ]
    return arrange(
        "composite-verdicts", "What gives the printed composites", "Printed composites that a definition reproduces.",
        columns, body, results=[found], nothing="no composite score is printed, or none is defined in review.yaml",
        notes=["The table of evidence has every composite under every definition."],
    )  # fmt: skip
