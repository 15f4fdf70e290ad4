"""The columnar path accepts and rejects exactly the rows that the models do, and flags the same cells."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from metareview.ingest.cells import CellFault, Score, clean
from metareview.ingest.fields import BLANK, SCALED, fields_of, parse_cell
from metareview.ingest.problems import Problems
from metareview.ingest.spreadsheets import parse_csv
from metareview.ingest.tables import ParsedTable, parse_table
from metareview.schema import TABLES, Missing, default_vocabulary

VOCABULARY = default_vocabulary()
RULES = {rule.rule for spec in TABLES.values() for rule in spec.rules}

GOOD: dict[str, list[str]] = {
    "text": ["a-slug", "paper", "L12", "2.5", "10.1000/182", "image:3", "0" * 64, "12", "not reported", "yes"],
    "number": ["0.5", "0,25", "1", "12.0", "−3", "1e-3", "unclear", ""],
    "score": ["0.5", "0.6", "0,25", "50", "55.4", "0.01", ""],
    "integer": ["1", "0", "2021", "12.0", "not reported", ""],
    "boolean": ["yes", "no", "TRUE", "0", ""],
    "choice": ["yes", "no", "included", "cell", "proportion", "percent", "full_text", "reported", ""],
    "list": ["a; b", "neurons", "paper;", "unclear", ""],
    "metric": ["dice", "DSC", "IoU", ""],
}
BAD = [
    "", " ", "NR", "N/A", "NA", "nan", "inf", "1e400", "1,234", "0.85 ± 0.02", "85%", "-1", "1.5", "Ärger", "A B",
    "x" * 41, "y" * 301, "z" * 20_001, "=SUM(A1)", "10-Jan", "2024-01-10 00:00:00", "#N/A", "<script>", "\\input{x}",
    "; ;", "Slug Case; ok", "image", "-5", "99999999999999999999", "0.0", "9" * 70,
]  # fmt: skip


def cells(table: str, name: str) -> st.SearchStrategy[str]:
    info = fields_of(table)[name]
    good = [*GOOD[info.kind], *map(str, info.choices)]
    return st.one_of(
        *[st.sampled_from(good)] * 12, st.sampled_from(BAD), st.text(st.characters(codec="utf-8"), max_size=12)
    )


def rows_of(table: str) -> st.SearchStrategy[list[dict[str, str]]]:
    row = st.fixed_dictionaries({name: cells(table, name) for name in TABLES[table].columns})
    return st.lists(row, min_size=1, max_size=6)


def csv_bytes(table: str, rows: list[dict[str, str]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(TABLES[table].columns)
    writer.writerows([row[name] for name in TABLES[table].columns] for row in rows)
    return stream.getvalue().encode()


def by_model(table: str, row: dict[str, str]) -> tuple[set[str], set[str], Any]:
    """Return the fields and the row rules that the model flags, and the model; a text without reading is no value."""
    values: dict[str, Any] = {}
    for name, text in row.items():
        info = fields_of(table)[name]
        try:
            value = parse_cell(info, clean(text), VOCABULARY)
        except CellFault:
            values[name] = object()
            continue
        if value is not BLANK and not (info.kind == "list" and isinstance(value, Missing)):
            values[name] = value
    scale = values.get("scale", "proportion" if table == "results" else "native")
    for name in SCALED.get(table, ()):
        value = values.get(name)
        if isinstance(value, Score):
            stray = value.percent and scale in ("proportion", "native", "count")
            values[name] = object() if stray else value.hundredth if scale == "percent" else value.value
    try:
        return set(), set(), TABLES[table].model.model_validate(values)
    except ValidationError as error:
        fields = {str(entry["loc"][0]) for entry in error.errors() if entry["loc"]}
        rules = {
            rule for entry in error.errors() if not entry["loc"] for rule in RULES if rule in str(entry["ctx"]["error"])
        }
        return fields, rules, None


def by_columns(table: str, rows: list[dict[str, str]]) -> tuple[ParsedTable, list[tuple[set[str], set[str]]]]:
    """Return the parsed table, and per row the fields and the row rules that the columnar path flags."""
    problems = Problems()
    raw = parse_csv(csv_bytes(table, rows), table, problems, file=f"{table}.csv")
    assert raw is not None
    parsed = parse_table(raw, VOCABULARY, problems)
    place = {int(line): index for index, line in enumerate(raw.lines)}
    flagged: list[tuple[set[str], set[str]]] = [(set(), set()) for _ in range(len(raw))]
    for problem in problems:
        assert problem.row is not None
        assert problem.column is not None
        fields, rules = flagged[place[problem.row]]
        if problem.rule in RULES:
            rules.add(problem.rule)
        else:
            fields.add(problem.column)
    return parsed, flagged


def assert_same_values(frame: pd.DataFrame, index: int, model: Any) -> None:
    for name, wanted in model:
        found = frame[name].iloc[index]
        codes = "" if pd.isna(frame["codes"].iloc[index]) else frame["codes"].iloc[index]
        if isinstance(wanted, Missing):
            assert f"{name}={wanted.value}" in codes
            assert pd.isna(found) or found == wanted.value
        elif wanted is None:
            assert pd.isna(found)
        else:
            assert found == wanted


@pytest.mark.parametrize("table", TABLES)
def test_columns_and_models_agree(table: str) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(rows_of(table))
    def compare(rows: list[dict[str, str]]) -> None:
        rows = [row for row in rows if any(map(clean, row.values()))]
        if not rows:
            return
        parsed, flagged = by_columns(table, rows)
        assert len(flagged) == len(rows)
        for index, row in enumerate(rows):
            fields, rules, model = by_model(table, row)
            assert flagged[index][0] == fields
            if not fields:
                assert flagged[index][1] == rules
            if model is not None:
                assert_same_values(parsed.frame, index, model)

    compare()


def test_percentages_are_divided_in_decimal() -> None:
    rows = [
        {"experiment_id": "a", "metric": "dice", "value": text, "scale": "percent", "source_id": "p", "locator": "p. 1"}
        for text in ("55.4", "76.9", "94.83", "0.7%")
    ]
    full = [{name: row.get(name, "") for name in TABLES["results"].columns} for row in rows]
    parsed, _ = by_columns("results", full)
    assert parsed.frame["value"].tolist() == [0.554, 0.769, 0.9483, 0.007]
