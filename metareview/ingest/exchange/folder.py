"""Scores of another format -> the files of a review folder, ready for the door."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from metareview.errors import InputError
from metareview.ingest.exchange.results import ForeignResult
from metareview.results.formulas import neutralise
from metareview.schema.metric import Metric, Vocabulary, default_vocabulary
from metareview.schema.tables import TABLES

__all__ = ["review_files"]

_NUMBER = re.compile(r"^\s*([-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*(%?)\s*(?:±.*)?$")
#: Longest part of an id; three of them and a number fit into one.
_LONGEST = 36
_SLUG = re.compile(r"[^a-z0-9]+")


def review_files(
    results: Sequence[ForeignResult],
    *,
    source: Path,
    title: str = "",
    lower: Iterable[str] = (),
    higher: Iterable[str] = (),
) -> dict[str, str]:
    """Return the files of a review with these scores, by name.

    Parameters
    ----------
    results : the scores.
    source : the file they come from: the document of every row, with its digest.
    title : of the review; the name of the file by default.
    lower, higher : metrics whose direction is given here.

    Raises
    ------
    InputError
        If a score is no number, or a metric has no known direction; all such at once.
    """
    metrics = _metrics(results, {_fold(m): True for m in lower} | {_fold(m): False for m in higher})
    values = [_value(result, metrics[result.metric]) for result in results]
    wrong = [problem for problem in values if isinstance(problem, str)]
    if wrong:
        raise InputError(f"{source.name}: {len(wrong)} scores are no numbers:\n  " + "\n  ".join(wrong[:20]))
    source_id = _slug(source.stem)
    rows = _rows(results, [value for value in values if not isinstance(value, str)], metrics, source_id)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    rows["sources"] = [{"source_id": source_id, "title": title or source.name, "sha256": digest}]
    texts = {
        f"{name}.csv": _sheet(table.columns, rows[name])
        for name, table in TABLES.items()
        if table.required or name in rows
    }
    return {"review.yaml": _yaml(source_id, title or source.name, metrics.values()), **texts}


def _fold(text: str) -> str:
    return re.sub(r"[\s_\-–—/()]+", "", text.lower())


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("+", " plus ")
    return _SLUG.sub("-", plain).strip("-")[:_LONGEST].strip("-") or "unnamed"


class _Ids:
    """Slugs that stay apart although their names give the same one."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, ...], str] = {}

    def of(self, *parts: str) -> str:
        if parts not in self._by_name:
            base = ".".join(_slug(part) for part in parts if part)
            taken = set(self._by_name.values())
            names = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
            self._by_name[parts] = next(name for name in names if name not in taken)
        return self._by_name[parts]


def _metrics(results: Sequence[ForeignResult], stated: Mapping[str, bool]) -> dict[str, Metric]:
    """The metric behind every name: of the vocabulary, or of the review's own with a direction that somebody states."""
    vocabulary: Vocabulary = default_vocabulary()
    found: dict[str, Metric] = {}
    unknown = []
    for result in results:
        if result.metric in found:
            continue
        known = vocabulary.find(result.metric)
        lower = stated.get(_fold(result.metric), result.lower_is_better)
        if known is not None and (lower is None or known.direction == ("lower" if lower else "higher")):
            found[result.metric] = known
        elif lower is None:
            unknown.append(result.metric)
        else:
            found[result.metric] = _own(
                result, lower, {metric.key for metric in found.values()} | {m.key for m in vocabulary}
            )
    if unknown:
        raise InputError(
            f"which way is better is not known of {', '.join(sorted(set(unknown)))}; say so with "
            "--lower-is-better NAME or --higher-is-better NAME"
        )
    return found


