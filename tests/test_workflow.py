"""The workflow on a small review from another field: built from nothing, rebuilt by need, killed, broken."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metareview.cli.step import step_app
from metareview.report.figures.registry import FigureSpec
from metareview.workflow.plan import Family, Plan, code_digest, plans

STUDIES = Path(__file__).parent.parent / "data" / "studies"

RESULTS = """experiment_id,metric,value,scale,source_id,locator,printed
jones.forest.cracks,f1,0.81,proportion,jones-2021,p. 4; Table 1,0.81
jones.net.cracks,f1,88.5,percent,jones-2021,p. 4; Table 1,88.5%
lee.net.cracks,f1,0.86,proportion,lee-2022,p. 7,.86
lee.net.roads,f1,0.79,proportion,lee-2022,p. 7,.79
"""
SHEETS = {
    "review.yaml": """id: cracks
title: Crack detection in concrete
question: Which method finds cracks?
corpora: [{id: jones-2021, label: Jones}, {id: lee-2022, label: Lee}]
attributes: {category: [Classical, Neural]}
composite: {metrics: [f1]}
groups: {by: category, metrics: [f1]}
leaderboards: [{id: cracks, title: Cracks, datasets: [cracks], metrics: [f1]}]
""",
    "sources.csv": "source_id,title\njones-2021,Jones 2021\nlee-2022,Lee 2022\n",
    "studies.csv": "study_id,corpus,status,authors\njones,jones-2021,included,Jones\nlee,lee-2022,included,Lee\n",
    "datasets.csv": "dataset_id,name\ncracks,Cracks\nroads,Roads & <b>bridges</b>\n",
    "experiments.csv": """experiment_id,study_id,method,category,dataset_id,source_id,locator
jones.forest.cracks,jones,Random forest,Classical,cracks,jones-2021,p. 4; Table 1
jones.net.cracks,jones,Net_1 & co,Neural,cracks,jones-2021,p. 4; Table 1
lee.net.cracks,lee,@Net \\input{x},Neural,cracks,lee-2022,p. 7
lee.net.roads,lee,<script>alert(1)</script>,Neural,roads,lee-2022,p. 7
""",
    "results.csv": RESULTS,
}


def make(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, text in SHEETS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "metareview", "build", str(folder), "--cores", "2", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def state(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for kind in ("results", "views")
        for path in sorted((folder / "report" / ".work" / kind).glob("*.json"))
    }


@pytest.mark.slow
def test_a_review_from_another_field_end_to_end(tmp_path: Path) -> None:
    """Init, fill in, build; edit a cell, and only what depends on it is built again; break it, kill it."""
    folder = make(tmp_path / "cracks")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    page = folder / "report" / "report.html"
    assert done.stdout.strip() == str(page)
    text = page.read_text(encoding="utf-8")
    assert "<script>alert(1)</script>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "Crack detection in concrete" in text
    assert '<a href="explorer.html">' in text
    explorer = page.with_name("explorer.html").read_text(encoding="utf-8")
    assert "<script>alert(1)</script>" not in explorer
    assert '<a href="report.html">' in explorer
    csv = (folder / "report" / "tables" / "leaderboard-cracks.csv").read_text(encoding="utf-8")
    assert "0.885" in csv
    assert ",@Net" not in csv
    assert "\\input{x}" not in (folder / "report" / "tables" / "leaderboard-cracks.tex").read_text(encoding="utf-8")

    # nothing to do the second time
    before = state(folder)
    assert build(folder).returncode == 0
    assert state(folder) == before

    # one cell of the sources: the page and the views that name documents change, no statistic does
    sheet = folder / "sources.csv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("Lee 2022", "Lee and Park 2022"), encoding="utf-8")
    assert build(folder).returncode == 0
    after = state(folder)
    assert [name for name in after if "/results/" in name and after[name] != before[name]] == []
    assert "Lee and Park 2022" in page.read_text(encoding="utf-8")

    # a mistake: the message names the cell, and the last good report stays
    good = page.read_bytes()
    (folder / "results.csv").write_text(RESULTS.replace("0.86", "8.6"), encoding="utf-8")
    done = build(folder)
    assert done.returncode == 1
    assert "results.csv line 4, column value" in done.stderr
    assert "Traceback" not in done.stderr
    assert page.read_bytes() == good

    # killed at some moment: the last good report stays, and the next build finishes
    (folder / "results.csv").write_text(RESULTS.replace("0.86", "0.87"), encoding="utf-8")
    command = [sys.executable, "-m", "metareview", "build", str(folder), "--cores", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as run:
        time.sleep(6)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert page.read_bytes() == good or b"0.87" in page.read_bytes()
    assert build(folder).returncode == 0
    assert "0.87" in (folder / "report" / "tables" / "leaderboard-cracks.csv").read_text(encoding="utf-8")


def test_a_view_reads_what_it_says(tmp_path: Path) -> None:
    plan = Plan(make(tmp_path / "cracks"), Path("out"))
    assert {Path(path).name for path in plan.reads("datasets")} >= {"datasets.csv", "review.yaml"}
    assert "results.csv" not in {Path(path).name for path in plan.analysis_inputs("flow")}
    assert "out/tables/leaderboard-cracks.csv" in plan.published
    assert "out/report.html" in plan.published
    assert "out/explorer.html" in plan.published
    assert {Path(path).name for path in plan.explorer_sheets} >= {"results.csv", "experiments.csv", "studies.csv"}


@pytest.mark.parametrize("review", ["brain-em", "em-public"])
def test_every_view_and_figure_is_made_once_and_from_what_it_needs(review: str) -> None:
    plan = Plan(STUDIES / review, Path("out"))
    families = plan.families.values()
    assert sorted(name for family in families for name in family.views) == sorted(plan.views)
    assert sorted(name for family in families for name in family.figures) == sorted(plan.figures)
    for family in families:
        at_hand = {*plan.family_inputs(family), *plan.view_files(family.views)}
        assert at_hand >= {path for name in family.views for path in plan.result_files(plan.views[name].results)}
        assert at_hand >= {path for name in family.figures for path in plan.view_files(plan.figures[name].views)}
        assert len({plan.reads(name) for name in family.views}) == 1
    # a build has few processes, and yet the cells of one table leave alone what does not rest on it
    assert len(families) < len(plan.views) / 4
    claims = {name for name in plan.views if any(path.endswith("/claims.csv") for path in plan.reads(name))}
    assert claims <= {name for name in plan.views if name.startswith(("audit", "reconstruction"))}


def test_every_step_is_of_its_review(root: Path) -> None:
    """Also one that reads nothing but spreadsheets in a folder of the review."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", "--printshellcmds", "--nolock"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    printed = done.stdout + done.stderr
    for review in ("data/studies/brain-em", "data/studies/em-public"):
        for kind in ("statistics", "views"):
            assert f"metareview step {kind} {review} " in printed
    told = set(re.findall(r"metareview step (?:statistics|views) (\S+)", printed))
    assert told == {"data/studies/brain-em", "data/studies/em-public"}


