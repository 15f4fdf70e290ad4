"""Folders, configuration, and the reports of a check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metareview.errors import InputError, ProblemsFound, UnknownName
from metareview.ingest import check_review, empty_frame, read_review, read_spec, read_table, table_files
from metareview.schema import TABLES

if TYPE_CHECKING:
    from conftest import Folder

ENDS = "a file that is read is named after a table and ends in .csv or .xlsx"
YAML = "review.yaml is a YAML file in UTF-8"


def test_read_review_gives_every_table(folder: Folder) -> None:
    review = read_review(folder.path)
    assert review.spec.id == "small"
    assert list(review.tables) == list(TABLES)
    for name, frame in review.tables.items():
        assert list(frame.columns) == [*TABLES[name].columns, "file", "line", "codes"]
        assert frame.dtypes.to_dict() == empty_frame(name).dtypes.to_dict()
    assert len(review.tables["results"]) == 1
    assert len(review.tables["claims"]) == 0


def test_read_review_raises_with_all_problems(folder: Folder) -> None:
    folder.result(value="x", level="cels")
    with pytest.raises(ProblemsFound) as caught:
        read_review(folder.path)
    assert str(caught.value).splitlines()[0] == "small: 2 problems"
    assert len(caught.value.problems) == 2
    assert caught.value.exit_code == 1


def test_reading_twice_gives_the_same(folder: Folder) -> None:
    folder.results({"value": "x"}, {"n": "0"}, {"metric": "dicee"})
    assert folder.check().to_json() == folder.check().to_json()


def test_the_report_for_machines(folder: Folder) -> None:
    folder.result(value="94.8")
    report = json.loads(folder.check().to_json())
    assert report == {
        "review": "small", "ok": False, "errors": 1, "warnings": 0,
        "counts": {"sources": 1, "studies": 1, "experiments": 1, "results": 1}, "printed_verified": None,
        "problems": [{
            "file": "results.csv", "row": 2, "column": "value", "address": "results!F2", "found": "94.8",
            "rule": "dice is a proportion between 0 and 1", "remedy": "write 0.948 or set scale to percent",
            "severity": "error", "more": 0,
        }],
    }  # fmt: skip


def test_no_review(tmp_path: Path) -> None:
    for path, message in [
        (tmp_path / "nothing", "is not there; give the folder of a review"),
        (tmp_path, "is no review: it has neither review.yaml nor a table; metareview init makes one"),
        (Path(__file__), "is a file; give the folder of a review, or an XLSX workbook with its tables"),
    ]:
        with pytest.raises(InputError) as caught:
            check_review(path)
        assert str(caught.value) == f"{path} {message}"
        assert caught.value.exit_code == 2


def test_missing_tables_and_configuration(folder: Folder) -> None:
    for name in ("review.yaml", "results.csv"):
        (folder.path / name).unlink()
    assert folder.messages() == [
        f"review.yaml: the file is not there; {YAML}; write one with at least id, title and question",
        "results.csv: the table results is not in small; a review has sources, studies, experiments and results; "
        "add results.csv or a sheet results",
    ]


def test_files_that_look_like_tables_are_not_passed_over(folder: Folder) -> None:
    for name in ("results.ods", "reslts.csv", "Studies.csv", "notes.txt", "README.md", ".hidden.csv", "~$x.xlsx"):
        folder.write(name, "x\n")
    assert folder.messages() == [
        f"Studies.csv: the file is not read; {ENDS}; rename it to studies.csv",
        f"reslts.csv: warning: the file is not read; {ENDS}; did you mean 'results'?",
        f"results.ods: the file is not read; {ENDS}; save it as results.csv or results.xlsx",
    ]


def test_a_table_in_two_files(folder: Folder) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "results"
    book.save(folder.path / "review.xlsx")
    assert folder.messages() == [
        "results.csv: the table results is in results.csv and review.xlsx; a table is in one file; remove all but one"
    ]
    book.save(folder.path / "second.xlsx")
    assert folder.messages() == [
        "review.xlsx: there are several workbooks: review.xlsx, second.xlsx; a review has one workbook that is not "
        "named after a table; keep one here, move the others away"
    ]
    with pytest.raises(ProblemsFound):
        table_files(folder.path)


def test_table_files(folder: Folder) -> None:
    names = ["sources", "studies", "experiments", "results"]
    assert table_files(folder.path) == {name: folder.path / f"{name}.csv" for name in names}


def test_read_table(folder: Folder) -> None:
    spec = read_spec(folder.path)
    assert read_table(folder.path, "results", spec)["value"].tolist() == [0.85]
    assert read_table(folder.path, "claims", spec).equals(empty_frame("claims"))
    with pytest.raises(UnknownName, match="did you mean 'results'"):
        read_table(folder.path, "reslts", spec)
    folder.result(value="x")
    with pytest.raises(ProblemsFound, match="small, table results: 1 problem"):
        read_table(folder.path, "results", spec)
    assert len(read_table(folder.path, "studies", spec)) == 1


GOOD = "id: small\ntitle: T\nquestion: Q\n"
BAD_YAML: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["review.yaml: the file holds no keys; review.yaml has id, title, question …; write key: value"]),
    "list": ("- a\n", ["review.yaml: the file is not a mapping of keys to values; review.yaml has id, title, question "
                       "…; write key: value"]),
    "bytes": (b"\xff\xfe", [f"review.yaml: byte 1 is not UTF-8; {YAML}; save it as UTF-8"]),
    "key twice": (GOOD + "id: b\n", [f"review.yaml line 4: the key 'id' stands twice (character 1); {YAML}; "
                                     "correct the line"]),
    "tab": ("id: x\n\ttitle: y\n", ["review.yaml line 2: found character '\\t' that cannot start any token "
                                    f"(character 1); {YAML}; correct the line"]),
    "alias": ("id: &a x\ntitle: *a\n", ["review.yaml line 2: an alias (*name) is not used here; write the value out "
                                        f"(character 8); {YAML}; correct the line"]),
    "depth": ("[" * 5000, [f"review.yaml: it nests too deep; {YAML}; correct it"]),
    "code": ('!!python/object/apply:os.system ["true"]',
             ["review.yaml line 1: could not determine a constructor for the tag "
              f"'tag:yaml.org,2002:python/object/apply:os.system' (character 1); {YAML}; correct the line"]),
    "words": (
        "id: X Y\ntitle: no\nquestion: Q\ncompositte: 1\ncomposite: {metrics: [dice], witin: mean}\nmetrics: [dice]\n",
        ["review.yaml line 1, key id: found 'X Y'; an id is lower-case letters and digits in groups joined by - _ or "
         ".; correct it",
         "review.yaml line 2, key title: found 'False'; text is expected; put the value in quotes",
         "review.yaml line 4, key compositte: found 'compositte'; there is no such key; did you mean 'composite'?",
         "review.yaml line 5, key composite.witin: found 'witin'; there is no such key; did you mean 'within'?",
         "review.yaml line 6, key metrics.0: found 'dice'; a mapping of keys to values is expected here; define the "
         "metric with its keys; one of the vocabulary is listed under metrics_in_use"],
    ),
    "missing": ("id: small\ntitle: T\n",
                ["review.yaml: there is no key question; review.yaml has question; add it"]),
    "metric": (GOOD + "metrics_in_use: [dic]\n",
               ["review.yaml: not in the metric vocabulary: dic; define them under metrics; the keys fit together; "
                "correct one of them"]),
    "alias of two metrics": (
        GOOD + "metrics:\n  - {key: wer, name: WER, aliases: [DSC], direction: lower, family: other, definition: d, "
        "source: s}\n",
        ["review.yaml: 'DSC' would name two metrics, 'dice' and 'wer'; drop it from one of them; one name means one "
         "metric; change metrics"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_YAML)
def test_bad_configuration(folder: Folder, case: str) -> None:
    content, messages = BAD_YAML[case]
    folder.write("review.yaml", content)
    assert folder.messages() == messages
    with pytest.raises(ProblemsFound):
        read_spec(folder.path)


def test_a_metric_of_the_review_s_own(folder: Folder) -> None:
    folder.write(
        "review.yaml",
        GOOD + "metrics:\n  - {key: wer, name: WER, aliases: [word error rate], direction: lower, low: 0, "
        "family: other, definition: d, source: s}\n",
    )
    folder.result(metric="Word Error Rate", value="1.2")
    report = folder.check()
    assert report.problems == ()
    assert report.tables is not None
    assert report.tables.tables["results"]["metric"].tolist() == ["wer"]
