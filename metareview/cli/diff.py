"""``metareview diff``: what changed between two states of a review, and which numbers moved because of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metareview.cli.options import JsonFlag, OutFile, emit

if TYPE_CHECKING:
    from metareview.curation.diff import ReviewDiff
    from metareview.report.changes import Move

__all__ = ["diff"]

#: Sections of the report that repeat the spreadsheets; what changed in them stands among the facts.
_REPEATED = frozenset({"evidence"})
_SHOWN = 15


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="Folder, workbook, or REV:path of the old state.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new state.")],
    output: OutFile = None,
    tables: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Compare only these tables, comma-separated; all of the report.")
    ] = None,
    facts_only: Annotated[bool, typer.Option("--facts-only", help="Spreadsheets only; compute nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Tell what changed between two states of a review: facts, decisions, settings; tables, ranks and estimates.

    Both states are read, every table of the report is computed for both, and compared cell by cell. A state is a
    folder, a workbook, or a revision of one in git, such as HEAD~1:my-review. With -o changes.html the result is one
    self-contained page in the look of the report: the change report of a living review.

    Exit code 0 when nothing changed, 1 when something did, 2 on a wrong call.

    Examples:

      metareview diff v1.0:data/studies/brain-em data/studies/brain-em

      metareview diff HEAD~1:my-review my-review -o changes.html

      metareview diff before/ after/ --tables benchmark,syntheses --json
    """
    from metareview.curation.diff import diff_facts
    from metareview.curation.extraction import read_extraction
    from metareview.curation.states import open_state

    with open_state(old) as before, open_state(new) as after:
        found = diff_facts(read_extraction(before, old), read_extraction(after, new))
        moves, warnings, title = ((), (), after.resolve().stem) if facts_only else _moves(before, after, tables)
    warnings = (*found.warnings, *warnings)
    page = output is not None and output.suffix.lower() == ".html"
    if as_json or (output is not None and output.suffix.lower() == ".json"):
        emit(_json(found, moves, warnings), None if page else output)
    elif not page:
        emit(_text(found, moves, warnings), output)
    if page:
        emit(_page(title, found, moves, warnings), output)
        if not as_json:
            typer.echo(f"written: {output}")
    raise typer.Exit(1 if found.facts or found.settings or moves else 0)


def _moves(before: Path, after: Path, tables: str | None) -> tuple[tuple[Move, ...], tuple[str, ...], str]:
    """Compute the tables of both states and compare them; a state with problems has none."""
    from metareview.api import load
    from metareview.cli.progress import progress
    from metareview.errors import ProblemsFound, UnknownName
    from metareview.report.changes import moves_between
    from metareview.report.registry import views_for

    reviews = []
    for place in (before, after):
        try:
            reviews.append(load(place))
        except ProblemsFound as error:
            return (), (f"tables are not compared: {error.message}; metareview check lists the problems",), place.stem
    old, new = reviews
    specs = views_for(new.spec)
    known = [name for name in new.tables if name in old.tables]
    asked = [name.strip() for name in tables.split(",")] if tables else known
    for name in asked:
        if name not in known:
            raise UnknownName("table", name, known)
    only = [
        *(f"{n} is new" for n in new.tables if n not in known),
        *(f"{n} is gone" for n in old.tables if n not in known),
    ]
    moves: list[Move] = []
    for name in progress([name for name in asked if tables or specs[name].section not in _REPEATED], "tables"):
        moves += moves_between(old.table(name), new.table(name), specs[name].section)
    warnings = () if tables or not only else (f"tables of one state only: {', '.join(only)}",)
    return tuple(moves), warnings, new.spec.title


def _json(found: ReviewDiff, moves: tuple[Move, ...], warnings: tuple[str, ...]) -> str:
    import json
    from dataclasses import asdict

    body: dict[str, Any] = json.loads(found.to_json())
    body |= {"warnings": list(warnings), "studies": list(found.studies), "moves": [asdict(move) for move in moves]}
    return json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _counts(found: ReviewDiff, moves: tuple[Move, ...]) -> list[tuple[str, int]]:
    kinds = [fact.kind for fact in found.facts]
    return [
        ("studies concerned", len(found.studies)),
        ("rows added", kinds.count("added")),
        ("rows removed", kinds.count("removed")),
        ("cells changed", kinds.count("changed")),
        ("decisions", sum(fact.what == "decision" for fact in found.facts)),
        ("settings", len(found.settings)),
        ("tables moved", len({move.view for move in moves})),
        ("ranks moved", sum(move.sort == "rank" for move in moves)),
        ("estimates moved", sum(move.sort == "estimate" for move in moves)),
    ]


def _page(title: str, found: ReviewDiff, moves: tuple[Move, ...], warnings: tuple[str, ...]) -> str:
    from metareview.report.changes import change_views, render_changes

    views = change_views(found.facts, found.settings, moves)
    numbers = [(label, f"{number:,}") for label, number in _counts(found, moves)]
    return render_changes(title, (found.old, found.new), views, numbers, warnings)


def _text(found: ReviewDiff, moves: tuple[Move, ...], warnings: tuple[str, ...]) -> str:
    """Return the changes as text: numbers, then the first of each kind."""
    from metareview.curation.keys import shown_key

    counts = ", ".join(f"{label} {number:,}" for label, number in _counts(found, moves) if number)
    lines = [f"{found.old} -> {found.new}: {counts or 'nothing changed'}"]
    lines += [f"warning: {text}" for text in warnings]
    signs = {"added": "+", "removed": "-", "changed": "~"}
    for what, heading in (("decision", "decisions"), ("value", "values"), ("remark", "remarks")):
        facts = [fact for fact in found.facts if fact.what == what]
        said = [f"{signs[f.kind]} {f.table} | {shown_key(f.key)}"
                + (f" | {f.field}: {f.old or 'blank'!r} -> {f.new or 'blank'!r}" if f.field else "")
                + (f" ({f.hint})" if f.hint else "") for f in facts]  # fmt: skip
        lines += _part(heading, said)
    lines += _part("settings", [f"~ {key}: {a or 'blank'!r} -> {b or 'blank'!r}" for key, a, b in found.settings])
    kinds = (("ranks", ("rank",)), ("estimates", ("estimate",)), ("other cells", ("number", "text", "row")))
    for heading, sorts in kinds:
        lines += _part(heading, [_moved(move) for move in moves if move.sort in sorts])
    return "\n".join(lines) + "\n"


def _moved(move: Move) -> str:
    said = (
        f"{move.column}: {move.old} -> {move.new}" if move.kind == "changed" else f"{move.column} {move.kind}".strip()
    )
    return " | ".join(part for part in (move.title, move.row, said) if part)


def _part(heading: str, said: list[str]) -> list[str]:
    more = [f"  … and {len(said) - _SHOWN:,} more (--json, or -o changes.html)"] if len(said) > _SHOWN else []
    return ["", f"{heading}: {len(said):,}", *(f"  {line}" for line in said[:_SHOWN]), *more] if said else []
