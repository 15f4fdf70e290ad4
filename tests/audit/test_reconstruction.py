"""Joint reconstruction: the AP analysis of a published review, planted analyses, and soundness of the search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metareview.audit import run_check
from metareview.audit.effects import anova_f
from metareview.audit.figures import parse_figure
from metareview.audit.reconstruction import Member, Printed, Reconstruction, reconstruct
from metareview.audit.search import assignments
from metareview.errors import InputError

AP = (
    "n=8; mean=0.820; sd=0.160; min=0.536; max=0.973; median=0.845; f=19.03; p=0.008; d=-6.44; "
    "group1=CNN; group2=Foundation"
)


def printed(**changes: object) -> Printed:
    figures = {
        "mean": "0.820", "sd": "0.160", "low": "0.536", "high": "0.973", "median": "0.845", "f": "19.03", "p": "0.008",
        "d": "-6.44",
    }  # fmt: skip
    body: dict[str, object] = {name: parse_figure(text) for name, text in figures.items()}
    return Printed(**{"n": 8, "group1": "CNN", "group2": "Foundation", **body, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def ap() -> Reconstruction:
    members = (Member(parse_figure("0.782"), "Hybrid"), Member(parse_figure("0.769"), "Transformer"))
    return reconstruct(printed(members=members))


def test_the_ap_analysis_has_one_solution(ap: Reconstruction) -> None:
    assert ap.complete
    assert ap.unique
    assert ap.group_counts == (4,)
    (solution,) = ap.solutions
    assert dict(solution.sizes) == {"CNN": 2, "Foundation": 4, "Hybrid": 1, "Transformer": 1}
    assert solution.groups == ("CNN", "CNN", "Transformer", "Hybrid", *("Foundation",) * 4)


def test_its_example_has_every_printed_figure(ap: Reconstruction) -> None:
    (solution,) = ap.solutions
    x, groups = np.array(solution.example), np.array(solution.groups)
    assert f"{x.mean():.3f} {x.std(ddof=1):.3f} {x.min():.3f} {x.max():.3f} {np.median(x):.3f}" in (
        "0.820 0.160 0.536 0.973 0.845",
        "0.820 0.160 0.535 0.973 0.845",
        "0.820 0.160 0.536 0.974 0.845",
    )
    parts = [x[groups == name] for name in ("CNN", "Foundation", "Hybrid", "Transformer")]
    within = sum(((part - part.mean()) ** 2).sum() for part in parts)
    f = ((((x - x.mean()) ** 2).sum() - within) / 3) / (within / 4)
    assert f == pytest.approx(19.03, abs=0.0051)
    d = (parts[0].mean() - parts[1].mean()) / np.sqrt(within / 4)
    assert d == pytest.approx(-6.44, abs=0.0051)
    assert all(low - 1e-9 <= v <= high + 1e-9 for low, v, high in zip(solution.low, x, solution.high, strict=True))


def test_what_follows_for_the_effect(ap: Reconstruction) -> None:
    """Two values against four: g is .798 d, and clustered by study the interval takes in zero."""
    as_printed, small, *clustered = ap.effects
    assert (as_printed.n1, as_printed.n2, as_printed.df) == (2, 4, 4)
    assert small.estimate / as_printed.estimate == pytest.approx(0.798, abs=5e-4)
    assert (small.low, small.high) == pytest.approx((-8.80, -1.47), abs=0.01)
    assert [effect.low < 0 < effect.high for effect in clustered] == [True, True, True]
    assert any("inference" in warning for warning in ap.warnings)


def test_the_foundation_mean_is_the_printed_mean_of_one_method(ap: Reconstruction) -> None:
    low, high = ap.solutions[0].mean("Foundation")
    assert low < 0.951 < high


def test_it_travels_as_json_and_is_deterministic(ap: Reconstruction) -> None:
    assert Reconstruction.from_json(ap.to_json()).to_json() == ap.to_json()
    assert len(ap.to_frame()) == 8
    members = (Member(parse_figure("0.782"), "Hybrid"), Member(parse_figure("0.769"), "Transformer"))
    assert reconstruct(printed(members=members)).to_json() == ap.to_json()


def test_without_groups_of_the_members_there_are_several() -> None:
    found = reconstruct(printed(members=(Member(parse_figure("0.782")), Member(parse_figure("0.769")))))
    assert found.complete
    assert len(found.solutions) > 1
    assert not found.unique
    assert "value 1 lies in 0.535 to 0.537" in found.musts or "value 1 lies in 0.535 to 0.536" in found.musts


def test_the_check() -> None:
    found = run_check("reconstruct", f"{AP}; members=0.782@Hybrid|0.769@Transformer")
    assert found.verdict == "consistent"
    assert found.computed.startswith("CNN 2, Foundation 4, Hybrid 1, Transformer 1: 0.536, 0.66")
    assert "inference" in found.explanation


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("f=19.03; p=0.008", "f=19.03; p=0.500"), "No number of groups gives this p value"),
        (("median=0.845", "median=0.560"), "No values in any groups have all these figures"),
    ],
)
def test_figures_that_cannot_belong_together(change: tuple[str, str], why: str) -> None:
    found = run_check("reconstruct", AP.replace(*change) + "; members=0.782@Hybrid|0.769@Transformer")
    assert found.verdict == "contradicted_if"
    assert why in found.explanation


def test_too_many_groups_are_named() -> None:
    members = tuple(Member(parse_figure("0.782"), name) for name in "ABCD")
    with pytest.raises(InputError, match="6 groups; F and p allow 4"):
        reconstruct(printed(members=members))


def test_a_search_that_stops_says_so() -> None:
    found = reconstruct(printed(), most_boxes=50)
    assert not found.complete
    assert any("stopped before its end" in warning for warning in found.warnings)
    assert found.musts == ()


def test_assignments_count() -> None:
    assert len(list(assignments(5, (2, 2, 1), 3))) == 30
    assert len(list(assignments(4, (2, 1, 1), 1))) == 6  # the two without name are interchangeable


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_the_true_arrangement_is_among_the_solutions(seed: int) -> None:
    """Planted analyses: five values in two or three groups; the search may not lose what produced the figures."""
    rng = np.random.default_rng(seed)
    sizes = [(3, 2), (2, 2, 1)][seed % 2]
    groups = [np.round(rng.uniform(0.3, 0.9) + rng.uniform(-0.08, 0.08, n), 3) for n in sizes]
    x = np.concatenate(groups)
    f = anova_f([g.mean() for g in groups], [g.std(ddof=1) if len(g) > 1 else 0.0 for g in groups], sizes)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (len(x) - len(groups))
    d = (groups[0].mean() - groups[1].mean()) / np.sqrt(within)
    figures = {
        "mean": x.mean(), "sd": x.std(ddof=1), "low": x.min(), "high": x.max(), "median": np.median(x), "d": d, "f": f,
    }  # fmt: skip
    body = {name: parse_figure(f"{value:.3f}") for name, value in figures.items()}
    found = reconstruct(Printed(n=len(x), groups=len(sizes), group1="a", group2="b", **body))  # type: ignore[arg-type]
    order = np.argsort(x, kind="stable")
    names = np.repeat(["a", "b", "another group A"][: len(sizes)], sizes)[order]
    assert tuple(names) in {solution.groups for solution in found.solutions}
