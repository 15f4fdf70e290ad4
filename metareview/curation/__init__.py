"""Curating: two extractions become one review, and two states of a review a list of what changed.

- `extraction`: one extractor's folder or workbook, read leniently; `keys`: which rows are one row; `near`: keys that
  may be mistyped
- `judge`: whether two cells say the same; `compare`: every field of every shared row; `comparison`: what comes out;
  `rates`: agreement per field and pair of extractors
- `conflict_book`: the workbook that a person resolves; `resolutions`: what they decided, as data; `merge`: one review
- `diff`: which facts changed between two states of a review; `states`: a folder, or a revision of one
- `archive`: a deposit with checksums, and its verification; `dictionary`: the data dictionary
- `simulate`: a second extractor with planted errors, for teaching and for tests
"""
