"""Bradley-Terry strengths with Davidson's ties and a small prior.

With strengths exp(theta) and tie parameter nu, of two methods with difference d = theta_i - theta_j one wins with
probability ``e^(d/2) / (e^(d/2) + e^(-d/2) + nu)`` and they tie with ``nu / (...)``. The expected result (a tie is
half a win) is ``E(d) = (e^(d/2) + nu/2) / (e^(d/2) + e^(-d/2) + nu)``.

A normal prior of precision `PRIOR` on each theta keeps a method that wins everything finite and pins the mean at 0.
Where every pair meets equally often, the order is that of the wins: ``n sum_j E(theta - theta_j) + PRIOR theta`` is
one increasing function for all methods, and its value at theta_i is what i has won (plus n / 2).

Sources: Bradley & Terry 1952, Biometrika 39:324-345; Davidson 1970, J Am Stat Assoc 65:317-328.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metareview.stats.benchmark.ranking.pairs import beats, collapsed, counted, levels

__all__ = ["PRIOR", "bradley_terry", "davidson", "expected"]

Array = NDArray[np.float64]
Groups = NDArray[np.int64]
Single = NDArray[np.float32]

#: Precision of the normal prior on log strengths (standard deviation 3.2 on the logit scale).
PRIOR = 0.1
_STEPS, _TOLERANCE = 100, 1e-9
#: Steps that all replicates of a bootstrap take together, and how near they must come.
_COMMON, _NEAR = 60, 1e-5
#: Decimals of the strengths of replicates, which are computed in single precision: level methods stay level.
_DIGITS = 4
#: Elements of a block of replicates: small enough to stay in the cache.
_BLOCK = 400_000


def bradley_terry(values: Array, weights: Array, groups: Groups) -> Array:
    """Return log strengths (..., m), whose mean is 0; NaN for a method without any comparison.

    Replicates (rows of weights) share the tie parameter of the whole table.
    """
    m = values.shape[-2]
    won, level = beats(values), levels(values)
    if values.ndim == 2 and weights.ndim == 1:
        wins, ties = (counted(part, weights, groups).astype(float) for part in (won, level))
        theta, _ = davidson(wins, ties)
        return _only_compared(theta, wins + wins.T + ties)
    lead = weights.shape[0] if weights.ndim > 1 else values.shape[0]
    ones = np.ones(values.shape[:-2] + values.shape[-1:])
    wins, ties = (counted(part, ones, groups).astype(float) for part in (won, level))
    start, nu = davidson(wins, ties) if values.ndim == 2 else davidson(wins.mean(axis=0), ties.mean(axis=0))
    out = np.empty((lead, m))
    size = max(1, _BLOCK // (m * m))
    if values.ndim == 2:
        (flat_wins, reduced), (flat_ties, _) = (collapsed(part, weights, groups) for part in (won, level))
    for low in range(0, lead, size):
        rows = slice(low, min(low + size, lead))
        if values.ndim == 2:
            counts = [(reduced[rows] @ part).reshape(-1, m, m) for part in (flat_wins, flat_ties)]
        else:
            some = weights[rows] if weights.ndim > 1 else np.broadcast_to(weights, (rows.stop - low, len(weights)))
            counts = [counted(part[rows], some, groups) for part in (won, level)]
        out[rows] = _replicates(counts[0], counts[1], start, nu)
    return out


def expected(difference: Array, nu: float) -> Array:
    """Return E(d), the expected result of a method that is stronger by d.

    >>> expected(np.array([0.0, 100.0]), 0.5).tolist()
    [0.5, 1.0]
    """
    up = np.exp(np.clip(difference, -600, 600) / 2)
    return np.asarray((up + nu / 2) / (up + 1 / up + nu))


def davidson(wins: Array, ties: Array) -> tuple[Array, float]:
    """Return log strengths (m,) and the tie parameter, by Newton's method on the penalised likelihood.

    Parameters
    ----------
    wins, ties : (m, m) numbers of columns in which i beats j, and in which they are level (symmetric).
    """
    m = len(wins)
    tied = bool(ties.any())
    games = wins + wins.T + ties
    won = wins.sum(axis=1) + ties.sum(axis=1) / 2
    draws = ties.sum() / 2
    theta, eta = np.zeros(m), 0.0
    for _ in range(_STEPS):
        nu = float(np.exp(eta)) if tied else 0.0
        gradient, information = _derivatives(games, won, draws, theta, eta, nu, tied)
        step = np.linalg.solve(information, gradient)
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        theta = theta + step[:m]
        eta += float(step[m]) if tied else 0.0
        if np.abs(step).max() < _TOLERANCE:
            break
    return theta - theta.mean(), float(np.exp(eta)) if tied else 0.0


def _derivatives(
    games: Array, won: Array, draws: float, theta: Array, eta: float, nu: float, tied: bool
) -> tuple[Array, Array]:
    """Gradient and information of the penalised likelihood in theta and, with ties, log nu."""
    m = len(theta)
    up = np.exp(np.clip(theta[:, None] - theta[None, :], -600, 600) / 2)
    whole = up + 1 / up + nu
    result, tie = (up + nu / 2) / whole, nu / whole
    spread = games * (up / whole + tie / 4 - result**2)
    information = np.diag(spread.sum(axis=1) + PRIOR) - spread
    gradient = won - (games * result).sum(axis=1) - PRIOR * theta
    if not tied:
        return gradient, information
    cross = (games * tie * (0.5 - result)).sum(axis=1)
    corner = (games * tie * (1 - tie)).sum() / 2 + PRIOR
    full = np.zeros((m + 1, m + 1))
    full[:m, :m], full[:m, m], full[m, :m], full[m, m] = information, cross, cross, corner
    return np.append(gradient, draws - (games * tie).sum() / 2 - PRIOR * eta), full


def _replicates(wins: Single, ties: Single, start: Array, nu: float) -> Array:
    """Return log strengths (B, m) by Newton's method with the information at the start, the stubborn ones by its own.

    Parameters
    ----------
    wins, ties : (B, m, m).
    """
    games = wins + np.swapaxes(wins, -1, -2) + ties
    won = (wins.sum(axis=-1) + ties.sum(axis=-1) / 2).astype(float)
    average = games.mean(axis=0).astype(float)
    _, information = _derivatives(average, average.sum(axis=1), 0.0, start, 0.0, nu, False)
    inverse = np.linalg.inv(information)
    theta = np.broadcast_to(start, won.shape).copy()
    for _ in range(_COMMON):
        step = np.clip((won - _expected_results(games, theta, nu) - PRIOR * theta) @ inverse, -2, 2)
        step -= step.mean(axis=1, keepdims=True)  # the common level is 0; in single precision it would wander
        theta += step
        stubborn = np.abs(step).max(axis=1) > _NEAR
        if stubborn.sum() <= len(theta) // 10:
            break
    for b in np.flatnonzero(stubborn):
        theta[b] = _newton(games[b].astype(float), won[b], nu, theta[b])
    return _only_compared(np.round(theta - theta.mean(axis=-1, keepdims=True), _DIGITS), games)


def _expected_results(games: Single, theta: Array, nu: float) -> Array:
    strength = np.exp(np.clip(theta, -60, 60)).astype(np.float32)
    mine, other = strength[:, :, None], strength[:, None, :]
    if nu:
        tie = np.sqrt(mine) * np.sqrt(other)
        tie *= np.float32(nu)
        whole = mine + other
        whole += tie
        tie /= 2
        tie += mine
        np.divide(tie, whole, out=whole)
    else:
        whole = mine + other
        np.divide(mine, whole, out=whole)
    return np.asarray(np.einsum("bij,bij->bi", whole, games), dtype=float)


def _newton(games: Array, won: Array, nu: float, theta: Array) -> Array:
    for _ in range(_STEPS):
        gradient, information = _derivatives(games, won, 0.0, theta, 0.0, nu, False)
        step = np.linalg.solve(information, gradient)
        theta = theta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < _TOLERANCE:
            break
    return theta


def _only_compared(theta: Array, games: NDArray[np.floating]) -> Array:
    return np.where(games.sum(axis=-1) > 0, theta, np.nan)
