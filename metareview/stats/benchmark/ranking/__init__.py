"""Rankings that say how sure they are.

Map of the room:

- `cube` arranges values as methods by columns (`cube_tables` from a review, `cube_frames` from a plain table)
"""

from metareview.stats.benchmark.ranking.cube import Column, Cube, Entry, make_cube
from metareview.stats.benchmark.ranking.cube_frames import cube_from_long, cube_from_wide
from metareview.stats.benchmark.ranking.cube_tables import cube_from_tables, method_label

__all__ = ["Column", "Cube", "Entry", "cube_from_long", "cube_from_tables", "cube_from_wide", "make_cube",
           "method_label"]  # fmt: skip
