"""A difference between two categories, five ways: values as independent, study means, multilevel, robust, permuted.

The first is what benchmark reviews publish. The others respect that values of one study, and on one data set, go
together. Each returns its numbers, or the reason why there are none: with as many studies as categories a difference
of categories is a difference of studies, and no arithmetic tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import factorial, prod, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metareview.errors import InputError, NotEstimable
from metareview.stats.benchmark import effect_sizes, omnibus

if TYPE_CHECKING:
    from metareview.stats.synthesis.multilevel import MultilevelFit

__all__ = ["Approach", "Layout", "Models", "of_study_means", "of_values", "permuted", "study_means"]

Array = NDArray[np.float64]
Effect = Callable[[Array, Array, float], effect_sizes.Estimate]

#: The residual variance is one of the random effects; what the engine takes as known is this share of the variance
#: of the values. The second is for values that hardly vary within studies, where the likelihood has no interior.
_KNOWN = (1e-4, 1e-2)
#: Largest Newton decrement of a search that has ended.
_CONVERGED = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """One way to compare two categories (or all), with its numbers or the reason why there are none.

    Attributes
    ----------
    name : values, study-means, multilevel, cr2, permutation.
    scale : raw or logit, of `estimate`.
    estimate, ci_low, ci_high : difference of category means (first minus second); None for all categories together.
    statistic, df, df2, p : of its test (t, or F for all categories).
    effect, effect_low, effect_high : standardised difference (d of values, g of study means) on the raw scale.
    n : how many units its inference counts (values, or studies).
    floor : smallest p that a permutation could give.
    note, reason : how it was obtained; why it does not exist.
    """

    name: str
    scale: str = "raw"
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    statistic: float | None = None
    df: float | None = None
    df2: float | None = None
    p: float | None = None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    n: int = 0
    floor: float | None = None
    note: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Layout:
    """Values (n,) with category, study, data set and method of each."""

    values: Array
    category: tuple[str, ...]
    study: tuple[str, ...]
    dataset: tuple[str, ...]
    method: tuple[str, ...]

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The categories, in order of appearance."""
        return tuple(dict.fromkeys(self.category))

    def studies(self, category: str | None = None) -> tuple[str, ...]:
        """Return the studies, of one category or of all, in order of appearance."""
        pairs = zip(self.study, self.category, strict=True)
        return tuple(dict.fromkeys(study for study, own in pairs if category in (None, own)))

    def of(self, *categories: str) -> Layout:
        """Return the values of some categories only."""
        keep = [at for at, name in enumerate(self.category) if name in categories]
        parts = (self.category, self.study, self.dataset, self.method)
        return Layout(self.values[keep], *(tuple(part[at] for at in keep) for part in parts))


def of_values(x: Array, y: Array, level: float = 0.95) -> Approach:
    """Student's t test and Cohen's d with every value as if independent: the comparison as it is usually published."""
    return _two_samples("values", x, y, effect_sizes.cohen_d, level, "d; values as independent")


def of_study_means(x: Array, y: Array, level: float = 0.95) -> Approach:
    """Student's t test and Hedges' g of study means (one per study and category): studies are what is sampled.

    g is standardised by the spread of study means, so it is no estimate of d over values. Source of the small-sample
    factor: Hedges, J Educ Stat 1981;6:107-128.
    """
    return _two_samples("study-means", x, y, effect_sizes.hedges_g, level, "g; one mean per study")


def _two_samples(name: str, x: Array, y: Array, effect: Effect, level: float, note: str) -> Approach:
    from scipy.special import stdtr, stdtrit

    n = x.size + y.size
    try:
        squares = omnibus.sums_of_squares([x, y])
        omnibus.anova([x, y])
    except NotEstimable as error:
        estimate = float(x.mean() - y.mean()) if x.size and y.size else None
        return Approach(name=name, estimate=estimate, n=n, reason=str(error))
    difference, df = float(x.mean() - y.mean()), squares.df_within
    se = sqrt(squares.within / df * (1 / x.size + 1 / y.size))
    half, t = float(stdtrit(df, (1 + level) / 2)) * se, difference / se
    found, reason = _standardised(effect, x, y, level)
    return Approach(
        name=name, estimate=difference, ci_low=difference - half, ci_high=difference + half, statistic=t, df=float(df),
        p=float(2 * stdtr(df, -abs(t))), n=n, note=note if found else f"{note}: {reason}",
        effect=found.value if found else None, effect_low=found.ci_low if found else None,
        effect_high=found.ci_high if found else None,
    )  # fmt: skip


