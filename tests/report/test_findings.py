"""Key findings: each from small views by hand, and in both reviews equal to the tables they lead to."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from sample_views import HOSTILE
from small_review import write
from typer.testing import CliRunner

import metareview
from metareview.cli.app import app
from metareview.report.findings import FINDINGS, MOST, Finding, Part, key_findings, leading, views_of
from metareview.report.findings.base import finding
from metareview.report.pages.render import environment
from metareview.report.tables import render_html
from metareview.report.views.base import Cell, Column, View
from metareview.report.views.format import display_cell
from metareview.schema.review import ReviewSpec

DATA = Path(__file__).parents[2] / "data" / "studies"
BY_KIND = {
    "count": "n k contradicted contradicted_if not_checkable consistent",
    "score": "composite composite_recomputed rerun reported",
    "p": "p_values p_permutation",
    "interval": "bounds interval",
    "number": "best worst estimate prediction",
    "percent": "first share i2 imputed",
}
KINDS = {key: kind for kind, keys in BY_KIND.items() for key in keys.split()}
DIGITS = {"bounds": 0, "interval": 0, "first": 0}


def view(name: str, *rows: dict[str, object], title: str = "") -> View:
    """A view with the columns that its rows name; a value may be a cell."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    columns = tuple(Column(key, key, KINDS.get(key, "text"), DIGITS.get(key)) for key in keys)  # type: ignore[arg-type]
    cells = [[row.get(key) for key in keys] for row in rows]
    made = tuple(tuple(c if isinstance(c, Cell) else Cell(c) for c in line) for line in cells)  # type: ignore[arg-type]
    return View(name, title or f"Table {name}", "", columns, made)


def spec(**more: object) -> ReviewSpec:
    return ReviewSpec.model_validate({"id": "r", "title": "R", "question": "?", **more})


def said(*views: View, **more: object) -> list[Finding]:
    return list(key_findings({view.name: view for view in views}, spec(**more)))


def verdicts(**counts: int) -> View:
    row = {"type": "count", "n": sum(counts.values())}
    keys = ("contradicted", "contradicted_if", "not_checkable", "underpowered", "not_applicable", "consistent")
    return view("audit-summary", row | {key: counts.get(key, 0) for key in keys})


def test_nothing_gives_nothing() -> None:
    assert said() == []
    assert said(*(view(name) for entry in FINDINGS.values() for name in entry.views if not name.endswith("-"))) == []
    assert environment().get_template("findings.html.j2").render(findings=(), further=(), titles={}).strip() == ""


def test_audit_names_what_most_other_statements_hang_on() -> None:
    wrong = Cell("not reproducible", mark="contradicted")
    rows = [{"verdict": wrong, "statement": f"S{n}.", "related": related}
            for n, related in enumerate(("", "a", "a; b", "c"))]  # fmt: skip
    rows.append({"verdict": Cell("if", mark="warning"), "statement": "S4.", "related": "a; b; c; d"})
    [one] = said(verdicts(contradicted=4, contradicted_if=1, consistent=1200, not_checkable=2), view("audit", *rows))
    assert one.sentence == (
        "Of 1,207 statements read, 1,200 hold; 4 cannot be reproduced under any listed convention, among them “S2” and "
        "“S1”; 1 cannot if the assumption that the table names holds; 2 cannot be checked here."
    )
    assert (one.mark, one.tables) == ("contradicted", ("audit-summary", "audit"))


def test_audit_without_contradictions() -> None:
    [one] = said(verdicts(consistent=1))
    assert one.sentence.startswith("Of 1 statement read, 1 holds, 0 cannot be reproduced")
    assert one.mark == ""
    assert said(verdicts(consistent=1, contradicted_if=1))[0].mark == "warning"


RANKED = [{"id": "printed", "title": "T", "rule": "mean", "as_printed": True}]


