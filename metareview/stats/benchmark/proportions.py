"""The interval of a proportion."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from metareview.errors import NotEstimable

__all__ = ["wilson_interval"]


def wilson_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a binomial proportion.

    ``(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)`` with ``p = successes / n``; it stays within [0, 1] and has
    a width also at p = 0 and p = 1.

    Sources: Wilson, J Am Stat Assoc 1927;22:209-212; Newcombe, Stat Med 1998;17:857-872, method 3 (without continuity
    correction).

    Raises
    ------
    NotEstimable
        If `n` is not positive or `successes` is not in 0 … n.

    >>> [round(limit, 4) for limit in wilson_interval(81, 263)]
    [0.2553, 0.3662]
    """
    if n <= 0 or not 0 <= successes <= n:
        raise NotEstimable(f"a proportion needs 0 <= successes <= n and n >= 1; found {successes} of {n}")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p = successes / n
    centre = p + z * z / (2 * n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return low, high
