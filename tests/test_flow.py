"""PRISMA identities, on published counts and as laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.schema.flow import FlowRow, check_identities, flow_counts, parse_reasons

COUNT = st.integers(min_value=0, max_value=10_000)


def by_name(counts: dict[str, int]) -> dict[str, bool | None]:
    return {check.name: check.holds for check in check_identities(counts)}


def test_the_founding_review_loses_a_hundred_records() -> None:
    """2330 records - 684 duplicates are 1646, printed as 1546 (section 2.1 and Figure 3 of the review)."""
    counts = {"database_results": 2330, "duplicates": 684, "records_screened": 1546, "records_excluded": 1392}
    (broken,) = [check for check in check_identities(counts) if not check.holds]
    assert (broken.name, broken.expected, broken.found, broken.difference) == ("H1", 1646, 1546, -100)


def test_the_founding_review_adds_eight_at_the_end() -> None:
    """154 - 102 + 8 = 60 (section 2.2)."""
    counts = {"dbr_assessed": 154, "dbr_excluded": 102, "other_results": 8, "new_studies": 60}
    assert by_name(counts) == {"W6": True}
    assert by_name({**counts, "other_results": 7}) == {"W6": False}


def test_a_filled_diagram_that_breaks_h1() -> None:
    """2 + 3888 - 400 - 50 - 673 = 2767, printed 2765."""
    counts = {
        "register_results": 2, "database_results": 3888, "duplicates": 400, "excluded_automatic": 50,
        "excluded_other": 673, "records_screened": 2765,
    }  # fmt: skip
    assert by_name(counts) == {"H1": False}


def test_more_studies_than_reports_is_impossible() -> None:
    assert by_name({"new_studies": 9, "new_reports": 5}) == {"H7": False}
    assert by_name({"new_studies": 4, "new_reports": 5}) == {"H7": True}


def test_previous_and_new_make_the_total() -> None:
    assert by_name({"previous_studies": 3, "new_studies": 5, "total_studies": 99}) == {"W8": False}


def test_what_is_not_printed_is_not_checked() -> None:
    assert by_name({"records_screened": 10}) == {}
    assert by_name({}) == {}


@given(COUNT, COUNT, COUNT, COUNT)
def test_a_consistent_diagram_passes(databases: int, extra: int, excluded: int, reasons: int) -> None:
    counts = {
        "database_results": databases + extra, "duplicates": extra, "records_screened": databases,
        "records_excluded": min(excluded, databases), "dbr_sought_reports": databases - min(excluded, databases),
    }  # fmt: skip
    assert all(check.holds for check in check_identities(counts))
    if reasons:
        counts["records_screened"] += reasons
        assert by_name(counts)["H1"] is False


def test_reasons_may_contain_commas() -> None:
    assert parse_reasons("Wrong population, adults, 5; Not found, 2") == (
        ("Wrong population, adults", 5),
        ("Not found", 2),
    )


def test_a_list_counts_as_its_sum() -> None:
    rows = [
        FlowRow(data="database_results", n="12"),
        FlowRow(data="database_specific_results", n="A, 5"),
        FlowRow(data="database_specific_results", n="7"),
        FlowRow(data=None, box="prevstud", n=None),
        FlowRow(data="no such box", n="3"),
    ]
    assert flow_counts(rows) == {"database_results": 12, "database_specific_results": 12}
    assert by_name(flow_counts(rows)) == {"H9": True}


@pytest.mark.parametrize("n", ["-5", "about 40", "5.5", "A; B"])
def test_a_count_is_a_count(n: str) -> None:
    with pytest.raises(ValueError, match="n"):
        FlowRow(data="duplicates", n=n)
