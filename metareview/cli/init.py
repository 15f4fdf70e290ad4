"""``metareview init``: a new review folder that checks clean and builds, with example rows to replace."""

from __future__ import annotations

import csv
import io
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["init", "make_review"]


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; it must not exist or be empty.")],
    title: Annotated[str | None, typer.Option("--title", "-t", help="Title of the review.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Headers only, without example rows.")] = False,
) -> None:
    """Make a new review folder with all sheets, example rows, a Snakefile and a README.

    Examples:

      metareview init my-review

      metareview init my-review --title "Deep learning for crack detection" --empty
    """
    make_review(folder, title, empty)
    typer.echo(
        f"{folder} is ready. Fill in the sheets, then:\n  metareview check {folder}\n  metareview build {folder}"
    )


def make_review(folder: Path, title: str | None, empty: bool) -> None:
    """Make the files of a new review.

    Raises
    ------
    InputError
        If the folder is there and not empty.
    """
    from metareview.errors import InputError
    from metareview.results.atomic import write_atomic

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and is not an empty folder; name a new folder")
    slug = _slug(folder.resolve().name)
    for name, text in _files(slug, title or "Title of the review", empty).items():
        write_atomic(folder / name, text.encode("utf-8"))


def _slug(name: str) -> str:
    kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in name.lower())
    return "-".join(part for part in kept.split("-") if part) or "review"


def _files(slug: str, title: str, empty: bool) -> dict[str, str]:
    """Return the text of every file of the new folder."""
    import json

    from metareview.schema import TABLES

    starter = files("metareview.cli").joinpath("starter")
    texts = {name: starter.joinpath(name).read_text(encoding="utf-8") for name in ("README.md", "Snakefile")}
    yaml = starter.joinpath("review.yaml").read_text(encoding="utf-8")
    # JSON strings are YAML strings, whatever the title contains
    texts["review.yaml"] = yaml.replace("@ID@", slug).replace("@TITLE@", json.dumps(title, ensure_ascii=False))
    texts[".gitignore"] = "/report/\n/.snakemake/\n"
    for table in TABLES.values():
        if table.path:  # tables of re-runs are written by `metareview rerun`
            continue
        example = starter.joinpath(f"{table.name}.csv")
        rows = list(csv.DictReader(io.StringIO(example.read_text(encoding="utf-8")))) if example.is_file() else []
        texts[f"{table.name}.csv"] = _sheet(table.columns, [] if empty else rows)
    return texts


def _sheet(columns: tuple[str, ...], rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
