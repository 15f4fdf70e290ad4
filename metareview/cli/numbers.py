"""``metareview numbers``: find stale and hand-typed numbers in a manuscript."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metareview.cli.options import JsonFlag

__all__ = ["numbers"]

Manuscript = Annotated[Path, typer.Argument(metavar="MANUSCRIPT", help="Markdown or LaTeX (.tex) text.")]
NumbersFile = Annotated[
    Path, typer.Option("--numbers", metavar="FILE", help="numbers.json of a built report.", show_default=False)
]


def numbers(manuscript: Manuscript, numbers: NumbersFile, as_json: JsonFlag = False) -> None:
    r"""Find numbers in a manuscript that disagree with the built report, or are typed where a macro should stand.

    A build writes numbers.json and numbers.tex. In LaTeX write \mrStudies{} after \input{numbers}; in Markdown write
    <!-- mr:studies -->93<!-- /mr -->. Reported are marked numbers that are stale, figures beside the noun of a
    generated number that differ from it, and figures that repeat one by hand. Exit code 1 when there are any.

    Examples:

      metareview numbers paper.tex --numbers reports/brain-em/numbers.json

      metareview numbers paper.md --numbers reports/brain-em/numbers.json --json
    """
    import json
    from dataclasses import asdict

    from metareview.audit.literals import check_manuscript
    from metareview.audit.numbers import read_numbers

    known = read_numbers(_text(numbers))
    found = check_manuscript(_text(manuscript), known, tex=manuscript.suffix == ".tex")
    if as_json:
        typer.echo(json.dumps([asdict(item) for item in found], ensure_ascii=False, indent=1))
    else:
        typer.echo("\n".join(map(str, found)) or "every number is a generated one, or counts something else")
    if found:
        raise typer.Exit(1)


def _text(path: Path) -> str:
    from metareview.errors import InputError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({type(error).__name__}); give a UTF-8 text file") from None
