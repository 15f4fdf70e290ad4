"""Study characteristics: published counts beside the counts recorded here, and which attributes go together."""

from __future__ import annotations

from dataclasses import dataclass

from metareview.results import Result
from metareview.schema.source import SourceRef

__all__ = ["AttributeLink", "CharacteristicRow", "CharacteristicsResult", "NOT_STATED"]

#: Value that stands for studies that do not state an attribute.
NOT_STATED = "not stated"


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
