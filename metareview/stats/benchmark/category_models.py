"""Categories of methods compared as published and as their data allow, side by side, with the evidence behind each.

The published way counts every value as independent. Values of one study go together, and so do values on one data
set; `category_effects` has the ways that respect it, `category_words` says in words where they part and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from metareview.errors import NotEstimable
from metareview.results import Dropped, Result
from metareview.schema.metric import Metric
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark import omnibus
from metareview.stats.benchmark.category_effects import (
    Approach,
    Layout,
    Models,
    of_study_means,
    of_values,
    permuted,
    study_means,
)
from metareview.stats.benchmark.category_words import contrast_words, metric_words
from metareview.stats.benchmark.comparison import ValuesByGroup
from metareview.stats.benchmark.groups import grouped_values
from metareview.stats.benchmark.rows import Tables
from metareview.stats.benchmark.scores import ExperimentValue, label

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CategoryContrast", "CategoryEvidence", "CategoryModelsResult", "MetricModels", "compute_category_models",
    "layout_of",
]  # fmt: skip

_METHODS = (
    "values: Student's t and Cohen's d with every value as independent; one-way analysis of variance (as published)",
    "study-means: Student's t and Hedges' g of one mean per study (Hedges 1981)",
    "multilevel: category + study + data set (crossed random effects) by REML, studies less categories as degrees of "
    "freedom (Pinheiro and Bates 2000)",
    "cr2: studies as clusters, bias-reduced linearisation, Satterthwaite degrees of freedom, HTZ (Pustejovsky and "
    "Tipton 2018)",
    "permutation: categories permuted between studies (Pitman 1938; Gail et al. 1996)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryEvidence:
    """What stands behind one category.

    Attributes
    ----------
    category, values, methods, studies, datasets : names and counts; `study_ids` and `dataset_ids` name them.
    effective : Kish's number of equal studies, ``(sum n)² / sum n²`` over the values per study.
    largest : share of the values that the largest study has.
    """

    category: str
    values: int
    methods: int
    studies: int
    datasets: int
    effective: float
    largest: float
    study_ids: tuple[str, ...] = ()
    dataset_ids: tuple[str, ...] = ()
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryContrast:
    """One pair of categories: all approaches, what both were tried on, and the difference in words.

    Attributes
    ----------
    shared_datasets : data sets with values of both; shared_studies : studies that test both.
    words : what the approaches say together, generated from the numbers.
    """

    category_a: str
    category_b: str
    approaches: tuple[Approach, ...] = ()
    shared_datasets: tuple[str, ...] = ()
    shared_studies: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricModels:
    """All categories of one metric under one convention; `scale` is that of the models (raw or logit)."""

    metric: str
    convention: str
    scale: str
    evidence: tuple[CategoryEvidence, ...] = ()
    overall: tuple[Approach, ...] = ()
    contrasts: tuple[CategoryContrast, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CategoryModelsResult(Result):
    """Categories of methods compared in five ways, metric by metric.

    Attributes
    ----------
    metrics : one per metric and convention.
    by, reference, corpus : as in `GroupsResult`.
    level : of the intervals.
    """

    metrics: tuple[MetricModels, ...] = ()
    by: str = ""
    reference: str = ""
    corpus: str = ""
    level: float = 0.95

    def to_frame(self) -> pd.DataFrame:
        """Return one row per metric, pair of categories (blank: all of them) and approach."""
        import pandas as pd

        from metareview.stats.benchmark.rows import frame_of

        rows, pairs = [], []
        for part in self.metrics:
            name = label(part.metric, part.convention)
            rows += list(part.overall)
            pairs += [(name, "", "")] * len(part.overall)
            for contrast in part.contrasts:
                rows += list(contrast.approaches)
                pairs += [(name, contrast.category_a, contrast.category_b)] * len(contrast.approaches)
        found = frame_of(rows, Approach)
        head = pd.DataFrame(pairs, columns=["metric", "category_a", "category_b"])
        return pd.concat([head, found], axis=1)


def compute_category_models(tables: Tables, spec: ReviewSpec) -> CategoryModelsResult:
    """Compare categories of methods in five ways, on the values that the ``groups`` of ``review.yaml`` select."""
    groups = spec.groups
    if groups is None:
        return CategoryModelsResult(warnings=("review.yaml declares no groups: name what makes them under groups",))
    table, found, dropped = grouped_values(tables, spec, groups)
    single: list[Dropped] = []
    metrics = []
    for (metric, convention), members in found.items():
        if len(members) < 2:
            single += _one_category(members)
            continue
        metrics.append(_models(spec.vocabulary()[metric], convention, members, spec.seeds.permutation))
    return CategoryModelsResult(
        metrics=tuple(metrics), by=groups.by, reference=groups.reference or "", corpus=groups.corpus or "",
        methods=(*table.methods, *_METHODS), k_in=table.k_in, k_used=table.k_used - len(dropped) - len(single),
        dropped=(*table.dropped, *dropped, *single), warnings=table.warnings,
    )  # fmt: skip


def _one_category(members: ValuesByGroup) -> list[Dropped]:
    return [
        Dropped(f"{score.experiment_id}, {label(score.metric, score.convention)}",
                f"all values of this metric are of one category, {category}", score.ref)
        for category, values in members.items() for value in values for score in value.scores
    ]  # fmt: skip


def layout_of(groups: ValuesByGroup) -> Layout:
    """Return values with category, study, data set and method; a mean over data sets is of that combination."""
    rows = [(name, value) for name, members in groups.items() for value in members]
    return Layout(
        np.array([value.value for _, value in rows], dtype=float),
        tuple(name for name, _ in rows),
        tuple(value.score.study_id for _, value in rows),
        tuple(_dataset(value) for _, value in rows),
        tuple(value.score.method or value.score.experiment_id for _, value in rows),
    )


def _dataset(value: ExperimentValue) -> str:
    score = value.score
    return score.dataset_id or "+".join(sorted(score.datasets)) or f"not named in {score.study_id}"


def _models(metric: Metric, convention: str, groups: ValuesByGroup, seed: int) -> MetricModels:
    layout = layout_of(groups)
    scale = "logit" if (metric.low, metric.high) == (0, 1) and _inside(layout) else "raw"
    models = Models(layout, scale)
    evidence = tuple(_evidence(name, members) for name, members in groups.items())
    contrasts = []
    for a, b in combinations(layout.categories, 2):
        contrasts.append(_contrast(models, a, b, {e.category: e for e in evidence}, seed))
    overall = _overall(models, seed)
    return MetricModels(
        metric=metric.key, convention=convention, scale=scale, evidence=evidence, overall=overall,
        contrasts=tuple(contrasts), words=metric_words(evidence, overall),
    )  # fmt: skip


def _inside(layout: Layout) -> bool:
    return bool(np.all((layout.values > 0) & (layout.values < 1)))


def _contrast(models: Models, a: str, b: str, evidence: dict[str, CategoryEvidence], seed: int) -> CategoryContrast:
    pair = models.layout.of(a, b)
    x, y = (pair.values[[own == name for own in pair.category]] for name in (a, b))
    approaches = (
        of_values(x, y),
        of_study_means(study_means(pair, a), study_means(pair, b)),
        models.compare("multilevel", a, b),
        models.compare("cr2", a, b),
        permuted(pair, seed=seed),
    )
    first, second = evidence[a], evidence[b]
    sets = tuple(sorted(set(first.dataset_ids) & set(second.dataset_ids)))
    studies = tuple(sorted(set(first.study_ids) & set(second.study_ids)))
    return CategoryContrast(
        category_a=a, category_b=b, approaches=approaches, shared_datasets=sets, shared_studies=studies,
        words=contrast_words(first, second, approaches, sets, studies),
    )  # fmt: skip


def _overall(models: Models, seed: int) -> tuple[Approach, ...]:
    layout = models.layout
    arrays = [layout.values[[own == name for own in layout.category]] for name in layout.categories]
    try:
        found = omnibus.anova(arrays)
        plain = Approach(name="values", statistic=found.statistic, df=found.df1, df2=found.df2, p=found.p,
                         n=len(layout.values), note="one-way ANOVA; values as independent")  # fmt: skip
    except NotEstimable as error:
        plain = Approach(name="values", n=len(layout.values), reason=str(error))
    return plain, models.omnibus("multilevel"), models.omnibus("cr2"), permuted(layout, seed=seed)


def _evidence(category: str, members: Sequence[ExperimentValue]) -> CategoryEvidence:
    studies = [value.score.study_id for value in members]
    counts = np.array([studies.count(study) for study in dict.fromkeys(studies)], dtype=float)
    sets = sorted({_dataset(value) for value in members})
    return CategoryEvidence(
        category=category, values=len(members), methods=len({(v.score.study_id, v.score.method) for v in members}),
        studies=len(counts), datasets=len(sets), effective=float(counts.sum() ** 2 / (counts**2).sum()),
        largest=float(counts.max() / counts.sum()), study_ids=tuple(dict.fromkeys(studies)), dataset_ids=tuple(sets),
        refs=tuple(ref for value in members for ref in value.refs),
    )  # fmt: skip
