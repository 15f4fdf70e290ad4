"""Renderers: hostile text, golden files, bytes that stay the same."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_views import HOSTILE, empty, hostile, ordinary, ref

from metareview.errors import InputError, UnknownName
from metareview.report.tables import FORMATS, RefIndex, cite, render, render_html, render_tex, render_xlsx, write_table
from metareview.report.tables.csv import neutralise
from metareview.report.tables.layout import lay_out
from metareview.report.tables.markdown import escape_md
from metareview.report.tables.tex_escape import escape_tex
from metareview.report.views.base import Cell, Column, View
from metareview.schema.source import SourceRef

GOLDEN = Path(__file__).parent / "golden"
TEXT_FORMATS = ("csv", "md", "html", "tex")


@pytest.mark.parametrize("format_", TEXT_FORMATS)
@pytest.mark.parametrize("make", [ordinary, hostile, empty])
def test_golden_files(make, format_):
    """Write them anew with METAREVIEW_GOLDEN=write, and read the diff before committing it."""
    view = make()
    found = render(view, format_).encode()
    path = GOLDEN / f"{view.name}.{format_}"
    if os.environ.get("METAREVIEW_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(found)
    assert found == path.read_bytes()


@pytest.mark.parametrize("make", [ordinary, hostile, empty])
def test_same_view_same_bytes(make, tmp_path):
    first = [path.read_bytes() for path in write_table(make(), tmp_path / "a")]
    second = [path.read_bytes() for path in write_table(make(), tmp_path / "b")]
    assert first == second
    assert sorted(p.suffix for p in (tmp_path / "a").iterdir()) == sorted(f".{name}" for name in FORMATS)


def test_workbook_carries_no_time_of_writing(monkeypatch):
    import openpyxl.writer.excel as excel

    before = render_xlsx(ordinary())

    class Later(excel.datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2040, 1, 1, tzinfo=tz)

    monkeypatch.setattr(excel.datetime, "datetime", Later)
    assert render_xlsx(ordinary()) == before
    with zipfile.ZipFile(io.BytesIO(before)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_unknown_format_and_name_with_a_path(tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'html'"):
        render(ordinary(), "htm")
    with pytest.raises(InputError, match="is no file name"):
        write_table(replace(ordinary(), name="../x"), tmp_path)


def test_a_view_that_cannot_be_rendered_leaves_the_old_files(tmp_path):
    write_table(ordinary(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    bad = replace(ordinary(), rows=(tuple(Cell(float("nan")) for _ in ordinary().columns),))
    with pytest.raises(InputError, match="nan cannot stand in a table"):
        write_table(bad, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# --- CSV ------------------------------------------------------------------------------------------------------------


def test_csv_is_read_back_whole_and_holds_no_formula():
    rows = list(csv.DictReader(io.StringIO(render(hostile(), "csv"))))
    assert len(rows) == len(HOSTILE)
    spelt = {"\x00": "�", "\ud800": "�", "\u202e": "[U+202E]", "\u202c": "[U+202C]"}
    for row, text in zip(rows, HOSTILE, strict=True):
        for char, seen in spelt.items():
            text = text.replace(char, seen)
        assert row["text"].removeprefix("'") == text
        assert row["text"].lstrip()[:1] not in tuple("=+-@")
    assert len(rows[6]["text"]) == 10_000


@pytest.mark.parametrize("text", ["=1", "+1+1", "-1-1", "@A1", "\t=1", "\rx", " =1", "\n=1", "＝1", "-", "=", "-a"])
def test_formulas_are_neutralised(text):
    assert neutralise(text) == "'" + text


@pytest.mark.parametrize("text", ["-0.5", "+1", "1e-3", "-1.2E+5", "a=b", "3-4", "", "U-Net", "'=1"])
def test_numbers_and_harmless_text_stay(text):
    assert neutralise(text) == text


def test_csv_keeps_every_digit_and_the_reasons():
    rows = list(csv.DictReader(io.StringIO(render(ordinary(), "csv"))))
    assert [row["a.dice"] for row in rows] == ["0.9305", "0.9", ""]
    assert (rows[0]["composite_low"], rows[0]["composite_high"]) == ("0.85", "0.955")
    assert rows[2]["n_note"] == "mean over unknown sets"
    assert rows[0]["sources"] == "shah L1702-1703"


# --- sources --------------------------------------------------------------------------------------------------------


def test_index_keeps_each_source_once_over_tables():
    index = RefIndex()
    assert index.add((ref(2), ref(3), ref(2))) == "0 1"
    assert index.add((ref(3), ref(4))) == "1 2"
    assert len(index) == 3
    assert index.to_list()[0]["locator"] == "L1702; Table 3"


def test_cite_joins_lines_and_counts_the_rest():
    refs = [SourceRef("r.csv", n, "a", f"L{n}") for n in (1, 2, 3, 7)] + [SourceRef("r.csv", 9, "b", "p. 4")]
    assert cite(refs) == "a L1-3, L7; b p. 4"
    assert cite([SourceRef("r.csv", n, "a", f"p. {n}") for n in range(20)], limit=2) == "a p. 0, p. 1; and 18 more"
    assert cite([SourceRef("r.csv", 1, "a")]) == "a"
    assert cite([]) == ""


# --- HTML -----------------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in ("br",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("refs", [None, RefIndex()])
def test_hostile_text_is_only_text_in_html(refs):
    html = render_html(hostile(), refs)
    reader = read(html)
    known = {
        "figure", "div", "table", "caption", "span", "thead", "tbody", "tr", "th", "td", "sup", "bdi", "br", "details",
        "summary", "footer", "ul", "li",
    }  # fmt: skip
    assert set(reader.tags) <= known
    names = {name for _, attributes in reader.attributes for name in attributes}
    assert names <= {"class", "id", "tabindex", "role", "aria-label", "data-view", "scope", "data-key", "data-sort",
                     "dir", "title", "data-value", "data-refs", "data-note"}  # fmt: skip
    assert not any(char in html for char in "\x00\u202e\ud800")


def test_html_carries_values_scopes_and_sources():
    index = RefIndex()
    html = render_html(ordinary(), index)
    reader = read(html)
    scopes = [attributes["scope"] for tag, attributes in reader.attributes if tag == "th"]
    assert scopes.count("rowgroup") == 2
    assert scopes.count("row") == 3
    assert scopes.count("colgroup") == 1
    assert 'class="num mr-best" data-value="0.9305" data-refs="0"' in html
    assert 'data-refs="0 1"' not in html  # the composite's refs lack the printed figure, so they are other sources
    assert [entry["line"] for entry in index.to_list()] == [2, 3, 2, 3, 4]
    assert html.count("row 2") == 7  # all rows left out stand on the page


def test_notebooks_get_sources_in_titles():
    html = ordinary()._repr_html_()
    assert "data-refs" not in html
    assert 'title="shah, L1702; Table 3 “0.9305” (results.csv:2)"' in html
    assert "reading uncertain: point lost" in html
    many = View("v", "V", "", (Column("a", "A", "count"),), ((Cell(1, tuple(ref(n) for n in range(12))),),))
    assert "and 4 more" in many._repr_html_()


# --- Markdown -------------------------------------------------------------------------------------------------------


def test_markdown_rows_have_the_cells_of_the_header():
    for view in (ordinary(), hostile()):
        lines = [line for line in render(view, "md").split("\n") if line.startswith("|")]
        assert len(lines) == len(view.rows) + 2
        bare = [line.replace("\\\\", "").replace("\\|", "") for line in lines]
        assert {line.count("|") for line in bare} == {len(view.columns) + 1}
        assert not any("<script" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a|b", "a\\|b"),
        ("*a* _b_ a_b", "\\*a\\* \\_b\\_ a_b"),
        ("[x](javascript:1)", "\\[x\\](javascript:1)"),
        ("# head", "\\# head"),
        ("1. item", "1\\. item"),
        ("0.95", "0.95"),
        ("a\nb", "a<br>b"),
        ("&lt;", "&amp;lt;"),
    ],
)
def test_markdown_escapes(text, safe):
    assert escape_md(text) == safe


# --- LaTeX ----------------------------------------------------------------------------------------------------------


def test_no_command_of_a_spreadsheet_reaches_latex():
    for text in HOSTILE:
        bare = escape_tex(text).replace("\\textbackslash{}", "").replace("\\{", "").replace("\\}", "")
        assert "\\input" not in bare
        assert bare.count("{") == bare.count("}")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("50% & #1", r"50\% \& \#1"),
        ("--", "{-}{-}"),
        ("U-Net", "U-Net"),
        ("Łódź", r"\L{}\'{o}d\'{z}"),
        ("naïve", r"na\"{\i}ve"),
        ("τ²", r"$\tau$$^{2}$"),
        ("神", r"\mrunicode{795E}{神}"),
        ("a\nb", "a b"),
    ],
)
def test_latex_escapes(text, safe):
    assert escape_tex(text) == safe


def test_long_tables_break_over_pages():
    view = ordinary()
    assert r"\begin{longtable}" in render_tex(replace(view, rows=view.rows * 14))
    assert r"\begin{tabular}" in render_tex(view)


def wide(rows: int = 3) -> View:
    """More columns of words than a landscape page has room for, if none of them broke its lines."""
    heads = ("Study", "Status", "In the published synthesis", *(f"Attribute {n}" for n in range(11)))
    columns = tuple(Column(f"c{n}", head) for n, head in enumerate(heads))
    line = (Cell("Potocek et al. [1]"), Cell("included"), Cell("yes"),
            *(Cell("supervised training", mark="warning", note="also stated: none") for _ in range(11)))  # fmt: skip
    return View("wide", "Wide", "Many attributes.", columns, (line,) * rows)


def test_a_latex_table_wider_than_a_page_breaks_lines_and_headings():
    text = render_tex(wide())
    assert r"\raggedright In the published synthesis" in text
    assert r"\raggedright supervised training\textsuperscript{\dag{}a}" in text
    preamble = next(line for line in text.splitlines() if r"\begin{tabular}" in line)
    parts = [float(part) for part in re.findall(r"p\{([0-9.]+)\\linewidth\}", preamble)]
    assert parts
    assert sum(parts) < 1
    few = wide()
    few = replace(few, columns=few.columns[:5], rows=tuple(row[:5] for row in few.rows))
    assert r"\multicolumn{1}{l}{In the published synthesis}" in render_tex(few)
    assert "p{" not in render_tex(few)


PAGE = "\\documentclass{article}\\usepackage[margin=15mm,a4paper,landscape]{geometry}"


@pytest.mark.needs_tex
@pytest.mark.parametrize("rows", [3, 60])
def test_wide_latex_tables_fit_a_landscape_page(tmp_path, rows):
    source = f"{PAGE}\\usepackage{{booktabs,longtable,siunitx}}\\begin{{document}}\n{render_tex(wide(rows))}"
    (tmp_path / "t.tex").write_text(source + "\\end{document}\n", encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"],
        cwd=tmp_path, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    said = done.stdout.decode("latin-1")
    assert done.returncode == 0, said[-2000:]
    assert r"Overfull \hbox" not in said


@pytest.mark.needs_tex
def test_latex_compiles(tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("needs pdflatex")
    view = ordinary()
    views = (view, hostile(), empty(), replace(view, name="long", rows=view.rows * 20))
    tables = "\n".join(render_tex(entry) for entry in views)
    source = "\\documentclass{article}\\usepackage{booktabs,longtable,siunitx}\\begin{document}\\listoftables\n"
    (tmp_path / "t.tex").write_text(source + tables + "\\end{document}\n", encoding="utf-8")
    for _ in range(2):  # the list of tables is read in the second run
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"],
            cwd=tmp_path, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout.decode("latin-1")[-2000:]


# --- XLSX -----------------------------------------------------------------------------------------------------------


def test_workbook_has_no_formula_and_keeps_numbers():
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(render_xlsx(hostile())))
    assert book.sheetnames == ["table", "notes", "sources"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    table = load_workbook(io.BytesIO(render_xlsx(ordinary())))["table"]
    heads = [cell.value for cell in table[1]]
    assert heads[3] == "Set A: Dice ↑"
    assert heads[6:8] == ["Composite (low)", "Composite (high)"]
    dice = table.cell(2, 4)
    assert (dice.value, dice.number_format, dice.font.bold) == (0.9305, "0.000", True)
    assert table.freeze_panes == "A2"


def test_workbook_escapes_and_limits_text():
    from openpyxl import load_workbook

    view = View("v", "V", "", (Column("a", "A"),), ((Cell("_x0041_"),), (Cell("x" * 40_000),)))
    data = render_xlsx(view)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"_x005F_x0041_" in archive.read("xl/worksheets/sheet1.xml")
    text = load_workbook(io.BytesIO(data))["table"].cell(3, 1).value
    assert len(text) == 32_767
    assert text.endswith("the CSV has the whole text]")


def test_workbook_lists_sources_and_everything_left_out():
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(render_xlsx(ordinary())))
    rows = [[cell.value for cell in row] for row in book["sources"].iter_rows(min_row=2)]
    assert rows[0][:7] == [2, "a.dice", "shah", "L1702; Table 3", "0.9305", "results.csv", 2]
    kinds = [row[0].value for row in book["notes"].iter_rows(min_row=2)]
    assert kinds.count("left out") == 7


@pytest.mark.needs_libreoffice
@pytest.mark.parametrize("format_", ["xlsx", "csv"])
def test_a_spreadsheet_program_shows_text_and_numbers(tmp_path, format_):
    """Opened and saved by LibreOffice, nothing was computed and no number changed."""
    if shutil.which("soffice") is None:
        pytest.skip("needs soffice")
    files = [str(path) for view in (ordinary(), hostile()) for path in write_table(view, tmp_path, formats=(format_,))]
    done = subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "fods",
         "--outdir", str(tmp_path / "out"), *files],
        capture_output=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    opened = (tmp_path / "out" / "hostile.fods").read_text(encoding="utf-8")
    assert "table:formula" not in opened
    assert "=HYPERLINK(" in opened
    assert 'office:value="0.9305"' in (tmp_path / "out" / "benchmark.fods").read_text(encoding="utf-8")


# --- layout ---------------------------------------------------------------------------------------------------------


def test_equal_reasons_share_a_letter():
    layout = lay_out(ordinary())
    assert [note.marker for note in layout.footnotes] == ["a", "b", "c"]
    assert layout.markers[1, 4] == layout.markers[2, 3] == "a"


def test_letters_go_on_after_z():
    rows = tuple((Cell(None, note=str(n)),) for n in range(28))
    markers = lay_out(View("v", "V", "", (Column("a", "A", "score"),), rows)).footnotes
    assert [note.marker for note in markers[24:]] == ["y", "z", "aa", "ab"]
