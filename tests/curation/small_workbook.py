"""A small review of another field as files and as a workbook, for the tests of this room."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from metareview.curation.template import make_template
from metareview.ingest import check_review
from metareview.schema import TABLES

SPEC = """\
id: small
title: Reading tests
question: Which test reads best?
attributes:
  category: [Classical, Neural]
metrics_in_use: [dice]
"""
RESULT = {"experiment_id": "smith-2020.unet", "metric": "dice", "value": "0.850", "source_id": "paper",
          "locator": "p. 3; Table 1", "printed": "0.850"}  # fmt: skip


def sheet(table: str, rows: list[dict[str, str]], columns: tuple[str, ...] | None = None) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns or TABLES[table].columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_review(folder: Path, *results: dict[str, str], experiments: int = 1, **more: list[dict[str, str]]) -> Path:
    """Write a review that checks clean with the results given (one good one where none is)."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["smith-2020.unet", *(f"smith-2020.net{number}" for number in range(2, experiments + 1))]
    tables: dict[str, list[dict[str, str]]] = {
        "sources": [{"source_id": "paper", "title": "A paper"}],
        "studies": [{"study_id": "smith-2020", "status": "included", "year": "2020"}],
        "study_facts": [
            {"study_id": "smith-2020", "attribute": "year", "value": "2020", "source_id": "paper", "locator": "p. 1"}
        ],
        "datasets": [{"dataset_id": "roads", "name": "Roads"}],
        "experiments": [
            {"experiment_id": name, "study_id": "smith-2020", "method": name.partition(".")[2], "dataset_id": "roads",
             "source_id": "paper", "locator": "p. 3"} for name in names
        ],
        "results": [{**RESULT, **row} for row in results or ({},)],
        **more,
    }  # fmt: skip
    (folder / "review.yaml").write_text(SPEC, encoding="utf-8")
    for table, rows in tables.items():
        (folder / f"{table}.csv").write_bytes(sheet(table, rows).encode())
    return folder


def write_workbook(folder: Path, *results: dict[str, str], name: str = "extraction.xlsx", **more: Any) -> Path:
    """Write the workbook of such a review, beside its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(make_template(write_review(folder / "review", *results, **more)))
    return path


def messages(place: Path, **options: Any) -> list[str]:
    return [str(problem) for problem in check_review(place, **options).problems]
