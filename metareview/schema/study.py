"""Studies and the evidence for what is said of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from metareview.schema.base import Doi, Locator, Missing, Model, Printed, Slug, Text

__all__ = ["STUDY_ATTRIBUTES", "Study", "StudyFact"]

Year = Annotated[int, Field(ge=1600, le=2200)]


class Study(Model):
    """One investigation, the cluster for dependence (one row of ``studies.csv``).

    An attribute carries the value in use; the evidence for it, conflicting statements included, stands in
    ``study_facts.csv``.
    """

    study_id: Slug
    """Id of the study."""
    corpus: tuple[Slug, ...] = ()
    """The documents (source_ids) that include the study; every count names one of them."""
    status: Literal["included", "excluded", "mentioned"]
    """Whether the review includes it."""
    in_meta: Literal["yes", "no", "unknown"] = "unknown"
    """Whether it is part of the published quantitative synthesis."""
    authors: Text | None = None
    """Authors as cited."""
    year: Year | Missing | None = None
    """Year of publication."""
    title: Text | None = None
    """Title."""
    venue: Text | None = None
    """Journal or conference."""
    doi: Doi | None = None
    """DOI without resolver address."""
    ref: Annotated[int, Field(ge=1)] | None = None
    """Number in the reference list of the review, where it has one."""
    category: Text | Missing | None = None
    """Method category; the allowed values are listed in ``review.yaml``."""
    dimension: Text | Missing | None = None
    """Dimensionality of the approach."""
    task: Text | Missing | None = None
    """Task that the method solves."""
    supervision: Text | Missing | None = None
    """Training paradigm."""
    backbone: Text | Missing | None = None
    """Backbone architecture."""
    targets: tuple[Text, ...] = ()
    """What is segmented, classified or predicted."""
    code: Literal["yes", "no"] | Missing | None = None
    """Whether code is publicly available."""
    weights: Literal["yes", "no"] | Missing | None = None
    """Whether trained weights are publicly available."""
    code_address: Text | None = None
    """Address of the code."""
    hardware: Text | Missing | None = None
    """Hardware as stated."""
    note: Text | None = None
    """Remark of the curator."""


#: Attributes of a study that need evidence in ``study_facts.csv``.
STUDY_ATTRIBUTES: tuple[str, ...] = (
    "year", "category", "dimension", "task", "supervision", "backbone", "targets", "code", "weights",
    "code_address", "hardware",
)  # fmt: skip


class StudyFact(Model):
    """What one place in one document says of a study (one row of ``study_facts.csv``); conflicts are two rows."""

    study_id: Slug
    """The study."""
    attribute: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """A column of ``studies.csv`` or any further attribute (architecture, loss, dataset …)."""
    value: Text
    """The value as we use it."""
    source_id: Slug
    """The document."""
    locator: Locator
    """The place in it."""
    printed: Printed | None = None
    """The words or figures that show it, as printed."""
    uncertain: bool = False
    """Whether the reading is inferred."""
    note: Text | None = None
    """Remark of the curator."""
