"""The analyses of the audit by name, as the workflow and the report run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from metareview.audit.claims import claims_of
from metareview.audit.inputs import parse_inputs
from metareview.audit.reconstruct import printed_of
from metareview.audit.reconstruction import Reconstruction, reconstruct
from metareview.audit.registry import CHECKS
from metareview.audit.run import AuditResult, raw_claims, run_audit
from metareview.errors import InputError
from metareview.stats.benchmark.analyses import AnalysisSpec

if TYPE_CHECKING:
    import pandas as pd

    from metareview.schema.review import ReviewSpec

__all__ = ["AUDITS", "compute_reconstruction"]


def compute_reconstruction(tables: Mapping[str, pd.DataFrame], spec: ReviewSpec) -> Reconstruction:
    """Reconstruct the first analysis among the claims that has a solution; say which others there are.

    Parameters
    ----------
    tables : the tables of a review; claims whose check is ``reconstruct`` are used.
    spec : the configuration (here because every analysis takes it).
    """
    claims, _ = claims_of(raw_claims(tables["claims"]))
    stated = [row.claim for row in claims if row.claim.check == "reconstruct"]
    # a claim that asks for more values than there are tells of an analysis that another claim holds, too
    wanted = [claim for claim in stated if "least" not in (claim.inputs or "")] or stated
    check = CHECKS["reconstruct"]
    told: list[str] = []
    for claim in wanted:
        try:
            inputs = parse_inputs(claim.inputs or "", check.required, check.optional, check=check.name)
            found = reconstruct(printed_of(inputs))
        except InputError as error:
            told.append(f"claim {claim.claim_id}: {error}")
            continue
        if found.solutions:
            others = [other.claim_id for other in wanted if other is not claim]
            told += [f"further analyses among the claims: {', '.join(others)}"] if others else []
            return replace(found, claim_id=claim.claim_id, title=claim.statement, warnings=(*found.warnings, *told))
        told.append(f"claim {claim.claim_id}: no values in any groups have all its figures")
    return Reconstruction(warnings=tuple(told))


#: Every analysis of this room by name.
AUDITS: dict[str, AnalysisSpec] = {
    spec.name: spec
    for spec in (
        AnalysisSpec("audit", "Audit of printed numbers", ("claims",), AuditResult, run_audit),
        AnalysisSpec(
            "reconstruction", "Reconstruction of an analysis", ("claims",), Reconstruction, compute_reconstruction
        ),
    )
}
