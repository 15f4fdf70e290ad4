"""All claims of a review: each is checked, none keeps another from being checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metareview.audit.claims import ClaimProblem, ClaimRow, claims_of
from metareview.audit.registry import CHECKS, run_check
from metareview.audit.texts import SourceText, missing_figures
from metareview.audit.verdicts import VERDICTS, Finding, Verdict
from metareview.errors import InputError
from metareview.results import Dropped, Result
from metareview.schema.claim import Claim
from metareview.schema.source import LineSpan, SourceRef, line_spans

if TYPE_CHECKING:
    import pandas as pd

    from metareview.schema.review import ReviewSpec

__all__ = ["AuditResult", "Audited", "audit_claims", "raw_claims", "run_audit"]

#: Sources that need no reference.
PLAIN = ("-", "arithmetic", "set algebra")
#: The columns that others rely on, in order.
CONTRACT = (
    "id", "source", "line", "related_lines", "statement", "printed", "check", "verdict", "assumption", "computed",
    "explanation", "related",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Audited:
    """One claim with its verdict.

    Attributes
    ----------
    id, source, statement, printed, check : as in the claim.
    line : first line of the statement in the source text, None where the locator names none.
    related_lines : the other lines that the locator names.
    verdict, assumption, computed, explanation : the answer.
    type, scope, related, inputs : as in the claim.
    ref : the way back, to the row of the spreadsheet and the place in the document.
    """

    id: str
    source: str
    line: int | None
    related_lines: tuple[int, ...]
    statement: str
    printed: tuple[str, ...]
    check: str
    verdict: Verdict
    assumption: str
    computed: str
    explanation: str
    type: str = ""
    scope: str = ""
    related: tuple[str, ...] = ()
    inputs: str = ""
    ref: SourceRef | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``metareview audit --json`` prints."""
        body = {name: getattr(self, name) for name in CONTRACT}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in body.items()}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AuditResult(Result):
    """The audit of a review.

    Attributes
    ----------
    rows : the claims audited, in the order of the table; those that could not be are in `dropped`, with the reason.
    """

    rows: tuple[Audited, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return how many claims have each verdict."""
        return {verdict: sum(row.verdict == verdict for row in self.rows) for verdict in VERDICTS}

    def with_verdict(self, *verdicts: str) -> tuple[Audited, ...]:
        """Return the claims with one of these verdicts."""
        return tuple(row for row in self.rows if row.verdict in verdicts)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per claim."""
        import pandas as pd

        names = (*CONTRACT, "type", "scope", "inputs")
        columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in self.rows] for name in names}
        for name in ("related_lines", "printed", "related"):
            columns[name] = ["; ".join(map(str, value)) for value in columns[name]]
        columns["line"] = pd.array(columns["line"], dtype="Int64")  # type: ignore[assignment]
        return pd.DataFrame(columns)

    def to_records(self) -> list[dict[str, Any]]:
        """Return the objects that ``metareview audit --json`` prints."""
        return [row.to_dict() for row in self.rows]


def _lines(spans: Sequence[LineSpan], source_id: str) -> tuple[int | None, tuple[int, ...]]:
    """Return the first line of the statement, and the other lines of its document that the locator names."""
    own = [
        line
        for span in spans
        if span.source_id == source_id
        for line in range(span.first, max(span.first, span.last) + 1)
    ]
    if not own:
        return None, ()
    return own[0], tuple(dict.fromkeys(line for line in own[1:] if line != own[0]))


def _finding(claim: Claim) -> Finding:
    if not claim.check:
        return Finding("not_checkable", "", "No check is written for this claim yet.")
    finding = run_check(claim.check.strip(), claim.inputs or "")
    return finding.assuming(claim.assumption or "")


def _check_place(claim: Claim, spans: Sequence[LineSpan], texts: Mapping[str, SourceText]) -> None:
    """Raise where the locator is outside its text, or a figure does not stand there."""
    for span in spans:
        text = texts.get(span.source_id)
        if text is not None and not 1 <= span.first <= span.last <= len(text.lines):
            raise InputError(f"locator {claim.locator!r}: {span.source_id} has {len(text.lines)} lines")
    missing = missing_figures(claim.printed, spans, texts)
    if missing:
        figures = ", ".join(repr(figure) for figure in missing)
        raise InputError(f"printed {figures} is not at {claim.locator}; copy the figure as it stands on its line")


