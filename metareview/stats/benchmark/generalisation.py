"""How many experiments and methods were evaluated on more than one data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from metareview.results import Dropped, Result
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.stats.benchmark.proportions import wilson_interval
from metareview.stats.benchmark.rows import (
    ALL,
    Row,
    Tables,
    corpora,
    frame_of,
    in_corpus,
    records,
    ref_of,
    speaks_for,
    stated,
    text,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GeneralisationResult", "GeneralisationRow", "MethodDatasets", "compute_generalisation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralisationRow:
    """Share of `unit` with more than one data set in one corpus, with its Wilson interval.

    Attributes
    ----------
    corpus : the body of studies counted; unit : experiments, methods or studies.
    n, n_multi : how many there are, and how many of them ran on more than one data set.
    share, ci_low, ci_high : n_multi / n; None where n is 0 (`reason`).
    """

    corpus: str
    unit: Literal["experiments", "methods", "studies"]
    n: int
    n_multi: int
    share: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodDatasets:
    """The data sets that one method of one study ran on."""

    corpus: str
    study_id: str
    authors: str
    method: str
    category: str
    k: int
    datasets: tuple[str, ...]
    n_experiments: int
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GeneralisationResult(Result):
    """Cross-data-set evaluation, per corpus.

    Attributes
    ----------
    rows : one per corpus and unit of counting.
    methods_datasets : one per corpus, study and method, most data sets first.
    """

    rows: tuple[GeneralisationRow, ...] = ()
    methods_datasets: tuple[MethodDatasets, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per corpus and unit of counting."""
        return frame_of(self.rows, GeneralisationRow)


def compute_generalisation(tables: Tables, spec: ReviewSpec) -> GeneralisationResult:
    """Count experiments, methods and studies that were evaluated on more than one data set, per corpus.

    An experiment belongs to the corpora that include its study, unless the document of another corpus prints it. One
    whose data sets are not named is left out of every share, with that reason.
    """
    studies = {row["study_id"]: row for row in records(tables, "studies")}
    every = [row for row in records(tables, "experiments") if row.get("origin") != "rerun"]
    names = corpora(spec)
    members = {corpus: {row["study_id"] for row in in_corpus(studies.values(), corpus)[0]} for corpus in names}
    kept: list[tuple[str, Row]] = []
    dropped: list[Dropped] = []
    for row in every:
        homes = [c for c in names if row["study_id"] in members[c] and speaks_for(row, c, names)]
        if not homes:
            dropped.append(Dropped(row["experiment_id"], "its study is not included in a declared corpus", ref_of(row)))
        elif not _datasets(row):
            dropped.append(Dropped(row["experiment_id"], "no data set is named", ref_of(row)))
        kept += [(home, row) for home in homes if _datasets(row)]
    rows: list[GeneralisationRow] = []
    methods: list[MethodDatasets] = []
    for corpus in names:
        experiments = [row for name, row in kept if name == corpus]
        by_method = _by_method(corpus, experiments, studies)
        by_study: dict[str, set[str]] = {}
        for method in by_method:
            by_study.setdefault(method.study_id, set()).update(method.datasets)
        rows += [
            _share(corpus, "experiments", [len(_datasets(row)) for row in experiments]),
            _share(corpus, "methods", [method.k for method in by_method]),
            _share(corpus, "studies", [len(datasets) for datasets in by_study.values()]),
        ]
        methods += sorted(by_method, key=lambda method: -method.k)
    return GeneralisationResult(
        rows=tuple(rows),
        methods_datasets=tuple(methods),
        methods=("Wilson score interval (Wilson 1927)",),
        k_in=len(every),
        k_used=len(every) - len(dropped),
        dropped=tuple(dropped),
        warnings=_warnings([row for _, row in kept], names),
    )


def _datasets(row: Row) -> tuple[str, ...]:
    one = text(row.get("dataset_id"))
    return (one,) if one else tuple(row.get("datasets") or ())


def _by_method(corpus: str, experiments: list[Row], studies: dict[str, Row]) -> list[MethodDatasets]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in experiments:
        groups.setdefault((row["study_id"], text(row.get("method"))), []).append(row)
    methods = []
    for (study_id, method), members in groups.items():
        datasets = tuple(dict.fromkeys(name for row in members for name in _datasets(row)))
        study = studies.get(study_id, {})
        methods.append(
            MethodDatasets(
                corpus=corpus,
                study_id=study_id,
                authors=text(study.get("authors")),
                method=method,
                category=stated(members[0].get("category")) or stated(study.get("category")),
                k=len(datasets),
                datasets=datasets,
                n_experiments=len(members),
                refs=tuple(ref_of(row) for row in members),
            )
        )
    return methods


def _share(corpus: str, unit: Literal["experiments", "methods", "studies"], counts: list[int]) -> GeneralisationRow:
    n, multi = len(counts), sum(count > 1 for count in counts)
    if not n:
        return GeneralisationRow(corpus=corpus, unit=unit, n=0, n_multi=0, reason=f"the corpus has no {unit}")
    low, high = wilson_interval(multi, n)
    return GeneralisationRow(corpus=corpus, unit=unit, n=n, n_multi=multi, share=multi / n, ci_low=low, ci_high=high)


def _warnings(rows: list[Row], names: tuple[str, ...]) -> tuple[str, ...]:
    warnings = []
    if names == (ALL,):
        warnings.append("review.yaml declares no corpora; shares are over the whole folder")
    partly = [row["experiment_id"] for row in rows if not row.get("dataset_id") and len(row.get("datasets") or ()) == 1]
    if partly:
        warnings.append(
            f"{len(partly)} experiments may be means over several data sets of which one is named "
            f"({', '.join(partly)}); they count as one data set, so the shares are lower bounds"
        )
    return tuple(warnings)
