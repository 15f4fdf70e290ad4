"""Text that a spreadsheet program must not execute."""

from __future__ import annotations

import re

__all__ = ["neutralise"]

# What a spreadsheet program may take for a formula (OWASP, "CSV injection"), full-width twins included. White space
# before it does not protect: some programs trim it.
_FORMULA = re.compile(r"^\s*[=+\-@\t\r＝＋－＠]|^[\t\r]")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")


def neutralise(text: str) -> str:
    """Return text that no spreadsheet program executes: an apostrophe stands before what could be a formula.

    >>> neutralise("=HYPERLINK(1)"), neutralise("-0.5"), neutralise("U-Net")
    ("'=HYPERLINK(1)", '-0.5', 'U-Net')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text
