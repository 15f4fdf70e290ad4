"""Rows of re-runs: written into ``reruns/`` of a review, and held against the run records they name.

The rows are made from run records elsewhere; here they become spreadsheets like those a person keeps, so that they
come back through the same door and are checked with everything else.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from metareview.errors import InputError, UnknownName
from metareview.ingest.cells import clean, parse_list
from metareview.ingest.files import find_tables, read_raw
from metareview.ingest.problems import Problems
from metareview.ingest.tables import ParsedTable
from metareview.results.atomic import write_atomic
from metareview.schema.base import Model
from metareview.schema.tables import TABLES

__all__ = ["RECORDS", "RERUN_TABLES", "check_records", "write_reruns", "RERUNS", "rerun_files", "review_ids"]

#: Folder of the run records in a review, one JSON file per run, named after it.
RECORDS = "reruns/runs"
#: Tables that `write_reruns` writes.
RERUN_TABLES = tuple(name for name, spec in TABLES.items() if spec.path.startswith("reruns/"))


#: Folder of a review that `metareview rerun` writes.
RERUNS = "reruns"


def rerun_files(folder: Path) -> list[Path]:
    """Return what `metareview rerun` keeps in a review folder: rows, specs and run records, without its scratch."""
    found = (path for path in (folder / RERUNS).rglob("*") if path.suffix in (".csv", ".json", ".yaml"))
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


#: Key of a spec -> table and column of the ids it may name.
_NAMED = {"data.dataset_id": ("datasets", "dataset_id"), "replicates": ("experiments", "experiment_id"),
          "study_id": ("studies", "study_id")}  # fmt: skip


def review_ids(folder: Path | str) -> dict[str, frozenset[str]]:
    """Return the ids of a review that a spec may name, by key of the spec; a table that cannot be read has no entry."""
    folder, problems = Path(folder), Problems()
    files, unreadable = find_tables(folder, problems)
    found: dict[str, frozenset[str]] = {}
    for key, (name, column) in _NAMED.items():
        raw = read_raw(name, files[name], problems) if name in files else None
        if raw is not None and column in raw.columns and raw.complete:
            found[key] = frozenset(clean(text) for text in raw.columns[column].texts) - {""}
        elif name not in files and name not in unreadable:
            found[key] = frozenset()
    return found


def write_reruns(folder: Path | str, rows: Mapping[str, Sequence[Model]]) -> list[Path]:
    """Write the tables of re-runs of a review, each as a whole; the same rows give the same bytes.

    Parameters
    ----------
    folder : the review.
    rows : table -> its rows, models of that table; a table without rows loses its file, others stay as they are.

    Raises
    ------
    UnknownName
        If a name is no table of re-runs.
    InputError
        If a row is of another table, or the folder cannot be written to.
    """
    written = []
    for name, models in rows.items():
        if name not in RERUN_TABLES:
            raise UnknownName("table of re-runs", name, RERUN_TABLES)
        path = Path(folder) / TABLES[name].file
        if models:
            written.append(write_atomic(path, _csv(name, models)))
        else:
            path.unlink(missing_ok=True)
    return written


def _csv(name: str, models: Sequence[Model]) -> str:
    """Return a table as CSV: required columns and those with a value, in the order of the model."""
    spec = TABLES[name]
    strange = next((model for model in models if type(model) is not spec.model), None)
    if strange is not None:
        raise InputError(f"a row of {name} is a {spec.model.__name__}, not a {type(strange).__name__}")
    cells = [{column: _cell(getattr(model, column)) for column in spec.columns} for model in models]
    fields = spec.model.model_fields
    held = [column for column in spec.columns if fields[column].is_required() or any(row[column] for row in cells)]
    out = io.StringIO()
    writer = csv.DictWriter(out, held, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(cells)
    return out.getvalue()


def _cell(value: Any) -> str:
    """Return a value as the door reads it; floats in the shortest form that reads back exactly."""
    match value:
        case None | False | ():
            return ""
        case True:
            return "yes"
        case tuple():
            return "; ".join(map(str, value))
        case _:
            return str(value)


def check_records(folder: Path, tables: Mapping[str, ParsedTable], problems: Problems) -> None:
    """Report rows of re-runs whose run record is not there, or is the record of another run."""
    for name in RERUN_TABLES:
        table = tables.get(name)
        if table is None or "run_id" not in table.raw.columns:
            continue
        cells = table.raw.columns["run_id"]
        faults = {index: _fault(folder, parse_list(clean(text))) for index, text in enumerate(cells.texts)}
        faults = {index: fault for index, fault in faults.items() if fault}
        rows = np.flatnonzero(np.isin(cells.codes, list(faults)) & table.good("run_id"))
        told = {int(row): faults[int(cells.codes[row])] for row in rows}
        table.raw.report(
            problems, rows, "run_id", f"a re-run has its record, {RECORDS}/<run_id>.json", told.__getitem__
        )


def _fault(folder: Path, runs: Sequence[str]) -> str:
    """Return what to do about the first run without its record; empty where all are there."""
    for run in runs:
        path = folder / RECORDS / f"{run}.json"
        remedy = f"run it again, or write the rows again with metareview rerun score {folder.name}"
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
        except OSError:
            return f"{path.name} is not there; {remedy}"
        except ValueError:
            return f"{path.name} is not JSON; {remedy}"
        if not isinstance(body, dict) or body.get("run_id") != run:
            return f"{path.name} is the record of another run; {remedy}"
    return ""
