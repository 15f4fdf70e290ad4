"""The printed aggregates of a review, joined with the names of things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.report.views.common import Names
from metareview.schema.metric import Metric
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.rows import Row, records, stated, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExchangeCell", "exchange_cells"]


@dataclass(frozen=True, slots=True)
class ExchangeCell:
    """One printed aggregate: its result, experiment and study rows, its metric, and the name of its data set."""

    result: Row
    experiment: Row
    study: Row
    metric: Metric
    dataset: str

    @property
    def rule(self) -> str:
        """Key of the metric with its convention where one is stated."""
        rule = text(self.result.get("convention"))
        return self.metric.key if rule in ("", "unstated") else f"{self.metric.key}:{rule}"

    @property
    def printed(self) -> str:
        """The figure as printed, or the value where none is kept."""
        return stated(self.result.get("printed")) or repr(float(self.result["value"]))

    def number(self, name: str) -> float | None:
        """Return a numeric column of the result; None where it is empty."""
        value = self.result.get(name)
        return None if value is None or value != value else float(value)


def exchange_cells(tables: Mapping[str, pd.DataFrame], spec: ReviewSpec) -> list[ExchangeCell]:
    """Return the aggregates of level ``cell`` of included studies, in the order of the spreadsheet.

    Values of single units, ends of ranges and means over several data sets are no cells of a leaderboard.
    """
    names, vocabulary = Names.of(tables, spec), spec.vocabulary()
    experiments = {row["experiment_id"]: row for row in records(tables, "experiments")}
    studies = {row["study_id"]: row for row in records(tables, "studies")}
    found = []
    for result in records(tables, "results"):
        experiment = experiments[result["experiment_id"]]
        study = studies[experiment["study_id"]]
        dataset = names.dataset(experiment.get("dataset_id"))
        if result["level"] != "cell" or stated(result.get("unit")) or study.get("status") != "included" or not dataset:
            continue
        found.append(ExchangeCell(result, experiment, study, vocabulary[result["metric"]], dataset))
    return found
