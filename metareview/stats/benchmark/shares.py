"""Share of the studies of a corpus that used each data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    natural,
    records,
    ref_of,
    speaks_for,
    stated,
    text,
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ShareRow", "SharesResult", "compute_shares"]

_Use = dict[str, dict[str, tuple[SourceRef, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """Studies of one corpus that used one data set.

    Attributes
    ----------
    corpus : the body of studies; n_corpus : its size; n_stated : its studies that state any data set.
    dataset_id, name : the data set; part_of : the data set that contains it.
    n_studies, studies : the studies that used it (a part counts for itself only, not for what contains it).
    share, ci_low, ci_high : n_studies / n_corpus with its Wilson interval.
    """

    corpus: str
    n_corpus: int
    n_stated: int
    dataset_id: str
    name: str
    part_of: str
    n_studies: int
    studies: tuple[str, ...]
    share: float
    ci_low: float
    ci_high: float
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SharesResult(Result):
    """Shares per data set and corpus, most used first."""

    rows: tuple[ShareRow, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per corpus and data set."""
        return frame_of(self.rows, ShareRow)


def compute_shares(tables: Tables, spec: ReviewSpec) -> SharesResult:
    """Count the studies of each corpus per data set, from their facts (attribute ``dataset``) and their experiments.

    A study counts once per data set, and only for the data set that is named: one on a part of a data set does not
    count for the whole.
    """
    studies = records(tables, "studies")
    names = {row["dataset_id"]: row for row in records(tables, "datasets")}
    rows: list[ShareRow] = []
    dropped: list[Dropped] = []
    n_used = 0
    for corpus in corpora(spec):
        members, out = in_corpus(studies, corpus)
        use = _use(tables, corpus, corpora(spec))
        silent = [row for row in members if row["study_id"] not in use]
        dropped += out
        dropped += [
            Dropped(f"study {row['study_id']} of corpus {corpus}", "no data set is named", ref_of(row))
            for row in silent
        ]
        n_used += len(members) - len(silent)
        rows += _rows(corpus, members, len(members) - len(silent), use, names)
    warnings: tuple[str, ...] = ()
    if corpora(spec) == (ALL,):
        warnings = ("review.yaml declares no corpora; shares are over all included studies of the folder",)
    return SharesResult(
        rows=tuple(rows),
        methods=("Wilson score interval (Wilson 1927)",),
        k_in=n_used + len(dropped),
        k_used=n_used,
        dropped=tuple(dropped),
        warnings=warnings,
    )


def _use(tables: Tables, corpus: str, names: tuple[str, ...]) -> _Use:
    """Study -> data set -> where it says so."""
    use: _Use = {}
    for row in records(tables, "study_facts"):
        if row["attribute"] == "dataset" and stated(row["value"]) and speaks_for(row, corpus, names):
            _add(use, row["study_id"], row["value"], row)
    for row in records(tables, "experiments"):
        if row.get("origin") == "rerun" or not speaks_for(row, corpus, names):
            continue
        for dataset in (row.get("dataset_id"), *(row.get("datasets") or ())):
            if dataset:
                _add(use, row["study_id"], dataset, row)
    return use


def _add(use: _Use, study: str, dataset: str, row: Row) -> None:
    found = use.setdefault(study, {})
    found[dataset] = (*found.get(dataset, ()), ref_of(row))


def _rows(corpus: str, members: list[Row], n_stated: int, use: _Use, names: dict[str, Row]) -> list[ShareRow]:
    by_dataset: dict[str, list[str]] = {}
    for row in members:
        for dataset in use.get(row["study_id"], {}):
            by_dataset.setdefault(dataset, []).append(row["study_id"])
    rows = []
    for dataset, found in sorted(by_dataset.items(), key=lambda item: (-len(item[1]), natural(item[0]))):
        low, high = wilson_interval(len(found), len(members))
        entry = names.get(dataset, {})
        rows.append(
            ShareRow(
                corpus=corpus,
                n_corpus=len(members),
                n_stated=n_stated,
                dataset_id=dataset,
                name=text(entry.get("name")) or dataset,
                part_of=text(entry.get("part_of")),
                n_studies=len(found),
                studies=tuple(found),
                share=len(found) / len(members),
                ci_low=low,
                ci_high=high,
                refs=tuple(ref for study in found for ref in use[study][dataset]),
            )
        )
    return rows
