"""Experiments -> effects `yi` with sampling variances `vi`: one pure function per measure, and their registry.

>>> from metareview.stats.effects import MEASURES
>>> MEASURES["RR"].title
'log risk ratio'
"""

from metareview.stats.effects import association, change, means, proportions, rates, single, tables
from metareview.stats.effects.compute import compute_effects, evaluate_measure
from metareview.stats.effects.registry import MEASURES, Effect, Measure, find_measure
from metareview.stats.effects.transforms import back_transform

__all__ = [
    "MEASURES",
    "Effect",
    "Measure",
    "association",
    "back_transform",
    "change",
    "compute_effects",
    "evaluate_measure",
    "find_measure",
    "means",
    "proportions",
    "rates",
    "single",
    "tables",
]
