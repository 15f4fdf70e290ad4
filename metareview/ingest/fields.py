"""Fields: how the cells of each column are read, derived from the models and never written down twice.

A column's kind follows from the annotation of its field; what a typed value must satisfy is asked of a pydantic
adapter built from that same annotation, so that the door and the models cannot differ.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

from metareview.errors import did_you_mean
from metareview.ingest.cells import (
    CellFault,
    check_text,
    is_foreign_code,
    parse_boolean,
    parse_integer,
    parse_list,
    parse_missing,
    parse_number,
    parse_score,
)
from metareview.schema.base import Missing, Model
from metareview.schema.metric import Vocabulary
from metareview.schema.tables import TABLES

__all__ = ["BLANK", "PATTERNS", "SCALED", "Field", "fields_of", "invalid", "parse_cell"]

Kind = Literal["text", "number", "score", "integer", "boolean", "choice", "list", "metric"]

#: Columns that a percentage may stand in; column ``scale`` of the same row says whether it does.
SCALED: Mapping[str, tuple[str, ...]] = {
    "results": ("value", "sd", "se", "ci_low", "ci_high"),
    "rerun_results": ("value", "sd", "se", "ci_low", "ci_high"),
    "statements": ("value", "value_high"),
}


class _Blank(Enum):
    BLANK = "blank"


#: The value of a blank cell: the field's default, or a problem where it has none.
BLANK = _Blank.BLANK


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table.

    Attributes
    ----------
    name : the column.
    kind : how its text is read.
    annotation : the field's type with its constraints, as the model has it.
    required : whether a blank cell is a problem.
    default : what a blank cell means otherwise.
    codes : whether it may hold a missing-value code.
    choices : the allowed values of a choice.
    """

    name: str
    kind: Kind
    annotation: Any
    required: bool
    default: Any
    codes: bool
    choices: tuple[Any, ...] = ()


@cache
def fields_of(table: str) -> Mapping[str, Field]:
    """Return the fields of a table by column, in the order of its model."""
    model: type[Model] = TABLES[table].model
    return {name: _field(table, name, info) for name, info in model.model_fields.items()}


def _field(table: str, name: str, info: Any) -> Field:
    annotation = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    members = _members(annotation)
    base = next(member for member in members if member not in (type(None), Missing))
    choices = get_args(base) if get_origin(base) is Literal else ()
    kind: Kind = "text"
    if name in SCALED.get(table, ()):
        kind = "score"
    elif name == "metric":
        kind = "metric"
    elif choices:
        kind = "integer" if isinstance(choices[0], int) else "choice"
    elif get_origin(base) is tuple:
        kind = "list"
    else:
        kind = {str: "text", float: "number", int: "integer", bool: "boolean"}[base]  # type: ignore[assignment]
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    return Field(name, kind, annotation, info.is_required(), default, Missing in members, choices)


