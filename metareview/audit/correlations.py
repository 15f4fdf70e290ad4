"""Correlations: how much n says about one, and whether several can occur together.

A matrix of correlations is positive semi-definite. For three variables r23 lies in
r12 r13 ± sqrt((1 - r12²)(1 - r13²)) (Olkin, Linear Algebra Appl 1981;36:91-94). In general the printed figures make a
box of matrices; alternating projections (Higham, IMA J Numer Anal 2002;22:329-343) look for a semi-definite one in it,
and where they find none, the weights of the last step are a proof: a semi-definite Y whose product with every matrix
of the box is negative. Without the proof no contradiction is reported.
"""

from __future__ import annotations

from itertools import combinations, product
from math import atanh, sqrt, tanh
from typing import TYPE_CHECKING, Any

from metareview.audit.figures import Figure, decimal_text
from metareview.audit.inputs import Inputs
from metareview.audit.verdicts import Finding
from metareview.errors import InputError, NotEstimable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["check_correlation", "check_correlation_matrix", "fisher_interval", "third_correlation"]

STEPS = 3_000
#: An eigenvalue above minus this counts as not negative: shrinking the correlations by it mends the matrix.
NEARLY_ZERO = 1e-7
#: Width of the interval of a correlation that says nearly nothing.
NEARLY_ANY = 1.5
#: Most pairs whose corners are tried.
MOST_PAIRS = 12
#: Corners compared at a time, to bound the memory.
BLOCK = 256


