"""The Python script repeats a fit outside the package: it is executed, and its numbers are compared."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from metareview.stats.synthesis import fit
from metareview.stats.synthesis.estimators import ESTIMATORS
from metareview.stats.synthesis.python_script import python_script
from metareview.stats.synthesis.script import r_script

Y = [0.10, 0.30, 0.35, 0.65, 0.45, 0.15, -0.10, 0.52]
V = [0.03, 0.03, 0.05, 0.01, 0.05, 0.02, 0.04, 0.02]
X = [1.0, 2.0, 1.5, 4.0, 3.0, 2.0, 0.5, 2.5]


def run(model, tmp_path):
    path = tmp_path / "repeat.py"
    path.write_text(python_script(model), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: [float(value) for value in values] for name, *values in lines}


@pytest.mark.parametrize("method", list(ESTIMATORS))
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_univariate_models(method, scale, tmp_path):
    model = fit(np.array(Y) * scale, np.array(V) * scale**2, mods=np.array(X)[:, None], method=method)
    found = run(model, tmp_path)
    assert found["estimate"] == pytest.approx(model.beta.tolist(), rel=1e-6)
    assert found["se"] == pytest.approx(model.se.tolist(), rel=1e-6)
    assert found["variances"] == pytest.approx([model.tau2] if model.random else [], rel=1e-5, abs=1e-9 * scale**2)


@pytest.mark.parametrize("method", ["SJ", "PM", "HE"])
@pytest.mark.parametrize("spread", [1.0, 0.1])
def test_pooled_effects(method, spread, tmp_path):
    """Spread 0.1: the effects agree, and a root or moment below 0 is 0."""
    model = fit(np.array(Y) * spread, V, method=method, test="z")
    found = run(model, tmp_path)
    assert found["variances"] == pytest.approx([model.tau2], rel=1e-9, abs=1e-12)
    assert found["estimate"] == pytest.approx(model.beta.tolist(), rel=1e-9)
    assert (model.tau2 == 0) == (spread < 1 and method != "SJ")


@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
def test_knapp_and_hartung(test, tmp_path):
    model = fit(Y, V, test=test)
    assert run(model, tmp_path)["se"] == pytest.approx(model.se.tolist(), rel=1e-6)


def test_crossed_effects_and_known_covariances(tmp_path):
    table = pd.DataFrame({"yi": Y, "vi": V, "a": list("ppqqrrss"), "b": list("uvuvuvuv")})
    known = np.diag(V)
    known[0, 1] = known[1, 0] = 0.01
    for model in (fit(table, random=["~ 1 | a", "~ 1 | b"]), fit(Y, V=known), fit(table, V=known, random="~ 1 | a")):
        found = run(model, tmp_path)
        assert found["estimate"] == pytest.approx(model.beta.tolist(), rel=1e-5)
        assert found["se"] == pytest.approx(model.se.tolist(), rel=1e-5)
        assert found["variances"] == pytest.approx(list(model.sigma2), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1p", "CR2", "CR3"])
def test_robust_errors_of_independent_and_dependent_effects(kind, tmp_path):
    table = pd.DataFrame({"yi": Y, "vi": V, "study": list("ppqqrrss"), "effect": range(8)})
    for model in (
        fit(table, cluster="study", vcov=kind),
        fit(table, mods=X, cluster="study", vcov=kind),
        fit(table, random="~ 1 | study/effect", cluster="study", vcov=kind),
    ):
        found = run(model, tmp_path)
        assert found["estimate"] == pytest.approx(model.beta.tolist(), rel=1e-5)
        assert found["se"] == pytest.approx(model.se.tolist(), rel=1e-5)


@pytest.mark.needs_r
def test_robust_errors_in_r_are_those_of_clubsandwich(tmp_path):
    table = pd.DataFrame({"yi": Y, "vi": V, "study": list("ppqqrrss"), "effect": range(8)})
    for model in (fit(table, cluster="study"), fit(table, random="~ 1 | study/effect", cluster="study")):
        path = tmp_path / "repeat.R"
        path.write_text(r_script(model), encoding="utf-8")
        done = subprocess.run(["Rscript", "--vanilla", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        lines = {name: [float(v) for v in values] for name, *values in map(str.split, done.stdout.splitlines())}
        assert lines["se"] == pytest.approx(model.se.tolist(), rel=1e-5)
        assert lines["df"] == pytest.approx(list(model.df), rel=1e-4)
