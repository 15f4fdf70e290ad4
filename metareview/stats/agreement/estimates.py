"""What an agreement report holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.results import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AgreementResult", "Estimate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One coefficient.

    Attributes
    ----------
    raters : whose agreement: ``all``, or the two names.
    coefficient : identifier; label : its name in print.
    value, se, ci_low, ci_high : the numbers; None where one does not exist.
    n : units that entered.
    interval : how the interval is made.
    reason : why a number does not exist; empty where all do.
    """

    raters: str
    coefficient: str
    label: str
    value: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int = 0
    interval: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AgreementResult(Result):
    """Agreement of all raters, and of each pair.

    Attributes
    ----------
    scale : nominal, ordinal, interval or ratio.
    raters : names of the raters.
    categories : the categories as text, in their order; empty for numbers.
    level : level of the intervals.
    seed, n_boot : of the bootstrap; None and 0 where formulas gave the intervals.
    tables : per pair of raters its table of counts, rows the first rater; for categories only.
    estimates : the coefficients.
    """

    scale: str = "nominal"
    raters: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    level: float = 0.95
    seed: int | None = None
    n_boot: int = 0
    tables: tuple[tuple[str, str, tuple[tuple[int, ...], ...]], ...] = ()
    estimates: tuple[Estimate, ...] = ()

    def get(self, coefficient: str, raters: str = "all") -> Estimate:
        """Return one coefficient.

        Raises
        ------
        UnknownName
            If the report does not have it.
        """
        from metareview.errors import UnknownName

        for estimate in self.estimates:
            if (estimate.coefficient, estimate.raters) == (coefficient, raters):
                return estimate
        known = (f"{estimate.coefficient} ({estimate.raters})" for estimate in self.estimates)
        raise UnknownName("coefficient", f"{coefficient} ({raters})", known)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per coefficient."""
        import pandas as pd

        names = tuple(Estimate.__slots__)
        return pd.DataFrame([[getattr(row, name) for name in names] for row in self.estimates], columns=list(names))
