"""The analyses of the appraisal by name, beside those of the benchmark and the audit."""

from __future__ import annotations

from metareview.appraisal.coverage import AppraisalCoverage, compute_coverage
from metareview.appraisal.lights import AppraisalResult, compute_appraisal
from metareview.appraisal.raters import AppraisalAgreement, compute_agreement
from metareview.appraisal.summary import AppraisalSummary, compute_summary
from metareview.stats.benchmark.analyses import AnalysisSpec

__all__ = ["APPRAISALS"]

_WEIGHTED = ("appraisal", "studies", "experiments", "results")
_SPECS = (
    AnalysisSpec("appraisal", "Appraisal of the studies", ("appraisal",), AppraisalResult, compute_appraisal),
    AnalysisSpec("appraisal_summary", "Shares of judgements", _WEIGHTED, AppraisalSummary, compute_summary),
    AnalysisSpec("appraisal_agreement", "Agreement of raters", ("appraisal",), AppraisalAgreement, compute_agreement),
    AnalysisSpec(
        "appraisal_coverage", "What could be judged", ("appraisal", "studies"), AppraisalCoverage, compute_coverage
    ),
)

#: Every analysis of the appraisal by name, in the order of the report.
APPRAISALS: dict[str, AnalysisSpec] = {spec.name: spec for spec in _SPECS}
