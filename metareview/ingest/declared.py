"""Whether what ``review.yaml`` declares can be computed: names that the tables have, metrics that can be averaged."""

from __future__ import annotations

from collections.abc import Iterator

from metareview.errors import did_you_mean
from metareview.ingest.crossrows import Tables
from metareview.ingest.problems import Problem, Problems
from metareview.schema.review import ReviewSpec
from metareview.schema.study import Study

__all__ = ["check_declared"]

#: Table and key column of the names that a declaration may hold, and what they are.
_KEYS = {
    "datasets": ("dataset_id", "a data set is one of datasets"),
    "studies": ("study_id", "a study is one of studies"),
    "sources": ("source_id", "a document is one of sources"),
}


def check_declared(tables: Tables, spec: ReviewSpec, problems: Problems) -> None:
    """Report names that no table has, and metrics of the composite score that point down and are not turned."""
    for key, table, found in _named(spec):
        column, rule = _KEYS[table]
        if table in tables and len(tables[table].raw) and column in tables[table].raw.columns:
            known = set(tables[table].frame[column].dropna())
            if found not in known:
                _report(key, found, rule, known, problems)
    _check_groups(tables, spec, problems)
    _check_composite(spec, problems)


def _named(spec: ReviewSpec) -> Iterator[tuple[str, str, str]]:
    """Yield key, table and name of every id of a table that ``review.yaml`` holds."""
    for part in ("composite", "groups"):
        corpus = getattr(getattr(spec, part), "corpus", None)
        if corpus:
            yield f"{part}.corpus", "sources", corpus
    for board in spec.leaderboards:
        place = f"leaderboards.{board.id}"
        yield from _listed(place, datasets=board.datasets, studies=board.studies)
        if board.source_id:
            yield f"{place}.source_id", "sources", board.source_id
    for ranking in spec.rankings:
        place = f"rankings.{ranking.id}"
        yield from _listed(place, datasets=ranking.datasets, studies=ranking.studies)
        if ranking.corpus:
            yield f"{place}.corpus", "sources", ranking.corpus
    for synthesis in spec.syntheses:
        chosen = synthesis.select
        yield from _listed(f"syntheses.{synthesis.id}.select", datasets=chosen.datasets, studies=chosen.studies,
                           sources=chosen.sources)  # fmt: skip


def _listed(place: str, **names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for table, listed in names.items():
        for name in listed:
            yield f"{place}.{table}", table, name


def _check_groups(tables: Tables, spec: ReviewSpec, problems: Problems) -> None:
    """Report an attribute that studies do not have, and a reference group that is no value of it."""
    groups, studies = spec.groups, tables.get("studies")
    if groups is None:
        return
    if groups.by not in Study.model_fields:
        _report("groups.by", groups.by, "groups are made by a column of studies", set(Study.model_fields), problems)
    elif groups.reference and studies is not None and len(studies.raw):
        values = studies.frame[groups.by].dropna() if groups.by in studies.frame else ()
        known = {*spec.attributes.get(groups.by, ()), *map(str, values)}
        if groups.reference not in known:
            rule = f"the reference is a {groups.by} of the studies"
            _report("groups.reference", groups.reference, rule, known, problems)


def _check_composite(spec: ReviewSpec, problems: Problems) -> None:
    if spec.composite is None:
        return
    vocabulary = spec.vocabulary()
    for name in spec.composite.metrics:
        fault = spec.composite.misfit(vocabulary[name])
        if fault is not None:
            problems.add(Problem("review.yaml", None, f"composite.{fault.key}", None, name, fault.rule, fault.remedy))


def _report(key: str, found: str, rule: str, known: set[str], problems: Problems) -> None:
    names = sorted(known)
    listed = f"name one of {', '.join(names[:10])}{' …' if len(names) > 10 else ''}" if names else "there is none"
    hint = did_you_mean(found, names) or listed
    problems.add(Problem("review.yaml", None, key, None, found, rule, hint))
