"""Scores as a frozen result: every value with its convention, what could not be scored with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metareview.results.base import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Extent", "InputRecord", "ScoreResult", "ScoreRow"]

COLUMNS = ("metric", "convention", "value", "unit", "meaning")


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score; `value` is None where it does not exist, and the result's warnings say why."""

    metric: str
    convention: str
    value: float | None
    unit: str = ""
    meaning: str = ""

    @property
    def name(self) -> str:
        """Metric and convention as printed, such as ``arand:gt0``."""
        return f"{self.metric}:{self.convention}"


@dataclass(frozen=True, slots=True)
class Extent:
    """What was counted: voxels, pairs of segments, segments (background not among them), background shares."""

    voxels: int
    pairs: int
    truth_segments: int
    prediction_segments: int
    truth_background: float
    prediction_background: float


@dataclass(frozen=True, slots=True)
class InputRecord:
    """One input: its role, where it is, and the hash of its bytes (of the file, or of all files of a zarr store)."""

    role: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    sha256: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoreResult(Result):
    """Scores of one pair of volumes.

    Attributes
    ----------
    rows : one per metric and convention.
    extent : what was counted. `prediction_background` belongs next to any score under ``fg``, which a segmentation
        can improve by leaving voxels unassigned.
    inputs : the volumes, where they came from files.
    """

    rows: tuple[ScoreRow, ...]
    extent: Extent
    inputs: tuple[InputRecord, ...] = ()

    def value(self, metric: str, convention: str) -> float | None:
        """Return one score; None where it does not exist.

        Raises
        ------
        UnknownName
            If this result has no such score.
        """
        from metareview.errors import UnknownName

        for row in self.rows:
            if (row.metric, row.convention) == (metric, convention):
                return row.value
        raise UnknownName("score", f"{metric}:{convention}", (row.name for row in self.rows))

    def to_frame(self) -> pd.DataFrame:
        """Return metric, convention, value, unit and meaning, one row per score."""
        import pandas as pd

        cells = [[getattr(row, name) for name in COLUMNS] for row in self.rows]
        return pd.DataFrame(cells, columns=list(COLUMNS)).astype({"value": "float64"})

    def spread(self) -> pd.DataFrame:
        """Return how far one metric name goes on this pair: lowest and highest value over conventions of one unit.

        Columns metric, unit, conventions (how many have a value), low, low_convention, high, high_convention. Bits
        and nats are kept apart: their difference is a unit, not a rule.
        """
        import pandas as pd

        groups: dict[tuple[str, str], list[ScoreRow]] = {}
        for row in self.rows:
            if row.value is not None:
                groups.setdefault((row.metric, row.unit), []).append(row)
        body = []
        for (metric, unit), members in groups.items():
            low = min(members, key=lambda row: (row.value, row.convention))
            high = max(members, key=lambda row: (row.value, row.convention))
            body.append([metric, unit, len(members), low.value, low.convention, high.value, high.convention])
        names = ["metric", "unit", "conventions", "low", "low_convention", "high", "high_convention"]
        return pd.DataFrame(body, columns=names)

    def summary(self) -> str:
        """Return the scores, how far each name goes over conventions, what was counted, and what to know."""
        width = max((len(row.name) for row in self.rows), default=0)
        lines = [
            f"{row.name:<{width}}  {_number(row.value):>14}" + (f" {row.unit}" if row.unit else "") for row in self.rows
        ]
        spread = [row for row in self.spread().to_dict("records") if row["conventions"] > 1]
        if spread:
            lines.append("\nconvention spread: the same pair under every rule scored above")
        for row in spread:
            unit = f" {row['unit']}" if row["unit"] else ""
            lines.append(
                f"  {row['metric']:<12} {_number(row['low'])} ({row['low_convention']}) to {_number(row['high'])} "
                f"({row['high_convention']}){unit}, {row['conventions']} conventions"
            )
        e = self.extent
        lines.append(
            f"\n{e.voxels:,} voxels; truth: {e.truth_segments:,} segments, {e.truth_background:.2%} background; "
            f"prediction: {e.prediction_segments:,} segments, {e.prediction_background:.2%} background"
        )
        lines += [f"left out: {row}" for row in self.dropped]
        lines += [f"warning: {text}" for text in self.warnings]
        lines += [f"{record.role}: {record.name} sha256 {record.sha256}" for record in self.inputs]
        return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "does not exist" if value is None else f"{value:.6g}"