def _standardised(formula: Effect, x: Array, y: Array, level: float) -> tuple[effect_sizes.Estimate | None, str]:
    try:
        found: effect_sizes.Estimate = formula(x, y, level)
    except NotEstimable as error:
        return None, str(error)
    return found, ""


def study_means(layout: Layout, category: str) -> Array:
    """Return one mean per study of a category (studies,)."""
    values = dict.fromkeys(layout.studies(category))
    pick = np.array([own == category for own in layout.category])
    study = np.array(layout.study)
    return np.array([layout.values[pick & (study == name)].mean() for name in values], dtype=float)


class Models:
    """The multilevel model of all categories of one metric, and its cluster-robust companion.

    ``y = category + study + data set + residual`` by REML, study and data set crossed; the category is a fixed
    effect. A random effect that no data can tell from the residual (no study, or no data set, with two values) or
    from another is left out, and `said` tells so. t tests have studies less categories as degrees of freedom: the
    containment rule of mixed-model programs for a factor between studies (Pinheiro & Bates 2000, section 2.4.2).

    The robust companion has studies as clusters and as random effect (crossed effects leave no independent clusters),
    with CR2 and Satterthwaite degrees of freedom (Pustejovsky & Tipton 2018, J Bus Econ Stat 36:672).
    """

    def __init__(self, layout: Layout, scale: str) -> None:
        self.layout, self.scale = layout, scale
        self.y = layout.values if scale == "raw" else np.log(layout.values / (1 - layout.values))
        self.said: tuple[str, ...] = ()
        self.refused = _refusal(layout)

    @cached_property
    def multilevel(self) -> MultilevelFit:
        """The crossed model."""
        factors = {"study": self.layout.study, "data set": self.layout.dataset}
        kept, said = _estimable(factors, len(self.y))
        self.said = said
        return self._fit(kept)

    @cached_property
    def robust(self) -> MultilevelFit:
        """The model with studies as clusters, CR2."""
        kept, _ = _estimable({"study": self.layout.study}, len(self.y))
        return self._fit(kept, cluster=True)

    def _fit(self, factors: Sequence[str], cluster: bool = False) -> MultilevelFit:
        import pandas as pd

        from metareview.stats.synthesis import MultilevelFit, fit

        codes = {name: i for i, name in enumerate(self.layout.categories)}
        x = np.zeros((len(self.y), len(codes)))
        x[np.arange(len(self.y)), [codes[name] for name in self.layout.category]] = 1
        x[:, 0] = 1  # an intercept and a column per further category, as the engine wants them
        data = pd.DataFrame({"y": self.y, "study": self.layout.study, "data set": self.layout.dataset})
        data["value"] = [str(at) for at in range(len(data))]
        random = [f"~ 1 | {name}" for name in (*factors, "value")]
        for share in _KNOWN:
            data["v"] = share * float(np.var(self.y))
            try:
                model = fit("y", "v", data=data, mods=x[:, 1:], random=random, cluster="study" if cluster else None)
            except NotEstimable:  # it did not settle
                continue
            if not isinstance(model, MultilevelFit):
                raise TypeError("the engine returned another kind of model")
            if float(model.diagnostics["decrement"]) < _CONVERGED:
                return model
        raise NotEstimable("the search for the variances did not converge")

    def _row(self, a: str, b: str) -> Array:
        names = self.layout.categories
        row = np.zeros(len(names))
        for name, sign in ((a, 1.0), (b, -1.0)):
            if names.index(name):
                row[names.index(name)] += sign
        return row

    def compare(self, name: str, a: str, b: str, level: float = 0.95) -> Approach:
        """Return the contrast of two categories in the model `multilevel` or `cr2`."""
        return self._guarded(name, self._row(a, b)[None], level, (a, b))

    def omnibus(self, name: str, level: float = 0.95) -> Approach:
        """Return the test of all categories together."""
        return self._guarded(name, np.eye(len(self.layout.categories))[1:], level, self.layout.categories)

    def _guarded(self, name: str, rows: Array, level: float, categories: Sequence[str]) -> Approach:
        n = len(self.layout.studies())
        alone = [c for c in categories if len(self.layout.studies(c)) < 2] if name == "cr2" else []
        reason = self.refused
        if not reason and alone:
            reason = f"one study only in {' and '.join(alone)}: the spread between its studies cannot be seen"
        if reason:
            return Approach(name=name, scale=self.scale, n=n, reason=reason)
        try:
            return self._tested(name, rows, level, n)
        except (InputError, NotEstimable, np.linalg.LinAlgError) as error:
            return Approach(name=name, scale=self.scale, n=n, reason=str(error))

    def _tested(self, name: str, rows: Array, level: float, n: int) -> Approach:
        from scipy.special import fdtrc, stdtr, stdtrit

        model = self.robust if name == "cr2" else self.multilevel
        estimate, cov = rows @ model.beta, rows @ model.cov @ rows.T
        if not np.all(np.linalg.eigvalsh(cov) > 0):
            return Approach(name=name, scale=self.scale, n=n, reason="the covariance of the model is singular")
        if len(rows) > 1:
            if name == "cr2":
                wald = model.contrast(rows)
                return Approach(name=name, scale=self.scale, statistic=wald.statistic, df=float(wald.df), df2=wald.ddf,
                                p=wald.pvalue, n=n, note="HTZ")  # fmt: skip
            df2 = float(n - model.p)
            f = float(estimate @ np.linalg.solve(cov, estimate)) / len(rows)
            return Approach(name=name, scale=self.scale, statistic=f, df=float(len(rows)), df2=df2,
                            p=float(fdtrc(len(rows), df2, f)), n=n, note=self._note())  # fmt: skip
        df = _contrast_df(model, rows) if name == "cr2" else float(n - model.p)
        difference, se = float(estimate[0]), float(np.sqrt(cov[0, 0]))
        half = float(stdtrit(df, (1 + level) / 2)) * se
        few = "; fewer than 4 degrees of freedom: not to be trusted (Tipton 2015)" if name == "cr2" and df < 4 else ""
        return Approach(
            name=name, scale=self.scale, estimate=difference, ci_low=difference - half, ci_high=difference + half,
            statistic=difference / se, df=df, p=float(2 * stdtr(df, -abs(difference / se))), n=n,
            note=f"CR2, Satterthwaite{few}" if name == "cr2" else self._note(),
        )  # fmt: skip

    def _note(self) -> str:
        parts = zip(self.multilevel.components, self.multilevel.sigma2, strict=True)
        told = ", ".join(f"{'residual' if part == 'value' else part} {value:.3g}" for part, value in parts)
        return "; ".join([f"variances: {told}", *self.said])


