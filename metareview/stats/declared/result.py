"""What a declared synthesis answers: plain numbers with their sources, so that a report redraws without refitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.results import Result
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.rows import frame_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Analysis", "Component", "Contour", "EffectRow", "Estimate", "Group", "SynthesisResult"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its interval, on the scale of the model and on the one people read."""

    name: str
    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None
    read: float | None = None
    read_low: float | None = None
    read_high: float | None = None
    statistic: float | None = None
    df: float | None = None
    pvalue: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """One effect.

    Attributes
    ----------
    label, group : its name in print, and its subgroup.
    study_id, method, dataset_id, setting, unit : of the (first) result behind it.
    first, second : the scores; `second` only in contrasts.
    effect : yi with the standard error and interval of its own sampling variance.
    vi, vi_source, imputed : the variance, where it comes from, and whether it was borrowed from other rows.
    weight : share of its weight in the pooled effect.
    uncertain : whether a figure behind it is an inferred reading.
    refs, note : sources of the figures, and remarks of the curator.
    """

    label: str
    group: str
    study_id: str
    method: str
    dataset_id: str
    setting: str
    unit: str
    first: float
    second: float | None
    effect: Estimate
    vi: float
    vi_source: str
    imputed: bool
    weight: float | None = None
    uncertain: bool = False
    refs: tuple[SourceRef, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """A variance component with its interval, its number of levels and its share of the total variance."""

    name: str
    value: float
    low: float | None
    high: float | None
    levels: int | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """A subgroup of the forest plot, pooled on its own; without an estimate where it cannot be."""

    name: str
    k: int
    estimate: Estimate | None
    tau2: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A row of the sensitivity table."""

    name: str
    k: int | None
    estimate: Estimate | None
    tau2: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contour:
    """Where an effect with a standard error of `se` has the two-sided p-value `p`, on the scale of the model."""

    p: float
    se: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SynthesisResult(Result):
    """A declared synthesis.

    Attributes
    ----------
    id, title, metric, convention, scale : as declared; `contrast` has the two values compared.
    rows : the effects.
    coefficients : of the model; the first is the pooled effect where there are no moderators. Empty where no model
        could be fitted; the warnings say why.
    prediction : interval of a new true effect around the pooled one.
    components, i2, i2_q, q, q_df, q_pvalue, omnibus : heterogeneity, I2 from tau2 and from Q (proportions).
    groups, sensitivity, contours : subgroups, other analyses, and contours of the funnel plot.
    shares : share of weight by source of the variance; `imputed` the share that rests on borrowed variances.
    studies : number of studies; `level` of confidence; `test` and `method` of the model.
    paragraph, r_script, python_script : methods in words, and scripts that repeat the fit elsewhere.
    notes : of the declaration.
    """

    id: str
    title: str
    metric: str
    convention: str = "unstated"
    scale: str = "raw"
    contrast: tuple[str, ...] = ()
    method: str = "REML"
    test: str = ""
    level: float = 0.95
    studies: int = 0
    rows: tuple[EffectRow, ...] = ()
    coefficients: tuple[Estimate, ...] = ()
    prediction: Estimate | None = None
    components: tuple[Component, ...] = ()
    i2: float | None = None
    i2_q: float | None = None
    q: float | None = None
    q_df: int | None = None
    q_pvalue: float | None = None
    omnibus: Estimate | None = None
    groups: tuple[Group, ...] = ()
    sensitivity: tuple[Analysis, ...] = ()
    contours: tuple[Contour, ...] = ()
    shares: dict[str, float]
    imputed: float | None = None
    paragraph: str = ""
    r_script: str = ""
    python_script: str = ""
    notes: tuple[str, ...] = ()

    @property
    def pooled(self) -> Estimate | None:
        """The pooled effect; None with moderators or without a model."""
        return self.coefficients[0] if len(self.coefficients) == 1 else None

    def to_frame(self) -> pd.DataFrame:
        """Return the effects: label, yi, vi and where they come from."""
        effects = [row.effect for row in self.rows]
        return frame_of(self.rows, EffectRow, yi=[e.value for e in effects], se=[e.se for e in effects]).drop(
            columns="effect", errors="ignore"
        )
