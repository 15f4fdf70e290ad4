"""Ratings -> consensus quality and risk of bias of the studies.

Map of the room:

- `lights`: the judgement that stands for each study and item (the traffic lights)
- `summary`: shares of judgements per item, of studies and weighted as a synthesis weights them
- `raters`: agreement of two or more raters per item, and what they differ on
- `coverage`: which items could be judged for how many studies, and which for none
- `robvis`, `template`: the table that robvis reads; an empty ``appraisal.csv`` for a tool
- `analyses`: these by name, for the report

The tools are data files of `metareview.schema`, because the door checks ``appraisal.csv`` against them; how several
raters become one judgement is `metareview.stats.quality`, because syntheses and rankings select studies by it.
"""
