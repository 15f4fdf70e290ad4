"""What no rule forbids and yet is rarely so: warnings with a stated threshold and a reason each.

Everything here is a doubt, never an error: a genuine value may raise one, and stays as it is when the source says so.
Marking the row uncertain, with the reason in its note, answers the doubt.
Thresholds were set so that a doubt on the two reviews that come with the project is one worth a look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from metareview.curation import doubts_between as between
from metareview.curation import doubts_within as within
from metareview.curation.scores import Scores, collect_scores
from metareview.ingest.problems import Problems
from metareview.ingest.tables import ParsedTable
from metareview.schema.metric import default_vocabulary
from metareview.schema.review import ReviewSpec

__all__ = ["DOUBTS", "Doubt", "check_plausibility"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """One check of plausibility.

    Attributes
    ----------
    name : its name.
    about : what it looks for, with the threshold.
    source : why: the identity, the inequality, or the document that advises it.
    check : the function that reports.
    """

    name: str
    about: str
    source: str
    check: Callable[[Scores, Problems], None]


DOUBTS: tuple[Doubt, ...] = (
    Doubt(
        "printed-differs", "value (and sd after ±) is not among the figures in printed, to the digits printed there; "
        "not where the experiment is recomputed from printed counts",
        "two keyings of one figure", within.check_printed,
    ),
    Doubt(
        "spread-impossible", "sd is larger than a mean of this value allows: sd² <= value (1 - value) n/(n - 1)",
        "Bhatia & Davis 2000, Am Math Mon 107:353", within.check_spread_possible,
    ),
    Doubt(
        "sd-is-value", "sd, or se, equals the value; or sd equals se with n above 1", "a cell copied one too far",
        within.check_copied_cells,
    ),
    Doubt(
        "sd-se-n", "se differs from sd/√n by more than 10% and the rounding", "definition of the standard error",
        within.check_standard_error,
    ),
    Doubt(
        "interval-of-sd", "n >= 5 and the interval is value ± 1.96 sd within 3%: then sd is a standard error",
        "Cochrane Handbook, section 6.5.2; Gøtzsche et al. 2007, JAMA 298:430", within.check_interval_of_sd,
    ),
    Doubt(
        "interval-lopsided", "one arm of an interval is more than ten times the other",
        "a limit with a wrong digit; intervals near a bound are lopsided by less", within.check_lopsided,
    ),
    Doubt(
        "sd-like-se", "sd is below 0.45 of the median of its metric, source and n_of, and smaller by √n within a "
        "factor 1.8; n >= 10, six or more",
        "Cochrane Handbook, section 6.5.2; Gøtzsche et al. 2007, JAMA 298:430", between.check_sd_like_se,
    ),
    Doubt(
        "sd-other-scale", "sd differs from the median of its metric and source by a factor between 50 and 200",
        "percent and proportion mixed in one column", between.check_sd_scale,
    ),
    Doubt(
        "scale-mixed", "value up to 1 with scale percent where the others of its metric and source have a median "
        "above 15", "percent and proportion mixed in one column", between.check_scale_mixed,
    ),
    Doubt(
        "jaccard-dice", "Jaccard is not between Dice/(2 - Dice) and Dice of the same experiment, unit and convention",
        "J = D/(2 - D) per image; Jensen's inequality for means", between.check_jaccard_dice,
    ),
    Doubt(
        "f1-outside", "F1 (or Dice) is not between precision and recall of the same experiment, unit and convention",
        "F1 is their harmonic mean; a mean over images may lie below both", between.check_f1,
    ),
    Doubt(
        "voi-sum", "VOI is not the sum of its split and merge parts, to the digits given",
        "Meilă 2007, J Multivar Anal 98:873", between.check_voi_sum,
    ),
    Doubt(
        "voi-like-arand", "VOI is not above ARAND of the same experiment and unit, or equals it",
        "in bits or nats VOI is above ARAND on every board of this field that we know", between.check_voi_arand,
    ),
    Doubt(
        "outlier", "robust z beyond 5 and no other value within 2.5, among eight or more of a data set, target, metric "
        "and convention, on the logit (log) scale with a spread of 0.25 at least",
        "Iglewicz & Hoaglin 1993, with 5 for 3.5 because studies differ for good reasons",
        between.check_outliers,
    ),
    Doubt(
        "duplicate-values", "two experiments of one source share value, sd and figure as printed in three or more "
        "metrics, or a value of five or more digits", "a row that was copied and not filled in",
        between.check_duplicates,
    ),
    Doubt(
        "digits-lost", "value has two decimals less than nine in ten of eight or more values of its source and metric, "
        "which have two to six",
        "a trailing zero is lost once in ten, two once in a hundred", between.check_digits,
    ),
    Doubt(
        "same-study-twice", "two studies share a DOI, or title and year", "one study under two ids",
        within.check_same_study,
    ),
    Doubt(
        "year-of-id", "the year of a study is not the one in its id", "two keyings of one year", within.check_year_of_id
    ),
    Doubt(
        "locator-form", "a part of a locator almost has a known form (page, table, figure, line)",
        "places that programs can follow", within.check_locator_form,
    ),
)  # fmt: skip


def check_plausibility(tables: Mapping[str, ParsedTable], spec: ReviewSpec | None, problems: Problems) -> None:
    """Report every doubt about the tables of a review, as warnings."""
    scores = collect_scores(tables, spec.vocabulary() if spec else default_vocabulary())
    for doubt in DOUBTS:
        doubt.check(scores, problems)
