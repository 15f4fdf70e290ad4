"""What changed between two states of a review: tables compared cell by cell, and the page that shows it.

- `moves`: two states of one table -> the cells that moved
- `views`: changed facts and moved cells -> tables for people
- `page`: one self-contained HTML page in the look of the report
"""

from __future__ import annotations

from metareview.report.changes.moves import Move, moves_between
from metareview.report.changes.page import render_changes
from metareview.report.changes.views import change_views

__all__ = ["Move", "change_views", "moves_between", "render_changes"]
