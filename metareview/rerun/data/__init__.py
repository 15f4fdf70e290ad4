"""Image volumes with labels, from the files as they are published; and how they are divided. No torch.

::

    load(name, folder) -> Volume         DATASETS says which names there are and what files they expect
    plan_folds(Split, shape, parts) -> [Fold(train, val, test)]
    check_leakage(Fold, Volume) -> Leakage(errors, warnings)
"""

from metareview.rerun.data.registry import DATASETS, load
from metareview.rerun.data.spec import DatasetSpec
from metareview.rerun.data.splits import Fold, Leakage, Split, check_leakage, plan_folds
from metareview.rerun.data.volume import Box, Volume, array_hash, box_shape, box_slices

__all__ = [
    "DATASETS",
    "Box",
    "DatasetSpec",
    "Fold",
    "Leakage",
    "Split",
    "Volume",
    "array_hash",
    "box_shape",
    "box_slices",
    "check_leakage",
    "load",
    "plan_folds",
]
