"""What a review's spreadsheets are, as JSON-LD: Croissant 1.0 on top of schema.org's Dataset.

Search engines read the schema.org part, loaders of machine-learning data the rest: files with digests, and a record set
per table whose fields are its columns.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from metareview.schema.review import ReviewSpec
from metareview.schema.tables import TABLES

__all__ = ["render_croissant"]

#: The context of Croissant 1.0 (mlcommons.org/croissant/1.0, "Croissant context").
_CR = (
    "citeAs",
    "column",
    "extract",
    "field",
    "fileProperty",
    "fileObject",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "separator",
    "source",
    "subField",
    "transform",
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _CR},
}
_TYPES = {"float": "sc:Float", "int": "sc:Integer", "bool": "sc:Boolean"}


def render_croissant(
    files: Mapping[str, Path], spec: ReviewSpec, *, url: str = "", licence: str = "", version: str = "1.0.0"
) -> str:
    """Return the description.

    Parameters
    ----------
    files : the CSV file of each table; tables in workbooks are described by the workbook only.
    url, licence, version : of the published data set; the format asks for them, and a review folder knows none of them.
    """
    names = [name for name in TABLES if name in files]
    paths = {_place(name, files[name]): files[name] for name in names}
    body: dict[str, Any] = {
        "@context": dict(sorted(_CONTEXT.items())), "@type": "sc:Dataset", "name": spec.id,
        "conformsTo": "http://mlcommons.org/croissant/1.0", "description": f"{spec.title}. {spec.question}",
        **({"creator": {"@type": "sc:Person", "name": spec.authors}} if spec.authors else {}),
        **({"url": url} if url else {}), **({"license": licence} if licence else {}), "version": version,
        "measurementTechnique": "systematic review", "variableMeasured": [m.name for m in _metrics(spec)],
        "distribution": [_file(place, path) for place, path in paths.items()],
        "recordSet": [_records(name, files[name]) for name in names if files[name].suffix == ".csv"],
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _metrics(spec: ReviewSpec) -> Sequence[Any]:
    vocabulary = spec.vocabulary()
    return [vocabulary[key] for key in spec.metrics_in_use]


def _place(table: str, path: Path) -> str:
    """Where a file stands in the review folder; re-runs have a ``results.csv`` of their own in a folder."""
    return TABLES[table].file if path.suffix == ".csv" else path.name


def _file(place: str, path: Path) -> dict[str, Any]:
    body = path.read_bytes()
    kind = {".csv": "text/csv"}.get(path.suffix, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    return {
        "@type": "cr:FileObject", "@id": place, "name": place, "contentUrl": place,
        "contentSize": f"{len(body)} B", "encodingFormat": kind, "sha256": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip


def _records(name: str, path: Path) -> dict[str, Any]:
    """The record set of a table: the columns that its file has."""
    table = TABLES[name]
    head = path.read_text(encoding="utf-8-sig").partition("\n")[0].split(",")
    there = [column for column in table.columns if column in {cell.strip().strip('"') for cell in head}]
    fields = [
        {"@type": "cr:Field", "@id": f"{name}/{column}", "name": column,
         "description": table.model.model_fields[column].description or column,
         "dataType": _type(table.model.model_fields[column]),
         "source": {"fileObject": {"@id": _place(name, path)}, "extract": {"column": column}}}
        for column in there
    ]  # fmt: skip
    key = [{"@id": f"{name}/{column}"} for column in table.key if column in there]
    return {
        "@type": "cr:RecordSet", "@id": name, "name": name, "description": (table.model.__doc__ or name).split("\n")[0],
        **({"key": key if len(key) > 1 else key[0]} if key else {}), "field": fields,
    }  # fmt: skip


def _type(field: FieldInfo) -> str:
    """The type of a column; one that may hold a missing code is text."""
    words = set(re.findall(r"[A-Za-z_]+", str(field.annotation)))
    if "Missing" in words or "str" in words:
        return "sc:Text"
    return next((kind for name, kind in _TYPES.items() if name in words), "sc:Text")
