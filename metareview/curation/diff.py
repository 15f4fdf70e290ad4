"""Two states of a review: which facts, decisions and settings changed.

The rows of the two states are joined as those of two extractors are (`keys`); every cell counts, remarks included, and
a number that is only written with other digits is a change, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from metareview.curation.compare import REMARKS, compare_table
from metareview.curation.comparison import LoneRow
from metareview.curation.extraction import Extraction
from metareview.curation.keys import SEPARATOR, shown_key
from metareview.curation.pairs import conflicts_of, lone_of, nothing_like
from metareview.ingest.tables import ParsedTable, empty_frame
from metareview.results import Result
from metareview.schema.metric import default_vocabulary
from metareview.schema.review import ReviewSpec
from metareview.schema.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FactChange", "ReviewDiff", "diff_facts", "settings_of"]

Kind = Literal["added", "removed", "changed"]
What = Literal["value", "decision", "remark"]
#: Columns that say what the reviewers decided, beside whole tables of decisions.
_DECISIONS = {"studies": ("status", "in_meta", "corpus"), "publications": ("status", "study_id")}
_DECISION_TABLES = frozenset({"appraisal", "exclusions", "claims"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """A row that came, went, or a cell that changed.

    Attributes
    ----------
    table, key : which row; parts of the key joined by U+001F.
    study : the study that it is about, blank where it is about none.
    kind : added, removed or changed; field : the column of a cell, blank for a row.
    what : a value, a decision (inclusion, appraisal, exclusion), or a remark.
    old, new : the texts; of a row what it says, shortened.
    old_line, new_line : where it stands; 0 where it does not.
    locator : the place in the document, of the new state where it has the row.
    hint : what the change looks like, where that has a name.
    """

    table: str
    key: str
    study: str
    kind: Kind
    what: What
    field: str = ""
    old: str = ""
    new: str = ""
    old_line: int = 0
    new_line: int = 0
    locator: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReviewDiff(Result):
    """What changed in the spreadsheets and in ``review.yaml``.

    Attributes
    ----------
    old, new : names of the states.
    facts : rows and cells.
    settings : changed keys of ``review.yaml`` with old and new value.
    """

    old: str
    new: str
    facts: tuple[FactChange, ...] = ()
    settings: tuple[tuple[str, str, str], ...] = ()

    @property
    def studies(self) -> tuple[str, ...]:
        """Studies about which something changed."""
        return tuple(sorted({fact.study for fact in self.facts if fact.study}))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per change."""
        import pandas as pd

        names = list(FactChange.__slots__)
        rows = [[getattr(fact, name) for name in names] for fact in self.facts]
        return pd.DataFrame(rows, columns=names).assign(key=[shown_key(fact.key) for fact in self.facts])


def diff_facts(old: Extraction, new: Extraction) -> ReviewDiff:
    """Compare the spreadsheets of two states.

    Raises
    ------
    ProblemsFound
        If rows of one state share a key.
    """
    vocabulary = new.spec.vocabulary() if new.spec else default_vocabulary()
    studies = _studies(old) | _studies(new)
    facts: list[FactChange] = []
    shared = gone = 0
    for name in TABLES:
        one, other = old.tables.get(name), new.tables.get(name)
        if one is not None and other is not None:
            table = compare_table(one, other, vocabulary, remarks=True)
            shared += len(table.join.rows_a)
            facts += _cells(table, studies)
            lone = list(lone_of(table, near=False))
        else:
            lone = [*_whole(one, "A"), *_whole(other, "B")]
        gone += len(lone)
        facts += [_row(row, studies) for row in lone]
    warnings = [f"{state.name}: cells that check refuses: {state.faults:,}; they are compared as text"
                for state in (old, new) if state.faults]  # fmt: skip
    return ReviewDiff(
        k_in=shared + gone, k_used=shared + gone, warnings=tuple(warnings), old=old.name, new=new.name,
        facts=tuple(facts), settings=tuple(_settings(old.spec, new.spec)),
    )  # fmt: skip


def _studies(state: Extraction) -> dict[str, str]:
    """Return the study of each experiment."""
    table = state.tables.get("experiments")
    if table is None:
        return {}
    return dict(zip(table.frame["experiment_id"].fillna(""), table.frame["study_id"].fillna(""), strict=True))


def _study_of(table: str, key: str, studies: Mapping[str, str]) -> str:
    columns, first = TABLES[table].key, key.split(SEPARATOR)[0]
    if not columns:
        return ""
    if columns[0] == "study_id":
        return first
    return studies.get(first, "") if columns[0] == "experiment_id" else ""


def _what(table: str, field: str) -> What:
    if field in REMARKS:
        return "remark"
    return "decision" if table in _DECISION_TABLES or field in _DECISIONS.get(table, ()) else "value"


def _cells(table: Any, studies: Mapping[str, str]) -> Iterator[FactChange]:
    for cell in conflicts_of(table):
        yield FactChange(
            table=cell.table, key=cell.key, study=_study_of(cell.table, cell.key, studies), kind="changed",
            what=_what(cell.table, cell.field), field=cell.field, old=cell.a.text, new=cell.b.text,
            old_line=cell.a.line, new_line=cell.b.line, locator=cell.b.locator,
            hint="other digits only" if cell.rounded else _worded(cell.hint),
        )  # fmt: skip


def _worded(hint: str) -> str:
    return {"blank in A": "was blank", "blank in B": "now blank"}.get(hint, hint)


def _row(row: LoneRow, studies: Mapping[str, str]) -> FactChange:
    gone = row.only_in == "A"
    what: What = "decision" if row.table in _DECISION_TABLES or row.table == "studies" else "value"
    return FactChange(
        table=row.table, key=row.key, study=_study_of(row.table, row.key, studies), kind="removed" if gone else "added",
        what=what, old=row.summary if gone else "", new="" if gone else row.summary, old_line=row.line if gone else 0,
        new_line=0 if gone else row.line, locator=row.locator,
    )  # fmt: skip


def _whole(table: ParsedTable | None, side: Literal["A", "B"]) -> Iterator[LoneRow]:
    """Yield every row of a table that only one state has."""
    if table is not None:
        empty = ParsedTable(nothing_like(table.raw), empty_frame(table.raw.name), {})
        pair = (table, empty) if side == "A" else (empty, table)
        yield from lone_of(compare_table(*pair, default_vocabulary(), remarks=True), near=False)


def settings_of(spec: ReviewSpec | None) -> dict[str, str]:
    """Return the settings of ``review.yaml``, flat: dotted key -> value as text."""
    return {} if spec is None else dict(_flat("", spec.model_dump(mode="json", exclude_defaults=True)))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), item)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value, 1):
            name = item.get("id") or item.get("key") or number if isinstance(item, dict) else number
            yield from _flat(f"{prefix}.{name}", item)
    else:
        yield prefix, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _settings(old: ReviewSpec | None, new: ReviewSpec | None) -> Iterator[tuple[str, str, str]]:
    before, after = settings_of(old), settings_of(new)
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield key, before.get(key, ""), after.get(key, "")
