"""Which results may enter a statistic together."""

from __future__ import annotations

import pytest
from benchmark_tables import build, experiment, result, spec, study

from metareview.errors import UnknownName
from metareview.schema.review import NestedUnits
from metareview.stats.benchmark import ANALYSES, score_table
from metareview.stats.benchmark.scores import ScoreTable, experiment_values

VOCABULARY = spec().vocabulary()


def reasons(table: ScoreTable) -> list[str]:
    return [dropped.reason for dropped in table.dropped]


def test_a_score_knows_its_experiment_and_study() -> None:
    tables = build(
        [result("a.unet.cremi", "dice", 0.9, printed="0.900", line=7)],
        experiments=[experiment("a.unet.cremi", category="CNN", target="neurons", setting="2D")],
        studies=[study("a", category="Hybrid")],
    )
    (score,) = score_table(tables, VOCABULARY).rows
    assert (score.study_id, score.method, score.dataset_id, score.target) == ("a", "unet", "cremi", "neurons")
    assert score.category == "CNN", "the experiment's own category comes before the study's"
    assert (score.ref.file, score.ref.line, score.ref.printed) == ("results.csv", 7, "0.900")


def test_missing_codes_are_no_category() -> None:
    tables = build([result("a.m.d", "dice", 0.9)], studies=[study("a", category="not reported")])
    assert score_table(tables, VOCABULARY).rows[0].category == ""


def test_levels_corpus_metrics_and_place() -> None:
    tables = build(
        [
            result("a.m.d", "dice", 0.9, locator="L5; Table 3; row a"),
            result("a.m.d", "jaccard", 0.8, level="range_low"),
            result("a.m.e", "dice", 0.7, source_id="poster"),
        ]
    )
    everything = score_table(tables, VOCABULARY)
    assert len(everything.rows) == 2
    assert reasons(everything) == ["its level is range_low, and only cell enter"]
    assert (everything.k_in, everything.k_used) == (3, 2)
    assert [s.dataset_id for s in score_table(tables, VOCABULARY, corpus="poster").rows] == ["e"]
    assert len(score_table(tables, VOCABULARY, metrics=["DSC"]).rows) == 2, "aliases are understood"
    assert [s.value for s in score_table(tables, VOCABULARY, place="Table 3").rows] == [0.9]


def test_unknown_metric_is_refused() -> None:
    with pytest.raises(UnknownName, match="dise"):
        score_table(build([]), VOCABULARY, metrics=["dise"])


@pytest.mark.parametrize(
    ("experiment_row", "study_row", "reason"),
    [
        ({"origin": "rerun"}, {}, "a re-run; only the comparison with its original reads it"),
        ({}, {"status": "excluded"}, "study a is excluded"),
    ],
)
def test_rows_that_never_enter(experiment_row: dict[str, str], study_row: dict[str, str], reason: str) -> None:
    tables = build(
        [result("a.m.d", "dice", 0.9)],
        experiments=[experiment("a.m.d", **experiment_row)],
        studies=[study("a", **study_row)],
    )
    table = score_table(tables, VOCABULARY)
    assert (table.rows, reasons(table)) == ((), [reason])


def test_orphans_unknown_metrics_and_empty_values_are_dropped_with_reasons() -> None:
    tables = build(
        [
            result("ghost", "dice", 0.9),
            result("a.m.d", "shininess", 0.9),
            result("a.m.d", "dice", float("nan"), printed="nan"),
        ],
        experiments=[experiment("a.m.d")],
    )
    assert reasons(score_table(tables, VOCABULARY)) == [
        "experiments has no row ghost",
        "metric shininess is not in the vocabulary",
        "it has no value",
    ]


def test_units_within_an_aggregate_are_dropped() -> None:
    rows = [result("a.m.d", "dice", 0.9), *(result("a.m.d", "dice", 0.8, unit=f"image:{i}") for i in (1, 2))]
    table = score_table(build(rows), VOCABULARY)
    assert [score.value for score in table.rows] == [0.9]
    assert reasons(table) == ["part of the aggregate at line 2"] * 2


