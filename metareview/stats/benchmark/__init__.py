"""Benchmark statistics: scores -> composite, groups, variability, generalisation.

Map of the room:

- `scores` joins results with experiments and studies, `overlap` keeps numbers from entering twice, `rows` reads tables
- `composite` (with `orientation`, `rounding`) scores methods; `evidence` (with `printed`, `definitions`,
  `feasibility`) asks which definition a published composite follows
- `groups` compares categories with `omnibus`, `posthoc` and `effect_sizes`; `descriptives`, `variability` and
  `correlations` describe metrics
- `generalisation`, `availability`, `shares` (with `proportions`), `flow` and `characteristics` count
- `analyses` is the registry that the workflow, the command line and the report go through

A score table in, a frozen result out; the formulas are pure functions on arrays, each with its source.
"""

from metareview.stats.benchmark.analyses import ANALYSES, AnalysisSpec
from metareview.stats.benchmark.scores import ScoreTable, score_table

__all__ = ["ANALYSES", "AnalysisSpec", "ScoreTable", "score_table"]