def _members(annotation: Any) -> tuple[Any, ...]:
    """Return the types of a union, without their constraints."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(member for arm in get_args(annotation) for member in _members(arm))
    return (annotation,)


def parse_cell(field: Field, text: str, vocabulary: Vocabulary) -> Any:
    """Return the typed value of a cell: `BLANK`, a `Missing` code, or a value of the field's type.

    The text is without spaces at its ends. A score is a `cells.Score`, to be scaled when the row's scale is known. A
    list cell that holds nothing but a code in full is that code (for the model: no items).

    Raises
    ------
    CellFault
        If the text cannot be read as what the column holds.
    """
    if not text:
        return BLANK
    check_text(text)
    code = parse_missing(text) if field.kind != "text" or field.codes else None
    if code is not None and field.codes:
        return code
    match field.kind:
        case "number" | "integer" | "score" | "boolean":
            return _parse_typed(field, text, code)
        case "list":
            return code if code is not None and text.lower() == code.value else parse_list(text)
        case "metric":
            return _parse_metric(text, vocabulary)
        case _:
            return text


def _parse_typed(field: Field, text: str, code: Missing | None) -> Any:
    if code is not None or (is_foreign_code(text) and not field.codes):
        remedy = "remove the row: nothing is known" if field.required else "leave the cell blank"
        raise CellFault("this column has no missing-value codes", remedy)
    parsers: dict[str, Any] = {
        "number": parse_number, "integer": parse_integer, "score": parse_score, "boolean": parse_boolean,
    }  # fmt: skip
    return parsers[field.kind](text)


def _parse_metric(text: str, vocabulary: Vocabulary) -> str:
    metric = vocabulary.find(text)
    if metric is None:
        raise CellFault("a metric is in the vocabulary", lambda: _nearest_metric(text, vocabulary))
    return metric.key


_DEFINE = "define it in review.yaml under metrics"


def _nearest_metric(text: str, vocabulary: Vocabulary) -> str:
    names = [alias for entry in vocabulary for alias in (entry.key, *entry.aliases)]
    # abbreviations are near each other without meaning the same: MASE is no f-measure, sMAPE no mAP
    hint = did_you_mean(text[:100], names, 0.8 if len(text) <= 5 else 0.6)
    return f"{hint} Otherwise {_DEFINE}" if hint else _DEFINE


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(list[annotation], config=ConfigDict(strict=True, allow_inf_nan=False))


def invalid(field: Field, values: Sequence[Any]) -> dict[int, CellFault]:
    """Return the values that the model's own annotation refuses, by position, each with rule and remedy."""
    try:
        _adapter(field.annotation).validate_python(list(values))
    except ValidationError as error:
        faults: dict[int, CellFault] = {}
        for entry in error.errors(include_url=False, include_input=False):
            index = int(entry["loc"][0])
            if index not in faults:
                value = values[index]
                if isinstance(value, tuple) and len(entry["loc"]) > 1:
                    value = value[int(entry["loc"][1])]
                faults[index] = _explain(field, value, entry)
        return faults
    return {}


#: What the patterns of the schema ask for, in words.
PATTERNS: dict[str, tuple[str, str]] = {
    r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$": (
        "an id is lower-case letters and digits in groups joined by - _ or .",
        "write",
    ),
    r"^[a-z][a-z0-9_]*$": ("a name here is lower-case letters, digits and _, a letter first", "write"),
    r"^[a-z][a-z0-9_-]*:[^\s:][^:]*$": ("a unit is kind:name", "write it like image:3 or seed:1"),
    r"^10\.\d{4,9}/\S+$": ("a DOI starts with 10.", "write it like 10.1000/182, without https://doi.org/"),
    r"^(\d+|.+,\s*\d+(;\s*.+,\s*\d+)*)$": (
        "a count is a whole number, or a list of reasons with their counts",
        "write it like 12, or like Wrong population, 5; Not found, 2",
    ),
    r"^[0-9a-f]{64}$": ("a SHA-256 digest is 64 lower-case hexadecimal digits", "copy it from sha256sum"),
}
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def _explain(field: Field, value: Any, error: Any) -> CellFault:
    """Turn an error of pydantic into our words."""
    context = error.get("ctx", {})
    match error["type"]:
        case "string_pattern_mismatch":
            pattern = context["pattern"]
            rule, remedy = PATTERNS.get(pattern, (f"the text matches {pattern}", "correct it"))
            return CellFault(rule, f"write {_slug(value, pattern)!r}" if remedy == "write" else remedy)
        case "string_too_long":
            limit = f"{context['max_length']:,}"
            return CellFault(f"at most {limit} characters", "shorten it")
        case "literal_error":
            return _explain_choice(field, value)
        case "greater_than" | "greater_than_equal":
            bound = context.get("gt", context.get("ge"))
            return CellFault(f"{'above' if 'gt' in context else 'at least'} {bound:g}", "correct it")
        case "less_than" | "less_than_equal":
            bound = context.get("lt", context.get("le"))
            return CellFault(f"{'below' if 'lt' in context else 'at most'} {bound:g}", "correct it")
        case "finite_number":
            return CellFault("a number is finite", "check the exponent")
        case _:
            return CellFault(str(error["msg"]), "correct it")


def _explain_choice(field: Field, value: Any) -> CellFault:
    choices = [str(choice) for choice in field.choices]
    codes = [code.value for code in Missing] if field.codes else []
    return CellFault(
        f"one of: {', '.join(choices + codes)}",
        lambda: did_you_mean(str(value)[:100], choices) or "write one of them",
    )


def _slug(value: Any, pattern: str) -> str:
    joiner = "_" if pattern == r"^[a-z][a-z0-9_]*$" else "-"
    return _NOT_SLUG.sub(joiner, str(value)[:160].lower()).strip(joiner) or "x1"
