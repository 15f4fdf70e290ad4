"""The page as text: self-contained, safe, complete, the same bytes every time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from figure_samples import EVIL, make, samples
from sample_views import hostile, ordinary

from metareview.errors import InputError
from metareview.report.figures import FIGURES, figure_bytes
from metareview.report.pages import render_report
from metareview.report.pages.inline import inline_svg
from metareview.report.pages.sources import PageIndex, read_sources, web_address
from metareview.report.views.base import View
from metareview.results import Dropped
from metareview.schema.review import ReviewSpec
from metareview.schema.source import SourceRef


class Reader(HTMLParser):
    """Elements with their attributes; complains about ids that occur twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.elements if "id" in attributes]


def spec(**more: Any) -> ReviewSpec:
    body = {"id": "sample", "title": "A review of & for <tests>", "question": "Does the page work?", **more}
    return ReviewSpec.model_validate(body)


def sources(**more: str) -> pd.DataFrame:
    row = {"source_id": "shah2025_review", "title": "Deep learning & more", "authors": "Shah", "year": 2025.0}
    row |= {"venue": None, "doi": None, "address": "https://example.org/a?b=1&c=2", "licence": None, "note": None}
    return pd.DataFrame([row | more])


def views() -> dict[str, View]:
    return samples() | {"studies": replace(ordinary(), name="studies", warnings=("small groups",))}


def page(made: dict[str, View] | None = None, **options: Any) -> str:
    made = views() if made is None else made
    figures = {name: figure_bytes(name, made, "svg").decode() for name in FIGURES}
    check = SimpleNamespace(counts={"studies": 98, "results": 1640}, problems=options.pop("problems", ()))
    frame = options.pop("sources", sources())
    return render_report(options.pop("spec", spec()), made, figures, check, frame, **options)  # type: ignore[arg-type]


PAGE = page()
READ = Reader(PAGE)


def test_same_input_same_bytes() -> None:
    assert page() == PAGE


def test_nothing_is_fetched() -> None:
    for tag in ("script", "link", "img", "iframe", "object", "embed", "source", "video", "audio", "base"):
        assert all("src" not in a and "href" not in a for a in READ.all(tag)), tag
    assert not re.search(r"url\((?!#)|@import", PAGE)
    assert READ.all("link") == []
    policy = next(a["content"] for a in READ.all("meta") if a.get("http-equiv") == "Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'")
    script = re.findall(r"<script>(.*?)</script>", PAGE, re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_ids_are_unique_and_links_lead_somewhere() -> None:
    assert len(READ.ids) == len(set(READ.ids))
    inside = [a["href"] for a in READ.all("a") if (a.get("href") or "").startswith("#")]
    assert {(address or "")[1:] for address in inside} <= set(READ.ids)
    labelled = [a["aria-labelledby"] for _, a in READ.elements if "aria-labelledby" in a]
    assert all(part in READ.ids for value in labelled for part in (value or "").split())
    assert all(part in READ.ids for part in re.findall(r"url\(#([^)]+)\)", PAGE))


def test_every_figure_and_table_is_there() -> None:
    assert {f"figure-{name}" for name in FIGURES} <= set(READ.ids)
    assert {f"table-{name}" for name in views()} <= set(READ.ids)
    addresses = {a["href"] for a in READ.all("a") if "href" in a}
    assert {"figures/prisma.svg", "figures/prisma.png", "figures/sankey.html", "tables/benchmark.csv",
            "tables/benchmark.xlsx", "tables/benchmark.tex"} <= addresses  # fmt: skip
    assert "tables/heatmap.csv" not in addresses  # a view that only feeds a figure has no files


def test_without_files_nothing_is_offered() -> None:
    addresses = [a.get("href") or "" for a in Reader(page(files=False)).all("a")]
    assert [address for address in addresses if address.startswith(("tables/", "figures/"))] == []


def test_every_cell_with_sources_finds_them() -> None:
    data = json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', PAGE, re.DOTALL)[0])
    keys = [a["data-refs"] or "" for _, a in READ.elements if "data-refs" in a]
    assert len(keys) > 500
    for key in set(keys):
        runs = data["lists"][int(key[1:])] if key.startswith("@") else key
        positions = [int(n) for run in runs.split() for n in run.split("-")]
        assert all(0 <= n < len(data["rows"]) for n in positions)
    texts = [data["texts"][row[4]] for row in data["rows"]]
    assert {"0.9305", "0901"} <= set(texts)
    assert data["documents"] == {"shah2025_review": "Deep learning & more"}


def test_warnings_and_rows_left_out_are_visible() -> None:
    text = page(problems=("results.csv line 3: n is missing; fill it in",))
    methods = text.split('<section id="methods"', 1)[1]
    assert "small groups" in methods
    assert "results.csv line 3: n is missing" in methods
    assert '<a href="#table-studies">Benchmark</a>: 7, listed with reasons' in methods
    assert "2 warnings go with these results" in text
    assert "1 warning goes with these results" in PAGE


def test_a_warning_of_several_tables_stands_once_among_the_methods() -> None:
    made = views()
    for name in ("prisma", "benchmark"):
        made[name] = replace(made[name], warnings=("the same warning",))
    methods = page(made).split('<section id="methods"', 1)[1]
    assert methods.count("the same warning") == 1


def test_hostile_text_stays_text() -> None:
    made = views() | {"studies": replace(hostile(), name="studies", warnings=(EVIL,), notes=(EVIL,))}
    made["studies"] = replace(made["studies"], dropped=(Dropped(EVIL, EVIL, SourceRef(EVIL, 1, EVIL, EVIL, EVIL)),))
    text = page(
        made, problems=(EVIL,), spec=spec(title=EVIL.replace("\x00", ""), question="<img src=x onerror=alert(1)>"),
        sources=sources(title=EVIL, address="javascript:alert(1)", note="</script><script>alert(2)</script>"),
    )  # fmt: skip
    reader = Reader(text)
    assert len(reader.all("script")) == 2
    assert reader.all("img") == []
    assert not [a for _, a in reader.elements for name in a if name.startswith("on")]
    assert not [a for a in reader.all("a") if (a.get("href") or "").lower().startswith("javascript")]
    assert "\x00" not in text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "ftp://a/b", "//a.b/c",
                                     "https:", "http://[", "file:///etc/passwd", " \tjavascript:x", ""])  # fmt: skip
