"""What a person needs to know of each column: what it is, the rule, an example; all derived from the schema.

Nothing of a rule is written down twice: kinds, patterns, bounds and choices are those of the model's annotation, the
description is its docstring. Only the examples are data of their own (``examples.csv``); a test reads them through
the door.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import TypeAdapter

from metareview.ingest.fields import PATTERNS, SCALED, Field, fields_of
from metareview.schema.base import Missing
from metareview.schema.tables import TABLES

__all__ = ["CODES", "NUMERIC", "Guide", "guides_of", "table_purpose"]

#: The missing-value codes, as they are written.
CODES: tuple[str, ...] = tuple(code.value for code in Missing)
#: Kinds of columns that hold numbers.
NUMERIC = frozenset({"number", "score", "integer"})

_SLUG, _KEY, _UNIT, _DOI, _SHA = (
    r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$", r"^[a-z][a-z0-9_]*$", r"^[a-z][a-z0-9_-]*:[^\s:][^:]*$", r"^10\.\d{4,9}/\S+$",
    r"^[0-9a-f]{64}$",
)  # fmt: skip
#: What a pattern asks for, as an instruction.
_ASKED = {
    _SLUG: "Lower-case letters and digits in groups joined by - _ or .",
    _KEY: "Lower-case letters, digits and _, a letter first.",
    _UNIT: "kind:name, such as image:3 or seed:1.",
    _DOI: "Starts with 10. (no https://doi.org/).",
    _SHA: "64 hexadecimal digits, from sha256sum.",
}
_WIDE = frozenset({"note", "quote", "title", "statement", "support", "description", "tooltips", "inputs"})
_WIDTHS = {"integer": 12, "number": 13, "score": 13, "boolean": 12, "choice": 17, "metric": 17}


@dataclass(frozen=True, slots=True)
class Guide:
    """One column as a person meets it.

    Attributes
    ----------
    table, field : the column, and how it is read.
    about : what it is.
    rules : what a cell must satisfy, one sentence each.
    example : a good cell.
    unit : unit of measurement, where the column has one.
    low, high : inclusive or exclusive bounds of a number, with the operator that a number must satisfy.
    target : the table whose ids it holds, where it does.
    pattern : the pattern of the text, where there is one.
    """

    table: str
    field: Field
    about: str
    rules: tuple[str, ...]
    example: str
    unit: str
    low: tuple[str, float] | None
    high: tuple[str, float] | None
    target: str | None
    pattern: str | None
    longest: int | None

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.field.name

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.field.kind in NUMERIC

    @property
    def width(self) -> float:
        """Width of the column in characters: its cells fit, and what it is takes five lines at most."""
        if self.name in _WIDE:
            return 36
        about = len(self.about.partition(". ")[0]) / 4.5
        if self.field.kind in _WIDTHS:
            return max(_WIDTHS[self.field.kind], len(self.name) + 3, about)
        if self.pattern == _SLUG or self.name == "locator":
            return 28
        return max(16, min(len(self.example), 24), len(self.name) + 3, about)

    def note(self) -> str:
        """Return the text of the comment on the header: what, rules, example."""
        lines = [self.about, *(f"• {rule}" for rule in self.rules)]
        return "\n".join([*lines, f"Example: {self.example}"] if self.example else lines)


@cache
def guides_of(table: str) -> Mapping[str, Guide]:
    """Return the guides of a table by column, in the order of its model."""
    return {name: _guide(table, field) for name, field in fields_of(table).items()}


@cache
def table_purpose(table: str) -> str:
    """Return what one row of a table is, from the docstring of its model.

    >>> table_purpose("studies")
    'One investigation, the cluster for dependence.'
    """
    text = " ".join((TABLES[table].model.__doc__ or "").split("\n\n")[0].split())
    start, opening, rest = text.partition(" (one row of ``")
    if opening:
        text = start + rest.partition(")")[2]
    text = text.replace("`", "").replace(".csv", "").removeprefix(f"One row of {table}: ")
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


@cache
def _examples() -> Mapping[tuple[str, str], str]:
    text = files("metareview.curation").joinpath("examples.csv").read_text(encoding="utf-8")
    return {(row["table"], row["column"]): row["example"] for row in csv.DictReader(text.splitlines())}


def _guide(table: str, field: Field) -> Guide:
    facts = _facts(field.annotation)
    target = next((ref.table for ref in TABLES[table].references if ref.column == field.name), None)
    low = next(
        ((sign, facts[key]) for key, sign in (("minimum", ">="), ("exclusiveMinimum", ">")) if key in facts), None
    )
    high = next(
        ((sign, facts[key]) for key, sign in (("maximum", "<="), ("exclusiveMaximum", "<")) if key in facts), None
    )
    about = TABLES[table].model.model_fields[field.name].description or ""
    pattern = facts.get("pattern") if field.kind != "metric" else None
    longest = facts.get("maxLength")
    guide = Guide(
        table, field, " ".join(about.replace("`", "").split()), (), _examples().get((table, field.name), ""),
        "nm" if field.name.endswith("_nm") else "", low, high, target, pattern, longest,
    )  # fmt: skip
    return _with_rules(guide)


def _facts(annotation: Any) -> dict[str, Any]:
    """Return the constraints of the part of an annotation that holds the value."""
    schema = TypeAdapter(annotation).json_schema()
    arms = schema.get("anyOf", [schema])
    found: dict[str, Any] = next((arm for arm in arms if "$ref" not in arm and arm.get("type") != "null"), {})
    items: dict[str, Any] = found.get("items", found)
    return items if found.get("type") == "array" else found


def _with_rules(guide: Guide) -> Guide:
    from dataclasses import replace

    return replace(guide, rules=tuple(_rules(guide)))


def _rules(guide: Guide) -> Iterator[str]:
    field = guide.field
    if field.required:
        yield "Required."
    match field.kind:
        case "choice" | "integer" if field.choices:
            yield f"One of: {', '.join(map(str, field.choices))}."
        case "integer":
            yield "A whole number."
        case "number" | "score":
            yield "One number; no ±, no range, no unit."
        case "boolean":
            yield "yes; blank for no."
        case "list":
            yield "Several are separated by ; (semicolon)."
        case "metric":
            yield "A key or an alias of the sheet glossary."
        case _:
            pass
    if field.name in SCALED.get(guide.table, ()):
        yield "As printed; column scale says whether it is a percentage."
    bounds = " and ".join(f"{sign} {bound:g}" for sign, bound in filter(None, (guide.low, guide.high)))
    if bounds:
        yield f"{bounds}{f' {guide.unit}' if guide.unit else ''}."
    if guide.target:
        yield f"An id of the sheet {guide.target}."
    elif guide.pattern:
        yield _ASKED.get(guide.pattern) or f"{PATTERNS[guide.pattern][0]}.".capitalize()
    if guide.longest and guide.longest <= 40:
        yield f"At most {guide.longest} characters."
    if field.codes:
        yield f"Or a code: {', '.join(CODES)}."
    if not field.required and field.default not in (None, (), False):
        yield f"Blank means {field.default}."
