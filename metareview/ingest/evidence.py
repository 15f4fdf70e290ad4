"""Whether the attributes in use are evidenced: allowed values, and a fact that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from metareview.ingest.cells import CellFault, clean, parse_list, parse_missing, parse_number
from metareview.ingest.crossrows import Tables
from metareview.ingest.fields import fields_of
from metareview.ingest.problems import Problem, Problems
from metareview.ingest.tables import ParsedTable
from metareview.schema.dataset import DATASET_ATTRIBUTES, voxel_columns
from metareview.schema.study import STUDY_ATTRIBUTES

__all__ = ["check_attribute_values", "check_dataset_facts", "check_study_facts"]

#: By id and attribute, the values stated: as they compare, and as they were written.
Facts = Mapping[tuple[str, str], dict[str, str]]


def check_attribute_values(tables: Tables, allowed: Mapping[str, Sequence[str]], problems: Problems) -> None:
    """Report attribute values that ``review.yaml`` does not list."""
    for name, columns in (("studies", STUDY_ATTRIBUTES), ("experiments", ("category",))):
        table = tables.get(name)
        if table is None:
            continue
        for column in columns:
            if column in allowed and column in table.raw.columns:
                _check_allowed(table, column, allowed[column], problems)


def _check_allowed(table: ParsedTable, column: str, allowed: Sequence[str], problems: Problems) -> None:
    cells = table.raw.columns[column]
    wrong = {
        index
        for index, text in enumerate(cells.texts)
        if parse_missing(clean(text)) is None and not set(_items(table, column, text)) <= set(allowed)
    }
    rows = np.flatnonzero(np.isin(cells.codes, list(wrong)) & table.good(column))
    rule = f"{column} is one of those in review.yaml: {', '.join(allowed)}"
    table.raw.report(problems, rows, column, rule, "write one of them, or add the value to attributes in review.yaml")


def _items(table: ParsedTable, column: str, text: str) -> tuple[str, ...]:
    if fields_of(table.raw.name)[column].kind == "list":
        return parse_list(text)
    return (clean(text),) if clean(text) else ()


def _canonical(text: str) -> str:
    """Return a form in which equal values are equal texts: codes in full, numbers as numbers."""
    code = parse_missing(text)
    if code is not None:
        return code.value
    try:
        return repr(parse_number(text))
    except CellFault:
        return text


def _facts(table: ParsedTable, key: str) -> Facts:
    """Return the values that the facts give, by id and attribute; lists are taken apart."""
    facts: dict[tuple[str, str], dict[str, str]] = {}
    frame = table.frame
    columns = (frame[name].fillna("").tolist() for name in (key, "attribute", "value"))
    for owner, attribute, value in zip(*columns, strict=True):
        values = facts.setdefault((owner, attribute), {})
        values.update((_canonical(item), item) for item in (*parse_list(value), value))
        for column, size in voxel_columns(attribute, value).items():
            facts.setdefault((owner, column), {})[_canonical(size)] = size
    return facts


def check_study_facts(tables: Tables, unreadable: set[str], problems: Problems) -> None:
    """Report attributes of studies in use that no fact states."""
    studies = tables.get("studies")
    if studies is None or "study_facts" in unreadable:
        return
    facts = tables.get("study_facts")
    if facts is None:
        used = [name for name in STUDY_ATTRIBUTES if name in studies.raw.columns]
        if used and len(studies.raw):
            found, rule = "there is no table study_facts", "an attribute of a study has its evidence in study_facts"
            remedy = "add the table: study_id, attribute, value, source_id, locator, printed, uncertain, note"
            problems.add(Problem.of_file(studies.raw.file, found, rule, remedy, severity="warning"))
        return
    known = _facts(facts, "study_id")
    for column in STUDY_ATTRIBUTES:
        if column in studies.raw.columns:
            _check_evidence(studies, "study_id", column, known, "study_facts", problems, lambda _: True)


def check_dataset_facts(tables: Tables, problems: Problems) -> None:
    """Report attributes of data sets in use that differ from the facts there are about them."""
    datasets, facts = tables.get("datasets"), tables.get("dataset_facts")
    if datasets is None or facts is None:
        return
    known = _facts(facts, "dataset_id")
    for column in DATASET_ATTRIBUTES:
        if column in datasets.raw.columns:
            _check_evidence(datasets, "dataset_id", column, known, "dataset_facts", problems, known.__contains__)


def _check_evidence(
    table: ParsedTable,
    key: str,
    column: str,
    facts: Facts,
    source: str,
    problems: Problems,
    concerned: Callable[[tuple[str, str]], bool],
) -> None:
    """Report the rows whose cell is filled, concerned, and not among the facts."""
    raw = table.raw
    owners = table.frame[key].fillna("").tolist()
    good = table.good(key, column)
    rows = [
        row
        for row, owner in enumerate(owners)
        if good[row] and concerned((owner, column)) and _unstated(table, row, column, facts.get((owner, column), {}))
    ]

    def remedy(row: int) -> str:
        stated = sorted(set(facts.get((owners[row], column), {}).values()))
        if not stated:
            return f"add the fact with its source and place ({owners[row]}, {column}), or leave the cell blank"
        return f"use one of the values stated, or add a fact; stated: {', '.join(stated)[:200]}"

    raw.report(problems, rows, column, f"the value in use is stated by a row of {source}", remedy)


def _unstated(table: ParsedTable, row: int, column: str, stated: Mapping[str, str]) -> bool:
    text = clean(table.raw.text(row, column))
    if not text or _canonical(text) in stated:
        return False
    return any(_canonical(item) not in stated for item in parse_list(text))
