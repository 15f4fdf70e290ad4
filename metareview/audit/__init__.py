"""Published numbers -> verdicts.

Map of the room, low to high:

- `intervals`, `figures`, `expressions`: exact rationals, printed strings, arithmetic on them
- `verdicts`, `inputs`, `citations`: what a check answers, and what it is given
- `counting`, `agreement`, `flow`: counts, lists, repeats, ranks, PRISMA
- `pvalues`, `granularity`, `sd_range`, `summaries`, `effects`, `correlations`: statistics
- `scores`, `composites`, `bounds`: segmentation scores, composites, what stated members leave for the rest
- `search`, `consequences`, `reconstruction`, `reconstruct`: joint reconstruction of an analysis
- `registry`: the checks by name
- `texts`, `claims`, `run`: the claims of a review, and the audit of all of them
- `propose`: claims proposed from a text, for a person to accept
- `numbers`, `literals`: numbers of a report that cannot go stale
"""

from metareview.audit.registry import CHECKS, run_check
from metareview.audit.run import AuditResult, audit_claims, run_audit
from metareview.audit.verdicts import VERDICTS, Finding

__all__ = ["CHECKS", "VERDICTS", "AuditResult", "Finding", "audit_claims", "run_audit", "run_check"]