def test_units_without_an_aggregate_are_one_value() -> None:
    rows = [result("a.m.d", "dice", value, unit=f"image:{value}") for value in (0.1, 0.2, 0.3)]
    table = score_table(build(rows), VOCABULARY)
    (value,) = experiment_values(table.rows)
    assert value.value == 0.2
    assert len(value.refs) == 3
    assert table.k_used == 3


def test_kinds_of_units_are_nested() -> None:
    rows = [result("a.m.d", "dice", 0.5, unit=f"image:{i}") for i in range(4)]
    rows += [result("a.m.d", "dice", 0.6, unit=f"seed:{i}") for i in range(2)]
    table = score_table(build(rows), VOCABULARY)
    assert {score.unit for score in table.rows} == {"seed:0", "seed:1"}
    assert reasons(table) == ["units of kind image are nested with those of kind seed"] * 4


def test_conventions_stay_apart() -> None:
    rows = [result("a.m.d", "arand", 0.1, convention=name) for name in ("gt0", "snemi")]
    values = experiment_values(score_table(build(rows), VOCABULARY).rows)
    assert [(value.score.convention, value.value) for value in values] == [("gt0", 0.1), ("snemi", 0.1)]


def test_a_score_printed_in_two_documents_counts_once() -> None:
    rows = [result("a.m.d", "dice", 0.9), result("a.m.d", "dice", 0.91, source_id="poster")]
    table = score_table(build(rows), VOCABULARY)
    assert [score.source_id for score in table.rows] == ["review"]
    assert reasons(table) == ["already counted as printed in review (line 2); another value (0.9 there)"]


def means(parts: tuple[str, ...]) -> list[str]:
    rows = [result("a.m.-", "dice", 0.9, level="study_mean")]
    rows += [result(f"a.m.{name}", "dice", 0.8) for name in parts]
    experiments = [experiment("a.m.-", datasets=("d", "e")), *(experiment(f"a.m.{name}") for name in parts)]
    table = score_table(build(rows, experiments=experiments), VOCABULARY, levels=("cell", "study_mean"))
    return [score.level for score in table.rows]


def test_a_mean_gives_way_to_all_its_parts_and_stands_for_some() -> None:
    assert means(("d", "e")) == ["cell", "cell"]
    assert means(("d",)) == ["study_mean"]
    assert means(("f",)) == ["study_mean", "cell"], "a data set that the mean is not over is no part of it"


def test_a_whole_gives_way_to_its_parts() -> None:
    datasets = [{"dataset_id": "mitoem"}, *({"dataset_id": f"mitoem-{x}", "part_of": "mitoem"} for x in "rh")]
    rows = [result(f"a.m.{name}", "dice", 0.9) for name in ("mitoem", "mitoem-r", "mitoem-h")]
    table = score_table(build(rows, datasets=datasets), VOCABULARY)
    assert [score.dataset_id for score in table.rows] == ["mitoem-r", "mitoem-h"]
    assert reasons(table) == ["its data set contains mitoem-h and mitoem-r, whose values are there one by one"]
    one = score_table(build(rows[:2], datasets=datasets), VOCABULARY)
    assert len(one.rows) == 2
    assert "mitoem-r in mitoem" in one.warnings[0]


def test_json_and_frame() -> None:
    table = score_table(build([result("a.m.d", "dice", 0.9), result("a.m.d", "pq", 0.5)]), VOCABULARY)
    assert ScoreTable.from_json(table.to_json()).rows == table.rows
    assert list(table.to_frame()["metric"]) == ["dice", "pq"]
    assert "k = 2 of 2" in table.summary()


ROI = (NestedUnits(kind="roi", whole="all"),)


def _units(name: str, *units: str, value: float = 0.5, metric: str = "voi") -> list[dict[str, object]]:
    return [result(name, metric, value + at, unit=unit) for at, unit in enumerate(units)]


def test_of_nested_units_only_the_whole_enters() -> None:
    rows = [*_units("a.full.d", "roi:1", "roi:2", "roi:all"), *_units("a.short.d", "roi:1", "roi:2")]
    table = score_table(build(rows), VOCABULARY, nested=ROI)
    assert [(s.experiment_id, s.unit, s.value) for s in table.rows] == [("a.full.d", "roi:all", 2.5)]
    assert reasons(table) == [
        *["nested in roi:all, the whole, whose value stands for it"] * 2,
        *["units of kind roi are nested, so they have no mean, and the whole, roi:all, is not there"] * 2,
    ]
    (warning,) = table.warnings
    assert "units of kind roi are nested" in warning
    assert "a.short.d lack it" in warning
    assert len(score_table(build(rows), VOCABULARY).rows) == 4, "undeclared, the units that both have enter"