def test_leader_with_what_could_move_it() -> None:
    board = view("benchmark", {"method": "A", "composite": 0.95}, {"method": "B", "composite": 0.9})
    assert said(board)[0].sentence == "A is first by printed composite (0.950)."
    assert said(board)[0].mark == ""
    ranking = view("ranking-printed", {"method": "A", "bounds": Cell(low=1, high=2)})
    choices = view("multiverse", {"method": "B", "best": 1, "worst": 2, "first": 0.75},
                   {"method": "A", "best": 1, "worst": 2.5, "first": 0.25})  # fmt: skip
    one = said(board, ranking, choices, rankings=RANKED)[0]
    assert one.sentence == (
        "A is first by printed composite (0.950), with possible ranks [1, 2] over what the missing cells may hold; "
        "under other rules and choices its rank runs from 1 to 2.5, first in 25% of the specifications, while "
        "B is in 75%."
    )
    assert (one.mark, one.tables) == ("warning", ("benchmark", "ranking-printed", "multiverse"))


def test_leaders_that_print_alike_share_the_place() -> None:
    rows = [{"method": name, "composite": Cell(None), "composite_recomputed": Cell(value, decimals=2)}
            for name, value in (("A", 0.951), ("B", 0.949), ("C", 0.9))]  # fmt: skip
    assert said(view("benchmark", *rows))[0].sentence == "A and B are first by recomputed composite (0.95)."


def test_composites() -> None:
    row = {"definition": "mean", "n_agree": 9, "n_fail": 1, "n_open": 0, "fails": "A"}
    one = said(view("composite-verdicts", row, row | {"n_agree": 3}))[0]
    assert one.sentence == "The best definition tried gives 9 printed composites again and fails on 1 (A)."
    assert one.mark == "contradicted"
    good = said(view("composite-verdicts", row | {"n_fail": 0, "n_agree": 1, "n_open": 2, "fails": None}))[0]
    assert good.sentence.endswith("gives 1 printed composite again and fails on none, and 2 cannot be judged.")
    assert good.mark == "warning"


def test_categories_take_the_smallest_printed_p() -> None:
    def line(metric: str, source: str, p: Cell, more: float | None = None) -> dict[str, object]:
        return {"metric": metric, "source": source, "contrast": "groups", "p_values": p, "p_permutation": more}

    rows = [line("Dice", "printed", Cell(0.001, bound=">")), line("AP", "printed", Cell(0.008)),
            line("AP", "printed", Cell(0.2)),
            line("AP", "recomputed", Cell(note="every group has one value"), 1.0)]  # fmt: skip
    one = said(view("category-models", *rows))[0]
    assert one.sentence == ("For AP, p = 0.008 is printed (groups); it cannot be recomputed from the values on record: "
                            "every group has one value.")  # fmt: skip
    assert one.mark == "warning"
    rows[-1] = line("AP", "recomputed", Cell(0.0001), 0.25)
    again = said(view("category-models", *rows))[0]
    assert again.sentence.endswith("as independent values p < 0.001 and by permutation between studies p = 0.250.")
    assert again.mark == ""
    assert said(view("category-models", *rows[-1:])) == []


def test_synthesis() -> None:
    declared = [{"id": "x", "title": "X", "metric": "dice", "variance": ["reported-se"]}]
    row = {"synthesis": "X", "measure": "Dice", "k": 9, "studies": 1, "estimate": Cell(0.5, low=0.4, high=0.6),
           "prediction": Cell(low=0.1, high=0.9), "i2": 0.998, "imputed": Cell(1.0, mark="warning")}  # fmt: skip
    one = said(view("syntheses", row), view("fit-x", {"key": "pooled"}), syntheses=declared)[0]
    assert one.sentence == ("X, pooled Dice: 0.5 [0.4, 0.6] from 9 effects of 1 study; a new true effect is expected "
                            "in [0.1, 0.9]; I² 99.8%; 100.0% of the weight rests on imputed variances.")  # fmt: skip
    assert (one.mark, one.tables, one.elsewhere) == ("warning", ("syntheses", "fit-x"), ("syntheses",))
    assert said(view("syntheses", row | {"estimate": None})) == []
    bare = said(view("syntheses", {"synthesis": "X", "measure": "Dice", "k": 1, "estimate": 0.5}))[0]
    assert bare.sentence == "X, pooled Dice: 0.5 from 1 effect."


