r"""Text for LaTeX: nothing in a spreadsheet may become a command, and nothing may stop the compiler.

pdfLaTeX refuses characters it has no glyph for. Letters with accents become accent commands, the symbols of the
field mathematics, and what is left ``\mrunicode{code point}{character}``: LuaLaTeX and XeLaTeX print the character,
pdfLaTeX its code point.
"""

from __future__ import annotations

import re
import unicodedata

from metareview.report.views.format import clean

__all__ = ["TABLE", "UNICODE_COMMAND", "escape_tex"]

#: Defined at the head of a table that needs it; ``\Umathchar`` exists in LuaTeX and XeTeX only.
UNICODE_COMMAND = (
    r"\ifdefined\mrunicode\else\protected\def\mrunicode#1#2{\ifdefined\Umathchar #2\else\texttt{[U+#1]}\fi}\fi"
)

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"{\char34}", "`": r"{`}", "'": r"{'}", "-": "{-}", "\t": " ",
    # After the end of a row, [ and * would be read as its arguments; ! and ? make ligatures with `.
    "[": "{[}", "]": "{]}", "*": "{*}", "!": "{!}", "?": "{?}",
}  # fmt: skip

_SYMBOLS = {
    "–": "{--}", "—": "{---}", "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "·": r"$\cdot$", "÷": r"$\div$",
    "≤": r"$\le$", "≥": r"$\ge$", "≠": r"$\neq$", "≈": r"$\approx$", "∞": r"$\infty$", "√": r"$\surd$",
    "→": r"$\rightarrow$", "←": r"$\leftarrow$", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "↔": r"$\leftrightarrow$",
    "…": r"\ldots{}", "“": "{``}", "”": "{''}", "‘": "{`}", "’": "{'}", "„": "{,,}", "†": r"\dag{}", "‡": r"\ddag{}",
    "§": r"\S{}", "¶": r"\P{}", "©": r"\copyright{}", "°": r"$^{\circ}$", "•": r"$\bullet$", "′": r"$'$",
    "″": r"$''$", "\u00a0": "~", "\u2009": r"\,", "\u202f": r"\,", "\u2002": " ", "\u2003": " ", "\u2007": "~",
    "\u2010": "{-}", "\u2011": "{-}", "\u00ad": r"\-", "\u200b": "", "\u200e": "", "\u200f": "", "\ufeff": "",
    "ß": r"\ss{}", "ø": r"\o{}", "Ø": r"\O{}", "å": r"\aa{}", "Å": r"\AA{}", "æ": r"\ae{}", "Æ": r"\AE{}",
    "œ": r"\oe{}", "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "¿": "?`", "¡": "!`",
    "µ": r"$\mu$", "Ω": r"$\Omega$", "\u2126": r"$\Omega$", "ς": r"$\varsigma$", "ϕ": r"$\phi$", "ε": r"$\varepsilon$",
    "φ": r"$\varphi$", "∈": r"$\in$", "∑": r"$\sum$", "∂": r"$\partial$", "∆": r"$\Delta$", "∩": r"$\cap$",
    "∪": r"$\cup$", "∧": r"$\wedge$", "∨": r"$\vee$", "¬": r"$\neg$", "‰": r"{\char37}0",
}  # fmt: skip

_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho sigma tau upsilon phi chi psi "
    "omega"
)
_CAPITAL = {"Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon",
            "Φ": "Phi", "Ψ": "Psi"}  # fmt: skip
_GREEK = {
    **{letter: rf"$\{name}$" for letter, name in zip("αβγδεζηθικλμνξοπρστυφχψω", _SMALL.split(), strict=True)},
    **{letter: rf"$\{name}$" for letter, name in _CAPITAL.items()},
    "ο": "o",
}

_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0323": "d", "\u0331": "b",
}  # fmt: skip
_SCRIPTS = {
    **{mark: f"$^{{{plain}}}$" for mark, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True)},
    **{mark: f"$_{{{plain}}}$" for mark, plain in zip("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-", strict=True)},
}
#: What each character becomes; printable ASCII that is not here stays.
TABLE = {**_GREEK, **_SCRIPTS, **_SPECIAL, **_SYMBOLS}
_DASHES = re.compile(r"(?<!\{-\})\{-\}(?!\{-\})")


def escape_tex(text: str) -> str:
    r"""Return text that LaTeX typesets as it is; line feeds become spaces.

    >>> print(escape_tex(r"\input{x} 50% of Ünal's U-Net"))
    \textbackslash{}input\{x\} 50\% of \"{U}nal{'}s U-Net
    """
    escaped = "".join(_character(char) for char in " ".join(clean(text).split("\n")))
    # A lone hyphen is safe and reads better bare; two in a row would become a dash.
    return _DASHES.sub("-", escaped)


def _character(char: str) -> str:
    if char in TABLE:
        return TABLE[char]
    if " " <= char <= "~":
        return char
    base, *marks = list(unicodedata.normalize("NFD", char))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii():
        # i and j lose their dot under an accent.
        body = {"i": r"\i", "j": r"\j"}.get(base, base) if _ACCENTS[marks[0]] not in "cdb" else base
        return f"\\{_ACCENTS[marks[0]]}{{{body}}}"
    return f"\\mrunicode{{{ord(char):04X}}}{{{char}}}"
