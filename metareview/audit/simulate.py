"""Genuine data, printed, for every exact check; and the same with a planted error.

A check that calls genuine figures contradicted is wrong, whatever it finds elsewhere. Each generator draws data,
computes what a paper would, prints it with a random number of digits under a random rounding convention, and returns
the inputs of the check. Each plant changes one figure by more than its rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import floor, log2, sqrt
from random import Random

from metareview.audit.effects import anova_f, cohen_d, eta_squared, hedges_factor
from metareview.audit.pvalues import p_value
from metareview.audit.verdicts import Verdict

__all__ = ["GENERATORS", "PLANTS", "shown", "simulate"]

Inputs = dict[str, str]


def shown(value: Fraction | float, decimals: int, rng: Random) -> str:
    """Return a number printed with so many decimals, half up or half even."""
    exact = Fraction(value)
    scaled = abs(exact) * 10**decimals
    whole, rest = floor(scaled), scaled - floor(scaled)
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (_half_up(rng) or whole % 2 == 1))
    digits = str(whole + up).rjust(decimals + 1, "0")
    text = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"-{text}" if exact < 0 and whole + up else text


def _half_up(rng: Random) -> bool:
    """Whether this paper rounds half up; one answer per paper, kept on the generator."""
    return bool(getattr(rng, "half_up", True))


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _sd(values: Sequence[Fraction]) -> float:
    centre = _mean(values)
    return sqrt(sum(((x - centre) ** 2 for x in values), Fraction(0)) / (len(values) - 1))


def _scores(rng: Random, n: int, low: float = 0.5, high: float = 0.99) -> list[Fraction]:
    return [Fraction(round(rng.uniform(low, high), 6)).limit_denominator(10**6) for _ in range(n)]


def _sum(rng: Random) -> Inputs:
    parts = [rng.randint(0, 500) for _ in range(rng.randint(2, 6))]
    minus = rng.randint(0, sum(parts))
    return {"total": str(sum(parts) - minus), "parts": "|".join(map(str, parts)), "minus": str(minus)}


def _partition(rng: Random) -> Inputs:
    parts = [rng.randint(0, 80) for _ in range(rng.randint(2, 6))]
    return {"total": str(sum(parts)), "parts": "|".join(map(str, parts))}


def _percent(rng: Random) -> Inputs:
    n = rng.randint(3, 400)
    k = rng.randint(0, n)
    found = {"value": shown(Fraction(100 * k, n), rng.randint(0, 2), rng) + "%", "n": str(n)}
    return {**found, "k": str(k)} if rng.random() < 0.5 else found


def _count_list(rng: Random) -> Inputs:
    ids = sorted(rng.sample(range(1, 80), rng.randint(1, 12)))
    parts, start = [], 0
    for end in range(1, len(ids) + 1):  # runs of three or more are printed as ranges
        if end == len(ids) or ids[end] != ids[end - 1] + 1:
            run = ids[start:end]
            parts += [f"{run[0]}–{run[-1]}"] if len(run) > 2 else list(map(str, run))
            start = end
    return {"count": str(len(ids)), "list": ",".join(parts)}


def _repeat(rng: Random) -> Inputs:
    value = Fraction(rng.randint(0, 10**6), 10**6)
    parts = [shown(100 * value, rng.randint(0, 2), rng) + "%" for _ in range(3)]
    parts += [shown(100 - 100 * value, rng.randint(0, 2), rng) + "%"]
    return {"values": "|".join(parts), "polarity": "+|+|+|-"}


def _compare(rng: Random) -> Inputs:
    a, b, c = _scores(rng, 3)
    left = f"({shown(a, 3, rng)} + {shown(b, 3, rng)}) / 2 - {shown(c, 2, rng)}"
    return {"left": left, "op": "=", "right": shown((a + b) / 2 - c, 3, rng)}


def _range(rng: Random) -> Inputs:
    values, d = _scores(rng, rng.randint(2, 9)), rng.randint(1, 4)
    figures = [shown(v, d, rng) for v in values]
    low, high = shown(min(values), d, rng), shown(max(values), d, rng)
    return {"low": low, "high": high, "values": "|".join(figures), "attained": "yes"}


def _order(rng: Random) -> Inputs:
    values = sorted(_scores(rng, rng.randint(2, 9)), reverse=True)
    return {"values": "|".join(shown(v, 2, rng) for v in values)}


def _prisma(rng: Random) -> Inputs:
    sources = [rng.randint(10, 900) for _ in range(4)]
    duplicates = rng.randint(0, sum(sources) // 2)
    screened = sum(sources) - duplicates
    excluded = rng.randint(0, screened)
    assessed = screened - excluded
    dropped = rng.randint(0, assessed)
    return {
        "database_results": str(sum(sources)), "database_specific_results": "|".join(map(str, sources)),
        "duplicates": str(duplicates), "records_screened": str(screened), "records_excluded": str(excluded),
        "dbr_sought_reports": str(assessed), "dbr_assessed": str(assessed), "dbr_excluded": str(dropped),
        "new_studies": str(assessed - dropped),
    }  # fmt: skip


def _p_value(rng: Random) -> Inputs:
    test = rng.choice(("t", "f", "chi2", "r", "z"))
    df = {"f": (rng.randint(1, 6), rng.randint(3, 90)), "z": ()}.get(test, (rng.randint(3, 90),))
    value = rng.uniform(0.0, 0.9) if test == "r" else rng.uniform(0.1, 9.0)
    p = p_value(test, value, df)
    if p < 0.0006:
        return {"test": test, "statistic": shown(value, 2, rng), "p": "<.001", **_df(test, df)}
    return {"test": test, "statistic": shown(value, 2, rng), "p": shown(p, 3, rng), **_df(test, df)}


def _df(test: str, df: tuple[int, ...]) -> Inputs:
    if test == "f":
        return {"df1": str(df[0]), "df2": str(df[1])}
    return {"df": str(df[0])} if df else {}


def _grim(rng: Random) -> Inputs:
    n = rng.randint(2, 99)
    return {"mean": shown(Fraction(rng.randint(n, 7 * n), n), rng.randint(1, 2), rng), "n": str(n)}


def _whole(rng: Random, low: int, high: int) -> list[Fraction]:
    return [Fraction(rng.randint(low, high)) for _ in range(rng.randint(2, 60))]


def _grimmer(rng: Random) -> Inputs:
    values, d = _whole(rng, 1, rng.randint(2, 9)), rng.randint(1, 3)
    sd = shown(_sd(values), rng.randint(1, 3), rng)
    return {"mean": shown(_mean(values), d, rng), "sd": sd, "n": str(len(values))}


def _debit(rng: Random) -> Inputs:
    values = _whole(rng, 0, 1)
    sd = shown(_sd(values), rng.randint(1, 3), rng)
    return {"mean": shown(_mean(values), rng.randint(1, 3), rng), "sd": sd, "n": str(len(values))}


def _scale(rng: Random) -> Inputs:
    high = rng.randint(2, 7)
    values = [Fraction(rng.randint(1, high)) for _ in range(rng.randint(2, 25))]
    found = {"mean": shown(_mean(values), 2, rng), "sd": shown(_sd(values), 2, rng), "n": str(len(values))}
    return {**found, "low": "1", "high": str(high)}


def _summary(rng: Random) -> Inputs:
    values, d = sorted(_scores(rng, rng.randint(2, 14), 0.0, 1.0)), rng.randint(1, 3)
    n = len(values)
    figures: dict[str, Fraction | float] = {
        "mean": _mean(values), "sd": _sd(values), "min": values[0], "max": values[-1],
        "median": (values[(n - 1) // 2] + values[n // 2]) / 2,
    }  # fmt: skip
    return {"n": str(n), **{name: shown(value, d, rng) for name, value in figures.items()}}


def _sd_bounds(rng: Random) -> Inputs:
    return {name: value for name, value in _summary(rng).items() if name != "median"}


def _mean_se_ci(rng: Random) -> Inputs:
    from metareview.audit.summaries import t_quantile

    values, d = _scores(rng, rng.randint(2, 40), 0.0, 9.0), rng.randint(1, 3)
    n, centre, sd = len(values), float(_mean(values)), _sd(values)
    reach = t_quantile(n - 1) * sd / sqrt(n)
    figures = {"mean": centre, "sd": sd, "se": sd / sqrt(n), "ci_low": centre - reach, "ci_high": centre + reach}
    return {"n": str(n), **{name: shown(value, d, rng) for name, value in figures.items()}}


def _groups(rng: Random) -> list[list[Fraction]]:
    return [_scores(rng, rng.randint(2, 9), 0.0, 9.0) for _ in range(rng.randint(2, 4))]


def _summaries(groups: Sequence[Sequence[Fraction]]) -> tuple[list[float], list[float], list[int]]:
    return [float(_mean(g)) for g in groups], [_sd(g) for g in groups], [len(g) for g in groups]


def _effect(rng: Random) -> Inputs:
    means, sds, ns = _summaries(_groups(rng))
    (m1, m2), (s1, s2), (n1, n2) = means[:2], sds[:2], ns[:2]
    d = cohen_d(m1, s1, n1, m2, s2, n2)
    figures = {"m1": m1, "sd1": s1, "m2": m2, "sd2": s2}
    printed = {name: shown(value, 2, rng) for name, value in figures.items()}
    effect = {"d": shown(d, 2, rng)} if rng.random() < 0.5 else {"g": shown(d * hedges_factor(n1 + n2 - 2), 2, rng)}
    return {**effect, **printed, "n1": str(n1), "n2": str(n2)}


def _anova(rng: Random) -> Inputs:
    means, sds, ns = _summaries(_groups(rng))
    f = anova_f(means, sds, ns)
    eta = eta_squared(f, len(ns) - 1, sum(ns) - len(ns))
    lists = {"means": means, "sds": sds}
    printed = {name: "|".join(shown(v, 3, rng) for v in values) for name, values in lists.items()}
    return {"f": shown(f, 2, rng), **printed, "ns": "|".join(map(str, ns)), "eta2": shown(eta, 2, rng)}


def _eta2(rng: Random) -> Inputs:
    df1, df2, f = rng.randint(1, 5), rng.randint(1, 80), rng.uniform(0.1, 30)
    return {"eta2": shown(eta_squared(f, df1, df2), 2, rng), "f": shown(f, 2, rng), "df1": str(df1), "df2": str(df2)}


def _d_versus_f(rng: Random) -> Inputs:
    groups = _groups(rng)
    means, sds, ns = _summaries(groups)
    within = sum((n - 1) * s * s for n, s in zip(ns, sds, strict=True)) / (sum(ns) - len(ns))
    d, f = (means[0] - means[1]) / sqrt(within), anova_f(means, sds, ns)
    return {"d": shown(d, 2, rng), "f": shown(f, 2, rng), "n": str(sum(ns)), "groups": str(len(ns))}


def _matrix(rng: Random) -> Inputs:
    import numpy as np

    m = rng.randint(3, 5)
    data = np.array([[rng.gauss(0, 1) for _ in range(m)] for _ in range(rng.randint(3, 12))])
    r = np.corrcoef(data.T)
    upper = [shown(float(np.clip(r[i, j], -1, 1)), 2, rng) for i in range(m) for j in range(i + 1, m)]
    return {"names": "|".join("abcde"[:m]), "r": "|".join(upper)}


def _dice_jaccard(rng: Random) -> Inputs:
    dice, d = _scores(rng, rng.randint(1, 9), 0.0, 1.0), rng.randint(1, 4)
    jaccard = [x / (2 - x) for x in dice]
    level = "item" if len(dice) == 1 else "mean"
    return {"dice": shown(_mean(dice), d, rng), "jaccard": shown(_mean(jaccard), d, rng), "level": level}


def _f1(rng: Random) -> Inputs:
    n, d = rng.randint(1, 9), rng.randint(1, 4)
    p, r = _scores(rng, n, 0.05, 1.0), _scores(rng, n, 0.05, 1.0)
    f1 = [2 * a * b / (a + b) for a, b in zip(p, r, strict=True)]
    level = "item" if n == 1 else "mean"
    figures = {"f1": f1, "precision": p, "recall": r}
    return {**{name: shown(_mean(values), d, rng) for name, values in figures.items()}, "level": level}


def _pq(rng: Random) -> Inputs:
    sq, rq = _scores(rng, 2, 0.5, 1.0)
    return {"pq": shown(sq * rq, 3, rng), "sq": shown(sq, 3, rng), "rq": shown(rq, 3, rng)}


def _ap_order(rng: Random) -> Inputs:
    ap75, ap50 = sorted(_scores(rng, 2, 0.0, 1.0))
    return {"ap": shown((ap75 + ap50) / 2, 2, rng), "ap50": shown(ap50, 2, rng), "ap75": shown(ap75, 2, rng)}


def _arand(rng: Random) -> Inputs:
    (error,) = _scores(rng, 1, 0.0, 0.5)
    return {"arand": shown(error, 3, rng), "rand_f": shown(1 - error, rng.randint(2, 4), rng)}


def _voi(rng: Random) -> Inputs:
    sizes = rng.randint(2, 40), rng.randint(2, 40)
    most = sum(log2(size) for size in sizes)
    split, merge = rng.uniform(0, most / 2), rng.uniform(0, most / 2)
    figures = {"voi": split + merge, "split": split, "merge": merge}
    printed = {name: shown(value, 3, rng) for name, value in figures.items()}
    return {**printed, "segments_1": str(sizes[0]), "segments_2": str(sizes[1])}


def _cremi(rng: Random) -> Inputs:
    voi, arand = rng.uniform(0.05, 3), rng.uniform(0.01, 0.5)
    return {"score": shown(sqrt(voi * arand), 3, rng), "voi": shown(voi, 3, rng), "arand": shown(arand, 3, rng)}


def _composite(rng: Random) -> Inputs:
    cells = _scores(rng, rng.randint(1, 4))
    return {"composite": shown(_mean(cells), 3, rng), "cells": "|".join(shown(c, 3, rng) for c in cells)}


def _composite_rule(rng: Random) -> Inputs:
    rows = [_composite(rng) for _ in range(6)]
    return {"rows": "|".join(f"{row['composite']}: {row['cells'].replace('|', ',')}" for row in rows)}


def _aggregate(rng: Random) -> Inputs:
    values = _scores(rng, rng.randint(3, 9))
    ends = {"min": min(values), "max": max(values), "mean": _mean(values)}
    printed = {name: shown(value, 3, rng) for name, value in ends.items()}
    return {**printed, "members": shown(values[0], 3, rng), "k": str(len(values))}


def _cv(rng: Random) -> Inputs:
    values = _scores(rng, rng.randint(3, 9))
    found = {"cv": shown(_sd(values) / float(_mean(values)), 3, rng), "mean": shown(_mean(values), 3, rng)}
    return {**found, "members": shown(values[0], 3, rng), "k": str(len(values))}


def _change(rng: Random) -> Inputs:
    a, b = _scores(rng, 2)
    return {"value": shown(100 * (a / b - 1), 1, rng) + "%", "a": shown(a, 3, rng), "b": shown(b, 3, rng)}


#: A generator of genuine inputs per exact check.
GENERATORS: Mapping[str, Callable[[Random], Inputs]] = {
    "sum": _sum, "partition": _partition, "percent": _percent, "count-list": _count_list, "repeat": _repeat,
    "compare": _compare, "range": _range, "order": _order, "prisma": _prisma, "p-value": _p_value, "grim": _grim,
    "grimmer": _grimmer, "debit": _debit, "scale-feasible": _scale, "summary-row": _summary, "sd-bounds": _sd_bounds,
    "mean-se-ci": _mean_se_ci, "effect-size": _effect, "anova": _anova, "eta2": _eta2, "d-versus-f": _d_versus_f,
    "correlation-matrix": _matrix, "dice-jaccard": _dice_jaccard, "f1": _f1, "pq": _pq, "ap-order": _ap_order,
    "arand": _arand, "voi": _voi, "cremi": _cremi, "composite": _composite, "composite-rule": _composite_rule,
    "aggregate-bound": _aggregate, "cv": _cv, "change": _change,
}  # fmt: skip


def _shift(name: str, units: int) -> Callable[[Inputs, Random], Inputs]:
    """Return a plant that moves one figure by so many units of its last digit."""

    def plant(inputs: Inputs, rng: Random) -> Inputs:
        text = inputs[name]
        percent = text.endswith("%")
        plain = text.rstrip("%").lstrip("<>")
        decimals = len(plain.partition(".")[2])
        moved = Fraction(plain) + Fraction(units, 10**decimals)
        return {**inputs, name: shown(moved, decimals, rng) + "%" * percent}

    return plant


def _replace(
    name: str, change: Callable[[Fraction], Fraction], decimals: int = 3
) -> Callable[[Inputs, Random], Inputs]:
    """Return a plant that replaces one figure by a function of it."""

    def plant(inputs: Inputs, rng: Random) -> Inputs:
        text = inputs[name]
        moved = change(Fraction(text.rstrip("%").lstrip("<>")))
        return {**inputs, name: shown(moved, decimals, rng) + "%" * text.endswith("%")}

    return plant


def _plant_effect(inputs: Inputs, rng: Random) -> Inputs:
    name = "d" if "d" in inputs else "g"
    return _replace(name, lambda effect: effect * 3 + 4, 2)(inputs, rng)


#: Per check, how an error is planted.
PLANTS: Mapping[str, Callable[[Inputs, Random], Inputs]] = {
    "sum": _shift("total", 1), "partition": _shift("total", 1), "count-list": _shift("count", -1),
    "repeat": lambda inputs, rng: {**inputs, "polarity": "+|-|+|+"},
    "compare": _shift("right", 20), "prisma": _shift("records_screened", 7),
    "percent": lambda inputs, rng: {**inputs, "value": shown(Fraction(rng.randint(0, 1000), 10), 1, rng) + "%"},
    "range": _replace("low", lambda low: low + Fraction(1, 2)),
    "order": lambda inputs, rng: {"values": "0.10|" + inputs["values"]},
    "p-value": lambda inputs, rng: {**inputs, "p": "0.999" if inputs["p"] < "0.5" else "0.001"},
    "grim": _shift("mean", 1), "grimmer": _shift("sd", 1), "debit": _shift("sd", 1), "scale-feasible": _shift("sd", 1),
    "summary-row": _shift("sd", 60), "sd-bounds": _shift("sd", 90), "mean-se-ci": _shift("se", 30),
    "effect-size": _plant_effect, "eta2": _replace("eta2", lambda eta: (eta + Fraction(1, 2)) % 1, 2),
    "anova": _replace("f", lambda f: 2 * f + 3, 2), "d-versus-f": _replace("d", lambda d: d * 9 + 9, 2),
    "correlation-matrix": lambda inputs, rng: {"names": "a|b|c", "r": "0.90|0.80|-0.50"},
    "dice-jaccard": _replace("jaccard", lambda jaccard: jaccard / 2),
    "f1": _replace("f1", lambda f1: min(f1 * Fraction(3, 2) + Fraction(1, 10), Fraction(1))),
    "pq": _shift("pq", 9), "ap-order": _replace("ap50", lambda ap50: ap50 / 3),
    "arand": _shift("arand", 30), "voi": _shift("voi", 9), "cremi": _shift("score", 9),
    "composite": _shift("composite", 40),
    "composite-rule": lambda inputs, rng: {"rows": inputs["rows"] + "|0.999: 0.500,0.600"},
    "aggregate-bound": _replace("mean", lambda mean: mean / 2), "cv": _replace("cv", lambda cv: cv / 20, 4),
    "change": _replace("value", lambda value: value + 9, 1),
}  # fmt: skip


def simulate(check: str, draws: int, seed: int, *, plant: bool = False) -> dict[Verdict, int]:
    """Return how often each verdict was given for genuine data, or for data with a planted error."""
    from metareview.audit.registry import run_check

    rng = Random(f"{check} {seed}")
    found: dict[Verdict, int] = {}
    for _ in range(draws):
        rng.half_up = rng.random() < 0.5  # type: ignore[attr-defined]
        inputs = GENERATORS[check](rng)
        if plant:
            inputs = PLANTS[check](inputs, rng)
        verdict = run_check(check, inputs).verdict
        found[verdict] = found.get(verdict, 0) + 1
    return found