def fisher_interval(r: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a correlation of n pairs: tanh(atanh r ± 1.96 / sqrt(n - 3)), n > 3."""
    if abs(r) >= 1:
        return r, r
    reach = 1.959963984540054 / sqrt(n - 3)
    return tanh(atanh(r) - reach), tanh(atanh(r) + reach)


def third_correlation(r12: float, r13: float) -> tuple[float, float]:
    """Return the interval of r23 that r12 and r13 allow.

    >>> [round(end, 3) for end in third_correlation(0.9, -0.5)]
    [-0.827, -0.073]
    """
    reach = sqrt((1 - r12 * r12) * (1 - r13 * r13))
    return r12 * r13 - reach, r12 * r13 + reach


def _checked(figure: Figure) -> Figure:
    if abs(figure.value) > 1:
        raise InputError(f"input r has {figure.text!r}; a correlation lies between -1 and 1")
    return figure


def check_correlation(inputs: Inputs) -> Finding:
    """The interval of one correlation; with p, whether p follows."""
    r = _checked(inputs.figure("r"))
    if "x" in inputs or "y" in inputs:
        return _of_pairs(inputs, r)
    n = inputs.whole("n", least=3)
    if "p" in inputs:
        from metareview.audit.registry import run_check

        return run_check("p-value", {"test": "r", "statistic": r.text, "df": str(n - 2), "p": inputs.text("p")})
    if n < 4:
        return Finding("underpowered", "", f"With {n} pairs a correlation has no interval.")
    low, high = fisher_interval(float(r.value), n)
    computed = f"95% interval {decimal_text(low, 2)} to {decimal_text(high, 2)} for {n} independent pairs"
    if low <= 0 <= high:
        return Finding("underpowered", computed, f"{n} pairs do not tell r = {r.text} from zero.")
    text = f"The values behind r = {r.text} are not printed; {n} pairs would determine it within this interval."
    return Finding("not_checkable", computed, text)


def _of_pairs(inputs: Inputs, r: Figure) -> Finding:
    """Compare r with that of printed pairs, whose digits leave it an interval."""
    x, y = inputs.figures("x"), inputs.figures("y")
    if len(x) != len(y) or not 3 <= len(x) <= MOST_PAIRS:
        raise InputError(f"x and y have {len(x)} and {len(y)} values; write 3 to {MOST_PAIRS} pairs")
    least, middle = least_correlation(x, y)
    if least <= 0:
        text = "Within their digits these pairs do not all correlate positively; no bound is known."
        return Finding("not_checkable", "", text)
    computed = f"r = {decimal_text(middle, 3)} for these {len(x)} pairs, at least {decimal_text(least, 3)}"
    ceiling = float(r.bounded("half-either", -1, 1).high)
    if ceiling >= least:
        return Finding("consistent", computed, f"{computed}; {r.text} is possible.")
    return Finding("contradicted", computed, f"{computed}; {r.text} is stated.")


def least_correlation(x: tuple[Figure, ...], y: tuple[Figure, ...]) -> tuple[float, float]:
    """Return the smallest correlation that the digits of printed pairs allow, and that of the figures as printed.

    Along one coordinate a positive correlation has one stationary point, a maximum (it is the cosine between two
    vectors, one of which moves on a line), so it is smallest at a corner of the box. Where a corner is not positive,
    the first number returned is not either, and no bound.
    """
    import numpy as np

    signs = np.array(list(product((-1.0, 1.0), repeat=len(x))))
    sides = []
    for figures in (x, y):
        values = np.array([float(figure.value) for figure in figures])
        corners = values + signs * np.array([float(figure.unit) / 2 for figure in figures])
        corners -= corners.mean(axis=1, keepdims=True)
        lengths = np.linalg.norm(corners, axis=1, keepdims=True)
        if (lengths == 0).any():
            raise NotEstimable("values that may all be equal have no correlation")
        sides.append((values, corners / lengths))
    (x_values, x_corners), (y_values, y_corners) = sides
    blocks = (x_corners[start : start + BLOCK] for start in range(0, len(signs), BLOCK))
    smallest = min(float((block @ y_corners.T).min()) for block in blocks)
    return smallest, float(np.corrcoef(x_values, y_values)[0, 1])


def _box(names: tuple[str, ...], figures: tuple[Figure, ...]) -> tuple[npt.NDArray[np.float64], ...]:
    import numpy as np

    m = len(names)
    if len(figures) != m * (m - 1) // 2:
        raise InputError(
            f"{m} names have {m * (m - 1) // 2} correlations (upper triangle by rows); {len(figures)} given"
        )
    low, high = np.eye(m), np.eye(m)
    for (i, j), figure in zip(combinations(range(m), 2), figures, strict=True):
        span = _checked(figure).bounded("half-either", -1, 1)
        low[i, j] = low[j, i] = float(span.low)
        high[i, j] = high[j, i] = float(span.high)
    return low, high


def _search(low: Any, high: Any) -> tuple[str, Any]:
    """Return ("found", matrix), ("none", proof) or ("open", matrix)."""
    import numpy as np

    matrix = (low + high) / 2
    correction = np.zeros_like(matrix)
    for step in range(STEPS):
        values, vectors = np.linalg.eigh(matrix - correction)
        nearest = (vectors * np.maximum(values, 0)) @ vectors.T
        correction = nearest - (matrix - correction)  # Dykstra's correction of the cone
        matrix = np.clip(nearest, low, high)
        values, vectors = np.linalg.eigh(matrix)
        if values[0] >= -NEARLY_ZERO:
            return "found", matrix
        if step % 20 == 0:
            proof = (vectors * np.maximum(-values, 0)) @ vectors.T
            # the largest product of the proof with a matrix of the box; semi-definite matrices have none below zero
            largest = np.where(proof > 0, proof * high, proof * low).sum()
            if largest < -1e-12:
                return "none", proof
    return "open", matrix


def check_correlation_matrix(inputs: Inputs) -> Finding:
    """Some correlations within the printed figures make a positive semi-definite matrix."""
    import numpy as np

    names = inputs.strings("names")
    low, high = _box(names, inputs.figures("r"))
    state, _ = _search(low, high)
    middle = np.linalg.eigvalsh((low + high) / 2)[0]
    computed = f"smallest eigenvalue {decimal_text(float(middle))} at the middle of the figures"
    if len(names) == 3 and all(f.relation == "=" for f in inputs.figures("r")[:2]):
        first, second = (float(f.value) for f in inputs.figures("r")[:2])
        ends = third_correlation(first, second)
        between = f"{names[1]}-{names[2]}"
        computed += f"; {between} can lie in [{decimal_text(ends[0], 2)}, {decimal_text(ends[1], 2)}]"
    if state == "none":
        return Finding("contradicted", computed, f"The correlations of {', '.join(names)} cannot occur together.")
    if state == "open":
        return Finding(
            "not_checkable", computed, "The search neither found such correlations nor a proof against them."
        )
    if ((high - low)[np.triu_indices(len(names), 1)] >= NEARLY_ANY).all():
        return Finding("underpowered", computed, "The bounds are so wide that nearly every matrix fits.")
    return Finding("consistent", computed, f"The correlations of {', '.join(names)} can occur together.")
