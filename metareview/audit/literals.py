"""Literals in a manuscript that should be generated numbers, and marks whose text is stale.

Three findings: ``stale`` (a marked number whose text is no longer the generated one), ``disagrees`` (a literal beside
the noun of a generated number, with another figure) and ``literal`` (a figure typed by hand that a generated number
with that noun could replace). Code, mathematics, citations, links, tables and comments are not prose and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from metareview.audit.claims import ClaimRow
from metareview.audit.numbers import Number, macro_name
from metareview.audit.texts import SourceText
from metareview.errors import UnknownName
from metareview.schema.source import line_spans

__all__ = ["Coverage", "LiteralFinding", "check_manuscript", "coverage"]

Kind = Literal["stale", "disagrees", "literal"]
_FIGURE = re.compile(r"(?<![\w.,])[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?%?|(?<![\w.,])[-−]?\d+(?:\.\d+)?\s?\\?%?(?![\w])")
_MARK = re.compile(r"<!--\s*mr:(?P<name>[a-z0-9-]+)\s*-->(?P<text>.*?)<!--\s*/mr\s*-->", re.DOTALL)
_HIDDEN = {
    "md": re.compile(
        r"```.*?```|`[^`\n]*`|<!--.*?-->|\$[^$\n]+\$|\]\([^)\n]*\)|\[@[^\]\n]*\]|^\|[^\n]*$", re.DOTALL | re.M
    ),
    "tex": re.compile(
        r"(?<!\\)%.*?$|\\begin\{(tabular|equation|align|verbatim|lstlisting)\*?\}.*?\\end\{\1\*?\}|\$[^$\n]+\$"
        r"|\\(?:cite\w*|ref|eqref|label|url|href|includegraphics|input)(?:\[[^\]]*\])?\{[^}]*\}",
        re.DOTALL | re.M,
    ),
}


@dataclass(frozen=True, slots=True)
class LiteralFinding:
    """One place of a manuscript.

    Attributes
    ----------
    kind : stale, disagrees or literal.
    line : line of the manuscript.
    found : the figure there.
    number : the generated number it should be.
    remedy : what to write.
    """

    kind: Kind
    line: int
    found: str
    number: Number
    remedy: str

    def __str__(self) -> str:
        return (
            f"line {self.line}: {self.kind}: {self.found!r} for {self.number.name} = {self.number.text}; {self.remedy}"
        )


def _blanked(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text with the matches as blanks, so that every line keeps its number."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def _plain(figure: str) -> str:
    return re.sub(r"[\s\\,]", "", figure).replace("−", "-")


def check_manuscript(text: str, numbers: Iterable[Number], *, tex: bool = False) -> tuple[LiteralFinding, ...]:
    """Return the places where a manuscript disagrees with the generated numbers, or repeats them by hand.

    Parameters
    ----------
    text : the manuscript.
    numbers : the generated numbers.
    tex : whether it is LaTeX; Markdown otherwise.

    Raises
    ------
    UnknownName
        If a mark names a number that is not generated.
    """
    known = {number.name: number for number in numbers}
    found: list[LiteralFinding] = []

    def line_of(place: int) -> int:
        return text.count("\n", 0, place) + 1

    for match in () if tex else _MARK.finditer(text):
        name, shown = match["name"], match["text"]
        if name not in known:
            raise UnknownName(f"line {line_of(match.start())}: generated number", name, known)
        if _plain(shown) != _plain(known[name].text):
            remedy = f"write {known[name].text}"
            found.append(LiteralFinding("stale", line_of(match.start()), shown.strip(), known[name], remedy))
    prose = text if tex else _blanked(text, _MARK)
    prose = _blanked(prose, _HIDDEN["tex" if tex else "md"])
    for match in _FIGURE.finditer(prose):
        number = _meant(prose[match.end() : match.end() + 80], known)
        if number is None:
            continue
        figure = match.group().strip()
        write = macro_name(number.name) + "{}" if tex else f"<!-- mr:{number.name} -->{number.text}<!-- /mr -->"
        kind: Kind = "literal" if _plain(figure) == _plain(number.text) else "disagrees"
        found.append(LiteralFinding(kind, line_of(match.start()), figure, number, f"write {write}"))
    return tuple(sorted(found, key=lambda item: item.line))


def _meant(after: str, known: Mapping[str, Number]) -> Number | None:
    """Return the number whose noun follows the figure; the longest noun wins."""
    words = re.sub(r"\s+", " ", after).lstrip(" ~").lower()
    fitting = [n for n in known.values() if n.noun and re.match(re.escape(n.noun.lower()) + r"\b", words)]
    return max(fitting, key=lambda number: len(number.noun), default=None)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many printed numbers of a document a claim covers.

    Attributes
    ----------
    source_id : the document.
    printed : numbers printed in it, citations apart.
    covered : those on a line of a claim that prints them.
    lines_open : lines with numbers that no claim covers.
    """

    source_id: str
    printed: int
    covered: int
    lines_open: tuple[int, ...]


_CITED = re.compile(r"\[\d[\d,\s–—-]*\]?")


def coverage(text: SourceText, claims: Iterable[ClaimRow]) -> Coverage:
    """Count the numbers of a text, and those that a claim covers."""
    named: dict[int, str] = {}
    for row in claims:
        for span in line_spans(row.claim.locator, row.claim.source_id):
            if span.source_id == text.source_id:
                for line in range(span.first, span.last + 1):
                    named[line] = named.get(line, "") + " | " + " | ".join(row.claim.printed)
    printed = covered = 0
    lines_open = []
    for place, words in enumerate(text.lines, 1):
        figures = [match.group().strip() for match in _FIGURE.finditer(_CITED.sub(" ", words))]
        own = {_plain(match.group()) for match in _FIGURE.finditer(named.get(place, ""))}
        hits = sum(_plain(figure) in own for figure in figures)
        printed, covered = printed + len(figures), covered + hits
        if hits < len(figures):
            lines_open.append(place)
    return Coverage(text.source_id, printed, covered, tuple(lines_open))
