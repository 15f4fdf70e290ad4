"""``metareview plot`` and ``metareview sensitivity`` on the trials of BCG vaccine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metareview.cli.app import app
from metareview.cli.plot import KINDS
from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.stats.effects import compute_effects
from tests.published.trials import BCG

EXTRA = {"cumulative": ["--order", "year"], "bubble": ["--mods", "~ ablat"], "forest": ["--group", "alloc"],
         "leave-one-out": ["--cluster", "alloc"]}  # fmt: skip


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    table = compute_effects("RR", BCG, ai="ai", bi="bi", ci="ci", di="di")
    table["trial"] = [f"trial {i} <&>" for i in range(len(table))]
    path = tmp_path / "effects.csv"
    table.to_csv(path, index=False)
    return path


def call(*arguments: object) -> str:
    found = CliRunner().invoke(app, [str(part) for part in arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_the_same_twice(kind: str, effects: Path, tmp_path: Path) -> None:
    options = ["--kind", kind, "--transform", "exp", "--reference", "1", "--labels", "trial", *EXTRA.get(kind, [])]
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    said = call("plot", effects, "-o", first, *options)
    call("plot", effects, "-o", second, *options)
    assert "k = 13 of 13" in said
    text = first.read_text()
    assert text == second.read_text()
    assert "mathdefault" not in text
    assert "trial 0 <&>" not in text


@pytest.mark.parametrize(("transform", "reference", "rule"), [
    ("exp", "0", "positive"), ("exp", "-1", "positive"), ("expit", "1", "between 0 and 1"),
    ("tanh", "-1", "between -1 and 1"), ("none", "nan", "finite"),
])  # fmt: skip
def test_a_reference_that_nothing_is_read_as(
    transform: str, reference: str, rule: str, effects: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rule):
        call("plot", effects, "-o", tmp_path / "d.svg", "--transform", transform, "--reference", reference)


def test_a_row_without_variance_stands_beside_nothing_else(effects: Path, tmp_path: Path) -> None:
    import pandas as pd

    table = pd.read_csv(effects)
    table.loc[3, "vi"] = None
    table.to_csv(effects, index=False)
    out = tmp_path / "c.svg"
    assert "k = 12 of 13" in call("plot", effects, "-o", out, "--labels", "trial", "--kind", "leave-one-out")
    text = out.read_text()
    assert "trial 4" in text
    assert "trial 3 " not in text


def test_what_cannot_be_drawn_says_why(effects: Path, tmp_path: Path) -> None:
    with pytest.raises(NotEstimable, match="order"):
        call("plot", effects, "-o", tmp_path / "x.svg", "--kind", "cumulative")
    with pytest.raises(NotEstimable, match="moderator"):
        call("plot", effects, "-o", tmp_path / "x.svg", "--kind", "bubble")
    with pytest.raises(UnknownName, match="forest"):
        call("plot", effects, "-o", tmp_path / "x.svg", "--kind", "forrest")
    with pytest.raises(InputError, match=r"\.svg or \.png"):
        call("plot", effects, "-o", tmp_path / "x.pdf")
    with pytest.raises(UnknownName, match="column"):
        call("plot", effects, "-o", tmp_path / "x.svg", "--labels", "name")


def test_contours_stand_where_there_is_a_value_of_no_difference(effects: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.svg"
    assert "with contours" not in call("plot", effects, "-o", out, "--kind", "funnel")
    assert "for no difference" not in out.read_text()
    for kind in ("funnel", "trim-fill"):
        assert "with contours" in call("plot", effects, "-o", out, "--kind", kind, "--transform", "exp")
        assert "for no difference" in out.read_text()


def test_too_few_effects_say_so(tmp_path: Path) -> None:
    path, out = tmp_path / "few.csv", tmp_path / "few.svg"
    path.write_text("yi,vi,x\n0.1,0.2,1\n", encoding="utf-8")
    with pytest.raises(NotEstimable, match="k = 1 and 1 coefficients leave no heterogeneity"):
        call("plot", path, "-o", out, "--kind", "profile")
    path.write_text("yi,vi,x\n0.1,0.2,1\n0.2,0.2,2\n", encoding="utf-8")
    with pytest.raises(NotEstimable, match="k = 2: x has 2 different values"):
        call("plot", path, "-o", out, "--kind", "bubble", "--mods", "~ x")


def test_the_sensitivity_table_has_its_rows(effects: Path) -> None:
    import pandas as pd

    table = pd.read_csv(effects)
    table["low"] = ["yes" if kind == "random" else "no" for kind in table["alloc"]]
    table["lab"] = ["a", "a", "b", "b", "c", "c", "d", "d", "e", "e", "f", "f", "g"]
    table.to_csv(effects, index=False)
    rows = json.loads(call("sensitivity", effects, "--cluster", "lab", "--low-risk", "low", "--rho", "0.4", "--json"))
    named = {row["analysis"]: row for row in rows}
    assert named["low risk of bias"]["k"] == 7
    assert named["REML"]["k"] == 13
    assert named["REML"]["estimate"] == pytest.approx(-0.7145, abs=5e-5)
    assert "correlated and hierarchical, rho = 0.4" in named
    assert "influential out" in call("sensitivity", effects)
    table["low"] = "maybe"
    table.to_csv(effects, index=False)
    with pytest.raises(InputError, match="line 2: maybe"):
        call("sensitivity", effects, "--low-risk", "low")


def test_contours_stand_around_the_reference_on_the_scale_of_the_model() -> None:
    from metareview.cli.plot import _reading
    from metareview.report.views.fits import funnel
    from metareview.stats.synthesis import fit

    model = fit([0.1, 0.5, 0.9, 0.2], [0.04, 0.02, 0.09, 0.01])
    cases = (("exp", 2.0, 0.6931471805599453), ("expit", 0.6, 0.4054651081081644), ("none", 0.3, 0.3))
    for transform, reference, null in cases:
        rows = funnel(model, _reading("effect", 0.95, transform, reference)).rows
        limits = [(row[2].low, row[2].high) for row in rows if row[0].value == "contour"]
        assert len(limits) == 3
        assert all((low + high) / 2 == pytest.approx(null) for low, high in limits)
