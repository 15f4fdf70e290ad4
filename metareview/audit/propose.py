"""Claims proposed from a text: percentages, counts with citation lists, statistics, repeated quantities.

A proposal is a row of ``claims.csv`` that a person still has to read: the statement is a template, what the figures
are about is guessed from the words beside them, and the id begins with ``proposed-``. Nothing is audited before it is
accepted.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from metareview.schema.claim import Claim
from metareview.schema.source import line_spans

__all__ = ["Proposal", "ProposalScore", "propose_claims", "proposals_csv", "score_proposals"]

_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|"
    "nineteen|twenty"
)
_COUNT = rf"(?<![\d.,-])(?P<count>\d{{1,3}}(?:,\d{{3}})+|\d+|{_WORDS})"
_THINGS = (
    "studies|study|papers|articles|experiments|datasets|data sets|databases|methods|models|records|publications|"
    "patients|participants|metrics|categories|reviews|GPUs|nodes|volumes|slices|sections|samples|images|neurons|"
    "voxels|criteria|dimensions|paradigms|trends|targets|phases|approaches|authors|findings|questions|repositories"
)
_NOUN = (
    r"(?P<noun>(?:(?!(?:for|of|in|on|across|and|or|to|with|at|by|the)\b)[a-z0-9+-]+\s+){0,2}?"
    rf"(?:{_THINGS}))"
)
_LIST = r"\[(?P<list>\d[\d,\s–—-]*)[\]1]"
_NUMBER = r"[-−–—]?\s?\d*\.?\d+"
_SCORE = "Dice|DSC|Jaccard|IoU|mAP|AP\\d*|F1|VOI|ARAND|ARE|Rand|Precision|Recall|ERL|CV|PSNR|SSIM|accuracy|AUC|MAE|RMSE"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("count-list", re.compile(rf"\b{_COUNT}\s+{_NOUN}\b[^.\[]{{0,60}}{_LIST}", re.I)),
    ("size", re.compile(r"(?<![\d.])(?P<value>\d+(?:\s?[x×X]\s?\d+){1,3})(?!\d)")),
    ("hardware", re.compile(r"(?<![\d.])(?P<count>\d+)\s?[x×X]\s?(?P<noun>[A-Z]+\d+)")),
    ("statistic", re.compile(rf"\b(?P<test>[tFrz]|χ2|chi2|Q)\s*(?:\((?P<df>[\d\s,.]+)\))?\s*=\s*(?P<value>{_NUMBER})"
                             rf"(?:\s*,\s*p\s*(?P<op>[=<>])\s*(?P<p>0?\.\d+))?")),
    ("bound", re.compile(r"\b(?P<noun>p|r|CV\)?)\s?(?P<value>[<>≤≥]\s?0?\.\d+)")),
    ("share-of", re.compile(rf"{_COUNT}\s+(?:out of|of the|of)\s+(?:the\s+)?(?P<n>\d+)\b", re.I)),
    ("span", re.compile(r"(?<![\d.\[,-])(?P<low>\d+(?:\.\d+)?)\s?%?\s?(?:[-–—]|to)\s?(?P<high>\d+(?:\.\d+)?)"
                        r"\s?(?P<unit>%|nm\b|mm\b|µm\b)")),
    ("percent", re.compile(r"\b(?P<value>\d{1,3}(?:\.\d+)?\s?%)(?:\s*\((?P<k>\d+)\s*(?:out of|of|/)\s*(?P<n>\d+)\))?")),
    ("n", re.compile(r"\(?\bn\s*=\s*(?P<count>\d{1,3}(?:,\d{3})+|\d+)", re.I)),
    ("effect", re.compile(rf"Cohen[’']s\s+d\s*=\s*(?P<value>{_NUMBER})", re.I)),
    ("spread", re.compile(r"(?P<mean>\d+\.\d+)\s*(?:±|\+)\s*(?P<sd>0?\.\d+|\d+\.\d+)")),
    ("count", re.compile(rf"\b{_COUNT}\s+{_NOUN}\b", re.I)),
    ("range", re.compile(r"(?<![\d.\[,])(?P<low>\d+\.\d+)\s*(?:[-–—]|to)\s*(?P<high>\d+\.\d+)\s?(?P<unit>%)?")),
    ("value", re.compile(rf"\b(?P<noun>{_SCORE})(?:\s(?:scores?|values?)?\s?(?:of|from|up to|between)?)?[\s:=]{{1,3}}"
                         r"(?P<value>\d*\.\d+)")),
    ("score", re.compile(r"\((?P<value>0\.\d{2,4})\)")),
    ("label", re.compile(r"(?P<noun>[A-Z][A-Za-z-]{2,})\s?-?\((?P<count>\d{1,4})\b")),
    ("decimal", re.compile(r"(?<![\d.,\[=-])(?P<value>\d*\.\d{2,})(?![\d.]|\s?%)")),
)  # fmt: skip
#: Fewest figures that make a line a row of a table.
_ROW = 4
_CELL = re.compile(r"(?<![\w.])\d*\.?\d+(?![\w.])")
_LABELS = {
    "count-list": "count", "count": "count", "n": "count", "percent": "share", "statistic": "statistic",
    "effect": "effect", "spread": "summary", "range": "range", "score": "metric", "repeat": "repeat",
    "size": "fact", "hardware": "count", "bound": "statistic", "share-of": "share", "span": "range", "value": "metric",
    "label": "count", "decimal": "metric", "row": "summary",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed claim.

    Attributes
    ----------
    kind : which pattern found it.
    claim : the row.
    quantity : what the figure seems to count, to find the same quantity elsewhere.
    figure : the figure itself.
    """

    kind: str
    claim: Claim
    quantity: str = ""
    figure: str = ""


