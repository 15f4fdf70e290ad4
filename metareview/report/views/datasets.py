"""Views of the data sets: what is recorded of each, and how many studies use it."""

from __future__ import annotations

from collections.abc import Iterable

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import (
    Names,
    Results,
    Row,
    Tables,
    arrange,
    computed,
    records,
    ref_of,
    refs_of,
    result_of,
    studies_of,
    tally,
    text,
)
from metareview.report.views.studies import evidence, fact_cell
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.shares import SharesResult

__all__ = ["datasets", "shares"]

_TEXTS = (
    ("modality", "Modality"), ("species", "Species"), ("region", "Region"), ("structures", "Structures"),
    ("shape", "Shape"), ("access", "Access"), ("licence", "Licence"),
)  # fmt: skip
_AXES = (("voxel_z_nm", "z"), ("voxel_y_nm", "y"), ("voxel_x_nm", "x"))


def datasets(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return one row per data set with its properties and how often it is used here."""
    names = Names.of(tables, spec)
    facts = evidence(tables, "dataset_facts", "dataset_id")
    runs = tally(records(tables, "experiments"), "dataset_id")
    rows = records(tables, "datasets")
    columns = (
        Column("dataset", "Data set"),
        Column("aliases", "Also called"),
        Column("part_of", "Part of"),
        *(Column(key, label) for key, label in _TEXTS[:4]),
        *(Column(key, axis, "number", group="Voxel size (nm)") for key, axis in _AXES),
        *(Column(key, label) for key, label in _TEXTS[4:]),
        Column("experiments", "Experiments", "count", help="experiments on it that are recorded here"),
        Column("dataset_id", "Id"),
    )
    body = []
    for row in rows:
        key = text(row["dataset_id"])

        def cell(attribute: str, row: Row = row, key: str = key) -> Cell:
            return fact_cell(row, attribute, facts.get((key, attribute), ()), names)

        body.append([
            Cell(text(row.get("name")) or key, (ref_of(row),), note=text(row.get("note"))),
            _agreeing("; ".join(row.get("aliases") or ()), facts.get((key, "aliases"), ()), row.get("aliases") or ()),
            _agreeing(names.dataset(row.get("part_of")), facts.get((key, "part_of"), ()), (row.get("part_of"),)),
            *(cell(name) for name, _ in _TEXTS[:4]),
            *(cell(name) for name, _ in _AXES),
            *(cell(name) for name, _ in _TEXTS[4:]),
            Cell(len(runs.get(key, ())), refs_of(runs.get(key, ()))),
            Cell(key),
        ])  # fmt: skip
    number = "1 data set" if len(rows) == 1 else f"{len(rows)} data sets"
    return arrange(
        "datasets", "Data sets", "Properties of the data sets as the documents state them; values in use.",
        columns, body, notes=[f"{number}; – where no document states a value."] if rows else [],
        nothing="no data sets are recorded (datasets.csv)", machine=("dataset_id",),
    )  # fmt: skip


def _agreeing(shown: str | None, facts: Iterable[Row], values: Iterable[object]) -> Cell:
    """Return a text with the facts that state it; other names and wholes stand in the evidence."""
    known = {text(value) for value in values}
    return Cell(shown or None, refs_of(fact for fact in facts if text(fact["value"]) in known) if shown else ())


def shares(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return how many studies of each corpus used each data set, with the published counts beside it."""
    names = Names.of(tables, spec)
    found: SharesResult | None = result_of(results, "shares", SharesResult)
    published = {
        (text(row["corpus"]), text(row["value"])): row
        for row in records(tables, "distributions")
        if row["attribute"] == "dataset"
    }
    columns = (
        Column("corpus", "Studies"),
        Column("dataset", "Data set"),
        Column("n_studies", "Studies", "count", help="studies that used it, as recorded here"),
        Column("published", "Published", "count", help="the printed count"),
        Column("share", "Share", "percent", help="of all studies of the corpus, with Wilson interval"),
        Column("n_corpus", "Of", "count"),
    )
    body = []
    members = studies_of(tables)
    for row in found.rows if found else ():
        printed = published.get((row.corpus, row.dataset_id))
        body.append([
            Cell(names.corpus(row.corpus)),
            Cell(row.name or names.dataset(row.dataset_id)),
            Cell(row.n_studies, row.refs),
            Cell(int(printed["n"]), (ref_of(printed),), note=text(printed.get("note"))) if printed else Cell(),
            computed(Cell(row.share, row.refs, low=row.ci_low, high=row.ci_high)),
            Cell(row.n_corpus, members.get(row.corpus, ())),
        ])  # fmt: skip
    notes = [
        f"{names.corpus(row.corpus)}: {row.n_stated} of {row.n_corpus} studies state a data set."
        for row in {row.corpus: row for row in (found.rows if found else ())}.values()
    ]
    return arrange(
        "shares", "Use of data sets", "Studies per data set, by body of studies; bodies are never added up.",
        columns, body, results=[found], notes=notes, group="corpus",
        nothing="no study states a data set", keep=("dataset", "n_studies", "share"),
    )  # fmt: skip
