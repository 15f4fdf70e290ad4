"""Label volumes -> segmentation scores, each with the convention it was computed under. No torch.

::

    volumes --contingency_table--> ContingencyTable --scores--> ScoreResult (metric, convention, value)
       |                                                             ^
       +---------------- score_volumes: also what needs voxels ------+

`contingency_table` counts pairs of segments in one pass (arrays, TIFF, HDF5, zarr, dask; in memory or block by block);
`scores` turns the table into every overlap, partition and instance score under every background rule;
`score_volumes` adds what a table cannot give: border thinning and masking, clDice, run lengths, surface distances.
"""

from metareview.evaluation.blockwise import contingency_table
from metareview.evaluation.catalogue import table_rules
from metareview.evaluation.objects import object_table
from metareview.evaluation.pair import score_volumes
from metareview.evaluation.result import ScoreResult, ScoreRow
from metareview.evaluation.scoring import map_over, scores
from metareview.evaluation.table import ContingencyTable

__all__ = [
    "ContingencyTable",
    "ScoreResult",
    "ScoreRow",
    "contingency_table",
    "map_over",
    "object_table",
    "score_volumes",
    "scores",
    "table_rules",
]