def _paragraphs(text: str) -> Iterator[tuple[str, list[int], int]]:
    """Yield runs of lines as one text, the offset of each line in it, and the number of the first."""
    lines = text.split("\n")
    for blank, run in groupby(enumerate(lines, 1), key=lambda item: not item[1].strip()):
        if blank:
            continue
        numbered = list(run)
        offsets, whole = [], ""
        for _, line in numbered:
            offsets.append(len(whole))
            whole += _joined(line.strip())
        yield whole, offsets, numbered[0][0]


def _joined(line: str) -> str:
    """Return a line with a blank at its end, or without its hyphen where a word is broken there."""
    return line[:-1] if re.search(r"[a-z]-$", line) else line + " "


def _inputs(kind: str, match: re.Match[str]) -> tuple[str, str]:
    """Return check and inputs; no check where a person must say what to compare with."""
    found = {name: (value or "").strip() for name, value in match.groupdict().items()}
    if kind == "count-list":
        return "count-list", f"count={found['count']}; list={re.sub(r' ', '', found['list'])}"
    if kind == "share-of":
        return "", f"k={found['count']}; n={found['n']}"
    if kind == "percent" and found["k"]:
        return "percent", f"value={found['value'].replace(' ', '')}; k={found['k']}; n={found['n']}"
    if kind == "statistic" and found["p"] and found["df"]:
        df = [part.strip() for part in found["df"].split(",")]
        names = ("df1", "df2") if len(df) == 2 else ("df",)
        degrees = "; ".join(f"{name}={value}" for name, value in zip(names, df, strict=False))
        p = found["p"] if found["op"] == "=" else found["op"] + found["p"]
        return "p-value", f"test={found['test']}; statistic={found['value']}; {degrees}; p={p}"
    return "", ""


def _printed(text: str) -> tuple[str, ...]:
    """Return the figure as at most 40 characters, in pieces where it is longer."""
    words, pieces = text.split(), [""]
    for word in words:
        joined = f"{pieces[-1]} {word}".strip()
        if len(joined) <= 40:
            pieces[-1] = joined
        else:
            pieces.append(word[:40])
    return tuple(piece for piece in pieces if piece)


def propose_claims(text: str, source_id: str) -> tuple[Proposal, ...]:
    """Return proposed claims in the order of the text, repeats last.

    Parameters
    ----------
    text : the paper.
    source_id : its id.
    """
    found: list[Proposal] = []
    for whole, offsets, first in _paragraphs(text):
        taken: list[tuple[int, int]] = []
        for start, end, line in _rows(whole, offsets, first):
            taken.append((start, end))
            found.append(_row(whole[start:end], line, source_id))
        for kind, pattern in _PATTERNS:
            for match in pattern.finditer(whole):
                span = match.span()
                if any(span[0] < end and start < span[1] for start, end in taken):
                    continue
                taken.append(span)
                lines = [first + bisect_right(offsets, place) - 1 for place in (span[0], span[1] - 1)]
                found.append(_proposal(kind, match, lines, source_id))
    found.sort(key=lambda item: _first_line(item))
    numbered = [
        replace(item, claim=item.claim.model_copy(update={"claim_id": f"{item.claim.claim_id}-{number}"}))
        for number, item in enumerate(found, 1)
    ]
    return (*numbered, *_repeats(numbered, source_id))


def _rows(whole: str, offsets: list[int], first: int) -> Iterator[tuple[int, int, int]]:
    """Yield the lines that are rows of a table: mostly figures, most of them decimals."""
    for number, start in enumerate(offsets):
        end = offsets[number + 1] if number + 1 < len(offsets) else len(whole)
        line = whole[start:end]
        figures = _CELL.findall(line)
        if (
            len(figures) >= _ROW
            and sum("." in figure for figure in figures) >= 2
            and len(line.split()) <= 3 * len(figures)
        ):
            yield start, end, first + number


