"""``metareview agreement``: how far raters agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metareview.cli.options import JsonFlag, OutFile, emit

if TYPE_CHECKING:
    from metareview.stats.agreement import AgreementResult, Ratings

__all__ = ["agreement"]

#: Cells that mean that a rater did not rate the unit.
_BLANK = frozenset({"", "NA", "nan"})


def agreement(
    ratings: Annotated[
        Path,
        typer.Argument(metavar="RATINGS", help="CSV: a row per unit and a column per rater, or one rating per row."),
    ],
    raters: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Columns of the raters, comma-separated; all but the first.")
    ] = None,
    unit: Annotated[str | None, typer.Option(metavar="COLUMN", help="Names of the units; the first column.")] = None,
    scale: Annotated[str, typer.Option(help="nominal, ordinal, interval or ratio.")] = "nominal",
    categories: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="All categories in their order, comma-separated; those found, sorted."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(metavar="NAME", help="Category of positive agreement; the second of two.")
    ] = None,
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.95,
    bootstrap: Annotated[
        int, typer.Option(metavar="N", min=0, help="Draws of units for the intervals; 0 for formulas.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 20250101,
    output: OutFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure how far raters agree who worked independently.

    Percent agreement, Krippendorff's alpha, Fleiss' kappa, Gwet's AC1 and AC2 of all raters; Cohen's kappa, plain and
    weighted, PABAK, positive and negative agreement, prevalence and bias of each pair; intraclass correlations of
    numbers. Each has an interval; what does not exist for these ratings is null, with the reason. Blank cells and NA
    are ratings that were not given. A file with the columns unit, rater and rating has one rating per row.

    Examples:

      metareview agreement screening.csv --positive include

      metareview agreement grades.csv --scale ordinal --categories low,some,high --json

      metareview agreement scores.csv --scale interval --raters anna,ben --bootstrap 2000
    """
    from metareview.stats.agreement import agreement as measure

    table = _read(ratings, unit, raters, categories, scale)
    chosen = None if positive is None else _typed(table, positive)
    result = measure(table, scale, positive=chosen, level=level, n_boot=bootstrap, seed=seed)  # type: ignore[arg-type]
    emit(result.to_json() if as_json else _text(result), output)


def _read(path: Path, unit: str | None, raters: str | None, categories: str | None, scale: str) -> Ratings:
    """Read wide or long ratings; numbers become numbers where every rating is one."""
    from metareview.cli.effects import read_csv
    from metareview.errors import InputError
    from metareview.stats.agreement import Ratings

    frame = read_csv(path, text=True)
    units, names, rows = _wide(frame, unit, raters) if not _long(frame) else _from_long(frame, path)
    values: list[list[Any]] = [[None if cell in _BLANK else cell for cell in row] for row in rows]
    known: list[Any] | None = [part.strip() for part in categories.split(",")] if categories else None
    numeric = _all_numbers([cell for row in values for cell in row if cell is not None] + (known or []))
    if scale in ("interval", "ratio") and not numeric:
        raise InputError(f"{path}: a scale of kind {scale} needs numbers as ratings; choose nominal or ordinal")
    if numeric:
        values = [[None if cell is None else float(cell) for cell in row] for row in values]
        known = [float(part) for part in known] if known else None
    return Ratings.of(values, raters=names, units=units, categories=known)


def _long(frame: Any) -> bool:
    return {"unit", "rater", "rating"} <= set(frame.columns)


def _wide(frame: Any, unit: str | None, raters: str | None) -> tuple[list[str], list[str], list[list[str]]]:
    from metareview.errors import UnknownName

    unit = unit or str(frame.columns[0])
    names = [part.strip() for part in raters.split(",")] if raters else [c for c in frame.columns if c != unit]
    for name in (unit, *names):
        if name not in frame.columns:
            raise UnknownName("column", name, map(str, frame.columns))
    return list(frame[unit]), names, frame[names].to_numpy().tolist()


def _from_long(frame: Any, path: Path) -> tuple[list[str], list[str], list[list[str]]]:
    from metareview.errors import InputError

    twice = frame[frame.duplicated(["unit", "rater"])]
    if len(twice):
        line, row = int(twice.index[0]) + 2, twice.iloc[0]
        raise InputError(
            f"{path} line {line}: {row['rater']} rates {row['unit']} a second time; keep one of the two rows"
        )
    wide = frame.pivot(index="unit", columns="rater", values="rating").fillna("")
    wide = wide.loc[list(dict.fromkeys(frame["unit"]))]
    return list(wide.index), list(wide.columns), wide.to_numpy().tolist()


def _all_numbers(texts: list[Any]) -> bool:
    from math import isfinite

    try:
        return bool(texts) and all(isfinite(float(text)) for text in texts)
    except ValueError:
        return False


def _typed(ratings: Ratings, name: str) -> object:
    numeric = bool(ratings.categories) and isinstance(ratings.categories[0], float)
    return float(name) if numeric and _all_numbers([name]) else name


def _text(result: AgreementResult) -> str:
    """Return the coefficients as text, four digits."""
    lines = [f"{len(result.raters)} raters, {result.k_in} units, {result.k_used} with two ratings or more", ""]
    group = None
    for row in result.estimates:
        if row.raters != group:
            lines += ([""] if group else []) + [f"{row.raters} (n = {row.n})"]
            group = row.raters
        shown = "none" if row.value is None else f"{row.value:.4f}"
        limits = "" if row.ci_low is None or row.ci_high is None else f"[{row.ci_low:.4f}, {row.ci_high:.4f}]"
        lines.append(
            f"  {row.label:<34} {shown:>8}  {limits}{'  ' if limits and row.reason else ''}{row.reason}".rstrip()
        )
    for first, second, table in result.tables:
        lines += ["", f"{first} (rows) by {second} (columns): {', '.join(result.categories)}"]
        lines += ["  " + " ".join(f"{cell:>6}" for cell in row) for row in table]
    lines += [f"dropped {row}" for row in result.dropped[:10]]
    lines += [f"… and {len(result.dropped) - 10} more units"] if len(result.dropped) > 10 else []
    lines += [f"warning: {text}" for text in result.warnings]
    return "\n".join(lines) + "\n"
