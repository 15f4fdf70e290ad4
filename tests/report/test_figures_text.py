"""Text in figures: measured, wrapped, safe; looks that survive a grey printer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.report.figures.correlations import palette as diverging
from metareview.report.figures.heatmap import palette as sequential
from metareview.report.figures.panels import Labels, swarm
from metareview.report.figures.style import DARK, is_blank, looks
from metareview.report.figures.text import ink_on, measure, tidy, wrap

LETTERS = st.text(alphabet="abcdefg -_/.XYZ", min_size=1, max_size=60)


@given(LETTERS, st.floats(20, 200))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: float) -> None:
    lines = wrap(tidy(text), width, 9)
    assert "".join("".join(lines).split()) == "".join(tidy(text).split())
    assert all(measure(line, 9) <= width or len(line) <= 1 for line in lines)


def test_no_break_spaces_hold_together() -> None:
    assert wrap("Records screened (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}60)", 100, 9) == [
        "Records screened",
        "(n = 60)",
    ]


def test_a_limit_ends_in_an_ellipsis() -> None:
    lines = wrap("one two three four five six seven", 50, 9, lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert measure(lines[1], 9) <= 50


@given(st.text(max_size=400))
def test_tidy_text_is_drawable(text: str) -> None:
    from xml.etree import ElementTree as ET

    safe = tidy(text)
    assert len(safe) <= 200
    assert "\n" not in safe
    element = ET.Element("a")
    element.text = safe
    assert (ET.fromstring(ET.tostring(element, encoding="unicode")).text or "") == safe


def test_measure_is_the_advance_of_dejavu_sans() -> None:
    # DejaVu Sans 2.37: the advance of "0" is 1303 of 2048 units
    assert measure("0" * 100, 10) == pytest.approx(1303 / 2048 * 10 * 100, rel=0.01)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_swarm_keeps_near_points_apart(values: Sequence[float]) -> None:
    offsets = swarm(values, near=0.01, step=1.0, room=50.0)
    for i in range(len(values)):
        for j in range(i):
            assert abs(values[i] - values[j]) >= 0.01 or offsets[i] != offsets[j]


def test_rows_are_as_tall_as_their_labels() -> None:
    labels = Labels.of(["short", "a name that needs several lines to be written down"], 80, 9)
    assert labels.heights[1] > labels.heights[0]
    assert labels.tops[1] == labels.heights[0]
    assert labels.width <= 80


def grey(colour: tuple[float, float, float]) -> float:
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue


def hex_parts(colour: str) -> tuple[float, float, float]:
    return tuple(int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))  # type: ignore[return-value]


def test_groups_differ_without_colour() -> None:
    found = looks(["CNN", "Transformer", "Hybrid", "Foundation", "Other", "not stated"])
    assert len({look.marker for name, look in found.items() if not is_blank(name) and name != "Other"}) == 4
    assert len({look.colour for look in found.values()}) == 5  # what says nothing is grey
    assert list(found)[-2:] == ["not stated", "Other"]


def test_a_group_looks_the_same_whatever_the_order() -> None:
    assert looks(["b", "a", "c"]) == looks(["c", "b", "a", "a"])


def test_colour_maps_are_readable_in_grey() -> None:
    steps = [grey(sequential()(n / 10)[:3]) for n in range(11)]
    assert all(a > b for a, b in pairwise(steps))
    assert grey(diverging()(0.5)[:3]) > 0.9 > grey(diverging()(0.0)[:3])


def contrast(one: str, two: str) -> float:
    def luminance(colour: str) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in hex_parts(colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_contrasts_with_its_ground_in_both_themes() -> None:
    from metareview.report.figures.style import INK, MUTED, PANEL, PAPER, WARN

    for ink in (INK, MUTED, WARN):
        for ground in (PAPER, PANEL):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
            assert contrast(DARK[ink], DARK[ground]) >= 4.5, (ink, ground)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_ink_on_any_colour_is_readable(colour: tuple[float, float, float]) -> None:
    ground = "#" + "".join(f"{round(part * 255):02x}" for part in colour)
    assert contrast(ink_on(*hex_parts(ground)), ground) >= 4.5