def _row(line: str, number: int, source_id: str) -> Proposal:
    figures = tuple(dict.fromkeys(_CELL.findall(line)))
    claim = Claim(
        claim_id=f"proposed-l{number}-row", statement=f"row: {line.split()[0]} with {len(figures)} figures",
        type=_LABELS["row"], printed=figures, source_id=source_id, locator=f"L{number}",
        note="proposed by machine; a row of a table: name its columns, then accept",
    )  # fmt: skip
    return Proposal("row", claim)


def _first_line(item: Proposal) -> int:
    match = re.match(r"L(\d+)", item.claim.locator)
    return int(match[1]) if match else 0


def _proposal(kind: str, match: re.Match[str], lines: list[int], source_id: str) -> Proposal:
    groups = match.groupdict()
    check, inputs = _inputs(kind, match)
    locator = f"L{lines[0]}" + (f"-{lines[1]}" if lines[1] > lines[0] else "")
    what = groups.get("noun") or ""
    figure = (groups.get("count") or groups.get("value") or groups.get("low") or groups.get("mean") or "").strip()
    claim = Claim(
        claim_id=f"proposed-l{lines[0]}-{kind}", statement=f"{kind}: {figure} {what}".strip(), type=_LABELS[kind],
        printed=_printed(match.group()), source_id=source_id, locator=locator, check=check or None,
        inputs=inputs or None, note="proposed by machine; read the place, complete the inputs, then accept",
    )  # fmt: skip
    return Proposal(kind, claim, " ".join(what.lower().split()[-1:]) if kind in ("count", "count-list") else "", figure)


def _repeats(items: list[Proposal], source_id: str) -> list[Proposal]:
    """Return one proposal per percentage or score that stands in several places."""
    places: dict[str, list[Proposal]] = {}
    for item in items:
        if item.kind in ("percent", "score", "effect") and item.figure:
            places.setdefault(item.figure.replace(" ", ""), []).append(item)
    found = []
    for figure, same in places.items():
        locators = list(dict.fromkeys(item.claim.locator for item in same))
        if len(locators) < 2:
            continue
        claim = Claim(
            claim_id=f"proposed-repeat-{re.sub('[^0-9a-z]+', '-', figure.lower()).strip('-')}",
            statement=f"repeat: {figure} stands in {len(locators)} places", type="repeat", printed=(figure,),
            source_id=source_id, locator="; ".join(locators)[:300].rpartition(";")[0] if len("; ".join(locators)) > 300
            else "; ".join(locators), check="repeat", inputs="values=" + "|".join([figure] * len(locators)),
            note="proposed by machine; check that the places mean the same quantity, and its sign",
        )  # fmt: skip
        found.append(Proposal("repeat", claim, "", figure))
    return found


def proposals_csv(proposals: tuple[Proposal, ...]) -> str:
    """Return the proposals as rows of ``claims.csv``."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(Claim.model_fields), lineterminator="\n")
    writer.writeheader()
    for proposal in proposals:
        row = proposal.claim.model_dump()
        writer.writerow({n: "; ".join(v) if isinstance(v, tuple) else v or "" for n, v in row.items()})
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class ProposalScore:
    """How well proposals meet claims that a person wrote.

    Attributes
    ----------
    proposals, claims : how many there are.
    found : claims with a proposal that prints one of their figures on one of their lines.
    useful : proposals that meet a claim.
    """

    proposals: int
    claims: int
    found: int
    useful: int

    @property
    def recall(self) -> float:
        """Share of the claims that were proposed."""
        return self.found / self.claims if self.claims else 0.0

    @property
    def precision(self) -> float:
        """Share of the proposals that meet a claim."""
        return self.useful / self.proposals if self.proposals else 0.0


def score_proposals(proposals: Sequence[Proposal], claims: Sequence[Claim]) -> ProposalScore:
    """Compare proposals with claims that a person wrote; both meet where they print one number on one line."""
    own = [_marks(claim) for claim in claims]
    proposed = [_marks(proposal.claim) for proposal in proposals]
    known = set().union(*own) if own else set()
    offered = set().union(*proposed) if proposed else set()
    return ProposalScore(
        len(proposals), len(claims), sum(bool(marks & offered) for marks in own),
        sum(bool(marks & known) for marks in proposed),
    )  # fmt: skip


_DIGITS = re.compile(rf"\d+(?:\.\d+)?|\b(?:{_WORDS})\b", re.I)


def _marks(claim: Claim) -> set[tuple[str, int, str]]:
    """Return (document, line, number) of a claim, for every line of its places and every number it prints."""
    numbers = {number.lower() for figure in claim.printed for number in _DIGITS.findall(figure)}
    spans = line_spans(claim.locator, claim.source_id)
    return {(s.source_id, line, n) for s in spans for line in range(s.first, s.last + 1) for n in numbers}