def _contrast_df(model: MultilevelFit, rows: Array) -> float:
    """Satterthwaite degrees of freedom of one contrast of a cluster-robust model."""
    from metareview.stats.synthesis.robust import satterthwaite

    if model.robust_f is None or model.robust_t is None:
        raise TypeError("the model is not cluster-robust")
    return float(satterthwaite(rows @ model.robust_f @ rows.T, rows @ model.robust_t)[0])


def _refusal(layout: Layout) -> str:
    n, k = len(layout.studies()), len(layout.categories)
    if k < 2:
        return "one category only"
    if n == 1:
        return "one study only, so nothing says how much studies differ"
    if n <= k:
        return (
            f"{n} studies for {k} categories: a difference between categories cannot be told from one between studies"
        )
    if float(np.ptp(layout.values)) == 0:
        return "all values are equal"
    return ""


def _estimable(factors: dict[str, tuple[str, ...]], n: int) -> tuple[list[str], tuple[str, ...]]:
    """Return the factors whose variance can be told from the residual and from each other, and what is said of it."""
    kept: dict[str, tuple[int, ...]] = {}
    said = []
    for name, ids in factors.items():
        seen: dict[str, int] = {}
        codes = tuple(seen.setdefault(value, len(seen)) for value in ids)
        if len(seen) == n:
            said.append(f"each {name} has one value, so its variance is part of the residual")
        elif len(seen) == 1:
            said.append(f"there is one {name}")
        elif codes in kept.values():
            said.append(f"each {name} is of one {next(iter(kept))}: their variances are one")
        else:
            kept[name] = codes
    return list(kept), tuple(said)


