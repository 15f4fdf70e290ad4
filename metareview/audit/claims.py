"""Reading ``claims.csv`` row by row, so that one bad claim does not keep the others from being audited."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from metareview.errors import InputError
from metareview.schema.claim import Claim

__all__ = ["ClaimProblem", "ClaimRow", "claims_of", "read_claims"]

LISTS = ("printed", "related")


@dataclass(frozen=True, slots=True)
class ClaimProblem:
    """A claim that cannot be audited, and why."""

    claim_id: str
    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}, claim {self.claim_id or '(no claim_id)'}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim and the row of the spreadsheet it stands in."""

    claim: Claim
    file: str = "claims.csv"
    line: int = 0


def read_claims(path: Path) -> tuple[list[ClaimRow], list[ClaimProblem]]:
    """Read a claims table.

    Raises
    ------
    InputError
        If the file cannot be read or has no header of claims.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}); a review to audit has claims.csv") from None
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not UTF-8; save it as CSV UTF-8") from None
    reader = csv.DictReader(text.splitlines(keepends=True))
    columns = set(Claim.model_fields)
    unknown = [name for name in reader.fieldnames or () if name not in columns]
    if "claim_id" not in (reader.fieldnames or ()) or unknown:
        found = f"it has {', '.join(map(repr, unknown))}" if unknown else "claim_id is missing"
        raise InputError(
            f"{path.name}: the header names the columns of a claim, {', '.join(Claim.model_fields)}; {found}"
        )
    numbered = []
    try:
        numbered = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path.name} line {reader.line_num}: {error}; check its quotes") from None
    return claims_of(((path.name, line, row) for line, row in numbered))


def claims_of(rows: Iterable[tuple[str, int, Mapping[str, object]]]) -> tuple[list[ClaimRow], list[ClaimProblem]]:
    """Return the claims of raw rows (file, line, cells), and the rows that are none."""
    good: list[ClaimRow] = []
    bad: list[ClaimProblem] = []
    seen: set[str] = set()
    for file, line, row in rows:
        if not any(row.values()):
            continue
        claim_id = str(row.get("claim_id") or "")
        try:
            claim = _claim(row)
            if claim.claim_id in seen:
                raise InputError("this claim_id is used before; give each claim its own")
            seen.add(claim.claim_id)
            good.append(ClaimRow(claim, file, line))
        except (InputError, ValidationError) as error:
            bad.append(ClaimProblem(claim_id, file, line, _reason(error)))
    return good, bad


def _claim(row: Mapping[str, object]) -> Claim:
    if None in row or None in row.values():
        raise InputError("the row has more or fewer cells than the header; put a cell with a comma in double quotes")
    cells: dict[str, object] = {}
    for name, cell in row.items():
        text = str(cell).strip()
        if name in LISTS:
            cells[name] = tuple(part.strip() for part in text.split(";") if part.strip())
        elif text:
            cells[name] = text
    return Claim.model_validate(cells)


def _reason(error: InputError | ValidationError) -> str:
    if isinstance(error, InputError):
        return str(error)
    parts = []
    for detail in error.errors(include_url=False):
        column = str(detail["loc"][0]) if detail["loc"] else "row"
        missing = detail["type"] == "missing"
        parts.append(f"column {column} is empty" if missing else f"column {column}: {detail['msg']}")
    return "; ".join(parts)
