"""A review in other people's formats: leaderboards for machines, and what describes the data set for search engines.

- `cells`: the printed aggregates of a review with names and sources, which every writer takes
- `pwc`, `eee`, `wide`: writers of the formats that `ingest.exchange` reads
- `croissant`: JSON-LD (Croissant 1.0 on schema.org) that describes the spreadsheets

What a format has no place for is left out of it, and `LOST` says what that is.
"""

from metareview.report.exchange.write import EXPORTS, LOST, render_export

__all__ = ["EXPORTS", "LOST", "render_export"]
