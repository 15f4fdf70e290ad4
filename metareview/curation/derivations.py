"""Derived numbers, computed again from the inputs that are stored with them.

A number that no document prints (a standard deviation behind an interval, a value read from a figure) stands in
results like any other; its row of ``derivations`` keeps the formula and the inputs, so that a check can repeat it.
The formulas themselves are those of the effect sizes (`metareview.stats.effects`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from metareview.errors import InputError, did_you_mean
from metareview.ingest.cells import CellFault, clean, parse_number, parse_score
from metareview.ingest.problems import Problems
from metareview.ingest.tables import ParsedTable
from metareview.schema.review import ReviewSpec

__all__ = ["FORMULAS", "FormulaSpec", "check_derivations", "derive", "parse_inputs"]

Inputs = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FormulaSpec:
    """One formula: what it computes, the inputs it needs, those it takes, and the function."""

    about: str
    inputs: tuple[str, ...]
    optional: tuple[str, ...]
    compute: Callable[[Inputs], float]


def _se_from_ci(x: Inputs) -> float:
    import numpy as np

    from metareview.stats.effects.convert import se_from_ci

    low, high = np.array([x["low"]]), np.array([x["high"]])
    return float(se_from_ci(low, high, level=x.get("level", 0.95), df=x.get("df"))[0])


def _quantiles(x: Inputs, part: str) -> float:
    import numpy as np

    from metareview.stats.effects.quantiles import mean_sd_from_quantiles

    given = {name: np.array([x[name]]) for name in ("low", "q1", "q3", "high") if name in x}
    found = mean_sd_from_quantiles(np.array([x["n"]]), np.array([x["median"]]), **given)
    return float(getattr(found, part)[0])


def _sample_sd(x: Inputs) -> float:
    from metareview.stats.effects.bounded_scores import fix_ddof

    return float(fix_ddof([x["sd"]], [x["n"]])[0])


def _figure(x: Inputs) -> float:
    """Return the value at a position by the straight line through two calibration points of the axis."""
    if x["p1"] == x["p2"]:
        raise InputError("the two calibration points have one position; take two ticks of the axis")
    return x["v1"] + (x["at"] - x["p1"]) * (x["v2"] - x["v1"]) / (x["p2"] - x["p1"])


def _log_figure(x: Inputs) -> float:
    if min(x["v1"], x["v2"]) <= 0:
        raise InputError("a logarithmic axis has values above 0 only")
    return math.exp(_figure({**x, "v1": math.log(x["v1"]), "v2": math.log(x["v2"])}))


_AXIS = ("at", "p1", "v1", "p2", "v2")
FORMULAS: Mapping[str, FormulaSpec] = {
    "sd-from-se": FormulaSpec("SD = SE · √n", ("se", "n"), (), lambda x: x["se"] * math.sqrt(x["n"])),
    "sd-from-ci": FormulaSpec(
        "SD from a 95 % interval of a mean (level, df for others)", ("low", "high", "n"), ("level", "df"),
        lambda x: _se_from_ci(x) * math.sqrt(x["n"]),
    ),
    "se-from-sd": FormulaSpec("SE = SD / √n", ("sd", "n"), (), lambda x: x["sd"] / math.sqrt(x["n"])),
    "se-from-ci": FormulaSpec(
        "SE from a 95 % interval (level, df for others)", ("low", "high"), ("level", "df"), _se_from_ci
    ),
    "sd-from-population-sd": FormulaSpec("sample SD from one with divisor n", ("sd", "n"), (), _sample_sd),
    "mean-from-quantiles": FormulaSpec(
        "mean from median and range or quartiles (Luo et al. 2018)", ("median", "n"), ("low", "q1", "q3", "high"),
        lambda x: _quantiles(x, "mean"),
    ),
    "sd-from-quantiles": FormulaSpec(
        "SD from median and range or quartiles (Wan et al. 2014)", ("median", "n"), ("low", "q1", "q3", "high"),
        lambda x: _quantiles(x, "sd"),
    ),
    "figure-linear": FormulaSpec("value at a position between two ticks of an axis", _AXIS, (), _figure),
    "figure-log": FormulaSpec("the same on a logarithmic axis", _AXIS, (), _log_figure),
}  # fmt: skip


def parse_inputs(text: str) -> dict[str, float]:
    """Return the inputs of a derivation by name.

    >>> parse_inputs("low=85.2; high=85.6; n=200")
    {'low': 85.2, 'high': 85.6, 'n': 200.0}

    Raises
    ------
    InputError
        If a part is not ``name=value``, or a name stands twice.
    """
    found: dict[str, float] = {}
    for part in filter(None, map(clean, text.split(";"))):
        name, sign, value = (clean(piece) for piece in part.partition("="))
        if not sign or name in found:
            raise InputError(f"{part!r} {'is not name=value' if not sign else 'stands twice'}")
        try:
            found[name] = parse_number(value)
        except CellFault as fault:
            raise InputError(f"{part!r}: {fault}") from None
    return found


def derive(formula: str, inputs: Inputs) -> float:
    """Return the number that a formula gives for its inputs.

    >>> derive("figure-linear", {"at": 157, "p1": 400, "v1": 0, "p2": 100, "v2": 1})
    0.81

    Raises
    ------
    InputError
        If an input is missing, not one of the formula's, or outside its range.
    """
    spec = FORMULAS[formula]
    missing = [name for name in spec.inputs if name not in inputs]
    if missing:
        raise InputError(f"{formula} needs {', '.join(missing)}")
    known = (*spec.inputs, *spec.optional)
    for name in inputs:
        if name not in known:
            raise InputError(f"{formula} has no input {name}; {did_you_mean(name, known) or ', '.join(known)}")
    if inputs.get("n", 1) <= 0:
        raise InputError("n is above 0")
    value = spec.compute(inputs)
    if not math.isfinite(value):
        raise InputError(f"{formula} gives no number for these inputs")
    return value


def check_derivations(tables: Mapping[str, ParsedTable], spec: ReviewSpec | None, problems: Problems) -> None:
    """Compute every derived number again, and compare it with what the derivation and the result say."""
    table = tables.get("derivations")
    if table is None:
        return
    results = _results_by_key(tables.get("results"))
    frame, raw = table.frame, table.raw
    good = table.good("formula", "inputs", "derived")
    for row in range(len(raw)):
        if not good[row]:
            continue
        try:
            value = derive(str(frame["formula"].iloc[row]), parse_inputs(str(frame["inputs"].iloc[row])))
        except InputError as error:
            rule, remedy = "a derivation has the inputs of its formula, as name=value; name=value", str(error)
            raw.report(problems, [row], "inputs", rule, remedy)
            continue
        said = clean(raw.text(row, "derived"))
        if abs(value - float(frame["derived"].iloc[row])) > _half_unit(said):
            rule = "the derived number follows from formula and inputs"
            raw.report(problems, [row], "derived", rule, f"it comes to {value:.6g}; correct the number or the inputs")
        _compare(table, row, tables.get("results"), results, problems)


def _half_unit(text: str) -> float:
    """Return half a unit of the last digit of a number as written, with room for the rounding of binary numbers."""
    number = text.lower().partition("e")[0].replace(",", ".")
    return float(0.5 * 10.0 ** -len(number.partition(".")[2])) * (1 + 1e-6)


_KEY = ("experiment_id", "metric", "convention", "unit")


def _results_by_key(results: ParsedTable | None) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    if results is not None:
        columns = (results.frame[name].fillna("").tolist() for name in _KEY)
        for row, key in enumerate(zip(*columns, strict=True)):
            found.setdefault(key, []).append(row)
    return found


def _compare(
    table: ParsedTable, row: int, results: ParsedTable | None, rows: Mapping[tuple[str, ...], list[int]],
    problems: Problems,
) -> None:  # fmt: skip
    """Report a derivation without its result, and a result that holds another number."""
    if results is None:
        return
    frame, raw = table.frame, table.raw
    key = tuple("" if frame[name].isna().iloc[row] else str(frame[name].iloc[row]) for name in _KEY)
    column, said = str(frame["column"].iloc[row]), clean(raw.text(row, "derived"))
    held = [clean(results.raw.text(index, column)) for index in rows.get(key, ())]
    if not rows.get(key):
        rule = "a derivation belongs to a result: experiment, metric, convention and unit are the same"
        raw.report(problems, [row], "experiment_id", rule, "add the result, or correct what tells it apart")
    elif not any(_agrees(text, float(frame["derived"].iloc[row]), said) for text in held):
        shown = ", ".join(text or "nothing" for text in held[:3])
        rule = f"the derived number stands in column {column} of its result"
        raw.report(problems, [row], "derived", rule, f"results holds {shown} there; write {said}, or correct the row")


def _agrees(text: str, derived: float, said: str) -> bool:
    try:
        value = parse_score(text).value
    except CellFault:
        return False
    return abs(value - derived) <= max(_half_unit(text.rstrip("%").strip()), _half_unit(said))
