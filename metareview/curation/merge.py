"""Two extractions and the decisions about them become one review.

The rows stand in the order of A, then those that only B has, by key. A cell is A's text where both say the same, the
text with more digits where they agree as far as the digits go, and what was decided where they differ. Remarks of both
are kept. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from metareview.curation.compare import compare, compare_table
from metareview.curation.comparison import Comparison, Conflict, LoneRow
from metareview.curation.extraction import Extraction
from metareview.curation.keys import shown_key
from metareview.curation.resolutions import (
    RESOLUTIONS_FILE,
    UNRESOLVED,
    Resolution,
    read_resolutions,
    refuse,
    resolutions_csv,
    stale,
)
from metareview.curation.rows import MergedTable, texts_of
from metareview.errors import InputError
from metareview.ingest.cells import CellFault, clean
from metareview.ingest.config import SPEC_FILE, TOOLS
from metareview.ingest.fields import fields_of, parse_cell
from metareview.ingest.reruns import RERUNS, rerun_files
from metareview.ingest.toolfiles import tool_files
from metareview.schema.metric import Vocabulary, default_vocabulary
from metareview.schema.tables import TABLES

__all__ = ["Merged", "merge"]


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """One review out of two.

    Attributes
    ----------
    files : text of every file by name: the tables, ``review.yaml``, ``resolutions.csv``, and what stands in ``tools/``
        and ``reruns/``, which nobody extracts.
    resolutions : every decision, those of earlier merges included.
    resolved, rounded, unresolved : how many cells and rows were decided, agreed as far as their digits go, are open.
    warnings : what a reader must know.
    """

    files: Mapping[str, str]
    resolutions: tuple[Resolution, ...]
    resolved: int
    rounded: int
    unresolved: int
    warnings: tuple[str, ...]


def merge(
    a: Extraction, b: Extraction, resolutions: Sequence[Resolution] = (), *, allow_unresolved: bool = False,
    exact: bool = False,
) -> Merged:  # fmt: skip
    """Merge two versions of a review.

    Parameters
    ----------
    a, b : the versions, in the order in which they were compared.
    resolutions : the decisions.
    allow_unresolved : whether what is not decided may stay open: the cell then has a code or stays A's and is marked
        uncertain, a note says so, and ``resolutions.csv`` lists it.
    exact : as in `compare`.

    Raises
    ------
    ProblemsFound
        If a decision is about values that have changed since, or a conflict has none and that is not allowed.
    InputError
        If the two are not versions of one review.
    """
    found = compare(a, b, exact=exact)
    before = _earlier((a, b))
    current = {row.id for row in (*found.conflicts, *found.rounded)} | {row.id for row in found.lone}
    # what was decided before, in one of the versions, is no longer a conflict; it is kept and not applied again
    chosen = {row.id: row for row in resolutions
              if row.choice not in ("", UNRESOLVED) and (row.id in current or before.get(row.id) != row)}  # fmt: skip
    vocabulary = a.spec.vocabulary() if a.spec else b.spec.vocabulary() if b.spec else default_vocabulary()
    refuse("decisions that cannot be applied", list(_refused(found, chosen, vocabulary)))
    open_cells = [row for row in found.conflicts if row.id not in chosen]
    open_rows = [row for row in found.lone if row.id not in chosen]
    if not allow_unresolved:
        refuse("conflicts without a decision (--allow-unresolved leaves them open)",
               [*map(_open_cell, open_cells), *map(_open_row, open_rows)])  # fmt: skip
    files = {f"{name}.csv": _table(name, a, b, found, chosen, vocabulary)
             for name in TABLES if name in a.tables or name in b.tables}  # fmt: skip
    text = a.spec_text or b.spec_text
    if text:
        files[SPEC_FILE] = text if text.endswith("\n") else f"{text}\n"
    decided = _decided(chosen, [*open_cells, *open_rows], before)
    files[RESOLUTIONS_FILE] = resolutions_csv(decided)
    warnings = [
        *found.warnings,
        *(() if text else ("neither version has a review.yaml; add one to the merged review",)),
    ]
    for what, listed, whole in ((f"{RERUNS}/", rerun_files, True), (f"{TOOLS}/", tool_files, False)):
        ours, theirs = _texts(a, listed), _texts(b, listed)
        # rows of re-runs and their records belong together; tools are files of their own
        files |= (ours or theirs) if whole else theirs | ours
        if ours and any(ours.get(name, "" if whole else text) != text for name, text in theirs.items()):
            warnings.append(f"{what} differs; that of {a.name} is used")
    return Merged(
        files, decided, len(chosen), len(found.rounded), len(open_cells) + len(open_rows), tuple(warnings)
    )  # fmt: skip


def _texts(version: Extraction, listed: Callable[[Path], list[Path]]) -> dict[str, str]:
    """Return the text of files of a version that nobody extracts, by name: they go along as they are."""
    folder, texts = version.path, {}
    for path in listed(folder) if folder.is_dir() else ():
        try:
            texts[path.relative_to(folder).as_posix()] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{path} cannot be read ({error}); save it as UTF-8") from None
    return texts


def _open_cell(row: Conflict) -> str:
    return f"{row.table}, {shown_key(row.key)}, {row.field}: A {row.a.text!r}, B {row.b.text!r} [{row.id}]"


def _open_row(row: LoneRow) -> str:
    near = f"; mistyped for {shown_key(row.near)}?" if row.near else ""
    return f"{row.table}, {shown_key(row.key)}: only {row.only_in} has the row (line {row.line}){near} [{row.id}]"


def _refused(found: Comparison, chosen: Mapping[str, Resolution], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield why decisions cannot be applied."""
    cells = {row.id: row for row in (*found.conflicts, *found.rounded)}
    rows = {row.id: row for row in found.lone}
    for resolution in chosen.values():
        where = f"{resolution.table}, {resolution.key}{f', {resolution.field}' if resolution.field else ''}"
        if resolution.id in cells:
            cell = cells[resolution.id]
            why = stale(resolution, cell.a.text, cell.b.text)
            fault = _unreadable(cell, resolution, vocabulary)
            if why or fault:
                yield f"{where}: {f'stale: {why}; compare again and decide anew' if why else fault} [{resolution.id}]"
        elif resolution.id in rows:
            row = rows[resolution.id]
            marks = ("yes", "") if row.only_in == "A" else ("", "yes")
            why = stale(resolution, *marks)
            if why:
                yield f"{where}: stale: now only {row.only_in} has the row; compare again [{resolution.id}]"
        else:
            now = "the two versions agree there now" if resolution.field else "both versions, or none, have the row now"
            yield f"{where}: stale: {now}; compare again, or remove the decision [{resolution.id}]"


