"""The values of the drop-downs, on a hidden sheet with a defined name each.

A list written into the validation itself may have 255 characters; Excel calls a file with a longer one damaged. A
defined name has no such limit, and the list of ids grows with the sheet that it points to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from metareview.curation.columns import CODES, Guide, guides_of
from metareview.ingest.layout import LISTS_SHEET
from metareview.schema.flow import FLOW_NAMES
from metareview.schema.review import ReviewSpec
from metareview.schema.study import STUDY_ATTRIBUTES
from metareview.schema.tables import CURATED
from metareview.schema.toolbox import shipped_tools, tools_of

__all__ = ["UNBOUNDED", "DropDown", "DropDowns", "drop_downs"]

#: Stands for a bound that a metric does not have.
UNBOUNDED = 1e300
#: What happens to a value that is not in the list: refused, asked about, or taken.
Refusal = Literal["stop", "warning", "none"]


@dataclass(frozen=True, slots=True)
class DropDown:
    """The list of one column: its defined name, and what happens to a value that it does not have."""

    name: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class DropDowns:
    """Every list of a workbook.

    Attributes
    ----------
    lists : values by defined name, written to the hidden sheet.
    columns : by table and column, its list.
    """

    lists: Mapping[str, Sequence[str | float]]
    columns: Mapping[tuple[str, str], DropDown]

    def write(self, book: Any) -> None:
        """Write the hidden sheet and define the names."""
        from xlsxwriter.utility import xl_col_to_name

        sheet = book.add_worksheet(LISTS_SHEET)
        sheet.hide()
        for place, (name, values) in enumerate(self.lists.items()):
            sheet.write_string(0, place, name)
            for row, value in enumerate(values, 1):
                if isinstance(value, str):
                    sheet.write_string(row, place, value)
                else:
                    sheet.write_number(row, place, value)
            letters = xl_col_to_name(place)
            book.define_name(name, f"={LISTS_SHEET}!${letters}$2:${letters}${max(len(values), 1) + 1}")


def drop_downs(spec: ReviewSpec | None) -> DropDowns:
    """Return the lists of a review: codes, choices, metrics, attributes, and ids of other tables."""
    from metareview.schema.metric import default_vocabulary

    metrics = sorted(spec.vocabulary() if spec else default_vocabulary(), key=lambda metric: metric.key)
    lists: dict[str, Sequence[str | float]] = {
        "list_codes": CODES,
        "list_yes": ("yes", "no"),
        "list_metrics": [metric.key for metric in metrics],
        "list_metric_low": [-UNBOUNDED if metric.low is None else metric.low for metric in metrics],
        "list_metric_high": [UNBOUNDED if metric.high is None else metric.high for metric in metrics],
    }
    columns: dict[tuple[str, str], DropDown] = {}
    for table in CURATED:
        for guide in guides_of(table).values():
            found = _list_of(guide, spec)
            if found is not None:
                drop, values = found
                columns[table, guide.name] = drop
                if values is not None:
                    lists.setdefault(drop.name, values)
    return DropDowns(lists, columns)


def _list_of(guide: Guide, spec: ReviewSpec | None) -> tuple[DropDown, Sequence[str | float] | None] | None:
    """Return the list of a column and its values (None where the list is defined elsewhere)."""
    field, codes = guide.field, CODES if guide.field.codes else ()
    allowed = spec.attributes.get(guide.name) if spec and guide.table in ("studies", "experiments") else None
    if field.kind == "list":
        return None
    if field.kind == "metric":
        return DropDown("list_metrics", "warning"), None
    if field.kind == "boolean":
        return DropDown("list_yes", "stop"), None
    if field.choices:
        values: tuple[str | float, ...] = tuple(c if isinstance(c, str) else float(c) for c in field.choices)
        return DropDown(f"list_{guide.table}_{guide.name}", "stop"), (*values, *codes)
    if allowed:
        return DropDown(f"list_attribute_{guide.name}", "stop"), (*allowed, *codes)
    if guide.target:
        return DropDown(f"ids_{guide.target}", "warning"), None
    if (guide.table, guide.name) == ("flow", "data"):
        return DropDown("list_flow", "warning"), FLOW_NAMES
    if (guide.table, guide.name) == ("study_facts", "attribute"):
        return DropDown("list_study_attributes", "none"), STUDY_ATTRIBUTES
    if guide.table == "appraisal" and guide.name in ("tool", "item", "judgement"):
        return DropDown(f"list_appraisal_{guide.name}", "warning"), _appraisal(guide.name, spec)
    return (DropDown("list_codes", "none"), None) if codes else None


def _appraisal(name: str, spec: ReviewSpec | None) -> tuple[str, ...]:
    """Return the tools a review can use; items and judgements of those it declares, or of all."""
    known = tools_of(spec) if spec else dict(shipped_tools())
    if name == "tool":
        return tuple(known)
    declared = [known[tool] for tool in (spec.appraisal.tools if spec else ()) if tool in known] or list(known.values())
    if name == "item":
        return tuple(dict.fromkeys(item.id for tool in declared for item in tool.items if item.scale))
    return tuple(
        dict.fromkeys(level.id for tool in declared for scale in tool.scales.values() for level in scale.levels)
    )
