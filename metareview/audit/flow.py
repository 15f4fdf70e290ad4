"""PRISMA counts, through the identities of `metareview.schema.flow`."""

from __future__ import annotations

from metareview.audit.inputs import Inputs
from metareview.audit.verdicts import Finding
from metareview.errors import InputError, UnknownName
from metareview.schema.flow import check_identities

__all__ = ["check_prisma"]


def check_prisma(inputs: Inputs) -> Finding:
    """Every identity among the counts given; one that may break with a reason is contradicted under an assumption."""
    names = [name for name in inputs.values if name not in ("identity", "rounding")]
    counts = {name: sum(inputs.wholes(name, least=0)) for name in names}
    found = check_identities(counts)
    if "identity" in inputs:
        wanted = inputs.text("identity").upper()
        known = [check.name for check in found]
        found = tuple(check for check in found if check.name.upper() == wanted)
        if not found and known:
            raise UnknownName("identity among these counts", wanted, known)
    if not found:
        raise InputError(
            f"no PRISMA identity ties {', '.join(names) or 'no counts'} together; give the counts it reads"
        )
    computed = "; ".join(f"{check.statement}: {check.found} printed, {check.expected} computed" for check in found)
    broken = [check for check in found if not check.holds]
    if not broken:
        return Finding("consistent", computed, "The counts add up.")
    text = " ".join(
        f"{check.statement[:1].upper()}{check.statement[1:]}: {check.found} is printed, the other counts give "
        f"{check.expected} (difference {check.difference})."
        for check in broken
    )
    finding = Finding("contradicted", computed, text)
    if all(check.name.startswith("W") for check in broken):
        return finding.assuming("every record is one report and every report one study")
    return finding
