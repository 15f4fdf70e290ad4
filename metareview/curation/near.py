"""Keys that may be one key mistyped: suggestions for a person, never joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from difflib import SequenceMatcher

from metareview.curation.keys import SEPARATOR

__all__ = ["suggest"]

#: Likeness from which two keys may be one.
_ALIKE = 0.8
#: Candidates that are compared letter by letter, per key; keys that share a block with more are told apart by others.
_CANDIDATES, _CROWD = 8, 200


def suggest(left: Sequence[str], right: Sequence[str]) -> dict[int, int]:
    """Return for positions of `left` the position of the nearest key of `right`, one to one, nearest first.

    Candidates share all parts of the key but one, or most of their groups of three letters; so the time follows the
    number of keys and not its square.

    >>> suggest(["unet-2018", "abc"], ["unet-2O18", "xyz"])
    {0: 0}
    """
    blocks: dict[str, list[int]] = defaultdict(list)
    for position, key in enumerate(right):
        for block in _blocks(key):
            blocks[block].append(position)
    scored: list[tuple[float, int, int]] = []
    for position, key in enumerate(left):
        votes: dict[int, int] = defaultdict(int)
        for block in _blocks(key):
            found = blocks.get(block, ())
            if len(found) <= _CROWD:
                for other in found:
                    votes[other] += 1
        nearest = sorted(votes, key=lambda other: (-votes[other], other))[:_CANDIDATES]
        scored += [(-score, position, other) for other in nearest if (score := _alike(key, right[other])) >= _ALIKE]
    chosen: dict[int, int] = {}
    taken: set[int] = set()
    for _, position, other in sorted(scored):
        if position not in chosen and other not in taken:
            chosen[position] = other
            taken.add(other)
    return dict(sorted(chosen.items()))


def _blocks(key: str) -> set[str]:
    parts = key.lower().split(SEPARATOR)
    found = (
        {f"{i}:{SEPARATOR.join(parts[:i] + parts[i + 1 :])}" for i in range(len(parts))} if len(parts) > 1 else set()
    )
    text = f" {parts[0]} "
    return found | {text[i : i + 3] for i in range(len(text) - 2)}


def _alike(first: str, second: str) -> float:
    """Return the likeness of the parts that differ; letter case does not count."""
    pairs = [
        (x, y) for x, y in zip(first.lower().split(SEPARATOR), second.lower().split(SEPARATOR), strict=False) if x != y
    ]
    if len(pairs) == 1 and SEPARATOR in first:  # one part of several: a likeness of half is worth a look
        x, y = pairs[0]
        return 0.6 + 0.4 * SequenceMatcher(None, x, y, autojunk=False).ratio()
    return min((SequenceMatcher(None, x, y, autojunk=False).ratio() for x, y in pairs), default=1.0)
