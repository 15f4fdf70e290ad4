from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.ingest.cells import (
    CellFault,
    check_text,
    clean,
    parse_boolean,
    parse_integer,
    parse_list,
    parse_missing,
    parse_number,
    parse_score,
)
from metareview.schema import Missing

COMMA = "a comma followed by three digits may be a decimal comma or a thousands separator"
PLUS_MINUS = "a cell holds one number, and ± may mean sd, se or half an interval"
DATE = "this is a date or time that a spreadsheet program made of what was typed"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.85", 0.85), ("0,85", 0.85), (",85", 0.85), (".85", 0.85), ("+0.5", 0.5), ("-0.5", -0.5), ("−0.5", -0.5),
        ("–0,5", -0.5), ("1e-3", 0.001), ("1,5E2", 150.0), ("0,854", 0.854), ("1234,567", 1234.567), ("12,34", 12.34),
        ("1,234,567", 1234567.0), ("1,234.5", 1234.5), ("1.234,5", 1234.5), ("1.234.567", 1234567.0),
        ("1.234.567,8", 1234567.8), ("1\u2009234", 1234.0), ("1\u202f234\u202f567,8", 1234567.8),
        ("1\u00a0234.5", 1234.5), ("1'234", 1234.0), ("1’234’567", 1234567.0), ("1.234", 1.234), ("007", 7.0),
    ],
)  # fmt: skip
def test_numbers_that_can_be_read_in_one_way(text: str, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize(
    ("text", "rule", "remedy"),
    [
        ("1,234", COMMA, "write 1.234 or 1234"),
        ("-12,345", COMMA, "write -12.345 or -12345"),
        ("0.85 ± 0.02", PLUS_MINUS, "write the value here and the other number in the column that it is: sd, se, or "
         "ci_low and ci_high"),
        ("0.85+/-0.02", PLUS_MINUS, "write the value here and the other number in the column that it is: sd, se, or "
         "ci_low and ci_high"),
        ("NA", "a number is expected, or one of the codes not reported, not applicable, unclear",
         "write the code that holds, or leave the cell blank"),
        ("nan", "a number is expected, or one of the codes not reported, not applicable, unclear",
         "write the code that holds, or leave the cell blank"),
        ("53.6-55.4", "a cell holds one number, not a range", "write the two ends in rows or columns of their own"),
        ("53.6% – 55.4%", "a cell holds one number, not a range", "write the two ends in rows or columns of their own"),
        ("<0.001", "a cell holds one number, without a sign of comparison", "write the number; say it in note"),
        ("≈ 0.9", "a cell holds one number, without a sign of comparison", "write the number; say it in note"),
        ("12 nm", "a number is expected", "write the number alone; a unit or remark belongs in note"),
        ("12 345", "a number is expected", "write it like 0.854"),
        ("85%", "this column has no percentages", "write the number without the percent sign"),
        ("2024-01-10", "a number is expected; this is a date that a spreadsheet program may have made",
         "format the column as text before typing, then enter it again"),
        ("10/01/2024", "a number is expected; this is a date that a spreadsheet program may have made",
         "format the column as text before typing, then enter it again"),
        ("1_000", "a number is expected", "write the number alone; a unit or remark belongs in note"),
        ("٣", "a number is expected", "write it like 0.854"),
        ("0x10", "a number is expected", "write the number alone; a unit or remark belongs in note"),
        ("9" * 61, "a number is expected", "write it like 0.854"),
    ],
)  # fmt: skip
def test_numbers_that_are_reported(text: str, rule: str, remedy: str) -> None:
    with pytest.raises(CellFault) as caught:
        parse_number(text)
    assert (caught.value.rule, caught.value.remedy) == (rule, remedy)


@given(st.decimals(-(10**9), 10**9, places=4))
def test_a_score_is_read_as_printed_and_its_hundredth_is_the_nearest_double(number: object) -> None:
    score = parse_score(f"{number}%")
    assert score == (float(str(number)), float(Fraction(str(number)) / 100), True)


@given(st.text())
def test_any_text_gives_a_number_or_a_fault(text: str) -> None:
    for parse in (parse_number, parse_score, parse_integer, parse_boolean, check_text):
        try:
            parse(clean(text))
        except CellFault as fault:
            said = (fault.rule, fault.remedy)
            if not all(said):
                raise


@pytest.mark.parametrize(
    ("text", "value"), [("12", 12), ("12.0", 12), ("1e3", 1000), ("−3", -3), ("1 234".replace(" ", "\u2009"), 1234)]
)
def test_whole_numbers(text: str, value: int) -> None:
    assert parse_integer(text) == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("12.5", "a whole number is expected"),
        ("12,5", "a whole number is expected"),
        ("1,234", COMMA),
        ("99999999999999999999", "a count is below 2^53"),
    ],
)
def test_whole_numbers_that_are_reported(text: str, rule: str) -> None:
    with pytest.raises(CellFault) as caught:
        parse_integer(text)
    assert caught.value.rule == rule


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not reported", Missing.NOT_REPORTED), ("NR", Missing.NOT_REPORTED), ("n.r.", Missing.NOT_REPORTED),
        ("Not  Applicable", Missing.NOT_APPLICABLE), ("N/A", Missing.NOT_APPLICABLE), ("n.a.", Missing.NOT_APPLICABLE),
        ("UNCLEAR", Missing.UNCLEAR), ("NA", None), ("none", None), ("-", None), ("", None),
    ],
)  # fmt: skip
def test_the_three_codes_stay_distinct_and_na_may_be_namibia(text: str, code: Missing | None) -> None:
    assert parse_missing(text) is code


@pytest.mark.parametrize("text", ["2024-01-10 00:00:00", "10-Jan", "1-Mar", "Jan-10", "01:02:00"])
def test_dates_that_a_spreadsheet_program_made(text: str) -> None:
    with pytest.raises(CellFault) as caught:
        check_text(text)
    assert caught.value.rule == DATE
    assert caught.value.remedy == "format the column as text before typing, then enter it again"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("=1+1", "a cell holds a value, not a formula"),
        ('=HYPERLINK("http://x","y")', "a cell holds a value, not a formula"),
        ("= SUM(A1:A2)", "a cell holds a value, not a formula"),
        ("a\x00b", "a cell is text without control characters (here U+0000)"),
        ("#REF!", "an error value of a spreadsheet program is not data"),
    ],
)
def test_what_no_cell_may_hold(text: str, rule: str) -> None:
    with pytest.raises(CellFault) as caught:
        check_text(text)
    assert caught.value.rule == rule


@pytest.mark.parametrize(
    "text", ["= 884", "2024-01-10", "<script>alert(1)</script>", "\\input{x}", "@home", "#1", "NA"]
)
def test_text_that_is_only_text(text: str) -> None:
    check_text(text)


def test_spaces_of_every_kind_go_and_inner_ones_stay() -> None:
    assert clean("\ufeff\u00a0\u2009 a\u00a0b \t\u200b") == "a\u00a0b"


def test_lists_and_flags() -> None:
    assert parse_list(" a ;b;; c;") == ("a", "b", "c")
    assert [parse_boolean(text) for text in ("Yes", "TRUE", "1", "no", "False", "0")] == [True] * 3 + [False] * 3
    with pytest.raises(CellFault, match="yes or no is expected"):
        parse_boolean("maybe")
