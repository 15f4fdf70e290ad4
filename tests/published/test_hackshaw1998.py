"""Hackshaw 1998, passive smoking: acceptance case 18, the battery of bias (the truncated-distribution model aside)."""

from __future__ import annotations

import pytest

from metareview.stats.synthesis import UnivariateFit, fit
from metareview.stats.synthesis.asymmetry import begg, egger, egger_random, pet_peese
from metareview.stats.synthesis.fail_safe import fail_safe_n
from metareview.stats.synthesis.selection import selection_model
from metareview.stats.synthesis.trim_fill import trim_and_fill
from tests.metadat import metadat_table

pytestmark = pytest.mark.needs_r


def smoking() -> UnivariateFit:
    found = fit(metadat_table("dat.hackshaw1998"), test="z")
    assert isinstance(found, UnivariateFit)
    return found


def test_case_18_model_and_trim_and_fill() -> None:
    model = smoking()
    assert (model.tau2, model.estimate) == pytest.approx((0.02239453097, 0.2188892316), rel=1e-7)
    filled = trim_and_fill(model)
    assert filled.k0 == 7
    assert filled.fitted.estimate == pytest.approx(0.1744711039, rel=1e-7)


def test_case_18_tests_of_asymmetry() -> None:
    data = metadat_table("dat.hackshaw1998")
    assert egger_random(data).statistic == pytest.approx(2.105487181, rel=1e-7)
    line = egger(data)
    assert (line.statistic, line.pvalue) == pytest.approx((2.382414417, 0.0227641997), rel=1e-7)
    rank = begg(data)
    assert (rank.statistic, rank.pvalue) == pytest.approx((0.1441441441, 0.2156881247), rel=1e-7)
    precision = pet_peese(data)
    assert (precision.pet, precision.peese) == pytest.approx((0.005037323075, 0.1200807647), rel=1e-7)


def test_case_18_selection() -> None:
    found = selection_model(smoking())
    assert found.beta[0] == pytest.approx(0.1944015385, rel=1e-5)
    assert (found.delta[1], found.lrt) == pytest.approx((0.764395243, 0.1170527275), rel=1e-4)
    steps = selection_model(smoking(), steps=(0.05, 0.1, 0.5))
    assert steps.delta == pytest.approx((1, 2.4221, 0.9775, 0.3967), abs=1e-4)
    assert (steps.lrt, steps.tau2) == pytest.approx((7.0661, 0.0307), abs=6e-5)


def test_case_18_fail_safe() -> None:
    """Published 393, 186, 104, 202; metafor's General counts 119 with refitting (112 with an approximation)."""
    data = metadat_table("dat.hackshaw1998")
    counts = [
        fail_safe_n(data).n,
        fail_safe_n(data, kind="Orwin", target=0.049, weighted=False).n,
        fail_safe_n(data, kind="Orwin", target=0.049).n,
        fail_safe_n(data, kind="Rosenberg").n,
        fail_safe_n(data, kind="General").n,
    ]
    assert counts == [393, 186, 104, 202, 119]
