"""Views of attributes over studies: counts published and recorded, how attributes go together, availability."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import (
    Names,
    Results,
    Row,
    Tables,
    arrange,
    computed,
    printed_cell,
    records,
    refs_of,
    result_of,
    studies_of,
    text,
)
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.availability import AvailabilityResult
from metareview.stats.benchmark.characteristics import CharacteristicRow, CharacteristicsResult

__all__ = ["availability", "availability_other", "distributions", "modalities", "sankey_links", "sankey_nodes"]

_NOTHING = "no study attributes are recorded (studies.csv, study_facts.csv, distributions.csv)"
#: What the warnings of these analyses begin with: corpus and attribute.
_SUBJECT = re.compile(r"^[a-z0-9_.-]+, [a-z0-9_]+: ")
#: A second printing of the same counts, which must agree with the first.
_RESTATED = "_restated"


def _primary(results: Results, spec: ReviewSpec) -> tuple[CharacteristicsResult | None, list[CharacteristicRow], str]:
    """Return the result, its rows of the primary corpus, and that corpus; of the first one where none is primary."""
    found: CharacteristicsResult | None = result_of(results, "characteristics", CharacteristicsResult)
    rows = list(found.rows) if found else []
    corpora = list(dict.fromkeys(row.corpus for row in rows))
    corpus = spec.primary_corpus if spec.primary_corpus in corpora else (corpora[0] if corpora else "")
    return found, [row for row in rows if row.corpus == corpus], str(corpus)


def _published(row: CharacteristicRow, restated: Sequence[CharacteristicRow] = ()) -> Cell:
    other = [
        twin for twin in restated if twin.value.casefold() == row.value.casefold() and twin.published != row.published
    ]
    note = "; ".join(f"printed as {twin.published} in another place" for twin in other if twin.published is not None)
    refs = (*row.published_refs, *(ref for twin in other for ref in twin.published_refs))
    return Cell(row.published, refs, mark="contradicted" if note else "", note=note)


def _recorded(row: CharacteristicRow) -> Cell:
    if row.recorded == 0 and row.published is not None:
        return Cell(None, note="no study on record carries this wording, so the counts cannot be compared")
    return Cell(row.recorded, row.refs)


def _about(*keys: str) -> Callable[[str], bool]:
    """Return a test for warnings that begin with one of ``<corpus>, <attribute>``, or with neither."""
    return lambda told: not _SUBJECT.match(told) or any(told.startswith(f"{key}:") for key in keys)


def _twins(rows: Sequence[CharacteristicRow], row: CharacteristicRow) -> list[CharacteristicRow]:
    return [twin for twin in rows if twin.corpus == row.corpus and twin.attribute == row.attribute + _RESTATED]


def distributions(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return published and recorded counts of every attribute, corpus by corpus."""
    names = Names.of(tables, spec)
    found: CharacteristicsResult | None = result_of(results, "characteristics", CharacteristicsResult)
    rows = list(found.rows) if found else []
    members = studies_of(tables)
    columns = (
        Column("corpus", "Studies"),
        Column("attribute", "Attribute"),
        Column("value", "Value"),
        Column("published", "Published", "count", help="the printed count"),
        Column("recorded", "Recorded", "count", help="studies for which this folder records the value"),
        Column("share", "Share recorded", "percent", help="of the recorded studies of the corpus"),
        Column("n_corpus", "Of", "count"),
    )
    body = [
        [
            Cell(names.corpus(row.corpus)),
            Cell(_words(row.attribute)),
            Cell(names.dataset(row.value) if row.attribute == "dataset" else row.value),
            _published(row, _twins(rows, row)),
            _recorded(row),
            computed(Cell(row.share if row.recorded else None, row.refs)),
            Cell(row.n_corpus, members.get(row.corpus, ())),
        ]
        for row in rows
        if _worth(row, spec)
    ]
    rare = sum(not row.attribute.endswith(_RESTATED) for row in rows) - len(body)
    several = sorted({_words(row.attribute) for row in rows if row.multiple})
    notes = ["Published and recorded counts differ where the document prints a count without naming its studies."]
    notes += [f"{rare} values that no document counts and fewer than two studies have are left out."] if rare else []
    notes += [f"A study can have several values of: {', '.join(several)}."] if several else []
    return arrange(
        "distributions", "Attributes of the studies", "Printed counts beside the studies recorded here.",
        columns, body, results=[found], notes=notes, relevant=_about(), warnings=_wordings(body), group="corpus",
        nothing=_NOTHING,
        keep=("attribute", "value", "published", "recorded", "share"),
    )  # fmt: skip


