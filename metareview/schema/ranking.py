"""Rankings that ``review.yaml`` declares: what is compared, by which rule, and what is done about missing cells."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from metareview.schema.base import MetricKey, Model, Slug, Text
from metareview.schema.synthesis import QualitySpec

__all__ = ["RankingSpec"]

Part = Literal["method", "setting", "study_id", "authors", "category"]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]


class RankingSpec(Model):
    """A ranking of methods with its uncertainty."""

    id: Slug
    """Name of the analysis ``ranking-<id>``, its tables and its figures."""
    title: Text
    """Heading."""
    rule: Literal["mean", "win-rate", "bradley-terry", "additive", "borda", "mean-rank", "z-score", "dominance"] = (
        "borda"
    )
    """How values become one order."""
    missing: Literal["error", "available", "complete", "worst", "model"] = "error"
    """What is done about missing cells; error refuses them."""
    transform: Literal["identity", "range", "logit"] | None = None
    """Scale of rules that add up values of several columns."""
    metrics: tuple[MetricKey, ...] = ()
    """Metrics that enter; empty for all."""
    datasets: tuple[Slug, ...] = ()
    """Data sets that enter; empty for all."""
    studies: tuple[Slug, ...] = ()
    """Studies that enter; empty for all."""
    quality: QualitySpec | None = None
    """Appraisal that studies must pass to enter, with ``use: exclude``; empty for all."""
    corpus: Slug | None = None
    """Only results printed in this document enter; empty for all."""
    place: Text | None = None
    """Only results whose locator has this part (such as ``Table 3``) enter; empty for all."""
    levels: tuple[Literal["cell", "study_mean"], ...] = ("cell",)
    """Levels of results that enter."""
    as_printed: bool = False
    """One column per metric over whatever data the values are of, as a printed table has them."""
    name: Annotated[tuple[Part, ...], Field(min_length=1)] = ("method",)
    """What names a method."""
    values_of: Kind | None = None
    """Kind of unit (``image``) whose single values enter in place of aggregates."""
    component: Text | None = None
    """A method; only what is connected with it is ranked."""
    bootstrap: Literal["dataset", "study", "unit", "none"] = "dataset"
    """What is drawn again for the intervals."""
    n_boot: Annotated[int, Field(ge=0, le=100_000)] = 2000
    """Bootstrap replicates."""
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of intervals."""
    notes: tuple[Text, ...] = ()
    """What a reader must know, printed with the ranking."""

    @field_validator("*", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.bootstrap == "unit" and self.values_of is None:
            raise ValueError("bootstrap: unit draws units of replication; name their kind, such as values_of: image")
        if self.quality is not None and self.quality.use != "exclude":
            raise ValueError(f"quality: use: {self.quality.use} is for syntheses; a ranking can only exclude studies: "
                             "write use: exclude")  # fmt: skip
        return self
