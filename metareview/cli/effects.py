"""``metareview effects``: effect sizes and sampling variances of a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metareview.cli.options import JsonFlag, OutFile, emit, json_records

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["decimal_mark", "effects", "located", "read_csv"]

DataFile = Annotated[Path, typer.Argument(metavar="DATA", help="Table as CSV, one row per effect.")]


def _column(text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(metavar="COLUMN", help=text, rich_help_panel=None)
    return option


Col = str | None


def effects(
    data: DataFile,
    measure: Annotated[str, typer.Option(help="Effect measure, metafor's code: RR, OR, SMD, ROM, ZCOR, PLO, ...")],
    ai: Annotated[Col, _column("Events in group 1; yes-yes pairs; area under the curve.")] = None,
    bi: Annotated[Col, _column("Others in group 1; yes-no pairs.")] = None,
    ci: Annotated[Col, _column("Events in group 2; no-yes pairs.")] = None,
    di: Annotated[Col, _column("Others in group 2; no-no pairs; uncorrected d.")] = None,
    n1i: Annotated[Col, _column("Size of group 1.")] = None,
    n2i: Annotated[Col, _column("Size of group 2.")] = None,
    x1i: Annotated[Col, _column("Events over time in group 1.")] = None,
    x2i: Annotated[Col, _column("Events over time in group 2.")] = None,
    t1i: Annotated[Col, _column("Time of group 1.")] = None,
    t2i: Annotated[Col, _column("Time of group 2.")] = None,
    m1i: Annotated[Col, _column("Mean of group or condition 1.")] = None,
    m2i: Annotated[Col, _column("Mean of group or condition 2.")] = None,
    sd1i: Annotated[Col, _column("Standard deviation of group or condition 1.")] = None,
    sd2i: Annotated[Col, _column("Standard deviation of group or condition 2.")] = None,
    xi: Annotated[Col, _column("Events of one group.")] = None,
    mi: Annotated[Col, _column("Mean of one group; non-events; number of predictors.")] = None,
    sdi: Annotated[Col, _column("Standard deviation of one group.")] = None,
    ni: Annotated[Col, _column("Size of one group, or number of pairs.")] = None,
    ri: Annotated[Col, _column("Correlation.")] = None,
    ti: Annotated[Col, _column("Time of one group, or a t statistic.")] = None,
    pi: Annotated[Col, _column("Two-sided p-value with the sign of the effect.")] = None,
    yi: Annotated[Col, _column("Effect as given (measure GEN).")] = None,
    vi: Annotated[Col, _column("Sampling variance as given (measure GEN).")] = None,
    vtype: Annotated[str | None, typer.Option(help="Kind of variance; the measure's first by default.")] = None,
    correct: Annotated[bool, typer.Option(help="Small-sample bias correction.")] = True,
    add: Annotated[float | None, typer.Option(help="Added to cells; 0.5 by default.")] = None,
    to: Annotated[str, typer.Option(help="Which studies get it: only0, all, if0all or none.")] = "only0",
    drop00: Annotated[bool, typer.Option("--drop00", help="Leave out studies without events in both groups.")] = False,
    flip: Annotated[bool, typer.Option("--flip", help="Change the sign.")] = False,
    output: OutFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Compute effect sizes with their sampling variances; metafor's argument names are the options.

    The table comes back with yi, vi, measure, vtype and note, which says what was added or missing in that row.

    Examples:

      metareview effects trials.csv --measure RR --ai tpos --bi tneg --ci cpos --di cneg -o effects.csv

      metareview effects scores.csv --measure SMD --m1i a --m2i b --sd1i sa --sd2i sb --n1i na --n2i nb --vtype UB
    """
    from metareview.stats.effects import compute_effects

    named = {
        "ai": ai, "bi": bi, "ci": ci, "di": di, "n1i": n1i, "n2i": n2i, "x1i": x1i, "x2i": x2i, "t1i": t1i, "t2i": t2i,
        "m1i": m1i, "m2i": m2i, "sd1i": sd1i, "sd2i": sd2i, "xi": xi, "mi": mi, "sdi": sdi, "ni": ni, "ri": ri,
        "ti": ti, "pi": pi, "yi": yi, "vi": vi,
    }  # fmt: skip
    table = read_csv(data)
    with located(data):
        found = compute_effects(
            measure, table, vtype=vtype, correct=correct, add=add, to=to, drop00=drop00, flip=flip,
            **{name: column for name, column in named.items() if column is not None},
        )  # fmt: skip
    if as_json:
        emit(json_records(found), output)
    else:
        emit(found.to_csv(index=False, lineterminator="\n"), output)


def read_csv(path: Path, *, text: bool = False) -> pd.DataFrame:
    """Read a table; with `text` every cell is the text that stands there, a blank one the empty text.

    Columns are separated by commas, semicolons or tabs, whichever the headings have most of; numbers may have decimal
    commas where commas separate nothing (with `text` they stay as written, see `decimal_mark`).

    Raises
    ------
    InputError
        If the file does not exist, or is not a table.
    """
    import pandas as pd

    from metareview.errors import InputError

    try:
        sep, decimal = _layout(path)
        if text:
            return pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False, skipinitialspace=True)
        table = pd.read_csv(path, sep=sep, decimal=decimal)
        if decimal == ",":  # one word in a column leaves its numbers as text; the word is at fault, not they
            for name in table.columns:
                if not pd.api.types.is_numeric_dtype(table[name]):
                    table[name] = table[name].replace(r"^(\s*[+-]?\d+),(\d+\s*)$", r"\1.\2", regex=True)
        return table
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give the path of a CSV file") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, IsADirectoryError) as error:
        raise InputError(f"{path} is not a CSV table: {str(error).strip()}") from error


@contextmanager
def located(path: Path) -> Iterator[None]:
    """Say of what is wrong in a row of a table in which line of which file it stands."""
    import re

    from metareview.errors import InputError, UnknownName

    try:
        yield
    except UnknownName:
        raise
    except InputError as error:
        text = path.read_text(encoding="utf-8-sig")
        lines = [at for at, line in enumerate(text.splitlines(), 1) if line.strip()]

        def line(row: re.Match[str]) -> str:
            at = int(row[1])
            return f"line {lines[at]}" if at < len(lines) else row[0]

        said = re.sub(r"\brow (\d+)\b", line, str(error))
        raise (InputError(f"{path}: {said}") if said != str(error) else error) from error


def decimal_mark(path: Path) -> str:
    """Return the decimal mark of a table that `read_csv` reads: a comma or a point."""
    return _layout(path)[1]


def _layout(path: Path) -> tuple[str, str]:
    """Return what separates the columns of a table, and its decimal mark."""
    import re

    text = path.read_text(encoding="utf-8-sig")
    head = text.partition("\n")[0]
    sep = max(",;\t", key=head.count)
    commas = sep != "," and re.search(rf'(?:^|["{sep}])\s*[+-]?\d+,\d+\s*(?:["{sep}]|$)', text, re.MULTILINE)
    return sep, "," if commas else "."
