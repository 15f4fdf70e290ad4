"""The main results of a review as numbers by name: what a manuscript quotes, taken from the results themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from metareview.audit.figures import decimal_text
from metareview.audit.numbers import Number
from metareview.results import Result

__all__ = ["NUMBER_RESULTS", "result_numbers"]

_DESCRIPTIVE = {"mean": 3, "sd": 3, "min": 3, "median": 3, "max": 3}


def _slug(*parts: object) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(str(part) for part in parts if part).lower()).strip("-")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _descriptives(found: Any) -> Iterator[Number]:
    for row in found.rows:
        convention = "" if row.convention == "unstated" else row.convention
        name = _slug("summary", row.metric, convention)
        yield Number(f"{name}-n", str(row.n), "", "descriptives")
        for field, digits in _DESCRIPTIVE.items():
            if (value := getattr(row, field)) is not None:
                yield Number(f"{name}-{field}", f"{value:.{digits}f}", "", "descriptives")


def _composite(found: Any) -> Iterator[Number]:
    yield Number("composite-methods", str(len(found.rows)), "ranked methods", "composite")
    for row in found.rows:
        if row.value is not None:
            text = f"{row.value:.{found.decimals if found.decimals is not None else 3}f}"
            yield Number(_slug("composite", row.study_id, row.method, row.setting), text, "", "composite")


def _evidence(found: Any) -> Iterator[Number]:
    for verdict in found.verdicts:
        name = _slug("definition", verdict.definition)
        yield Number(f"{name}-agrees", str(verdict.n_agree), "", "composite_evidence")
        yield Number(f"{name}-fails", str(verdict.n_fail), "", "composite_evidence")
    yield Number("definitions-tried", str(len(found.verdicts)), "definitions of the composite", "composite_evidence")


def _flow(found: Any) -> Iterator[Number]:
    for row in found.counts:
        yield Number(_slug("flow", row.name), f"{row.n:,}", "", "flow")
    for row in found.checks:
        if not row.holds:
            yield Number(_slug("flow", row.name, "difference"), f"{row.difference:,}", "", "flow")
    broken = sum(not row.holds for row in found.checks)
    yield Number("flow-identities", str(len(found.checks)), "identities of the flow", "flow")
    yield Number("flow-identities-broken", str(broken), "broken identities", "flow")


def _shares(found: Any) -> Iterator[Number]:
    for row in found.rows:
        name = _slug("share", row.corpus, row.dataset_id)
        yield Number(f"{name}-studies", str(row.n_studies), "", "shares")
        if row.share is not None:
            yield Number(name, _percent(row.share), "", "shares")


def _generalisation(found: Any) -> Iterator[Number]:
    for row in found.rows:
        name = _slug("several-data-sets", row.corpus, row.unit)
        yield Number(f"{name}-n", str(row.n), "", "generalisation")
        yield Number(f"{name}-k", str(row.n_multi), "", "generalisation")
        if row.share is not None:
            yield Number(name, _percent(row.share), "", "generalisation")


def _reconstruction(found: Any) -> Iterator[Number]:
    yield Number("reconstruction-solutions", str(len(found.solutions)), "arrangements of the groups", "reconstruction")
    if len(found.solutions) == 1:
        for group, size in found.solutions[0].sizes:
            yield Number(_slug("reconstruction-values", group), str(size), "", "reconstruction")
    names = ("effect-printed", "effect-small-sample", *(_slug("effect-clustered", n) for n in range(1, 9)))
    for name, effect in zip(names, found.effects, strict=False):
        for field in ("estimate", "low", "high"):
            tail = "" if field == "estimate" else f"-{field}"
            yield Number(name + tail, f"{getattr(effect, field):.2f}", "", f"reconstruction: {effect.name}")


def _audit(found: Any) -> Iterator[Number]:
    total = len(found.rows)
    yield Number("claims", f"{total:,}", "claims", "audit")
    for verdict, count in found.counts().items():
        name = "claims-" + verdict.replace("_", "-")
        yield Number(name, f"{count:,}", f"{verdict.replace('_', ' ')} claims", "audit")
        if total:
            yield Number(f"{name}-share", f"{decimal_text(100 * count / total, 1)}%", "", "audit")
    yield Number("claims-not-audited", str(len(found.dropped)), "claims that could not be audited", "audit")


_MAKERS: Mapping[str, Callable[[Any], Iterable[Number]]] = {
    "audit": _audit, "composite": _composite, "composite_evidence": _evidence, "descriptives": _descriptives,
    "flow": _flow, "generalisation": _generalisation, "reconstruction": _reconstruction, "shares": _shares,
}  # fmt: skip

#: Results that the numbers of a report are taken from.
NUMBER_RESULTS: tuple[str, ...] = tuple(_MAKERS)


def result_numbers(results: Mapping[str, Result]) -> tuple[Number, ...]:
    """Return the numbers of results by name; a name that occurs again has its count appended.

    Parameters
    ----------
    results : results by name of the analysis; those not in `NUMBER_RESULTS` are passed over.
    """
    found: list[Number] = []
    seen: Counter[str] = Counter()
    for name, make in _MAKERS.items():
        for number in make(results[name]) if name in results else ():
            seen[number.name] += 1
            again = seen[number.name]
            found.append(number if again == 1 else Number(f"{number.name}-{again}", number.text, "", number.source))
    return tuple(found)
