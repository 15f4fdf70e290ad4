"""The explorer used: by keyboard, filters, address, dialogs, exports, hostile text, themes, a phone, paper."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from explorer_reviews import empty, hostile, large
from small_review import write
from test_pages_browser import CONTRAST

from metareview import load

pytestmark = pytest.mark.needs_chromium

#: Rows that a sort puts in place before the browser paints; the others follow when it has time.
FIRST = 100
FOCUS = "(e => [e.tagName, e.id, e.textContent.trim().slice(0, 40)])(document.activeElement)"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("explorer")
    reviews = {
        "speech": write(folder / "speech"), "hostile": hostile(folder / "hostile"), "empty": empty(folder / "empty"),
        "large": large(folder / "large"), "brain-em": root / "data" / "studies" / "brain-em",
        "em-public": root / "data" / "studies" / "em-public",
    }  # fmt: skip
    for name, review in reviews.items():
        (folder / f"{name}.html").write_text(load(review).explorer(), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in reviews}


@pytest.fixture(scope="module")
def opened(chromium: str) -> Iterator[Browser]:
    with Browser(chromium) as browser:
        yield browser


@pytest.fixture
def browser(opened: Browser) -> Iterator[Browser]:
    opened.problems.clear()
    opened.requests.clear()
    yield opened
    assert opened.problems == []


def go(browser: Browser, address: str) -> None:
    browser.run(f"explorer.go({json.dumps(address)}); explorer.settle()")


def column(browser: Browser, table: str, title: str) -> list[str]:
    """The texts of a column of a table, by the title of its head."""
    return list(browser.run(
        f"""(() => {{ explorer.settle(); const table = document.getElementById('{table}');
          const heads = [...table.tHead.rows[0].cells].map(cell => cell.textContent);
          const at = heads.findIndex(text => text.startsWith({json.dumps(title)}));
          return [...table.tBodies[0].rows].map(row => row.cells[at].textContent.trim()); }})()"""
    ))  # fmt: skip


def tab_to(browser: Browser, wanted: str, most: int = 60) -> None:
    """Press Tab until the focused element fulfils a condition in JavaScript, where ``e`` is the element."""
    for _ in range(most):
        browser.press("Tab")
        if browser.run(f"(e => Boolean({wanted}))(document.activeElement)"):
            return
    pytest.fail(f"no stop of the Tab key fulfils {wanted}; the last one is {browser.run(FOCUS)}")


@pytest.mark.parametrize("name", ["speech", "hostile", "empty", "large", "brain-em", "em-public"])
@pytest.mark.parametrize("width", [360, 390, 820, 1280])
def test_no_errors_no_requests_no_overflow(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    browser.open(pages[name], width)
    assert browser.requests == [pages[name].resolve().as_uri()]
    assert browser.run("document.documentElement.scrollWidth") == width
    if name != "empty":
        go(browser, "#view=cells")
        assert browser.run("document.documentElement.scrollWidth") == width
    assert browser.requests == [pages[name].resolve().as_uri()]


def test_controls_are_not_cut_off_on_a_phone(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["em-public"], 390, 844)
    browser.run("document.getElementById('choices').click()")
    assert browser.run("document.getElementById('choices').getAttribute('aria-expanded')") == "true"
    folds = browser.run("document.querySelectorAll('details.pick').length")
    for fold in range(folds):
        browser.run(f"document.querySelectorAll('details.pick')[{fold}].open = true")
        cut = browser.run(
            """[...document.querySelectorAll('button, select, input, summary')].filter(e => e.getClientRects().length
              && !e.closest('.mr-scroll') && !e.closest('.boxes')).filter(e => { const b = e.getBoundingClientRect();
              return b.left < 0 || b.right > 390; }).map(e => e.outerHTML.slice(0, 80))"""
        )
        assert cut == []
        browser.run(f"document.querySelectorAll('details.pick')[{fold}].open = false")
    first = browser.run("getComputedStyle(document.querySelector('#board tbody th')).position")
    assert first == "sticky"


def test_the_keyboard_alone_sorts(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["em-public"])
    browser.press("Tab")
    assert browser.run(FOCUS)[2] == "Skip to the values"
    browser.press("Enter")
    assert browser.run(FOCUS)[:2] == ["MAIN", "content"]
    assert browser.run("location.hash") == ""
    tab_to(browser, "e.dataset.sort === 'score'")
    for direction in ("descending", "ascending"):
        browser.press("Enter")
        assert browser.run("document.activeElement.dataset.sort") == "score"
        assert browser.run("document.activeElement.closest('th').getAttribute('aria-sort')") == direction
        scores = [float(score) for score in column(browser, "board", "Score")]
        assert scores == sorted(scores, reverse=direction == "descending")
        assert (
            browser.run(
                "document.querySelectorAll('#board th[aria-sort=ascending], #board th[aria-sort=descending]').length"
            )
            == 1
        )
    browser.run("new Promise(done => setTimeout(done, 100))")
    assert browser.run("document.getElementById('spoken').textContent").startswith("Sorted by Score, ascending")


def test_the_keyboard_alone_opens_a_source(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["em-public"])
    tab_to(browser, "e.classList.contains('value')")
    assert browser.run("document.querySelectorAll('#board button.value[tabindex=\"0\"]').length") == 1
    here = browser.run(
        "[document.activeElement.closest('tr').rowIndex, document.activeElement.closest('td').cellIndex]"
    )
    browser.press("ArrowDown")
    browser.press("ArrowRight")
    assert browser.run(
        "[document.activeElement.closest('tr').rowIndex, document.activeElement.closest('td').cellIndex]"
    ) == [here[0] + 1, here[1] + 1]
    browser.press("Enter")
    assert browser.run("document.getElementById('cell').open")
    browser.press("Escape")
    assert browser.run("document.getElementById('cell').open") is False
    assert browser.run("document.activeElement.classList.contains('value')")


@pytest.mark.parametrize("width", [390, 1280])
def test_what_has_the_focus_is_not_covered(browser: Browser, pages: dict[str, Path], width: int) -> None:
    """Heads and the first column stay in place; the value that the arrow keys reach is never under them."""
    browser.open(pages["em-public"], width, 700)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    go(browser, "#view=board&dataset=em-stellar")
    browser.run("document.querySelector('#board button.value').focus()")
    for key in ["ArrowDown"] * 12 + ["ArrowRight"] * 8 + ["ArrowUp"] * 12 + ["ArrowLeft"] * 8:
        browser.press(key)
        seen = browser.run(
            """(e => { const b = e.getBoundingClientRect();
              const top = document.elementFromPoint(b.left + b.width / 2, b.top + b.height / 2);
              return e === top || e.contains(top); })(document.activeElement)"""
        )
        assert seen, (key, browser.run(FOCUS))


def test_the_keyboard_alone_filters_and_changes_the_rule(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["speech"])
    go(browser, "#view=board&rule=borda")
    tab_to(browser, "e.tagName === 'SUMMARY' && e.textContent.startsWith('Metric')")
    browser.press("Enter")
    tab_to(browser, "e.type === 'checkbox' && e.value === 'wer'")
    browser.press(" ")
    assert "metric=wer" in browser.run("location.hash")
    assert column(browser, "board", "Method") == ["Net", "Mix", "Rules"]
    browser.press("Escape")
    assert browser.run(FOCUS)[2] == "Metric: WER"
    tab_to(browser, "e.id === 'rule'")
    browser.press("ArrowDown")
    assert browser.run("explorer.state().rule") == "win-rate"
    assert "rule=win-rate" in browser.run("location.hash")


def test_a_value_tells_everything(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["speech"])
    go(browser, "#view=board&metric=accuracy")
    browser.run("document.querySelector('#board button.value').click()")
    said = browser.run("document.getElementById('cell').innerText")
    for part in ("Net, Accuracy on Phone calls", "0.900", "L5; Table 1", "survey", "results.csv:2", "not stated", "Ada",
                 "2020", "Neural", "available", "one data set", "Convention", "Audit"):  # fmt: skip
        assert part in said, part
    browser.run("document.getElementById('close').click()")
    go(browser, "#view=board&metric=wer")
    browser.run("[...document.querySelectorAll('#board tbody tr')].find(row => row.textContent.startsWith('Mix'))"
                ".querySelector('button.value').click()")  # fmt: skip
    said = browser.run("document.getElementById('cell').innerText")
    assert "mean of 2 units" in said
    assert "speaker:1" in said
    assert "results.csv:8" in said


def test_audit_flags_and_levels_of_the_founding_review(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["brain-em"])
    go(browser, "#view=cells&level=cell")
    browser.run("document.querySelector('#list button.flagged').click()")
    said = browser.run("document.getElementById('cell').innerText")
    assert "not reproducible" in said
    browser.run("document.getElementById('close').click()")
    go(browser, "#view=cells&level=study_mean")
    assert set(column(browser, "list", "Level")) == {"mean over data sets"}
    go(browser, "#view=board&level=study_mean")
    assert column(browser, "board", "Rank") == ["–"] * len(column(browser, "board", "Rank"))
    assert "No column that can be ranked" in browser.run("document.getElementById('refusal').textContent")


def test_missing_is_missing(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["brain-em"])
    go(browser, "#view=board&dataset=lucchi&level=cell")
    gaps = browser.run(
        "[...document.querySelectorAll('#board td.num.missing[title]')].map(cell => "
        "[cell.textContent, cell.title, cell.querySelector('[role=img]').getAttribute('aria-label')])"
    )
    assert gaps
    assert {text[0] for text, _, _ in gaps} == {"–"}
    assert all(title == label and title for _, title, label in gaps)
    rows = list(csv.DictReader(io.StringIO(browser.run("explorer.exported('csv')"))))
    keys = [key for key in rows[0] if key.startswith("lucchi|")]
    assert any(row[key] == "" for row in rows for key in keys)
    assert "0" not in {row[key] for row in rows for key in keys}


def test_conventions_never_share_a_column(browser: Browser, pages: dict[str, Path]) -> None:
    for name in ("brain-em", "em-public"):
        browser.open(pages[name])
        mixed = browser.run(
            """(() => { explorer.go('#view=board'); const rules = new Map();
              for (const row of explorer.board().rows) for (const [column, list] of row.cells) {
                if (!rules.has(column.key)) rules.set(column.key, new Set());
                for (const cell of list) rules.get(column.key).add(cell.column.convention + cell.column.metric.key); }
              return [...rules.values()].filter(set => set.size > 1).length; })()"""
        )
        assert mixed == 0
        keys = browser.run("explorer.columns.map(column => column.key)")
        assert len(set(keys)) == len(keys)


def test_a_mean_of_different_ranges_is_refused_until_told(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["speech"])
    go(browser, "#view=board&rule=mean")
    assert "whose ranges or directions differ" in browser.run("document.getElementById('refusal').innerText")
    assert set(column(browser, "board", "Rank")) == {"–"}
    go(browser, "#view=board&rule=mean&metric=accuracy")
    assert browser.run("document.getElementById('refusal').hidden")
    assert column(browser, "board", "Rank") == ["1", "2"]
    assert column(browser, "board", "Rank bounds") == ["1", "2"]


def test_filters_choose_what_is_compared_and_the_search_only_hides(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["large"])
    total = browser.run("explorer.cells.length")
    go(browser, "#view=cells&category=CNN&code=yes&metric=wer")
    shown = set(zip(*(column(browser, "list", name) for name in ("Category", "Code", "Metric")), strict=True))
    assert shown == {("CNN", "available", "WER ↓")}
    go(browser, "#view=cells&year=2003&year=2004")
    assert set(column(browser, "list", "Year")) == {"2003", "2004"}
    go(browser, "#view=board&dataset=set3")
    ranks = dict(zip(column(browser, "board", "Method"), column(browser, "board", "Rank"), strict=True))
    browser.run("(field => { field.value = 'network 49'; field.dispatchEvent(new Event('input')); })"
                "(document.getElementById('search')); new Promise(done => setTimeout(done, 400))")  # fmt: skip
    hidden = dict(zip(column(browser, "board", "Method"), column(browser, "board", "Rank"), strict=True))
    assert 0 < len(hidden) < len(ranks)
    assert hidden.items() <= ranks.items()
    browser.run("document.getElementById('clear').click()")
    assert browser.run("explorer.state().q") == ""
    browser.run("document.querySelector('input[value=cells]').click()")
    assert browser.run("document.getElementById('count').textContent") == f"All {total} values"
    go(browser, "#view=cells&q=nothing+like+it")
    assert browser.run("document.getElementById('nothing').hidden") is False


def test_the_address_holds_the_state(browser: Browser, pages: dict[str, Path]) -> None:
    address = (
        "view=board&by=setting&rule=borda&missing=complete&q=net&sort=-score&dataset=calls&metric=wer&category=Neural"
    )
    browser.open(pages["speech"])
    assert browser.run("location.hash") == ""
    go(browser, "#" + address)
    before = browser.run("JSON.stringify(explorer.exported('csv'))")
    browser.run("document.querySelector('#board button[data-sort=score]').click()")
    browser.run("document.querySelector('#board button[data-sort=score]').click()")
    written = browser.run("location.hash")
    assert dict(part.split("=") for part in written[1:].split("&")) == dict(
        part.split("=") for part in address.split("&")
    )
    browser.call("Page.navigate", url="about:blank")
    browser.call("Page.navigate", url=pages["speech"].resolve().as_uri() + written)
    browser.run("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))")
    assert browser.run("JSON.stringify(explorer.exported('csv'))") == before
    assert browser.run("document.getElementById('search').value") == "net"
    assert browser.run("document.getElementById('missing').value") == "complete"
    go(browser, "#view=nonsense&rule=nonsense&dataset=nonsense&sort=nonsense")
    assert browser.run("[explorer.state().view, explorer.state().rule, explorer.state().filters.dataset.size]") == [
        "board", "borda", 0,
    ]  # fmt: skip
    assert browser.run("document.getElementById('unknown').textContent") == (
        "The address of this page asks for view nonsense, rule nonsense, data set nonsense, which is not in this "
        "review; it was left out."
    )
    assert browser.run("document.getElementById('unknown').hidden") is False
    go(browser, "#" + address)
    assert browser.run("document.getElementById('unknown').hidden") is True


def test_two_thousand_rows_sort_without_a_pause(browser: Browser, pages: dict[str, Path]) -> None:
    """A sort puts the rows that are seen in place at once, however many there are; bench_explorer.py times it."""
    browser.open(pages["large"])
    go(browser, "#view=cells")
    assert len(column(browser, "list", "Method")) == 2000
    values = sorted(float(text) for text in column(browser, "list", "Value"))
    at_once = browser.run(
        """(() => { document.querySelector('#list button[data-sort=value]').click();
          return [...document.querySelectorAll('#list tbody tr')].map(row => row.cells[2].textContent); })()"""
    )
    assert len(at_once) == FIRST
    assert [float(text) for text in at_once] == values[:FIRST]
    assert browser.run("document.activeElement.dataset.sort") == "value"
    browser.run(
        "new Promise(done => { const rows = () => document.querySelectorAll('#list tbody tr').length; "
        "const look = () => rows() === 2000 ? done() : setTimeout(look, 20); look(); })"
    )
    assert [float(text) for text in column(browser, "list", "Value")] == values
    go(browser, "#view=cells&sort=-value")
    assert [float(text) for text in column(browser, "list", "Value")] == values[::-1]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("view", ["board", "cells"])
def test_text_contrasts_in_both_themes(browser: Browser, pages: dict[str, Path], dark: bool, view: str) -> None:
    browser.open(pages["brain-em"], dark=dark)
    go(browser, f"#view={view}")
    browser.run("document.querySelectorAll('.help details').forEach(fold => { fold.open = true; })")
    assert browser.run(CONTRAST) == []
    assert (browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") is not dark
    browser.run(
        "document.querySelector(`#${explorer.state().view === 'board' ? 'board' : 'list'} button.value`).click()"
    )
    assert (
        browser.run(CONTRAST.replace("querySelectorAll(kinds)", "getElementById('cell').querySelectorAll(kinds)")) == []
    )


def test_the_theme_can_be_chosen(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["speech"], dark=True)
    seen = []
    for _ in range(3):
        seen.append(browser.run("getComputedStyle(document.body).backgroundColor"))
        browser.run("document.getElementById('theme').click()")
    browser.run("localStorage.clear()")
    assert seen == ["rgb(21, 27, 35)", "rgb(255, 255, 255)", "rgb(21, 27, 35)"]


def test_names_for_those_who_listen(browser: Browser, pages: dict[str, Path]) -> None:
    """Every control has a name, every head of a column a scope, and the dialog a title."""
    browser.open(pages["em-public"])
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "combobox", "searchbox", "radio", "checkbox", "columnheader", "rowheader", "table", "region"}
    seen = [node for node in tree if not node["ignored"] and node.get("role", {}).get("value") in roles]
    assert [node for node in seen if not node.get("name", {}).get("value")] == []
    assert browser.run("document.querySelectorAll('th:not([scope])').length") == 0
    kinds: dict[str, Any] = {}
    for node in tree:
        kinds[node.get("role", {}).get("value", "")] = node
    assert {"Method", "Rank", "Score"} <= {node["name"]["value"] for node in seen if node["role"]["value"] == "button"}
    assert {"table", "columnheader", "rowheader", "searchbox", "radio", "status", "main"} <= kinds.keys()


def test_paper_has_the_table_and_no_controls(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["large"], dark=True)
    go(browser, "#view=cells")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.call("Emulation.setEmulatedMedia", media="print", features=features)
    style = "getComputedStyle(document.querySelector(name)).display"
    assert browser.run(f"['.controls', '.links', '.status .buttons'].map(name => {style})") == ["none"] * 3
    assert browser.run("getComputedStyle(document.body).backgroundColor") in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.querySelectorAll('#list tbody tr').length") == 2000
    browser.call("Emulation.setEmulatedMedia", media="")


def test_a_reader_without_scripts_sees_a_table(browser: Browser, pages: dict[str, Path]) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    names = ""
    try:
        browser.call("Page.navigate", url=pages["speech"].resolve().as_uri())
        limit = time.monotonic() + 20  # nothing in the page can say that it has loaded
        while "Phone calls" not in names and time.monotonic() < limit:
            tree = browser.call("Accessibility.getFullAXTree")["nodes"]
            names = " ".join(node.get("name", {}).get("value", "") or "" for node in tree)
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert "needs JavaScript" in names
    assert "Phone calls" in names
