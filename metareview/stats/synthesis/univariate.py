"""The result of a model with independent effects: one heterogeneity variance, everything else on first access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtr

from metareview.errors import InputError, NotEstimable
from metareview.stats.synthesis.core import Problem, Scale, log_likelihood, prepare
from metareview.stats.synthesis.estimators import find_estimator
from metareview.stats.synthesis.heterogeneity import Heterogeneity, heterogeneity, i2_from_q, i2_from_tau2
from metareview.stats.synthesis.inference import critical
from metareview.stats.synthesis.intervals import (
    Interval,
    check_interval,
    profile_likelihood,
    q_profile,
    wald_interval,
)
from metareview.stats.synthesis.lazy import lazy, remember
from metareview.stats.synthesis.prediction import Prediction, check_prediction, prediction_interval
from metareview.stats.synthesis.result import FloatArray, ModelFit, undefined

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UnivariateFit"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class UnivariateFit(ModelFit):
    """A fit with independent effects.

    Attributes
    ----------
    vi : sampling variances (k,).
    tau2 : heterogeneity variance; None where the data cannot tell it (k = p), 0 for equal-effects models.
    s2 : the factor of Knapp and Hartung that is in `cov`; 1 for other tests.
    ci_method : interval that `tau2_ci`, `i2_ci` and `h2_ci` report.
    """

    vi: FloatArray
    tau2: float | None
    s2: float = 1.0
    ci_method: str = "QP"

    @property
    def random(self) -> bool:
        """Whether the model has a heterogeneity variance."""
        return find_estimator(self.method).random

    @lazy
    def _internal(self) -> tuple[Problem, Scale]:
        return prepare(self.yi[None], self.vi[None], self.x)

    @lazy
    def _spread(self) -> Heterogeneity:
        return heterogeneity(self._internal[0])

    @property
    def _unit2(self) -> float:
        return float(self._internal[1].s[0] ** 2)

    @property
    def q(self) -> float:
        """Cochran's Q, of the residuals where there are moderators."""
        return float(self._spread.q[0])

    @property
    def q_df(self) -> int:
        """Degrees of freedom of Q."""
        return self.k - self.p

    @property
    def q_pvalue(self) -> float:
        """P-value of Q."""
        return float(self._spread.pvalue[0])

    @property
    def typical_variance(self) -> float | None:
        """Typical sampling variance (Higgins & Thompson 2002, equation 9); None when k = p."""
        return float(self._spread.typical[0]) * self._unit2 if self.q_df > 0 else None

    @property
    def i2(self) -> float | None:
        """Share of variance that is heterogeneity, from tau2 (`I2_tau`), a proportion."""
        v = self.typical_variance
        return None if self.tau2 is None or v is None or not self.random else float(i2_from_tau2(self.tau2, v))

    @property
    def i2_q(self) -> float:
        """Share of variance that is heterogeneity, from Q (`I2_Q`), a proportion."""
        return float(i2_from_q(self.q, self.q_df))

    @property
    def h2(self) -> float | None:
        """Total over sampling variance, ``tau2/v + 1``; Q/(k - p) in equal-effects models."""
        v = self.typical_variance
        if v is None or self.tau2 is None:
            return None
        return self.tau2 / v + 1 if self.random else self.q / self.q_df

    @lazy
    def tau2_se(self) -> float | None:
        """Standard error of tau2, by the formula of its estimator."""
        if not self.random or self.tau2 is None:
            return None
        se = find_estimator(self.method).run(self._internal[0], 1.5).se()
        return float(se[0]) * self._unit2

    def tau2_interval(self, method: str | None = None, level: float | None = None) -> Interval:
        """Return an interval for tau2: `QP`, `PL` or `Wald`.

        Raises
        ------
        UnknownName
            For another kind of interval.
        NotEstimable
            For models without heterogeneity, and where k = p.
        """
        method, level = method or self.ci_method, level or self.level
        check_interval(method)
        if not self.random or self.tau2 is None:
            raise NotEstimable(f"{self.method} with k = {self.k}, p = {self.p} has no heterogeneity variance")
        return remember(self, f"tau2 {method} {level}", lambda: self._tau2_interval(method, level))

    def _tau2_interval(self, method: str, level: float) -> Interval:
        problem, unit2, tau2 = self._internal[0], self._unit2, self.tau2 or 0.0
        if method == "Wald":
            return wald_interval(tau2, self.tau2_se or 0.0, level)
        if method == "QP":
            found = q_profile(problem, level)
        else:
            restricted = self.method != "ML"
            best = find_estimator("REML" if restricted else "ML")
            at = tau2 / unit2 if self.method == best.code else float(best.run(problem, 1.5).tau2[0])
            found = profile_likelihood(problem, at, level, restricted=restricted)
        low, high = (None if bound is None else bound * unit2 for bound in (found.low, found.high))
        return Interval(method, low, high, found.note)

    @property
    def tau2_ci(self) -> Interval:
        """Interval for tau2 by `ci_method`; without bounds where there is no heterogeneity variance."""
        if not self.random or self.tau2 is None:
            return Interval(self.ci_method, None, None, "no heterogeneity variance in this model")
        return self.tau2_interval()

    @property
    def i2_ci(self) -> tuple[float | None, float | None]:
        """Interval for I2 (from tau2) that the interval for tau2 gives."""
        v, found = self.typical_variance, self.tau2_ci
        return tuple(None if x is None or v is None else float(i2_from_tau2(x, v)) for x in (found.low, found.high))  # type: ignore[return-value]

    @property
    def h2_ci(self) -> tuple[float | None, float | None]:
        """Interval for H2 that the interval for tau2 gives."""
        v, found = self.typical_variance, self.tau2_ci
        return tuple(None if x is None or v is None else x / v + 1 for x in (found.low, found.high))  # type: ignore[return-value]

    @lazy
    def tau2_null(self) -> float | None:
        """The heterogeneity variance without moderators, by the same estimator."""
        problem, scale = prepare(self.yi[None], self.vi[None], np.ones((self.k, 1)))
        return float(find_estimator(self.method).run(problem, 1.5).tau2[0] * scale.s[0] ** 2)

    @property
    def r2(self) -> float | None:
        """Share of the heterogeneity that the moderators account for (Raudenbush 2009), a proportion, at least 0."""
        if not self.random or self.tau2 is None or self.p < 2 or not self.has_intercept or not self.tau2_null:
            return None
        return max(0.0, 1 - self.tau2 / self.tau2_null)

    @property
    def restricted(self) -> bool:
        """Whether the log-likelihood is the restricted one (REML); else the full one at the estimates."""
        return find_estimator(self.method).restricted

    @lazy
    def log_likelihood(self) -> float | None:
        """(Restricted) log-likelihood; with ``log|X'X|/2`` in the restricted one, so that X's scale does not matter."""
        m = self.k - self.p if self.restricted else self.k
        return None if self.tau2 is None or m == 0 else self._log_likelihood_at(self.tau2)

    def _log_likelihood_at(self, tau2: float) -> float:
        m = self.k - self.p if self.restricted else self.k
        problem, scale = self._internal
        inner = log_likelihood(problem, np.array([tau2 / self._unit2]), restricted=self.restricted)
        return float(inner[0] - m / 2 * np.log(2 * np.pi) - m * np.log(scale.s[0]))

    @property
    def _parameters(self) -> int:
        return self.p + (1 if self.random else 0)

    @property
    def aic(self) -> float | None:
        """Akaike's criterion."""
        return None if self.log_likelihood is None else -2 * self.log_likelihood + 2 * self._parameters

    @property
    def bic(self) -> float | None:
        """Schwarz's criterion, with k - p observations for restricted likelihood."""
        n = self.k - self.p if self.restricted else self.k
        return None if self.log_likelihood is None else -2 * self.log_likelihood + self._parameters * float(np.log(n))

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights 1/(vi + tau2) as shares of their sum (k,)."""
        w = 1 / (self.vi + (self.tau2 or 0.0))
        return np.asarray(w / w.sum())

    def predict(self, x: ArrayLike | Mapping[str, float] | None = None, *, kind: str | None = None) -> Prediction:
        """Predict the mean and a new true effect.

        Parameters
        ----------
        x : moderator values without the intercept (m, q), or by coefficient name; none for the pooled effect.
        kind : kind of prediction interval, a key of `PREDICTIONS`; by default the one that goes with the test.

        Raises
        ------
        InputError
            If moderator values are missing.
        """
        rows = self._rows(x)
        kind = kind or ("z" if self.test == "z" else "t")
        check_prediction(kind)
        mean = rows @ self.beta
        se = np.sqrt(np.einsum("mp,pq,mq->m", rows, self.cov, rows))
        df = self.df[0]
        return prediction_interval(mean, se, self.tau2 if self.random else None, kind, self.level, df, self.k, self.p)

    def _rows(self, x: ArrayLike | Mapping[str, float] | None) -> NDArray[np.float64]:
        rest = self.names[1:] if self.has_intercept else self.names
        if x is None and rest:
            raise InputError(f"a model with moderators predicts at given values; pass x with {', '.join(rest)}")
        if isinstance(x, Mapping):
            missing = [name for name in rest if name not in x]
            if missing or set(x) - set(rest):
                raise InputError(f"x needs exactly the coefficients {', '.join(rest)}")
            x = [[x[name] for name in rest]]
        rows = np.zeros((1, 0)) if x is None else np.atleast_2d(np.asarray(x, dtype=float))
        if rows.shape[1] != len(rest):
            raise InputError(f"x has {rows.shape[1]} columns; it needs {', '.join(rest) or 'none'}")
        return np.column_stack([np.ones(len(rows)), rows]) if self.has_intercept else rows

    @property
    def pi(self) -> tuple[float | None, float | None]:
        """Prediction interval of a new true effect; none with moderators (use `predict`) or without heterogeneity."""
        if self.p > 1 or not self.has_intercept:
            return None, None
        found = self.predict()
        return found.pi_low[0], found.pi_high[0]

    def probability_above(self, threshold: float) -> float | None:
        """Return the probability that a new true effect exceeds `threshold`, by the predictive distribution."""
        if not self.random or self.tau2 is None or self.p > 1:
            return None
        spread = float(np.sqrt(self.cov[0, 0] + self.tau2))
        z = (self.estimate - threshold) / spread
        return float(ndtr(z) if self.df[0] is None else stdtr(self.df[0], z))

    def blup(self) -> pd.DataFrame:
        """Return each study's predicted true effect, shrunken towards the model, with its interval.

        Empirical Bayes estimates; Morris 1983, J Am Stat Assoc 78:47; Raudenbush & Bryk 1985.
        """
        import pandas as pd

        if self.tau2 is None:
            raise NotEstimable("without an estimate of the heterogeneity nothing can be shrunk")
        share = self.tau2 / (self.tau2 + self.vi)
        estimate = share * self.yi + (1 - share) * (self.x @ self.beta)
        se = np.sqrt(share * self.vi + (1 - share) ** 2 * np.einsum("kp,pq,kq->k", self.x, self.cov, self.x))
        half = critical(self.level, self.df[0]) * se
        return pd.DataFrame(
            {"label": self.labels, "estimate": estimate, "se": se, "low": estimate - half, "high": estimate + half}
        )

    def contract(self) -> dict[str, Any]:
        """Return the keys every model reports, numbers at full precision, null with the reason in the warnings."""
        found, (low, high) = self.tau2_ci, self.pi
        component = {"name": "tau2", "value": self.tau2, "ci_low": found.low, "ci_high": found.high}
        head = ModelFit.contract(self)
        if found.note and self.random and self.tau2 is not None:
            head["warnings"].append(f"tau2_ci: {found.note}")
        body = head | {
            "tau2": self.tau2,
            "tau2_se": self.tau2_se,
            "tau2_ci": asdict(found),
            "variance_components": [component] if self.random else [],
            "i2": self.i2,
            "i2_q": self.i2_q,
            "i2_ci": list(self.i2_ci),
            "h2": self.h2,
            "h2_ci": list(self.h2_ci),
            "r2": self.r2,
            "q": self.q,
            "q_df": self.q_df,
            "q_pvalue": self.q_pvalue,
            "pi_low": low,
            "pi_high": high,
            "log_likelihood": self.log_likelihood,
            "aic": self.aic,
            "bic": self.bic,
        }
        return undefined(body, self._reasons())

    def _reasons(self) -> dict[str, str]:
        full = "k = p: as many coefficients as effects"
        plain = "equal-effects models have no heterogeneity variance" if not self.random else full
        bounds = f"it follows from tau2_ci, which has no bounds: {self.tau2_ci.note}" if self.q_df > 0 else full
        if self.p > 1:
            interval = "with moderators it depends on their values; use predict"
        else:
            interval = plain if self.has_intercept else "without intercept there is no one pooled effect; use predict"
        r2 = "the model has no moderators" if self.p < 2 else plain if self.tau2 is None or not self.random else (
            "no heterogeneity to account for" if self.has_intercept else "without intercept there is nothing to compare"
        )  # fmt: skip
        return {
            **dict.fromkeys(("tau2", "tau2_se", "tau2_ci", "i2"), plain),
            **dict.fromkeys(("h2", "log_likelihood", "aic", "bic"), full),
            **dict.fromkeys(("i2_ci", "h2_ci"), bounds if self.random else plain),
            **dict.fromkeys(("pi_low", "pi_high"), interval), "r2": r2, "qm": "a covariance of zero",
        }  # fmt: skip

    def profile(self, values: Sequence[float]) -> pd.DataFrame:
        """Return the (restricted) log-likelihood at given values of tau2, for looking at it.

        Raises
        ------
        NotEstimable
            For estimators that have no likelihood, and where k = p.
        """
        import pandas as pd

        if self.method not in ("ML", "REML"):
            raise NotEstimable(f"{self.method} is no likelihood estimator; a profile needs ML or REML")
        if self.tau2 is None:
            raise NotEstimable(f"k = {self.k} and {self.p} coefficients leave no heterogeneity to profile")
        return pd.DataFrame(
            {"value": list(values), "log_likelihood": [self._log_likelihood_at(float(value)) for value in values]}
        )

    def with_level(self, level: float) -> UnivariateFit:
        """Return the same fit reported at another level of confidence."""
        return replace(self, level=level)
