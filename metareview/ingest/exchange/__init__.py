"""Other people's formats as review folders: results of a leaderboard become rows that the one door then checks.

- `results`: what every reader returns, one `ForeignResult` per score, with its place in the file
- `pwc`, `eee`, `wide`: readers of Papers-with-Code style JSON, Every Eval Ever JSON, and tables with a row per method
- `folder`: results -> the spreadsheets of a review; what a format does not say stays blank, and what had to be inferred
  is marked so

The formats lack what a review needs (split, uncertainty, a page); nothing of it is invented here.
"""

from metareview.ingest.exchange.folder import review_files
from metareview.ingest.exchange.read import FORMATS, read_foreign
from metareview.ingest.exchange.results import ForeignResult

__all__ = ["FORMATS", "ForeignResult", "read_foreign", "review_files"]
