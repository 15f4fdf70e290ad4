"""The result of a model with dependent effects: variance components, their shares, intervals and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri

from metareview.errors import InputError, NotEstimable, UnknownName
from metareview.stats.synthesis.ai_reml import Components, evaluate, maximise_components
from metareview.stats.synthesis.core import Array
from metareview.stats.synthesis.inference import critical
from metareview.stats.synthesis.intervals import Interval
from metareview.stats.synthesis.lazy import lazy, remember
from metareview.stats.synthesis.prediction import Prediction
from metareview.stats.synthesis.result import FloatArray, ModelFit, undefined
from metareview.stats.synthesis.structures import Structure, build_structure

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MultilevelFit"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MultilevelFit(ModelFit):
    """A fit with random effects for the levels of factors, nested or crossed, and known sampling covariances.

    Attributes
    ----------
    v : sampling variances (k,), or their covariance matrix (k, k).
    components : names of the factors, outermost first; `levels` how many levels each has.
    codes : level of each effect, (q, k).
    sigma2 : variance of each component (q,).
    log_likelihood : (restricted) log-likelihood.
    """

    v: FloatArray
    components: tuple[str, ...]
    levels: tuple[int, ...]
    codes: FloatArray
    sigma2: tuple[float, ...]
    log_likelihood: float

    @property
    def vi(self) -> NDArray[np.float64]:
        """Sampling variances (k,)."""
        return np.asarray(self.v if self.v.ndim == 1 else np.diag(self.v))

    @property
    def restricted(self) -> bool:
        """Whether the likelihood is the restricted one."""
        return self.method == "REML"

    @property
    def _unit(self) -> float:
        return float(np.sqrt(np.median(self.vi)))

    @lazy
    def structure(self) -> Structure:
        """The covariance structure on the internal scale (variances around 1)."""
        return build_structure(self.v / self._unit**2, [row.astype(np.intp) for row in self.codes])

    @lazy
    def _without(self) -> tuple[float, float]:
        """Q of the residuals with V alone, and the typical sampling variance (k - p)/tr P."""
        unit = 2.0 ** np.round(np.log2(self._unit))  # squares of small or large variances leave floating point
        v, y = np.asarray(self.v) / unit / unit, self.yi / unit
        plain = build_structure(v, [])
        fitted = plain.factor(np.zeros(0))
        solved = fitted.solve(np.column_stack([self.x, y]))
        mx, my = solved[:, :-1], solved[:, -1]
        cov = np.linalg.inv(self.x.T @ mx)
        u = my - mx @ (cov @ (self.x.T @ my))
        inverse_trace = float(np.trace(np.linalg.inv(v))) if v.ndim == 2 else float((1 / v).sum())
        trace = inverse_trace - float(np.sum(cov * (mx.T @ mx)))
        typical = (self.k - self.p) / trace * unit * unit if self.k > self.p else float("nan")
        return float(u @ y), float(typical)

    @property
    def q(self) -> float:
        """Test statistic of residual heterogeneity, with V alone."""
        return self._without[0]

    @property
    def q_df(self) -> int:
        """Degrees of freedom of Q."""
        return self.k - self.p

    @property
    def q_pvalue(self) -> float:
        """P-value of Q."""
        return float(chdtrc(self.q_df, self.q)) if self.q_df > 0 else 1.0

    @property
    def i2(self) -> float | None:
        """Share of all heterogeneity in the typical total variance, a proportion; None without components."""
        total = sum(self.sigma2)
        return total / (total + self._without[1]) if self.sigma2 else None

    @property
    def i2_levels(self) -> dict[str, float]:
        """The share of each component in the typical total variance; Cheung 2014, Psychol Methods 19:211, eq. 18."""
        total = sum(self.sigma2) + self._without[1]
        return {name: value / total for name, value in zip(self.components, self.sigma2, strict=True)}

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.log_likelihood + 2 * (self.p + len(self.sigma2))

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with k - p observations for restricted likelihood."""
        n = self.k - self.p if self.restricted else self.k
        return -2 * self.log_likelihood + (self.p + len(self.sigma2)) * float(np.log(n))

    def interval(self, component: str, level: float | None = None) -> Interval:
        """Return the profile likelihood interval of one component; computed on first access.

        Raises
        ------
        UnknownName
            If there is no such component.
        """
        if component not in self.components:
            raise UnknownName("variance component", component, self.components)
        level = level or self.level
        return remember(self, f"{component} {level}", lambda: self._profile(self.components.index(component), level))

    def _profile(self, j: int, level: float) -> Interval:
        y, theta = self.yi / self._unit, np.array(self.sigma2) / self._unit**2
        top = evaluate(self.structure, self.x, y, theta, restricted=self.restricted)
        drop = float(chdtri(1.0, 1 - level)) / 2
        last: list[Array] = [theta]

        def gap(value: float) -> float:
            start = last[0].copy()
            start[j] = value
            found = maximise_components(
                self.structure, self.x, y, restricted=self.restricted, fixed={j: value}, start=start
            )
            last[0] = found.point.theta
            return found.point.value - top.value + drop

        at = float(theta[j])
        low = 0.0 if at == 0 or gap(0.0) > 0 else _root(gap, 0.0, at, -1.0)
        last[0] = theta
        width = 1 / np.sqrt(max(float(top.information[j, j]), 1e-300))
        high = at + width
        while gap(high) > 0:
            high = at + 2 * (high - at)
            if high > 1e12 * (1 + at):
                return Interval("PL", low * self._unit**2, None, "the likelihood stays high: no upper bound")
        last[0] = theta
        return Interval("PL", low * self._unit**2, _root(gap, high, at, -1.0) * self._unit**2)

    def profile(self, component: str, values: Sequence[float]) -> pd.DataFrame:
        """Return the profile log-likelihood of a component at given values, for looking at it.

        Raises
        ------
        UnknownName
            If there is no such component.
        """
        import pandas as pd

        if component not in self.components:
            raise UnknownName("variance component", component, self.components)
        j, y = self.components.index(component), self.yi / self._unit
        found = [
            maximise_components(
                self.structure, self.x, y, restricted=self.restricted, fixed={j: value / self._unit**2},
                total=float(np.sum(self.sigma2)) / self._unit**2 or 1.0,
            ).point.value
            for value in values
        ]  # fmt: skip
        theta = np.array(self.sigma2) / self._unit**2
        top = evaluate(self.structure, self.x, y, theta, restricted=self.restricted, slopes=False).value
        return pd.DataFrame({"value": list(values), "log_likelihood": np.array(found) - top + self.log_likelihood})

    def predict(self, x: Sequence[float] | None = None, *, new: Sequence[str] | None = None) -> Prediction:
        """Predict the mean, and the true effect where some levels are new.

        Parameters
        ----------
        x : moderator values without the intercept.
        new : components whose level is new (``["study", "study/esid"]`` a new effect of a new study); all by default.

        Raises
        ------
        UnknownName
            For a component that does not exist.
        InputError
            If moderator values are missing.
        """
        chosen = self.components if new is None else tuple(new)
        for name in chosen:
            if name not in self.components:
                raise UnknownName("variance component", name, self.components)
        row = np.array(([1.0] if self.has_intercept else []) + [float(value) for value in x or []])
        if len(row) != self.p:
            raise InputError(f"x needs {', '.join(self.names[1 if self.has_intercept else 0 :]) or 'nothing'}")
        mean, se = float(row @ self.beta), float(np.sqrt(row @ self.cov @ row))
        crit = critical(self.level, self.df[0])
        spread = sum(s for name, s in zip(self.components, self.sigma2, strict=True) if name in chosen)
        half, wide = crit * se, crit * float(np.sqrt(se**2 + spread))
        return Prediction(
            f"new {', '.join(chosen)}", (mean,), (se,), (mean - half,), (mean + half,), (mean - wide,), (mean + wide,)
        )

    def contract(self) -> dict[str, Any]:
        """Return the keys every model reports; one heterogeneity variance only where there is one component."""
        parts, notes = [], []
        for name, value in zip(self.components, self.sigma2, strict=True):
            found = self.interval(name)
            parts.append({"name": name, "value": value, "ci_low": found.low, "ci_high": found.high})
            notes += [f"variance_components, {name}: {found.note}"] if found.note else []
        single = len(parts) == 1
        prediction = self.predict() if self.p == 1 and self.has_intercept and parts else None
        body = ModelFit.contract(self) | {
            "tau2": self.sigma2[0] if single else None,
            "tau2_ci": {"method": "PL", "low": parts[0]["ci_low"], "high": parts[0]["ci_high"]} if single else None,
            "variance_components": parts,
            "i2": self.i2,
            "i2_q": max(0.0, (self.q - self.q_df) / self.q) if self.q > 0 else 0.0,
            "i2_levels": self.i2_levels,
            "h2": None if self.i2 is None else 1 / (1 - self.i2),
            "q": self.q,
            "q_df": self.q_df,
            "q_pvalue": self.q_pvalue,
            "pi_low": prediction.pi_low[0] if prediction else None,
            "pi_high": prediction.pi_high[0] if prediction else None,
            "log_likelihood": self.log_likelihood,
            "aic": self.aic,
            "bic": self.bic,
        }
        none = "no heterogeneity in the model"
        why = "with moderators, or without intercept, it depends on their values; use predict" if parts else none
        reasons = {
            **dict.fromkeys(
                ("tau2", "tau2_ci"),
                "there is no single heterogeneity variance; see variance_components" if parts else none,
            ),
            "tau2_se": "not computed for variance components; see their intervals" if parts else none,
            **dict.fromkeys(("pi_low", "pi_high"), why),
            "r2": "not defined for variance components; compare them between models",
            **dict.fromkeys(("i2", "h2"), none),
        }
        if single:
            reasons["tau2_ci"] = self.interval(self.components[0]).note
        return undefined(body | {"warnings": [*body["warnings"], *notes]}, reasons)


def _root(gap: Any, outside: float, inside: float, at_outside: float) -> float:
    """Where `gap` changes sign between a point outside the interval and one inside, by the Illinois method."""
    a, fa, b, fb = outside, gap(outside), inside, gap(inside)
    for _ in range(100):
        c = b - fb * (b - a) / (fb - fa)
        fc = gap(c)
        if fc * fb < 0:
            a, fa = b, fb
        else:
            fa /= 2
        b, fb = c, fc
        if abs(b - a) <= 1e-10 * (abs(a) + abs(b)) or abs(fb) < 1e-11:
            return float(b)
    raise NotEstimable("the profile likelihood is too flat to find its interval")


def diagnostics(found: Components, structure: Structure) -> dict[str, float | int | bool | str]:
    """Return how the search went."""
    return {
        "iterations": found.iterations,
        "decrement": found.decrement,
        "starts": found.starts,
        "at_boundary": bool((found.point.theta == 0).any()),
        "solver": type(structure).__name__,
    }
