"""The contingency table of two label volumes, from which every overlap, partition and instance score follows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from metareview.errors import InputError
from metareview.evaluation.kernels import reduce_pairs
from metareview.evaluation.readers import read_npz

__all__ = ["ContingencyTable"]

FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class ContingencyTable:
    """How many voxels each pair of segments shares.

    Attributes
    ----------
    prediction, truth : uint64, shape (k,): the ids of each pair that occurs, background 0 included.
    count : int64, shape (k,): voxels of the pair. Sorted by truth and then prediction, so equal volumes give equal
        tables whatever the order in which their voxels were read.

    Examples
    --------
    >>> import numpy as np
    >>> from metareview.evaluation import contingency_table
    >>> table = contingency_table(np.array([[1, 1], [2, 0]]), np.array([[7, 7], [7, 0]]))
    >>> table.count.tolist(), table.voxels
    ([1, 2, 1], 4)
    """

    prediction: np.ndarray
    truth: np.ndarray
    count: np.ndarray

    def __post_init__(self) -> None:
        for column in (self.prediction, self.truth, self.count):
            column.flags.writeable = False

    @classmethod
    def from_pairs(cls, prediction: np.ndarray, truth: np.ndarray, count: np.ndarray) -> ContingencyTable:
        """Build a table from pairs in any order; equal pairs are added up."""
        columns = (
            np.array(prediction, dtype=np.uint64),
            np.array(truth, dtype=np.uint64),
            np.array(count, dtype=np.int64),
        )
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise InputError("a contingency table needs three flat arrays of one length: prediction, truth, count")
        if (columns[2] < 1).any():
            raise InputError("a contingency table holds counts of 1 or more; leave out pairs that do not occur")
        return cls(*reduce_pairs(*columns))

    @property
    def voxels(self) -> int:
        """Number of voxels counted."""
        return int(self.count.sum())

    def __len__(self) -> int:
        return int(self.count.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ContingencyTable):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in ("prediction", "truth", "count")
        )

    __hash__ = None  # type: ignore[assignment]

    def merge(self, *others: ContingencyTable) -> ContingencyTable:
        """Return the table of all voxels of this table and the `others`.

        Chunk tables add up to the table of the whole volume, in any order, as long as an id means the same segment
        in every chunk.
        """
        tables = (self, *others)
        return ContingencyTable(
            *reduce_pairs(
                np.concatenate([table.prediction for table in tables]),
                np.concatenate([table.truth for table in tables]),
                np.concatenate([table.count for table in tables]),
            )
        )

    def transpose(self) -> ContingencyTable:
        """Return the table with prediction and truth exchanged."""
        return ContingencyTable.from_pairs(self.truth, self.prediction, self.count)

    def to_bytes(self) -> bytes:
        """Return the table as an ``.npz`` archive; the same table gives the same bytes."""
        buffer = BytesIO()
        head = json.dumps({"format": FORMAT, "voxels": self.voxels})
        np.savez_compressed(buffer, head=np.array(head), prediction=self.prediction, truth=self.truth, count=self.count)
        return buffer.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write the table to an ``.npz`` file, as a whole or not at all; `load` reads it back."""
        from metareview.results.atomic import write_atomic

        return write_atomic(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> ContingencyTable:
        """Read a table written by `save`.

        Raises
        ------
        InputError
            If the file is missing, is no such table, or its voxels do not add up.
        """
        head, *columns = read_npz(path, ("head", "prediction", "truth", "count"), "a contingency table written by save")
        table = cls.from_pairs(*columns)
        if json.loads(str(head)) != {"format": FORMAT, "voxels": table.voxels}:
            raise InputError(f"{path} is a contingency table of another format, or damaged; count the volumes again")
        return table
