"""``metareview compare`` and ``metareview merge``: two extractors' versions of one review."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metareview.cli.options import JsonFlag

if TYPE_CHECKING:
    from metareview.curation.comparison import Comparison
    from metareview.curation.extraction import Extraction

__all__ = ["compare", "merge"]

First = Annotated[Path, typer.Argument(metavar="A", help="One version: a review folder, or a workbook.")]
Second = Annotated[Path, typer.Argument(metavar="B", help="The other version.")]
Names = Annotated[
    str | None, typer.Option(metavar="A,B", help="Names of the extractors; the names of the folders or files.")
]
Exact = Annotated[
    bool, typer.Option("--exact", help="Numbers that agree as far as their digits go are conflicts, too.")
]
#: Conflicts and rows that are printed; the workbook and --json have all.
_SHOWN = 12


def compare(
    first: First,
    second: Second,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the conflicts workbook (.xlsx).")
    ] = None,
    names: Names = None,
    exact: Exact = False,
    as_json: JsonFlag = False,
) -> None:
    """Compare two extractors' versions of a review: what differs, what only one has, how far they agree.

    Rows are joined by the key of their table, never by likeness; keys that look mistyped are named beside each other.
    Numbers are equal when they are one number (0.95 and 0.950, 94.8 percent and 0.948), and agree when the one with
    fewer digits is the other one rounded (0.95 and 0.948). The workbook has a row per conflict with both values, both
    places and a drop-down; metareview merge applies what is chosen there.

    Exit code 0 when nothing differs, 1 when something does, 2 on a wrong call.

    Examples:

      metareview compare anna/ ben/ -o conflicts.xlsx

      metareview compare anna.xlsx ben.xlsx --names Anna,Ben

      metareview compare anna/ ben/ --json > comparison.json
    """
    from metareview.curation.compare import compare as compare_versions

    found = compare_versions(*_versions(first, second, names), exact=exact)
    if output is not None:
        _write_book(found, output)
    if as_json:
        typer.echo(found.to_json(), nl=False)
    else:
        typer.echo(_text(found), nl=False)
        if output is not None:
            typer.echo(f"written: {output}")
    raise typer.Exit(1 if found.conflicts or found.lone else 0)


def _versions(first: Path, second: Path, names: str | None) -> tuple[Extraction, Extraction]:
    from metareview.curation.extraction import read_extraction

    given = [part.strip() for part in names.split(",")] if names else [first.resolve().stem, second.resolve().stem]
    if len(given) != 2 or not all(given):
        raise typer.BadParameter("--names takes two names, such as --names Anna,Ben")
    if given[0] == given[1]:
        given = ["A", "B"]
    return read_extraction(first, given[0]), read_extraction(second, given[1])


def _write_book(found: Comparison, output: Path) -> None:
    from metareview.curation.conflict_book import conflict_book
    from metareview.results.atomic import write_atomic

    if output.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"{output.name}: the conflicts workbook ends in .xlsx; --json gives the rest")
    write_atomic(output, conflict_book(found))


def _text(found: Comparison) -> str:
    from metareview.curation.keys import shown_key

    lines = [
        f"{found.a} (A) and {found.b} (B): {sum(found.shared.values()):,} shared rows, {len(found.conflicts):,} "
        f"conflicts, {len(found.rounded):,} equal as far as their digits go, {len(found.lone):,} rows in one only"
    ]
    lines += [f"warning: {text}" for text in found.warnings]
    differing = [row for row in found.agreement if row.agreed < row.n]
    if differing:
        lines += ["", "agreement by field (those with all rows agreed are left out)"]
        lines += [f"  {f'{row.table}.{row.field}':<28} {row.agreed:>6,} of {row.n:<6,} {row.share:6.1%} "
                  f"[{row.ci_low:.1%}, {row.ci_high:.1%}]  {_coefficient(row)}{row.raters}".rstrip()
                  for row in differing]  # fmt: skip
    if found.conflicts:
        lines += ["", "conflicts"]
        lines += [f"  {c.table} | {shown_key(c.key)} | {c.field}: A {c.a.text or 'blank'!r}, B {c.b.text or 'blank'!r}"
                  f"{f' ({c.hint})' if c.hint else ''}" for c in found.conflicts[:_SHOWN]]  # fmt: skip
        lines += _more(len(found.conflicts))
    if found.lone:
        lines += ["", "rows that only one version has"]
        lines += [f"  {row.table} | {shown_key(row.key)}: only in {row.only_in} (line {row.line})"
                  f"{f'; mistyped for {shown_key(row.near)!r} (line {row.near_line})?' if row.near else ''}"
                  for row in found.lone[:_SHOWN]]  # fmt: skip
        lines += _more(len(found.lone))
    return "\n".join(lines) + "\n"


def _coefficient(row: object) -> str:
    name, value = getattr(row, "coefficient", ""), getattr(row, "value", None)
    return f"{name} {value:.3f}  " if name and value is not None else ""


def _more(number: int) -> list[str]:
    return [f"  … and {number - _SHOWN:,} more (-o conflicts.xlsx, or --json)"] if number > _SHOWN else []


def merge(
    first: First,
    second: Second,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the merged review.")],
    resolutions: Annotated[
        Path | None,
        typer.Option("--resolutions", metavar="FILE", help="The conflicts workbook with choices, or resolutions.csv."),
    ] = None,
    names: Names = None,
    exact: Exact = False,
    allow_unresolved: Annotated[
        bool,
        typer.Option("--allow-unresolved", help="Leave conflicts without a choice open: a code, a mark and a note."),
    ] = False,
) -> None:
    """Merge two versions of a review with the choices made in the conflicts workbook.

    The choices become data: DIR/resolutions.csv has each with both values, reason and name, and merging again with it
    gives the same bytes. A choice about values that have changed since is refused, and so is a conflict without a
    choice. What is merged is checked at the end, as metareview check does.

    Exit code 0 when the merged review is in order, 1 when it has problems or something is undecided, 2 on a wrong call.

    Examples:

      metareview merge anna/ ben/ --resolutions conflicts.xlsx -o merged/

      metareview merge anna/ ben/ --resolutions merged/resolutions.csv -o again/
    """
    from metareview.curation.checks import FURTHER
    from metareview.curation.merge import merge as merge_versions
    from metareview.curation.resolutions import read_resolutions
    from metareview.ingest import check_review, render_problems
    from metareview.results.atomic import write_atomic

    decisions = read_resolutions(resolutions) if resolutions else ()
    done = merge_versions(*_versions(first, second, names), decisions, allow_unresolved=allow_unresolved, exact=exact)
    _check_target(output, set(done.files), (first, second))
    for name, text in done.files.items():
        write_atomic(output / name, text)
    typer.echo(
        f"{output}: {len(done.files)} files; {done.resolved:,} decisions applied, {done.rounded:,} cells with the "
        f"finer number, {done.unresolved:,} left open"
    )
    for warning in done.warnings:
        typer.echo(f"warning: {warning}", err=True)
    report = check_review(output, further=FURTHER)
    typer.echo(render_problems(report.review, report.problems))
    raise typer.Exit(0 if report.ok else 1)


def _check_target(output: Path, files: set[str], versions: tuple[Path, ...]) -> None:
    """Refuse a folder that holds anything but an earlier merge."""
    from metareview.errors import InputError

    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file; name a folder for the merged review")
    if any(output.resolve() == version.resolve() for version in versions):
        raise InputError(f"{output} is one of the two versions; name another folder, so that nothing is overwritten")
    there = {path.name for path in output.iterdir()} if output.is_dir() else set()
    strange = sorted(there - {name.partition("/")[0] for name in files})
    if there and ("resolutions.csv" not in there or strange):
        raise InputError(
            f"{output} holds {', '.join(strange or sorted(there))[:200]}, which is no earlier merge of these two; "
            "name a new folder"
        )
