"""What leaves the explorer, and what enters it: files, hostile text, and the rules for both, equal to Python's."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from explorer_reviews import FORMULA, HOSTILE, LATEX, hostile
from test_explorer_browser import column, go

from metareview import load
from metareview.report.tables.csv import neutralise
from metareview.report.tables.tex_escape import escape_tex
from metareview.report.views.format import round_half_up

pytestmark = pytest.mark.needs_chromium


@pytest.fixture(scope="module")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser with the explorer of the hostile review."""
    folder = tmp_path_factory.mktemp("explorer")
    (folder / "hostile.html").write_text(load(hostile(folder / "hostile")).explorer(), encoding="utf-8")
    with Browser(chromium) as opened:
        opened.open(folder / "hostile.html")
        yield opened
        assert opened.problems == []


def test_exports_are_safe(browser: Browser) -> None:
    for view in ("board", "cells"):
        go(browser, f"#view={view}")
        rows = list(csv.reader(io.StringIO(browser.run("explorer.exported('csv')"))))
        names = {row[0] for row in rows[1:]}
        assert names == {neutralise(name) for name in (HOSTILE, FORMULA, LATEX)}
        assert "'" + FORMULA in names
        tex = browser.run("explorer.exported('tex')")
        assert "\\input{secret}" not in tex
        assert escape_tex(LATEX) in tex
        assert tex.count("\\begin{") == tex.count("\\end{") == 1
    browser.run("document.getElementById('csv').click()")
    browser.run("document.getElementById('tex').click()")


def test_text_rules_are_those_of_python(browser: Browser) -> None:
    texts = [FORMULA, LATEX, "-0.5", " =1", "+1e5", "\tx", "\uff1d1", "a--b", "-", "[x]*", "αβγ ⁻¹", "x_1^2~"]
    texts += ["naïve Å ẽ Ő ć \u0237\u0302 \u7f51 \U0001d4b3"]
    texts += [chr(code) for code in range(32, 1500) if unicodedata.category(chr(code))[0] != "C"]
    assert browser.run(f"{json.dumps(texts)}.map(explorer.escapeTex)") == [escape_tex(text) for text in texts]
    assert browser.run(f"{json.dumps(texts)}.map(explorer.neutralise)") == [neutralise(text) for text in texts]
    numbers = [(0.9305, 3), (-2.5, 0), (1e-7, 3), (123456.785, 2), (0.0, 2), (-0.0004, 3), (1e21, 1), (0.1 + 0.2, 4)]
    assert browser.run(f"{json.dumps(numbers)}.map(([value, digits]) => explorer.fixed(value, digits))") == [
        f"{round_half_up(value, digits):f}" for value, digits in numbers
    ]


def test_hostile_text_is_shown_and_does_nothing(browser: Browser) -> None:
    for view in ("board", "cells"):
        go(browser, f"#view={view}")
        browser.run(
            "document.querySelector(`#${explorer.state().view === 'board' ? 'board' : 'list'} button.value`).click()"
        )
        assert browser.run("document.querySelectorAll('img').length") == 0
        browser.run("document.getElementById('close').click()")
    assert HOSTILE in column(browser, "list", "Method")
    assert browser.run("document.title") == "Explorer: Speech recognition on two test sets"


@pytest.mark.needs_tex
@pytest.mark.parametrize("view", ["board", "cells"])
def test_latex_compiles(browser: Browser, tmp_path: Path, view: str) -> None:
    go(browser, f"#view={view}")
    table = browser.run("explorer.exported('tex')")
    packages = "\\usepackage{booktabs,longtable}\\usepackage[paperwidth=300cm,paperheight=100cm]{geometry}"
    page = f"\\documentclass{{article}}{packages}\\begin{{document}}\n{table}\\end{{document}}\n"
    (tmp_path / "page.tex").write_text(page, encoding="utf-8")
    program = shutil.which("pdflatex") or "pdflatex"
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
