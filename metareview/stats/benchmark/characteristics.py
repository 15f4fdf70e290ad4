"""Study characteristics: published counts beside the counts recorded here, and which attributes go together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from metareview.results import Dropped, Result
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef
from metareview.schema.study import Study
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
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AttributeLink", "CharacteristicRow", "CharacteristicsResult", "NOT_STATED", "compute_characteristics"]

#: Value that stands for studies that do not state an attribute.
NOT_STATED = "not stated"

#: Attributes of a Sankey diagram in its order; those that ``review.yaml`` or the studies do not have are left out.
_SEQUENCE = ("dimension", "task", "supervision", "category", "targets")
#: Columns of ``studies.csv`` that are no characteristics.
_NOT_COUNTED = frozenset(
    {"study_id", "corpus", "status", "authors", "title", "venue", "doi", "ref", "code_address", "note"}
)

_PUNCTUATION = re.compile(r"[\W_]+")
_Values = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacteristicRow:
    """Studies of one corpus with one value of one attribute.

    Attributes
    ----------
    corpus, attribute, value : what is counted; value ``not stated`` for the studies without one.
    published : the printed count, None where nothing is printed.
    recorded : studies for which this review folder records the value.
    n_corpus : studies of the corpus in the folder; share : recorded / n_corpus (None for an empty corpus).
    multiple : the attribute may have several values per study, so its counts may exceed n_corpus.
    published_refs, refs : the printed count; the evidence of the recorded one.
    """

    corpus: str
    attribute: str
    value: str
    published: int | None
    recorded: int
    n_corpus: int
    share: float | None
    multiple: bool = False
    published_refs: tuple[SourceRef, ...] = ()
    refs: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeLink:
    """Studies with both values; studies that do not state one of the attributes flow to ``not stated``.

    Attributes
    ----------
    n : studies (a study with several values of one attribute is in several links); studies : their ids.
    """

    corpus: str
    source_attribute: str
    source_value: str
    target_attribute: str
    target_value: str
    n: int
    studies: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CharacteristicsResult(Result):
    """Counts of study attributes and links between them.

    Attributes
    ----------
    rows : per corpus and attribute, by published then recorded count, ``not stated`` last.
    links : between neighbouring attributes of `sequence`, for each corpus.
    sequence : attributes in the order of a Sankey diagram.
    """

    rows: tuple[CharacteristicRow, ...] = ()
    links: tuple[AttributeLink, ...] = ()
    sequence: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per corpus, attribute and value."""
        return frame_of(self.rows, CharacteristicRow)


@dataclass(frozen=True, slots=True)
class _Attribute:
    """What is known of one attribute in one corpus: values per study, evidence per study and value."""

    name: str
    values: _Values
    refs: dict[tuple[str, str], tuple[SourceRef, ...]]
    multiple: bool


def compute_characteristics(tables: Tables, spec: ReviewSpec) -> CharacteristicsResult:
    """Count the studies of each corpus by attribute, beside the published counts, and link neighbouring attributes.

    The value in use counts; an attribute that is no column of ``studies.csv`` is counted from the facts. A study
    that does not state an attribute is *not stated* there, also in the links: the text of a review gives the totals of
    a diagram but rarely its links, and none are invented.
    """
    studies = records(tables, "studies")
    facts = records(tables, "study_facts")
    published = records(tables, "distributions")
    rows: list[CharacteristicRow] = []
    links: list[AttributeLink] = []
    dropped: list[Dropped] = []
    n_used = 0
    sequence = _sequence(studies, spec)
    for corpus in corpora(spec):
        members, out = in_corpus(studies, corpus)
        dropped += out
        n_used += len(members)
        own_facts = [row for row in facts if speaks_for(row, corpus, corpora(spec))]
        printed = [row for row in published if corpus in (ALL, row["corpus"])]
        for name in _names(members, own_facts, printed, spec):
            attribute = _attribute(name, members, facts if name in Study.model_fields else own_facts)
            own = [row for row in printed if row["attribute"] == name]
            rows += _rows(corpus, attribute, members, own, spec.attributes.get(name, ()))
        links += _links(corpus, members, [_attribute(name, members, facts) for name in sequence])
    strays = [row for row in published if ALL not in corpora(spec) and row["corpus"] not in corpora(spec)]
    dropped += [
        Dropped(f"published count of {row['attribute']} {row['value']}", f"{row['corpus']} is no corpus", ref_of(row))
        for row in strays
    ]
    return CharacteristicsResult(
        rows=tuple(rows),
        links=tuple(links),
        sequence=sequence,
        methods=("counts of the values in use of included studies, per corpus",),
        k_in=n_used + len(dropped),
        k_used=n_used,
        dropped=tuple(dropped),
        warnings=_warnings(rows, spec),
    )


def _sequence(studies: Sequence[Row], spec: ReviewSpec) -> tuple[str, ...]:
    return tuple(
        name for name in _SEQUENCE if name in spec.attributes or any(stated_values(row, name) for row in studies)
    )


def stated_values(row: Row, name: str) -> tuple[str, ...]:
    """Return the values of one attribute of a study row; none where it is missing or holds a missing-value code."""
    cell = row.get(name)
    if isinstance(cell, tuple):
        return tuple(value for value in cell if stated(value))
    if isinstance(cell, float) and cell.is_integer():
        return (str(int(cell)),)
    return (str(cell),) if stated(cell) else ()


