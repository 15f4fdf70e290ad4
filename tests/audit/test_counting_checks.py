"""Counts, lists, repeats, ranges, ranks, scores, composites and bounds, on figures that a review prints."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metareview.audit import CHECKS, VERDICTS, run_check
from metareview.audit.counting import denominators, numerators
from metareview.audit.figures import parse_figure
from metareview.audit.intervals import Interval
from metareview.errors import InputError, UnknownName

#: check, inputs, verdict
CASES = [
    ("sum", "total=2330; parts=621|859|496|154|200", "consistent"),
    ("sum", "total=1546; parts=2,330; minus=684", "contradicted"),
    ("sum", "total=1392; parts=884|372|111|20|5", "consistent"),
    ("sum", "total=60; parts=154|8; minus=102", "consistent"),
    ("sum", "total=100%; parts=33%|33%|33%", "consistent"),
    ("sum", "total=100%; parts=30%|33%|33%", "contradicted"),
    ("partition", "total=60; parts=50|6|3|1", "consistent"),
    ("partition", "total=60; parts=44|5|7|5", "contradicted"),
    ("partition", "total=60; parts=45|15|14|11|17; multi=yes", "consistent"),
    ("partition", "total=60; parts=15|14|11; multi=yes", "contradicted"),
    ("partition", "total=60; parts=75|14; multi=yes", "contradicted"),
    ("percent", "value=62.7%; k=37; n=60", "contradicted"),
    ("percent", "value=61.7%; k=37; n=60", "consistent"),
    ("percent", "value=26%; k=12; n=46", "consistent"),
    ("percent", "value=54%; n=60", "contradicted"),
    ("percent", "value=61.6%; k=37; n=60", "contradicted_if"),  # only cut off
    ("percent", "value=~40%; k=24; n=60", "consistent"),
    ("percent", "value=~40%; k=22; n=60", "contradicted_if"),  # 36.7 %: a looser "about"
    ("percent", "value=~40%; k=12; n=60", "contradicted"),
    ("percent", "value=54%; denominators=46|28", "consistent"),
    ("percent", "value=54%; denominators=60|27", "contradicted"),
    ("count-list", "count=Five; list=15,21,24,34,35,37,44,65", "contradicted"),
    ("count-list", "count=6; list=8,37,48,49,53,66", "consistent"),
    ("count-list", "count=26; list=9,19,21,23,25,57,60; complete=no", "not_checkable"),
    ("count-list", "count=26; list=9,19,21,23,25,57,60", "contradicted_if"),
    ("count-list", "count=26; list=9,19,21,23,25,57,60; complete=yes", "contradicted"),
    ("count-list", "count=7; list=15,21; complete=no", "not_checkable"),
    ("lists", "a=8,37,48,49,53,66; b=8,37,48,49,53,66; relation=disjoint", "contradicted"),
    ("lists", "a=19,33-37; b=19,33-35", "contradicted"),
    ("lists", "a=19,33-35; b=19,33-37; relation=subset", "consistent"),
    ("lists", "a=1-20; b=15-45; relation=superset; universe=40", "contradicted"),
    ("enumeration", "count=five; items=PubMed|IEEE|WoS|Scholar|arXiv", "consistent"),
    ("enumeration", "count=three; items=2", "contradicted"),
    ("repeat", "values=54%|54%|54%", "consistent"),
    ("repeat", "values=54%|54%|54%; polarity=+|+|-", "contradicted"),
    ("repeat", "values=54%|46%; polarity=+|-", "consistent"),
    ("repeat", "values=0.954|0.95", "consistent"),
    ("repeat", "values=54%|~40%", "contradicted"),
    ("repeat", "values=28|28|27", "contradicted"),
    ("repeat", "values=<0.033|0.032", "consistent"),
    ("repeat", "values=<0.033|0.035", "contradicted"),
    ("class", "labels=Trn.|Transformer", "consistent"),
    ("class", "labels=Trn.|Hybrid", "contradicted_if"),
    ("class", "labels=Trn.|Hybrid; exclusive=stated", "contradicted"),
    ("class", "labels=Trn.|Hybrid; exclusive=no", "consistent"),
    ("compare", "left=mean(0.962 | 0.913); op==; right=0.938", "consistent"),
    ("compare", "left=mean(0.955 | 0.951); op==; right=0.954", "contradicted_if"),  # ties rounded both ways
    ("compare", "left=24/60; op=<; right=half", "consistent"),
    ("compare", "left=37/60; op=>; right=63%", "contradicted"),
    ("compare", "left=2; op=!=; right=2", "contradicted"),
    ("compare", "left=2; op=<=; right=2", "consistent"),
    ("compare", "left=2; op=<; right=2", "contradicted"),
    ("range", "low=87.2%; high=90.5%; values=0.905|0.884", "consistent"),
    ("range", "low=87.2%; high=90.5%; values=0.947|0.913", "contradicted"),
    ("range", "low=87.2%; high=90.5%; values=0.905|0.884; attained=yes", "contradicted"),
    ("range", "low=0.9; high=0.1; values=0.5", "contradicted"),
    ("superlative", "value=0.974; values=0.974|0.947|0.973", "consistent"),
    ("superlative", "value=0.947; values=0.974|0.947|0.973", "contradicted"),
    ("superlative", "value=0.031; values=0.031|1.118; direction=min", "consistent"),
    ("order", "values=0.954|0.947|0.938|0.893|0.893|0.854", "consistent"),
    ("order", "values=0.954|0.938|0.947", "contradicted"),
    ("order", "values=1|2|2|3; direction=ascending", "consistent"),
    ("rank", "value=0.893; values=0.954|0.893|0.893|0.854; rank=3", "consistent"),
    ("rank", "value=0.854; values=0.954|0.893|0.893|0.854; rank=3", "contradicted"),
    ("prisma", "database_results=2330; duplicates=684; records_screened=1546", "contradicted"),
    ("prisma", "records_excluded=1392; records_excluded_reasons=884|372|111|20|5", "consistent"),
    ("prisma", "dbr_assessed=154; dbr_excluded=102; other_results=8; new_studies=60", "consistent"),
    ("prisma", "dbr_assessed=154; dbr_excluded=102; new_studies=60", "contradicted_if"),
    ("domain", "metric=DSC; value=0.948", "consistent"),
    ("domain", "metric=dice; value=94.8", "contradicted_if"),
    ("domain", "metric=dice; value=-0.2", "contradicted"),
    ("domain", "metric=voi; value=1.118", "consistent"),
    ("dice-jaccard", "dice=0.962; jaccard=0.913", "contradicted"),
    ("dice-jaccard", "dice=0.938; jaccard=0.884", "consistent"),
    ("dice-jaccard", "dice=0.900; jaccard=0.818; level=item", "consistent"),
    ("dice-jaccard", "dice=0.900; jaccard=0.838; level=item", "contradicted"),
    ("f1", "f1=0.800; precision=0.900; recall=0.720", "consistent"),
    ("f1", "f1=0.850; precision=0.900; recall=0.720", "contradicted"),
    ("f1", "f1=0.766; precision=0.775; recall=0.775; level=mean", "consistent"),
    ("f1", "f1=0.766; precision=0.750; recall=0.750; level=mean", "contradicted"),
    ("f1", "f1=0.100; precision=0.750; recall=0.750; level=mean", "underpowered"),
    ("pq", "pq=0.448; sq=0.800; rq=0.560", "consistent"),
    ("pq", "pq=0.560; sq=0.800; rq=0.560", "contradicted"),
    ("pq", "pq=0.440; sq=0.800; rq=0.560; level=mean", "consistent"),
    ("ap-order", "ap50=0.85; ap75=0.90", "contradicted"),
    ("ap-order", "ap=0.61; ap50=0.85; ap75=0.66", "consistent"),
    ("arand", "arand=0.117; rand_f=0.883", "consistent"),
    ("arand", "arand=0.117; rand_f=0.117", "contradicted"),
    ("voi", "voi=1.118; split=0.900; merge=0.218", "consistent"),
    ("voi", "voi=1.118; split=0.900; merge=0.300", "contradicted"),
    ("voi", "voi=9.0; segments_1=4; segments_2=8", "contradicted"),
    ("voi", "voi=2.0; segments_1=4; segments_2=8; base=e", "consistent"),
    ("cremi", "score=0.362; voi=1.118; arand=0.117", "consistent"),
    ("cremi", "score=0.500; voi=1.118; arand=0.117", "contradicted"),
    ("composite", "composite=0.938; cells=0.962|0.913|-", "consistent"),
    ("composite", "composite=0.854; cells=0.948|0.902|0.782", "consistent"),
    ("composite", "composite=0.854; cells=0.948|0.902|0.782; rule=mean", "contradicted"),
    ("composite", "composite=0.999; cells=0.948|0.902", "contradicted_if"),
    ("aggregate-bound", "mean=0.955; k=5; members=0.834; max=0.974", "contradicted"),
    ("aggregate-bound", "mean=0.955; k=9; members=0.834; max=0.974", "consistent"),
    ("aggregate-bound", "mean=0.955; members=0.950; max=0.974", "underpowered"),
    ("cv", "cv=<0.033; mean=0.955; k=5; members=0.834", "contradicted"),
    ("cv", "cv=<0.033; mean=0.955; k=5; members=0.940", "consistent"),
    ("cv", "cv=<0.033; mean=0.955; k=5", "underpowered"),
    ("cv", "cv=0.032; k=1", "not_applicable"),
    ("change", "low=13%; high=35%; min=0.846; max=0.947", "contradicted"),
    ("change", "low=13%; high=35%; min=0.536; max=0.973", "consistent"),
    ("change", "value=2%; a=0.955|0.924; b=0.950|0.901", "consistent"),
    ("change", "value=-40%; a=0.500; b=0.900; kind=relative", "contradicted"),
    ("change", "value=-40%; a=0.500; b=0.900; kind=points", "consistent"),
    ("change", "value=20.9%; a=0.791; b=1.000", "contradicted"),
    ("not-checkable", "reason=needs the cited paper", "not_checkable"),
    ("percent", "value=61.6%; k=37; n=60; rounding=truncation", "consistent"),
    ("percent", "value=61.6%; k=37; n=60; rounding=half-up", "contradicted"),
    ("eta2", "eta2=0.93; f=19.03; df1=3; df2=4", "consistent"),
    ("effect-size", "d=0.54; m1=10.3; sd1=3.1; n1=50; m2=8.7; sd2=2.8; n2=48", "consistent"),
    ("effect-size", "d=0.54; t=2.68; n1=50; n2=48", "consistent"),
    ("effect-size", "g=0.54; f=7.17; n1=50; n2=48", "consistent"),
    ("effect-size", "d=1.54; f=7.17; n1=50; n2=48", "contradicted"),
    ("grim", "mean=0.948; n=15; integer=no", "not_applicable"),
    ("grimmer", "mean=0.948; sd=0.1; n=15; integer=no", "not_applicable"),
    ("debit", "mean=0.5; sd=0.5; n=1", "not_applicable"),
    ("sd-bounds", "sd=0.300; n=8; min=0.536; max=0.973", "contradicted"),
    ("p-value", "test=F; statistic=19.03; p=0.008; n=8", "consistent"),
    ("p-value", "test=t; statistic=~1; df=10; p=0.5", "underpowered"),
    ("p-value", "test=t; statistic=3.10; df=28; p=ns", "contradicted"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "inputs", "verdict"), CASES)
def test_verdicts(check: str, inputs: str, verdict: str) -> None:
    found = run_check(check, inputs)
    assert found.verdict == verdict
    assert found.explanation.strip()
    assert bool(found.assumption) == (verdict == "contradicted_if")


def test_every_check_has_a_case_and_every_verdict_occurs() -> None:
    own = {check for check, _, _ in CASES}
    elsewhere = {"scale-feasible", "mean-se-ci", "summary-row", "anova", "d-versus-f", "correlation"}
    assert own | elsewhere | {"correlation-matrix", "reconstruct", "composite-rule"} == set(CHECKS)
    assert {verdict for _, _, verdict in CASES} == set(VERDICTS)


@pytest.mark.parametrize("check", [name for name in CHECKS if name != "reconstruct"])
def test_the_example_of_every_check_runs(check: str) -> None:
    assert run_check(check, CHECKS[check].example).verdict in VERDICTS


@pytest.mark.parametrize(
    ("check", "inputs", "message"),
    [
        ("percnt", "", "check 'percnt' is not known; did you mean 'percent'?"),
        ("percent", "", "check percent needs value; add `value=…` to its inputs"),
        ("percent", "value=140%; n=60", "a share lies between 0 % and 100 %"),
        ("percent", "value=40%; n=0", "input n is '0'; it is at least 1"),
        ("percent", "value=40%; n=60.5", "input n is '60.5'; it is a whole number"),
        ("percent", "value=abc; n=60", "input value: 'abc' is not a number"),
        ("percent", "value=40%; n=60; k=61", "k = 61 is more than n = 60"),
        ("percent", "value=40%", "check percent needs n, or denominators"),
        ("percent", "value=40%; m=60", "check percent has no input 'm'"),
        ("percent", "value=40%; value=41%", "input value is given twice"),
        ("percent", "value 40%", "'value 40%' is not `name=value`"),
        ("percent", "value=40%; n=60; rounding=up", "rounding convention 'up' is not known"),
        ("repeat", "values=54%", "compares two or more values"),
        ("repeat", "values=54%|46%; polarity=+", "one + or - for each of the 2 values"),
        ("repeat", "values=54%|60", "mix a percentage with a figure above 1"),
        ("partition", "total=60; parts=1||2", "has an empty part"),
        ("prisma", "duplicates=684", "no PRISMA identity ties duplicates together"),
        ("prisma", "database_results=2; duplicates=1; records_screened=1; identity=H9", "is not known"),
        ("compare", "left=1; op=~; right=2", "input op is '~'"),
        ("dice-jaccard", "dice=94.8; jaccard=0.9", "write the % sign"),
        ("debit", "mean=1.4; sd=0.2; n=9", "between 0 and 1"),
        ("grimmer", "mean=1.4; sd=-0.2; n=9", "not negative"),
        ("p-value", "test=q; statistic=4; p=0.1; n=9", "needs df"),
        ("p-value", "test=t; statistic=4; p=0.1", "degrees of freedom are missing"),
        ("p-value", "test=t; statistic=4; df=9; p=1.5", "between 0 and 1"),
        ("correlation-matrix", "names=a|b|c; r=0.5|0.5", "3 correlations"),
        ("correlation-matrix", "names=a|b|c; r=0.5|0.5|1.5", "between -1 and 1"),
        ("anova", "f=1; means=1|2; sds=1; ns=3|3", "give one per group"),
        ("effect-size", "d=1; g=1; n1=3; n2=3", "either d or g"),
        ("effect-size", "d=1; n1=3; n2=3", "needs m1, sd1, m2, sd2, or t, or f"),
        ("composite-rule", "rows=0.9", "is not `composite: cell,cell,cell`"),
        ("composite", "composite=0.9; cells=-|-", "no cell with a figure"),
        ("change", "low=1%; high=2%", "needs a and b"),
        ("change", "a=1; b=2", "needs value, or low and high"),
        ("aggregate-bound", "mean=0.9; members=0.8", "needs min or max"),
        ("voi", "voi=1; split=1", "needs split and merge"),
        ("ap-order", "ap=0.5; ap75=0.4", "needs ap50"),
        ("mean-se-ci", "n=9; mean=3", "needs sd or se"),
        ("mean-se-ci", "n=9; sd=3", "needs two of"),
        ("d-versus-f", "d=1; f=1; n=4; groups=4", "no degrees of freedom"),
        ("reconstruct", "n=8; mean=0.8; sd=0.1; min=0.5; max=0.9", "needs f with p or groups"),
        ("reconstruct", "n=80; mean=0.8; sd=0.1; min=0.5; max=0.9; f=3; groups=2", "too many to enumerate"),
    ],
)
def test_bad_input_says_what_is_wrong(check: str, inputs: str, message: str) -> None:
    with pytest.raises((InputError, UnknownName)) as caught:
        run_check(check, inputs)
    assert message in str(caught.value)


@given(st.integers(1, 300), st.data())
def test_the_reverse_search_finds_the_true_denominator(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    share = parse_figure(f"{100 * k / n:.1f}%").interval("half-either")
    found = denominators(share, range(1, 301))
    assert n in found
    assert k in found[n]
    assert k in numerators(share, n)


def test_open_ends_of_a_share_are_excluded() -> None:
    half = Interval(Fraction(1, 4), Fraction(1, 2), True, True)
    assert list(numerators(half, 4)) == []


def test_table_3_needs_one_rule() -> None:
    """Ten printed composites: nine follow one rule, the first follows none (mean of .955 and .951 is .953)."""
    rows = (
        "0.954:0.955,-,0.951|0.947:-,0.947,-|0.938:0.962,0.913,-|0.930:0.950,0.910,-|0.911:0.938,0.884,-|"
        "0.901:0.901,-,-|0.893:-,0.893,-|0.893:0.924,0.861,-|0.854:0.948,0.902,0.782|0.848:0.950,0.905,0.769"
    )
    found = run_check("composite-rule", f"rows={rows}")
    assert found.verdict == "contradicted_if"
    assert "mean of the overlap scores, then with the last: 9 of 10 (not 0.954)" in found.computed
    assert run_check("composite-rule", f"rows={rows.partition('|')[2]}").verdict == "consistent"


def test_every_check_is_explained_to_a_reviewer() -> None:
    text = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
    headings = {name.strip() for bold in re.findall(r"\*\*([^*]+)\*\*", text) for name in bold.split(",")}
    assert set(CHECKS) <= headings
    assert all(f"`{verdict}`" in text for verdict in VERDICTS)
