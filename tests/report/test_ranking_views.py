"""Views and figures of declared rankings: genuine ones, and hostile ones."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import metareview
from metareview.report.figures.coverage import grid_of, parts_of
from metareview.report.figures.difference import cliques
from metareview.report.figures.registry import draw, figure_bytes, figure_spec, figure_texts, figures_for
from metareview.report.registry import build_view, views_for
from metareview.report.tables import render, render_xlsx
from metareview.report.views.base import View
from metareview.schema.review import ReviewSpec
from metareview.stats.benchmark.ranking import cube_from_long, rank
from metareview.stats.benchmark.ranking.result import Ranking

DATA = Path(__file__).parents[2] / "data" / "studies"
VIEWS = ("ranking", "pairs", "tests", "places", "shares")
FIGURES = ("ranks", "blobs", "podium", "difference", "superiority", "coverage")
HOSTILE = '=cmd|"/C calc"!A1 <script>alert(1)</script> \\input{x} $x$ \x00 & ‮'


@pytest.fixture(scope="module")
def public():
    return metareview.load(DATA / "em-public")


@pytest.fixture(scope="module")
def founding():
    return metareview.load(DATA / "brain-em")


@pytest.fixture(scope="module")
def hostile():
    """A ranking with gaps whose methods and data sets have hostile names."""
    import pandas as pd

    rows = [(f"{HOSTILE} {i}", f"{HOSTILE} {j}", "dice", 0.5 + 0.05 * i + 0.01 * j)
            for i in range(4) for j in range(6) if (i, j) not in ((0, 1), (2, 3))]  # fmt: skip
    cube = cube_from_long(pd.DataFrame(rows, columns=["method", "dataset", "metric", "value"]), source=HOSTILE)
    declared = {"id": "h", "title": HOSTILE, "notes": [HOSTILE]}
    spec = ReviewSpec.model_validate({"id": "r", "title": "R", "question": "?", "rankings": [declared]})
    found = rank(cube, "borda", "available", n_boot=100)
    return {f"{kind}-h": build_view(f"{kind}-h", {}, {"ranking-h": found}, spec) for kind in VIEWS}


def test_names_follow_the_declarations(public, founding) -> None:
    ids = [declared.id for declared in public.spec.rankings]
    assert [name for name in views_for(public.spec) if name.startswith("ranking-")] == [f"ranking-{i}" for i in ids]
    assert set(figures_for(public.spec)) >= {f"{kind}-{i}" for kind in FIGURES for i in ids}
    assert views_for(founding.spec)["ranking-table-3"].section == "benchmark"
    assert figures_for(founding.spec)["ranks-table-3"].section == "benchmark"
    assert {f"ranking-{i}" for i in ids} <= set(public.statistics)


def test_founding_table_has_its_bounds_beside_the_printed_order(founding) -> None:
    view = founding.table("ranking-table-3")
    printed = founding.table("benchmark")
    assert list(view.values("method")) == [name for name in printed.values("method") if name in view.values("method")]
    bounds = {str(name): (cell.low, cell.high)
              for name, cell in zip(view.values("method"), view.cells("bounds"), strict=True)}  # fmt: skip
    assert sum(found == (1, 10) for found in bounds.values()) == 8
    assert bounds["ATFormer"] == (1, 9)
    assert bounds["FragViT"] == (2, 10)
    assert "interval" not in {column.key for column in view.columns}
    assert any("no bootstrap, so there are no intervals" in note for note in view.notes)
    assert any("Coverage: 19 of 30 cells filled" in note for note in view.notes)
    assert any("over 8 different data sets" in warning for warning in view.warnings)
    assert all(cell.refs for cell in view.cells("rank"))


def test_public_rankings_have_intervals(public) -> None:
    for declared in public.spec.rankings:
        view = public.table(f"ranking-{declared.id}")
        assert all(cell.low is not None for cell in view.cells("interval"))
    images = public.table("ranking-em-stellar-images")
    assert images.values("method")[0] == "EM-net V1 BN"
    assert images.cells("interval")[0].high == 7
    assert {row[0].value for row in public.table("places-em-stellar-images").rows} == {"column", "unit"}


@pytest.mark.parametrize("kind", FIGURES)
def test_figures_of_genuine_rankings(kind: str, public, founding) -> None:
    for review in (public, founding):
        for name in (name for name in figures_for(review.spec) if name.startswith(f"{kind}-")):
            views = {key: review.table(key) for key in figure_spec(name).views}
            root = ET.fromstring(figure_bytes(name, views, "svg"))
            assert root.findtext("{http://www.w3.org/2000/svg}desc") == figure_texts(name, views)[1]


def test_a_ranking_of_printed_numbers_has_no_pairs(founding) -> None:
    own = [name for name in (*views_for(founding.spec), *figures_for(founding.spec)) if name.endswith("-table-3")]
    assert own == ["ranking-table-3", "places-table-3", "ranks-table-3", "coverage-table-3"]


def test_figures_without_anything_to_draw_say_why(public) -> None:
    spec = figure_spec("difference-neurons")
    _, text = figure_texts(spec.name, {key: public.table(key) for key in spec.views})
    assert text.startswith("Nothing to draw.")
    assert "the design has gaps" in text


@pytest.mark.parametrize("kind", FIGURES)
def test_hostile_names_are_drawn_as_text(kind: str, hostile: dict[str, View]) -> None:
    views = {key: hostile[key] for key in figure_spec(f"{kind}-h").views}
    text = figure_bytes(f"{kind}-h", views, "svg").decode()
    assert "<script" not in text
    assert text == figure_bytes(f"{kind}-h", views, "svg").decode()
    assert draw(f"{kind}-h", views).axes


@pytest.mark.parametrize("kind", VIEWS)
def test_hostile_names_in_tables(kind: str, hostile: dict[str, View]) -> None:
    view = hostile[f"{kind}-h"]
    assert "<script>" not in render(view, "html")
    assert "\\input{x}" not in render(view, "tex")
    assert render_xlsx(view)
    assert View.from_json(view.to_json()) == view


def test_a_ranking_that_cannot_be_made_says_why() -> None:
    spec = ReviewSpec.model_validate(
        {"id": "r", "title": "R", "question": "?", "rankings": [{"id": "none", "title": "None"}]}
    )
    found = Ranking(id="none", warnings=("nothing is ranked: there is one method (A) to rank",))
    view = build_view("ranking-none", {}, {"ranking-none": found}, spec)
    assert not view.rows
    assert "one method (A)" in view.notes[0]


def test_declarations_that_do_not_fit() -> None:
    base = {"id": "r", "title": "R", "question": "?"}
    with pytest.raises(ValueError, match="name their kind, such as values_of: image"):
        ReviewSpec.model_validate({**base, "rankings": [{"id": "a", "title": "A", "bootstrap": "unit"}]})
    with pytest.raises(ValueError, match="two rankings share an id"):
        ReviewSpec.model_validate({**base, "rankings": [{"id": "a", "title": "A"}] * 2})
    with pytest.raises(ValueError, match="not in the metric vocabulary: wobble"):
        ReviewSpec.model_validate({**base, "rankings": [{"id": "a", "title": "A", "metrics": ["wobble"]}]})


def test_cliques_and_parts() -> None:
    assert cliques([1.0, 2.0, 3.0], 0.5) == []
    assert cliques([1.0, 1.4, 1.8, 2.2], 1.0) == [(1.0, 1.8), (1.4, 2.2)]
    assert parts_of(["a", "b", "c", "d"], {("a", "c"): 1, ("c", "d"): 1}) == [["a", "c", "d"], ["b"]]


def test_coverage_grid_marks_missing_cells(hostile: dict[str, View]) -> None:
    grid, left_out = grid_of(hostile["places-h"])
    assert len(grid.values) == 22
    assert len(grid.rows) * len(grid.columns) == 24
    assert left_out == 0