def test_a_figure_of_views_that_rest_on_different_sheets(tmp_path: Path) -> None:
    """It is drawn with what rests on all of them, or else by a process of its own, from the rows on disk."""
    plan = Plan(make(tmp_path / "cracks"), Path("out"))
    (folder := plan.folder).joinpath("flow.csv").write_text("source_id\n", encoding="utf-8")
    folder.joinpath("claims.csv").write_text("claim_id\n", encoding="utf-8")
    mixed = FigureSpec("mixed", "Mixed", "audit", ("prisma", "audit"), "nowhere:draw")
    plan.__dict__["figures"] = {"mixed": mixed}
    family = plan.families["mixed"]
    assert family == Family([], ["mixed"])
    assert plan.family_inputs(family) == plan.view_files(["audit", "prisma"])
    assert plan.figure_files(family.figures) == ["out/.work/figures/mixed.svg", "out/.work/figures/mixed.png"]


def test_a_figure_is_drawn_from_the_rows_on_disk(tmp_path: Path) -> None:
    review, work = make(tmp_path / "cracks"), tmp_path / "work"
    run = CliRunner()
    for call in (["statistics", "flow"], ["views", "prisma", "exclusions"], ["views", "--figure=prisma"]):
        done = run.invoke(step_app, [call[0], str(review), *call[1:], "--work", str(work)])
        assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (work / "figures").iterdir()) == ["prisma.png", "prisma.svg"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "no review to build"),
        ({"reviews": ["a/x", "b/x"]}, "two reviews would write to reports/x; rename one of the folders"),
        ({"reviews": ["a", "b"], "to": "c"}, "`to` names the report folder of one review"),
    ],
)
def test_a_configuration_that_makes_no_sense(config: dict[str, object], message: str) -> None:
    from metareview.errors import InputError

    with pytest.raises(InputError, match=message):
        plans(config)


def test_unknown_names(tmp_path: Path) -> None:
    from metareview.errors import UnknownName

    plan = Plan(make(tmp_path / "cracks"), Path("out"))
    with pytest.raises(UnknownName, match="did you mean 'studies'"):
        plan.reads("study")
    with pytest.raises(UnknownName, match="statistic 'anova' is not known"):
        plan.analysis_inputs("anova")


def test_the_digest_is_stable() -> None:
    assert code_digest() == code_digest()
    assert len(code_digest()) == 16
