"""Syntheses that review.yaml declares: selection, variances, effects, model; on made and on genuine results."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import t as student

import metareview
from metareview.errors import UnknownName
from metareview.report.analyses import analyses_for, find_analysis
from metareview.schema.review import ReviewSpec
from metareview.stats.declared.result import SynthesisResult
from metareview.stats.declared.run import compute_synthesis
from metareview.stats.declared.scales import SCALES
from metareview.stats.declared.variances import layout_variance
from metareview.stats.synthesis import fit
from metareview.stats.synthesis.containment import contained

DATA = Path(__file__).parents[2] / "data" / "studies"
HOSTILE = '<script>alert("x")</script>"); import os #'


def spec(**declared):
    body = {"id": "s", "title": HOSTILE, "metric": "dice", **declared}
    return ReviewSpec.model_validate({"id": "r", "title": "R", "question": "?", "syntheses": [body]})


def tables(rows, **study):
    """Tables of results given as (method, dataset, value, more columns)."""
    experiments, results = [], []
    for number, (method, dataset, value, more) in enumerate(rows):
        key = f"{method}.{dataset}".lower().replace(" ", "-") if "unit" in more else f"e{number}"
        own = {"experiment_id": key, "study_id": "ada", "method": method, "dataset_id": dataset, "origin": "reported"}
        experiments.append(own)
        results.append({"experiment_id": key, "metric": "dice", "convention": "unstated", "level": "cell",
                        "value": value, "source_id": "doc", "locator": f"L{number}", "file": "results.csv",
                        "line": number + 2, **more})  # fmt: skip
    frame = pd.DataFrame(results)
    for name in ("sd", "sd_ddof", "se", "ci_low", "ci_high", "n", "n_of", "unit", "note"):
        if name not in frame:
            frame[name] = None
    return {
        "results": frame,
        "experiments": pd.DataFrame(experiments).drop_duplicates("experiment_id"),
        "studies": pd.DataFrame([{"study_id": "ada", "status": "included", "authors": "Ada", **study}]),
    }


@pytest.fixture(scope="module")
def public():
    return metareview.load(DATA / "em-public")


# --- what review.yaml may say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"random": ["colour"]}, "'colour' is not one of"),
        ({"values": "units"}, "name the kind of unit"),
        ({"unit": "image"}, "go together"),
        ({"contrast": {"first": "A", "second": "A"}}, "a contrast needs two values"),
        ({"contrast": {"first": "A", "second": "B", "match": ["method"]}}, "the column that differs"),
        ({"random": ["method"], "method": "DL"}, "method is REML or ML"),
        ({"random": ["method"], "test": "knha"}, "test is z, t or contain"),
        ({"random": ["method"], "cluster": "unit"}, "random effects or robust clusters"),
        ({"test": "contain"}, "test: contain needs random effects"),
        ({"metric": "nosuch"}, "not in the metric vocabulary: nosuch"),
        ({"scale": "probit"}, "Input should be"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_declarations_that_cannot_be_meant_are_refused(declared, message):
    with pytest.raises(ValidationError, match=message.replace("(", r"\(")):
        spec(**declared)


def test_ids_are_unique_and_absence_is_not_explained_beside_presence():
    one = {"id": "s", "title": "T", "metric": "dice"}
    base = {"id": "r", "title": "R", "question": "?"}
    with pytest.raises(ValidationError, match="two syntheses share the id s"):
        ReviewSpec.model_validate({**base, "syntheses": [one, one]})
    with pytest.raises(ValidationError, match="leave one of them out"):
        ReviewSpec.model_validate({**base, "syntheses": [one], "no_syntheses": "none"})


def test_every_declarable_method_exists():
    from typing import get_args

    from metareview.schema.synthesis import FACTORS, Factor, SynthesisSpec
    from metareview.stats.synthesis.estimators import ESTIMATORS

    assert set(get_args(SynthesisSpec.model_fields["method"].annotation)) == set(ESTIMATORS)
    assert get_args(Factor) == FACTORS
    assert set(get_args(SynthesisSpec.model_fields["scale"].annotation)) == set(SCALES)


def test_analyses_are_found_by_name():
    found = analyses_for(spec())
    assert list(found)[-2:] == ["synthesis-s", "diagnostics-s"]
    with pytest.raises(UnknownName, match="synthesis-s"):
        find_analysis("synthesis-t", spec())
    with pytest.raises(UnknownName, match="synthesis"):
        compute_synthesis({}, spec(), "t")


# --- scales and variances -------------------------------------------------------------------------------------------


@given(x=st.floats(0.02, 0.98), name=st.sampled_from(sorted(SCALES)))
def test_slopes_are_derivatives_and_values_come_back(x, name):
    scale, h = SCALES[name], 1e-6
    assert scale.slope(x) == pytest.approx((scale.to(x + h) - scale.to(x - h)) / (2 * h), rel=1e-5)
    assert scale.back(scale.to(x)) == pytest.approx(x, rel=1e-12)


@pytest.mark.parametrize("name", sorted(SCALES))
def test_equal_scores_have_no_difference(name):
    scale = SCALES[name]
    assert scale.contrast(scale.to(0.7) - scale.to(0.7)) == (0.0 if name == "raw" else 1.0)


def test_layout_residual_and_reml_are_the_analysis_of_variance():
    rng = np.random.default_rng(5)
    y = rng.normal(size=(7, 1)) + rng.normal(size=(1, 5)) + rng.normal(scale=0.4, size=(7, 5))
    rows, columns = np.repeat([f"r{i}" for i in range(7)], 5), np.tile([f"c{j}" for j in range(5)], 7)
    found, df = layout_variance(y.ravel().tolist(), rows.tolist(), columns.tolist())
    a, b = y.mean(axis=1, keepdims=True), y.mean(axis=0, keepdims=True)
    mse = float(((y - a - b + y.mean()) ** 2).sum() / 24)
    assert df == 24
    assert found == pytest.approx(mse, rel=1e-12)
    table = pd.DataFrame({"yi": y.ravel(), "vi": found, "r": rows, "c": columns})
    model = contained(fit(table, random=["~ 1 | r", "~ 1 | c"], test="t"))
    msr, msc = 5 * float(a.var(ddof=1)), 7 * float(b.var(ddof=1))
    assert model.sigma2 == pytest.approx(((msr - mse) / 5, (msc - mse) / 7), rel=1e-6)
    assert model.df == (4.0,)
    assert model.ci_high - model.estimate == pytest.approx(student.ppf(0.975, 4) * float(model.se[0]), rel=1e-9)


def test_incomplete_layouts_have_fewer_degrees_of_freedom():
    assert layout_variance([1.0, 2.0, 4.0], ["a", "a", "b"], ["x", "y", "x"])[1] == 0


def test_printed_spreads_become_variances():
    rows = [
        ("Net", "d1", 0.8, {"sd": 0.03, "sd_ddof": 0, "n": 10, "n_of": "training runs"}),
        ("Net", "d2", 0.7, {"sd": 0.03, "sd_ddof": 1, "n": 10, "n_of": "test images"}),
        ("Net", "d3", 0.6, {"ci_low": 0.5, "ci_high": 0.7, "n": 5, "n_of": "training runs"}),
        ("Net", "d4", 0.5, {"se": 0.02}),
        ("Net", "d5", 0.5, {"sd": 0.02, "n": 5, "n_of": "moons"}),
        ("Net", "d6", 0.5, {"ci_low": 0.5, "ci_high": 0.5}),
        ("Net", "d7", 0.5, {}),
    ]
    found = compute_synthesis(tables(rows), spec(label=["dataset_id"]), "s")
    vi = {row.label: row.vi for row in found.rows}
    assert vi["d1"] == pytest.approx(0.03**2 / 9)  # sd^2 10/9 / 10
    assert vi["d2"] == pytest.approx(0.03**2 / 10)
    assert vi["d3"] == pytest.approx((0.1 / 1.959963984540054) ** 2)
    assert vi["d4"] == pytest.approx(0.02**2)
    assert [row.vi_source for row in found.rows] == ["per-seed", "per-image", "reported-ci", "reported-se"]
    reasons = [row.reason for row in found.dropped]
    assert "over moons" in reasons[0]
    assert "no width" in reasons[1]
    assert "nothing printed" in reasons[2]
    assert (found.k_in, found.k_used) == (7, 4)
    assert found.imputed == 0.0
    student5 = compute_synthesis(tables(rows), spec(label=["dataset_id"], interval="t"), "s")
    assert student5.rows[2].vi == pytest.approx((0.1 / float(student.ppf(0.975, 4))) ** 2)


def test_borrowed_variances_are_marked_and_weighed():
    rows = [("Net", f"d{i}", 0.5 + i / 20, {"se": 0.02} if i else {}) for i in range(5)]
    declared = spec(label=["dataset_id"], variance=["reported-se", "borrowed-cv"])
    found = compute_synthesis(tables(rows), declared, "s")
    assert [row.imputed for row in found.rows] == [True, False, False, False, False]
    assert found.imputed == pytest.approx(found.rows[0].weight)
    assert sum(found.shares.values()) == pytest.approx(1)
    without = compute_synthesis(tables(rows), spec(variance=["reported-se"]), "s")
    assert len(without.rows) == 4


# --- contrasts ------------------------------------------------------------------------------------------------------


def test_contrasts_pair_within_places_and_tell_what_has_no_partner():
    rows = [(m, d, v, {"se": 0.01}) for m, d, v in
            (("A", "d1", 0.8), ("B", "d1", 0.7), ("A", "d2", 0.9), ("A", "d3", 0.6), ("B", "d3", 0.6), ("B", "d3", 0.5),
             ("C", "d1", 0.1))]  # fmt: skip
    declared = spec(contrast={"first": "A", "second": "B"}, scale="log-error")
    found = compute_synthesis(tables(rows), declared, "s")
    assert found.k_in == 6, "C is not asked for"
    assert [row.reason.split(" at ")[0] for row in found.dropped] == ["1 of A and 0 of B", *["1 of A and 2 of B"] * 3]
    (row,) = found.rows
    assert row.effect.read == pytest.approx(0.2 / 0.3)
    assert row.vi == pytest.approx((0.01 / 0.2) ** 2 + (0.01 / 0.3) ** 2)
    assert [ref.line for ref in row.refs] == [2, 3]
    assert row.effect.read_low < row.effect.read < row.effect.read_high


@given(scores=st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9)), min_size=2, max_size=5))
def test_swapping_the_arms_flips_the_effect(scores):
    rows = [(m, f"d{i}", v, {"se": 0.01}) for i, pair in enumerate(scores) for m, v in zip("AB", pair, strict=True)]
    made = tables(rows)
    ab, ba = (compute_synthesis(made, spec(contrast={"first": x, "second": y}, scale="logit"), "s") for x, y in
              ("AB", "BA"))  # fmt: skip
    for one, two in zip(ab.rows, ba.rows, strict=True):
        assert one.effect.value == pytest.approx(-two.effect.value)
        assert one.vi == pytest.approx(two.vi)
    assert ab.pooled.value == pytest.approx(-ba.pooled.value, abs=1e-9)


# --- what is left out, and what cannot be fitted --------------------------------------------------------------------


def test_results_that_may_not_enter_are_told():
    rows = [("Net", "d1", 0.8, {"se": 0.01}), ("Net", "d2", 0.7, {"se": 0.01, "level": "study_mean"}),
            ("Net", "d3", 0.7, {"se": 0.01, "convention": "fg"}), ("Net", "d4", 1.0, {"se": 0.01}),
            ("Net", "d5", 0.7, {"unit": "image:1"}), ("Other", "d6", 0.7, {"se": 0.01})]  # fmt: skip
    found = compute_synthesis(tables(rows), spec(scale="logit", select={"methods": ["Net"]}), "s")
    reasons = " | ".join(row.reason for row in found.dropped)
    for part in ("its level is study_mean", "convention is fg", "not between 0 and 1", "a value of one image"):
        assert part in reasons
    assert (found.k_in, found.k_used) == (5, 1)
    assert found.coefficients, "one effect still has a mean"
    assert any("k = 1" in text for text in found.warnings)


def test_no_effects_and_no_model_are_said_not_raised():
    empty = compute_synthesis({}, spec(), "s")
    assert (empty.rows, empty.coefficients) == ((), ())
    assert "nothing is fitted" in empty.warnings[-1]
    rows = [("Net", f"d{i}", 0.5, {"se": 0.01}) for i in range(3)]
    broken = compute_synthesis(tables(rows), spec(random=["method"]), "s")
    assert broken.rows
    assert "one level only" in broken.warnings[-1]
    units = [("Net", "d1", 0.5, {"unit": f"image:{i}"}) for i in range(3)]
    single = compute_synthesis(tables(units), spec(values="units", unit="image"), "s")
    assert "leaves no residual" in single.dropped[0].reason


def test_missing_moderators_drop_their_row():
    rows = [("Net", f"d{i}", 0.5 + i / 30, {"se": 0.01 + i / 500}) for i in range(7)]
    made = tables(rows)
    made["experiments"]["target"] = ["a", "b", "a", "b", "a", "b", None]
    found = compute_synthesis(made, spec(mods="~ C(target)"), "s")
    assert (found.k_in, found.k_used, len(found.rows)) == (7, 6, 7)
    assert found.rows[-1].weight is None
    assert found.pooled is None
    assert found.omnibus.pvalue is not None
    assert found.sensitivity == ()


def test_hostile_text_stays_out_of_the_scripts():
    rows = [(HOSTILE, f"d{i}", 0.5 + i / 30, {"se": 0.01, "note": HOSTILE}) for i in range(4)]
    found = compute_synthesis(tables(rows), spec(), "s")
    assert HOSTILE in found.rows[0].label
    for text in (found.r_script, found.python_script):
        assert "alert" not in text
        assert "numbers only" in text


# --- genuine results ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nisb", "attention-y-net", "em-stellar"])
def test_results_travel_and_repeat(public, name):
    found = compute_synthesis(public.frames, public.spec, name)
    back = SynthesisResult.from_json(found.to_json())
    assert back.to_json() == found.to_json() == compute_synthesis(public.frames, public.spec, name).to_json()
    assert len(found.to_frame()) == len(found.rows)
    assert sum(row.weight for row in found.rows) == pytest.approx(1)
    assert all(row.refs and all(ref.line > 1 and ref.source_id for ref in row.refs) for row in found.rows)
    assert found.paragraph


def test_nisb_from_the_printed_half_widths(public):
    found = compute_synthesis(public.frames, public.spec, "nisb")
    base = found.rows[0]
    assert (base.label, base.first, base.second) == ("Base", 0.43, 0.244)
    assert base.effect.value == pytest.approx(0.186)  # 43.0 - 24.4, printed as 43.0±1.9 and 24.4±1.4
    assert base.effect.se == pytest.approx(math.hypot(0.019, 0.014) / 1.959963984540054)
    model = fit([row.effect.value for row in found.rows], [row.vi for row in found.rows])
    assert len(found.rows) == 9
    assert found.pooled.value == model.estimate
    assert found.prediction.low < 0 < found.pooled.low, "the pooled difference is positive, a new one need not be"
    assert any("recommends" in text for text in found.notes)
    assert found.warnings == ("18 of 18 figures behind the effects are inferred readings; their notes say why",)


def test_attention_y_net_corrects_population_deviations(public):
    found = compute_synthesis(public.frames, public.spec, "attention-y-net")
    first = found.rows[0]
    assert first.effect.se == pytest.approx(0.0401 / 3 / (0.4024 * 0.5976))  # sd sqrt(10/9) / sqrt(10), delta method
    assert first.effect.read == pytest.approx(0.4024)
    assert len(found.rows) == 6
    assert found.sensitivity[0].name == "as declared"
    assert {"three levels", "EE", "outliers out"} <= {row.name for row in found.sensitivity}
    assert all(group.estimate is None for group in found.groups), "two effects are not pooled"


def test_em_stellar_is_crossed_and_says_that_its_variance_is_estimated(public):
    found = compute_synthesis(public.frames, public.spec, "em-stellar")
    assert [(c.name, c.levels) for c in found.components] == [("method", 13), ("unit", 4)]
    table = pd.DataFrame({"y": [r.effect.value for r in found.rows], "m": [r.method for r in found.rows],
                          "u": [r.unit for r in found.rows]})  # fmt: skip
    grid = table.pivot_table(index="m", columns="u", values="y").to_numpy()
    mse = ((grid - grid.mean(1, keepdims=True) - grid.mean(0) + grid.mean()) ** 2).sum() / 36
    assert found.rows[0].vi == pytest.approx(mse)
    assert found.components[1].value == pytest.approx((13 * grid.mean(0).var(ddof=1) - mse) / 13, rel=1e-6)
    assert found.coefficients[0].df == 3.0
    assert 'dfs="contain"' in found.r_script
    assert "one degree of freedom less" in found.paragraph
    assert found.imputed == pytest.approx(1)
    assert len(found.dropped) == 13, "the pooled aggregates are not effects beside their own images"
    assert all(group.k == 13 and group.estimate for group in found.groups)


def test_the_founding_review_has_none_because_no_spread_is_printed():
    review = metareview.load(DATA / "brain-em")
    assert review.spec.syntheses == ()
    assert "is printed with a standard error" in review.spec.no_syntheses
    spread = review.results[["sd", "se", "ci_low", "ci_high"]].notna().any(axis=1)
    assert review.results.loc[spread, "level"].tolist() == ["study_mean"] * 3
    assert review.results.loc[spread, "metric"].tolist() == ["esa", "esa", "throughput"]
    assert review.results.loc[review.results["level"] == "cell", "n_of"].isna().all()
    assert review.spec.syntheses_elsewhere == ("em-public",)


@pytest.mark.parametrize("name", ["nisb", "attention-y-net", "em-stellar"])
@pytest.mark.parametrize("language", ["python", "r"])
def test_scripts_give_the_reported_numbers_outside(public, name, language, tmp_path):
    found = compute_synthesis(public.frames, public.spec, name)
    program = [sys.executable, "-I"] if language == "python" else [shutil.which("Rscript") or ""]
    if language == "r":
        probe = ["-e", "quit(status = !requireNamespace('metafor', quietly = TRUE))"]
        if not program[0] or subprocess.run([*program, *probe], capture_output=True, check=False).returncode:
            pytest.skip("needs R with metafor")
    path = tmp_path / "script"
    path.write_text(found.python_script if language == "python" else found.r_script, encoding="utf-8")
    done = subprocess.run([*program, str(path)], capture_output=True, text=True, check=True)
    printed = {line.split()[0]: [float(x) for x in line.split()[1:]] for line in done.stdout.splitlines()}
    assert printed["estimate"] == pytest.approx([found.pooled.value], rel=1e-5)
    variances = next(value for key, value in printed.items() if key in ("variances", "tau2", "sigma2"))
    assert variances == pytest.approx([part.value for part in found.components], rel=1e-4)
    if "standard errors of the model" not in found.python_script:
        assert printed["se"] == pytest.approx([found.pooled.se], rel=1e-5)
