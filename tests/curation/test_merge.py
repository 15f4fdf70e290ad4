"""Decisions become one review: applied, kept as data, repeatable, refused where they are stale."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metareview.cli.app import app
from metareview.curation.compare import compare
from metareview.curation.conflict_book import conflict_book
from metareview.curation.extraction import read_extraction
from metareview.curation.merge import Merged, merge
from metareview.curation.resolutions import Resolution, read_resolutions, resolutions_csv
from metareview.errors import InputError, ProblemsFound
from metareview.ingest import check_review, read_review
from tests.curation.two_extractors import Version

Pair = tuple[Version, Version]
runner = CliRunner()


def written(versions: Pair, path: Path) -> Path:
    """Write the conflicts workbook of two versions."""
    found = compare(*(read_extraction(version.path) for version in versions))
    path.write_bytes(conflict_book(found))
    return path


def fill(path: Path, sheet: str, *rows: dict[str, object]) -> Path:
    """Fill in decisions row by row, as a person does."""
    from openpyxl import load_workbook

    book = load_workbook(path)
    header = {cell.value: cell.column for cell in book[sheet][1]}
    for number, row in enumerate(rows, 2):
        for name, value in row.items():
            book[sheet].cell(number, header[name]).value = value
    book.save(path)
    return path


def merged(versions: Pair, resolutions: Path | None = None, **options: bool) -> Merged:
    decisions = read_resolutions(resolutions) if resolutions else ()
    return merge(*(read_extraction(version.path) for version in versions), decisions, **options)


def rows(done: Merged, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.files[f"{table}.csv"])))


def test_nothing_to_decide(versions: Pair) -> None:
    done = merged(versions)
    for name in ("sources", "studies", "experiments", "results"):
        assert done.files[f"{name}.csv"] == (versions[0].path / f"{name}.csv").read_text(encoding="utf-8")
    assert done.files["resolutions.csv"] == "id,table,key,field,a,b,choice,value,reason,who\n"


def test_choices(versions: Pair, tmp_path: Path) -> None:
    anna, ben = versions
    ben.edit("results", 0, value="0.58", note="blurred")
    ben.edit("results", 1, value="0.95")
    ben.edit("results", 2, value="0.62")
    anna.edit("results", 3, value="0.70", note="from the plot")
    ben.edit("results", 3, value="0.7022", note="from the plot")
    ben.edit("studies", 1, year="2022")
    book = fill(
        written(versions, tmp_path / "c.xlsx"), "conflicts",
        {"choice": "b", "reason": "a misprint", "who": "Cy"},
        {"choice": "A", "who": "Cy"},
        {"choice": "other", "value": 0.615, "reason": "table 3 says so", "who": "Cy"},
    )  # fmt: skip
    with pytest.raises(ProblemsFound, match="comes with a value"):  # the first row is that of studies
        merged(versions, fill(book, "conflicts", {"choice": "other"}))
    done = merged(versions, fill(book, "conflicts", {"choice": "B", "reason": "a misprint"}))
    found = rows(done, "results")
    assert [row["value"] for row in found] == ["0.85", "0.948", "0.615", "0.7022"]
    assert rows(done, "studies")[1]["year"] == "2022"
    assert (found[0]["note"], found[3]["note"]) == ("blurred", "from the plot")
    assert (done.resolved, done.rounded, done.unresolved) == (3, 2, 0)
    kept = {(row.field, row.choice, row.value, row.reason, row.who) for row in done.resolutions}
    assert ("value", "other", "0.615", "table 3 says so", "Cy") in kept


def test_repeated(versions: Pair, tmp_path: Path) -> None:
    """From the workbook, from resolutions.csv, and from rows in another order: the same bytes."""
    versions[1].edit("results", 0, value="0.58")
    versions[1].edit("results", 2, sd="0.01")
    book = fill(written(versions, tmp_path / "c.xlsx"), "conflicts", {"choice": "B"}, {"choice": "B", "reason": "x"})
    first = merged(versions, book)
    kept = tmp_path / "resolutions.csv"
    kept.write_text(first.files["resolutions.csv"], encoding="utf-8")
    assert merged(versions, kept).files == first.files
    versions[1].tables["results"].reverse()
    versions[1].orders["results"] = sorted(versions[1].tables["results"][0])
    versions[1].save()
    assert merged(versions, book).files == first.files
    versions[0].tables["results"].reverse()
    versions[0].save()
    again = merged(versions, book)
    assert sorted(again.files["results.csv"].splitlines()) == sorted(first.files["results.csv"].splitlines())
    assert again.files["resolutions.csv"] == first.files["resolutions.csv"]


def test_scales(versions: Pair, tmp_path: Path) -> None:
    versions[1].edit("results", 1, value="94.8", sd="1.20", scale="percent")
    book = written(versions, tmp_path / "c.xlsx")
    done = merged(versions, fill(book, "conflicts", {"choice": "B"}, {"choice": "B"}))
    assert [rows(done, "results")[1][name] for name in ("value", "sd", "scale")] == ["94.8", "1.20", "percent"]
    done = merged(versions, fill(book, "conflicts", {"choice": "B"}, {"choice": "A"}))
    assert [rows(done, "results")[1][name] for name in ("value", "sd", "scale")] == ["0.948", "0.0120", ""]


def test_rows_of_one(versions: Pair, tmp_path: Path) -> None:
    anna, ben = versions
    del anna.tables["results"][3]
    anna.save()
    del ben.tables["results"][0]
    ben.save()
    book = written(versions, tmp_path / "c.xlsx")
    done = merged(versions, fill(book, "rows", {"choice": "leave out", "reason": "no result"}, {"choice": "keep"}))
    assert [row["experiment_id"] for row in rows(done, "results")] == [f"smith-r01.unet{i}" for i in (1, 2, 3)]
    assert [(row.field, row.choice) for row in done.resolutions] == [("", "leave out"), ("", "keep")]


def test_a_table_that_one_lacks_is_kept(versions: Pair) -> None:
    (versions[0].path / "experiments.csv").unlink()
    assert len(rows(merged(versions), "experiments")) == 4


def test_stale(versions: Pair, tmp_path: Path) -> None:
    versions[1].edit("results", 0, value="0.58")
    book = fill(written(versions, tmp_path / "c.xlsx"), "conflicts", {"choice": "B"})
    with pytest.raises(ProblemsFound, match="A and B have changed places"):
        merged((versions[1], versions[0]), book)
    versions[1].edit("results", 0, value="0.59")
    with pytest.raises(ProblemsFound, match=r"stale: it was made for A '0.85' and B '0.58'; now A says '0.85'"):
        merged(versions, book)
    versions[1].edit("results", 0, value="0.85")
    with pytest.raises(ProblemsFound, match="stale: the two versions agree there now"):
        merged(versions, book)


def test_undecided(versions: Pair, tmp_path: Path) -> None:
    anna, ben = versions
    anna.edit("results", 0, sd="0.01")
    ben.edit("results", 0, sd="0.02", value="0.58")
    ben.edit("studies", 0, category="Hybrid")
    del ben.tables["results"][3]
    ben.save()
    with pytest.raises(ProblemsFound) as error:
        merged(versions, written(versions, tmp_path / "c.xlsx"))
    assert len(error.value.problems) == 4
    done = merged(versions, allow_unresolved=True)
    first = rows(done, "results")[0]
    assert (first["value"], first["sd"], first["uncertain"]) == ("0.85", "unclear", "yes")
    assert first["note"] == "unresolved value: A 0.85, B 0.58 | unresolved sd: A 0.01, B 0.02"
    assert rows(done, "studies")[0]["category"] == "unclear"
    assert rows(done, "results")[3]["note"] == "unresolved row: only A has it"
    assert {row.choice for row in done.resolutions} == {"unresolved"}
    assert done.unresolved == 4


def test_earlier_decisions_are_kept(versions: Pair, tmp_path: Path) -> None:
    before = Resolution(id="0" * 16, table="results", key="k", field="value", a="1", b="2", choice="A")
    (versions[0].path / "resolutions.csv").write_text(resolutions_csv([before]), encoding="utf-8")
    first = merged(versions)
    assert first.resolutions == (before,)
    kept = tmp_path / "resolutions.csv"
    kept.write_text(first.files["resolutions.csv"], encoding="utf-8")
    assert merged(versions, kept).files == first.files
    other = Resolution(id="1" * 16, table="results", key="k", field="value", a="1", b="2", choice="A")
    kept.write_text(resolutions_csv([other]), encoding="utf-8")
    with pytest.raises(ProblemsFound, match="stale"):
        merged(versions, kept)


def test_no_text_becomes_a_formula(versions: Pair, tmp_path: Path) -> None:
    versions[0].edit("results", 0, locator="=cmd|' /C calc'!A1")
    versions[1].edit("results", 0, locator="-1+1", printed="'quoted")
    book = fill(written(versions, tmp_path / "c.xlsx"), "conflicts", {"choice": "B"}, {"choice": "B"})
    first = merged(versions, book)
    lines = list(csv.DictReader(io.StringIO(first.files["resolutions.csv"])))
    assert [(row["a"], row["b"]) for row in lines] == [("'=cmd|' /C calc'!A1", "'-1+1"), ("0.85", "''quoted")]
    kept = tmp_path / "resolutions.csv"
    kept.write_text(first.files["resolutions.csv"], encoding="utf-8")
    assert merged(versions, kept).files == first.files


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"choice": "C"}, "one of: A, B, other"),
        ({"choice": "keep"}, "one of: A, B, other"),
        ({"choice": "other", "value": "0.5"}, "needs a reason"),
        ({"choice": "A", "value": "0.5"}, "goes with the choice other"),
        ({"choice": "other", "value": "=1+1", "reason": "x"}, "not a formula"),
        ({"choice": "other", "value": "much", "reason": "x"}, "cannot stand there: a number is expected"),
        ({"id": ""}, "carries the id"),
    ],
)
def test_decisions_that_are_none(versions: Pair, tmp_path: Path, cells: dict[str, object], words: str) -> None:
    versions[1].edit("results", 0, value="0.58")
    with pytest.raises(ProblemsFound, match=words):
        merged(versions, fill(written(versions, tmp_path / "c.xlsx"), "conflicts", cells))


def test_files_that_hold_no_decisions(tmp_path: Path) -> None:
    from openpyxl import Workbook

    with pytest.raises(InputError, match="is not there"):
        read_resolutions(tmp_path / "none.xlsx")
    book = Workbook()
    book.save(tmp_path / "empty.xlsx")
    with pytest.raises(InputError, match="has no sheet conflicts"):
        read_resolutions(tmp_path / "empty.xlsx")
    (tmp_path / "r.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="no row names the columns id and choice"):
        read_resolutions(tmp_path / "r.csv")
    (tmp_path / "r.ods").write_bytes(b"")
    with pytest.raises(InputError, match="neither a conflicts workbook"):
        read_resolutions(tmp_path / "r.ods")
    twice = Resolution(id="x", table="t", key="k", field="f", a="1", b="2", choice="A")
    (tmp_path / "r.csv").write_text(resolutions_csv([twice, twice]), encoding="utf-8")
    with pytest.raises(ProblemsFound, match="stands twice"):
        read_resolutions(tmp_path / "r.csv")


# The verbs


def run(*args: object) -> tuple[int, str]:
    done = runner.invoke(app, [str(arg) for arg in args])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_the_verbs(versions: Pair, tmp_path: Path) -> None:
    anna, ben = (version.path for version in versions)
    assert run("compare", anna, ben)[0] == 0
    versions[1].edit("results", 0, value="0.58")
    versions[1].edit("results", 3, experiment_id="smith-r01.unte3")
    book = tmp_path / "conflicts.xlsx"
    code, out = run("compare", anna, ben, "-o", book, "--names", "Ada,Bob")
    assert code == 1
    assert "Ada (A) and Bob (B): 10 shared rows, 1 conflicts, 0 equal as far as their digits go, 2 rows" in out
    assert "mistyped for 'smith-r01.unte3 | dice | unstated | cell | paper' (line 5)?" in out
    versions[1].edit("results", 3, experiment_id="smith-r01.unet3")
    fill(written(versions, book), "conflicts", {"choice": "A", "who": "Cy"})
    target = tmp_path / "merged"
    code, out = run("merge", anna, ben, "--resolutions", book, "-o", target)
    assert code == 0
    assert "1 decisions applied" in out
    assert check_review(target).ok
    assert not [problem for problem in check_review(target).problems if problem.file == "resolutions.csv"]
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    assert run("merge", anna, ben, "--resolutions", target / "resolutions.csv", "-o", target)[0] == 0
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before


def test_merge_overwrites_nothing(versions: Pair, tmp_path: Path) -> None:
    anna, ben = (version.path for version in versions)
    with pytest.raises(InputError, match="one of the two versions"):
        run("merge", anna, ben, "-o", anna)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"holds thesis\.txt, which is no earlier merge"):
        run("merge", anna, ben, "-o", tmp_path / "full")
    assert run("merge", anna, ben, "-o", tmp_path / "conflicts.csv" / "x")[0] == 0


def beside(version: Version, record: str = "a", tool: str = "ours") -> None:
    """Give a version a run record and an appraisal tool of its own."""
    for folder in ("reruns/runs", "tools"):
        (version.path / folder).mkdir(parents=True, exist_ok=True)
    (version.path / "reruns" / "runs" / f"{record}.json").write_text(f'{{"run_id": "{record}"}}\n', encoding="utf-8")
    text = f"extends: quadas-2\nid: {tool}\ntitle: Ours\n"
    (version.path / "tools" / f"{tool}.yaml").write_text(text, encoding="utf-8")


def test_tools_and_reruns_go_along(versions: Pair, tmp_path: Path) -> None:
    beside(versions[0])
    beside(versions[1])
    target = tmp_path / "merged"
    for _ in range(2):  # an earlier merge with folders in it is still an earlier merge
        code, out = run("merge", *(version.path for version in versions), "-o", target)
        assert (code, "differs" in out) == (0, False), out
    for name in ("reruns/runs/a.json", "tools/ours.yaml"):
        assert (target / name).read_bytes() == (versions[0].path / name).read_bytes()
    assert [tool.id for tool in read_review(target).spec.tools] == ["ours"]


def test_tools_of_both_and_reruns_of_one(versions: Pair) -> None:
    """Rows of re-runs and their records belong together, tools do not."""
    beside(versions[0])
    beside(versions[1], record="b", tool="theirs")
    done = merged(versions)
    assert {name for name in done.files if "/" in name} == {
        "reruns/runs/a.json", "tools/ours.yaml", "tools/theirs.yaml",
    }  # fmt: skip
    assert done.warnings == ("reruns/ differs; that of anna is used",)
    (versions[1].path / "tools" / "ours.yaml").write_text("extends: rob-2\nid: ours\ntitle: Ours\n", encoding="utf-8")
    assert "tools/ differs; that of anna is used" in merged(versions).warnings
    assert "quadas-2" in merged(versions).files["tools/ours.yaml"]
    (versions[0].path / "reruns" / "runs" / "a.json").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"a\.json cannot be read .*save it as UTF-8"):
        merged(versions)


def test_compare_json(versions: Pair) -> None:
    import json

    versions[1].edit("results", 0, value="0.58")
    code, out = run("compare", *(version.path for version in versions), "--json")
    body = json.loads(out)
    assert code == 1
    assert body["kind"] == "Comparison"
    assert body["conflicts"][0]["a"]["text"] == "0.85"


@pytest.mark.needs_libreoffice
@pytest.mark.slow
def test_saved_by_libreoffice(versions: Pair, tmp_path: Path) -> None:
    """A workbook that another program has written again decides the same."""
    import shutil
    import subprocess

    versions[1].edit("results", 0, value="0.58", note="=1+1")
    versions[1].edit("results", 1, value="94.8", scale="percent")
    book = fill(written(versions, tmp_path / "c.xlsx"), "conflicts", {"choice": "B"}, {"choice": "A", "reason": "x"})
    (tmp_path / "out").mkdir()
    program = shutil.which("soffice") or shutil.which("libreoffice") or "soffice"
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    subprocess.run(
        [program, home, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "out"), str(book)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    assert merged(versions, tmp_path / "out" / "c.xlsx").files == merged(versions, book).files
