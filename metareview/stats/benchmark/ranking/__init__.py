"""Rankings that say how sure they are.

Map of the room:

- `cube` arranges values as methods by columns (`cube_tables` from a review, `cube_frames` from a plain table);
  `coverage` says how much is filled and what is connected
- `missing` applies the declared policy, `scales` the declared scale
- `rules` (with `pairs`, `bradley_terry`, `additive`, `places`) turn a table into scores
- `bounds` are over all fillings of missing cells, `bootstrap` draws data sets, studies or units again,
  `significance` tests complete designs
- `rank` conducts, `result` is what comes out, `declared` ranks what ``review.yaml`` declares
"""

from metareview.stats.benchmark.ranking.cube import Column, Cube, Entry, make_cube
from metareview.stats.benchmark.ranking.cube_frames import cube_from_long, cube_from_wide
from metareview.stats.benchmark.ranking.cube_tables import cube_from_tables, method_label
from metareview.stats.benchmark.ranking.rank import rank
from metareview.stats.benchmark.ranking.result import Ranking
from metareview.stats.benchmark.ranking.rules import RULES

__all__ = [
    "RULES", "Column", "Cube", "Entry", "Ranking", "cube_from_long", "cube_from_tables", "cube_from_wide", "make_cube",
    "method_label", "rank",
]  # fmt: skip
