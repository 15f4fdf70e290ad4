"""Curating: the workbook goes out to the reviewer, comes back checked, and becomes plain files again.

Map of the room:

- `columns`: what a person needs to know of each column; `lists`: the drop-downs; `paint`: one sheet
- `book`: a review as sheets of text; `template`: the workbook to fill in; `helpsheets`: its instructions and glossary
- `annotate`: a copy with coloured cells and a list of problems; `export`: a workbook as CSV
- `plausibility` and `doubts`: what no rule forbids and yet is rarely so; `derivations`: derived numbers computed again
"""
