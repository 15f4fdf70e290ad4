"""The methods paragraph, the script for R and the sensitivity table say what the models are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metareview.errors import NotEstimable
from metareview.stats.synthesis import fit
from metareview.stats.synthesis.covariance import block_covariance
from metareview.stats.synthesis.describe import methods_paragraph
from metareview.stats.synthesis.script import r_script
from metareview.stats.synthesis.sensitivity import sensitivity_table
from metareview.stats.synthesis.two_by_two import mantel_haenszel, peto

RNG = np.random.default_rng(8)
STUDY = np.repeat([f"s{i}" for i in range(7)], 3)
V = np.exp(RNG.normal(-3, 0.5, 21))
DATA = pd.DataFrame(
    {"yi": RNG.normal(0.3, 0.4, 21), "vi": V, "study": STUDY, "row": range(21), "x": RNG.normal(size=21)}
)


@pytest.mark.parametrize(("options", "words"), [
    ({}, ["random-effects model was fitted to 21 effects", "restricted maximum likelihood", "at least 1", "Q-profile"]),
    ({"method": "FE"}, ["A fixed-effects model", "normal quantiles"]),
    ({"mods": "~ x", "test": "knha"}, ["mixed-effects model with the moderators x", "Knapp and Hartung (2003)."]),
    ({"mods": "~ 0 + study", "test": "z"}, ["without intercept"]),
    ({"cluster": "study"}, ["cluster-robust covariances (CR2, 7 clusters)"]),
    ({"random": "~ 1 | study/row"}, ["study (7 levels), study/row (21 levels)", "profile likelihood", "t quantiles"]),
    ({"V": block_covariance(V, STUDY, 0.5)}, ["Generalised least squares", "known covariance matrix"]),
])  # fmt: skip
def test_paragraph(options: dict[str, object], words: list[str]) -> None:
    text = methods_paragraph(fit(DATA, **options))  # type: ignore[arg-type]
    assert [word for word in words if word not in text] == []


def test_paragraph_of_tables_and_of_dropped_rows() -> None:
    assert "Mantel-Haenszel method (measure RR)" in methods_paragraph(mantel_haenszel("RR", [4], [9], [2], [8]))
    assert "Peto's method" in methods_paragraph(peto([4], [9], [2], [8]))
    gap = DATA.assign(vi=[np.nan, *V[1:]])
    assert "1 of 21 rows were left out (missing vi)." in methods_paragraph(fit(gap))
    assert "do not allow an estimate" in methods_paragraph(fit([0.1], [0.2]))


def test_sensitivity() -> None:
    table = sensitivity_table(DATA, cluster="study", low_risk=[True] * 10 + [False] * 11)
    names = table["analysis"].tolist()
    assert names[:6] == ["REML", "EE", "DL", "PM", "ML", "SJ"]
    assert "three levels" in names
    assert sum(name.startswith("correlated and hierarchical") for name in names) == 3
    main = fit(DATA)
    assert table["estimate"][0] == pytest.approx(main.estimate)
    assert table.set_index("analysis")["k"]["low risk of bias"] == 10
    assert table.set_index("analysis")["k"]["combined within clusters, rho = 0.5"] == 7
    assert table["estimate"].notna().all()


def test_sensitivity_says_what_cannot_be_done() -> None:
    table = sensitivity_table([0.1, 0.4], [0.1, 0.1], cluster=["a", "a"]).set_index("analysis")
    assert "k - p of at least 2" in table["note"]["influential out"]
    assert "one level only" in table["note"]["three levels"]
    assert table["estimate"]["REML"] == pytest.approx(0.25)


@pytest.mark.needs_r
@pytest.mark.parametrize(("options", "rel"), [
    ({"test": "knha"}, 1e-8), ({"method": "EE"}, 1e-10), ({"method": "DL", "mods": "~ x", "test": "z"}, 1e-8),
    ({"random": "~ 1 | study/row"}, 1e-5), ({"random": ["~ 1 | study"], "V": block_covariance(V, STUDY, 0.4)}, 1e-5),
])  # fmt: skip
def test_the_script_repeats_the_fit(options: dict[str, object], rel: float, tmp_path: Path) -> None:
    model = fit(DATA, **options)  # type: ignore[arg-type]
    path = tmp_path / "fit.R"
    path.write_text(r_script(model), encoding="utf-8")
    done = subprocess.run(["Rscript", str(path)], capture_output=True, text=True, check=False)
    if "there is no package" in done.stderr:
        pytest.skip("metafor is not installed in R")
    assert done.returncode == 0, done.stderr
    found = {line.split()[0]: [float(x) for x in line.split()[1:]] for line in done.stdout.splitlines()}
    np.testing.assert_allclose(found["estimate"], model.beta, rtol=rel)
    np.testing.assert_allclose(found["se"], model.se, rtol=rel)


def test_the_script_holds_numbers_only() -> None:
    nasty = fit(DATA.assign(label='"); system("true'), labels="label")
    assert "system" not in r_script(nasty)
    studies = [f'"); system("{name}' for name in DATA["study"]]
    assert "system" not in r_script(fit(DATA.assign(study=studies), cluster="study"))
    with pytest.raises(NotEstimable):
        r_script(peto([4], [9], [2], [8]))


def test_the_engine_is_light_to_import() -> None:
    code = "import sys, metareview.stats.synthesis; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ("scipy.stats", "scipy.optimize", "scipy.sparse", "pandas", "formulaic", "statsmodels", "matplotlib")
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
