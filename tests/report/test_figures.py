"""Figures as files: safe, complete, the same bytes every time, and honest about what is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from figure_samples import EVIL, make, prisma, samples

from metareview.errors import InputError, UnknownName
from metareview.report.figures import (
    FIGURES,
    draw,
    figure_bytes,
    figure_texts,
    interactive,
    interactive_html,
    write_figure,
)
from metareview.report.figures.registry import KINDS
from metareview.report.figures.text import measure
from metareview.report.views.base import Cell, View
from metareview.schema.source import SourceRef

SVG = "{http://www.w3.org/2000/svg}"
TWINS = [name for name, spec in FIGURES.items() if spec.interactive]


def svg_of(name: str, views: dict[str, View]) -> ET.Element:
    return ET.fromstring(figure_bytes(name, views, "svg"))


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


Box = tuple[float, float, float, float]


def extents(name: str, views: dict[str, View]) -> tuple[list[tuple[str, Box]], tuple[float, float]]:
    """Left, top, right, bottom of every text as it stands in the SVG, and the size of the figure."""
    root = svg_of(name, views)
    found = []
    for element in root.iter(f"{SVG}text"):
        style, words = element.get("style", ""), element.text or ""
        size = float(re.search(r"font-size:\s*([\d.]+)px", style)[1])  # type: ignore[index]
        bold = "bold" if re.search(r"font-weight:\s*(700|bold)", style) else "normal"
        long = float(element.get("textLength") or measure(words, size, bold))
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[
            (re.search(r"text-anchor:\s*(\w+)", style) or ["", "start"])[1]
        ]
        moved = re.search(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", element.get("transform", ""))
        x, y = (float(moved[1]), float(moved[2])) if moved else (float(element.get("x")), float(element.get("y")))  # type: ignore[arg-type]
        upright = "rotate(-90" in element.get("transform", "")
        up, down = 0.74 * size, 0.2 * size
        if upright:
            found.append((words, (x - up, y - long * (1 - share), x + down, y + long * share)))
        else:
            found.append((words, (x - long * share, y - up, x + long * (1 - share), y + down)))
    width, height = (float(root.get(key, "").removesuffix("pt")) for key in ("width", "height"))
    return found, (width, height)


def cut_off(name: str, views: dict[str, View]) -> list[str]:
    found, (width, height) = extents(name, views)
    return [t for t, (x0, y0, x1, y1) in found if x0 < 0 or y0 < 0 or x1 > width or y1 > height]


def overlapping(name: str, views: dict[str, View]) -> list[tuple[str, str]]:
    found, _ = extents(name, views)
    return [
        (a, b)
        for (a, one), (b, two) in combinations(found, 2)
        if min(one[2], two[2]) - max(one[0], two[0]) > 0.5 and min(one[3], two[3]) - max(one[1], two[1]) > 0.5
    ]


def test_registry_names_what_exists() -> None:
    views = set(samples())
    for spec in FIGURES.values():
        assert set(spec.views) <= views
        assert draw(spec.name, samples()).get_size_inches().min() > 0


@pytest.mark.parametrize("name", FIGURES)
def test_title_description_and_text_as_text(name: str) -> None:
    root = svg_of(name, samples())
    title, alt = figure_texts(name, samples())
    assert root.findtext(f"{SVG}title") == title
    assert root.findtext(f"{SVG}desc") == alt == samples()[FIGURES[name].views[0]].alt
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{name}-title {name}-desc"
    assert len(texts(root)) > 3
    assert not root.findall(f".//{SVG}style")


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("kind", KINDS)
def test_same_views_same_bytes(name: str, kind: str) -> None:
    first, second = (figure_bytes(name, samples(), kind) for _ in range(2))
    assert first == second
    assert b"matplotlib" not in first.lower()
    assert not re.search(rb"20\d\d-\d\d-\d\d", first)


def test_same_bytes_in_another_process_and_under_another_matplotlibrc(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nlines.linewidth: 9\nsvg.fonttype: path\n", encoding="utf-8")
    code = (
        "import sys; from figure_samples import samples; from metareview.report.figures import figure_bytes, FIGURES\n"
        "for n in FIGURES: sys.stdout.buffer.write(figure_bytes(n, samples(), 'svg'))"
    )
    here = Path(__file__).parent
    path = f"{here.parent.parent}:{here}"
    environment = {
        "PYTHONPATH": path,
        "MATPLOTLIBRC": str(tmp_path),
        "MPLCONFIGDIR": str(tmp_path),
        "HOME": str(tmp_path),
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert done.stdout == b"".join(figure_bytes(name, samples(), "svg") for name in FIGURES)


def test_drawing_leaves_the_users_settings_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    figure_bytes("composite", samples(), "png")
    assert dict(matplotlib.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


@pytest.mark.parametrize("name", FIGURES)
def test_ids_begin_with_the_figure_and_all_are_used(name: str) -> None:
    text = figure_bytes(name, samples(), "svg").decode()
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert all(value.startswith(f"{name}-") for value in ids)
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', text))
    assert {a or b for a, b in used} | {f"{name}-title", f"{name}-desc"} == set(ids)


def evil(view: View) -> View:
    """The view with a hostile name in place of each text that is not part of its structure."""
    keep = {"data", "stage", "side", "attribute", "source_attribute", "target_attribute", "role", "kind"}
    numbered: dict[str, str] = {}
    rows = tuple(
        tuple(
            replace(cell, value=numbered.setdefault(cell.value, f"{EVIL} {len(numbered)}"))
            if isinstance(cell.value, str) and column.key not in keep
            else cell
            for column, cell in zip(view.columns, row, strict=True)
        )
        for row in view.rows
    )
    return replace(view, rows=rows, alt=EVIL, title=EVIL)


@pytest.mark.parametrize("name", FIGURES)
def test_hostile_text_is_escaped(name: str) -> None:
    views = {key: evil(view) for key, view in samples().items()}
    text = figure_bytes(name, views, "svg").decode()
    root = ET.fromstring(text)
    assert "<script" not in text
    assert "\x00" not in text
    assert not [element for element in root.iter() if "script" in element.tag]
    assert "script>" in " ".join(texts(root))
    assert figure_bytes(name, views, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("name", TWINS)
def test_hostile_text_in_a_twin(name: str) -> None:
    views = {key: evil(view) for key, view in samples().items()}
    text = interactive_html(name, views)
    assert "<script>alert" not in text
    assert text.count("<script") == text.count("</script>") == 2
    assert "\\u003cscript" not in text  # plotly reads its labels as HTML: they are escaped before they become JSON


@pytest.mark.parametrize("name", FIGURES)
def test_an_empty_view_is_a_panel_that_says_why(name: str) -> None:
    views = samples()
    for key in FIGURES[name].views:
        views[key] = replace(views[key], rows=(), notes=("no counts were printed (flow.csv)",))
    said = " ".join(texts(svg_of(name, views)))
    assert "nothing to draw" in said
    assert "no counts were printed (flow.csv)" in said
    assert figure_texts(name, views)[1].startswith("Nothing to draw.")
    if name in TWINS:
        assert interactive(name, views) is None
        assert "Nothing to draw" in interactive_html(name, views)


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_off_or_overlaps(name: str) -> None:
    assert cut_off(name, samples()) == []
    assert overlapping(name, samples()) == []


@pytest.mark.parametrize("name", FIGURES)
def test_long_names_are_wrapped_not_cut(name: str) -> None:
    views = {key: evil(view) for key, view in samples().items()}
    assert cut_off(name, views) == []
    assert overlapping(name, views) == []


def test_unknown_names_and_missing_views() -> None:
    with pytest.raises(UnknownName, match="did you mean 'prisma'"):
        draw("prizma", samples())
    with pytest.raises(InputError, match=r"figure sankey .* sankey-links is not there"):
        draw("sankey", {"sankey-nodes": samples()["sankey-nodes"]})
    with pytest.raises(UnknownName, match="figure format 'pdf'"):
        figure_bytes("prisma", samples(), "pdf")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_drawn_once_is_saved_as_if_drawn_for_each_kind(name: str, tmp_path: Path) -> None:
    write_figure(name, samples(), tmp_path)
    for kind in ("svg", "png"):
        assert (tmp_path / f"{name}.{kind}").read_bytes() == figure_bytes(name, samples(), kind)


def test_write_figure(tmp_path: Path) -> None:
    written = write_figure("sankey", samples(), tmp_path)
    assert [path.name for path in written] == ["sankey.svg", "sankey.png", "sankey.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "plotly.min.js",
        "sankey.html",
        "sankey.png",
        "sankey.svg",
    ]
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_figure("sankey", samples(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert [path.name for path in write_figure("prisma", samples(), tmp_path)] == ["prisma.svg", "prisma.png"]


# ---- what single figures must show ----


def test_prisma_is_drawn_as_printed_with_its_contradictions() -> None:
    said = texts(svg_of("prisma", samples()))
    joined = " ".join(said)
    for count in ("2,330", "684", "1,546", "1,392", "154", "102", "8", "60"):
        assert f"(n = {count})" in joined
    assert "1,646" in joined  # only in the footnote
    assert said.count("1") == 3  # the badge on both counts and at the footnote
    assert said.count("2") == 2


def test_prisma_without_contradiction_has_no_badge() -> None:
    view = prisma()
    position = view.index("check")
    rows = tuple(tuple(Cell("") if n == position else c for n, c in enumerate(row)) for row in view.rows)
    said = texts(svg_of("prisma", samples() | {"prisma": replace(view, rows=rows)}))
    assert "1" not in said


def test_prisma_takes_reasons_where_the_flow_lists_none() -> None:
    assert "not about brains (n = 884)" not in texts(svg_of("prisma", samples()))  # the flow lists its own
    view = prisma()
    listed = ("records_excluded_reasons", "dbr_excluded")
    rows = tuple(row for row in view.rows if row[0].value not in listed or row[3].value == "Reports excluded")
    said = texts(svg_of("prisma", samples() | {"prisma": replace(view, rows=rows)}))
    assert "not about brains (n = 884)" in said
    printed = (SourceRef("exclusions.csv", 3, "shah2025_review", "L289; Fig. 3"),)
    twice = make("exclusions", "stage reason n:count", [
        ("Full text", "other modality, in the text", 23),
        ("Full text", "other modality, in the figure", Cell(23, printed)),
    ])  # fmt: skip
    said = texts(svg_of("prisma", samples() | {"prisma": replace(view, rows=rows), "exclusions": twice}))
    assert "in the text" not in " ".join(said)


def test_prisma_of_an_update_has_its_third_arm() -> None:
    rows = [
        ("previous_studies", "identification", "main", "Studies in the previous version", 12, ""),
        ("database_results", "identification", "main", "Records identified", 40, ""),
        ("register_results", "identification", "main", "Records from registers", 4, ""),
        ("citations_results", "identification", "other", "Citation searching", 9, ""),
        ("other_sought_reports", "screening", "other", "Reports sought", 9, ""),
        ("other_notretrieved_reports", "screening", "removed", "Reports not retrieved", 1, ""),
        ("something_else", "screening", "main", "A count of our own", 5, ""),
        ("new_studies", "included", "main", "New studies", 5, ""),
        ("total_studies", "included", "main", "Total studies", 17, ""),
    ]
    view = make("prisma", "data stage side label n:count check", rows)
    joined = " ".join(texts(svg_of("prisma", samples() | {"prisma": view})))
    for row in rows:
        assert f"(n = {row[4]})" in joined


def test_sankey_shows_published_beside_recorded() -> None:
    said = texts(svg_of("sankey", samples()))
    assert "44 printed · 38 here" in said
    assert "1 printed" in said  # unsupervised: no study here
    assert said.count("not stated") == 5


def test_missing_is_not_zero() -> None:
    said = texts(svg_of("modalities", samples()))
    assert "not counted" in said
    assert "not printed" not in said
    assert "0" in said
    assert "not recomputed" in texts(svg_of("composite", samples()))


def test_small_groups_are_drawn_open() -> None:
    root = svg_of("metrics-by-category", samples())
    assert "0.940 (k = 2)" in texts(root)
    assert "0.920 (k = 8)" in texts(root)
    assert "stroke-dasharray" in ET.tostring(root, encoding="unicode")


def test_correlations_show_interval_and_pairs() -> None:
    said = texts(svg_of("correlations", samples()))
    assert {"−0.620", "[−0.930, 0.100]", "n = 7", "n = 2", "n = 0"} <= set(said)


def test_heatmap_hatches_what_is_missing() -> None:
    view = samples()["heatmap"]
    root = svg_of("heatmap", samples())
    said = texts(root)
    filled = [value for value in view.values("value") if value is not None]
    assert sum(text.startswith(("0.", "1.")) for text in said) == len(filled) + 4  # and the ends of two scales
    hatched = [e for e in root.iter(f"{SVG}path") if "url(#heatmap-" in e.get("style", "")]
    methods, datasets = len(set(view.values("method"))), {"VOI": 5, "ARAND": 4}
    assert len(hatched) == sum(methods * n for n in datasets.values()) - len(filled) + 1  # and the key


def test_heatmap_refuses_two_values_for_one_cell() -> None:
    view = make("heatmap", "method dataset metric value:score", [("a", "b", "Dice", 0.1), ("a", "b", "Dice", 0.2)])
    with pytest.raises(InputError, match="two rows for method a, data set b, metric Dice"):
        draw("heatmap", {"heatmap": view})


@pytest.mark.parametrize("name", TWINS)
def test_twins_are_stable_and_fetch_nothing(name: str) -> None:
    text = interactive_html(name, samples())
    assert text == interactive_html(name, samples())
    assert '<script src="plotly.min.js"></script>' in text
    assert f'<div id="{name}"' in text
    assert not re.search(r'(?:src|href)="https?:', text)
    assert "sendChartToCloud" in text.split("modeBarButtonsToRemove", 1)[1][:60]


def test_twins_hold_every_value() -> None:
    figure = interactive("dataset-performance", samples())
    assert sum(len(trace.x) for trace in figure.data) == len(samples()["dataset-performance"].rows)
    sankey = interactive("sankey", samples())
    assert sum(sankey.data[0].link.value) == sum(samples()["sankey-links"].values("n"))  # type: ignore[arg-type]


def test_many_rows_make_a_tall_figure() -> None:
    rows = [(f"set {n}", "Dice", f"method {n}", "CNN", 0.5 + n / 1000) for n in range(120)]
    view = make("dataset-performance", "dataset metric method category value:score", rows)
    views = {"dataset-performance": view}
    assert draw("dataset-performance", views).get_size_inches()[1] > 30
    assert {f"set {n}" for n in range(120)} <= set(texts(svg_of("dataset-performance", views)))