def permuted(layout: Layout, *, seed: int, n_resamples: int = 9_999) -> Approach:
    """Permute the categories between studies, and within a study that tests several between its methods.

    Units are study means (of a study that tests several categories: means of its methods), centred on their block:
    all studies of one category are one block, every other study is a block of its own. The statistic is the sum over
    categories of ``n_g mean_g²``, which orders relabellings as F does. All distinct relabellings are listed where
    there are at most 20,000; otherwise `n_resamples` random ones, ``p = (b + 1) / (n + 1)``.

    Sources: Pitman 1938; Phipson & Smyth 2010; permuting whole clusters: Gail et al., Stat Med 1996;15:1069-1092.
    """
    values, labels, blocks = _units(layout)
    names = sorted(set(labels.tolist()))
    n = len(layout.studies())
    distinct = prod(
        factorial(len(block)) // prod(factorial(int(np.sum(labels[block] == name))) for name in names)
        for block in blocks
    )
    if distinct == 1 or float(np.ptp(values)) <= 1e-12 * max(float(np.abs(layout.values).max()), 1e-300):
        reason = "no relabelling of studies gives another table" if distinct == 1 else "all units are equal"
        return Approach(name="permutation", n=n, reason=reason)
    if distinct <= omnibus.MAX_ASSIGNMENTS:
        drawn = _every(labels, blocks)
        note = f"exact: all {distinct} relabellings of {len(values)} units"
    else:
        drawn = _random(labels, blocks, np.random.default_rng(seed), n_resamples)
        note = f"{n_resamples} random relabellings of {len(values)} units, seed {seed}"
    found = _statistic(values, drawn, names)
    observed = float(_statistic(values, labels[None], names)[0]) * (1 - 1e-12)
    hits = int(np.sum(found >= observed))
    if distinct <= omnibus.MAX_ASSIGNMENTS:
        floor = float(np.mean(found >= float(found.max()) * (1 - 1e-12)))
        return Approach(name="permutation", p=hits / len(found), n=n, floor=floor, note=note)
    return Approach(name="permutation", p=(hits + 1) / (n_resamples + 1), n=n, floor=1 / (n_resamples + 1), note=note)


def _units(layout: Layout) -> tuple[Array, NDArray[np.str_], list[NDArray[np.intp]]]:
    several = {s for s in layout.studies() if len({c for c, own in zip(layout.category, layout.study, strict=True)
                                                    if own == s}) > 1}  # fmt: skip
    groups: dict[tuple[str, str, str], list[float]] = {}
    rows = zip(layout.values.tolist(), layout.category, layout.study, layout.method, strict=True)
    for value, category, study, method in rows:
        groups.setdefault((study, category, method if study in several else ""), []).append(value)
    values = np.array([np.mean(members) for members in groups.values()])
    labels = np.array([category for _, category, _ in groups])
    owner = [study if study in several else "" for study, _, _ in groups]
    blocks = [np.array([at for at, name in enumerate(owner) if name == block]) for block in dict.fromkeys(owner)]
    for block in blocks:
        values[block] -= values[block].mean()
    return values, labels, blocks


def _statistic(values: Array, labels: NDArray[np.str_], names: Sequence[str]) -> Array:
    parts = [((labels == name) @ values) ** 2 / max(int(np.sum(labels[0] == name)), 1) for name in names]
    return np.asarray(np.sum(parts, axis=0))


def _every(labels: NDArray[np.str_], blocks: list[NDArray[np.intp]]) -> NDArray[np.str_]:
    each = []
    for block in blocks:
        names, sizes = np.unique(labels[block], return_counts=True)
        each.append(names[omnibus.assignments(sizes.tolist())])
    rows = []
    for chosen in product(*each):
        row = labels.copy()
        for block, part in zip(blocks, chosen, strict=True):
            row[block] = part
        rows.append(row)
    return np.array(rows)


def _random(
    labels: NDArray[np.str_], blocks: list[NDArray[np.intp]], rng: np.random.Generator, n: int
) -> NDArray[np.str_]:
    drawn = np.broadcast_to(labels, (n, len(labels))).copy()
    for block in blocks:
        drawn[:, block] = rng.permuted(drawn[:, block], axis=1)
    return drawn
