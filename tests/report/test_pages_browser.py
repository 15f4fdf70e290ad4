"""The page in a browser: no errors, no overflow, sources by keyboard and finger, sorting, filtering, both themes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from test_pages import page, views

from metareview.report.figures import write_figure
from metareview.schema.source import SourceRef

pytestmark = pytest.mark.needs_chromium


def many() -> dict[str, Any]:
    """Views with one long table, whose sources are many."""
    made = views()
    view = made["benchmark"]
    refs = tuple(SourceRef("results.csv", n + 2, "shah2025_review", f"L{n}", f"0.{n}") for n in range(60))
    rows = tuple(
        tuple(replace(c, refs=refs[n : n + 2], value=n if m == 0 else c.value) for m, c in enumerate(view.rows[n % 10]))
        for n in range(40)
    )
    return made | {"leaderboards": replace(view, name="leaderboards", rows=rows)}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    path = folder / "report.html"
    path.write_text(page(many()), encoding="utf-8")
    for name in ("sankey", "heatmap", "correlations", "metrics-by-category", "dataset-performance"):
        write_figure(name, views(), folder / "figures")
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with Browser(chromium) as opened:
        yield opened


@pytest.mark.parametrize("width", [320, 360, 820, 1280, 1440])
def test_no_errors_no_requests_no_overflow(browser: Browser, report: Path, width: int) -> None:
    browser.problems.clear()
    browser.requests.clear()
    browser.open(report, width)
    assert browser.problems == []
    assert {url.split(":", 1)[0] for url in browser.requests} == {"file"}
    assert len(browser.requests) == 1
    assert browser.run("document.documentElement.scrollWidth") == width


PLACES = """(() => {
  const frame = document.querySelector('#table-benchmark .mr-scroll'), own = frame.getBoundingClientRect();
  const rect = css => frame.querySelector(css).getBoundingClientRect();
  return [frame.dataset.more, getComputedStyle(frame).maskImage !== 'none',
    getComputedStyle(frame.querySelector('tbody th[scope=row]')).boxShadow !== 'none',
    Math.round(rect('thead .mr-stub').left) === Math.round(rect('tbody th[scope=row]').left),
    Math.round(rect('tbody th[scope=row]').left - own.left) <= 1, document.documentElement.scrollWidth];
})()"""


@pytest.mark.parametrize("dark", [False, True])
def test_a_wide_table_on_a_phone_shows_that_it_goes_on(browser: Browser, report: Path, dark: bool) -> None:
    """It scrolls in its own frame: faded where it goes on, the names of the rows in place under their heading."""
    browser.open(report, 390, 844, dark=dark)
    move = "document.querySelector('#table-benchmark .mr-scroll').scrollLeft = {}; new Promise(d => setTimeout(d, 200))"
    browser.run(move.format(0))
    assert browser.run(PLACES)[:4] == ["right", True, False, True]
    browser.run(move.format(150))
    assert browser.run(PLACES) == ["left right", True, True, True, True, 390]
    browser.run(move.format(9999))
    assert browser.run(PLACES) == ["left", False, True, True, True, 390]


def test_sources_open_on_focus_and_close_on_escape(browser: Browser, report: Path) -> None:
    browser.open(report)
    browser.run("document.querySelector('#table-studies td[data-refs]').focus()")
    said = browser.run("document.getElementById('note').textContent")
    assert "shah, L1702; Table 3" in said
    assert "printed 0.9305" in said
    assert "results.csv, line 2" in said
    assert browser.run("document.activeElement.getAttribute('aria-describedby')") == "note"
    browser.press("Escape")
    assert browser.run("document.getElementById('note').hidden")
    assert browser.run("document.activeElement.hasAttribute('aria-describedby')") is False


def test_arrow_keys_move_between_cells(browser: Browser, report: Path) -> None:
    browser.open(report)
    stops = "document.querySelectorAll('#table-leaderboards tbody [tabindex=\"0\"]').length"
    assert browser.run(stops) == 1
    browser.run("document.querySelector('#table-leaderboards tbody [tabindex=\"0\"]').focus()")
    browser.press("ArrowDown")
    browser.press("ArrowRight")
    place = "[document.activeElement.cellIndex, document.activeElement.parentElement.sectionRowIndex]"
    assert browser.run(place) == [1, 1]
    assert "2 values entered" in browser.run("document.getElementById('note').textContent")
    assert browser.run(stops) == 1


def test_sources_open_on_a_tap(browser: Browser, report: Path) -> None:
    browser.open(report, 360, 740)
    cell = "document.querySelector('#table-benchmark td[data-refs]')"
    browser.run(f"{cell}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    x, y = browser.run(f"(b => [b.left + 5, b.top + 5])({cell}.getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    left, right, wide = browser.run(
        "(b => [b.left, b.right, innerWidth])(document.getElementById('note').getBoundingClientRect())"
    )
    assert browser.run("document.getElementById('note').hidden") is False
    assert 0 <= left < right <= wide
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    assert browser.run("document.getElementById('note').hidden")


def column(browser: Browser, table: str, index: int) -> list[str]:
    rows = f"Array.from(document.querySelectorAll('#{table} tbody tr:not(.mr-group)')).filter(row => !row.hidden)"
    return browser.run(f"{rows}.map(row => row.cells[{index}].textContent)")  # type: ignore[no-any-return]


def test_tables_sort_by_keyboard(browser: Browser, report: Path) -> None:
    browser.open(report)
    head = "document.querySelector('#table-benchmark thead [data-key=composite_recomputed]')"
    browser.run(f"{head}.querySelector('button').focus()")
    browser.press("Enter")
    assert browser.run(f"{head}.getAttribute('aria-sort')") == "ascending"
    place = browser.run(f"{head}.cellIndex")
    shown = [text.split(" ")[0] for text in column(browser, "table-benchmark", place)]
    assert shown[:-1] == sorted(shown[:-1])
    assert shown[-1].startswith("–")  # what is missing stands last, whichever way
    browser.press("Enter")
    assert browser.run(f"{head}.getAttribute('aria-sort')") == "descending"
    turned = [text.split(" ")[0] for text in column(browser, "table-benchmark", place)]
    assert turned[:-1] == sorted(turned[:-1], reverse=True)
    assert turned[-1].startswith("–")
    assert browser.run("document.querySelectorAll('#table-benchmark [aria-sort=descending]').length") == 1


def test_sorting_keeps_groups_and_spanners(browser: Browser, report: Path) -> None:
    browser.open(report)
    head = "document.querySelector('#table-studies thead [data-key=\"a.voi\"]')"
    browser.run(f"{head}.querySelector('button').click()")
    bodies = browser.run(
        "Array.from(document.querySelector('#table-studies table').tBodies).map(body => "
        "Array.from(body.rows).map(row => (row.cells[1] || row).textContent))"
    )
    assert bodies == [["CNN", "3D U-Net & more", "UTR_50%"], ["Hybrid", "ATFormer"]]


def test_long_tables_unfold_and_filter(browser: Browser, report: Path) -> None:
    browser.open(report)
    table = "table-leaderboards"
    assert len(column(browser, table, 0)) == 12
    more = f"document.querySelector('#{table} .tools button')"
    assert browser.run(f"{more}.getAttribute('aria-expanded')") == "false"
    browser.run(f"{more}.click()")
    assert len(column(browser, table, 0)) == 40
    field = f"document.querySelector('#{table} .tools input')"
    browser.run(f"{field}.value = 'sam2'; {field}.dispatchEvent(new Event('input'))")
    assert set(column(browser, table, 1)) == {"SAM2 [21]"}
    assert "4 of 4 matching rows" in browser.run(f"document.querySelector('#{table} output').textContent")


CONTRAST = """(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const kinds = 'h1, h2, p, dt, dd, a, th, td, li, summary, sup, caption, button, figcaption';
  for (const e of document.querySelectorAll(kinds)) {
    if (!e.textContent.trim() || !e.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) bad.push([e.tagName, e.className, e.textContent.slice(0, 30), ratio]);
  }
  return bad;
})()"""


@pytest.mark.parametrize("dark", [False, True])
def test_text_contrasts_in_both_themes(browser: Browser, report: Path, dark: bool) -> None:
    browser.open(report, dark=dark)
    assert browser.run(CONTRAST) == []
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is not dark
    text = browser.run("getComputedStyle(document.querySelector('#figure-prisma text')).fill")
    assert text == ("rgb(230, 237, 243)" if dark else "rgb(27, 31, 36)")


def test_the_theme_can_be_chosen(browser: Browser, report: Path) -> None:
    browser.open(report, dark=True)
    seen = []
    for _ in range(4):
        seen.append(browser.run("getComputedStyle(document.body).backgroundColor"))
        browser.run("document.getElementById('theme').click()")
    browser.run("localStorage.clear()")
    assert seen == ["rgb(21, 27, 35)", "rgb(255, 255, 255)", "rgb(21, 27, 35)", "rgb(21, 27, 35)"]


def test_no_text_of_a_figure_is_cut_off(browser: Browser, report: Path) -> None:
    browser.open(report, 1440)
    cut = browser.run("""Array.from(document.querySelectorAll('.drawing text')).filter(text => {
      const own = text.getBoundingClientRect(), frame = text.closest('svg').getBoundingClientRect();
      return own.left < frame.left - 1 || own.right > frame.right + 1
        || own.top < frame.top - 1 || own.bottom > frame.bottom + 1;
    }).map(text => text.textContent)""")
    assert cut == []


def test_a_link_to_a_folded_table_opens_it(browser: Browser, report: Path) -> None:
    browser.open(report)
    fold = "document.getElementById('table-heatmap').closest('details').open"
    assert browser.run(fold) is False
    browser.run(
        "new Promise(done => {"
        " addEventListener('hashchange', () => setTimeout(done, 50)); location.hash = 'table-heatmap'; })"
    )
    assert browser.run(fold) is True


def test_print_has_no_navigation_and_is_light(browser: Browser, report: Path) -> None:
    browser.open(report, dark=True)
    browser.call(
        "Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}]
    )
    hidden = "['.bar', '.tools', '.files'].map(name => getComputedStyle(document.querySelector(name)).display)"
    assert browser.run(hidden) == ["none"] * 3
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    browser.call("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("name", ["sankey", "heatmap", "correlations", "metrics-by-category", "dataset-performance"])
def test_interactive_twins_draw_without_the_network(browser: Browser, report: Path, name: str) -> None:
    browser.problems.clear()
    browser.requests.clear()
    browser.open(report.parent / "figures" / f"{name}.html")
    assert browser.problems == []
    assert browser.run(f"document.querySelectorAll('#{name} svg text').length") > 3
    assert {url.split(":", 1)[0] for url in browser.requests} <= {"file", "data", "blob"}
