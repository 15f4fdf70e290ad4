"""The door: a review folder becomes typed tables, or a list of everything that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from metareview.errors import InputError, ProblemsFound, UnknownName
from metareview.ingest import crossrows, evidence
from metareview.ingest.appraisals import check_appraisal
from metareview.ingest.config import SPEC_FILE, load_spec, parse_spec
from metareview.ingest.declared import check_declared
from metareview.ingest.files import TableFile, find_tables, read_raw, workbook_tables
from metareview.ingest.problems import Problem, Problems, count_problems, raise_if_errors, shown, summary_line
from metareview.ingest.ranges import check_ranges
from metareview.ingest.reruns import check_records
from metareview.ingest.tables import ParsedTable, empty_frame, parse_table
from metareview.schema.metric import Vocabulary, default_vocabulary
from metareview.schema.review import ReviewSpec
from metareview.schema.tables import TABLES

__all__ = ["CheckReport", "FurtherCheck", "ReviewTables", "check_review", "read_review", "read_table"]

Progress = Callable[[str], None]
#: Files that are taken for a workbook; only XLSX and XLSM are read, of the others the problem says what they are.
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
#: A check that a later room adds: it sees all tables, ``review.yaml`` where it can be read, and reports.
FurtherCheck = Callable[[Mapping[str, ParsedTable], ReviewSpec | None, Problems], None]


@dataclass(frozen=True, slots=True, eq=False)
class ReviewTables:
    """A review that checked clean.

    Attributes
    ----------
    folder : where it stands.
    spec : its ``review.yaml``.
    tables : every table of `schema.TABLES` by name; one without a file has the right columns and no rows.
    """

    folder: Path
    spec: ReviewSpec
    tables: Mapping[str, pd.DataFrame]


@dataclass(frozen=True, slots=True, eq=False)
class CheckReport:
    """What a check found.

    Attributes
    ----------
    review : name of the folder.
    tables : the review, where it has no errors (warnings are allowed); None otherwise.
    problems : errors and warnings, by file, line and column.
    counts : rows per table that has a file.
    verified : printed strings that were found at their place in a source; None where no sources were given.
    """

    review: str
    tables: ReviewTables | None
    problems: tuple[Problem, ...]
    counts: Mapping[str, int]
    verified: int | None = None

    @property
    def errors(self) -> int:
        """Number of errors, those that are only counted included."""
        return count_problems(self.problems)[0]

    @property
    def warnings(self) -> int:
        """Number of warnings, those that are only counted included."""
        return count_problems(self.problems)[1]

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return self.errors == 0

    def to_json(self, limit: int = 0) -> str:
        """Return the report for machines; at most `limit` problems of one kind, 0 for all that are kept."""
        body: dict[str, Any] = {
            "review": self.review,
            "ok": self.ok,
            "errors": self.errors,
            "warnings": self.warnings,
            "counts": dict(self.counts),
            "printed_verified": self.verified,
            "problems": [problem.to_dict() for problem in shown(self.problems, limit)],
        }
        return json.dumps(body, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> CheckReport:
        """Read what `to_json` wrote; the tables themselves do not travel."""
        body = json.loads(text)
        problems = tuple(Problem(**problem) for problem in body["problems"])
        return cls(body["review"], None, problems, body["counts"], body["printed_verified"])


def read_review(folder: Path | str) -> ReviewTables:
    """Read a review that must be in order.

    Raises
    ------
    InputError
        If the folder is not there, or is no review.
    ProblemsFound
        With all problems, if there is an error among them.
    """
    report = check_review(folder)
    raise_if_errors(report.review, report.problems)
    if report.tables is None:
        raise ProblemsFound(summary_line(report.review, report.problems), report.problems)
    return report.tables


def check_review(
    folder: Path | str,
    *,
    sources: Path | str | None = None,
    progress: Progress | None = None,
    further: Sequence[FurtherCheck] = (),
) -> CheckReport:
    """Check everything there is to check, and return it all at once.

    Parameters
    ----------
    folder : the folder of a review, or a workbook that holds one.
    sources : folder of source texts (``<source_id>.txt``); every printed figure is looked up in them where given.
    progress : called with what is done next.
    further : checks of later rooms, applied to the tables after those of this one.

    Raises
    ------
    InputError
        If the folder is not there, or is no review; problems inside it are never raised.
    """
    say = progress or (lambda _: None)
    problems = Problems()
    spec, files, unreadable, folder = _open(Path(folder), problems)
    vocabulary = spec.vocabulary() if spec else default_vocabulary()
    tables: dict[str, ParsedTable] = {}
    for name, place in files.items():
        say(f"reading {place.file}")
        parsed = _read_parsed(name, place, vocabulary, problems)
        if parsed is None:
            unreadable.add(name)
        elif len(parsed.raw) or TABLES[name].required or not folder.is_file():
            tables[name] = parsed  # a sheet of a workbook that has no rows yet is a table that is not there
    _check_required(folder, tables, unreadable, problems)
    say("comparing the tables")
    _check_together(folder, tables, spec, vocabulary, unreadable, problems)
    verified = _verify(tables, sources, problems, say)
    for check in further:
        check(tables, spec, problems)
    order = [SPEC_FILE, *(place.file for place in files.values())]
    found = problems.sorted(order)
    review = None
    if spec is not None and not problems.errors:
        review = ReviewTables(folder, spec, MappingProxyType(_frames(tables)))
    return CheckReport(folder.name, review, found, {name: len(table.raw) for name, table in tables.items()}, verified)


def _open(place: Path, problems: Problems) -> tuple[ReviewSpec | None, Mapping[str, TableFile], set[str], Path]:
    """Return ``review.yaml``, the tables, those whose file cannot be used, and the resolved place of a review."""
    if place.is_file():
        place = place.resolve()
        return *_open_workbook(place, problems), place
    folder = _review_folder(place)
    spec = load_spec(folder, problems)
    return spec, *find_tables(folder, problems), folder


def _open_workbook(path: Path, problems: Problems) -> tuple[ReviewSpec | None, Mapping[str, TableFile], set[str]]:
    """Open a review that is one workbook; a ``review.yaml`` beside it comes before the one that it carries."""
    if path.suffix.lower() not in _WORKBOOKS:
        raise InputError(f"{path} is a file; give the folder of a review, or an XLSX workbook with its tables")
    files, book = workbook_tables(path, problems)
    if book is None:  # what kind of file it is, is among the problems
        return None, {}, set(TABLES)
    if not files:
        found, rule = "no sheet is named after a table", "the sheets of a review are named after its tables"
        problems.add(Problem.of_file(path.name, found, rule, f"name them: {', '.join(TABLES)}"))
        return None, {}, set(TABLES)
    if not (path.parent / SPEC_FILE).is_file():
        text = book.spec_text()
        if text is not None:
            return parse_spec(text, problems), files, set()
    return load_spec(path.parent, problems), files, set()


def _review_folder(folder: Path | str) -> Path:
    folder = Path(folder)
    if not folder.exists():
        raise InputError(f"{folder} is not there; give the folder of a review")
    if not folder.is_dir():
        raise InputError(f"{folder} is a file; give the folder of a review")
    folder = folder.resolve()
    names = {path.name for path in folder.iterdir()}
    if SPEC_FILE not in names and not any(name.lower().endswith((".csv", ".xlsx")) for name in names):
        raise InputError(f"{folder} is no review: it has neither {SPEC_FILE} nor a table; metareview init makes one")
    return folder


def _read_parsed(name: str, place: TableFile, vocabulary: Vocabulary, problems: Problems) -> ParsedTable | None:
    raw = read_raw(name, place, problems)
    return None if raw is None else parse_table(raw, vocabulary, problems)


def _check_required(folder: Path, tables: Mapping[str, ParsedTable], unreadable: set[str], problems: Problems) -> None:
    for name, spec in TABLES.items():
        if spec.required and name not in tables and name not in unreadable:
            rule, remedy = "a review has sources, studies, experiments and results", f"add {name}.csv or a sheet {name}"
            problems.add(Problem.of_file(f"{name}.csv", f"the table {name} is not in {folder.name}", rule, remedy))


def _check_together(
    folder: Path,
    tables: Mapping[str, ParsedTable],
    spec: ReviewSpec | None,
    vocabulary: Vocabulary,
    unreadable: set[str],
    problems: Problems,
) -> None:
    """Apply every rule that looks at several rows."""
    for table in tables.values():
        crossrows.check_keys(table, problems)
    crossrows.check_references(tables, unreadable, problems)
    crossrows.check_unused_experiments(tables, problems)
    crossrows.check_excluded(tables, problems)
    crossrows.check_flow(tables, problems)
    crossrows.check_locators(tables, problems)
    corpora = {corpus.id for corpus in spec.corpora} if spec else set()
    crossrows.check_corpora(tables, corpora, unreadable, problems)
    check_records(folder, tables, problems)
    for name in ("results", "rerun_results"):
        if name in tables:
            check_ranges(tables[name], vocabulary, problems)
    if "results" in tables:
        crossrows.check_contradictions(tables["results"], problems)
    if spec is not None:
        crossrows.check_nested_units(tables, spec.nested_units, problems)
        check_declared(tables, spec, problems)
        evidence.check_attribute_values(tables, spec.attributes, problems)
    evidence.check_study_facts(tables, unreadable, problems)
    evidence.check_dataset_facts(tables, problems)
    check_appraisal(tables, spec, problems)


def _verify(
    tables: Mapping[str, ParsedTable], sources: Path | str | None, problems: Problems, say: Progress
) -> int | None:
    if sources is None:
        return None
    from metareview.ingest.printed import verify_printed
    from metareview.ingest.textlayer import verify_layers

    say("looking up printed figures")
    found = verify_printed(tables, Path(sources), problems)
    return found + verify_layers(tables, Path(sources), problems)


def _frames(tables: Mapping[str, ParsedTable]) -> dict[str, pd.DataFrame]:
    return {name: tables[name].frame if name in tables else empty_frame(name) for name in TABLES}


def read_table(folder: Path | str, name: str, spec: ReviewSpec) -> pd.DataFrame:
    """Read one table and check its cells and rows; rules across tables are `check_review`'s.

    Raises
    ------
    UnknownName
        If there is no such table.
    ProblemsFound
        With all problems of the table, if there is an error among them.
    """
    if name not in TABLES:
        raise UnknownName("table", name, TABLES)
    folder = _review_folder(folder)
    problems = Problems()
    files, unreadable = find_tables(folder, problems)
    if name not in files and name not in unreadable:
        return empty_frame(name)
    concerned = Problems()
    place = files.get(name)
    names = {f"{name}.csv", f"{name}.xlsx"} | ({place.file} if place else set())
    concerned.extend(problem for problem in problems if problem.file in names)
    parsed = _read_parsed(name, place, spec.vocabulary(), concerned) if place else None
    raise_if_errors(f"{folder.name}, table {name}", concerned.sorted())
    if parsed is None:
        raise InputError(f"the table {name} of {folder} cannot be read")
    return parsed.frame
