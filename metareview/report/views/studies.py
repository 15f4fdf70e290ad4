"""Views of the studies: what is recorded of each, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable

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
    study_name,
    tally,
    text,
)
from metareview.schema.dataset import voxel_columns
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef

__all__ = ["evidence", "fact_cell", "studies"]

_COLUMNS = (
    ("year", "Year"), ("category", "Category"), ("dimension", "Dimension"), ("task", "Task"),
    ("supervision", "Supervision"), ("backbone", "Backbone"), ("targets", "Targets"), ("code", "Code"),
    ("weights", "Weights"), ("hardware", "Hardware"), ("in_meta", "In the published synthesis"),
)  # fmt: skip

Evidence = dict[tuple[str, str], list[Row]]


def evidence(tables: Tables, table: str, key: str) -> Evidence:
    """Return the facts of ``study_facts`` or ``dataset_facts`` by id and column; a voxel size is one per axis."""
    facts: Evidence = {}
    for row in records(tables, table):
        attribute, value = text(row["attribute"]), text(row["value"])
        facts.setdefault((text(row[key]), attribute), []).append(row)
        for column, size in voxel_columns(attribute, value).items():  # one fact for three columns
            facts.setdefault((text(row[key]), column), []).append({**row, "value": size})
    return facts


def fact_cell(row: Row, attribute: str, facts: Iterable[Row], names: Names) -> Cell:
    """Return the value in use with the evidence for it; what other places say is told in the note.

    Where facts are there and none states the value in use, it leads to our spreadsheet only: no document prints it.

    Parameters
    ----------
    row : the row of ``studies`` or ``datasets``; facts : what is said of this attribute.
    """
    value = row.get(attribute)
    parts = [text(item) for item in value] if isinstance(value, tuple) else [text(value)] if value is not None else []
    here = list(facts)
    agreeing = [fact for fact in here if _states(fact, value, parts)]
    others = [fact for fact in here if fact not in agreeing]
    refs = refs_of(agreeing) or (_own(ref_of(row), bare=bool(here)) if parts else ())
    note = _also(others, names)
    shown = "; ".join(parts) if isinstance(value, tuple) else value
    if isinstance(value, float) and value.is_integer():
        shown = int(value)
    return Cell(shown or None if not isinstance(shown, int | float) else shown, refs,
                mark="warning" if others and parts else "", note=note)  # fmt: skip


def _own(ref: SourceRef, *, bare: bool) -> tuple[SourceRef, ...]:
    return (SourceRef(ref.file, ref.line) if bare else ref,)


def _states(fact: Row, value: object, parts: list[str]) -> bool:
    """Return whether a fact states the value in use; numbers are compared as numbers (30, 30.0)."""
    said = text(fact["value"])
    if said in parts:
        return True
    if not isinstance(value, int | float):
        return False
    try:
        return float(said) == value
    except ValueError:
        return False


def _also(facts: Iterable[Row], names: Names) -> str:
    """Return what other places state: each value once, with its places."""
    places: dict[str, list[str]] = {}
    for fact in facts:
        places.setdefault(text(fact["value"]), []).append(names.place(fact))
    return "; ".join(f"also stated: {value} ({'; '.join(found)})" for value, found in places.items())


def studies(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per study with its attributes, grouped by the body of studies it belongs to."""
    names = Names.of(tables, spec)
    facts = evidence(tables, "study_facts", "study_id")
    experiments = tally(records(tables, "experiments"), "study_id")
    owner = {row["experiment_id"]: row["study_id"] for rows in experiments.values() for row in rows}
    scores: dict[str, int] = {}
    for row in records(tables, "results"):
        study = text(owner.get(row["experiment_id"]))
        scores[study] = scores.get(study, 0) + 1
    rows = records(tables, "studies")
    order = {corpus.id: position for position, corpus in enumerate(spec.corpora)}
    rows.sort(key=lambda row: order.get(_home(row, spec), len(order)))
    body = [_line(row, facts, names, spec, experiments, scores) for row in rows]
    columns = (
        Column("group", "Studies"),
        Column("study", "Study"),
        Column("status", "Status"),
        *(Column(key, label) for key, label in _COLUMNS),
        Column("experiments", "Experiments", "count", help="experiments recorded here"),
        Column("results", "Results", "count", help="numbers recorded here"),
        Column("study_id", "Id"),
    )
    counts = {corpus.label: sum(corpus.id in (row.get("corpus") or ()) for row in rows) for corpus in spec.corpora}
    notes = ["; ".join(f"{label}: {n} recorded" for label, n in counts.items()) + "."] if counts else []
    notes.append(f"{len(rows)} studies; – where no document states a value. A study of several bodies stands once.")
    return arrange(
        "studies", "Study characteristics", "What the documents state of each study; the values are those in use.",
        columns, body, group="group" if spec.corpora else "", notes=notes,
        warnings=_conflicts(body), machine=("study_id",), nothing="no studies are recorded (studies.csv)",
    )  # fmt: skip


def _home(row: Row, spec: ReviewSpec) -> str:
    """Return the body a study is listed under: the primary one where it belongs to it, else its first."""
    bodies = row.get("corpus") or ()
    if spec.primary_corpus in bodies:
        return text(spec.primary_corpus)
    return text(bodies[0]) if bodies else ""


def _line(
    row: Row, facts: Evidence, names: Names, spec: ReviewSpec, experiments: dict[str, list[Row]], scores: dict[str, int]
) -> list[Cell]:
    study = text(row["study_id"])
    runs = experiments.get(study, [])
    return [
        Cell(names.corpus(_home(row, spec)) if spec.corpora else None),
        Cell(study_name(row), (ref_of(row),), note=text(row.get("note"))),
        filled(row.get("status")),
        *(fact_cell(row, key, facts.get((study, key), ()), names) for key, _ in _COLUMNS),
        Cell(len(runs), refs_of(runs)),
        Cell(scores.get(study, 0)),
        Cell(study),
    ]


def _conflicts(body: list[list[Cell]]) -> list[str]:
    number = sum(cell.mark == "warning" for line in body for cell in line)
    return [f"{number} values are contradicted by another place; both stand in the evidence."] if number else []