def _names(members: Sequence[Row], facts: Sequence[Row], printed: Sequence[Row], spec: ReviewSpec) -> list[str]:
    """Attributes that are declared, published or recorded as a column, in this order."""
    columns = [name for name in Study.model_fields if name not in _NOT_COUNTED]
    recorded = [name for name in columns if any(stated_values(row, name) for row in members)]
    names = dict.fromkeys([*spec.attributes, *(row["attribute"] for row in printed), *recorded])
    ids = {row["study_id"] for row in members}
    known = {row["attribute"] for row in facts if row["study_id"] in ids}
    return [name for name in names if name in recorded or name in known or any(p["attribute"] == name for p in printed)]


def _attribute(name: str, members: Sequence[Row], facts: Sequence[Row]) -> _Attribute:
    ids = {row["study_id"] for row in members}
    own = [row for row in facts if row["attribute"] == name and row["study_id"] in ids and stated(row["value"])]
    refs: dict[tuple[str, str], tuple[SourceRef, ...]] = {}
    from_facts: dict[str, dict[str, None]] = {}
    for row in own:
        key = (row["study_id"], row["value"])
        refs[key] = (*refs.get(key, ()), ref_of(row))
        from_facts.setdefault(row["study_id"], {})[row["value"]] = None
    if name in Study.model_fields:
        values = {row["study_id"]: stated_values(row, name) for row in members}
        for row in members:
            for value in values[row["study_id"]]:
                refs.setdefault((row["study_id"], value), (ref_of(row),))
    else:
        values = {study: tuple(from_facts.get(study, {})) for study in ids}
    multiple = any(len(found) > 1 for found in values.values())
    return _Attribute(name, values, refs, multiple)


def _fold(label: str) -> str:
    return _PUNCTUATION.sub("", label.casefold())


def _rows(
    corpus: str, attribute: _Attribute, members: Sequence[Row], published: Sequence[Row], order: Sequence[str]
) -> list[CharacteristicRow]:
    counts: dict[str, tuple[str, ...]] = {}
    for row in members:
        for value in attribute.values[row["study_id"]]:
            counts[value] = (*counts.get(value, ()), row["study_id"])
    by_label: dict[str, list[Row]] = {}
    for row in published:
        by_label.setdefault(_fold(row["value"]), []).append(row)
    spelling = {_fold(value): value for value in (*(row["value"] for row in published), *order, *counts)}
    recorded = {_fold(value): value for value in counts}
    rows = []
    for label in dict.fromkeys([*by_label, *(_fold(value) for value in order), *recorded]):
        if label not in by_label and label not in recorded:
            continue
        studies = counts.get(recorded.get(label, ""), ())
        prints = by_label.get(label, [])
        rows.append(
            CharacteristicRow(
                corpus=corpus,
                attribute=attribute.name,
                value=recorded.get(label) or spelling[label],
                published=int(prints[0]["n"]) if prints else None,
                recorded=len(studies),
                n_corpus=len(members),
                share=len(studies) / len(members) if members else None,
                multiple=attribute.multiple,
                published_refs=tuple(ref_of(row) for row in prints),
                refs=tuple(ref for study in studies for ref in attribute.refs[study, recorded[label]]),
            )
        )
    rows.sort(key=lambda row: (-(row.published or 0), -row.recorded))
    return rows + _silent(corpus, attribute, members)


def _silent(corpus: str, attribute: _Attribute, members: Sequence[Row]) -> list[CharacteristicRow]:
    silent = [row for row in members if not attribute.values[row["study_id"]]]
    if not silent or len(silent) == len(members):
        return []  # an attribute that is published but recorded for no study says nothing about these studies
    return [
        CharacteristicRow(
            corpus=corpus,
            attribute=attribute.name,
            value=NOT_STATED,
            published=None,
            recorded=len(silent),
            n_corpus=len(members),
            share=len(silent) / len(members),
            multiple=attribute.multiple,
        )
    ]


def _links(corpus: str, members: Sequence[Row], attributes: Sequence[_Attribute]) -> list[AttributeLink]:
    """Count studies by pairs of values of neighbouring attributes.

    A study that states only one of the two flows to (or from) *not stated*; one that states neither is no link.
    """
    links = []
    for source, target in pairwise(attributes):
        found: dict[tuple[str, str], list[str]] = {}
        for row in members:
            study = row["study_id"]
            ends = source.values[study], target.values[study]
            if not any(ends):
                continue
            for one in ends[0] or (NOT_STATED,):
                for other in ends[1] or (NOT_STATED,):
                    found.setdefault((one, other), []).append(study)
        links += [
            AttributeLink(
                corpus=corpus,
                source_attribute=source.name,
                source_value=one,
                target_attribute=target.name,
                target_value=other,
                n=len(studies),
                studies=tuple(studies),
            )
            for (one, other), studies in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        ]
    return links


def _warnings(rows: Sequence[CharacteristicRow], spec: ReviewSpec) -> tuple[str, ...]:
    warnings = []
    if corpora(spec) == (ALL,):
        warnings.append("review.yaml declares no corpora; counts are over all included studies of the folder")
    for corpus, attribute in dict.fromkeys((row.corpus, row.attribute) for row in rows if row.published is not None):
        own = [row for row in rows if (row.corpus, row.attribute) == (corpus, attribute)]
        strange = [row.value for row in own if row.published is not None and not row.recorded]
        if strange:
            warnings.append(
                f"{corpus}, {attribute}: no study on record has the published value {', '.join(strange)}, so these "
                "counts cannot be compared"
            )
        twice = [row.value for row in own if len(row.published_refs) > 1]
        if twice:
            warnings.append(f"{corpus}, {attribute}: {', '.join(twice)} is printed more than once; the first counts")
    return tuple(warnings)