def test_rankings() -> None:
    declared = [*RANKED, {"id": "b", "title": "B", "rule": "mean"}]
    row = {"rank": "1", "method": "A", "bounds": Cell(low=1, high=1), "interval": Cell(low=1, high=3), "best": 0.5}
    one = said(view("ranking-b", row, row | {"rank": "2"}, title="Board"), rankings=declared)[0]
    assert one.sentence.startswith(
        "A is first in “Board”: possible ranks [1, 1], interval of its rank [1, 3], best in "
    )
    assert (one.mark, one.tables, one.elsewhere) == ("warning", ("ranking-b",), ())
    tied = said(view("ranking-b", row | {"rank": "1="}, row | {"rank": "1=", "method": "C"}), rankings=declared)[0]
    assert tied.sentence == "A and C are first in “Table ranking-b”."
    assert said(view("ranking-printed", row), rankings=declared) == []


def test_reruns_name_the_best_of_each_data_set() -> None:
    def line(method: str, metric: str, value: float, verdict: str, reported: float | None = None) -> dict[str, object]:
        return {"dataset": "D", "method": method, "metric": metric, "rerun": value, "reported": reported,
                "verdict": verdict}  # fmt: skip

    rows = [line("A", "Dice:fg", 0.9, "nothing published"), line("A", "ARAND:gt0", 0.2, "lower", 0.1),
            line("B", "ARAND:gt0", 0.15, "not comparable", 0.1)]  # fmt: skip
    rows[1]["verdict"] = Cell("lower", mark="warning")
    one = said(view("replication", *rows))[0]
    assert one.sentence == (
        "3 scores of models run again here: 1 lower, 1 not comparable, 1 nothing published; lowest mean ARAND:gt0 on "
        "D: B 0.150 (reported 0.100: not comparable)."
    )
    assert one.mark == "warning"
    rows[2] |= {"relation": "same data", "by": "C, Doe 2020"}
    published = line("F", "ARAND:gt0", 0.05, "nothing published") | {"n": Cell(1, note="segmentation")}
    other = said(view("replication", *rows, published))[0]
    assert other.sentence == (
        "4 scores (1 of published segmentations that were scored here, the others of models run again here): 1 lower, "
        "1 not comparable, 2 nothing published; lowest mean ARAND:gt0 on D: B 0.150 (of another method, C, Doe 2020, "
        "0.100 is printed) (scored here beside it: F 0.050)."
    )
    alone = said(view("replication", rows[0]))[0]
    assert (alone.sentence, alone.mark) == ("1 score of models run again here: 1 nothing published.", "")


def test_code_as_recorded_and_as_printed() -> None:
    own = {"corpus": "the review", "category": "all", "source": "recorded here", "n": 60, "with_code": 23,
           "not_stated": 1, "share": Cell(0.383, low=0.27, high=0.51)}  # fmt: skip
    one = said(view("availability", own | {"category": "CNN"}, own))[0]
    assert one.sentence == ("Code is public for 23 of 60 studies (the review), 38.3% [27.0%, 51.0%]; 1 does not state "
                            "it.")  # fmt: skip
    printed = [{"category": "all", "source": "printed: code", "share": Cell(share, mark="contradicted")}
               for share in (0.54, 0.4)]  # fmt: skip
    both = said(view("availability", *printed, own))[0]
    assert both.sentence.endswith("; printed as 54.0% and 40.0%, which contradict each other.")
    assert (one.mark, both.mark) == ("", "contradicted")


