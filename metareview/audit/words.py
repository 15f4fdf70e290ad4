"""Words for explanations: counted nouns and lists that stay readable."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["counted", "enumerated"]


def counted(count: int, noun: str) -> str:
    """Return a number with its noun in the right number.

    >>> counted(1, "reference"), counted(2, "study")
    ('1 reference', '2 studies')
    """
    if count == 1:
        return f"{count} {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


def enumerated(items: Iterable[object], most: int = 12) -> str:
    """Return items with commas, the rest as a count.

    >>> enumerated(range(5), most=3)
    '0, 1, 2 and 2 more'
    """
    texts = [str(item) for item in items]
    rest = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + rest