def _audited(row: ClaimRow, texts: Mapping[str, SourceText]) -> Audited:
    claim = row.claim
    spans = line_spans(claim.locator, claim.source_id)
    _check_place(claim, spans, texts)
    finding = _finding(claim)
    line, related_lines = _lines(spans, claim.source_id)
    ref = SourceRef(row.file, row.line, claim.source_id, claim.locator, "; ".join(claim.printed))
    return Audited(
        claim.claim_id, claim.source_id, line, related_lines, claim.statement, claim.printed, claim.check or "",
        finding.verdict, finding.assumption, finding.computed, finding.explanation, claim.type, claim.scope or "",
        claim.related, claim.inputs or "", ref,
    )  # fmt: skip


def audit_claims(
    claims: Iterable[ClaimRow],
    problems: Iterable[ClaimProblem] = (),
    *,
    texts: Mapping[str, SourceText] | None = None,
    warnings: Iterable[str] = (),
) -> AuditResult:
    """Check every claim.

    Parameters
    ----------
    claims : the claims with their rows.
    problems : rows that are no claims, to be carried in the result.
    texts : source texts by source_id; where one is missing, its figures are not looked up, and a warning says so;
        None where figures are not to be looked up at all.
    warnings : to be carried in the result.
    """
    rows: list[Audited] = []
    bad = list(problems)
    listed = list(claims)
    for row in listed:
        try:
            rows.append(_audited(row, texts or {}))
        except InputError as error:
            bad.append(ClaimProblem(row.claim.claim_id, row.file, row.line, str(error)))
    said = [*warnings, *_loose_ends(listed, texts)]
    dropped = tuple(
        Dropped(f"claim {problem.claim_id}", problem.reason, SourceRef(problem.file, problem.line)) for problem in bad
    )
    used = [CHECKS[name] for name in dict.fromkeys(row.check for row in rows) if name in CHECKS]
    methods = tuple(f"{check.name}: {check.source}" for check in used if check.source not in PLAIN)
    return AuditResult(
        methods=methods, k_in=len(rows) + len(bad), k_used=len(rows), dropped=dropped, warnings=tuple(said),
        rows=tuple(rows),
    )  # fmt: skip


def _loose_ends(rows: Sequence[ClaimRow], texts: Mapping[str, SourceText] | None) -> list[str]:
    """Say which documents were not at hand, and which related claims do not exist."""
    unread = sorted({row.claim.source_id for row in rows} - set(texts)) if texts is not None else []
    said = [f"the text of {source} was not at hand; its printed figures were not looked up" for source in unread]
    ids = {row.claim.claim_id for row in rows}
    for row in rows:
        lost = [name for name in row.claim.related if name not in ids]
        said += [f"claim {row.claim.claim_id}: related claim {name} is not in the table" for name in lost]
    return said


def run_audit(
    tables: Mapping[str, pd.DataFrame], spec: ReviewSpec, *, texts: Mapping[str, SourceText] | None = None
) -> AuditResult:
    """Check every claim of a review that has been read.

    Parameters
    ----------
    tables : the tables of the review by name; ``claims`` is used.
    spec : the configuration of the review (unused by the checks; here because every analysis takes it).
    texts : source texts by source_id.
    """
    good, bad = claims_of(raw_claims(tables["claims"]))
    return audit_claims(good, bad, texts=texts)


def raw_claims(frame: pd.DataFrame) -> list[tuple[str, int, dict[str, object]]]:
    """Return the rows of a claims table as they stand in the spreadsheet: file, line, cells as text."""
    columns = [name for name in Claim.model_fields if name in frame.columns]
    return [
        (
            str(record.get("file", "claims.csv")),
            int(record.get("line", 0)),
            {name: _cell(record[name]) for name in columns},
        )
        for record in frame.to_dict("records")
    ]


def _cell(value: Any) -> str:
    """Return a typed cell as the text it was read from."""
    if isinstance(value, tuple | list):
        return "; ".join(value)
    return "" if value is None or value != value else str(value)
