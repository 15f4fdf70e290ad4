"""The checks by name: what each needs, who described it, and the function that answers.

The functions are named by module, so that asking for one check imports no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

from metareview.audit.inputs import Inputs, as_inputs, parse_inputs
from metareview.audit.verdicts import Finding
from metareview.errors import NotEstimable, UnknownName

__all__ = ["CHECKS", "Check", "run_check"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes
    ----------
    name : its name in ``claims.csv`` and on the command line.
    title : what it asks, in a sentence.
    run : ``module:function`` below `metareview.audit`; takes `Inputs`, gives a `Finding`.
    required, optional : names of the inputs.
    source : who described it.
    example : inputs that show it.
    """

    name: str
    title: str
    run: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    source: str
    example: str


def _check(name: str, run: str, needs: str, may: str, title: str, source: str, example: str) -> Check:
    return Check(name, title, run, tuple(needs.split()), tuple(may.split()), source, example)


_ARITHMETIC = "arithmetic"
_PRISMA = "Page et al., BMJ 2021;372:n71"
_STATCHECK = "Nuijten et al., Behav Res Methods 2016;48:1205"
_BROWN = "Brown and Heathers, Soc Psychol Personal Sci 2017;8:363"
_ANAYA = "Anaya, PeerJ Preprints 2016;4:e2400v1"
_HEATHERS = "Heathers and Brown, DEBIT, 2019"
_HEDGES = "Hedges, J Educ Stat 1981;6:107"
_ALL = (
    _check("sum", "counting:check_sum", "total parts", "minus",
           "Is the total the sum of its parts, less what is taken away?", _ARITHMETIC,
           "total=1546; parts=2,330; minus=684"),
    _check("partition", "counting:check_partition", "total parts", "multi",
           "Do the categories add up to the whole?", _ARITHMETIC, "total=60; parts=50|6|3|1"),
    _check("percent", "counting:check_percent", "value", "k n denominators",
           "Can this percentage be a share of that many, and of which denominators?",
           _BROWN, "value=62.7%; k=37; n=60"),
    _check("count-list", "counting:check_count_list", "count list", "complete",
           "Does a stated count agree with the references listed beside it?", _ARITHMETIC,
           "count=Five; list=15,21,24,34,35,37,44,65"),
    _check("lists", "counting:check_lists", "a b", "relation universe",
           "Do two citation lists stand in the relation they should?", "set algebra",
           "a=8,37,48,49,53,66; b=8,37,48,49,53,66; relation=disjoint"),
    _check("enumeration", "counting:check_enumeration", "count items", "",
           "Are as many items given as announced?", _ARITHMETIC, "count=five; items=PubMed|IEEE|WoS|Scholar|arXiv"),
    _check("prisma", "flow:check_prisma", "", "", "Do the PRISMA counts add up?", _PRISMA,
           "database_results=2330; duplicates=684; records_screened=1546"),
    _check("repeat", "agreement:check_repeat", "values", "polarity whole",
           "Is one quantity the same wherever it is stated?", _ARITHMETIC, "values=54%|54%|54%; polarity=+|+|-"),
    _check("class", "agreement:check_class", "labels", "exclusive",
           "Is one item put in the same class everywhere?", "set algebra", "labels=Trn.|Hybrid"),
    _check("compare", "agreement:check_compare", "left op right", "left_is right_is",
           "Does an equation or inequality between printed figures hold?", "Moore, Kearfott and Cloud 2009",
           "left=mean(0.955, 0.951); op==; right=0.954"),
    _check("range", "agreement:check_range", "low high values", "attained",
           "Do the values lie in the range stated, and reach its ends?", _ARITHMETIC,
           "low=87.2%; high=90.5%; values=0.947|0.913"),
    _check("superlative", "agreement:check_superlative", "value values", "direction",
           "Is this the largest (smallest) of the values?", _ARITHMETIC,
           "value=0.954; values=0.954|0.947|0.938; direction=max"),
    _check("order", "agreement:check_order", "values", "direction",
           "Are the values printed in the order claimed?", _ARITHMETIC, "values=0.954|0.947|0.938"),
    _check("rank", "agreement:check_rank", "value values rank", "direction",
           "Has the value this place among the values?", _ARITHMETIC, "value=0.947; values=0.954|0.947|0.938; rank=2"),
    _check("p-value", "pvalues:check_p_value", "test statistic p", "df df1 df2 n tails one_tailed alpha",
           "Does the p value follow from the statistic and its degrees of freedom?", _STATCHECK,
           "test=t; statistic=2.20; df=28; p=.03"),
    _check("grim", "granularity:check_grim", "mean n", "items integer",
           "Can whole numbers have this mean?", _BROWN, "mean=5.19; n=28"),
    _check("grimmer", "granularity:check_grimmer", "mean sd n", "items integer",
           "Can whole numbers have this mean and standard deviation?", _ANAYA, "mean=5.23; sd=2.55; n=35"),
    _check("debit", "granularity:check_debit", "mean sd n", "", "Can zeros and ones have this mean and SD?",
           _HEATHERS, "mean=.19; sd=.35; n=1683"),
    _check("scale-feasible", "granularity:check_scale", "mean sd n low high", "",
           "Do whole numbers on this scale exist with this mean and SD?", "exact enumeration of (sum, sum of squares)",
           "mean=3.44; sd=1.20; n=12; low=1; high=5"),
    _check("sd-bounds", "summaries:check_sd_bounds", "sd n min max", "mean",
           "Is the SD possible for this range and mean?", "Bhatia and Davis, Am Math Mon 2000;107:353",
           "sd=0.160; n=8; min=0.536; max=0.973; mean=0.820"),
    _check("summary-row", "summaries:check_summary_row", "n mean sd min max", "median q1 q3 members",
           "Can one set of numbers have all the figures of this row?", "exact optimisation, see sd_range",
           "n=7; mean=0.880; sd=0.083; min=0.717; max=0.973; median=0.880"),
    _check("mean-se-ci", "summaries:check_mean_se_ci", "n", "sd se mean ci_low ci_high",
           "Do SD, SE and confidence interval belong together?", "Altman and Bland, BMJ 2005;331:903",
           "n=16; sd=4.0; se=1.0; mean=10.0; ci_low=7.87; ci_high=12.13"),
    _check("effect-size", "effects:check_effect_size", "n1 n2", "d g m1 sd1 m2 sd2 t f",
           "Does the standardised difference follow from means and SDs, t or F?", _HEDGES,
           "d=.55; m1=10.3; sd1=3.1; n1=50; m2=8.7; sd2=2.8; n2=48"),
    _check("d-versus-f", "effects:check_d_versus_f", "d f n", "groups n1 n2",
           "Can this d occur with this F?", "one-way ANOVA, between-group sum of squares",
           "d=-6.44; f=19.03; n=8; groups=4"),
    _check("anova", "effects:check_anova", "f means sds ns", "eta2",
           "Does F follow from the group summaries?", "Larson, Am Stat 1992;46:151",
           "f=7.17; means=10.3|8.7; sds=3.1|2.8; ns=50|48"),
    _check("eta2", "effects:check_eta2", "eta2 f df1 df2", "",
           "Does eta squared follow from F?", "Cohen, Educ Psychol Meas 1973;33:107",
           "eta2=0.93; f=19.03; df1=3; df2=4"),
    _check("correlation", "correlations:check_correlation", "r", "n p x y",
           "How well does n determine this correlation, or is it that of the pairs printed?", "Fisher, Metron 1921;1:3",
           "r=0.89; n=6"),
    _check("correlation-matrix", "correlations:check_correlation_matrix", "names r", "",
           "Can these correlations occur together?", "Olkin, Linear Algebra Appl 1981;36:91",
           "names=Dice|Jaccard|AP; r=0.89|<0.4|<0.4"),
    _check("reconstruct", "reconstruct:check_reconstruct", "n mean sd min max",
           "median f p groups d group1 group2 members means least",
           "Which values and group sizes could have produced all of it?", "search by intervals, see reconstruction",
           "n=8; mean=0.820; sd=0.160; min=0.536; max=0.973; median=0.845; f=19.03; p=0.008; d=-6.44"),
    _check("domain", "scores:check_domain", "metric value", "",
           "Is the score inside the range of its metric?", "metric vocabulary", "metric=dice; value=94.8"),
    _check("dice-jaccard", "scores:check_dice_jaccard", "dice jaccard", "level",
           "Do Dice and Jaccard belong together?", "Jensen's inequality for J = D/(2 - D)",
           "dice=.900; jaccard=.790; level=mean"),
    _check("f1", "scores:check_f1", "f1 precision recall", "level",
           "Does F1 follow from precision and recall?", "van Rijsbergen 1979, chapter 7",
           "f1=0.80; precision=0.90; recall=0.72"),
    _check("pq", "scores:check_pq", "pq sq rq", "level", "Is panoptic quality the product of its factors?",
           "Kirillov et al., CVPR 2019", "pq=0.45; sq=0.80; rq=0.56"),
    _check("ap-order", "scores:check_ap_order", "", "ap ap50 ap75", "Do average precisions fall with the threshold?",
           "Lin et al., ECCV 2014", "ap=0.61; ap50=0.85; ap75=0.66"),
    _check("arand", "scores:check_arand", "arand rand_f", "", "Are adapted Rand error and Rand F complementary?",
           "Arganda-Carreras et al., Front Neuroanat 2015;9:142", "arand=0.117; rand_f=0.883"),
    _check("voi", "scores:check_voi", "voi", "split merge segments_1 segments_2 base",
           "Is the variation of information the sum of its parts and within its bound?",
           "Meila, J Multivar Anal 2007;98:873", "voi=1.118; split=0.9; merge=0.218"),
    _check("cremi", "scores:check_cremi", "score voi arand", "",
           "Is the CREMI score the geometric mean of VOI and ARAND?", "CREMI challenge, cremi.org",
           "score=0.36; voi=1.118; arand=0.117"),
    _check("composite", "composites:check_composite", "composite cells", "rule",
           "Which rule makes this composite of its cells?", "definitions listed in composites",
           "composite=0.854; cells=0.948|0.902|0.782"),
    _check("composite-rule", "composites:check_composite_rule", "rows", "",
           "Which one rule makes every composite of a table?", "definitions listed in composites",
           "rows=0.954: 0.955,-,0.951 | 0.947: -,0.947,-"),
    _check("aggregate-bound", "bounds:check_aggregate", "mean members", "k min max",
           "Can the unstated values have the mean that is left for them?", _ARITHMETIC,
           "mean=0.955; k=5; members=0.834; max=0.974"),
    _check("cv", "bounds:check_cv", "cv k", "mean members min max",
           "Can the coefficient of variation be so small?", "minimum of the variance with some values known",
           "cv=<0.033; mean=0.955; k=5; members=0.834"),
    _check("change", "bounds:check_change", "", "value low high a b min max kind",
           "Does the improvement follow from the values, or fit into their range?", _ARITHMETIC,
           "low=13%; high=35%; min=0.846; max=0.947"),
    _check("not-checkable", "counting:check_nothing", "reason", "", "Says why nothing printed decides it.", "-",
           "reason=needs the cited paper"),
)  # fmt: skip

