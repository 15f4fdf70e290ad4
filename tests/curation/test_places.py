"""Places in documents: known forms are parsed, near misses are told the form meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from metareview.ingest import read_review
from metareview.schema.locator import parse_locator, suggest_form


@pytest.mark.parametrize(
    ("part", "kind", "first", "last", "name"),
    [
        ("L1715", "line", 1715, 1715, ""), ("L10-12", "line", 10, 12, ""), ("abstract:L2", "line", 2, 2, ""),
        ("line 48", "line", 48, 48, ""), ("p. 7", "page", 7, 7, ""), ("pp. 7-9", "page", 7, 9, ""),
        ("page 7", "page", 7, 7, ""), ("Table 3", "table", None, None, "3"), ("Table S2", "table", None, None, "S2"),
        ("Supplementary Table 1", "table", None, None, "1"), ("Fig. 5", "figure", None, None, "5"),
        ("Figure 2b", "figure", None, None, "2b"), ("Extended Data Fig. 4", "figure", None, None, "4"),
        ("Section 2.1", "section", None, None, "2.1"), ("cell B3, sheet S1", "cell", None, None, "B3, sheet S1"),
        ("row U-Net", "row", None, None, "U-Net"), ("column Dice", "column", None, None, "Dice"),
        ("record P0001", "record", None, None, "P0001"), ("abstract", "text", None, None, ""),
    ],
)  # fmt: skip
def test_forms(part: str, kind: str, first: int | None, last: int | None, name: str) -> None:
    (place,) = parse_locator(part)
    assert (place.kind, place.first, place.last, place.name) == (kind, first, last, name)
    assert suggest_form(part) is None


@pytest.mark.parametrize(
    ("part", "form"),
    [("pg 7", "p. 7"), ("p7", "p. 7"), ("p.7", "p. 7"), ("P. 7-9", "p. 7-9"), ("pages9", "p. 9"), ("l. 12", "L12"),
     ("LL 4-6", "L4-6"), ("Tab. 3", "Table 3"), ("table 3", "Table 3"), ("Table3", "Table 3"), ("fig 2b", "Figure 2b"),
     ("Fig.2", "Figure 2"), ("pp. 9-7", "p. 7-9")],
)  # fmt: skip
def test_near_misses(part: str, form: str) -> None:
    assert suggest_form(part) == form
    assert suggest_form(form) is None


@pytest.mark.parametrize("name", ["brain-em", "em-public"])
def test_no_place_of_the_reviews_is_a_near_miss(name: str, root: Path) -> None:
    tables = read_review(root / "data" / "studies" / name).tables
    said = {
        part
        for frame in tables.values()
        if "locator" in frame
        for locator in frame["locator"].dropna().unique()
        for part in locator.split(";")
        if suggest_form(part)
    }
    assert said == set()
