"""Reviews for the tests of the explorer: a hostile one, an empty one, a large one, and random ones."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from small_review import SOURCE, write

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u2028&amp;"
FORMULA = "@SUM(1+1)*cmd|' /C calc'!A0"
LATEX = "\\input{secret} 50% & U_Net {x} — Ünal 网"
YAML = """
id: large
title: A large review
question: How does the page do with many values?
corpora: [{id: survey, label: the survey}]
primary_corpus: survey
metrics:
  - {key: wer, name: Word error rate, direction: lower, low: 0, family: other, definition: edits per word, source: handbook}
  - {key: seconds, name: Seconds, direction: lower, low: 0, default_scale: native, family: cost, definition: time, source: handbook}
metrics_in_use: [accuracy, wer]
leaderboards: []
"""  # noqa: E501  (a metric is one line of YAML)


def hostile(folder: Path) -> Path:
    """A review whose texts try to become elements, formulas and commands."""
    results = [
        {"experiment_id": name, "metric": "accuracy", "value": value, "printed": str(value), "note": HOSTILE, **SOURCE}
        for name, value in (("a", 0.9), ("b", 0.8), ("c", 0.7))
    ]
    experiments = [
        {"experiment_id": name, "study_id": "ada-1", "method": method, "dataset_id": "calls", **SOURCE}
        for name, method in (("a", HOSTILE), ("b", FORMULA), ("c", LATEX))
    ]
    return write(folder, {"results": results, "experiments": experiments})


def empty(folder: Path) -> Path:
    """A review without any result."""
    return write(folder, {"results": [], "experiments": []})


def large(folder: Path, size: int = 2000, seed: int = 1) -> Path:
    """A review of so many values, with texts as long as those of a real one."""
    rng = random.Random(seed)
    studies = [
        {"study_id": f"author{n}-{2000 + n % 25}", "corpus": "survey", "status": "included",
         "authors": f"Author{n} et al.", "year": 2000 + n % 25,
         "category": rng.choice(["CNN", "Transformer", "Hybrid"]), "code": rng.choice(["yes", "no"])}
        for n in range(40)
    ]  # fmt: skip
    datasets = [{"dataset_id": f"set{n}", "name": f"Data set {n}", "source_id": "survey", "locator": "L4"}
                for n in range(20)]  # fmt: skip
    facts = [
        {"study_id": row["study_id"], "attribute": name, "value": str(row[name]), "source_id": "survey",
         "locator": "L1"}
        for row in studies for name in ("year", "category", "code")
    ]  # fmt: skip
    experiments: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for n in range(size // 4):
        study, name = studies[n % 40], f"experiment-{n}"
        place = {"source_id": "survey", "locator": f"L{100 + n}; Table {n % 30}; row {n % 12 + 1}"}
        experiments.append({"experiment_id": name, "study_id": study["study_id"], "method": f"Network {n % 60}",
                            "dataset_id": f"set{(n * 7) % 20}", "target": rng.choice(["words", "pauses"]),
                            **place})  # fmt: skip
        for metric in ("accuracy", "f1", "precision", "wer"):
            value = round(rng.uniform(0.3, 0.99), 3)
            results.append({"experiment_id": name, "metric": metric, "value": value, "printed": f"{value:.3f}",
                            "sd": round(rng.uniform(0.001, 0.05), 3), "n": rng.randint(3, 300), "n_of": "images",
                            "note": f"record P{len(results):04d}; read from the table", **place})  # fmt: skip
    rows: dict[str, list[dict[str, Any]]] = {
        "studies": studies, "datasets": datasets, "experiments": experiments, "results": results, "study_facts": facts,
        "statements": [], "flow": [], "exclusions": [], "distributions": [], "claims": [],
    }  # fmt: skip
    return write(folder, rows, YAML)
