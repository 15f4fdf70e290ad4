"""No exact check may call genuine data contradicted; planted errors must be seen."""

from __future__ import annotations

import pytest

from metareview.audit.registry import CHECKS
from metareview.audit.simulate import GENERATORS, PLANTS, simulate

DRAWS = 150
#: checks that compare words or lists, need no simulation, or are simulated below
OTHERS = {
    "lists", "enumeration", "class", "superlative", "rank", "correlation", "domain", "not-checkable", "reconstruct",
}  # fmt: skip
#: share of planted errors that is found at least; the rest has too few digits or too many values to show
POWER = {
    "percent": 0.7,
    "grim": 0.2,
    "grimmer": 0.4,
    "sd-bounds": 0.6,
    "summary-row": 0.7,
    "cv": 0.8,
    "d-versus-f": 0.8,
}


def test_every_exact_check_is_simulated() -> None:
    assert set(GENERATORS) | OTHERS == set(CHECKS)
    assert set(PLANTS) == set(GENERATORS)


@pytest.mark.parametrize("check", GENERATORS)
def test_no_false_alarm(check: str) -> None:
    found = simulate(check, DRAWS, seed=7)
    assert sum(found.values()) == DRAWS
    undecided = {"not_checkable"} if check == "correlation-matrix" else set()  # a search that gave up says so
    assert set(found) <= {"consistent", "underpowered", "not_applicable"} | undecided
    assert found.get("not_checkable", 0) <= 0.02 * DRAWS


@pytest.mark.parametrize("check", PLANTS)
def test_planted_errors_are_found(check: str) -> None:
    found = simulate(check, DRAWS, seed=8, plant=True)
    seen = found.get("contradicted", 0) + found.get("contradicted_if", 0)
    assert seen / DRAWS >= POWER.get(check, 0.9)


@pytest.mark.parametrize("check", ["grim", "grimmer", "percent"])
def test_what_cannot_fail_is_never_called_consistent(check: str) -> None:
    """With so many values that every figure is possible, the answer is underpowered."""
    inputs = {
        "grim": "mean=3.27; n=140",
        "grimmer": "mean=3.3; sd=1.1; n=900",
        "percent": "value=54%; n=317",
    }
    from metareview.audit import run_check

    assert run_check(check, inputs[check]).verdict == "underpowered"


def test_simulation_is_deterministic() -> None:
    assert simulate("grimmer", 60, seed=3) == simulate("grimmer", 60, seed=3)
