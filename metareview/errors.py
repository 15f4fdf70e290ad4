"""Every exception of metareview.

The tree::

    MetareviewError              anything this package raises on purpose; str() is a sentence for a person
    ├── InputError               what was given cannot be read or used: where, what, rule, remedy
    │   ├── ProblemsFound        many problems at once, collected at the door (``.problems``)
    │   └── UnknownName          a name that is not in a list of names, with the nearest ones
    ├── NotEstimable             the statistic does not exist for these numbers, and why
    ├── BuildFailed              a step of the workflow failed; the last good outputs are untouched
    └── MissingExtra             an optional dependency is not installed; says the install line

The command line turns each into one message on stderr and an exit code (``exit_code``): 1 for problems in the
data, 2 for a wrong call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = [
    "BuildFailed",
    "InputError",
    "MetareviewError",
    "MissingExtra",
    "NotEstimable",
    "ProblemsFound",
    "UnknownName",
    "did_you_mean",
]


class MetareviewError(Exception):
    """Base of every error raised on purpose."""

    exit_code = 1


class InputError(MetareviewError):
    """What was given cannot be read or used."""

    exit_code = 2


class ProblemsFound(InputError):
    """All problems of a review at once.

    Parameters
    ----------
    message : str
        One line that says how many and where.
    problems : sequence of object
        The problems; each prints as ``where: what; rule; remedy``.
    """

    exit_code = 1

    def __init__(self, message: str, problems: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([self.message, *(str(problem) for problem in self.problems)])


class UnknownName(InputError):
    """A name that is not among the known ones; the message names the nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        hint = did_you_mean(name, names)
        listing = hint or (f"known: {', '.join(names)}" if names else "there is none yet")
        super().__init__(f"{kind} {name!r} is not known; {listing}")
        self.kind, self.name, self.known = kind, name, tuple(names)


class NotEstimable(MetareviewError):
    """The statistic does not exist for these numbers; the message says why."""


class BuildFailed(MetareviewError):
    """A step of the workflow failed; the last good outputs are untouched."""


class MissingExtra(MetareviewError):
    """An optional dependency is not installed."""

    exit_code = 2

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; pip install 'metareview[{extra}]' brings it")


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return ``did you mean 'x'?`` for the nearest of `known`, or an empty string where none is as near as `cutoff`.

    >>> did_you_mean("dic", ["dice", "jaccard"])
    "did you mean 'dice'?"
    """
    matches = get_close_matches(name.lower(), list(known), n=1, cutoff=cutoff)
    return f"did you mean {matches[0]!r}?" if matches else ""
