"""The door: files -> typed tables; every problem is collected, then reported at once.

Map of the room, in the order a cell passes through it:

- `files`: which file holds which table; `spreadsheets` (CSV), `workbooks` and `sheets` (XLSX): bytes -> `raw`
  texts with places
- `cells`: text -> value, pure; `fields`: how each column is read, derived from the models
- `tables`: distinct texts parsed and validated once, row rules for all rows at once -> typed frames
- `crossrows`, `ranges`, `evidence`: rules across rows and tables; `printed`: figures looked up in the source texts
- `config`: ``review.yaml``; `problems`: what is wrong, where, which rule, what remedy
- `review`: the folder as a whole
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metareview.ingest.config import read_spec
    from metareview.ingest.files import table_files
    from metareview.ingest.problems import Problem, raise_if_errors, render_problems
    from metareview.ingest.review import CheckReport, ReviewTables, check_review, read_review, read_table
    from metareview.ingest.tables import empty_frame

__all__ = [
    "CheckReport",
    "Problem",
    "ReviewTables",
    "check_review",
    "empty_frame",
    "raise_if_errors",
    "read_review",
    "read_spec",
    "read_table",
    "render_problems",
    "table_files",
]

_LAZY = {
    "CheckReport": "review",
    "Problem": "problems",
    "ReviewTables": "review",
    "check_review": "review",
    "empty_frame": "tables",
    "raise_if_errors": "problems",
    "read_review": "review",
    "read_spec": "config",
    "read_table": "review",
    "render_problems": "problems",
    "table_files": "files",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
