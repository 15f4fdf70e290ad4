"""Writers of leaderboards: Papers-with-Code style JSON, Every Eval Ever JSON, a wide table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from metareview.report.exchange.cells import ExchangeCell
from metareview.results.formulas import neutralise
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.rows import stated

__all__ = ["render_eee", "render_pwc", "render_wide"]

#: Version of the schema of Every Eval Ever that is written.
EEE_SCHEMA = "0.2.1"


def _dump(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _label(cell: ExchangeCell) -> str:
    """The method with what tells its experiments apart."""
    setting = stated(cell.experiment.get("setting"))
    return f"{cell.experiment['method']} ({setting})" if setting else str(cell.experiment["method"])


def render_pwc(cells: Sequence[ExchangeCell], spec: ReviewSpec) -> str:
    """Return tasks, data sets and rows; a task is the target, values are as printed."""
    tasks: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for cell in cells:
        rows = tasks.setdefault(stated(cell.experiment.get("target")) or "", {}).setdefault(cell.dataset, {})
        year, code = cell.study.get("year"), stated(cell.study.get("code_address"))
        row = rows.setdefault(cell.experiment["experiment_id"], {
            "model_name": _label(cell), "paper_title": stated(cell.study.get("title")) or "",
            "paper_url": f"https://doi.org/{cell.study['doi']}" if stated(cell.study.get("doi")) else "",
            "paper_date": str(int(year)) if isinstance(year, int | float) and year == year else None,
            "code_links": [{"title": code, "url": code}] if code else [], "metrics": {},
        })  # fmt: skip
        row["metrics"][cell.rule] = cell.printed
    return _dump([
        {"task": task, "datasets": [
            {"dataset": dataset, "sota": {"metrics": sorted({m for row in rows.values() for m in row["metrics"]}),
                                          "rows": list(rows.values())}}
            for dataset, rows in datasets.items()]}
        for task, datasets in tasks.items()
    ])  # fmt: skip


def render_eee(cells: Sequence[ExchangeCell], spec: ReviewSpec, *, retrieved: str = "0") -> str:
    """Return one record per method, with direction, bounds, uncertainty and who evaluated.

    Parameters
    ----------
    retrieved : Unix time the schema asks for; a review has no clock, so it is 0 where nobody says.
    """
    records: dict[tuple[str, str], dict[str, Any]] = {}
    for cell in cells:
        origin = str(cell.experiment.get("origin"))
        relation = {"reported": "first_party"}.get(origin, "third_party")
        method = _label(cell)
        record = records.setdefault((method, relation), {
            "schema_version": EEE_SCHEMA, "evaluation_id": f"{spec.id}/{method}/{relation}/{retrieved}",
            "retrieved_timestamp": retrieved,
            "source_metadata": {
                "source_name": spec.title, "source_type": "evaluation_run" if origin == "rerun" else "documentation",
                "source_organization_name": spec.authors or spec.title, "evaluator_relationship": relation,
            },
            "eval_library": {"name": "metareview" if origin == "rerun" else "unknown", "version": "unknown"},
            "model_info": {"name": method, "id": method}, "evaluation_results": [],
        })  # fmt: skip
        record["evaluation_results"].append(_eee_result(cell))
    return _dump(list(records.values()))


def _eee_result(cell: ExchangeCell) -> dict[str, Any]:
    metric = cell.metric
    config: dict[str, Any] = {
        "evaluation_description": metric.definition,
        "lower_is_better": metric.direction == "lower",
    }
    if metric.low is not None and metric.high is not None:
        config |= {"score_type": "continuous", "min_score": metric.low, "max_score": metric.high}
    details = {
        "metric": metric.key, "convention": str(cell.result.get("convention")), "printed": cell.printed,
        "target": stated(cell.experiment.get("target")), "split": stated(cell.experiment.get("split")),
        "study": str(cell.study["study_id"]), "document": str(cell.result.get("source_id")),
        "locator": str(cell.result.get("locator")),
    }  # fmt: skip
    score: dict[str, Any] = {"score": float(cell.result["value"]), "details": {k: v for k, v in details.items() if v}}
    doubt = _uncertainty(cell)
    return {
        "evaluation_name": f"{cell.dataset}: {cell.rule}",
        "source_data": {"dataset_name": cell.dataset, "source_type": "other"}, "metric_config": config,
        "score_details": {**score, **({"uncertainty": doubt} if doubt else {})},
    }  # fmt: skip


def _uncertainty(cell: ExchangeCell) -> dict[str, Any]:
    out: dict[str, Any] = {}
    se, sd, low, high, n = (cell.number(name) for name in ("se", "sd", "ci_low", "ci_high", "n"))
    if se is not None:
        out["standard_error"] = {"value": se, "method": "as reported"}
    if low is not None and high is not None:
        out["confidence_interval"] = {"lower": low, "upper": high, "confidence_level": 0.95, "method": "as reported"}
    if sd is not None:
        out["standard_deviation"] = sd
    if n is not None:
        out["num_samples"] = int(n)
    return out


def render_wide(cells: Sequence[ExchangeCell], spec: ReviewSpec) -> str:
    """Return one row per study, method and target, one column per data set and metric, values on the metric's scale.

    Where several experiments of a method share a cell, each has a row of its own.
    """
    heads = sorted({f"{cell.dataset} | {cell.rule}" for cell in cells})
    rows: list[tuple[tuple[str, ...], dict[str, str]]] = []
    for cell in cells:
        year = cell.study.get("year")
        about: tuple[str, ...] = (
            _label(cell),
            str(cell.study["study_id"]),
            stated(cell.experiment.get("category")) or stated(cell.study.get("category")) or "",
            str(int(year)) if isinstance(year, int | float) and year == year else "",
            stated(cell.study.get("code_address")) or "",
            stated(cell.experiment.get("target")) or "",
        )
        head = f"{cell.dataset} | {cell.rule}"
        free = next((values for key, values in rows if key == about and head not in values), None)
        if free is None:
            free = {}
            rows.append((about, free))
        free[head] = repr(float(cell.result["value"]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([neutralise(text) for text in ("method", "study", "category", "year", "code", "target", *heads)])
    for key, values in rows:
        writer.writerow([*(neutralise(text) for text in key), *(values.get(head, "") for head in heads)])
    return out.getvalue()
