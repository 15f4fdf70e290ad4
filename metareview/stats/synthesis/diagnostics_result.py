"""What the diagnostics of a fit answer: plain numbers that figures are drawn from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from metareview.results import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Band", "Bin", "Bubble", "Case", "Filled", "FitDiagnostics", "Profile", "Refit", "Spot"]


@dataclass(frozen=True, slots=True)
class Refit:
    """The pooled effect of some of the effects: without one, or of the first ones."""

    label: str
    k: int
    estimate: float
    se: float
    low: float
    high: float
    tau2: float | None
    i2: float | None


@dataclass(frozen=True, slots=True)
class Case:
    """What changes when one effect is left out; see `deletion.influence`."""

    label: str
    rstudent: float
    dffits: float
    cook_d: float
    cov_r: float
    tau2_del: float
    qe_del: float
    hat: float
    weight: float
    influential: bool


@dataclass(frozen=True, slots=True)
class Spot:
    """One effect of a Baujat plot: its part in heterogeneity, and its influence on the pooled effect."""

    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Bin:
    """How many subsets have a pooled effect and an I2 within these limits."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    count: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile log-likelihood of one variance component, below its maximum; `estimate`, `low`, `high` of it."""

    component: str
    values: tuple[float, ...]
    drops: tuple[float, ...]
    estimate: float
    low: float | None
    high: float | None
    cut: float


@dataclass(frozen=True, slots=True)
class Bubble:
    """One effect against the moderator, with its share of the weight."""

    label: str
    x: float
    y: float
    weight: float


@dataclass(frozen=True, slots=True)
class Band:
    """The fitted mean with its interval at one value of the moderator."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Filled:
    """One effect that trim and fill puts in."""

    label: str
    yi: float
    se: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FitDiagnostics(Result):
    """What the diagnostic figures of a fit show.

    Attributes
    ----------
    leave_one_out, cumulative : refits; `left_out` says what one is (effect or cluster), `order` how they were added.
    influence, baujat, gosh, profiles : see the classes.
    moderator, bubbles, line : the one numeric moderator, effects against it, and the fitted line.
    subsets, all_subsets : how many subsets were fitted, and whether these are all there are.
    filled, side, filled_estimate : what trim and fill puts in on which side, and the pooled effect with it.
    estimate, low, high, i2 : of the fit itself.
    reasons : by part, why it has no answer.
    seed : of the subsets that were drawn.
    """

    leave_one_out: tuple[Refit, ...] = ()
    left_out: str = "effect"
    cumulative: tuple[Refit, ...] = ()
    order: str = ""
    influence: tuple[Case, ...] = ()
    baujat: tuple[Spot, ...] = ()
    gosh: tuple[Bin, ...] = ()
    subsets: int = 0
    all_subsets: bool = True
    profiles: tuple[Profile, ...] = ()
    moderator: str = ""
    bubbles: tuple[Bubble, ...] = ()
    line: tuple[Band, ...] = ()
    filled: tuple[Filled, ...] = ()
    side: str = ""
    filled_estimate: Refit | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    i2: float | None = None
    reasons: dict[str, str]
    seed: int = 0

    def to_frame(self) -> pd.DataFrame:
        """Return the refits without one effect or cluster."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.leave_one_out], columns=[f.name for f in fields(Refit)])
