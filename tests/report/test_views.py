"""Views of a small review from another field, of an empty one, and of the founding review."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_review

from metareview.errors import UnknownName
from metareview.report.analyses import ANALYSES
from metareview.report.figures.registry import FIGURES
from metareview.report.registry import SECTIONS, build_view, views_for
from metareview.report.tables import render, render_xlsx
from metareview.report.views.base import Cell, Column, View
from metareview.report.views.common import arrange, has_place, mark_best, printed_cell, short_name, study_name
from metareview.report.views.format import display_cell
from metareview.results import Dropped
from metareview.schema.metric import default_vocabulary
from metareview.schema.tables import TABLES

DATA = Path(__file__).parents[2] / "data" / "studies"
NAMES = tuple(views_for(small_review.read_spec_of()))


class Built:
    """A review and its views, each built once."""

    def __init__(self, review):
        self.review = review
        self.results = {name: spec.run(review.tables, review.spec) for name, spec in ANALYSES.items()}
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
        assert set(view.results) <= set(ANALYSES)
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
    "audit-claims": ["line", "printed"],
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
    assert cell(view, "composite_recomputed", method="Rules").mark == ""
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
    assert view.warnings == small.results["composite"].warnings


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
    assert category.note == "also stated: Neural (thesis p. 3)"
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
    assert (p.value, p.mark, p.note) == (0.4, "warning", "printed as a bound: p > 0.4")
    anova = cell(view, "p", test="one-way ANOVA (F)")
    found = small.results["groups"].comparisons[0]
    assert anova.value == next(test.p for test in found.tests if test.test == "anova")
    assert len(small["metrics-by-category"].rows) == sum(group.n for group in found.groups)
    assert all(any(warning in shown for shown in view.warnings) for warning in found.warnings)


def test_a_bound_is_told_in_variability(small):
    printed = cell(small["variability"], "cv", source="printed")
    assert (printed.value, printed.note) == (0.04, "printed as a bound: CV < 0.04")


def test_dropped_rows_and_warnings_reach_the_footer(small):
    for name in ("summary", "variability", "leaderboards"):
        view = small[name]
        text = render(view, "md")
        assert all(f"Warning: {warning}"[:30] in text for warning in view.warnings)
    assert set(small.results["variability"].dropped) <= set(small["variability"].dropped)


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
    assert [c.mark for c in view.cells("composite_recomputed")] == ["contradicted"] + [""] * 9
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
    for name, entry in views_for(founding.review.spec).items():
        if (entry.section == "audit" and not claimed) or name == "syntheses":  # it has none, and says why
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
