"""``metareview claims``: propose claims from the text of a paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from metareview.cli.options import JsonFlag, OutFile, emit

__all__ = ["claims"]

Paper = Annotated[Path, typer.Argument(metavar="PAPER.txt", help="The text of a paper.")]
SourceId = Annotated[str | None, typer.Option("--source-id", metavar="ID", help="Its id; default: the file's stem.")]


def claims(paper: Paper, source_id: SourceId = None, as_json: JsonFlag = False, output: OutFile = None) -> None:
    """Propose claims from a text, as rows of claims.csv for a person to read and accept.

    Found are percentages, counts (with citation lists), statistics, means with SD, ranges and figures that stand in
    several places. Every row says that it is a proposal; complete its inputs, or delete it.

    Examples:

      metareview claims paper.txt -o proposals.csv

      metareview claims paper.txt --json
    """
    import json

    from metareview.audit.propose import proposals_csv, propose_claims
    from metareview.errors import InputError

    try:
        text = paper.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{paper} cannot be read ({error.strerror}); give a text file") from None
    if "\0" in text[:4096]:
        raise InputError(f"{paper} is not a text file; convert the document to text first")
    name = source_id or re.sub(r"[^a-z0-9_.-]+", "-", paper.stem.lower()).strip("-_.") or "paper"
    found = propose_claims(text, name)
    if as_json:
        records = [{"kind": item.kind, **item.claim.model_dump(mode="json")} for item in found]
        emit(json.dumps(records, ensure_ascii=False, indent=1) + "\n", output)
        return
    emit(proposals_csv(found), output)
    typer.echo(f"{len(found)} proposals; none is a claim before a person has read it", err=True)
