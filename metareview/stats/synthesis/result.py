"""What every fitted model answers, whatever its structure: coefficients, tests, contrasts, JSON with the same keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import PlainSerializer, PlainValidator

from metareview.errors import InputError
from metareview.results import Result
from metareview.stats.synthesis.design import INTERCEPT
from metareview.stats.synthesis.inference import Coefficient, WaldTest, coefficient_table, wald_test
from metareview.stats.synthesis.lazy import lazy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FloatArray", "ModelFit", "frozen_array"]


def frozen_array(values: ArrayLike) -> NDArray[np.float64]:
    """Return a read-only copy as float."""
    out = np.array(values, dtype=float)
    out.flags.writeable = False
    return out


def _with_null(values: NDArray[np.float64]) -> list[Any]:
    """Nested lists, what is not finite as None: JSON has no NaN."""
    return np.where(np.isfinite(values), values, None).tolist()  # type: ignore[call-overload, no-any-return]


FloatArray = Annotated[NDArray[np.float64], PlainValidator(frozen_array), PlainSerializer(_with_null, return_type=list)]


#: keys that every report has, null where a model does not have the quantity
_UNIVARIATE_KEYS = (
    "tau2", "tau2_se", "tau2_ci", "variance_components", "i2", "i2_q", "h2", "r2", "q", "q_df", "q_pvalue", "pi_low",
    "pi_high", "log_likelihood", "aic", "bic",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class ModelFit(Result):
    """Base of fitted models.

    Attributes
    ----------
    method, test, level : estimator of heterogeneity, kind of test, level of confidence.
    vcov : ``model``, or the cluster-robust estimator (CR0 to CR3).
    names : coefficient names (p,).
    beta, cov : coefficients (p,) and the covariance their tests use (p, p).
    df : degrees of freedom of each coefficient's test; None for normal quantiles.
    labels : names of the effects used (k,).
    yi, x : effects (k,) and design (k, p).
    diagnostics : iterations, modes, gradient and boundary flags of the search.
    clusters, robust_f, robust_t : number of clusters and the parts of a robust covariance that its tests need.
    cluster_codes : cluster of each effect as a number (k,), for the scripts that repeat a robust fit.
    """

    method: str
    test: str
    level: float
    vcov: str = "model"
    names: tuple[str, ...]
    beta: FloatArray
    cov: FloatArray
    df: tuple[float | None, ...]
    labels: tuple[str, ...]
    yi: FloatArray
    x: FloatArray
    diagnostics: dict[str, float | int | bool | str]
    clusters: int | None = None
    robust_f: FloatArray | None = None
    robust_t: FloatArray | None = None
    cluster_codes: FloatArray | None = None

    @property
    def k(self) -> int:
        """Number of effects used."""
        return len(self.yi)

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return len(self.beta)

    @property
    def has_intercept(self) -> bool:
        """Whether the first coefficient is the intercept."""
        return self.names[:1] == (INTERCEPT,)

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors of the coefficients (p,)."""
        return np.sqrt(np.diag(self.cov))

    @lazy
    def coefficients(self) -> tuple[Coefficient, ...]:
        """Estimates with tests and intervals."""
        return coefficient_table(self.names, self.beta, self.se, self.df, self.level)

    @property
    def estimate(self) -> float:
        """The first coefficient: the pooled effect where there are no moderators."""
        return float(self.beta[0])

    @property
    def ci_low(self) -> float | None:
        """Lower bound of the first coefficient."""
        return self.coefficients[0].ci_low

    @property
    def ci_high(self) -> float | None:
        """Upper bound of the first coefficient."""
        return self.coefficients[0].ci_high

    @property
    def pvalue(self) -> float | None:
        """P-value of the first coefficient."""
        return self.coefficients[0].pvalue

    def contrast(self, matrix: ArrayLike, rhs: float = 0.0) -> WaldTest:
        """Test linear hypotheses ``matrix @ beta = rhs``; rows are hypotheses (m, p).

        Raises
        ------
        InputError
            If the matrix does not have one column per coefficient, or its rows depend on each other.
        """
        rows = np.atleast_2d(np.asarray(matrix, dtype=float))
        if rows.shape[1] != self.p:
            raise InputError(f"the contrast has {rows.shape[1]} columns for {self.p} coefficients: {self.names}")
        if self.robust_f is not None and self.robust_t is not None:
            from metareview.stats.synthesis.robust import htz_test

            return htz_test(self.beta, self.cov, self.robust_f, self.robust_t, rows, rhs)
        known = [d for d in self.df if d is not None]
        return wald_test(self.beta, self.cov, rows, rhs, min(known) if known else None)

    @lazy
    def omnibus(self) -> WaldTest | None:
        """Test of all moderators together (of the intercept where there are none); None if it cannot be made."""
        first = 1 if self.has_intercept and self.p > 1 else 0
        if not np.all(np.diag(self.cov) > 0) or any(d is not None and not d > 0 for d in self.df):
            return None
        try:
            return self.contrast(np.eye(self.p)[first:])
        except InputError:
            return None

    @lazy
    def vif(self) -> dict[str, float]:
        """Variance inflation factor of each moderator: the diagonal of the inverse of their correlations.

        Fox & Monette 1992, J Am Stat Assoc 87:178, for the covariance of the estimates.
        """
        first = 1 if self.has_intercept else 0
        cov = self.cov[first:, first:]
        scale = np.sqrt(np.diag(cov))
        if len(cov) < 2 or not np.all(scale > 0):
            return dict.fromkeys(self.names[first:], 1.0)
        inverse = np.linalg.inv(cov / np.outer(scale, scale))
        return dict(zip(self.names[first:], np.diag(inverse).tolist(), strict=True))

    def gvif(self, names: Sequence[str]) -> float:
        """Generalised inflation of several coefficients together, such as the levels of one factor."""
        first = 1 if self.has_intercept else 0
        moderators = list(self.names[first:])
        chosen = [moderators.index(name) for name in names if name in moderators]
        if len(chosen) != len(names):
            raise InputError(f"coefficients {tuple(names)} are not all among {tuple(moderators)}")
        rest = [j for j in range(len(moderators)) if j not in chosen]
        cov = self.cov[first:, first:]
        corr = cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
        return float(
            np.linalg.det(corr[np.ix_(chosen, chosen)]) * np.linalg.det(corr[np.ix_(rest, rest)]) / np.linalg.det(corr)
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficient table."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.coefficients])

    def contract(self) -> dict[str, Any]:
        """Return the keys every model reports; see `metareview fit --help`."""
        omnibus = self.omnibus
        return dict.fromkeys(_UNIVARIATE_KEYS) | {
            "method": self.method,
            "test": self.test,
            "vcov": self.vcov,
            "clusters": self.clusters,
            "level": self.level,
            "k": self.k,
            "coefficients": [asdict(row) for row in self.coefficients],
            "qm": omnibus.statistic if omnibus else None,
            "qm_df": omnibus.df if omnibus else None,
            "qm_ddf": omnibus.ddf if omnibus else None,
            "qm_pvalue": omnibus.pvalue if omnibus else None,
            "dropped": [{"what": row.what, "reason": row.reason} for row in self.dropped],
            "warnings": list(self.warnings),
            "diagnostics": self.diagnostics,
        }

    def to_json(self) -> str:
        """Return the reported keys, and under ``inputs`` what `from_json` needs to give the fit back."""
        import json

        from pydantic import TypeAdapter

        body = TypeAdapter[Any](type(self)).dump_python(self, mode="json")
        head = {"kind": type(self).__name__, "schema_version": self.schema_version}
        text = {**head, **self.contract(), "inputs": body}
        return json.dumps(text, ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        InputError
            If the JSON is of another kind of result or of another schema version.
        """
        import json

        from pydantic import TypeAdapter

        body = json.loads(text)
        if body.get("kind") != cls.__name__ or body.get("schema_version") != cls.schema_version:
            raise InputError(
                f"expected a {cls.__name__} of schema version {cls.schema_version}, found {body.get('kind')} of "
                f"version {body.get('schema_version')}; run the step that wrote it again"
            )
        known = {field.name for field in fields(cls)}
        result: Self = TypeAdapter(cls).validate_python({k: v for k, v in body["inputs"].items() if k in known})
        return result


def undefined(body: dict[str, Any], reasons: dict[str, str]) -> dict[str, Any]:
    """Add to the warnings of a report why each null, or each bound that is null, is null; nothing is said twice."""
    told = {text.split(":")[0] for text in body["warnings"]}
    said = [f"{key}: {reason}" for key, reason in reasons.items() if key not in told and _has_null(body.get(key))]
    return {**body, "warnings": [*body["warnings"], *said]}


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("low") is None or value.get("high") is None
    return value is None or (isinstance(value, list) and None in value)
