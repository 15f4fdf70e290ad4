"""Rules that look at several rows: keys, references between tables, ranges, contradictions, places in documents.

Every function takes typed tables and reports; none changes anything. A cell that is already reported for itself takes
no part, so that one mistake is one problem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from metareview.errors import did_you_mean
from metareview.ingest.cells import clean, parse_list
from metareview.ingest.fields import fields_of
from metareview.ingest.problems import Problem, Problems
from metareview.ingest.tables import Mask, ParsedTable
from metareview.schema.flow import FLOW_COUNTS, FLOW_NAMES
from metareview.schema.review import NestedUnits
from metareview.schema.source import line_span
from metareview.schema.tables import TABLES, Reference

__all__ = [
    "check_contradictions",
    "check_corpora",
    "check_excluded",
    "check_flow",
    "check_keys",
    "check_locators",
    "check_nested_units",
    "check_references",
    "check_unused_experiments",
    "text_sources",
]

Tables = Mapping[str, ParsedTable]

#: The body of studies that need not be named in ``review.yaml``: those with ``in_meta`` yes.
META_CORPUS = "meta"


class _Nearest:
    """Hints for ids that are not there; the search is stopped after some, because it is slow."""

    def __init__(self, known: set[str]) -> None:
        self._known = sorted(known)
        self._asked: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        if name not in self._asked:
            if len(self._asked) >= 50:
                return ""
            near = self._known
            if len(near) > 5000:
                near = [known for known in near if known[:3] == name[:3]][:5000]
            self._asked[name] = did_you_mean(name[:160], near)
        return self._asked[name]


def check_keys(table: ParsedTable, problems: Problems) -> None:
    """Report rows whose key is that of an earlier row (for results: with the same value)."""
    spec = TABLES[table.raw.name]
    if not spec.key or not len(table.raw):
        return
    first = _first_of_group(table.frame, spec.key, table.good(*spec.key))
    later = (first >= 0) & (first != np.arange(len(first)))
    if table.raw.name == "results":
        later &= ~_differs(table, first)
    names = " and ".join(filter(None, (", ".join(spec.key[:-1]), spec.key[-1])))
    rule = f"{names} {'together are' if len(spec.key) > 1 else 'is'} unique in {spec.name}"
    lines = table.raw.lines

    def remedy(row: int) -> str:
        return f"remove one of the two rows, or correct what tells them apart (the other is line {lines[first[row]]})"

    table.raw.report(problems, np.flatnonzero(later), spec.key[0], rule, remedy)


def _first_of_group(frame: pd.DataFrame, columns: tuple[str, ...], rows: Mask) -> npt.NDArray[np.int64]:
    """Return per row the first row with the same values in `columns`; -1 for rows that take no part."""
    groups = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        codes, uniques = pd.factorize(frame[column], use_na_sentinel=False)
        groups, _ = pd.factorize(groups * (len(uniques) + 1) + codes)
    first = np.full(len(frame), -1, dtype=np.int64)
    taking = np.flatnonzero(rows)
    _, start, inverse = np.unique(groups[taking], return_index=True, return_inverse=True)
    first[taking] = taking[start][inverse]
    return first


def _differs(table: ParsedTable, first: npt.NDArray[np.int64]) -> Mask:
    """Return the rows whose value is readable and another than that of the row `first`."""
    values = table.frame["value"].to_numpy()
    with np.errstate(invalid="ignore"):
        other: Mask = (first >= 0) & (np.abs(values - values[first]) > 1e-12)
    return other


def check_contradictions(table: ParsedTable, problems: Problems) -> None:
    """Report results that give two values for what is one score in one source."""
    if not len(table.raw):
        return
    key = TABLES["results"].key
    first = _first_of_group(table.frame, key, table.good(*key, "value"))
    clash = _differs(table, first)
    _report_clash(table, first, clash, problems)
    loose = tuple(column for column in key if column != "level")
    level = table.frame["level"]
    means = table.good(*key, "value") & level.isin(["cell", "study_mean"]).to_numpy() & ~clash
    first = _first_of_group(table.frame, loose, means)
    raw, text = table.raw, "is one score a cell and a mean over studies at once?"
    rows = np.flatnonzero(_differs(table, first))
    raw.report(
        problems, rows, "value",
        "a source has one value per experiment, metric, convention and unit",
        lambda row: f"line {raw.lines[first[row]]} says {clean(raw.text(int(first[row]), 'value'))} "
        f"as {level.iloc[first[row]]}; {text}",
        severity="warning",
    )  # fmt: skip


def _report_clash(table: ParsedTable, first: npt.NDArray[np.int64], clash: Mask, problems: Problems) -> None:
    raw = table.raw

    def remedy(row: int) -> str:
        other = int(first[row])
        return (
            f"line {raw.lines[other]} says {clean(raw.text(other, 'value'))}; keep the one that the source prints, "
            "or tell the two apart by convention or unit"
        )

    rule = "two rows with the same key do not contradict each other"
    raw.report(problems, np.flatnonzero(clash), "value", rule, remedy)


def check_references(tables: Tables, unreadable: set[str], problems: Problems) -> None:
    """Report ids that do not stand in the table they point to.

    Parameters
    ----------
    tables : the tables that were read.
    unreadable : tables whose file is there and could not be read; nothing can be said of their ids.
    problems : where to report.
    """
    for table in tables.values():
        for reference in TABLES[table.raw.name].references:
            if reference.table not in unreadable and reference.column in table.raw.columns:
                _check_reference(table, reference, tables.get(reference.table), problems)


def _check_reference(
    table: ParsedTable, reference: Reference, target: ParsedTable | None, problems: Problems
) -> None:  # fmt: skip
    known: set[str] = set()
    if target is not None:
        if reference.target not in target.raw.columns or not target.raw.complete:
            return
        known = {clean(text) for text in target.raw.columns[reference.target].texts} - {""}
    cells = table.raw.columns[reference.column]
    many = fields_of(table.raw.name)[reference.column].kind == "list"
    items = [parse_list(text) if many else (clean(text),) for text in cells.texts]
    orphans = {index: next((i for i in ids if i and i not in known), "") for index, ids in enumerate(items)}
    orphans = {index: name for index, name in orphans.items() if name}
    rows = np.flatnonzero(np.isin(cells.codes, list(orphans)) & table.good(reference.column))
    nearest = _Nearest(known)
    absent = target is None

    def remedy(row: int) -> str:
        name = orphans[int(cells.codes[row])]
        hint = "" if absent else nearest(name)
        said = f"{name} is not there" if many else ""
        return "; ".join(filter(None, (said, hint or f"add its row to {reference.table}")))

    where = f"{reference.table}, which has no file yet" if absent else reference.table
    table.raw.report(problems, rows, reference.column, f"the id stands in {where}", remedy)


def check_unused_experiments(tables: Tables, problems: Problems) -> None:
    """Report experiments without a result."""
    if "experiments" not in tables or "results" not in tables:
        return
    experiments, results = tables["experiments"], tables["results"].raw.columns
    if "experiment_id" not in results or not tables["results"].raw.complete:
        return
    used = {clean(text) for text in results["experiment_id"].texts}
    mask = ~experiments.frame["experiment_id"].isin(used).to_numpy() & experiments.good("experiment_id")
    experiments.raw.report(
        problems, np.flatnonzero(mask), "experiment_id",
        "an experiment has at least one result", "add its results, or remove the experiment",
    )  # fmt: skip


def check_excluded(tables: Tables, problems: Problems) -> None:
    """Report results of studies that are excluded."""
    if not {"studies", "experiments", "results"} <= set(tables):
        return
    studies, experiments, results = (tables[name].frame for name in ("studies", "experiments", "results"))
    excluded = set(studies.loc[studies["status"] == "excluded", "study_id"])
    if not excluded:
        return
    theirs = experiments.loc[experiments["study_id"].isin(excluded)]
    owner = dict(zip(theirs["experiment_id"], theirs["study_id"], strict=True))
    rows = np.flatnonzero(results["experiment_id"].isin(set(owner)).to_numpy())
    tables["results"].raw.report(
        problems, rows, "experiment_id", "a study that is excluded has no results",
        lambda row: f"set status of {owner[results['experiment_id'].iloc[row]]} to included, or remove its results",
    )  # fmt: skip


def check_corpora(tables: Tables, declared: set[str], unreadable: set[str], problems: Problems) -> None:
    """Report bodies of studies that are neither a source nor declared in ``review.yaml``."""
    if "sources" not in tables or "sources" in unreadable:
        return
    sources = set(tables["sources"].frame["source_id"].dropna())
    studies = tables.get("studies")
    if studies is not None and "corpus" in studies.raw.columns:
        _check_corpus(studies, sources, "the id of a body of studies is a source_id", problems)
    for name in ("statements", "distributions"):
        table = tables.get(name)
        if table is not None and "corpus" in table.raw.columns:
            rule = f"a body of studies is a source, one of corpora in review.yaml, or {META_CORPUS}"
            _check_corpus(table, sources | declared | {META_CORPUS}, rule, problems)


def _check_corpus(table: ParsedTable, known: set[str], rule: str, problems: Problems) -> None:
    cells = table.raw.columns["corpus"]
    unknown = {
        index: name
        for index, text in enumerate(cells.texts)
        for name in parse_list(text)[::-1]
        if name not in known
    }  # fmt: skip
    rows = np.flatnonzero(np.isin(cells.codes, list(unknown)) & table.good("corpus"))
    nearest = _Nearest(known)
    table.raw.report(
        problems, rows, "corpus", rule,
        lambda row: nearest(unknown[int(cells.codes[row])]) or f"add {unknown[int(cells.codes[row])]} to sources",
    )  # fmt: skip


def check_flow(tables: Tables, problems: Problems) -> None:
    """Report counts of the PRISMA diagram that the template does not have, and counts that stand there twice."""
    table = tables.get("flow")
    if table is None or not {"data", "n"} <= set(table.raw.columns):
        return
    names, counted = table.frame["data"], table.frame["n"].notna().to_numpy()
    unknown = np.flatnonzero(counted & names.notna().to_numpy() & ~names.isin(FLOW_NAMES).to_numpy())
    nearest = _Nearest(set(FLOW_NAMES))
    rule = "a count has a name of the PRISMA 2020 template, or is other_results"
    table.raw.report(
        problems, unknown, "data", rule, lambda row: nearest(str(names[row])) or f"one of {', '.join(FLOW_NAMES)}"
    )
    once = counted & names.isin(FLOW_COUNTS).to_numpy()
    first = _first_of_group(table.frame, ("data",), once)
    twice = np.flatnonzero((first >= 0) & (first != np.arange(len(first))))
    lines = table.raw.lines
    table.raw.report(
        problems, twice, "data", "each count stands once",
        lambda row: f"keep one of the two; put the other figure into the note (the other is line {lines[first[row]]})",
    )  # fmt: skip


def check_nested_units(tables: Tables, nested: Sequence[NestedUnits], problems: Problems) -> None:
    """Warn of nested units that ``review.yaml`` declares and no result has: their parts would enter as they stand."""
    if "results" not in tables:
        return
    kinds: dict[str, set[str]] = {}
    for unit in tables["results"].frame["unit"].dropna().unique():
        kind, _, name = str(unit).partition(":")
        kinds.setdefault(kind, set()).add(name)
    for at, units in enumerate(nested):
        if units.kind not in kinds:
            key, found, known, rule = "kind", units.kind, set(kinds), "a kind of nested units is one that results have"
        elif units.whole not in kinds[units.kind]:
            key, found, known = "whole", units.whole, kinds[units.kind]
            rule = f"the whole of nested units is a unit of kind {units.kind} that results have"
        else:
            continue
        remedy = did_you_mean(found, sorted(known)) or (
            f"name one of {', '.join(sorted(known))}, or remove the entry"
            if known
            else "no result has a unit; write units as kind:name into results, or remove the entry"
        )
        problems.add(Problem("review.yaml", None, f"nested_units.{at}.{key}", None, found, rule, remedy, "warning"))


def check_locators(tables: Tables, problems: Problems) -> None:
    """Report places in text sources that name no line, and ranges of lines that run backwards."""
    texts = text_sources(tables)
    for table in _citing(tables):
        _check_locators(table, texts, problems)


def _citing(tables: Tables) -> list[ParsedTable]:
    return [table for table in tables.values() if {"source_id", "locator"} <= set(table.raw.columns)]


def _spans(table: ParsedTable) -> tuple[Mask, Mask]:
    """Return per row whether the locator names a line, and whether its lines run backwards."""
    cells = table.raw.columns["locator"]
    spans = [line_span(text) for text in cells.texts]
    named = np.array([span is not None for span in spans], dtype=np.bool_)
    turned = np.array([span is not None and not 1 <= span[0] <= span[1] for span in spans], dtype=np.bool_)
    return named[cells.codes], turned[cells.codes]


def text_sources(tables: Tables) -> set[str]:
    """Return the sources that are texts: they have a digest, and more than half of the places in them name a line.

    A source that is cited by table, cell or record is none, digest or not.
    """
    if "sources" not in tables:
        return set()
    frame = tables["sources"].frame
    digested = set(frame.loc[frame["sha256"].notna(), "source_id"])
    balance: dict[str, int] = {}
    for table in _citing(tables):
        frame = pd.DataFrame({"source": table.frame["source_id"], "named": np.where(_spans(table)[0], 1, -1)})
        for source, count in frame[table.frame["locator"].notna()].groupby("source")["named"].sum().items():
            balance[str(source)] = balance.get(str(source), 0) + int(count)
    return {source for source, count in balance.items() if count > 0} & digested


def _check_locators(table: ParsedTable, texts: set[str], problems: Problems) -> None:
    frame = table.frame
    named, turned = _spans(table)
    said = frame["locator"].notna().to_numpy()
    if "printed" in frame:
        printed = frame["printed"]
        said = said | (printed.map(bool) if printed.dtype == object else printed.notna()).to_numpy(dtype=np.bool_)
    rows = ~named & said & frame["source_id"].isin(texts).to_numpy() & table.good("locator", "source_id")
    table.raw.report(
        problems, np.flatnonzero(rows), "locator", "a place in a text source names its line",
        "start it with the line, such as L1715 or L10-12",
    )  # fmt: skip
    table.raw.report(
        problems, np.flatnonzero(turned & table.good("locator")), "locator",
        "a range of lines starts at line 1 or later and does not run backwards", "write the smaller number first",
    )  # fmt: skip