#: Every check by name.
CHECKS: Mapping[str, Check] = {check.name: check for check in _ALL}


@lru_cache
def _function(path: str) -> Callable[[Inputs], Finding]:
    module, _, name = path.partition(":")
    function: Callable[[Inputs], Finding] = getattr(import_module(f"metareview.audit.{module}"), name)
    return function


def run_check(name: str, inputs: str | Mapping[str, str]) -> Finding:
    """Run one check.

    Parameters
    ----------
    name : name of the check.
    inputs : ``name=value; name=value``, or a mapping from name to printed value.

    Raises
    ------
    UnknownName
        If there is no such check.
    InputError
        If an input is missing, unknown or not what it should be.

    >>> run_check("percent", "value=49%; n=50").verdict
    'contradicted'
    """
    if name not in CHECKS:
        raise UnknownName("check", name, CHECKS)
    check = CHECKS[name]
    optional = _prisma_names() if name == "prisma" else check.optional
    if isinstance(inputs, str):
        parsed = parse_inputs(inputs, check.required, optional, check=name)
    else:
        parsed = as_inputs(inputs, check.required, optional, check=name)
    try:
        return _function(check.run)(parsed)
    except NotEstimable as error:
        return Finding("not_applicable", "", f"The check does not apply: {error}.")


def _prisma_names() -> tuple[str, ...]:
    from metareview.schema.flow import FLOW_NAMES

    return (*FLOW_NAMES, "identity")
