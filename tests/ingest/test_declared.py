"""Names and metrics of review.yaml that no table can fill are told by the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Folder

HEAD = "id: small\ntitle: T\nquestion: Q\n"
MASE = (
    "metrics:\n  - {key: mase, name: MASE, direction: lower, low: 0, family: other, default_scale: native,\n"
    "     definition: Scaled error, source: A paper}\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("leaderboards: [{id: main, title: T, metrics: [dice], datasets: [exampl]}]",
         "leaderboards.main.datasets: found 'exampl'; a data set is one of datasets; did you mean 'example'?"),
        ("leaderboards: [{id: main, title: T, metrics: [dice], datasets: [example], source_id: papr}]",
         "leaderboards.main.source_id: found 'papr'; a document is one of sources; did you mean 'paper'?"),
        ("rankings: [{id: main, title: T, datasets: [zzz]}]",
         "rankings.main.datasets: found 'zzz'; a data set is one of datasets; name one of example"),
        ("syntheses: [{id: s, title: T, metric: dice, select: {studies: [smit-r01]}}]",
         "syntheses.s.select.studies: found 'smit-r01'; a study is one of studies; did you mean 'smith-r01'?"),
        ("groups: {by: categry, metrics: [dice]}",
         "groups.by: found 'categry'; groups are made by a column of studies; did you mean 'category'?"),
        ("groups: {reference: Clasical, metrics: [dice]}",
         "groups.reference: found 'Clasical'; the reference is a category of the studies; did you mean 'Classical'?"),
        ("groups: {reference: Classical, metrics: [dice]}", None),
        ("composite: {metrics: [dice], corpus: papers}",
         "composite.corpus: found 'papers'; a document is one of sources; did you mean 'paper'?"),
        (MASE + "composite: {metrics: [dice, mase]}",
         "composite.orientation: found 'mase'; mase is better when lower and has no transform; declare 1-x (for scores "
         "in [0, 1]), 1/(1+x) or exp(-x) for it"),
        (MASE + "composite: {metrics: [dice, mase], orientation: {mase: 1/(1+x)}}", None),
    ],
)  # fmt: skip
def test_what_review_yaml_names_is_there(folder: Folder, text: str, message: str | None) -> None:
    folder.write("review.yaml", f"{HEAD}{text}\n")
    folder.write("studies.csv", "study_id,status,category\nsmith-r01,included,Classical\n")
    folder.write("datasets.csv", "dataset_id,name,source_id,locator\nexample,Example,paper,p. 2\n")
    found = [line for line in folder.messages() if line.startswith("review.yaml")]
    assert found == ([f"review.yaml, key {message}"] if message else [])


def test_a_review_without_data_sets_yet_is_not_told_off(folder: Folder) -> None:
    folder.write("review.yaml", f"{HEAD}leaderboards: [{{id: m, title: T, metrics: [dice], datasets: [d]}}]\n")
    assert folder.messages() == []


@pytest.mark.parametrize("metric", ["MASE", "sMAPE", "RMSE"])
def test_an_abbreviation_is_not_taken_for_another_metric(folder: Folder, metric: str) -> None:
    folder.result(metric=metric)
    assert folder.messages()[0].endswith("a metric is in the vocabulary; define it in review.yaml under metrics")


def test_a_mistyped_metric_is_named_and_may_be_a_new_one(folder: Folder) -> None:
    folder.result(metric="jacard")
    assert "did you mean 'jaccard'? Otherwise define it in review.yaml under metrics" in folder.messages()[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("syntheses: [{id: s, title: T, metric: dice, contrast: {first: a, second: b, match: []}}]",
         "line 4: syntheses.0.contrast.match is an empty list; a list of at least 1 entry is expected; list what is "
         "meant, or leave the key out"),
        ("metrics_in_use: {a: b}",
         "line 4, key metrics_in_use: found 'keys and values'; the value should be a valid list; correct it"),
    ],
)  # fmt: skip
def test_values_of_the_wrong_kind_are_told_in_words_of_yaml(folder: Folder, text: str, message: str) -> None:
    folder.write("review.yaml", f"{HEAD}{text}\n")
    assert folder.messages() == [f"review.yaml {message}"]
