"""``metareview schema``: the JSON Schema of the tables, for people who generate spreadsheets by program."""

from __future__ import annotations

from typing import Annotated

import typer

from metareview.cli.options import OutFile, emit

__all__ = ["schema"]


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[TABLE]", help="A table, `review` or `metric`; all of them when left out.")
    ] = None,
    output: OutFile = None,
) -> None:
    """Print the JSON Schema of a table of a review, or of all.

    Examples:

      metareview schema results

      metareview schema -o schema.json
    """
    import json

    from metareview.errors import UnknownName
    from metareview.schema import TABLES, Metric, Model, ReviewSpec

    models: dict[str, type[Model]] = {
        "review": ReviewSpec,
        "metric": Metric,
        **{key: spec.model for key, spec in TABLES.items()},
    }
    if name is not None and name not in models:
        raise UnknownName("table", name, models)
    schemas = {key: model.model_json_schema() for key, model in models.items()}
    body = schemas if name is None else schemas[name]
    emit(json.dumps(body, indent=2, ensure_ascii=False) + "\n", output)