def _own(result: ForeignResult, lower: bool, taken: set[str]) -> Metric:
    base = re.sub(r"[^a-z0-9]+", "_", result.metric.lower()).strip("_")[:50] or "metric"
    base = base if base[0].isalpha() else f"m_{base}"
    key = next(name for name in (base, *(f"{base}_{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    bounded = result.low is not None and result.high is not None and result.low < result.high
    return Metric(
        key=key,
        name=result.metric if key == base else f"{result.metric} ({key})",
        direction="lower" if lower else "higher",
        low=float(result.low) if bounded and result.low is not None else None,
        high=float(result.high) if bounded and result.high is not None else None,
        family="other",
        default_scale="native",
        definition="as the imported file names it",
        source="the imported file",
    )


def _value(result: ForeignResult, metric: Metric) -> tuple[str, str, str] | str:
    """Value, scale and remark of a score; a text is the problem."""
    if result.value is not None:
        return repr(result.value), "native" if metric.default_scale != "proportion" else "proportion", ""
    match = _NUMBER.match(result.printed)
    if match is None:
        return f"{result.place}: {result.printed!r} for {result.metric}"
    number = match[1].replace(",", ".")
    if metric.default_scale != "proportion":
        return number, "native", ""
    if match[2]:
        return number, "percent", ""
    if metric.high == 1 and abs(float(number)) > 1:
        return number, "percent", "above 1, so it is taken for a percentage"
    return number, "proportion", ""


def _rows(
    results: Sequence[ForeignResult],
    values: Sequence[tuple[str, str, str]],
    metrics: Mapping[str, Metric],
    source_id: str,
) -> dict[str, list[dict[str, str]]]:
    ids = {name: _Ids() for name in ("studies", "datasets", "experiments")}
    studies: dict[str, dict[str, str]] = {}
    datasets: dict[str, dict[str, str]] = {}
    experiments: dict[str, dict[str, str]] = {}
    rows = []
    for result, (value, scale, remark) in zip(results, values, strict=True):
        study = ids["studies"].of(result.study or result.address or result.method)
        dataset = ids["datasets"].of(result.dataset)
        studies.setdefault(study, _study(result, study, source_id))
        datasets.setdefault(
            dataset, {"dataset_id": dataset, "name": result.dataset, "source_id": source_id, "locator": result.place}
        )
        key = ids["experiments"].of(study, result.method, result.dataset, result.target)
        experiments.setdefault(key, {
            "experiment_id": key, "study_id": study, "method": result.method, "category": "", "dataset_id": dataset,
            "target": result.target, "origin": "re-reported", "source_id": source_id, "locator": result.place,
        })  # fmt: skip
        rows.append({
            "experiment_id": key, "metric": metrics[result.metric].key, "convention": _rule(result.convention),
            "level": "cell", "value": value, "scale": scale, "source_id": source_id,
            "locator": result.place, "printed": result.printed[:40], "uncertain": "yes" if remark else "",
            "note": "; ".join(part for part in (result.note, remark) if part), **_doubt(result),
        })  # fmt: skip
    return {
        "studies": list(studies.values()),
        "datasets": list(datasets.values()),
        "experiments": list(experiments.values()),
        "results": rows,
    }


def _rule(convention: str) -> str:
    return convention if re.fullmatch(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*", convention) else _slug(convention or "unstated")


def _study(result: ForeignResult, key: str, source_id: str) -> dict[str, str]:
    named = result.study or result.address
    year = result.year if re.fullmatch(r"(1[6-9]|2[01])\d\d", result.year) else ""
    note = result.address if result.address.startswith(("http://", "https://")) else ""
    return {
        "study_id": key, "corpus": source_id, "status": "included", "title": result.study, "year": year,
        "category": result.category, "code": "yes" if result.code else "", "code_address": result.code,
        "note": note if named else "the file names no paper; the method stands for it",
    }  # fmt: skip


def _doubt(result: ForeignResult) -> dict[str, str]:
    numbers = {"se": result.se, "sd": result.sd, "ci_low": result.ci_low, "ci_high": result.ci_high, "n": result.n}
    return {name: repr(value) for name, value in numbers.items() if value is not None}


def _sheet(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({name: neutralise(cell) for name, cell in row.items()} for row in rows)
    return out.getvalue()


def _yaml(key: str, title: str, metrics: Iterable[Metric]) -> str:
    """The configuration; JSON strings are YAML strings, whatever a name contains."""
    known = {metric.key for metric in default_vocabulary()}
    own = {metric.key: metric for metric in metrics if metric.key not in known}
    lines = [
        f"id: {key}",
        f"title: {_quoted(title)}",
        "question: Which method scores best, on which data, and how sure is that?",
        f"corpora:\n  - {{id: {key}, label: {_quoted(title)}}}",
        f"primary_corpus: {key}",
    ]
    lines += ["metrics:"] if own else []
    for metric in own.values():
        fields = metric.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        lines.append("  - " + json.dumps(fields, ensure_ascii=False))
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
