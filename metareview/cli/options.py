"""Arguments that several verbs share, and how text goes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JsonFlag", "OutFile", "ReviewFolder", "emit", "json_records", "variance_column"]

ReviewFolder = Annotated[
    Path, typer.Argument(metavar="REVIEW", help="Review folder, with review.yaml and the spreadsheets.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
OutFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of to the terminal.")
]


def emit(text: str, output: Path | None) -> None:
    """Print `text`, or write it atomically to `output`."""
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    from metareview.results.atomic import write_atomic

    write_atomic(output, text.encode("utf-8"))


def variance_column(table: pd.DataFrame, vi: str | None, sei: str | None) -> str | None:
    """Return the column of the variances: the one named, `vi` by default, None with standard errors.

    Raises
    ------
    InputError
        If both are named, or neither is and there is only a column `sei`.
    """
    from metareview.errors import InputError

    if vi is not None and sei is not None:
        raise InputError(f"--vi {vi} and --sei {sei}: give variances or standard errors, not both")
    if vi is None and sei is None and "vi" not in table.columns and "sei" in table.columns:
        raise InputError("the table has no column vi, but a column sei; give --sei sei")
    return None if sei is not None else vi or "vi"


def json_records(table: pd.DataFrame) -> str:
    """Return the rows of a table as JSON: floats with all their digits at any scale, null for what is missing.

    (The writer of pandas rounds to a number of decimals, which is nothing of an effect of 1e-20.)
    """
    import json

    rows = [{name: _plain(value) for name, value in row.items()} for row in table.to_dict("records")]
    return json.dumps(rows, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _plain(value: Any) -> Any:
    """A cell as Python's own type; what JSON cannot hold (NaN, infinity, a missing value) as None."""
    from math import isfinite

    import pandas as pd

    value = value.item() if hasattr(value, "item") else value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return None if isinstance(value, float) and not isfinite(value) else value