def _unreadable(cell: Conflict, resolution: Resolution, vocabulary: Vocabulary) -> str:
    if resolution.choice != "other":
        return ""
    try:
        parse_cell(fields_of(cell.table)[cell.field], resolution.value, vocabulary)
    except CellFault as fault:
        return f"the value {resolution.value!r} cannot stand there: {fault.rule}; {fault.remedy}"
    return ""


def _earlier(versions: Sequence[Extraction]) -> dict[str, Resolution]:
    """Return the decisions of earlier merges that the versions carry."""
    found: dict[str, Resolution] = {}
    for version in versions:
        path = version.path / RESOLUTIONS_FILE
        if version.path.is_dir() and path.is_file():
            found |= {row.id: row for row in read_resolutions(path)}
    return found


def _decided(
    chosen: Mapping[str, Resolution], open_: Sequence[Conflict | LoneRow], before: Mapping[str, Resolution]
) -> tuple[Resolution, ...]:
    """Return all decisions: of earlier merges, of this one, and what stays open."""
    decided = dict(before)
    decided |= chosen
    for row in open_:
        if isinstance(row, Conflict):
            sides, field = (row.a.text, row.b.text), row.field
        else:
            sides, field = (("yes", "") if row.only_in == "A" else ("", "yes")), ""
        decided[row.id] = Resolution(
            id=row.id, table=row.table, key=shown_key(row.key), field=field, a=sides[0], b=sides[1], choice=UNRESOLVED,
            reason="no decision when the versions were merged",
        )  # fmt: skip
    return tuple(sorted(decided.values(), key=lambda row: (row.table, row.key, row.field, row.id)))


def _table(
    name: str, a: Extraction, b: Extraction, found: Comparison, chosen: Mapping[str, Resolution], vocabulary: Vocabulary
) -> str:
    """Return one merged table as CSV."""
    if name not in a.tables or name not in b.tables:
        only = (a if name in a.tables else b).tables[name]
        names = list(only.raw.columns)
        return _csv(names, zip(*(texts_of(only, column) for column in names), strict=True))
    merged = MergedTable(compare_table(a.tables[name], b.tables[name], vocabulary), chosen, vocabulary)
    for row in (*found.rounded, *found.conflicts):
        if row.table == name:
            merged.decide(row)
    for lone in found.lone:
        if lone.table == name:
            merged.place(lone)
    return _csv(merged.columns, merged.rows())


def _csv(columns: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([clean(cell) for cell in row] for row in rows)
    return out.getvalue()