def _wordings(body: list[list[Cell]]) -> list[str]:
    """Return one warning for all printed values that no study carries in these words; the cells say which."""
    lost = sum(line[3].value is not None and line[4].value is None for line in body)
    return [f"{lost} printed counts are of values that no study on record carries in these words."] if lost else []


def _worth(row: CharacteristicRow, spec: ReviewSpec) -> bool:
    """Return whether a count is worth a line: printed, one of the review's own categories, or shared by studies."""
    if row.attribute.endswith(_RESTATED):
        return False
    return row.published is not None or row.attribute in spec.attributes or row.recorded > 1


def modalities(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the counts of the acquisition modality in the primary corpus."""
    names = Names.of(tables, spec)
    found, rows, corpus = _primary(results, spec)
    here = [row for row in rows if row.attribute == "modality"]
    kinds = _kinds(tables, corpus)
    columns = (
        Column("dimension", "Acquisition"),
        Column("value", "Modality"),
        Column("published", "Published", "count"),
        Column("recorded", "Recorded", "count"),
    )
    body = [
        [
            Cell(kinds.get(row.value.casefold()) if row.published is not None else "not counted in print"),
            Cell(row.value),
            _published(row, _twins(rows, row)),
            _recorded(row),
        ]
        for row in here
    ]
    order = list(dict.fromkeys(line[0].value for line in body if line[2].value is not None))
    body.sort(key=lambda line: (line[2].value is None, order.index(line[0].value) if line[0].value in order else 0))
    shown = [f"{row.value} {row.published}" for row in here if row.published is not None]
    alt = f"Bars of studies per acquisition modality, published beside recorded: {', '.join(shown)}."
    return arrange(
        "modalities", "Acquisition", "How the data of the studies were acquired: printed and recorded counts.",
        columns, body, results=[found], notes=[f"Studies of {names.corpus(corpus)}; a study can use several."],
        relevant=_about(f"{corpus}, modality"),
        nothing="no acquisition modality is recorded", keep=("dimension", "value", "published", "recorded"), alt=alt,
    )  # fmt: skip


def _kinds(tables: Tables, corpus: str) -> dict[str, str]:
    """Return the group that each modality is printed in."""
    return {
        text(row["value"]).casefold(): text(row.get("group"))
        for row in records(tables, "distributions")
        if row["attribute"] == "modality" and row["corpus"] == corpus and row.get("group")
    }


#: Printed groupings of an attribute that the recorded values cannot be sorted into.
_GROUPED = {"targets": "target_group"}
_GROUPED_NOTE = (
    "Target groups are printed totals of labels. They are not the targets recorded here, and no document says which "
    "target belongs to which group."
)


def sankey_nodes(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the values of the attributes in the order of the Sankey diagram, for the primary corpus."""
    names = Names.of(tables, spec)
    found, rows, corpus = _primary(results, spec)
    sequence = list(found.sequence) if found else []
    columns = (
        Column("level", "Level", "count"),
        Column("attribute", "Attribute"),
        Column("value", "Value"),
        Column("published", "Published", "count"),
        Column("recorded", "Recorded", "count"),
    )
    body = [
        [Cell(sequence.index(row.attribute)), Cell(_words(row.attribute)), Cell(row.value), _published(row),
         _recorded(row)]
        for attribute in sequence
        for row in rows
        if row.attribute == attribute
    ]  # fmt: skip
    body += [
        [Cell(sequence.index(of)), Cell(_words(name)), Cell(row.value), Cell(row.published, row.published_refs), Cell()]
        for of, name in _GROUPED.items()
        if of in sequence
        for row in rows
        if row.attribute == name and row.published is not None
    ]  # fmt: skip
    groups = any(line[1].value in [_words(name) for name in _GROUPED.values()] for line in body)
    n = rows[0].n_corpus if rows else 0
    levels = ", ".join(_words(attribute) for attribute in sequence)
    return arrange(
        "sankey-nodes", "Study characteristics", f"Studies by {levels}: printed totals and recorded studies.",
        columns, body, results=[found], relevant=_about(*(f"{corpus}, {attribute}" for attribute in sequence)),
        notes=[f"{n} studies of {names.corpus(corpus)} are recorded here.", *([_GROUPED_NOTE] if groups else [])],
        nothing=_NOTHING,
        keep=("level", "attribute", "value", "published", "recorded"),
        alt=f"Alluvial diagram of {n} studies of {names.corpus(corpus)} through {levels}; what a study does not state "
            "flows to not stated.",
    )  # fmt: skip


def sankey_links(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return how many studies have both values of neighbouring attributes, for the primary corpus."""
    names = Names.of(tables, spec)
    found, _, corpus = _primary(results, spec)
    links = [link for link in (found.links if found else ()) if link.corpus == corpus]
    columns = (
        Column("source_attribute", "From"),
        Column("source_value", "Value"),
        Column("target_attribute", "To"),
        Column("target_value", "Value (to)"),
        Column("n", "Studies", "count"),
        Column("studies", "Which"),
    )
    body = [
        [Cell(_words(link.source_attribute)), Cell(link.source_value), Cell(_words(link.target_attribute)),
         Cell(link.target_value), Cell(link.n), Cell("; ".join(str(names.study(study)) for study in link.studies))]
        for link in links
    ]  # fmt: skip
    return arrange(
        "sankey-links", "Attributes that go together", "Studies that state both values of neighbouring attributes.",
        columns, body, notes=[f"Studies of {names.corpus(corpus)}. No document prints these links: they are counted "
                              "from the studies recorded here."],
        nothing="no study states two neighbouring attributes",
        keep=("source_attribute", "source_value", "target_attribute", "target_value", "n"),
    )  # fmt: skip


_AVAILABILITY = (
    Column("corpus", "Studies"),
    Column("attribute", "What"),
    Column("category", "Category"),
    Column("source", "Source"),
    Column("n", "Studies", "count"),
    Column("with_code", "Available", "count"),
    Column("without", "Not available", "count"),
    Column("not_stated", "Not stated", "count"),
    Column("share", "Share of all", "percent", help="with Wilson interval"),
    Column("share_stated", "Share of stated", "percent", help="of the studies that state it, with Wilson interval"),
    Column("share_lacking", "Share without", "percent", help="where a document prints the share that lacks it"),
)


def _availability_rows(found: AvailabilityResult | None, names: Names, spec: ReviewSpec, own: bool) -> list[list[Cell]]:
    rows = found.rows if found else ()
    corpora = list(dict.fromkeys(row.corpus for row in rows))
    primary = spec.primary_corpus if spec.primary_corpus in corpora else (corpora[0] if corpora else "")
    return [
        [
            Cell(names.corpus(row.corpus)),
            Cell(row.attribute),
            Cell(row.category or "category not stated"),
            Cell("recorded here"),
            Cell(row.n, row.refs),
            Cell(row.n_yes, row.refs),
            Cell(row.n_no, row.refs),
            Cell(row.n_not_stated, row.refs),
            computed(Cell(row.share_of_all, row.refs, row.share_of_all_low, row.share_of_all_high)),
            computed(
                Cell(row.share_of_stated, row.refs, row.share_of_stated_low, row.share_of_stated_high, note=row.reason)
            ),
            Cell(),
        ]
        for row in rows
        if (row.corpus == primary and row.attribute == "code") == own
    ]


_NOT_STATED = ("Not stated is counted in a column of its own: the share of all counts such studies as if nothing were "
               "available, the share of stated leaves them out.")  # fmt: skip
_LACKING = ["Printed shares stand as they are worded; of which studies they are is said only where a number stands "
            "under Studies."]  # fmt: skip
_CODE = re.compile(r"\bcode\b", re.IGNORECASE)
_MORE = re.compile(r"\bmodels?\b|\bweights\b", re.IGNORECASE)
_LACKS = re.compile(r"\black|\bwithout\b|\bno\b", re.IGNORECASE)


def _printed_availability(tables: Tables, names: Names, spec: ReviewSpec) -> list[list[Cell]]:
    """Return the printed shares of code: one line per wording and figure; those that differ contradict each other."""
    categories = {name.casefold(): name for name in spec.attributes.get("category", ())}
    lines: dict[tuple[str, bool, float], list[Row]] = {}
    for row in records(tables, "statements"):
        subject = text(row.get("subject"))
        if row["topic"] != "share" or row.get("value") is None:
            continue
        if not _CODE.search(subject) or _MORE.search(subject):
            continue
        category = categories.get(subject.rpartition(",")[2].strip().casefold(), "all")
        lines.setdefault((category, bool(_LACKS.search(subject)), float(row["value"])), []).append(row)
    given = [row for row in records(tables, "distributions") if row["attribute"] == "code" and row["value"] == "yes"]
    body = []
    for (category, lacks, _), rows in lines.items():
        rivals = [key for key in lines if key[0] == category]
        share = replace(printed_cell(rows), mark="contradicted" if len(rivals) > 1 else "")
        n = next((row for row in rows if row.get("n") is not None), None)
        counted = [row for row in given if n is not None and row["source_id"] == n["source_id"]
                   and text(row["locator"]) == text(n["locator"])]  # fmt: skip
        body.append([
            Cell(names.corpus(spec.primary_corpus)), Cell("code"), Cell(category),
            Cell("printed: " + " / ".join(dict.fromkeys(text(row["subject"]) for row in rows))),
            Cell(int(n["n"]), refs_of([n])) if n is not None else Cell(),
            Cell(int(counted[0]["n"]), refs_of(counted)) if counted else Cell(),
            Cell(), Cell(), Cell() if lacks else share, Cell(), share if lacks else Cell(),
        ])  # fmt: skip
    return body


def availability(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return code availability by category in the primary corpus."""
    names = Names.of(tables, spec)
    found: AvailabilityResult | None = result_of(results, "availability", AvailabilityResult)
    return arrange(
        "availability", "Code availability", "Studies whose code is public, by category of method.",
        _AVAILABILITY, [*_printed_availability(tables, names, spec), *_availability_rows(found, names, spec, own=True)],
        results=[found], group="corpus",
        relevant=_about(f"{spec.primary_corpus}, code", "all, code"),
        notes=[_NOT_STATED, *_LACKING],
        nothing="no study states whether its code is available", keep=("category", "n", "with_code", "share"),
    )  # fmt: skip


def availability_other(tables: Tables, results: Results, spec: ReviewSpec) -> View:
    """Return the availability of weights, and of both in the other corpora."""
    names = Names.of(tables, spec)
    found: AvailabilityResult | None = result_of(results, "availability", AvailabilityResult)
    return arrange(
        "availability-other", "Availability of weights, and in other bodies of studies",
        "Studies whose code or trained weights are public.",
        _AVAILABILITY, _availability_rows(found, names, spec, own=False), group="corpus",
        notes=[_NOT_STATED],
        nothing="no study states whether its weights are available",
    )  # fmt: skip


def _words(slug: str) -> str:
    return slug.replace("_", " ")
