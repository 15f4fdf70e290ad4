"""What a review finds, in a few sentences: templates around numbers that stand in its tables."""

from metareview.report.findings.base import Finding, Part
from metareview.report.findings.registry import FINDINGS, MOST, key_findings, leading, views_of

__all__ = ["FINDINGS", "MOST", "Finding", "Part", "key_findings", "leading", "views_of"]
