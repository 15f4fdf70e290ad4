"""Typed frames to Parquet and back, exactly: text stays text, a count stays a count, a list is a tuple again."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metareview.errors import InputError

__all__ = ["read_parquet", "write_parquet"]

_KEY = b"metareview.dtypes"


def write_parquet(frame: pd.DataFrame, path: Path | str) -> None:
    """Write a typed frame; a reader never sees half a file, and the same frame gives the same bytes.

    Raises
    ------
    InputError
        If a column has a type that a table of a review does not have.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(path)
    arrays, fields = [], []
    for name, column in frame.items():
        array = _to_arrow(str(name), column)
        arrays.append(array)
        fields.append(pa.field(str(name), array.type))
    dtypes = json.dumps({str(name): str(dtype) for name, dtype in frame.dtypes.items()})
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata={_KEY: dtypes.encode()}))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        pq.write_table(table, temporary, compression="zstd")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _to_arrow(name: str, column: Any) -> Any:
    import pyarrow as pa

    match str(column.dtype):
        case "str":
            return pa.array(column.to_numpy(dtype=object, na_value=None), type=pa.string())
        case "float64":
            return pa.array(column.to_numpy(), type=pa.float64())
        case "Int64":
            return pa.array(column.to_numpy(dtype=object, na_value=None), type=pa.int64())
        case "int64":
            return pa.array(column.to_numpy(), type=pa.int64())
        case "bool":
            return pa.array(column.to_numpy(), type=pa.bool_())
        case "object" if all(isinstance(value, tuple) for value in column):
            return pa.array([list(value) for value in column], type=pa.list_(pa.string()))
        case dtype:
            raise InputError(f"column {name} has the type {dtype}; a table has text, numbers, flags and tuples")


def read_parquet(path: Path | str) -> pd.DataFrame:
    """Read what `write_parquet` wrote: an equal frame with equal types.

    Raises
    ------
    InputError
        If the file is not there, or was not written by `write_parquet`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} cannot be read as Parquet: {error}") from None
    metadata = table.schema.metadata or {}
    if _KEY not in metadata:
        raise InputError(f"{path} was not written by metareview; run the step that writes it again")
    dtypes = json.loads(metadata[_KEY])
    return pd.DataFrame({name: _from_arrow(table.column(name), dtype) for name, dtype in dtypes.items()})


def _from_arrow(column: Any, dtype: str) -> Any:
    match dtype:
        case "str":
            return pd.array(column.to_pylist(), dtype="str")
        case "Int64":
            return pd.array(column.to_pylist(), dtype="Int64")
        case "object":
            values = np.empty(len(column), dtype=object)
            values[:] = [tuple(value) for value in column.to_pylist()] or []
            return values
        case _:
            return column.to_numpy().astype(dtype)