def test_an_aggregate_needs_no_whole() -> None:
    rows = [result("a.m.d", "voi", 0.4), *_units("a.m.d", "roi:1", "roi:2")]
    table = score_table(build(rows), VOCABULARY, nested=ROI)
    assert [s.value for s in table.rows] == [0.4]
    assert table.warnings == ()


def test_means_are_over_the_units_that_every_method_has() -> None:
    rows = [*_units("a.m.d", "image:1", "image:2", "image:3"), *_units("a.n.d", "image:2", "image:3")]
    table = score_table(build(rows), VOCABULARY)
    assert [value.value for value in experiment_values(table.rows)] == [2.0, 1.0]
    assert reasons(table) == ["not every method on this data set has this unit; the 2 common ones enter"]
    assert table.warnings == (
        "voi on d: methods were scored on different units of kind image; 2 common ones enter as means",
    )
    elsewhere = [*_units("a.m.d", "image:1", "image:2"), *_units("a.n.e", "image:2")]
    assert len(score_table(build(elsewhere), VOCABULARY).rows) == 3, "units of another data set are no matter"


def test_means_over_other_units_are_told() -> None:
    rows = [*_units("a.m.d", "image:1", "image:2"), *_units("b.m.d", "image:x", "image:y")]
    table = score_table(build(rows), VOCABULARY)
    assert len(table.rows) == 4
    assert table.warnings == ("voi on d: means over different units, which do not compare: a.m.d against b.m.d",)


def test_a_run_printed_again_counts_once() -> None:
    names = ["a.m.d", "a.m.d.again", "a.m.d.third"]
    experiments = [experiment(n, repeats=r) for n, r in zip(names, [None, "a.m.d", "a.m.d.again"], strict=True)]
    rows = [result(name, "dice", value) for name, value in zip(names, [0.9, 0.9, 0.8], strict=True)]
    tables = build([*rows, result("a.m.d.third", "jaccard", 0.7)], experiments=experiments)
    table = score_table(tables, VOCABULARY)
    assert [(s.experiment_id, s.metric) for s in table.rows] == [("a.m.d", "dice"), ("a.m.d.third", "jaccard")]
    assert reasons(table) == [
        "prints again what another row holds (repeats): one run counts once",
        "prints again what another row holds (repeats), with another value (0.9 there): one run counts once",
    ]
    shown = score_table(tables, VOCABULARY, repeats=True).rows
    assert [s.repeats for s in shown] == ["", "a.m.d", "a.m.d", "a.m.d"]


def test_an_experiment_that_repeats_itself_is_kept() -> None:
    tables = build([result("a.m.d", "dice", 0.9)], experiments=[experiment("a.m.d", repeats="a.m.d")])
    assert len(score_table(tables, VOCABULARY).rows) == 1


@pytest.mark.parametrize(
    ("analysis", "more"),
    [("descriptives", {}), ("correlations", {}), ("variability", {}), ("groups", {"groups": {}}),
     ("composite", {"composite": {"metrics": ["dice"]}})],
)  # fmt: skip
def test_every_statistic_says_what_became_of_nested_units(analysis: str, more: dict[str, object]) -> None:
    rows = _units("a.m.d", "roi:1", "roi:all", metric="dice", value=-0.5)
    review = spec(nested_units=[{"kind": "roi", "whole": "all"}], **more)
    found = ANALYSES[analysis].run(build(rows), review)
    assert any("are nested" in warning for warning in found.warnings)
    assert any("nested in roi:all" in dropped.reason for dropped in found.dropped)


def test_a_kind_of_unit_has_one_whole() -> None:
    with pytest.raises(ValueError, match="names a kind twice"):
        spec(nested_units=[{"kind": "roi", "whole": "all"}, {"kind": "roi", "whole": "most"}])
