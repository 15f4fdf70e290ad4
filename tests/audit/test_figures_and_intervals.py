"""Printed strings, rounding conventions, interval arithmetic: laws and examples."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.audit.citations import expand_citations
from metareview.audit.expressions import evaluate
from metareview.audit.figures import CONVENTIONS, decimal_text, parse_convention, parse_figure
from metareview.audit.intervals import Interval, sqrt_bounds
from metareview.errors import InputError, NotEstimable, UnknownName

fractions = st.fractions(min_value=-1000, max_value=1000, max_denominator=10**4)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, high = sorted((draw(fractions), draw(fractions)))
    if low == high:
        return Interval(low, high)
    return Interval(low, high, draw(st.booleans()), draw(st.booleans()))


@st.composite
def members(draw: st.DrawFn) -> tuple[Interval, Fraction]:
    """An interval and a number of it."""
    span = draw(intervals())
    share = draw(st.fractions(min_value=0, max_value=1, max_denominator=997))
    value = span.low + share * span.width
    return span, value if value in span else (span.low + span.high) / 2


@given(members(), members())
def test_arithmetic_encloses(a: tuple[Interval, Fraction], b: tuple[Interval, Fraction]) -> None:
    assert a[1] + b[1] in a[0] + b[0]
    assert a[1] - b[1] in a[0] - b[0]
    assert a[1] * b[1] in a[0] * b[0]
    assert a[1] ** 2 in a[0].square()
    assert abs(a[1]) in abs(a[0])
    assert min(a[1], b[1]) in Interval.smallest([a[0], b[0]])
    assert max(a[1], b[1]) in Interval.largest([a[0], b[0]])
    if not b[0].low <= 0 <= b[0].high:
        assert a[1] / b[1] in a[0] / b[0]


@given(intervals(), intervals())
def test_meeting_is_having_a_number_in_common(a: Interval, b: Interval) -> None:
    both = a.meet(b)
    assert (both is not None) == a.meets(b) == b.meets(a)
    if both is not None:
        middle = (both.low + both.high) / 2
        assert middle in a
        assert middle in b


@given(st.fractions(min_value=0, max_value=10**6))
def test_square_root_is_enclosed(value: Fraction) -> None:
    low, high = sqrt_bounds(value)
    assert low * low <= value <= high * high
    assert high - low <= Fraction(1, 10**18)


@given(st.fractions(min_value=-100, max_value=100), st.integers(0, 4), st.booleans())
def test_a_printed_number_allows_what_was_rounded(value: Fraction, decimals: int, half_up: bool) -> None:
    from random import Random

    from metareview.audit.simulate import shown

    rng = Random(0)
    rng.half_up = half_up  # type: ignore[attr-defined]
    figure = parse_figure(shown(value, decimals, rng))
    assert value in figure.interval("half-up" if half_up else "half-even")
    assert value in figure.interval("half-either")


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("0.954", "477/500", "1/1000"), ("54%", "27/50", "1/100"), ("62.7%", "627/1000", "1/1000"),
        ("2,330", "2330", "1"),
        (".05", "1/20", "1/100"), ("—6.44", "-161/25", "1/100"), ("−6.44", "-161/25", "1/100"), ("five", "5", "1"),
        ("Twenty", "20", "1"), ("0.820", "41/50", "1/1000"), ("1,234,567.8", "12345678/10", "1/10"),
        ("40 %", "2/5", "1/100"), ("+3", "3", "1"),
    ],
)  # fmt: skip
def test_figures(text: str, value: str, unit: str) -> None:
    figure = parse_figure(text)
    assert figure.value == Fraction(value)
    assert figure.unit == Fraction(unit)


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "12a", "1,23", "--5", "nan", "inf", "1e5", "5 6", "%"])
def test_what_is_no_figure(text: str) -> None:
    with pytest.raises(InputError, match="is not a number; write it as printed"):
        parse_figure(text)


@pytest.mark.parametrize(
    ("convention", "inside", "outside"),
    [
        ("half-up", ["0.125", "0.1349"], ["0.135", "0.1249"]),
        ("half-even", ["0.1251", "0.1349"], ["0.125", "0.135"]),
        ("truncation", ["0.13", "0.1399"], ["0.14", "0.1299"]),
        ("half-either", ["0.125", "0.135"], ["0.1351"]),
    ],
)
def test_conventions_at_their_ends(convention: str, inside: list[str], outside: list[str]) -> None:
    span = parse_figure("0.13").interval(parse_convention(convention))
    assert [text for text in inside if Fraction(text) not in span] == []
    assert [text for text in outside if Fraction(text) in span] == []


def test_negative_figures_are_the_mirror_image() -> None:
    for convention in CONVENTIONS:
        assert parse_figure("-0.13").interval(convention) == -parse_figure("0.13").interval(convention)


def test_about_widens_by_a_unit_and_at_most_five() -> None:
    figure = parse_figure("~40%")
    assert figure.interval("half-up") == Interval(Fraction(39, 100), Fraction(41, 100))
    assert figure.interval("half-either") == Interval(Fraction(35, 100), Fraction(45, 100))


def test_counts_are_exact_and_bounds_reach_to_the_domain() -> None:
    assert parse_figure("1546").interval("half-up", counts_exact=True) == Interval.point(1546)
    assert parse_figure("<0.4").bounded("half-up", -1, 1) == Interval(Fraction(-1), Fraction(2, 5), False, True)
    assert parse_figure(">=0.4").bounded("half-up", -1, 1) == Interval(Fraction(2, 5), Fraction(1))
    with pytest.raises(InputError, match="lies outside -1 to 1"):
        parse_figure("1.5").bounded("half-up", -1, 1)


def test_unknown_convention() -> None:
    with pytest.raises(UnknownName, match="did you mean 'half-up'"):
        parse_convention("halfup")


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5"), (60, "60"), (1 / 3, "0.3333"), (-0.17, "-0.17"), (0.00001234, "0.00001234")]
)
def test_numbers_for_reading(value: float, text: str) -> None:
    assert decimal_text(value) == text


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("[19,33-37]", (19, 33, 34, 35, 36, 37)), ("9,23,25,38,40,56–59", (9, 23, 25, 38, 40, 56, 57, 58, 59)),
        ("[22,38—\n41]", (22, 38, 39, 40, 41)), ("[15, 21,24]", (15, 21, 24)), ("7,7,7", (7,)), ("", ()),
    ],
)  # fmt: skip
def test_citation_lists(text: str, ids: tuple[int, ...]) -> None:
    assert expand_citations(text) == ids


@pytest.mark.parametrize("text", ["[19,x]", "[37-33]", "[1-9999]", "3.5"])
def test_what_is_no_citation_list(text: str) -> None:
    with pytest.raises(InputError, match="write"):
        expand_citations(text)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=30, unique=True))
def test_expanding_gives_back_what_was_listed(ids: list[int]) -> None:
    assert expand_citations(",".join(map(str, ids))) == tuple(ids)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("37 / 60", "37/60", "37/60"), ("2,330 - 684", "1646", "1646"), ("mean(0.95 | 0.93)", "0.935", "0.945"),
        ("mean(0.95, 0.93)", "0.935", "0.945"), ("-(2 + 3) * 4", "-20", "-20"), ("sqrt(9) + abs(-2)", "5", "5"),
        ("max(1|2|3) - min(1|2|3)", "2", "2"), ("54% * 60", "32.1", "32.7"), ("2 + 3 × 4 ÷ 2", "8", "8"),
    ],
)  # fmt: skip
def test_expressions(text: str, low: str, high: str) -> None:
    span = evaluate(text, "half-either")
    assert (span.low, span.high) == (Fraction(low), Fraction(high))


@pytest.mark.parametrize("text", ["", "1 +", "(1", "foo(1)", "1 2", "__import__('os')", "sqrt(1|2)", "2 ** 3", "1;2"])
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(InputError):
        evaluate(text, "half-up")


def test_an_expression_is_not_endless() -> None:
    with pytest.raises(InputError, match="nested more than"):
        evaluate("(" * 5000 + "1" + ")" * 5000, "half-up")


def test_division_by_what_may_be_zero() -> None:
    with pytest.raises(NotEstimable, match="may be zero"):
        evaluate("1 / (0.1 - 0.1)", "half-up")
