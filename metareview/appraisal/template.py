"""An empty ``appraisal.csv`` for a tool: one row per study, item and rater, with the question beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from metareview.errors import InputError
from metareview.schema.base import Missing
from metareview.schema.tables import TABLES
from metareview.schema.tool import CONSENSUS, ToolSpec
from metareview.stats.benchmark.rows import Tables, records, text

__all__ = ["appraisal_template"]


def appraisal_template(
    tables: Tables, tool: ToolSpec, *, raters: Sequence[str] = ("a", "b"), studies: Sequence[str] = ()
) -> str:
    """Return the sheet that raters fill in, as CSV; rows that ``appraisal.csv`` has already are kept as they are.

    The note of a row that is still to be judged holds the item and the judgements it takes. A row whose judgement stays
    blank is reported by `metareview check`; delete what does not apply.

    Parameters
    ----------
    tables : studies, and the judgements there are.
    tool : the tool.
    raters : who judges; ``consensus`` is written afterwards, where raters differ.
    studies : which studies; empty for all that are included.

    Raises
    ------
    InputError
        If a study is not in the table, a rater is named consensus, or there is nobody to rate or nothing to be rated.
    """
    known = [row["study_id"] for row in records(tables, "studies")]
    included = [row["study_id"] for row in records(tables, "studies") if row.get("status") == "included"]
    strange = [name for name in studies if name not in known]
    if strange:
        raise InputError(f"study {strange[0]} is not in studies.csv")
    if CONSENSUS in raters or not raters or len(set(raters)) < len(raters):
        raise InputError("name each rater once, and none consensus: that row says what they agree on in the end")
    chosen = list(studies) or included
    if not chosen:
        raise InputError("the review has no included study to appraise")
    header = TABLES["appraisal"].columns
    there = records(tables, "appraisal")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[_cell(row.get(name)) for name in header] for row in there])
    done = {tuple(text(row[name]) for name in ("study_id", "tool", "item", "rater")) for row in there}
    for rater in raters:
        for study in chosen:
            for item in tool.items:
                scale = tool.scale_of(item)
                if (
                    scale is None
                    or item.kind == "overall"
                    or item.algorithm
                    or (study, tool.id, item.id, rater) in done
                ):
                    continue
                note = f"{item.text} [{' | '.join(scale.ids)}]"
                cells = {"study_id": study, "tool": tool.id, "item": item.id, "rater": rater, "note": note}
                writer.writerow([cells.get(name, "") for name in header])
    return out.getvalue()


def _cell(value: object) -> str:
    return value.value if isinstance(value, Missing) else text(value)
