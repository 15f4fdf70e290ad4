"""A small review from another field (speech recognition), written as spreadsheets and read by the door."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from metareview.ingest import read_review
from metareview.schema.tables import TABLES

YAML = """
id: speech
title: Speech recognition on two test sets
question: Which recogniser makes the fewest errors?
corpora:
  - {id: survey, label: the survey}
  - {id: thesis, label: the thesis}
primary_corpus: survey
attributes:
  category: [Rule-based, Neural]
metrics:
  - {key: wer, name: Word error rate, direction: lower, low: 0, family: other, definition: edits per word, source: handbook}
metrics_in_use: [accuracy, wer]
composite: {metrics: [accuracy], corpus: survey, place: Table 1}
groups: {by: category, metrics: [accuracy], corpus: survey}
leaderboards:
  - {id: both, title: Both test sets, datasets: [calls, radio], metrics: [wer, accuracy]}
"""  # noqa: E501  (a metric is one line of YAML)

SOURCE = {"source_id": "survey", "locator": "L5; Table 1"}
SECOND = {"source_id": "survey", "locator": "L6; Table 1"}  # the next line of the printed table
ROWS: dict[str, list[dict[str, Any]]] = {
    "sources": [{"source_id": "survey", "title": "A survey"}, {"source_id": "thesis", "title": "A thesis"}],
    "studies": [
        {"study_id": "ada-1", "corpus": "survey", "status": "included", "authors": "Ada", "year": 2020,
         "category": "Neural", "targets": "words; pauses", "code": "yes"},
        {"study_id": "bob-2", "corpus": "survey; thesis", "status": "included", "authors": "Bob", "ref": 7,
         "category": "Rule-based", "code": "no"},
        {"study_id": "cyd-3", "corpus": "thesis", "status": "included", "authors": "Cyd", "category": "not reported"},
    ],
    "study_facts": [
        {"study_id": "ada-1", "attribute": "year", "value": "2020", "source_id": "survey", "locator": "L1"},
        {"study_id": "ada-1", "attribute": "category", "value": "Neural", "source_id": "survey", "locator": "L2"},
        {"study_id": "ada-1", "attribute": "targets", "value": "words", "source_id": "survey", "locator": "L2"},
        {"study_id": "ada-1", "attribute": "targets", "value": "pauses", "source_id": "survey", "locator": "L3"},
        {"study_id": "ada-1", "attribute": "code", "value": "yes", "source_id": "survey", "locator": "L9"},
        {"study_id": "ada-1", "attribute": "code", "value": "no", **SOURCE},
        {"study_id": "ada-1", "attribute": "n_datasets", "value": "3", **SOURCE},
        {"study_id": "bob-2", "attribute": "category", "value": "Rule-based", **SECOND},
        {"study_id": "bob-2", "attribute": "category", "value": "Neural", "source_id": "thesis", "locator": "p. 3"},
        {"study_id": "bob-2", "attribute": "code", "value": "no", **SECOND},
        {"study_id": "cyd-3", "attribute": "category", "value": "not reported", "source_id": "thesis",
         "locator": "p. 4"},
    ],
    "datasets": [
        {"dataset_id": "calls", "name": "Phone calls", "source_id": "survey", "locator": "L4"},
        {"dataset_id": "radio", "name": "Radio", "source_id": "survey", "locator": "L4"},
    ],
    "experiments": [
        {"experiment_id": "ada.calls", "study_id": "ada-1", "method": "Net", "dataset_id": "calls", **SOURCE},
        {"experiment_id": "ada.radio", "study_id": "ada-1", "method": "Net", "dataset_id": "radio", **SOURCE},
        {"experiment_id": "bob.calls", "study_id": "bob-2", "method": "Rules", "dataset_id": "calls", **SECOND},
        {"experiment_id": "cyd.calls", "study_id": "cyd-3", "method": "Mix", "dataset_id": "calls",
         "source_id": "thesis", "locator": "p. 9"},
    ],
    "results": [
        {"experiment_id": "ada.calls", "metric": "accuracy", "value": 0.9, "printed": "0.900", **SOURCE},
        {"experiment_id": "ada.radio", "metric": "accuracy", "value": 0.95, "printed": "0.950", **SOURCE},
        {"experiment_id": "bob.calls", "metric": "accuracy", "value": 0.8, "printed": "0.800", **SECOND},
        {"experiment_id": "ada.calls", "metric": "wer", "value": 0.1, "printed": "0.10", **SOURCE},
        {"experiment_id": "bob.calls", "metric": "wer", "value": 0.25, "printed": "0.25", **SECOND},
        {"experiment_id": "cyd.calls", "metric": "wer", "value": 0.2, "unit": "speaker:1", "source_id": "thesis",
         "locator": "p. 9"},
        {"experiment_id": "cyd.calls", "metric": "wer", "value": 0.3, "unit": "speaker:2", "source_id": "thesis",
         "locator": "p. 9"},
    ],
    "statements": [
        {"statement_id": "s1", "topic": "summary", "study_id": "ada-1", "subject": "Net", "statistic": "composite",
         "value": 0.93, "scale": "proportion", "printed": "0.930", **SOURCE},
        {"statement_id": "s2", "topic": "summary", "study_id": "bob-2", "subject": "Rules", "statistic": "composite",
         "value": 0.8, "scale": "proportion", "printed": "0.800", **SECOND},
        {"statement_id": "s3", "topic": "summary", "corpus": "survey", "metric": "accuracy", "statistic": "mean",
         "value": 0.88, "scale": "proportion", "printed": "0.88", **SOURCE},
        {"statement_id": "s4", "topic": "summary", "corpus": "survey", "metric": "accuracy", "statistic": "mean",
         "value": 0.89, "scale": "proportion", "printed": "0.89", "source_id": "survey", "locator": "L8"},
        {"statement_id": "s5", "topic": "test", "metric": "accuracy", "subject": "categories", "statistic": "p",
         "value": 0.4, "bound": ">", "printed": "p > 0.4", "source_id": "survey", "locator": "L9"},
        {"statement_id": "s6", "topic": "effect_size", "metric": "accuracy", "subject": "Neural - Rules",
         "statistic": "d", "value": -1.5, "printed": "-1.5", "source_id": "survey", "locator": "L9"},
        {"statement_id": "s7", "topic": "variability", "study_id": "ada-1", "subject": "Net", "statistic": "cv",
         "value": 0.04, "bound": "<", "printed": "CV < 0.04", "source_id": "survey", "locator": "L9"},
    ],
    "flow": [
        {"data": "database_results", "boxtext": "Databases", "n": "100", **SOURCE},
        {"data": "duplicates", "boxtext": "Duplicates", "n": "30", **SOURCE},
        {"data": "records_screened", "boxtext": "Screened", "n": "60", **SOURCE},
        {"data": "dbr_excluded", "boxtext": "Excluded", "n": "Not speech, at all, 5; No words, 2", **SOURCE},
        {"data": "website_results", "boxtext": "Websites"},
        {"data": "new_studies", "boxtext": "Included", "n": "2", **SOURCE},
    ],
    "exclusions": [
        {"stage": "full_text", "reason": "no words", "n": 2, **SOURCE},
        {"stage": "title_abstract", "reason": "not speech", "n": 5, **SOURCE},
        {"stage": "full_text", "reason": "no words", "n": 2, "source_id": "survey", "locator": "L7; Fig. 1"},
        {"stage": "title_abstract", "reason": "not speech", "n": 6, "source_id": "survey", "locator": "L7; Fig. 1"},
    ],
    "distributions": [
        {"attribute": "category", "value": "Neural", "n": 5, "corpus": "survey", **SOURCE},
        {"attribute": "modality", "value": "telephone", "n": 3, "corpus": "survey", "group": "narrow band", "note": "2",
         **SOURCE},
        {"attribute": "modality", "value": "studio", "n": 1, "corpus": "survey", "group": "narrow band", **SOURCE},
        {"attribute": "modality_restated", "value": "telephone", "n": 4, "corpus": "survey", "source_id": "survey",
         "locator": "L8"},
        {"attribute": "dataset", "value": "calls", "n": 2, "corpus": "survey", **SOURCE},
    ],
    "claims": [
        {"claim_id": "l5-screened", "statement": "Records screened", "type": "flow", "printed": "100; 30; 60",
         "check": "prisma", "inputs": "database_results=100; duplicates=30; records_screened=60", **SOURCE},
        {"claim_id": "l6-share", "statement": "Share of studies with code", "type": "share", "printed": "50%",
         "check": "percent", "inputs": "value=50%; k=1; n=2", **SECOND},
        {"claim_id": "l6-list", "statement": "Neural recognisers", "type": "count", "printed": "Two [1]",
         "check": "count-list", "inputs": "count=Two; list=1", **SECOND},
        {"claim_id": "l6-bad", "statement": "An impossible share", "type": "share", "check": "percent",
         "inputs": "value=150%; n=2", **SECOND},
        {"claim_id": "l7-test", "statement": "Neural against rules", "type": "effect", "check": "reconstruct",
         "inputs": "n=5; mean=0.712; sd=0.170; min=0.510; max=0.900; median=0.710; groups=2; f=13.19; d=-3.32; "
         "group1=Rules; group2=Neural", "source_id": "survey", "locator": "L7"},
    ],
}  # fmt: skip
DEFAULTS = {
    "results": {"convention": "unstated", "level": "cell", "scale": "proportion"},
    "statements": {"scale": "native"},
    "experiments": {"origin": "reported"},
    "studies": {"in_meta": "unknown"},
}


def write(folder: Path, rows: dict[str, list[dict[str, Any]]] | None = None, yaml: str = YAML) -> Path:
    """Write the review; `rows` replaces whole tables."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "review.yaml").write_text(yaml, encoding="utf-8")
    for name, table in {**ROWS, **(rows or {})}.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, TABLES[name].columns, lineterminator="\n", restval="")
            writer.writeheader()
            writer.writerows({**DEFAULTS.get(name, {}), **row} for row in table)
    return folder


def read(folder: Path) -> Any:
    """Read the review."""
    return read_review(folder)


def read_spec_of() -> Any:
    """Return the configuration without a folder."""
    import yaml

    from metareview.schema.review import ReviewSpec

    return ReviewSpec.model_validate(yaml.safe_load(YAML))
