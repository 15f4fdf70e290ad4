"""Views, figures and the page section of declared syntheses: genuine ones, and hostile ones."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

import metareview
from metareview.errors import UnknownName
from metareview.ingest import check_review
from metareview.report.figures.forest import draw_rows
from metareview.report.figures.registry import draw, figure_bytes, figure_spec, figure_texts, figures_for
from metareview.report.pages import render_report
from metareview.report.registry import build_view, views_for
from metareview.report.tables import render, render_xlsx
from metareview.report.views.base import View
from metareview.schema.review import ReviewSpec
from metareview.stats.declared.result import Component, EffectRow, Estimate, SynthesisResult
from metareview.workflow.plan import Plan

DATA = Path(__file__).parents[2] / "data" / "studies"
IDS = ("nisb", "attention-y-net", "em-stellar")
KINDS = ("effects", "fit", "sensitivity", "funnel")
HOSTILE = '=cmd|"/C calc"!A1 <script>alert(1)</script> \\input{x} $x$ \x00 & ‮'


@pytest.fixture(scope="module")
def public():
    return metareview.load(DATA / "em-public")


@pytest.fixture(scope="module")
def founding():
    return metareview.load(DATA / "brain-em")


def hostile(**changes):
    """A ratio synthesis whose every text is hostile."""
    effects = [
        Estimate("e", y, 0.1, y - 0.2, y + 0.2, 2.718**y, 2.718 ** (y - 0.2), 2.718 ** (y + 0.2)) for y in (-1, 0.1, 2)
    ]
    rows = tuple(
        EffectRow(label=f"{HOSTILE} {n}", group=HOSTILE if n else "", study_id=HOSTILE, method=HOSTILE, dataset_id="d",
                  setting="", unit="", first=0.5, second=0.4, effect=e, vi=0.01 + n / 100, vi_source="borrowed-cv",
                  imputed=True, weight=1 / 3, note=HOSTILE)
        for n, e in enumerate(effects)
    )  # fmt: skip
    pooled = Estimate("pooled effect", 0.3, 0.4, -0.5, 1.1, 1.35, 0.61, 3.0, 0.75, None, 0.45)
    band = Estimate("prediction interval", 0.3, None, -9.0, 9.0, 1.35, 1e-4, 8e3)
    base = SynthesisResult(id="h", title=HOSTILE, metric="dice", scale="log", contrast=("A", "B"), rows=rows,
                           coefficients=(pooled,), prediction=band,
                           components=(Component("tau2", 1.0, 0.1, None, None, 0.9),), i2=0.9,
                           i2_q=0.8, q=12.0, q_df=2, q_pvalue=0.002, shares={"borrowed-cv": 1.0}, imputed=1.0,
                           k_in=6, k_used=6, paragraph=HOSTILE, warnings=(HOSTILE,), studies=1)  # fmt: skip
    declared = {"id": "h", "title": HOSTILE, "metric": "dice", "scale": "log", "group": "setting",
                "contrast": {"first": "A", "second": "B"}, "notes": [HOSTILE]}  # fmt: skip
    spec = ReviewSpec.model_validate({"id": "r", "title": "R", "question": "?", "syntheses": [declared]})
    found = replace(base, **changes)
    return {kind: build_view(f"{kind}-h", {}, {"synthesis-h": found}, spec) for kind in KINDS}


def test_names_follow_the_declarations(public, founding):
    names = [f"{kind}-{key}" for key in IDS for kind in KINDS]
    shown = [name for name, view in views_for(public.spec).items() if view.section == "synthesis"]
    assert shown == ["syntheses", *names]
    assert views_for(public.spec)["syntheses"].results == tuple(f"synthesis-{key}" for key in IDS)
    assert views_for(public.spec)["fit-nisb"].results == ("synthesis-nisb",)
    assert [n for n in figures_for(public.spec) if n.startswith(("forest-", "funnel-"))] == [
        f"{kind}-{key}" for key in IDS for kind in ("forest", "funnel")
    ]
    assert "forest-nisb" not in figures_for(founding.spec)
    with pytest.raises(UnknownName):
        figure_spec("forest-")
    with pytest.raises(UnknownName):
        founding.figure("forest-nisb")


def test_each_synthesis_has_the_diagnostics_that_its_model_can_have(public):
    shown = [name for name, view in views_for(public.spec).items() if view.section == "diagnostics"]
    independent = ["leave-one-out", "influence", "baujat", "gosh", "profile"]
    assert shown == [
        *(f"{kind}-{key}" for key in IDS[:2] for kind in independent), "leave-one-out-em-stellar", "profile-em-stellar",
    ]  # fmt: skip
    assert [name for name, figure in figures_for(public.spec).items() if figure.section == "diagnostics"] == shown
    for name in shown:
        assert public.table(name).rows, public.table(name).notes


def test_the_workflow_builds_them_by_name(tmp_path):
    plan = Plan(DATA / "em-public", tmp_path)
    files = {Path(path).name for path in plan.published}
    assert {"forest-nisb.svg", "forest-em-stellar.png", "fit-nisb.tex", "sensitivity-em-stellar.csv"} <= files
    assert "funnel-nisb.csv" not in files, "rows of a figure are no table"
    assert any(path.endswith("results.csv") for path in plan.analysis_inputs("synthesis-nisb"))
    (family,) = (family for family in plan.families.values() if "forest-nisb" in family.figures)
    assert {"effects-nisb", "fit-nisb"} <= set(family.views)
    assert "synthesis-nisb.json" in {Path(path).name for path in plan.family_inputs(family)}
    with pytest.raises(UnknownName):
        plan.analysis_inputs("synthesis-nosuch")


@pytest.mark.parametrize("key", IDS)
def test_views_travel_and_render(public, key):
    for kind in KINDS:
        view = public.table(f"{kind}-{key}")
        assert View.from_json(view.to_json()) == view
        for format_ in ("csv", "md", "html", "tex"):
            assert render(view, format_) == render(View.from_json(view.to_json()), format_)


@pytest.mark.parametrize("name", [f"{kind}-{key}" for key in IDS for kind in ("forest", "funnel")])
def test_figures_repeat_byte_for_byte(public, name):
    views = {view: public.table(view) for view in figures_for(public.spec)[name].views}
    svg = figure_bytes(name, views, "svg")
    again = {key: View.from_json(view.to_json()) for key, view in views.items()}
    assert figure_bytes(name, dict(reversed(again.items())), "svg") == svg, "nor does the order of the views matter"
    assert figure_texts(name, views)[0].endswith(next(iter(views.values())).meta["about"])
    ET.fromstring(svg)


def test_nisb_as_the_page_shows_it(public):
    effects, model = public.table("effects-nisb"), public.table("fit-nisb")
    assert effects.values("first")[:2] == (0.43, 0.425)
    assert [ref.printed for ref in effects.cells("estimate")[0].refs] == ["43.0±1.9", "24.4±1.4"]
    assert any("recommends" in note for note in effects.notes)
    kinds = dict(zip(model.values("key"), model.values("value"), strict=True))
    assert kinds["k"] == 9
    assert kinds["pooled"] == pytest.approx(0.1316, abs=1e-4)
    assert model.cells("value")[model.values("key").index("prediction")].low < 0
    assert any("restricted maximum likelihood" in note for note in model.notes)
    table = public.table("syntheses")
    assert table.values("k") == (9, 6, 52)
    assert table.values("imputed") == pytest.approx((0, 0, 1))
    drawn = figure_bytes("forest-nisb", {v.name: v for v in (effects, model)}, "svg").decode()
    assert "0.186 [0.162, 0.210]" in drawn
    assert "[−0.100, 0.363]" in drawn


def test_one_variance_for_all_has_no_funnel(public):
    view = public.table("funnel-em-stellar")
    assert view.rows == ()
    assert "one and the same variance" in view.notes[0]


def test_a_review_without_syntheses_says_why_and_where(founding):
    view = founding.table("syntheses")
    assert view.rows == ()
    assert "is printed with a standard error" in view.notes[0]
    check = check_review(DATA / "brain-em")
    for files in (True, False):
        page = render_report(founding.spec, {"syntheses": view}, {}, check, founding.frames["sources"], files=files)
        assert ('href="../em-public/report.html#synthesis"' in page) is files
        assert "Syntheses stand in" in page


def test_hostile_text_is_only_text():
    views = hostile()
    for view in views.values():
        html, tex, csv = (render(view, kind) for kind in ("html", "tex", "csv"))
        assert "<script>" not in html
        assert "\\input{x}" not in tex
        assert not any(cell.startswith("=") for line in csv.splitlines() for cell in line.replace('"', "").split(","))
        assert render_xlsx(view)
    for name, kinds in (("forest-h", ("effects", "fit")), ("funnel-h", ("funnel",))):
        svg = figure_bytes(name, {views[kind].name: views[kind] for kind in kinds}, "svg")
        ET.fromstring(svg)
        assert b"<script" not in svg


def test_ratios_stand_on_a_logarithmic_axis_and_wide_intervals_are_cut():
    views = hostile()
    figure = draw("forest-h", {view.name: view for view in (views["effects"], views["fit"])})
    ax = figure.axes[1]
    low, high = ax.get_xlim()
    assert ax.get_xscale() == "log"
    assert low > 1e-3, "the prediction interval from 0.0001 to 8,000 does not squeeze the effects"
    assert high < 1e3
    assert {line.get_marker() for line in ax.lines} >= {"<", ">"}, "arrows tell that it goes on"
    assert all(line.get_markerfacecolor() == "#ffffff" for line in ax.lines if line.get_marker() == "s")


def test_without_a_model_effects_are_drawn_and_the_reason_is_told():
    views = hostile(coefficients=(), prediction=None, warnings=("no model could be fitted: one level",))
    assert views["fit"].rows == ()
    assert "one level" in views["fit"].notes[0]
    figure = draw("forest-h", {view.name: view for view in (views["effects"], views["fit"])})
    assert len([line for line in figure.axes[1].lines if line.get_marker() == "s"]) == 3


def test_nothing_selected_gives_a_panel_that_says_why():
    views = hostile(rows=(), coefficients=(), warnings=("no result gives an effect",), k_in=0, k_used=0, shares={})
    assert "no result gives" in views["effects"].notes[0]
    _, alt = figure_texts("forest-h", {view.name: view for view in (views["effects"], views["fit"])})
    assert "no result gives an effect" in alt


def test_rows_can_be_drawn_on_axes_of_ones_own():
    from matplotlib.figure import Figure

    from metareview.report.figures.forest import Row
    from metareview.report.figures.panels import Labels

    rows = [Row("effect", "a", 1.0, 0.5, 1.5, 0.5), Row("pooled", "all", 1.0, 0.8, 1.2)]
    ax = draw_rows(rows, Labels.of(["a", "all"], 100), Figure().add_subplot(), log=False, reference=None)
    assert ax.get_xlim()[0] < 0.5 < 1.5 < ax.get_xlim()[1]


def test_the_page_holds_the_programs_that_repeat_a_fit(public):
    import base64
    import re

    page = public.page(["fit-nisb", "fit-em-stellar"])
    found = public.statistic("synthesis-nisb")
    files = dict(re.findall(r'download="(fit-nisb\.\w+)"', page) and re.findall(
        r'<a href="data:text/plain;base64,([^"]+)" download="([^"]+)"', page))  # fmt: skip
    texts = {name: base64.b64decode(address).decode() for address, name in files.items()}
    assert texts["fit-nisb.R"] == found.r_script
    assert texts["fit-nisb.py"] == found.python_script
    assert "Repeat this outside metareview: R" in page


def test_pooled_scores_have_no_test_and_say_on_which_scale_their_se_is(public) -> None:
    scores, difference = public.table("fit-em-stellar"), public.table("fit-nisb")
    at = [column.key for column in difference.columns].index("p")
    assert difference.rows[0][at].value is not None
    assert any("have no test" in note for note in scores.notes)
    places = {column.key: n for n, column in enumerate(scores.columns)}
    assert all(row[places["p"]].value is None for row in scores.rows if row[places["key"]].value == "pooled")
    said = "SE and τ² are on the logit scale of the model; pooled values are turned back."
    for kind in ("sensitivity", "leave-one-out"):
        assert said in public.table(f"{kind}-em-stellar").notes
        assert said not in public.table(f"{kind}-nisb").notes
    assert public.table("leave-one-out-nisb").rows[0][0].value == "Base"


def test_the_sensitivity_table_names_the_clusters_it_is_about(public) -> None:
    told = [str(row[-1].value) for row in public.table("sensitivity-em-stellar").rows]
    assert "the variance of method is estimated as 0, at its boundary" in told
