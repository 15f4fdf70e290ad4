"""The explorer's page as text: size, self-containment, escaping, what it holds, the same bytes twice."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from explorer_reviews import HOSTILE, empty, hostile, large
from small_review import write
from typer.testing import CliRunner

from metareview import load
from metareview.cli.app import app
from metareview.report.explorer import collect, encode
from metareview.report.explorer.data import who_of
from metareview.stats.benchmark.ranking.cube_tables import cube_from_tables, method_label

#: The page with two thousand values stays below this.
MOST_BYTES = 300_000


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(write(tmp_path_factory.mktemp("small") / "speech"))


def test_two_thousand_values_stay_small(tmp_path: Path) -> None:
    page = load(large(tmp_path / "large")).explorer()
    assert len(data_of(page)["cells"]) == 2000
    assert len(page.encode("utf-8")) < MOST_BYTES


@pytest.mark.parametrize("review", ["brain-em", "em-public"])
def test_the_reviews_of_the_project(root: Path, review: str) -> None:
    loaded = load(root / "data" / "studies" / review)
    page = loaded.explorer()
    assert len(page.encode("utf-8")) < MOST_BYTES
    assert page == load(root / "data" / "studies" / review).explorer()
    assert len(data_of(page)["cells"]) == len(collect(loaded.frames, loaded.spec).shown)


def test_nothing_is_fetched(small: Any) -> None:
    page = small.explorer()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe-inline" not in policy[1].split("script-src")[1].split(";")[0]
    shell = page.replace(re.search(r'id="data">.*?</script>', page, re.DOTALL)[0], "")  # type: ignore[index]
    assert not re.search(r"(src|href)=\"(?!#)|@import|url\(|fetch\(|XMLHttpRequest|WebSocket", shell)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    page = load(hostile(tmp_path / "hostile")).explorer()
    assert "<img" not in page
    assert page.count("<script") == 2
    assert all("\u2028" not in text for text in re.findall(r"<script.*?</script>", page, re.DOTALL))
    assert HOSTILE in data_of(page)["texts"]
    static = re.search(r"<noscript>.*</noscript>", page, re.DOTALL)
    assert static is not None
    assert html.escape("</script>") in static[0]


def test_a_review_without_cells_says_so(tmp_path: Path) -> None:
    page = load(empty(tmp_path / "empty")).explorer()
    assert "This review has no cells yet" in page
    assert "<script" not in page


def test_values_are_the_cells_of_the_cube(root: Path) -> None:
    """What the page may rank is what `metareview rank` ranks: same columns, same methods, same values."""
    for review in ("brain-em", "em-public"):
        loaded = load(root / "data" / "studies" / review)
        data = collect(loaded.frames, loaded.spec)
        cube = cube_from_tables(loaded.frames, loaded.spec, name=method_label("method", "setting", "study_id"))
        there = {
            (", ".join(part for part in who_of(shown.value.score) if part), shown.column, shown.value.value)
            for shown in data.shown
            if shown.column.level == "cell" and shown.column.dataset and data.direction(shown.column.metric)
            if not shown.standing
        }
        once = [entry for entry in cube.entries if len(entry.experiments) == 1]
        mine = {(who, c.dataset, c.metric, c.convention, value) for who, c, value in there}
        for entry in once:
            column = cube.columns[entry.column]
            key = (cube.methods_compared[entry.method], column.dataset, column.metric, column.convention or "unstated")
            assert (*key, entry.value) in mine
        assert {who for who, *_ in there} == set(cube.methods_compared)
        assert len({column for _, column, _ in there}) == len(cube.columns)


def test_study_means_come_along_and_are_marked(root: Path) -> None:
    loaded = load(root / "data" / "studies" / "brain-em")
    levels = [shown.column.level for shown in collect(loaded.frames, loaded.spec).shown]
    assert {level: levels.count(level) for level in set(levels)} == loaded.results["level"].value_counts().to_dict()


def test_audit_flags_stand_on_the_values_they_take_in(root: Path) -> None:
    loaded = load(root / "data" / "studies" / "brain-em")
    audit: Any = loaded.statistic("audit")
    data = collect(loaded.frames, loaded.spec, audit)
    verdicts = {row.statement: row for row in audit.rows}
    flagged = [(shown, flag) for shown in data.shown for flag in shown.flags]
    assert flagged
    for shown, flag in flagged:
        claim = verdicts[flag.statement]
        assert claim.verdict in ("contradicted", "contradicted_if")
        assert {score.source_id for score in shown.value.scores} == {claim.source}
        figures = {number for text in claim.printed for number in re.findall(r"\d+(?:\.\d+)?", text)}
        assert {re.findall(r"\d+(?:\.\d+)?", score.printed)[0] for score in shown.value.scores} <= figures


def test_units_are_one_value_with_their_sources(small: Any) -> None:
    data = encode(collect(small.frames, small.spec))
    mean = [cell for cell in data["cells"] if len(cell) > 4 and cell[4]]
    assert [(cell[2], cell[4]) for cell in mean] == [(0.25, 1)]
    assert len(data["refs"]) == len(data["cells"]) + 1


def test_dropped_results_are_counted_with_reasons(root: Path) -> None:
    loaded = load(root / "data" / "studies" / "em-public")
    data = collect(loaded.frames, loaded.spec)
    shown = sum(len(value.value.scores) for value in data.shown)
    assert shown + sum(data.left_out.values()) == len(loaded.results)


def test_the_verb(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    review = write(tmp_path / "speech")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["explorer", str(review)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "speech-explorer.html").is_file()
    (tmp_path / "reports" / "speech").mkdir(parents=True)
    assert CliRunner().invoke(app, ["explorer", str(review)]).exit_code == 0
    assert "Report</a>" not in (tmp_path / "reports" / "speech" / "explorer.html").read_text(encoding="utf-8")
    (tmp_path / "reports" / "speech" / "report.html").write_text("", encoding="utf-8")
    target = tmp_path / "reports" / "speech" / "other.html"
    assert CliRunner().invoke(app, ["explorer", str(review), "-o", str(target)]).exit_code == 0
    assert '<a href="report.html">Report</a>' in target.read_text(encoding="utf-8")
