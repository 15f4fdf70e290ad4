"""Small review tables for the tests of the benchmark statistics, in the shape that the door gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from metareview.schema.review import ReviewSpec
from metareview.schema.tables import TABLES

Tables = Mapping[str, pd.DataFrame]


def frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a table with every column of its model, then file and line, as `metareview.ingest` does."""
    columns = [*TABLES[name].columns, "file", "line"]
    full = [
        dict.fromkeys(columns) | {"file": f"{name}.csv", "line": number} | row for number, row in enumerate(rows, 2)
    ]
    return pd.DataFrame(full, columns=columns)


def study(study_id: str, **more: Any) -> dict[str, Any]:
    return {"study_id": study_id, "corpus": ("review",), "status": "included", "authors": f"{study_id} et al."} | more


def experiment(experiment_id: str, **more: Any) -> dict[str, Any]:
    """An experiment called ``<study>.<method>.<dataset>`` belongs to these; ``-`` is no data set."""
    study_id, method, dataset = (*experiment_id.split("."), "-", "-")[:3]
    return {
        "experiment_id": experiment_id,
        "study_id": study_id,
        "method": method,
        "dataset_id": None if dataset == "-" else dataset,
        "datasets": (),
        "origin": "reported",
        "source_id": "review",
        "locator": "L1",
        "uncertain": False,
    } | more


def result(experiment_id: str, metric: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "experiment_id": experiment_id,
        "metric": metric,
        "convention": "unstated",
        "level": "cell",
        "value": value,
        "source_id": "review",
        "locator": "L1",
        "printed": f"{value:.3f}",
        "uncertain": False,
    } | more


def build(
    results: list[dict[str, Any]] | None = None,
    *,
    experiments: list[dict[str, Any]] | None = None,
    studies: list[dict[str, Any]] | None = None,
    **others: list[dict[str, Any]],
) -> Tables:
    """Return tables; experiments and studies that are not given are made from the ids of the results."""
    results = results or []
    if experiments is None:
        experiments = [experiment(name) for name in dict.fromkeys(row["experiment_id"] for row in results)]
    if studies is None:
        studies = [study(name) for name in dict.fromkeys(row["study_id"] for row in experiments)]
    given = {"results": results, "experiments": experiments, "studies": studies} | others
    return {name: frame(name, given.get(name, [])) for name in TABLES}


def spec(**more: Any) -> ReviewSpec:
    """Return a review.yaml with one corpus, ``review``."""
    body = {
        "id": "test",
        "title": "A test",
        "question": "Does it hold?",
        "corpora": [{"id": "review", "label": "the review"}],
        "primary_corpus": "review",
    } | more
    return ReviewSpec.model_validate(body)
