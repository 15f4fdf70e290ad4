"""Traffic lights and bars: the same bytes, signs beside colours, names of sixty studies, honest emptiness."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import metareview
from metareview.report.figures.appraisal import Panel
from metareview.report.figures.registry import figure_bytes, figure_texts
from metareview.report.pages.inline import inline_svg
from metareview.report.views.base import View
from tests.appraised import judged, make_review, sheet, write

LEVELS = ("low", "some concerns", "high")


def sixty(folder: Path, n: int = 60) -> metareview.Review:
    rows = [
        row
        for at in range(1, n + 1)
        for row in sheet(f"t{at}", "ana", **{f"d{d}": LEVELS[(at * d) % 3] for d in range(1, 6) if (at + d) % 11})
    ]
    return metareview.load(make_review(folder, rows, n=n, values=[0.7] * n))


def views(review: metareview.Review, name: str) -> dict[str, View]:
    wanted = "appraisal-lights" if name == "traffic-light" else name
    return {wanted: review.table(wanted)}


@pytest.mark.parametrize("name", ["traffic-light", "appraisal-summary"])
def test_figures_are_byte_stable_and_have_a_text_alternative(tmp_path: Path, name: str) -> None:
    first, again = sixty(tmp_path / "a"), sixty(tmp_path / "b")
    for kind in ("svg", "png"):
        assert figure_bytes(name, views(first, name), kind) == figure_bytes(name, views(again, name), kind)
    title, alt = figure_texts(name, views(first, name))
    assert title
    assert len(alt) > 60
    assert "high risk" in alt


def test_every_judgement_has_a_sign_and_a_colour_that_the_dark_page_knows(tmp_path: Path) -> None:
    review = sixty(tmp_path / "a", 12)
    svg = figure_bytes("traffic-light", views(review, "traffic-light"), "svg").decode()
    texts = re.findall(r">([+!−?·])</text>", svg)
    lights = [row for row in review.statistic("appraisal").rows if row.judgement]  # type: ignore[attr-defined]
    assert len(texts) == len(lights) + 3  # and three in the legend
    page = inline_svg(svg, "traffic-light")
    left = set(re.findall(r"(?<!, )#[0-9a-f]{6}", page)) - {"#010101"}
    assert left == set()  # every colour but the ink of the signs follows the theme


def test_sixty_studies_stand_in_two_columns_and_keep_the_size_of_their_names(tmp_path: Path) -> None:
    view = sixty(tmp_path / "a").table("appraisal-lights")
    blocks = Panel.of(view, "RoB 2").blocks(view)
    assert [len(block.studies) for block in blocks] == [30, 30]
    assert all(height >= 17 for block in blocks for height in block.labels.heights)


def test_studies_of_one_name_keep_rows_of_their_own(tmp_path: Path) -> None:
    folder = make_review(tmp_path / "r", [*judged("t1", "d1", ana="low"), *judged("t2", "d1", ana="high")], n=2)
    write(folder, "studies", [
        {"study_id": f"t{n}", "corpus": "src", "status": "included", "ref": 7} for n in (1, 2)
    ])  # fmt: skip
    view = metareview.load(folder).table("appraisal-lights")
    panel = Panel.of(view, "RoB 2")
    assert [name for _, name in panel.studies] == ["reference [7]", "reference [7]"]
    assert len(panel.labels.centres) == 2


@pytest.mark.parametrize("name", ["traffic-light", "appraisal-summary"])
def test_without_an_appraisal_the_figure_says_so(tmp_path: Path, name: str) -> None:
    review = metareview.load(make_review(tmp_path / "r", []))
    svg = figure_bytes(name, views(review, name), "svg").decode()
    assert "no study has been appraised" in svg


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    rows = [{**judged("t1", "d1", ana="low")[0], "support": "<script>alert(1)</script>=1+1"}]
    folder = make_review(tmp_path / "r", rows, n=1)
    page = metareview.load(folder).page(["appraisal", "appraisal-lights", "appraisal-summary"])
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_both_weightings_are_drawn(tmp_path: Path) -> None:
    rows = [*judged("t1", "d1", ana="low"), *judged("t2", "d1", ana="high")]
    yaml = "\nsyntheses:\n  - {id: pooled, title: All, metric: accuracy, variance: [reported-se], label: [study_id]}\n"
    view = metareview.load(make_review(tmp_path / "r", rows, yaml=yaml)).table("appraisal-summary")
    assert sorted(set(view.values("panel"))) == ["RoB 2, each study counts once", "RoB 2, weights of: All"]  # type: ignore[type-var]
    svg = figure_bytes("appraisal-summary", {"appraisal-summary": view}, "svg").decode()
    assert "RoB 2, weights of: All" in svg
