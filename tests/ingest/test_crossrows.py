"""Rules across rows and tables, each with its exact message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Folder

KEY = "experiment_id, metric, convention, level, unit and source_id together are unique in results"


def test_a_small_review_is_clean(folder: Folder) -> None:
    assert folder.messages() == []


def test_orphan_ids_with_the_nearest_one(folder: Folder) -> None:
    folder.result(experiment_id="smith-r01.unt", source_id="papre")
    folder.write(
        "experiments.csv",
        "experiment_id,study_id,method,dataset_id,datasets,source_id,locator\n"
        "smith-r01.unet,smyth-r01,U-Net,cremi,a; b,paper,p. 3\n",
    )
    folder.write("datasets.csv", "dataset_id,name,part_of\na,A,cremi\n")
    assert folder.messages() == [
        "datasets.csv line 2, column part_of (datasets!C2): found 'cremi'; the id stands in datasets; "
        "add its row to datasets",
        "experiments.csv line 2, column experiment_id (experiments!A2): found 'smith-r01.unet'; an experiment has at "
        "least one result; add its results, or remove the experiment",
        "experiments.csv line 2, column study_id (experiments!B2): found 'smyth-r01'; the id stands in studies; "
        "did you mean 'smith-r01'?",
        "experiments.csv line 2, column dataset_id (experiments!D2): found 'cremi'; the id stands in datasets; "
        "add its row to datasets",
        "experiments.csv line 2, column datasets (experiments!E2): found 'a; b'; the id stands in datasets; "
        "b is not there; add its row to datasets",
        "results.csv line 2, column experiment_id (results!A2): found 'smith-r01.unt'; the id stands in experiments; "
        "did you mean 'smith-r01.unet'?",
        "results.csv line 2, column source_id (results!M2): found 'papre'; the id stands in sources; "
        "did you mean 'paper'?",
    ]


def test_a_table_that_is_not_there_is_named(folder: Folder) -> None:
    folder.write(
        "experiments.csv",
        "experiment_id,study_id,method,dataset_id,source_id,locator\nsmith-r01.unet,smith-r01,U-Net,cremi,paper,p. 3\n",
    )
    assert folder.messages() == [
        "experiments.csv line 2, column dataset_id (experiments!D2): found 'cremi'; the id stands in datasets, which "
        "has no file yet; add its row to datasets"
    ]


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"a,b\n1,2\n", b'source_id,title\n"paper,A paper\n'])
def test_an_unreadable_table_makes_no_orphans(folder: Folder, content: bytes) -> None:
    folder.write("sources.csv", content)
    assert {problem.file for problem in folder.check().problems} == {"sources.csv"}


def test_duplicate_keys(folder: Folder) -> None:
    folder.results({}, {"metric": "DSC", "convention": "unstated"}, {"convention": "fg"})
    folder.write("studies.csv", "study_id,status\nsmith-r01,included\nsmith-r01,mentioned\n")
    assert folder.messages() == [
        "studies.csv line 3, column study_id (studies!A3): found 'smith-r01'; study_id is unique in studies; remove "
        "one of the two rows, or correct what tells them apart (the other is line 2)",
        f"results.csv line 3, column experiment_id (results!A3): found 'smith-r01.unet'; {KEY}; remove "
        "one of the two rows, or correct what tells them apart (the other is line 2)",
    ]


def test_contradictory_duplicates(folder: Folder) -> None:
    folder.results({}, {"value": "86", "scale": "percent"})
    assert folder.messages() == [
        "results.csv line 3, column value (results!F3): found '86'; two rows with the same key do not contradict each "
        "other; line 2 says 0.85; keep the one that the source prints, or tell the two apart by convention or unit"
    ]
    folder.results({}, {"value": "85", "scale": "percent", "convention": "fg"})
    assert folder.messages() == []


def test_a_score_that_is_a_cell_and_a_mean_at_once(folder: Folder) -> None:
    folder.results({}, {"value": "0.86", "level": "study_mean"}, {"value": "0.8", "level": "range_low"})
    assert folder.messages() == [
        "results.csv line 3, column value (results!F3): warning: found '0.86'; a source has one value per experiment, "
        "metric, convention and unit; line 2 says 0.85 as cell; is one score a cell and a mean over studies at once?"
    ]


def test_an_excluded_study_has_no_results(folder: Folder) -> None:
    folder.write("studies.csv", "study_id,status\nsmith-r01,excluded\n")
    assert folder.messages() == [
        "results.csv line 2, column experiment_id (results!A2): found 'smith-r01.unet'; a study that is excluded has "
        "no results; set status of smith-r01 to included, or remove its results"
    ]


PLACE = "results.csv line 2, column value (results!F2)"
CORRECT = "correct the figure, or the metric"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"value": "94.8"}, f"{PLACE}: found '94.8'; dice is a proportion between 0 and 1; "
         "write 0.948 or set scale to percent"),
        ({"value": "94,8", "level": "range_high"}, f"{PLACE}: found '94,8'; dice is a proportion between 0 and 1; "
         "write 0.948 or set scale to percent"),
        ({"value": "948"}, f"{PLACE}: found '948'; dice is a proportion between 0 and 1; "
         "correct the figure, or the scale"),
        ({"value": "104", "scale": "percent"},
         f"{PLACE}: found '104'; dice is a proportion between 0 and 1; {CORRECT}"),
        ({"value": "-0.1", "scale": "native", "metric": "VI"}, f"{PLACE}: found '-0.1'; voi is at least 0; {CORRECT}"),
        ({"value": "-1.1", "scale": "native", "metric": "mcc"},
         f"{PLACE}: found '-1.1'; mcc is between -1 and 1; {CORRECT}"),
        ({"value": "1.1", "scale": "native", "metric": "conformity"},
         f"{PLACE}: found '1.1'; conformity is at most 1; {CORRECT}"),
        ({"value": "0.85", "sd": "2.1"}, "results.csv line 2, column sd (results!G2): found '2.1'; "
         "sd of dice is not larger than its range, 1; write 0.021 or set scale to percent"),
        ({"value": "0.85", "ci_low": "-80", "ci_high": "90"}, None),
        ({"value": "1.2", "scale": "percent", "metric": "voi"}, "results.csv line 2, column scale (results!L2): "
         "found 'percent'; voi is measured in bits or nats, not in percent; set scale to native"),
        ({"value": "0.85", "scale": "percent"}, f"{PLACE}: warning: found '0.85'; a dice of 1 percent or less is rare; "
         "set scale to proportion if that is what is printed"),
    ],
)  # fmt: skip
def test_values_outside_the_range_of_their_metric(folder: Folder, cells: dict[str, str], message: str | None) -> None:
    folder.result(**cells)
    messages = folder.messages()
    if message is None:
        rule = "an interval of dice does not reach beyond its range by more than the range; "
        assert [rule in text for text in messages] == [True, True]
    else:
        assert messages == [message]


@pytest.mark.parametrize(
    "cells",
    [
        {"value": "12.5", "scale": "native", "metric": "voi"}, {"value": "-3", "scale": "native", "metric": "psnr"},
        {"value": "0.5", "scale": "percent", "metric": "arand"}, {"value": "100", "scale": "percent"},
        {"value": "1"}, {"value": "0"}, {"value": "0.98", "ci_low": "0.9", "ci_high": "1.03"},
        {"value": "250", "scale": "percent", "metric": "relative_improvement"},
    ],
)  # fmt: skip
def test_values_that_a_metric_can_have(folder: Folder, cells: dict[str, str]) -> None:
    folder.result(**cells)
    assert folder.messages() == []


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"n": "0"}, "column n (results!K2): found '0'; above 0; correct it"),
        ({"sd": "-0.1"}, "column sd (results!G2): found '-0.1'; at least 0; correct it"),
        ({"ci_low": "0.9", "ci_high": "0.95"}, "column ci_low (results!I2): found '0.9'; an interval contains its "
         "value: ci_low <= value; correct ci_low or value (value is 0.85)"),
        ({"ci_low": "0.7", "ci_high": "0.8"}, "column ci_high (results!J2): found '0.8'; an interval contains its "
         "value: value <= ci_high; correct ci_high or value (value is 0.85)"),
        ({"sd": "0.1", "se": "0.2"}, "column se (results!H2): found '0.2'; a standard error is not larger than the "
         "standard deviation it comes from; check which of the two is printed; se = sd / sqrt(n) (sd is 0.1)"),
        ({"level": "cels"}, "column level (results!D2): found 'cels'; one of: cell, study_mean, range_low, range_high; "
         "did you mean 'cell'?"),
        ({"unit": "image"}, "column unit (results!E2): found 'image'; a unit is kind:name; "
         "write it like image:3 or seed:1"),
        ({"convention": "BG > 0"}, "column convention (results!C2): found 'BG > 0'; an id is lower-case letters and "
         "digits in groups joined by - _ or .; write 'bg-0'"),
        ({"value": "85%"}, "column value (results!F2): found '85%'; a percent sign goes with scale percent; "
         "write percent in column scale, or the number without the sign"),
        ({"value": "0.85 ± 0.02"}, "column value (results!F2): found '0.85 ± 0.02'; a cell holds one number, and ± may "
         "mean sd, se or half an interval; write the value here and the other number in the column that it is: sd, "
         "se, or ci_low and ci_high"),
        ({"n": "1,234"}, "column n (results!K2): found '1,234'; a comma followed by three digits may be a decimal "
         "comma or a thousands separator; write 1.234 or 1234"),
    ],
)  # fmt: skip
def test_cells_and_row_rules_of_results(folder: Folder, cells: dict[str, str], message: str) -> None:
    folder.result(**cells)
    assert folder.messages() == [f"results.csv line 2, {message}"]


def test_bodies_of_studies_are_sources_or_declared(folder: Folder) -> None:
    folder.write("studies.csv", "study_id,status,corpus\nsmith-r01,included,papr\n")
    head = "statement_id,topic,corpus,statistic,source_id,locator\n"
    folder.write("statements.csv", head + "a,count,meta,n,paper,p. 1\nb,count,papers-2,n,paper,p. 1\n")
    assert folder.messages() == [
        "studies.csv line 2, column corpus (studies!C2): found 'papr'; the id of a body of studies is a source_id; "
        "did you mean 'paper'?",
        "statements.csv line 3, column corpus (statements!C3): found 'papers-2'; a body of studies is a source, one of "
        "corpora in review.yaml, or meta; did you mean 'paper'?",
    ]
    folder.write("studies.csv", "study_id,status,corpus\nsmith-r01,included,paper\n")
    folder.write("review.yaml", "id: small\ntitle: T\nquestion: Q\ncorpora:\n  - {id: papers-2, label: Another}\n")
    assert folder.messages() == []


NESTED = "id: small\ntitle: T\nquestion: Q\nnested_units:\n  - {{kind: {}, whole: {}}}\n"
KIND = "a kind of nested units is one that results have"


@pytest.mark.parametrize(
    ("kind", "whole", "units", "message"),
    [
        ("roi", "all", ("roi:1", "roi:all"), ""),
        ("rois", "all", ("roi:1", "roi:all"), f"kind: warning: found 'rois'; {KIND}; did you mean 'roi'?"),
        ("image", "all", ("roi:1", "seed:1"), f"kind: warning: found 'image'; {KIND}; name one of roi, seed, or remove "
         "the entry"),
        ("roi", "all", ("", ""), f"kind: warning: found 'roi'; {KIND}; no result has a unit; write units as kind:name "
         "into results, or remove the entry"),
        ("roi", "al", ("roi:1", "roi:all"), "whole: warning: found 'al'; the whole of nested units is a unit of kind "
         "roi that results have; did you mean 'all'?"),
    ],
)  # fmt: skip
def test_nested_units_that_no_result_has(
    folder: Folder, kind: str, whole: str, units: tuple[str, str], message: str
) -> None:
    folder.write("review.yaml", NESTED.format(kind, whole))
    folder.results(*({"unit": unit, "metric": metric} for unit, metric in zip(units, ("dice", "f1"), strict=True)))
    assert folder.messages() == ([f"review.yaml, key nested_units.0.{message}"] if message else [])
    assert folder.check().ok


def test_a_text_source_is_cited_by_line(folder: Folder) -> None:
    folder.write("sources.csv", f"source_id,title,sha256\npaper,A paper,{'0' * 64}\n")
    folder.results(
        {"locator": "L10; Table 3"}, {"locator": "L12-10", "metric": "f1"}, {"locator": "Table 3", "metric": "recall"}
    )
    folder.write(
        "experiments.csv", "experiment_id,study_id,method,source_id,locator\nsmith-r01.unet,smith-r01,U,paper,L0\n"
    )
    backwards = "a range of lines starts at line 1 or later and does not run backwards; write the smaller number first"
    assert folder.messages() == [
        f"experiments.csv line 2, column locator (experiments!E2): found 'L0'; {backwards}",
        f"results.csv line 3, column locator (results!N3): found 'L12-10'; {backwards}",
        "results.csv line 4, column locator (results!N4): found 'Table 3'; a place in a text source names its line; "
        "start it with the line, such as L1715 or L10-12",
    ]


FACTS = "study_id,attribute,value,source_id,locator\n"
STATED = "the value in use is stated by a row of study_facts"


def test_an_attribute_in_use_is_among_its_facts(folder: Folder) -> None:
    folder.write(
        "studies.csv",
        "study_id,status,year,category,targets,code,hardware\n"
        "smith-r01,included,2021,CNN,neurons; axons,yes,2 x A; B\n",
    )
    facts = [
        "year,2020",
        "category,CNN",
        "category,Hybrid",
        "targets,neurons",
        "targets,glia",
        "hardware,2 x A",
        "hardware,B",
    ]
    rows = [f"smith-r01,{fact},paper,p. {number}\n" for number, fact in enumerate(facts, 1)]
    folder.write("study_facts.csv", FACTS + "".join(rows))
    assert folder.messages() == [
        f"studies.csv line 2, column year (studies!C2): found '2021'; {STATED}; "
        "use one of the values stated, or add a fact; stated: 2020",
        f"studies.csv line 2, column targets (studies!E2): found 'neurons; axons'; {STATED}; "
        "use one of the values stated, or add a fact; stated: glia, neurons",
        f"studies.csv line 2, column code (studies!F2): found 'yes'; {STATED}; add the fact with its source and place "
        "(smith-r01, code), or leave the cell blank",
    ]


def test_without_any_facts_the_check_says_so_once(folder: Folder) -> None:
    folder.write("studies.csv", "study_id,status,category,code\nsmith-r01,included,CNN,yes\n")
    assert folder.messages() == [
        "studies.csv: warning: there is no table study_facts; an attribute of a study has its evidence in study_facts; "
        "add the table: study_id, attribute, value, source_id, locator, printed, uncertain, note"
    ]


def test_data_set_attributes_agree_with_the_facts_there_are(folder: Folder) -> None:
    folder.write(
        "datasets.csv",
        "dataset_id,name,modality,species,voxel_z_nm,voxel_y_nm,voxel_x_nm,access\na,A,SEM,mouse,40,4,4.0,NR\n",
    )
    head = "dataset_id,attribute,value,source_id,locator\n"
    folder.write(
        "dataset_facts.csv",
        head + "a,voxel_nm,40 x 4 x 4,paper,p. 1\na,modality,TEM,paper,p. 1\na,access,not reported,paper,p. 1\n",
    )
    folder.write("experiments.csv", "experiment_id,study_id,method,source_id,locator,dataset_id\n"
                 "smith-r01.unet,smith-r01,U-Net,paper,p. 3,a\n")  # fmt: skip
    assert folder.messages() == [
        "datasets.csv line 2, column modality (datasets!C2): found 'SEM'; the value in use is stated by a row of "
        "dataset_facts; use one of the values stated, or add a fact; stated: TEM"
    ]


def test_attribute_values_are_those_of_the_configuration(folder: Folder) -> None:
    folder.write(
        "review.yaml",
        "id: small\ntitle: T\nquestion: Q\nattributes:\n  category: [CNN, Transformer]\n  targets: [neurons]\n",
    )
    folder.write(
        "studies.csv",
        "study_id,status,category,targets\nsmith-r01,included,cnn,neurons; axons\nlee-r02,included,unclear,neurons\n",
    )
    facts = [
        "smith-r01,category,cnn",
        "smith-r01,targets,neurons; axons",
        "lee-r02,category,unclear",
        "lee-r02,targets,neurons",
    ]
    folder.write("study_facts.csv", FACTS + "".join(f"{fact},paper,p. 1\n" for fact in facts))
    remedy = "write one of them, or add the value to attributes in review.yaml"
    assert folder.messages() == [
        "studies.csv line 2, column category (studies!C2): found 'cnn'; category is one of those in review.yaml: CNN, "
        f"Transformer; {remedy}",
        "studies.csv line 2, column targets (studies!D2): found 'neurons; axons'; targets is one of those in "
        f"review.yaml: neurons; {remedy}",
    ]


def test_a_broken_column_of_many_rows_stays_readable(folder: Folder) -> None:
    rows = "".join(f"smith-r01.unet,dice,image:{number},x,paper,p. 1\n" for number in range(100_000))
    folder.write("results.csv", "experiment_id,metric,unit,value,source_id,locator\n" + rows)
    report = folder.check()
    assert report.errors == 100_000
    assert len(report.problems) == 1000
    assert str(report.problems[-1]).endswith("  … and 99,000 more like this")


def test_a_source_cited_by_record_is_no_text_though_it_has_a_digest(folder: Folder) -> None:
    folder.write("sources.csv", f"source_id,title,sha256\npaper,A paper,{'0' * 64}\n")
    folder.results({"locator": "record 7; column dice"}, {"locator": "L12", "metric": "f1"})
    assert folder.messages() == []


FLOW = "data,n,source_id,locator\n"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "records_screned,500,,",
            "flow.csv line 2, column data (flow!A2): found 'records_screned'; a count has a name of the PRISMA 2020 "
            "template, or is other_results; did you mean 'records_screened'?",
        ),
        (
            "duplicates,5,,\nduplicates,6,,",
            "flow.csv line 3, column data (flow!A3): found 'duplicates'; each count stands once; keep one of the two; "
            "put the other figure into the note (the other is line 2)",
        ),
        (
            "duplicates,-5,,",
            "flow.csv line 2, column n (flow!B2): found '-5'; a count is a whole number, or a list of reasons with "
            "their counts; write it like 12, or like Wrong population, 5; Not found, 2",
        ),
    ],
)
def test_counts_of_the_flow(folder: Folder, row: str, message: str) -> None:
    folder.write("flow.csv", FLOW + row + "\n")
    assert folder.messages() == [message]


def test_a_list_of_the_flow_may_take_several_rows(folder: Folder) -> None:
    folder.write("flow.csv", FLOW + "database_specific_results,5,,\ndatabase_specific_results,6,,\nscreening,,,\n")
    assert folder.messages() == []
