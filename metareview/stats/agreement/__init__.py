"""Ratings -> agreement: how far raters who worked independently say the same.

Map of the room:

- `ratings`: the matrix of units by raters, category counts, the table of two raters, the 2x2 table
- `two_raters`: percent agreement, Cohen's kappa, plain and weighted, PABAK, positive and negative agreement,
  prevalence and bias index, each with its standard error or interval
- `many_raters`: Fleiss' kappa, Gwet's AC1 and AC2, percent agreement, for any number of raters and missing ratings
- `alpha`: Krippendorff's alpha; `icc`: the six intraclass correlations of Shrout and Fleiss
- `weights`: how far categories are apart; `bootstrap`: intervals by resampling units
- `estimates`, `report`: every coefficient that fits a scale, with intervals and with reasons where there is none

A coefficient that does not exist for a table raises `NotEstimable` in its formula, and is None with that reason in a
report. It is never NaN, and never 1 by courtesy.
"""

from __future__ import annotations

from metareview.stats.agreement.estimates import AgreementResult, Estimate
from metareview.stats.agreement.ratings import Ratings
from metareview.stats.agreement.report import agreement

__all__ = ["AgreementResult", "Estimate", "Ratings", "agreement"]
