"""``metareview show``: what a review holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from metareview.cli.options import JsonFlag, ReviewFolder

if TYPE_CHECKING:
    from metareview.api import Review

__all__ = ["show"]


def show(review: ReviewFolder, as_json: JsonFlag = False) -> None:
    """Say what a review holds: rows by table, studies by corpus, results by metric, and the names that `table` and
    `figure` take.

    Examples:

      metareview show data/studies/brain-em

      metareview show my-review --json
    """
    import json

    from metareview.api import load

    body = _contents(load(review))
    if as_json:
        typer.echo(json.dumps(body, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{body['id']}: {body['title']}")
    for title, counts in body["counts"].items():
        typer.echo(f"\n{title}")
        width = max((len(name) for name in counts), default=0)
        for name, count in counts.items():
            typer.echo(f"  {name:<{width}}  {count:>6,}")
    for kind in ("tables", "figures", "statistics"):
        typer.echo(f"\n{kind}: {', '.join(body[kind])}")


def _contents(loaded: Review) -> dict[str, Any]:
    """Counts by kind, most frequent first, ties by name."""

    def tally(values: list[str]) -> dict[str, int]:
        from collections import Counter

        return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))

    corpora = [corpus for entry in loaded.studies["corpus"] for corpus in entry]
    return {
        "id": loaded.spec.id,
        "title": loaded.spec.title,
        "counts": {
            "rows": {name: len(frame) for name, frame in loaded.frames.items() if len(frame)},
            "studies by corpus": tally(corpora),
            "results by metric": tally(loaded.results["metric"].tolist()),
            "results by level": tally(loaded.results["level"].tolist()),
            "experiments by origin": tally(loaded.experiments["origin"].tolist()),
        },
        "tables": list(loaded.tables),
        "figures": list(loaded.figures),
        "statistics": list(loaded.statistics),
    }
