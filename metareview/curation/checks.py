"""The checks that `metareview check` adds to the rules of the door."""

from __future__ import annotations

from metareview.curation.derivations import check_derivations
from metareview.curation.plausibility import check_plausibility
from metareview.ingest.review import FurtherCheck

__all__ = ["FURTHER", "RULES"]

#: Rules: what breaks one is wrong.
RULES: tuple[FurtherCheck, ...] = (check_derivations,)
#: Rules and doubts: what raises a doubt may be right, and is worth a look.
FURTHER: tuple[FurtherCheck, ...] = (*RULES, check_plausibility)
