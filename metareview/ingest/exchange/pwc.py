"""Papers-with-Code style JSON: tasks, their data sets, and the rows of each leaderboard.

The layout is that of the archived evaluation tables: a list of tasks, each with ``datasets`` (and ``subtasks`` of the
same kind); a data set has ``sota.rows``, and a row a ``model_name``, a paper, and ``metrics`` by name with values as
text. It states no direction, split, size or uncertainty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metareview.errors import InputError
from metareview.ingest.exchange.results import ForeignResult, split_rule

__all__ = ["read_pwc"]


def read_pwc(body: Any, name: str) -> list[ForeignResult]:
    """Return the scores of a file.

    Parameters
    ----------
    body : what the JSON holds.
    name : of the file, for messages.

    Raises
    ------
    InputError
        If it is not of this format; the message says where.
    """
    tasks = body if isinstance(body, list) else [body]
    found: list[ForeignResult] = []
    for at, task in enumerate(tasks):
        found += _task(_mapping(task, f"/{at}", name), f"/{at}" if isinstance(body, list) else "", name)
    return found


def _mapping(value: Any, place: str, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} at {place or '/'}: expected an object, found {type(value).__name__}")
    return value


def _each(task: Mapping[str, Any], key: str, place: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    items = task.get(key) or []
    if not isinstance(items, list):
        raise InputError(f"{name} at {place}/{key}: expected a list, found {type(items).__name__}")
    for at, item in enumerate(items):
        yield f"{place}/{key}/{at}", _mapping(item, f"{place}/{key}/{at}", name)


def _task(task: Mapping[str, Any], place: str, name: str) -> Iterator[ForeignResult]:
    if "datasets" not in task and "subtasks" not in task:
        raise InputError(f"{name} at {place or '/'}: a task has datasets or subtasks; this object has neither")
    target = str(task.get("task") or "")
    for where, dataset in _each(task, "datasets", place, name):
        yield from _dataset(dataset, where, target, name)
    for where, part in _each(task, "subtasks", place, name):
        yield from _task(part, where, name)


def _dataset(dataset: Mapping[str, Any], place: str, target: str, name: str) -> Iterator[ForeignResult]:
    title = dataset.get("dataset")
    if not title:
        raise InputError(f"{name} at {place}: a data set has a name (dataset); this one has none")
    sota = _mapping(dataset.get("sota") or {}, f"{place}/sota", name)
    for where, row in _each(sota, "rows", f"{place}/sota", name):
        yield from _row(row, where, str(title), target, name)
    for where, part in _each(dataset, "subdatasets", place, name):
        yield from _dataset(part, where, target, name)


def _row(row: Mapping[str, Any], place: str, dataset: str, target: str, name: str) -> Iterator[ForeignResult]:
    method = str(row.get("model_name") or "").strip()
    if not method:
        raise InputError(f"{name} at {place}: a row names its model (model_name); this one does not")
    links = row.get("code_links") or []
    code = str(links[0].get("url", "")) if isinstance(links, list) and links and isinstance(links[0], Mapping) else ""
    for heading, value in _mapping(row.get("metrics") or {}, f"{place}/metrics", name).items():
        if value is None or str(value).strip() == "":
            continue
        metric, convention = split_rule(str(heading))
        yield ForeignResult(
            method=method,
            dataset=dataset,
            metric=metric,
            convention=convention,
            printed=str(value).strip(),
            place=f"{place}/metrics/{heading}",
            target=target,
            study=str(row.get("paper_title") or ""),
            address=str(row.get("paper_url") or ""),
            year=str(row.get("paper_date") or "")[:4],
            code=code,
            note="uses additional data" if row.get("uses_additional_data") else "",
        )
