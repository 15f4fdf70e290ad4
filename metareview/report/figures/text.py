"""Text in figures: cleaned, measured with the font that is drawn, wrapped so that nothing is cut off.

Widths come from the DejaVu Sans that matplotlib ships, so a layout is the same on every machine.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from metareview.report.views.format import clean

__all__ = ["LINE", "ink_on", "line_height", "measure", "tidy", "widest", "wrap"]

#: Distance between baselines as a multiple of the font size.
LINE = 1.28
#: Longest text drawn in a figure; the tables show every text in full.
LONGEST = 200

#: A long word may be broken after these.
_BREAKS = re.compile(r"(?<=[-_/.+,:;|])")


def tidy(value: object, longest: int = LONGEST) -> str:
    r"""Return text that is safe to draw: on one line, without what XML forbids, at most `longest` characters long.

    >>> tidy("a\x00b\n c")
    'a�b c'
    """
    text = " ".join(clean("" if value is None else str(value)[: 4 * longest]).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def line_height(size: float) -> float:
    """Return the height of one line of text in points."""
    return LINE * size


@cache
def _engine() -> Any:
    from matplotlib.textpath import TextToPath

    return TextToPath()


@cache
def _font(size: float, weight: str) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family="DejaVu Sans", size=size, weight=weight)


@cache
def measure(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of one line of text in points."""
    import warnings

    with warnings.catch_warnings():  # a script that DejaVu lacks is drawn by the viewer's own font
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        width, _, _ = _engine().get_text_width_height_descent(text, _font(size, weight), ismath=False)
    return float(width)


def widest(texts: Any, size: float, weight: str = "normal") -> float:
    """Return the width of the widest of several lines in points; 0 for none."""
    return max((measure(text, size, weight) for text in texts), default=0.0)


def wrap(text: str, width: float, size: float, weight: str = "normal", lines: int = 0) -> list[str]:
    """Break text into lines no wider than `width` points.

    Parameters
    ----------
    text : the text; it is not broken at no-break spaces, which become blanks. Words longer than a line are broken,
        after a hyphen or the like where they have one.
    width, size, weight : available width and font size in points, weight of the font.
    lines : most lines; the last one ends in an ellipsis where text is left. 0 for no limit.
    """
    done: list[str] = []
    current = ""
    for word in _pieces(text, width, size, weight):
        joined = f"{current}{word}"
        if current and measure(joined.rstrip(), size, weight) > width:
            done.append(current.rstrip())
            current = word.lstrip()
        else:
            current = joined
    done.append(current.rstrip())
    if lines and len(done) > lines:
        done = [*done[: lines - 1], _shorten(" ".join(done[lines - 1 :]), width, size, weight)]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in done]


def _pieces(text: str, width: float, size: float, weight: str) -> list[str]:
    """Split at blanks (kept at the end of each piece), and words that are too wide within themselves."""
    pieces: list[str] = []
    for word in re.findall(r"[^ ]+ *", text):
        if measure(word.rstrip(), size, weight) <= width:
            pieces.append(word)
            continue
        for part in _BREAKS.split(word):
            pieces += _chop(part, width, size, weight)
    return pieces


def _chop(word: str, width: float, size: float, weight: str) -> list[str]:
    """Break a word between letters until every piece fits."""
    pieces: list[str] = []
    while len(word) > 1 and measure(word.rstrip(), size, weight) > width:
        keep = max(1, next(n for n in range(len(word), 0, -1) if n == 1 or measure(word[:n], size, weight) <= width))
        pieces.append(word[:keep])
        word = word[keep:]
    return [*pieces, word] if word else pieces


def _shorten(text: str, width: float, size: float, weight: str) -> str:
    while text and measure(text + "…", size, weight) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def ink_on(red: float, green: float, blue: float) -> str:
    """Return black or white, whichever reads better on a colour (WCAG 2.2 relative luminance; parts in 0 to 1)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    # not quite black and white: those have a dark variant, and the ground of a cell has none
    return "#010101" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#fffffe"
