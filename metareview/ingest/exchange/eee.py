"""Every Eval Ever JSON (schema 0.2): one record per model, with metric direction, bounds and uncertainty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metareview.errors import InputError
from metareview.ingest.exchange.results import ForeignResult

__all__ = ["read_eee"]


def read_eee(body: Any, name: str) -> list[ForeignResult]:
    """Return the scores of a file with one record, or a list of records.

    Parameters
    ----------
    body : what the JSON holds.
    name : of the file, for messages.

    Raises
    ------
    InputError
        If a record lacks what the schema requires; the message lists all such places.
    """
    records = body if isinstance(body, list) else [body]
    found: list[ForeignResult] = []
    wrong: list[str] = []
    for at, record in enumerate(records):
        place = f"/{at}" if isinstance(body, list) else ""
        if not isinstance(record, Mapping) or "evaluation_results" not in record or "model_info" not in record:
            wrong.append(f"{place or '/'}: a record has model_info and evaluation_results")
            continue
        for row, result in enumerate(record["evaluation_results"]):
            where = f"{place}/evaluation_results/{row}"
            try:
                found.append(_result(record, result, where))
            except (KeyError, TypeError) as error:
                wrong.append(f"{where}: {error} is missing or of another kind")
    if wrong:
        raise InputError(f"{name} is not Every Eval Ever JSON:\n  " + "\n  ".join(wrong))
    return found


def _result(record: Mapping[str, Any], result: Mapping[str, Any], place: str) -> ForeignResult:
    config, score = result["metric_config"], result["score_details"]
    source, doubt = result.get("source_data") or {}, score.get("uncertainty") or {}
    details = {**(config.get("additional_details") or {}), **(score.get("details") or {})}
    interval = doubt.get("confidence_interval") or {}
    evaluation = str(result["evaluation_name"])
    urls = source.get("url") or []
    return ForeignResult(
        method=str(record["model_info"]["name"]),
        dataset=str(source.get("dataset_name") or evaluation),
        metric=str(details.get("metric") or evaluation),
        printed=repr(float(score["score"])),
        value=float(score["score"]),
        place=place,
        target=str(details.get("target") or ""),
        convention=str(details.get("convention") or ""),
        study=str((record.get("source_metadata") or {}).get("source_name") or ""),
        address=str(urls[0]) if urls else "",
        lower_is_better=bool(config["lower_is_better"]),
        low=config.get("min_score"),
        high=config.get("max_score"),
        se=(doubt.get("standard_error") or {}).get("value"),
        sd=doubt.get("standard_deviation"),
        ci_low=interval.get("lower"),
        ci_high=interval.get("upper"),
        n=doubt.get("num_samples"),
        note="; ".join(_said(record, interval, str(details.get("printed") or ""))),
    )


def _said(record: Mapping[str, Any], interval: Mapping[str, Any], printed: str) -> Iterator[str]:
    relation = (record.get("source_metadata") or {}).get("evaluator_relationship")
    if relation:
        yield f"evaluator relationship: {relation}"
    if printed:
        yield f"printed elsewhere as {printed}"
    level = interval.get("confidence_level")
    if level not in (None, 0.95):
        yield f"its interval has confidence level {level}"
