"""Bounds are honoured or refused, never read as plain figures; explanations name what they are about."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.audit import run_check
from metareview.audit.composites import apply_rule
from metareview.audit.correlations import least_correlation
from metareview.audit.figures import parse_figure, parse_range
from metareview.errors import InputError

#: check, inputs, verdict: each was wrong while a bound was read as its number
HONOURED = [
    ("percent", "value=<5%; k=3; n=60", "contradicted"),
    ("percent", "value=<=5%; k=3; n=60", "consistent"),
    ("percent", "value=>5%; k=4; n=60", "consistent"),
    ("percent", "value=<5%; n=60", "underpowered"),
    ("sum", "total=>1000; parts=500|600", "consistent"),
    ("sum", "total=>1100; parts=500|600", "contradicted"),
    ("partition", "total=<100; parts=50|50", "contradicted"),
    ("range", "low=0; high=0.033; values=<0.4", "consistent"),
    ("range", "low=0; high=0.033; values=>0.4", "contradicted"),
    ("superlative", "value=<0.033; values=<0.033|0.032; direction=min", "consistent"),
    ("superlative", "value=<0.031; values=<0.031|0.032; direction=max", "contradicted"),
    ("order", "values=<0.5|0.6|0.3", "contradicted"),
    ("order", "values=>0.5|0.6|0.3", "consistent"),
    ("repeat", "values=<0.4|0.35", "consistent"),
    ("change", "value=>10%; a=0.55; b=0.44; kind=relative", "consistent"),
]


@pytest.mark.parametrize(("check", "inputs", "verdict"), HONOURED)
def test_a_bound_reaches_to_its_end(check: str, inputs: str, verdict: str) -> None:
    finding = run_check(check, inputs)
    assert finding.verdict == verdict, finding
    assert "rounds to <" not in finding.explanation
    assert "rounds to >" not in finding.explanation


@pytest.mark.parametrize(
    ("check", "inputs"),
    [
        ("count-list", "count=>5; list=1,2,3,4"),
        ("enumeration", "count=<5; items=a|b"),
        ("aggregate-bound", "mean=<0.5; members=0.4; max=1; k=3"),
        ("change", "value=40%; a=<0.5; b=0.4"),
        ("dice-jaccard", "dice=>0.95; jaccard=0.80"),
        ("f1", "f1=<0.8; precision=0.9; recall=0.72"),
        ("composite", "composite=<0.954; cells=0.955|0.951"),
        ("summary-row", "n=7; mean=<0.880; sd=0.083; min=0.717; max=0.973"),
        ("rank", "value=0.5; values=0.5|0.4; rank=<2"),
    ],
)
def test_a_bound_that_cannot_be_used_is_refused(check: str, inputs: str) -> None:
    with pytest.raises(InputError, match="bound"):
        run_check(check, inputs)


@pytest.mark.parametrize("check", ["superlative", "rank"])
def test_a_value_stands_among_its_values(check: str) -> None:
    extra = "; rank=1" if check == "rank" else ""
    with pytest.raises(InputError, match="itself included"):
        run_check(check, f"value=0.99; values=0.95|0.90{extra}")
    assert run_check(check, f"value=95%; values=0.95|0.90{extra}").verdict == "consistent"


def test_the_median_of_two_cells_is_their_mean() -> None:
    by_rule = [
        run_check("composite", f"composite=0.954; cells=0.955|-|0.951; rule={rule}") for rule in ("median", "mean")
    ]
    assert [finding.verdict for finding in by_rule] == ["contradicted_if", "contradicted_if"]
    assert run_check("composite", "composite=0.953; cells=0.955|-|0.951; rule=median").verdict == "consistent"


@given(st.lists(st.integers(1, 999), min_size=1, max_size=5), st.sampled_from(["half-up", "half-even"]))
def test_rules_hold_the_value_of_the_printed_cells(thousandths: list[int], convention: str) -> None:
    cells = [parse_figure(f"{n / 1000:.3f}") for n in thousandths]
    exact = [float(cell.value) for cell in cells]
    expected = {
        "median": float(np.median(exact)),
        "geometric mean": float(np.prod(exact)) ** (1 / len(exact)),
        "harmonic mean": len(exact) / sum(1 / value for value in exact),
    }
    for rule, value in expected.items():
        span = apply_rule(rule, cells, convention)  # type: ignore[arg-type]
        assert float(span.low) - 1e-9 <= value <= float(span.high) + 1e-9


def test_open_ends_of_exact_roots_stay_open() -> None:
    cells = [parse_figure("0.250"), parse_figure("0.250")]
    span = apply_rule("geometric mean", cells, "half-up")
    assert (span.low, span.low_open, span.high, span.high_open) == (
        Fraction("0.2495"), False, Fraction("0.2505"), True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("87.2-90.5%", ("87.2%", "90.5%")),
        ("13%–35%", ("13%", "35%")),
        ("2017-2022", ("2017", "2022")),
        ("0.679 to 0.958", ("0.679", "0.958")),
        ("-0.5-0.5", ("-0.5", "0.5")),
        ("-6.44", None),
        ("~40%", None),
    ],
)
def test_printed_ranges(text: str, ends: tuple[str, str] | None) -> None:
    found = parse_range(text)
    assert (found and tuple(end.text for end in found)) == ends


def test_ranges_are_repeated_end_by_end() -> None:
    finding = run_check("repeat", "values=87.2-90.5%|85.0-90.5%")
    assert finding.verdict == "contradicted"
    assert "lower ends 87.2%, 85.0%" in finding.explanation
    assert "upper" not in finding.explanation
    assert run_check("repeat", "values=13%-35%|13%–35%|0.13-0.35").verdict == "consistent"
    for wrong in ("values=13%-35%|13%", "values=13%-35%", "values=1-2|1-2; polarity=+|-"):
        with pytest.raises(InputError, match="range"):
            run_check("repeat", wrong)


@pytest.mark.parametrize(
    ("check", "inputs", "words"),
    [
        ("enumeration", "count=2; items=a", "1 item is given"),
        ("enumeration", "count=1; items=none", "0 items are given"),
        ("count-list", "count=1; list=7", "names 1 reference,"),
        ("range", "low=0; high=1; values=0.5", "The value lies"),
        ("superlative", "value=2; values=2", "of 1 value."),
        ("lists", "a=8,37; b=8,37; relation=disjoint", "[8], [37] stand in both"),
        ("lists", "a=15,43,38; b=43,45; relation=subset", "2 of 3 are not in the second list: [15], [38]."),
        ("lists", "a=55; b=8,37; relation=subset", "[55] is not in the second list."),
        ("lists", "a=8,9; b=8,37", "[9] only in the first; [37] only in the second"),
        ("compare", "left=69 - 4 - 5; op==; right=60", "69 - 4 - 5 = 60 is equal to 60."),
        (
            "compare",
            "left=4; op=>; right=10 / 2; left_is=methods; right_is=half",
            "methods (4) is not more than half (",
        ),
        ("class", "labels=CREMI challenge|Fnd.", "‘CREMI challenge’; ‘foundation’"),
    ],
)
def test_explanations_name_what_they_are_about(check: str, inputs: str, words: str) -> None:
    assert words in run_check(check, inputs).explanation


def test_the_largest_decrease_is_shown_for_a_decrease() -> None:
    finding = run_check("change", "value=-40%; min=0.549; max=0.974; kind=relative")
    assert finding.verdict == "consistent"
    assert "at most -43.7%" in finding.computed
    assert run_check("change", "value=-50%; min=0.549; max=0.974; kind=relative").verdict == "contradicted"


def test_messages_name_the_remedy() -> None:
    with pytest.raises(InputError, match="takes no semicolon"):
        run_check("not-checkable", "reason=needs the cited paper; not at hand")
    with pytest.raises(InputError, match="a bound goes into op"):
        run_check("compare", "left=<0.4; op==; right=0.3")


def test_the_correlation_of_printed_pairs() -> None:
    pairs = "x=0.962|0.950|0.938|0.924|0.948|0.950; y=0.913|0.910|0.884|0.861|0.902|0.905"
    assert run_check("correlation", f"r=0.89; {pairs}").verdict == "contradicted"
    assert run_check("correlation", f"r=0.97; {pairs}").verdict == "consistent"
    assert run_check("correlation", "r=0.1; x=0.10|0.12|0.20; y=0.10|0.20|0.11").verdict == "not_checkable"
    for wrong in ("x=0.1|0.2; y=0.1|0.2", "x=0.1|0.2|0.3; y=0.1|0.2"):
        with pytest.raises(InputError, match="pairs"):
            run_check("correlation", f"r=0.5; {wrong}")


@given(st.integers(0, 10_000))
def test_no_data_behind_printed_pairs_correlate_less(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.5, 1, 6)
    y = 0.8 * x + rng.normal(0, 0.03, 6)
    least, _ = least_correlation(*(tuple(parse_figure(f"{v:.2f}") for v in side) for side in (x, y)))
    if least > 0:
        assert np.corrcoef(x, y)[0, 1] >= least - 1e-12