def test_appraisal() -> None:
    rows = [{"item": "Code", "n": 29, "of": 60}, {"item": "Data", "n": 0, "of": 60}]
    one = said(view("appraisal-coverage", *rows))[0]
    assert one.sentence == ("1 of 2 items of the appraisal could be judged for at least one study; the item judged "
                            "most, Code, for 29 of 60 studies.")  # fmt: skip
    assert (one.mark, said(view("appraisal-coverage", rows[0]))[0].mark) == ("warning", "")


def test_every_kind_is_printed_before_a_second_of_any() -> None:
    found = tuple(finding(name, name, str(n)) for name in ("a", "b", "c") for n in range(4))
    shown, further = leading(found, 5)
    assert [(one.name, one.sentence) for one in shown] == [("a", "0"), ("a", "1"), ("b", "0"), ("b", "1"), ("c", "0")]
    assert len(further) == 7
    assert leading(found[:MOST]) == (found[:MOST], ())


def test_hostile_names_are_text() -> None:
    for text in HOSTILE:
        rows = view("benchmark", {"method": text, "composite": 0.9}, title=text)
        found = said(rows)
        shown = (
            environment()
            .get_template("findings.html.j2")
            .render(findings=found, further=found, titles={"benchmark": text})
        )
        assert set(re.findall(r"<(\w+)", shown)) <= {"h3", "ul", "li", "strong", "p", "b", "bdi", "span", "a"}
        assert len(found[0].parts[0].text) <= 160
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\ud800]", shown)


def test_json_has_the_cell_of_every_number() -> None:
    [one] = said(view("benchmark", {"method": "A", "composite": 0.9}))
    assert one.to_dict() == {
        "name": "leader", "topic": "Leader", "sentence": "A is first by printed composite (0.900).", "mark": None,
        "tables": ["benchmark"],
        "numbers": [{"text": "0.900", "value": 0.9, "table": "benchmark", "column": "composite", "row": 0}],
    }  # fmt: skip


def agree(found: tuple[Finding, ...], views: dict[str, View]) -> int:
    """Assert that every number is what its cell prints; return how many are cells."""
    cells = 0
    for part in (part for one in found for part in one.parts if part.kind == "number"):
        table = views[part.table]
        if not part.column:
            _counts(part, table)
            continue
        cell, column = table.rows[part.row][table.index(part.column)], table.columns[table.index(part.column)]
        assert (part.text, part.value) == (display_cell(cell, column), cell.value)
        assert html.escape(part.text) in render_html(table)
        cells += 1
    return cells


def _counts(part: Part, table: View) -> None:
    """What counts rows of a table also stands in a note of it, or is the number of its rows."""
    noted = re.findall(r"\d+", " ".join(note for note in table.notes if note.startswith(("Verdicts", "Studies of"))))
    assert part.text in noted or part.value == len(table.rows)


def test_the_verb_and_the_page_of_a_small_review(tmp_path: Path) -> None:
    folder = write(tmp_path / "speech")
    run = CliRunner().invoke(app, ["report", str(folder), "--json"])
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert [one["name"] for one in found] == ["audit", "leader", "composites", "categories", "code"]
    review = metareview.load(folder)
    assert [one["sentence"] for one in found] == [one.sentence for one in review.findings()]
    audited = review.page(["audit", "audit-summary"]).split('id="overview"', 1)[1].split("</section>", 1)[0]
    assert '<strong class="topic">Audit<sup>‡</sup></strong>' in audited
    assert [name for name in ("Leader", "Composites", "Categories", "Public code") if f'topic">{name}' in audited] == []
    assert 'id="findings"' not in review.page(["studies"])


EXPECTED = {
    "brain-em": ["audit", "leader", "composites", "categories", "rankings", "reruns", "code", "appraisal"],
    "em-public": [*["syntheses"] * 3, *["rankings"] * 3, "code", "appraisal"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_both_reviews_say_what_their_tables_say(name: str) -> None:
    review = metareview.load(DATA / name)
    found = review.findings()
    assert [one.name for one in found] == EXPECTED[name]
    assert agree(found, {table: review.table(table) for table in views_of(review.spec)}) > 20
