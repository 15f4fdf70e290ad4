"""Which decision moves the ranks: the variance of rank over specifications, divided among the decisions.

A specification is a cell of a factorial design whose factors are the decisions, often with holes where a combination
cannot be computed. With a factor per decision (indicators of its options), R² of the least-squares fit of rank on a
set S of decisions is ``R²(S) = SS explained by S / SS total``, both summed over methods. The share of a decision is its
Shapley value of R², the average over all orders in which decisions can enter of what it adds::

    share_j = sum over S without j of |S|! (d - |S| - 1)! / d! [R²(S + j) - R²(S)]

The shares add up to R² of all decisions; the rest is interaction. In a full factorial a share is eta² of the main
effect. Sources: Shapley 1953; Lindeman, Merenda & Gold 1980, p. 120 (LMG); Grömping, Am Stat 2007;61:139-147.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

__all__ = ["explained", "shapley_shares"]

Array = NDArray[np.float64]


def explained(ranks: Array, codes: NDArray[np.intp]) -> dict[tuple[int, ...], Array]:
    """Return for every set of decisions the sum of squares that it explains, per method.

    Parameters
    ----------
    ranks : rank of each method in each specification (s, m), without gaps.
    codes : option of each decision in each specification (s, d).

    Returns
    -------
    Set of decisions -> sums of squares (m,); the empty set explains nothing.
    """
    centred = ranks - ranks.mean(axis=0)
    parts = [np.equal.outer(column, np.unique(column)).astype(float) for column in codes.T]
    parts = [part - part.mean(axis=0) for part in parts]
    design = np.hstack(parts) if parts else np.zeros((len(ranks), 0))
    ends = np.cumsum([0, *(part.shape[1] for part in parts)])
    gram, cross = design.T @ design, design.T @ centred
    found: dict[tuple[int, ...], Array] = {(): np.zeros(ranks.shape[1])}
    for size in range(1, len(parts) + 1):
        for chosen in combinations(range(len(parts)), size):
            at = np.concatenate([np.arange(ends[j], ends[j + 1]) for j in chosen])
            beta = np.linalg.pinv(gram[np.ix_(at, at)], rcond=1e-10, hermitian=True) @ cross[at]
            found[chosen] = np.einsum("im,im->m", cross[at], beta)
    return found


def shapley_shares(ranks: Array, codes: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return the share of each decision in the variance of each method's rank (d, m), and each alone (d, m).

    A method whose rank never changes has no variance to divide: its shares are 0.

    Parameters
    ----------
    ranks, codes : as in `explained`.

    >>> ranks = np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [2.0, 1.0]])
    >>> shapley_shares(ranks, np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))[0].tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    squares = explained(ranks, codes)
    d = codes.shape[1]
    total = ((ranks - ranks.mean(axis=0)) ** 2).sum(axis=0)
    safe = np.where(total > 0, total, 1.0)
    shares = np.zeros((d, ranks.shape[1]))
    for j in range(d):
        others = [i for i in range(d) if i != j]
        for size in range(d):
            weight = factorial(size) * factorial(d - size - 1) / factorial(d)
            for chosen in combinations(others, size):
                shares[j] += weight * (squares[tuple(sorted((*chosen, j)))] - squares[chosen])
    alone = np.array([squares[j,] for j in range(d)]).reshape(d, ranks.shape[1])
    varies = total > 0
    return np.where(varies, shares / safe, 0.0).round(12) + 0.0, np.where(varies, alone / safe, 0.0).round(12) + 0.0
