"""Numbers that are not printed but follow from what is: stored with the formula and its inputs, so that they can be
computed again.
"""

from __future__ import annotations

from typing import Literal

from metareview.schema.base import Locator, MetricKey, Model, Printed, Slug, Text, Unit

__all__ = ["Derivation", "Formula"]

Formula = Literal[
    "sd-from-se", "sd-from-ci", "se-from-sd", "se-from-ci", "sd-from-population-sd", "mean-from-quantiles",
    "sd-from-quantiles", "figure-linear", "figure-log",
]  # fmt: skip


class Derivation(Model):
    """One derived cell of ``results.csv`` (one row of ``derivations.csv``): formula, inputs, and outcome."""

    derivation_id: Slug
    """Id of the derivation."""
    experiment_id: Slug
    """The experiment of the result that holds the derived number."""
    metric: MetricKey
    """Its metric; aliases are resolved at the door."""
    convention: Slug = "unstated"
    """Its scoring rule."""
    unit: Unit | None = None
    """Its unit of replication; empty for an aggregate."""
    column: Literal["value", "sd", "se", "ci_low", "ci_high"]
    """The column of results that holds the derived number."""
    formula: Formula
    """How it follows from the inputs; the instructions list the inputs of each formula."""
    inputs: Text
    """The inputs as printed or measured: ``name=value; name=value``; for a figure the calibration points."""
    derived: float
    """The number that comes out, on the scale of the inputs."""
    source_id: Slug
    """The document with the inputs."""
    locator: Locator
    """The place in it."""
    printed: Printed | None = None
    """The inputs as printed there; empty for a reading from a figure."""
    extractor: Text | None = None
    """Who derived or measured it."""
    note: Text | None = None
    """Remark of the curator."""
