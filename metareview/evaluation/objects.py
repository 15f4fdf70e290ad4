"""Per-object tables: one row per segment, so that a score can be traced to the objects that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from metareview.errors import UnknownName
from metareview.evaluation.matching import objects
from metareview.evaluation.table import ContingencyTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["object_table"]


def object_table(table: ContingencyTable, of: Literal["truth", "prediction"] = "truth") -> pd.DataFrame:
    """Return one row per object of one volume, in ascending id.

    Parameters
    ----------
    table : the contingency table.
    of : ``truth`` or ``prediction``: whose objects.

    Returns
    -------
    DataFrame with columns
        id, voxels;
        background: voxels that are 0 in the other volume;
        pieces: how many objects of the other volume it touches;
        best, overlap, iou: the object with the largest IoU (ties: smallest id), None and 0 where there is none;
        voi_bits: its contribution to the VOI under ``bits.fg`` (split part for the truth, merge part for the
        prediction), so that the column adds up to the score.

    Examples
    --------
    >>> import numpy as np
    >>> from metareview.evaluation import contingency_table
    >>> table = contingency_table(np.array([1, 1, 2, 0]), np.array([7, 7, 7, 7]))
    >>> object_table(table)[["id", "voxels", "background", "pieces", "best", "iou"]].to_dict("records")
    [{'id': 7, 'voxels': 4, 'background': 1, 'pieces': 2, 'best': 1, 'iou': 0.5}]
    """
    import pandas as pd

    if of not in ("truth", "prediction"):
        raise UnknownName("side", of, ("truth", "prediction"))
    o = objects(table if of == "truth" else table.transpose())
    size = o.truth_ids.size
    covered = np.bincount(o.pair_truth, weights=o.overlap, minlength=size).astype(np.int64)
    order = np.lexsort((o.prediction_ids[o.pair_prediction], -o.iou, o.pair_truth))
    touched, first = np.unique(o.pair_truth[order], return_index=True)
    best = order[first]
    frame = pd.DataFrame({"id": o.truth_ids, "voxels": o.truth_sizes, "background": o.truth_sizes - covered})
    frame["pieces"] = np.bincount(o.pair_truth, minlength=size)
    partner = pd.array([pd.NA] * size, dtype="UInt64")
    partner[touched] = o.prediction_ids[o.pair_prediction[best]]
    frame["best"] = partner
    for name, values in (("overlap", o.overlap[best]), ("iou", o.iou[best])):
        column = np.zeros(size, dtype=values.dtype)
        column[touched] = values
        frame[name] = column
    terms = o.overlap * np.log2(covered[o.pair_truth] / o.overlap)
    frame["voi_bits"] = np.bincount(o.pair_truth, weights=terms, minlength=size) / max(int(o.overlap.sum()), 1)
    return frame
