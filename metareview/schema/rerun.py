"""Re-runs: rows of experiments that were run here again, their scores, and the printed figures they answer.

They have the columns of `experiments` and `results`, so they come in by the same door, but they are tables of their
own: what documents print and what was run here never stand in one table, and no view of printed results reads them.
A fixed name takes the place of the document, because the run record (``reruns/runs/<run_id>.json``) is the source.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from metareview.schema.base import Locator, MetricKey, Model, Printed, Slug, Text
from metareview.schema.experiment import Experiment, Result

__all__ = ["RERUN_SOURCE", "RerunExperiment", "RerunResult", "RerunTarget", "TestSet"]

#: What stands in ``source_id`` of a re-run: the run records of the review.
RERUN_SOURCE = "reruns"
TestSet = Literal["same", "other", "unclear"]


class RerunExperiment(Experiment):
    """One spec that was run here (one row of ``reruns/experiments.csv``)."""

    study_id: Slug | None = None  # type: ignore[assignment]
    """The study whose method it is, where the review has it."""
    origin: Literal["rerun", "recomputed"] = "rerun"
    """rerun: trained and evaluated here; recomputed: a published segmentation that was scored here."""
    source_id: Literal["reruns"] = "reruns"
    """Always reruns: the run records."""
    locator: Locator = ""
    """The spec, such as ``specs/isbi2012-unet2d.yaml``."""
    run_id: tuple[Slug, ...] = ()
    """The run records it rests on."""
    training: Slug | None = None
    """What was predicted; re-runs in which this is the same are segmentations of the same predictions, seed by seed."""
    replicates: Slug | None = None
    """The published experiment it answers; empty where the review has none by this method on these data."""
    test_set: TestSet = "unclear"
    """Whether its scores are over the voxels that the published ones are over."""
    test_set_note: Text | None = None
    """Why."""


class RerunResult(Result):
    """One score of a re-run (one row of ``reruns/results.csv``): of a seed, or the mean over seeds."""

    source_id: Literal["reruns"] = "reruns"
    """Always reruns: the run records."""
    locator: Locator = ""
    """The run record, or the folder of run records of a mean."""
    run_id: tuple[Slug, ...] = ()
    """The run records it comes from; several for a mean over folds or seeds."""


class RerunTarget(Model):
    """A figure printed in a document outside the review that a re-run answers (a row of ``reruns/targets.csv``)."""

    experiment_id: Slug
    """The re-run."""
    metric: MetricKey
    """Key of the metric."""
    convention: Slug = "unstated"
    """The scoring rule of the printed figure."""
    rerun_convention: Slug | None = None
    """The scoring rule of the re-run it stands beside, where that is another one."""
    value: float
    """The figure, on the scale of the vocabulary."""
    sd: Annotated[float, Field(ge=0)] | None = None
    """Its standard deviation over runs, where it is printed."""
    n: Annotated[int, Field(gt=0)] | None = None
    """How many runs it is over, where that is printed."""
    document: Text
    """The document: authors, year, DOI or address."""
    locator: Locator
    """The place in it."""
    printed: Printed | None = None
    """The figure exactly as printed there."""
    test_set: TestSet = "unclear"
    """Whether it is over the voxels that the re-run is scored on."""
    uncertain: bool = False
    """Whether the reading is inferred, or was not checked in the document."""
    note: Text | None = None
    """Remark of the curator."""
