"""``metareview sensitivity``: one pooled effect under a list of reasonable analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from metareview.cli.effects import DataFile, located, read_csv
from metareview.cli.options import JsonFlag, OutFile, emit, json_records, variance_column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["sensitivity"]


def sensitivity(
    data: DataFile,
    yi: Annotated[str, typer.Option(metavar="COLUMN", help="Effects.")] = "yi",
    vi: Annotated[str | None, typer.Option(metavar="COLUMN", help="Sampling variances; `vi` by default.")] = None,
    sei: Annotated[str | None, typer.Option(metavar="COLUMN", help="Standard errors, in place of variances.")] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Studies that effects come from: adds analyses of dependence.")
    ] = None,
    low_risk: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="yes where the risk of bias is low: adds an analysis of these.")
    ] = None,
    rho: Annotated[
        list[float] | None, typer.Option(help="Correlation of sampling errors within a --cluster to try; repeat.")
    ] = None,
    level: Annotated[float, typer.Option(help="Level of confidence.")] = 0.95,
    output: OutFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Pool one table of effects under other estimators, without outliers, without influential effects, and more.

    Examples:

      metareview sensitivity effects.csv

      metareview sensitivity effects.csv --cluster study --low-risk low_risk --rho 0.3 --rho 0.7 --json
    """
    from metareview.errors import InputError
    from metareview.stats.synthesis.sensitivity import sensitivity_table

    if rho and cluster is None:
        raise InputError("--rho is a correlation within clusters; name their column with --cluster")
    table = read_csv(data)
    with located(data):
        found = sensitivity_table(
            yi, variance_column(table, vi, sei), sei=sei, data=table, cluster=cluster,
            low_risk=None if low_risk is None else _flags(table, low_risk),
            rho=tuple(rho or (0.2, 0.5, 0.8)), level=level,
        )  # fmt: skip
    if as_json:
        emit(json_records(found), output)
    else:
        emit(_text(found), output)


def _flags(table: pd.DataFrame, name: str) -> list[bool]:
    """A column of yes and no as booleans.

    Raises
    ------
    UnknownName
        If there is no such column.
    InputError
        For anything that is neither.
    """
    from metareview.errors import InputError, UnknownName

    if name not in table.columns:
        raise UnknownName("column", name, list(table.columns))
    said = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    texts = [str(value).strip().lower().removesuffix(".0") for value in table[name]]
    wrong = [f"row {at}: {text}" for at, text in enumerate(texts, 1) if text not in said]
    if wrong:
        raise InputError(f"column {name} says yes or no; {'; '.join(wrong[:5])}")
    return [said[text] for text in texts]


def _text(found: pd.DataFrame) -> str:
    """The table with numbers to five digits; why an analysis could not be made, in its place."""
    shown = found.copy()
    for name in ("estimate", "se", "ci_low", "ci_high", "tau2"):
        if name in shown:
            shown[name] = [f"{value:.5g}" if value == value and value is not None else "–" for value in shown[name]]
    shown["k"] = [str(int(k)) if k == k else "–" for k in shown["k"]]
    shown["note"] = shown["note"].fillna("")
    return str(shown.to_string(index=False)) + "\n"
