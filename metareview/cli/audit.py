"""``metareview audit``: check the published numbers of a review, or one number."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metareview.cli.options import JsonFlag, OutFile, emit

if TYPE_CHECKING:
    from metareview.api import Review
    from metareview.audit.run import AuditResult

__all__ = ["audit"]

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[REVIEW]", help="Review folder with claims.csv; with --check, its inputs as --name value."),
]
CheckName = Annotated[str | None, typer.Option("--check", metavar="NAME", help="Check one number; inputs follow.")]
ListFlag = Annotated[bool, typer.Option("--checks", help="List the checks with their inputs, and exit.")]
Sources = Annotated[
    Path | None,
    typer.Option("--sources", metavar="DIR", help="Folder with the source texts, <source_id>.txt."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 for contradicted_if, too.")]


def audit(
    words: Words = None,
    check: CheckName = None,
    as_json: JsonFlag = False,
    output: OutFile = None,
    sources: Sources = None,
    strict: Strict = False,
    checks: ListFlag = False,
) -> None:
    """Check published numbers: every claim in REVIEW/claims.csv, or one number with --check.

    Verdicts: consistent, contradicted (under no listed rounding convention), contradicted_if (only under the
    assumption named), not_applicable, underpowered (the check could not have failed), not_checkable.
    Exit code 0 when nothing is contradicted, 1 otherwise, 2 on bad input; claims that are fine are audited anyway.
    The source texts, against which the printed figures are looked up, are searched in --sources, in REVIEW/sources
    and in the folder that METAREVIEW_SOURCES names.

    Examples:

      metareview audit data/studies/brain-em

      metareview audit data/studies/brain-em --json --sources texts/

      metareview audit data/studies/brain-em -o audit.html

      metareview audit data/studies/brain-em -o audit.csv

      metareview audit --check percent --value 54% --n 60

      metareview audit --check percent --value 62.7% --k 37 --n 60

      metareview audit --check count-list --count Five --list 15,21,24,34-35,37,44,65

      metareview audit --check p-value --test F --statistic 19.03 --p 0.008 --n 8

      metareview audit --check grimmer --mean 5.23 --sd 2.55 --n 35

      metareview audit --check compare --left "mean(0.955 | 0.951)" --op = --right 0.954

      metareview audit --checks
    """
    if checks:
        emit(_listing(), output)
        return
    if check is not None:
        _one(check, words or [], as_json, output, strict)
        return
    if words is None or len(words) != 1:
        raise typer.BadParameter("give one review folder, or --check NAME with its inputs as --name value")
    _review(Path(words[0]), sources, as_json, output, strict)


def _listing() -> str:
    from metareview.audit.registry import CHECKS

    lines = []
    for entry in CHECKS.values():
        inputs = " ".join([*entry.required, *(f"[{name}]" for name in entry.optional)])
        lines += [entry.name, f"    {entry.title}", f"    inputs: {inputs or 'names of PRISMA counts'}"]
        lines += [f"    example: {entry.example}", f"    source: {entry.source}"]
    return "\n".join(lines) + "\n"


def _pairs(words: list[str]) -> dict[str, str]:
    """Return ``--name value`` and ``--name=value`` as a mapping."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise typer.BadParameter(f"{word!r} is no input; write --name value, or --name=value")
        if not equals:
            if not rest:
                raise typer.BadParameter(f"--{name} has no value; write --{name} value")
            value = rest.pop(0)
        key = name.replace("-", "_")
        if key in found:
            raise typer.BadParameter(f"--{name} is given twice; write a list as --{name} 'a|b'")
        found[key] = value
    return found


