"""A review of trials with an appraisal, written as spreadsheets and read by the door."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

YAML = """
id: trials
title: Trials
question: Does it work?
corpora: [{id: src, label: the trials}]
primary_corpus: src
"""
Row = dict[str, Any]


def write(folder: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one table."""
    rows = list(rows)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        writer.writerows(rows)


def judged(study: str, item: str, tool: str = "rob-2", **raters: str) -> list[Row]:
    """Return the rows of several raters for one item; ``judged("a", "d1", ana="low", ben="high")``."""
    return [
        {"study_id": study, "tool": tool, "item": item, "rater": rater, "judgement": judgement}
        for rater, judgement in raters.items()
    ]


def sheet(study: str, rater: str, tool: str = "rob-2", **items: str) -> list[Row]:
    """Return the rows of one rater for several items."""
    return [row for item, judgement in items.items() for row in judged(study, item, tool, **{rater: judgement})]


def make_review(
    folder: Path, rows: Iterable[Mapping[str, Any]], n: int = 4, yaml: str = "", values: Iterable[float] = ()
) -> Path:
    """Write a review of studies ``t1`` … ``tn``, each with one accuracy and its standard error."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "review.yaml").write_text(YAML + yaml, encoding="utf-8")
    ids = [f"t{at}" for at in range(1, n + 1)]
    scores = list(values) or [0.60 + 0.03 * at for at in range(n)]
    place = {"source_id": "src", "locator": "p. 1"}
    write(folder, "sources", [{"source_id": "src", "title": "Trials"}])
    write(folder, "studies", [{"study_id": s, "corpus": "src", "status": "included"} for s in ids])
    write(folder, "experiments", [
        {"experiment_id": f"{s}.e", "study_id": s, "method": "m", **place} for s in ids
    ])  # fmt: skip
    write(folder, "results", [
        {"experiment_id": f"{s}.e", "metric": "accuracy", "value": score, "se": 0.02 + 0.005 * at, "level": "cell",
         **place}
        for at, (s, score) in enumerate(zip(ids, scores, strict=True))
    ])  # fmt: skip
    rows = list(rows)
    if rows:
        write(folder, "appraisal", rows)
    return folder