def test_addresses_that_are_no_links(address: str) -> None:
    assert web_address(address) == ""
    row = read_sources(sources(address=address))[0]
    assert row["link"] == ""


def test_sources_are_listed() -> None:
    section = PAGE.split('<section id="sources"', 1)[1].split("</section>", 1)[0]
    assert 'href="https://example.org/a?b=1&amp;c=2"' in section
    assert "2025" in section
    assert "2025.0" not in section
    assert "not stated" in section
    dois = page(sources=sources(address="", doi="10.1000/a b<c>"))
    assert 'href="https://doi.org/10.1000/a%20b%3Cc%3E"' in dois


def test_key_numbers_do_not_add_up_bodies() -> None:
    rows = [("the review", "a", 9, 0.1, 60), ("the review", "b", 8, 0.1, 60), ("the survey", "a", 3, 0.1, 38)]
    shares = make("shares", "corpus dataset n_studies:count share:percent n_corpus:count", rows)
    head = page(views() | {"shares": shares}).split('<dl class="numbers">', 1)[1].split("</dl>", 1)[0]
    assert re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", head) == [
        ("studies of the review", "60"), ("studies of the survey", "38"), ("results", "1,640"),
    ]  # fmt: skip


def test_empty_views_say_why() -> None:
    made = {name: replace(view, rows=(), notes=(f"no rows for {name}",)) for name, view in views().items()}
    text = page(made)
    for name in made:
        assert f"no rows for {name}" in text


def test_the_page_of_a_big_review_stays_small() -> None:
    refs = [SourceRef("results.csv", n, "shah2025_review", f"L{n}; Table {n % 7}", f"0.{n}") for n in range(1645)]
    view = samples()["benchmark"]
    rows = tuple(
        tuple(replace(cell, refs=(refs[(n + m) % 1645],)) for m, cell in enumerate(view.rows[n % 10]))
        for n in range(1645)
    )
    assert len(page(views() | {"leaderboards": replace(view, name="leaderboards", rows=rows)}).encode()) < 5_000_000


def test_runs_and_shared_lists() -> None:
    index = PageIndex()
    refs = [SourceRef("results.csv", n) for n in range(100)]
    assert index.add(refs) == "0-99"
    assert index.add(refs[::2]) == "@0"
    assert index.add(reversed(refs[::2])) == "@0"
    assert index.add(refs[3:4]) == "3"
    assert index.add(()) == ""
    assert index.to_data()["lists"] == [" ".join(str(n) for n in range(0, 100, 2))]


def test_inlined_figures_follow_the_theme_and_carry_no_program() -> None:
    svg = figure_bytes("prisma", views(), "svg").decode()
    inside = inline_svg(svg, "prisma")
    assert "<?xml" not in inside
    assert "fill: var(--f-ffffff, #ffffff)" in inside
    bad = svg.replace("</title>", "</title><script>alert(1)</script><foreignObject/><a href='https://x.y'/>").replace(
        "<g>", '<g onclick="alert(1)">', 1
    )
    cleaned = inline_svg(bad, "prisma")
    assert "alert" not in cleaned
    assert "foreignObject" not in cleaned
    assert "https://x.y" not in cleaned
    for broken in ("<svg", "<html xmlns='http://www.w3.org/1999/xhtml'/>"):
        with pytest.raises(InputError, match="figure prisma is not"):
            inline_svg(broken, "prisma")
