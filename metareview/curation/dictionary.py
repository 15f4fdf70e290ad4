"""The data dictionary of a review: every column of every sheet, from the schema."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from typing import Any

from metareview.ingest.fields import fields_of
from metareview.schema.base import Missing
from metareview.schema.tables import TABLES, TableSpec

__all__ = ["dictionary_csv", "dictionary_markdown", "dictionary_rows"]

COLUMNS: tuple[str, ...] = (
    "table", "column", "type", "required", "key", "allowed", "codes", "refers_to", "description",
)  # fmt: skip
_TYPES = {
    "text": "text", "number": "number", "score": "number", "integer": "whole number", "boolean": "yes or no",
    "choice": "one of a list", "list": "list, separated by ;", "metric": "metric of the vocabulary",
}  # fmt: skip


def dictionary_rows(tables: Collection[str] = tuple(TABLES)) -> Iterator[dict[str, str]]:
    """Yield one row per column of these tables, in the order of the schema."""
    for name, spec in TABLES.items():
        if name in tables:
            for column in fields_of(name):
                yield dict(zip(COLUMNS, _row(spec, column), strict=True))


def _row(spec: TableSpec, column: str) -> tuple[str, ...]:
    field = fields_of(spec.name)[column]
    refers = [f"{ref.table}.{ref.target}" for ref in spec.references if ref.column == column]
    codes = "; ".join(code.value for code in Missing) if field.codes else ""
    allowed = "; ".join(map(str, field.choices)) or _limits(spec, column)
    flags = ("yes" if field.required else "", "yes" if column in spec.key else "")
    about = spec.model.model_fields[column].description or ""
    return (spec.name, column, _TYPES[field.kind], *flags, allowed, codes, "; ".join(refers), about)


def _limits(spec: TableSpec, column: str) -> str:
    """Return what the schema says of the range or the form of a value."""
    schema: dict[str, Any] = spec.model.model_json_schema()["properties"][column]
    arms = [schema, *schema.get("anyOf", ())]
    words = {"minimum": "at least {}", "exclusiveMinimum": "above {}", "maximum": "at most {}",
             "exclusiveMaximum": "below {}", "pattern": "matches {}"}  # fmt: skip
    said = [text.format(arm[key]) for key, text in words.items() for arm in arms if key in arm]
    return "; ".join(dict.fromkeys(said))


def dictionary_csv(tables: Collection[str] = tuple(TABLES)) -> str:
    """Return the data dictionary as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(dictionary_rows(tables))
    return out.getvalue()


def dictionary_markdown(tables: Collection[str] = tuple(TABLES)) -> str:
    """Return the data dictionary as Markdown, one section per table."""
    lines = ["# Data dictionary", "", "Columns marked * need a value in every row; together, the columns marked with a "
             "key identify a row."]  # fmt: skip
    for name in (name for name in TABLES if name in tables):
        about = " ".join((TABLES[name].model.__doc__ or "").split("\n\n")[0].split())
        lines += ["", f"## {name}", "", about, "", "| column | type | allowed | description |", "|---|---|---|---|"]
        for row in dictionary_rows([name]):
            mark = f"{row['column']}{'*' if row['required'] else ''}{' (key)' if row['key'] else ''}"
            allowed = "; ".join(part for part in (row["allowed"], row["codes"]) if part)
            refers = f" Refers to {row['refers_to']}." if row["refers_to"] else ""
            cells = (f"`{mark}`", row["type"], allowed, f"{row['description']}{refers}")
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"
