"""Every analysis by name, of all rooms below the report: what the workflow, the command line and notebooks run."""

from __future__ import annotations

from metareview.audit.analyses import AUDITS
from metareview.stats.benchmark.analyses import ANALYSES as BENCHMARK
from metareview.stats.benchmark.analyses import AnalysisSpec

__all__ = ["ANALYSES", "AnalysisSpec"]

#: Every analysis by name, in the order of the report.
ANALYSES: dict[str, AnalysisSpec] = {**BENCHMARK, **AUDITS}