def _one(check: str, words: list[str], as_json: bool, output: Path | None, strict: bool) -> None:
    import json

    from metareview.audit.registry import run_check
    from metareview.audit.run import Audited

    inputs = _pairs(words)
    finding = run_check(check, inputs)
    shown = "; ".join(f"{name}={value}" for name, value in inputs.items())
    row = Audited(
        check, "", None, (), shown, tuple(inputs.values()), check, finding.verdict, finding.assumption,
        finding.computed, finding.explanation,
    )  # fmt: skip
    if as_json:
        emit(json.dumps(row.to_dict(), ensure_ascii=False, indent=1) + "\n", output)
    else:
        lines = [f"{finding.verdict}: {finding.explanation}"]
        lines += [f"computed: {finding.computed}"] if finding.computed else []
        lines += [f"assumption: {finding.assumption}"] if finding.assumption else []
        emit("\n".join(lines) + "\n", output)
    _leave([finding.verdict], strict)


def _review(folder: Path, sources: Path | None, as_json: bool, output: Path | None, strict: bool) -> None:
    import json

    from metareview.errors import InputError

    if sources is not None and not sources.is_dir():
        raise InputError(f"--sources {sources} is not a folder")
    result = _audit(folder, sources)
    if as_json:
        emit(json.dumps(result.to_records(), ensure_ascii=False, indent=1) + "\n", output)
    elif output is not None:
        emit(_table(result, folder, output), output)
    else:
        emit(_report(result), None)
    for row in result.dropped:
        typer.echo(f"not audited: {row.ref}: {row}" if row.ref else f"not audited: {row}", err=True)
    for warning in result.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if result.dropped:
        raise typer.Exit(2)
    _leave([row.verdict for row in result.rows], strict)


def _audit(folder: Path, sources: Path | None) -> AuditResult:
    from metareview.audit.claims import read_claims
    from metareview.audit.run import audit_claims
    from metareview.audit.texts import find_texts

    claims, problems = read_claims(folder / "claims.csv")
    named = os.environ.get("METAREVIEW_SOURCES", "")
    folders = [path for path in (sources, folder / "sources", Path(named) if named else None) if path is not None]
    texts, warnings = find_texts(folders, _digests(folder, claims))
    return audit_claims(claims, problems, texts=texts, warnings=warnings)


def _digests(folder: Path, claims: list[Any]) -> dict[str, str]:
    """Return the recorded digest of every document, empty where none is."""
    import csv

    digests = {row.claim.source_id: "" for row in claims}
    path = folder / "sources.csv"
    if path.is_file():
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                digests[row.get("source_id") or ""] = row.get("sha256") or ""
    return digests


def _table(result: AuditResult, folder: Path, output: Path) -> str:
    """Return the audit in the form that the ending of the file asks for."""
    match output.suffix.lower():
        case ".json":
            return result.to_json()
        case ".csv":
            return result.to_frame().to_csv(index=False, lineterminator="\n")
        case ".md" | ".tex":
            from metareview.report.tables import render

            return render(_with_review(result, folder).table("audit-claims"), output.suffix.lower()[1:])
        case ".html":
            from metareview.report.registry import views_for

            review = _with_review(result, folder)
            return review.page(name for name, view in views_for(review.spec).items() if view.section == "audit")
    raise typer.BadParameter(f"{output.name}: write .html (a page), .csv, .json, .md or .tex")


def _with_review(result: AuditResult, folder: Path) -> Review:
    """Return the review with this audit, whose printed figures were looked up in the texts."""
    from metareview.api import load

    review = load(folder)
    review.use("audit", result)
    return review


def _report(result: AuditResult) -> str:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in result.counts().items() if count)
    lines = [f"{len(result.rows)} claims audited: {counts or 'none'}"]
    for row in result.with_verdict("contradicted", "contradicted_if"):
        where = f"{row.source} L{row.line}" if row.line else row.source
        lines += ["", f"{row.verdict}  {row.id}  ({where})", f"  {row.statement}", f"  {row.explanation}"]
        lines += [f"  assumption: {row.assumption}"] if row.assumption else []
    return "\n".join(lines) + "\n"


def _leave(verdicts: list[str], strict: bool) -> None:
    bad = {"contradicted", "contradicted_if"} if strict else {"contradicted"}
    if bad & set(verdicts):
        raise typer.Exit(1)
