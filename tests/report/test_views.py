"""Views of a small review from another field, of an empty one, and of the founding review."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
import small_review

from metareview.errors import UnknownName
from metareview.report.analyses import analyses_for
from metareview.report.figures.registry import FIGURES, interactive
from metareview.report.registry import SECTIONS, build_view, views_for
from metareview.report.tables import render, render_xlsx
from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import Names, arrange, has_place, mark_best, printed_cell, short_name, study_name
from metareview.report.views.format import display_cell
from metareview.report.views.studies import fact_cell
from metareview.results import Dropped
from metareview.schema.metric import default_vocabulary
from metareview.schema.tables import TABLES

DATA = Path(__file__).parents[2] / "data" / "studies"
NAMES = tuple(views_for(small_review.read_spec_of()))


class Built:
    """A review and its views, each built once."""

    def __init__(self, review):
        self.review = review
        self.results = {name: spec.run(review.tables, review.spec) for name, spec in analyses_for(review.spec).items()}
        self.views = {}

    def __getitem__(self, name):
        if name not in self.views:
            self.views[name] = build_view(name, self.review.tables, self.results, self.review.spec)
        return self.views[name]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return Built(small_review.read(small_review.write(tmp_path_factory.mktemp("review"))))


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    rows = {name: [] for name in small_review.ROWS}
    return Built(small_review.read(small_review.write(tmp_path_factory.mktemp("empty"), rows)))


@pytest.fixture(scope="module")
def founding():
    return Built(small_review.read(DATA / "brain-em"))


def rows(view, *keys):
    return [tuple(cell.value for cell in row) for row in zip(*(view.cells(key) for key in keys), strict=True)]


def cell(view, key, **where):
    found = [row[view.index(key)] for row in view.rows if all(row[view.index(k)].value == v for k, v in where.items())]
    assert len(found) == 1, (key, where, len(found))
    return found[0]


# --- the registry ---------------------------------------------------------------------------------------------------


def test_registry_names_what_exists():
    spec = small_review.read_spec_of()
    views = views_for(spec)
    for name, view in views.items():
        assert view.name == name
        assert view.section in SECTIONS
        assert set(view.tables) <= set(TABLES)
        assert set(view.results) <= set(analyses_for(spec))
        assert callable(view.builder())
    assert {name for figure in FIGURES.values() for name in figure.views} <= set(views)
    assert list(views).index("leaderboard-both") == list(views).index("leaderboards") + 1


def test_unknown_view_is_named_with_its_nearest(small):
    with pytest.raises(UnknownName, match="did you mean 'summary'"):
        build_view("sumary", {}, {}, small.review.spec)


@pytest.mark.parametrize("name", NAMES)
def test_a_view_is_built_from_what_it_says_it_reads(small, name):
    spec = views_for(small.review.spec)[name]
    tables = {table: small.review.tables[table] for table in spec.tables}
    results = {result: small.results[result] for result in spec.results}
    assert build_view(name, tables, results, small.review.spec) == small[name]


@pytest.mark.parametrize("name", NAMES)
def test_views_travel_as_json_and_render_in_every_form(small, name):
    view = small[name]
    assert view.name == name
    assert View.from_json(view.to_json()) == view
    for format_ in ("csv", "md", "html", "tex"):
        assert render(view, format_) == render(View.from_json(view.to_json()), format_)
    assert render_xlsx(view)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_show_says_why(empty, name):
    view = empty[name]
    assert view.rows == ()
    assert view.notes[0].strip()
    assert "Nothing to show" in render(view, "md")


@pytest.mark.parametrize("name", NAMES)
def test_results_that_are_not_there_are_no_error(small, name):
    spec = views_for(small.review.spec)[name]
    tables = {table: small.review.tables[table] for table in spec.tables}
    assert build_view(name, tables, {}, small.review.spec).name == name


#: Columns whose numbers must lead back to a place; ranks and sizes of a corpus are counted from the table itself.
SOURCED = {
    "prisma": ["n"], "exclusions": ["n"], "studies": ["year", "category", "code", "targets"],
    "distributions": ["published", "recorded"], "sankey-nodes": ["published", "recorded"],
    "availability": ["n", "with_code", "share"], "shares": ["n_studies", "share"],
    "benchmark": ["accuracy", "composite", "composite_recomputed", "k", "n_datasets", "code"],
    "composite-evidence": ["value", "printed"], "summary": ["n", "mean", "sd", "median"],
    "groups": ["p", "effect"], "group-summaries": ["n", "mean"], "metrics-by-category": ["value"],
    "variability": ["mean", "sd"], "correlations": ["r"], "leaderboards": ["value"],
    "leaderboard-both": ["calls.wer", "calls.accuracy"], "dataset-performance": ["value"], "heatmap": ["value"],
    "statements": ["value"], "results": ["value"], "audit": ["line", "printed"],
    "audit-claims": ["line", "printed"], "multiverse": ["best", "median"], "reporting-penalty": ["rank", "score"],
    "multiverse-both": ["best", "median"], "category-evidence": ["values"], "category-models": ["p_values", "d"],
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCED)
def test_numbers_lead_back_to_a_place(small, name):
    view = small[name]
    there = [key for key in SOURCED[name] if key in {column.key for column in view.columns}]
    zero = ("recorded", "with_code", "n_studies", "share")
    lost = [
        (key, c.value) for key in there for c in view.cells(key)
        if c.value is not None and not c.refs and not (key in zero and not c.value)
        and not (key == "recorded" and "not stated" in {row[view.index("value")].value for row in view.rows})
    ]  # fmt: skip
    assert lost == []


# --- what the small review shows ------------------------------------------------------------------------------------


def test_benchmark_puts_printed_beside_recomputed(small):
    view = small["benchmark"]
    assert rows(view, "rank", "method", "composite", "composite_recomputed", "k") == [
        (1, "Net", 0.93, 0.925, 2), (2, "Rules", 0.8, 0.8, 1),
    ]  # fmt: skip
    recomputed = cell(view, "composite_recomputed", method="Net")
    assert recomputed.mark == "contradicted"
    assert "printed 0.930, recomputed 0.925" in recomputed.note
    assert cell(view, "composite_recomputed", method="Rules").mark == "derived"
    assert "1 of 2 printed composites are not reproduced; the cell says why." in view.warnings
    assert cell(view, "datasets", method="Net").value == "Phone calls; Radio"
    assert cell(view, "n_datasets", method="Net").value == 3
    assert (cell(view, "code", method="Net").value, cell(view, "code_recorded", method="Net").value) == ("no", "yes")
    assert cell(view, "code_recorded", method="Net").mark == "contradicted"
    assert cell(view, "accuracy", method="Net") == Cell(
        0.925, cell(view, "accuracy", method="Net").refs, mark="best derived", note="mean of 2 values"
    )


def test_benchmark_without_a_definition_says_so(small):
    spec = small.review.spec.model_copy(update={"composite": None})
    view = build_view("benchmark", small.review.tables, {}, spec)
    assert view.rows == ()
    assert "review.yaml defines no composite score" in view.notes


def test_benchmark_without_printed_scores_ranks_what_is_recomputed(small):
    tables = {**small.review.tables, "statements": small.review.tables["statements"].iloc[:0]}
    view = build_view("benchmark", tables, small.results, small.review.spec)
    assert rows(view, "method", "composite", "rank_recomputed") == [("Net", None, 1), ("Rules", None, 2)]
    assert view.warnings == ("the scoring rule is unstated for Accuracy: these values may follow different rules",)


def test_evidence_has_every_definition_for_every_printed_composite(small):
    view, found = small["composite-evidence"], small.results["composite_evidence"]
    assert len(view.rows) == len(found.rows)
    assert set(view.values("printed")) == {0.93, 0.8}
    assert len(small["composite-verdicts"].rows) == len(found.verdicts)


def test_summary_tells_printed_contradictions(small):
    view = small["summary"]
    assert rows(view, "metric", "source", "mean")[0] == ("Accuracy", "printed (the survey)", 0.88)
    printed = view.cells("mean")[0]
    assert printed.mark == "contradicted"
    assert printed.note == "printed as 0.89 at L8"
    assert len(printed.refs) == 2
    recomputed = [row for row in rows(view, "source", "n", "mean") if str(row[0]).startswith("recomputed")]
    assert recomputed[0] == ("recomputed from 3 results", 3, pytest.approx((0.9 + 0.95 + 0.8) / 3))


def test_prisma_keeps_the_order_and_marks_contradictions(small):
    view = small["prisma"]
    assert rows(view, "data", "stage", "side", "n") == [
        ("database_results", "Identification", "main", 100),
        ("duplicates", "Identification", "removed", 30),
        ("records_screened", "Screening", "main", 60),
        ("dbr_excluded", "Screening", "removed", 5),
        ("dbr_excluded", "Screening", "removed", 2),
        ("new_studies", "Included", "main", 2),
    ]
    assert view.values("label")[3] == "Not speech, at all"
    assert "expected 70" in str(cell(view, "check", data="duplicates").value)
    assert cell(view, "check", data="new_studies").value is None
    assert any("printed 60, expected 70" in warning for warning in view.warnings)
    assert view.alt.startswith(
        "PRISMA flow diagram: 100 records from databases, 60 records screened, 2 studies included."
    )


def test_one_reason_printed_twice_is_one_line(small):
    assert rows(small["exclusions"], "stage", "reason", "n", "places") == [
        ("Title and abstract", "not speech", 5, 1),
        ("Title and abstract", "not speech", 6, 1),
        ("Full text", "no words", 2, 2),
    ]
    assert cell(small["exclusions"], "n", n=6).mark == "contradicted"


def test_studies_tell_what_other_places_say(small):
    view = small["studies"]
    assert rows(view, "group", "study_id") == [
        ("the survey", "ada-1"),
        ("the survey", "bob-2"),
        ("the thesis", "cyd-3"),
    ]
    category = cell(view, "category", study_id="bob-2")
    assert (category.value, category.mark) == ("Rule-based", "warning")
    assert category.note == "also stated: Neural (A thesis, p. 3)"
    targets = cell(view, "targets", study_id="ada-1")
    assert (targets.value, len(targets.refs), targets.mark) == ("words; pauses", 2, "")
    assert cell(view, "category", study_id="cyd-3").value == "not reported"
    assert cell(view, "year", study_id="ada-1") == Cell(2020, cell(view, "year", study_id="ada-1").refs)
    assert "the survey: 2 recorded; the thesis: 2 recorded." in view.notes  # bodies are counted apart
    assert "study_id" not in render(view, "md")
    assert "study_id" in render(view, "csv")


def test_counts_of_two_bodies_stand_apart(small):
    view = small["distributions"]
    assert ("the survey", "category", "Neural", 5, 1) in rows(
        view, "corpus", "attribute", "value", "published", "recorded"
    )
    assert ("the thesis", "category", "Rule-based", None, 1) in rows(
        view, "corpus", "attribute", "value", "published", "recorded"
    )


def test_modalities_tell_a_second_count_and_no_zero(small):
    view = small["modalities"]
    assert rows(view, "dimension", "value", "published", "recorded") == [
        ("narrow band", "telephone", 3, None), ("narrow band", "studio", 1, None),
    ]  # fmt: skip
    assert cell(view, "published", value="telephone").note == "printed as 4 in another place"
    assert "cannot be compared" in cell(view, "recorded", value="telephone").note


def test_sankey_is_over_the_primary_body(small):
    assert all("the survey" in note for note in small["sankey-nodes"].notes[:1])
    total = sum(n for level, n in rows(small["sankey-nodes"], "level", "recorded") if level == 0 and n)
    assert total == 2


def test_a_warning_of_one_metric_stands_once_and_with_its_name(small):
    for name in ("groups", "group-summaries", "metrics-by-category"):
        found = small[name].warnings
        own = [warning for warning in found if warning.startswith("Accuracy: ")]
        assert own, "the comparison of two single values has something to warn of"
        assert len({warning.casefold() for warning in found}) == len(found)
        assert not [warning for warning in found if warning.startswith("accuracy: ")]


def _of(view, metric):
    return [c for c, m in zip(view.cells("value"), view.values("metric"), strict=True) if m == metric]


def test_leaderboards_rank_by_direction_and_share_ranks(small):
    view = small["leaderboards"]
    wer = [row for row in rows(view, "metric", "rank", "method", "value") if row[0] == "WER ↓"]
    assert wer == [("WER ↓", 1, "Net", 0.1), ("WER ↓", 2, "Rules", 0.25), ("WER ↓", 2, "Mix", 0.25)]
    best, second, mean = (
        c for c, metric in zip(view.cells("value"), view.values("metric"), strict=True) if metric == "WER ↓"
    )
    assert (best.mark, second.mark, mean.mark) == ("best", "second", "second derived")
    assert mean.note == "mean of 2 units (speaker)"
    assert len(mean.refs) == 2
    column = view.columns[view.index("value")]
    assert [display_cell(c, column) for c in _of(view, "Accuracy ↑")] == [
        "0.900",
        "0.800",
    ]  # as printed, zeros included
    assert "are left to the table of results: 1." in " ".join(view.notes)


def test_what_is_computed_is_marked_beside_what_is_printed(small):
    """Ranks, tests and effects are computed here; the values of a board and the printed tests are not."""
    groups, boards = small["groups"], small["leaderboards"]
    marks = {True: set(), False: set()}
    for source, *cells in zip(
        *(groups.cells(key) for key in ("source", "statistic", "df", "p", "effect")), strict=True
    ):
        marks[source.value == "recomputed"] |= {there.mark for there in cells if there.value is not None}
    assert marks == {True: {"derived"}, False: {""}}
    assert {c.mark for c in boards.cells("rank") if c.value is not None} == {"derived"}
    assert [(c.value, c.mark) for c in boards.cells("n") if c.value is not None] == [(2, "derived")]
    assert {c.mark for c in boards.cells("value")} >= {"best", "second", "second derived"}
    for view in (groups, boards):
        assert "* computed here, not printed in a source" in render(view, "md").replace("\\*", "*")


#: Two evaluations, an ablation and a repeated print, on top of one method per evaluation and study.
BOARD = [
    ("ada.2d", "Net", "2D", 0.2, {}), ("ada.3d", "Net", "3D; full", 0.4, {}),
    ("bob.2d", "Rules", "2D", 0.3, {}), ("bob.3d", "Rules", "3D", 0.5, {}),
    ("ada.less", "Net", "3D; less", 0.1, {"ablation": "yes"}),
    ("ada.again", "Net", "3D; again", 0.4, {"ablation": "yes", "repeats": "ada.3d"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    tables = {name: [dict(row) for row in rows] for name, rows in small_review.ROWS.items()}
    studies, source = {"ada": "ada-1", "bob": "bob-2"}, small_review.SOURCE
    tables["experiments"] += [
        {"experiment_id": name, "study_id": studies[name[:3]], "method": method, "setting": setting,
         "dataset_id": "radio", **source, **more} for name, method, setting, _, more in BOARD
    ]  # fmt: skip
    tables["results"] += [
        {"experiment_id": name, "metric": "wer", "value": value, "printed": f"{value:.2f}", **source}
        for name, _, _, value, _ in BOARD
    ]
    yaml = small_review.YAML + "evaluations: [2D, 3D]\n"
    return Built(small_review.read(small_review.write(tmp_path_factory.mktemp("evaluated"), tables, yaml)))


def test_evaluations_are_ranked_apart_and_ablations_and_repeats_not_at_all(evaluated):
    view = evaluated["leaderboards"]
    found = [row[1:] for row in rows(view, "dataset", "board", "setting", "rank", "standing") if row[0] == "Radio"]
    assert found == [
        ("Radio · 2D · WER ↓", "2D", 1, None),
        ("Radio · 2D · WER ↓", "2D", 2, None),
        ("Radio · 3D · WER ↓", "3D; full", 1, None),
        ("Radio · 3D · WER ↓", "3D", 2, None),
        ("Radio · 3D · WER ↓", "3D; less", None, "ablation"),
        ("Radio · 3D · WER ↓", "3D; again", None, "repeats Net, 3D; full"),
    ]
    assert "1 rows of ablations, 1 rows that print a run again." in " ".join(view.notes)
    marks = {c.value: c.mark for c, d in zip(view.cells("value"), view.values("dataset"), strict=True) if d == "Radio"}
    assert (marks[0.1], marks[0.2], marks[0.5]) == ("", "best", "second")


def test_wide_leaderboard_marks_the_best_of_each_evaluation(evaluated):
    view = evaluated["leaderboard-both"]
    names = zip(view.values("setting"), view.values("method"), strict=True)
    found = dict(zip(names, view.cells("radio.wer"), strict=True))
    assert {name: there.mark for name, there in found.items() if name[0]} == {
        ("2D", "Net"): "best", ("2D", "Rules"): "second", ("3D; full", "Net"): "best", ("3D", "Rules"): "second",
        ("3D; less", "Net"): "", ("3D; again", "Net"): "",
    }  # fmt: skip
    assert view.group == "evaluation"


def test_a_repeated_run_is_one_dot(evaluated):
    view = evaluated["dataset-performance"]
    assert sum(value == 0.4 for value in view.values("value")) == 1
    assert any("prints again what another row holds" in dropped.reason for dropped in view.dropped)


def test_wide_leaderboard_has_a_column_per_data_set_and_metric(small):
    view = small["leaderboard-both"]
    assert [column.key for column in view.columns] == [
        "method",
        "study",
        "calls.wer",
        "calls.accuracy",
        "radio.accuracy",
    ]
    assert [column.group for column in view.columns][2:] == ["Phone calls", "Phone calls", "Radio"]
    assert rows(view, "method", "radio.accuracy") == [("Net", 0.95), ("Rules", None), ("Mix", None)]


def test_heatmap_has_each_pair_once_and_shows_what_is_missing(small, founding):
    assert ("Mix, Cyd", "Phone calls", "WER", 0.25) in rows(small["heatmap"], "method", "dataset", "metric", "value")
    for view in (small["heatmap"], founding["heatmap"]):
        pairs = rows(view, "method", "dataset", "metric")
        assert len(set(pairs)) == len(pairs)
    assert None in founding["heatmap"].values("value")


def test_printed_tests_stand_before_recomputed_ones(small):
    view = small["groups"]
    assert rows(view, "source", "test", "effect")[:2] == [("printed", "p", None), ("printed", "Cohen's d", -1.5)]
    p = view.cells("p")[0]
    assert (p.value, p.mark, p.note, p.bound) == (0.4, "", "", ">")
    anova = cell(view, "p", test="one-way ANOVA (F)")
    found = small.results["groups"].comparisons[0]
    assert anova.value == next(test.p for test in found.tests if test.test == "anova")
    assert len(small["metrics-by-category"].rows) == sum(group.n for group in found.groups)
    assert all(
        any(warning.replace("ada-1", "Ada 2020") in shown for shown in view.warnings) for warning in found.warnings
    )


def test_a_bound_is_told_in_variability(small):
    printed = cell(small["variability"], "cv", source="printed")
    assert (printed.value, printed.bound) == (0.04, "<")


def test_dropped_rows_and_warnings_reach_the_footer(small):
    for name in ("summary", "variability", "leaderboards"):
        view = small[name]
        text = render(view, "md")
        assert all(f"Warning: {warning}"[:30] in text for warning in view.warnings)
    shown = {(row.ref, row.reason) for row in small["variability"].dropped}
    assert {(row.ref, row.reason) for row in small.results["variability"].dropped} <= shown


# --- the helpers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "values", "marks"),
    [
        ("higher", (0.9, 0.95, 0.8), ("second", "best", "")),
        ("lower", (0.9, 0.95, 0.8), ("second", "", "best")),
        ("↓", (1.0, None, 0.5), ("second", "", "best")),
        ("higher", (0.9004, 0.9001, 0.8), ("best", "best", "second")),  # equal as printed
        ("higher", (0.9, 0.8, 0.8), ("best", "second", "second")),
        ("higher", (0.9, 0.9), ("", "")),  # nothing to be best among
        ("higher", (0.9,), ("",)),
        ("none", (0.9, 0.8), ("", "")),
        ("higher", (True, 0.9, 0.8), ("", "best", "second")),
        ("higher", ("n/a", 0.9, 0.8), ("", "best", "second")),
    ],
)
def test_best_and_second_best(direction, values, marks):
    assert tuple(c.mark for c in mark_best([Cell(value) for value in values], direction)) == marks


def test_marks_that_matter_more_stay():
    cells = [Cell(0.9, mark="contradicted"), Cell(0.8, mark="derived"), Cell(0.7)]
    assert [c.mark for c in mark_best(cells, "higher")] == ["contradicted", "second derived", ""]


def test_places_are_whole_parts():
    assert has_place("L1; Table 3; row x", "Table 3")
    assert not has_place("L1; Table 30", "Table 3")
    assert has_place(None, None)
    assert not has_place(None, "Table 3")


def test_every_metric_has_a_short_name_of_its_own():
    shorts = [short_name(metric) for metric in default_vocabulary()]
    assert len(set(shorts)) == len(shorts)
    assert max(map(len, shorts)) <= 40


def test_long_lists_of_authors_are_cut():
    assert study_name({"study_id": "x", "authors": "A B; C D; " * 9, "year": 2020}) == "A B et al. 2020"
    assert study_name({"study_id": "x-1", "authors": None}) == "x-1"
    assert study_name({"study_id": "x", "authors": "Ada", "ref": 7.0, "year": 2020}) == "Ada [7]"


def test_printed_cell_of_nothing_is_empty():
    assert printed_cell([]) == Cell()
    assert printed_cell([{"value": None}]) == Cell()


def test_empty_columns_are_left_out_and_named_unless_a_figure_reads_them():
    columns = (Column("a", "A"), Column("b", "B"), Column("c", "C"))
    view = arrange("v", "V", "", columns, [(Cell("x"), Cell(), Cell())], keep=("c",))
    assert [column.key for column in view.columns] == ["a", "c"]
    assert view.notes == ("Columns without any value are left out: B.",)


def test_many_rows_are_cut_in_print_and_whole_for_programs():
    body = [(Cell(f"row {number}"),) for number in range(5)]
    view = arrange("v", "V", "", (Column("a", "A"),), body, shown=3, dropped=[Dropped("x", "y")])
    assert "row 4" not in render(view, "md")
    assert "3 of 5 rows are shown; the CSV and the workbook have all of them" in render(view, "md")
    assert render(view, "html").count("<tr>") == 4  # the header and three rows
    assert "row 4" in render(view, "csv")


# --- the founding review --------------------------------------------------------------------------------------------


def test_published_benchmark_in_printed_order(founding):
    view = founding["benchmark"]
    assert rows(view, "rank", "composite") == list(
        enumerate((0.954, 0.947, 0.938, 0.930, 0.911, 0.901, 0.893, 0.893, 0.854, 0.848), 1)
    )
    assert [c.mark for c in view.cells("composite_recomputed")] == ["contradicted"] + ["derived"] * 9
    assert [c.value for c in view.cells("n_datasets")] == [5, 1, 2, 1, 2, 1, 2, 1, 3, 3]
    assert [c.value for c in view.cells("code")] == ["no", "yes", "yes", "yes", "no", "no", "yes", "yes", "no", "no"]
    assert all("Table 3" in ref.locator for c in view.cells("composite") for ref in c.refs)


def test_published_summary_beside_the_recomputed_one(founding):
    view = founding["summary"]
    printed = [row for row in rows(view, "metric", "source", "n", "mean", "sd", "median") if "printed" in str(row[1])]
    assert [(row[0], *row[2:]) for row in printed] == [
        ("Dice", 15, 0.896, 0.132, 0.948), ("Jaccard index", 11, 0.903, 0.033, 0.905), ("AP", 8, 0.820, 0.160, 0.845),
        ("F1 score", 7, 0.880, 0.083, 0.880), ("Precision", 10, 0.945, 0.068, 0.978),
        ("Recall", 10, 0.919, 0.108, 0.951),
    ]  # fmt: skip


def test_published_contradiction_of_the_flow(founding):
    view = founding["prisma"]
    marked = [data for data, c in zip(view.values("data"), view.cells("n"), strict=True) if c.mark == "contradicted"]
    assert marked == ["database_results", "duplicates", "records_screened"]


def test_every_view_of_the_founding_review_has_rows(founding):
    claimed = len(founding.review.tables["claims"]) > 0
    alone = {"appraisal-agreement", "appraisal-differences"}  # its one rater is the reading of the text
    assert all("one rater only" in founding[name].notes[0] for name in alone)
    for name, entry in views_for(founding.review.spec).items():
        if (entry.section == "audit" and not claimed) or name in {"syntheses", *alone}:  # it has none, and says why
            continue
        view = founding[name]
        assert view.rows, name
        assert View.from_json(view.to_json()) == view
        assert all("nan" not in line.split(",") for line in render(view, "csv").split("\n")), name


# --- the audit ------------------------------------------------------------------------------------------------------


def test_the_audit_says_what_holds_and_what_does_not(small):
    assert rows(small["audit"], "verdict", "id") == [
        ("not reproducible under any listed convention", "l5-screened"),
        ("not reproducible if the assumption holds", "l6-list"),
    ]
    assert cell(small["audit"], "computed", id="l5-screened").mark == "derived"
    assert small["audit"].group == "verdict"
    lines = small["audit-claims"].values("line")
    assert list(lines) == sorted(lines)  # in reading order, whatever the verdict
    assert [row[0].value for row in small["audit-open"].rows] == []
    assert "could be checked" in " ".join(small["audit-open"].notes)
    assert "Conventions tried" not in " ".join(small["audit"].values("found"))
    assert {"id", "check", "computed"} <= set(small["audit"].machine)
    assert [str(row) for row in small["audit-claims"].dropped] == [
        "claim l6-bad: input value is '150%'; a share lies between 0 % and 100 %; write the % sign"
    ]
    assert cell(small["audit-summary"], "n", type="all").value == 4
    assert cell(small["audit-summary"], "contradicted", type="flow").value == 1


def test_a_reconstruction_is_told_as_inference(small):
    view = small["reconstruction"]
    assert {row[view.index("group")].value for row in view.rows} == {"Rules", "Neural"}
    assert any("inference" in text for text in view.warnings)
    assert "True in every solution" in " ".join(view.notes)
    assert cell(small["reconstruction-effects"], "estimate", version="d as printed, interval by noncentral t").value < 0


# --- numbers lead to the document that prints them -------------------------------------------------------------------


def test_voxel_sizes_lead_to_the_fact_that_states_them(founding):
    z, y, x = (cell(founding["datasets"], f"voxel_{axis}_nm", dataset_id="snemi3d") for axis in "zyx")
    for found, size in ((z, 30), (y, 6), (x, 6)):
        assert found.value == size
        assert {(ref.source_id, ref.locator) for ref in found.refs} >= {
            ("shah2025_review", "L557"), ("shah2025_review", "L630"),
        }  # fmt: skip
    assert z.mark == ""  # both documents print 30
    for found in (y, x):
        assert found.mark == "warning"
        assert found.note == "also stated: 3 (Aswath et al. 2023, L104)"
        assert "aswath2023_survey" not in {ref.source_id for ref in found.refs}


def test_a_value_that_no_fact_states_leads_to_no_document(founding):
    names = Names.of(founding.review.tables, founding.review.spec)
    row = {"file": "datasets.csv", "line": 3, "source_id": "survey", "locator": "L1", "species": "mouse"}
    fact = {"file": "dataset_facts.csv", "line": 9, "value": "rat", "source_id": "survey", "locator": "L2; Table 1"}
    found = fact_cell(row, "species", [fact], names)
    assert [(ref.file, ref.source_id) for ref in found.refs] == [("datasets.csv", "")]
    assert found.note == "also stated: rat (survey, L2)"
    assert fact_cell(row, "species", [], names).refs[0].source_id == "survey"


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_bounds_are_printed_as_bounds_and_stand_in_a_column_of_the_csv(founding):
    view = founding["groups"]
    p = next(c for c in view.cells("p") if c.bound)
    assert (p.value, p.bound, display_cell(p, view.columns[view.index("p")])) == (0.4, ">", "> 0.400")
    cv = next(c for c in founding["variability"].cells("cv") if c.bound)
    assert display_cell(cv, Column("cv", "CV", "score")) == "< 0.033"
    assert cv.mark == ""
    assert cv.note.count("metric not named") == 1  # two places say so, the footnote once
    header, *lines = csv.reader(io.StringIO(render(view, "csv")))
    assert header.index("p_bound") == header.index("p") + 1
    assert [line[header.index("p_bound")] for line in lines if line[header.index("p")] == "0.4"] == [">"] * 2


def test_a_bound_and_a_figure_are_not_the_same_statement():
    place = {"value": 0.4, "note": None, "file": "statements.csv", "line": 1, "source_id": "a"}
    rows_ = [{**place, "bound": ">", "printed": "p > 0.4", "locator": "L1"},
             {**place, "bound": None, "printed": "p = 0.4", "locator": "L2"}]  # fmt: skip
    found = printed_cell(rows_)
    assert (found.mark, found.note) == ("contradicted", "printed as p = 0.4 at L2")


def test_one_printed_end_of_a_range_is_a_bound(founding):
    view = founding["results"]
    found = [(row[view.index("level")].value, row[view.index("value")]) for row in view.rows]
    open_ = [(level, c.value, c.bound) for level, c in found if c.bound]
    assert (open_[0][1:], open_[2][1:]) == ((0.99, ">="), (0.9878, "<="))
    assert {c.bound for level, c in found if c.value == 0.4} <= {""}


def test_every_statement_printed_with_a_sign_says_which_bound_it_is():
    for review in ("brain-em", "em-public"):
        table = (DATA / review / "statements.csv").read_text(encoding="utf-8")
        for row in csv.DictReader(io.StringIO(table, newline="")):
            if set(row["printed"]) & set("<>≤≥") or re.search(r"\b(upper|lower) bound", row["note"]):
                assert row.get("bound"), row["statement_id"]


# --- what is printed stands beside what is recomputed ----------------------------------------------------------------


def test_printed_correlations_stand_beside_the_recomputed_ones(founding):
    view = founding["correlations"]
    pair = cell(view, "printed", metric_a="Dice", metric_b="Jaccard index")
    assert pair.value == 0.89
    assert {ref.locator for ref in pair.refs} == {"L1741", "L1815"}
    families = cell(view, "printed", metric_a="overlap", metric_b="instance metrics")
    assert display_cell(families, view.columns[view.index("printed")]) == "< 0.400"
    assert cell(view, "n", metric_a="overlap").value is None  # no pair on record, so the matrix leaves it out


def test_printed_share_of_experiments_on_several_data_sets_stands_first(founding):
    view = founding["generalisation-shares"]
    where = {"corpus": "the review", "unit": "experiments", "source": "printed"}
    assert [cell(view, key, **where).value for key in ("n_multi", "n", "share")] == [12, 46, 0.26]
    assert rows(view, "unit", "source")[:2] == [("experiments", "printed"), ("experiments", "recorded here")]
    assert all(row[view.index(key)].refs for row in view.rows for key in ("n_multi", "n", "share"))


def test_printed_shares_of_code_contradict_each_other_in_the_open(founding):
    view = founding["availability"]
    printed = [row for row in view.rows if str(row[view.index("source")].value).startswith("printed")]
    found = [tuple(row[view.index(key)].value for key in ("category", "n", "with_code", "share", "share_lacking"))
             for row in printed]  # fmt: skip
    assert set(found) == {
        ("all", 60, 24, 0.4, None), ("all", None, None, 0.54, None), ("all", None, None, None, 0.54),
        ("CNN", None, None, 0.67, None),
    }  # fmt: skip
    lacking = next(row for row in printed if row[view.index("share_lacking")].value is not None)
    assert lacking[view.index("share_lacking")].mark == "contradicted"


def test_counts_and_computed_numbers_lead_to_what_entered(founding):
    for name, keys in {"composite-verdicts": ("n_agree", "n_fail"), "shares": ("n_corpus",),
                       "distributions": ("n_corpus",), "summary": ("n_experiments",)}.items():  # fmt: skip
        view = founding[name]
        assert all(c.refs for key in keys for c in view.cells(key) if c.value), name
    means = [row for row in founding["variability"].rows if str(row[1].value) == "recomputed: mean CV"]
    at = founding["variability"].index("cv")
    assert means
    assert all(row[at].refs and row[at].mark == "derived" for row in means if row[at].value is not None)


def test_a_lost_decimal_point_is_no_doubt_about_the_rank(founding):
    view = founding["benchmark"]
    line = next(row for row in view.rows if any(ref.uncertain for ref in row[view.index("composite")].refs))
    assert not any(ref.uncertain for ref in (*line[view.index("rank")].refs, *line[view.index("method")].refs))


def test_two_wordings_of_one_reason_are_one_line(founding):
    view = founding["exclusions"]
    full = [row for row in view.rows if row[view.index("stage")].value == "Full text"]
    assert [row[view.index("n")].value for row in full] == [42, 37, 23]
    assert full[2][1].note == "also worded: modality other than EM (Shah et al. 2025, L324; Fig. 3)"
    assert full[2][view.index("places")].value == 2


def test_printed_target_groups_stand_apart_from_the_recorded_targets(founding):
    view = founding["sankey-nodes"]
    every = rows(view, "attribute", "value", "published", "recorded")
    groups = [line[1:] for line in every if line[0] == "target group"]
    assert [n for _, n, _ in groups if n != 102] == [45, 17, 15, 14, 11]
    assert {here for *_, here in groups} == {None}
    assert any("not the targets recorded here" in note for note in view.notes)
    twin = interactive("sankey", {name: founding[name] for name in ("sankey-nodes", "sankey-links")})
    assert any("neuron structures 45" in note.text for note in twin.layout.annotations)
    assert any(label.startswith("CNN · 44 printed · ") for label in twin.data[0].node.label)


# --- words -----------------------------------------------------------------------------------------------------------


def test_no_id_stands_in_running_text(founding):
    tables = founding.review.tables
    ids = {*tables["experiments"]["experiment_id"], *tables["studies"]["study_id"], *tables["sources"]["source_id"]}
    ids |= {"range_low", "range_high", "study_mean"}
    ids = {name for name in ids if "_" in name or "-" in name or "." in name}
    for name in views_for(founding.review.spec):
        view = founding[name]
        lines = [view.caption, *view.notes, *view.warnings, *(f"{row.what} {row.reason}" for row in view.dropped)]
        words = {word for line in lines for word in re.findall(r"[a-z0-9]+(?:[-_.][a-z0-9]+)+", line)}
        assert not words & ids, name


def test_words_of_the_analyses_are_names(founding):
    assert any("AP, Dice, Jaccard index" in text for text in founding["benchmark"].warnings)
    assert set(founding["results"].values("level")) == {
        "one method on one data set", "mean over data sets", "lower end of a range", "upper end of a range",
    }  # fmt: skip
    assert "number of data sets" in founding["statements"].values("statistic")
    assert "GPUs" in founding["statements"].values("statistic")
    assert not any("; row;" in str(value) for value in founding["composite-verdicts"].values("definition"))


def test_documents_are_cited_not_named_by_their_ids(founding):
    ids = set(founding.review.tables["sources"]["source_id"])
    for name, key in (("audit-claims", "source"), ("statements", "place"), ("results", "place")):
        assert not {str(value).split(",")[0] for value in founding[name].values(key)} & ids, name


# --- the multiverse of the founding review --------------------------------------------------------------------------


def test_the_multiverse_says_its_verdict_and_ranks(founding):
    view = founding["multiverse"]
    assert view.title == "The ranking under every choice: Table 3 as printed"
    assert "the order of categories is not identified" in view.caption
    assert cell(view, "default", method="FragViT").value == 10
    assert cell(view, "best", method="FragViT").value <= 3
    assert any("First under each rule" in note for note in view.notes)
    decisions = founding["multiverse-decisions"]
    options = set(decisions.values("option"))
    assert {"without AP, which only some methods report", "without MitoEM-R", "only Dice"} <= options
    shares = [value for value in decisions.values("share") if value is not None]
    assert sum(shares) == pytest.approx(1)


def test_specifications_are_those_that_rank_every_method(founding):
    view = founding["multiverse-specifications"]
    ranks = [column.key for column in view.columns if column.key.startswith("rank.")]
    assert len(ranks) == 10
    assert all(None not in view.values(key) for key in ranks)
    assert any("further specifications rank some of the methods only" in note for note in view.notes)


def test_the_reporting_penalty_moves_two_methods(founding):
    view = founding["reporting-penalty"]
    moved = {m: (a, b) for m, a, b in rows(view, "method", "rank", "rank_without")}
    assert (moved["ATFormer"], moved["FragViT"]) == ((9, 6), (10, 5))
    assert view.caption.startswith("AP is reported by 3 of 10 methods; without it ATFormer moves from 9 to 6")


def test_categories_stand_side_by_side_with_what_is_printed(founding):
    view = founding["category-models"]
    printed = [row for row in rows(view, "metric", "source", "contrast", "d") if row[1] == "printed"]
    assert ("AP", "printed", "CNN vs Foundation", -6.44) in printed
    assert any(contrast == "method categories, F = 19.03" for _, _, contrast, _ in printed)
    line = cell(view, "floor", metric="Dice", contrast="CNN − Foundation", source="recomputed")
    assert line.value == pytest.approx(1 / 3)
    words = dict(rows(founding["category-differences"], "contrast", "words")[::-1])
    assert words["CNN − Foundation"].startswith("As independent values (2 of CNN, 2 of Foundation)")
    told = [w for m, w in rows(founding["category-differences"], "metric", "words") if m == "AP"]
    assert "d = −6.44 is printed, but no AP of CNN is among the values compared: they allow no contrast." in told


def test_columns_with_unequal_n_have_a_footnote(tmp_path):
    tables = {name: [dict(row) for row in rows] for name, rows in small_review.ROWS.items()}
    name = "leaderboard-both"

    def notes(sizes):
        rows = [dict(row) for row in tables["results"]]
        for at, row in enumerate(rows):
            row["n"] = sizes[at % len(sizes)]
        folder = small_review.write(tmp_path / str(len(sizes)), {**tables, "results": rows})
        return [note for note in Built(small_review.read(folder))[name].notes if note.startswith("Unequal n")]

    (units,) = notes([12])  # Mix is a mean of two units here; all others state 12
    assert units == "Unequal n, Phone calls, WER: Net 12; Rules 12; Mix 2."
    several = notes([12, 30, 7])
    assert len(several) > 1
    assert all(len(set(re.findall(r" (\d+)", note))) > 1 for note in several)
