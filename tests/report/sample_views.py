"""Views for the tests of the renderers: one ordinary, one hostile, one empty."""

from __future__ import annotations

from metareview.report.views.base import Cell, Column, View
from metareview.results import Dropped
from metareview.schema.source import SourceRef

HOSTILE = (
    '=HYPERLINK("http://example.org","x")',
    "<script>alert(1)</script>",
    "\\input{/etc/passwd}",
    "a|b\nc",
    "nul\x00byte",
    "right \u202eto left\u202c \u05d0\u05d1 \u200f",
    "x" * 10_000,
    "Ünïcode Łódź 神経 \U0001f9e0 µm ≤ τ²",
    "+1+1",
    "@SUM(A1)",
    "\t=1",
    "-1-1",
    "[0pt] $x^2$ 50% & #1 ~ {_} \\\\ *",
    "\"quoted\", 'single' `tick` --",
    "#N/A",
    "_x0041_",
    "\ud800",
)


def ref(line: int, printed: str = "", **more: object) -> SourceRef:
    return SourceRef("results.csv", line, "shah", f"L{1700 + line}; Table 3", printed, **more)  # type: ignore[arg-type]


def ordinary() -> View:
    """A benchmark in small: groups, spanners, marks, intervals, missing cells with reasons, notes."""
    columns = (
        Column("category", "Category"),
        Column("rank", "Rank", "count"),
        Column("method", "Method", help="as the study names it"),
        Column("a.dice", "Dice", "score", group="Set A", arrow="↑"),
        Column("a.voi", "VOI", "score", group="Set A", arrow="↓", decimals=2),
        Column("composite", "Composite", "score"),
        Column("n", "N", "count"),
        Column("share", "Share", "percent", decimals=0),
        Column("p", "p", "p"),
        Column("code", "Code", "flag"),
    )
    rows = (
        (Cell("CNN"), Cell(1), Cell("3D U-Net & more"), Cell(0.9305, (ref(2, "0.9305"),), mark="best"),
         Cell(1.022, (ref(3, "1.022"),)), Cell(0.93, (ref(2), ref(3)), low=0.85, high=0.955), Cell(1645), Cell(0.565),
         Cell(0.0004), Cell(True)),
        (Cell("CNN"), Cell(2), Cell("UTR_50%"), Cell(0.9, (ref(4, "0901", uncertain=True, note="point lost"),),
         mark="second"), Cell(None, note="not reported"), Cell(0.947, mark="contradicted", note="printed 0.948"),
         Cell(3), Cell(1.0), Cell(0.008), Cell(False)),
        (Cell("Hybrid"), Cell(3), Cell("ATFormer"), Cell(None, note="not reported"), Cell(-0.5, mark="best"),
         Cell(None), Cell(None, note="mean over unknown sets"), Cell(None), Cell(0.9999), Cell("not reported")),
    )  # fmt: skip
    dropped = tuple(Dropped(f"row {n}", "a range, not a value", ref(n)) for n in range(20, 27))
    return View(
        "benchmark", "Benchmark", "Scores of three methods.", columns, rows, group="category",
        notes=("k = 3 of 10 results; corpus: the review.",), warnings=("a group has 1 value",), dropped=dropped,
    )  # fmt: skip


def hostile() -> View:
    columns = (Column("text", "=cmd|' /C calc'!A0 <b>"), Column("value", "a|b_{c}", "score"))
    rows = tuple((Cell(text, (ref(n, text[:40]),), note=text), Cell(None, note=text)) for n, text in enumerate(HOSTILE))
    return View(
        "hostile", "<script>\\input{x}", "=1+1 | \x00", columns, rows, notes=HOSTILE[:4], warnings=HOSTILE[4:8],
        dropped=(Dropped(HOSTILE[1], HOSTILE[2]),),
    )  # fmt: skip


def empty() -> View:
    return View("empty", "Nothing", "No rows.", (Column("a", "A"),), (), notes=("no study states it",))
