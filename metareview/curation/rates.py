"""Agreement per field and pair of extractors."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from metareview.curation.comparison import FieldAgreement
from metareview.errors import NotEstimable
from metareview.ingest.cells import clean
from metareview.ingest.fields import SCALED, Field, fields_of
from metareview.stats.agreement.icc import icc, icc_interval, mean_squares
from metareview.stats.agreement.ratings import confusion_table
from metareview.stats.agreement.two_raters import cohen_kappa, cohen_kappa_se
from metareview.stats.benchmark.proportions import wilson_interval

if TYPE_CHECKING:
    from metareview.curation.compare import Compared

__all__ = ["field_agreements"]

#: A text column with so many different texts or fewer, each repeated, is one of categories.
_CATEGORIES = 12
#: A standard error below this is rounding.
_NO_ERROR = 1e-12


def field_agreements(table: Compared, names: tuple[str, str], exact: bool) -> Iterator[FieldAgreement]:
    """Yield the agreement on each field of a table: of all shared rows, then of each pair of extractors they name.

    Rows in which both cells are blank do not count: nothing was extracted there, and they would make any field look
    agreed on.
    """
    pairs = _extractors(table)
    for field in fields_of(table.a.raw.name).values():
        if field.name not in table.verdicts:
            continue
        verdicts = table.verdicts[field.name]
        everything = np.ones(len(verdicts), dtype=np.bool_)
        groups = [(" & ".join(names), everything), *(pairs.items() if len(pairs) > 1 else ())]
        for raters, rows in groups:
            taking = np.flatnonzero(rows & (verdicts > 0))
            if len(taking):
                yield _agreement(table, field, raters, taking, exact)


def _extractors(table: Compared) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the rows of each pair of extractors, where the rows name them."""
    if "extractor" not in table.a.raw.columns or "extractor" not in table.b.raw.columns:
        return {}
    join = table.join
    said = [
        " & ".join((clean(table.a.raw.text(int(x), "extractor")), clean(table.b.raw.text(int(y), "extractor"))))
        for x, y in zip(join.rows_a, join.rows_b, strict=True)
    ]
    names = np.array(said, dtype=object)
    return {
        name: np.asarray(names == name) for name in sorted(set(said)) if not name.startswith(" ") and name[-1] != " "
    }


def _agreement(table: Compared, field: Field, raters: str, rows: npt.NDArray[np.int64], exact: bool) -> FieldAgreement:
    verdicts = table.verdicts[field.name][rows]
    rounded = 0 if exact else int((verdicts == 2).sum())
    agreed, n = int((verdicts == 1).sum()) + rounded, len(rows)
    low, high = wilson_interval(agreed, n)
    body: dict[str, Any] = _coefficient(table, field, rows)
    return FieldAgreement(
        table=table.a.raw.name, field=field.name, raters=raters, n=n, agreed=agreed, rounded=rounded,
        share=agreed / n, ci_low=low, ci_high=high, **body,
    )  # fmt: skip


def _coefficient(table: Compared, field: Field, rows: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Return the coefficient that fits the column: ICC(2,1) of numbers, Cohen's kappa of categories."""
    join = table.join
    kind = np.float64 if field.kind in ("number", "score", "integer") else object
    columns = [
        part.frame[field.name].to_numpy(dtype=kind, na_value=np.nan)[at[rows]]
        for part, at in ((table.a, join.rows_a), (table.b, join.rows_b))
    ]
    try:
        if table.a.raw.name in SCALED and field.kind in ("number", "score"):
            return {"reason": "numbers of several metrics: their spread would make any correlation look near 1"}
        if field.kind in ("number", "score", "integer"):
            return _correlation(columns)
        return _kappa(field, columns)
    except NotEstimable as error:
        return {"reason": str(error)}


def _correlation(columns: list[npt.NDArray[Any]]) -> dict[str, Any]:
    values = np.stack(columns, axis=1)
    squares = mean_squares(values[np.isfinite(values).all(1)])
    body: dict[str, Any] = {"coefficient": "ICC(2,1)", "value": icc(squares, "2,1")}
    try:
        low, high = icc_interval(squares, "2,1")
    except NotEstimable as error:
        return {**body, "reason": f"no interval: {error}"}
    return {**body, "value_low": low, "value_high": high}


def _kappa(field: Field, columns: list[npt.NDArray[Any]]) -> dict[str, Any]:
    import pandas as pd

    if field.kind == "list":
        return {}
    n = len(columns[0])
    codes, found = pd.factorize(np.concatenate(columns), use_na_sentinel=False, sort=False)
    if field.kind in ("text", "metric") and (len(found) > _CATEGORIES or 2 * len(found) > n):
        return {}
    table = confusion_table(codes[:n], codes[n:], len(found))
    body: dict[str, Any] = {"coefficient": "Cohen's kappa"}
    try:
        value, se = cohen_kappa(table), cohen_kappa_se(table)
    except NotEstimable as error:
        return {**body, "reason": str(error)}
    if se < _NO_ERROR:
        return {**body, "value": value, "reason": "no interval: the extractors agree on every row"}
    half = NormalDist().inv_cdf(0.975) * se
    return {**body, "value": value, "value_low": max(value - half, -1.0), "value_high": min(value + half, 1.0)}
