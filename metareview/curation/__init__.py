"""Curating: the workbook goes out to the reviewer, comes back checked, and becomes plain files again.

Map of the room:

- `columns`: what a person needs to know of each column; `lists`: the drop-downs; `paint`: one sheet
- `book`: a review as sheets of text; `template`: the workbook to fill in; `helpsheets`: its instructions and glossary
- `annotate`: a copy with coloured cells and a list of problems; `export`: a workbook as CSV
- `plausibility` and `doubts`: what no rule forbids and yet is rarely so; `derivations`: derived numbers computed again

Two extractors, two states, and a deposit:

- `extraction`: one extractor's folder or workbook, read leniently; `keys`: which rows are one row; `near`: keys that
  may be mistyped
- `judge`: whether two cells say the same; `compare`: every field of every shared row; `comparison`: what comes out;
  `rates`: agreement per field and pair of extractors
- `conflict_book`: the workbook that a person resolves; `resolutions`: what they decided, as data; `merge`: one review
- `states`: a folder, or a revision of one; `diff`: which facts changed between two of them
- `archive`: a deposit with checksums, and its verification; `dictionary`: the data dictionary
- `simulate`: a second extractor with planted errors, for teaching and for tests
"""
