"""Diagnostics of a fit as plain numbers: what the single functions say, reasons where one has no answer, same bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from metareview.stats.synthesis import fit
from metareview.stats.synthesis.deletion import baujat, influence, leave_one_out
from metareview.stats.synthesis.diagnostics import FitDiagnostics, diagnose, no_diagnostics
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.trim_fill import trim_and_fill
from metareview.stats.synthesis.univariate import UnivariateFit

RNG = np.random.default_rng(11)
V = np.exp(RNG.normal(-3, 1, 10))
Y = 0.4 + RNG.normal(size=10) * np.sqrt(V + 0.05) + 1.2 * np.sqrt(V)
NAMES = [f"effect {i}" for i in range(10)]


def univariate(**options: object) -> UnivariateFit:
    found = fit(Y, V, **options)  # type: ignore[arg-type]
    assert isinstance(found, UnivariateFit)
    return found


def test_every_part_is_what_its_function_says() -> None:
    model = univariate()
    found = diagnose(model, labels=NAMES, order=range(10), order_name="year")
    left = leave_one_out(model)
    assert [row.estimate for row in found.leave_one_out] == pytest.approx(left["estimate"].tolist(), rel=1e-12)
    assert [row.low for row in found.leave_one_out] == pytest.approx(left["ci_low"].tolist(), rel=1e-12)
    assert [row.label for row in found.leave_one_out] == NAMES
    assert [row.cook_d for row in found.influence] == pytest.approx(influence(model)["cook_d"].tolist(), rel=1e-12)
    assert [spot.x for spot in found.baujat] == pytest.approx(baujat(model)["x"].tolist(), rel=1e-12)
    filled = trim_and_fill(model)
    assert (len(found.filled), found.side) == (filled.k0, filled.side)
    assert found.cumulative[-1].estimate == pytest.approx(model.estimate, rel=1e-9)
    assert found.reasons == {"bubble": "a bubble plot needs an intercept and one numeric moderator"}


def test_all_subsets_are_counted_once() -> None:
    found = diagnose(univariate())
    assert found.all_subsets
    assert found.subsets == 2**10 - 1 - 10 == sum(cell.count for cell in found.gosh)


def test_more_subsets_than_can_be_fitted_are_drawn_by_seed() -> None:
    y, v = np.tile(Y, 3) + RNG.normal(size=30) / 10, np.tile(V, 3)
    one, again, other = (diagnose(fit(y, v), seed=seed) for seed in (5, 5, 6))
    assert not one.all_subsets
    assert one.gosh == again.gosh != other.gosh


def test_the_profile_peaks_at_the_estimate_and_crosses_the_cut_at_the_interval() -> None:
    model = univariate()
    (profile,) = diagnose(model).profiles
    at = profile.values.index(profile.estimate)
    assert profile.drops[at] == pytest.approx(0, abs=1e-9)
    assert max(profile.drops) <= 1e-9
    assert profile.high is not None
    drop = model.profile([profile.high])["log_likelihood"][0] - (model.log_likelihood or 0.0)
    assert drop == pytest.approx(profile.cut, abs=1e-6)


def test_dependent_effects_have_refits_and_profiles_and_reasons_for_the_rest() -> None:
    table = pd.DataFrame({"yi": Y, "vi": V, "study": list("aabbccddee"), "effect": range(10)})
    model = fit(table, random="~ 1 | study/effect")
    assert isinstance(model, MultilevelFit)
    found = diagnose(model, cluster=table["study"].tolist(), left_out="study")
    assert [row.label for row in found.leave_one_out] == list("abcde")
    without = fit(table[table["study"] != "a"], random="~ 1 | study/effect")
    assert found.leave_one_out[0].estimate == pytest.approx(without.estimate, rel=1e-8)
    assert found.leave_one_out[0].low == pytest.approx(without.ci_low, rel=1e-8)
    assert [profile.component for profile in found.profiles] == ["study", "study/effect"]
    assert set(found.reasons) == {"influence", "baujat", "gosh", "trim_fill", "cumulative", "bubble"}
    assert all("independent" in found.reasons[part] for part in ("influence", "baujat", "gosh", "trim_fill"))


def test_a_robust_fit_is_refitted_robustly_and_says_what_is_not() -> None:
    table = pd.DataFrame({"yi": Y, "vi": V, "study": list("aabbccddee")})
    found = diagnose(fit(table, cluster="study"), cluster=table["study"].tolist(), left_out="study")
    rest = table[table["study"] != "c"]
    without = fit(rest, cluster="study")
    assert found.leave_one_out[2].se == pytest.approx(float(without.se[0]), rel=1e-10)
    assert "without clusters" in found.warnings[0]
    plain = influence(univariate())
    assert [row.dffits for row in found.influence] == pytest.approx(plain["dffits"].tolist(), rel=1e-12)


def test_a_moderator_gives_bubbles_and_a_line_and_no_refits() -> None:
    x = np.linspace(0, 3, 10)
    model = fit(Y, V, mods=x)
    found = diagnose(model)
    assert [point.x for point in found.bubbles] == pytest.approx(x.tolist())
    assert sum(point.weight for point in found.bubbles) == pytest.approx(1)
    first = found.line[0]
    predicted = model.predict([[0.0]])  # type: ignore[attr-defined]
    assert (first.y, first.low) == pytest.approx((predicted.estimate[0], predicted.ci_low[0]))
    assert "moderators" in found.reasons["leave_one_out"]


def test_little_data_leaves_reasons_and_json_gives_the_same_back() -> None:
    two = diagnose(fit(Y[:2], V[:2]))
    assert "subsets" in two.reasons["gosh"]
    assert not two.influence
    nothing = no_diagnostics("no model")
    for found in (two, nothing, diagnose(univariate(method="DL"))):
        assert FitDiagnostics.from_json(found.to_json()).to_json() == found.to_json()
    assert "2 coefficients leave" in diagnose(fit(Y[:2], V[:2], mods=[1.0, 2.0])).reasons["profiles"]
    assert "no likelihood" in diagnose(univariate(method="DL")).reasons["profiles"]
