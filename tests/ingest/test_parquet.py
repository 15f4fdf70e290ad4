from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from metareview.errors import InputError
from metareview.ingest import empty_frame, read_parquet, read_review, write_parquet
from metareview.schema import TABLES

if TYPE_CHECKING:
    from conftest import Folder


def test_every_table_comes_back_exactly(folder: Folder, tmp_path: Path) -> None:
    folder.results({"n": "3", "sd": "NR", "ci_low": "0.1"}, {"metric": "f1", "unit": "image:1"})
    folder.write("studies.csv", "study_id,status,corpus\nsmith-r01,included,paper; paper\nlee-r02,mentioned,\n")
    for name, frame in read_review(folder.path).tables.items():
        path = tmp_path / f"{name}.parquet"
        write_parquet(frame, path)
        assert_frame_equal(read_parquet(path), frame)
    corpus = read_parquet(tmp_path / "studies.parquet")["corpus"]
    assert corpus.tolist() == [("paper", "paper"), ()]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_without_rows_keeps_its_types(table: str, tmp_path: Path) -> None:
    write_parquet(empty_frame(table), tmp_path / "x.parquet")
    assert_frame_equal(read_parquet(tmp_path / "x.parquet"), empty_frame(table))


def test_the_same_frame_gives_the_same_bytes(folder: Folder, tmp_path: Path) -> None:
    frame = read_review(folder.path).tables["results"]
    for name in ("a", "b"):
        write_parquet(frame, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "small"]


def test_a_frame_of_other_types_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="column when has the type datetime64"):
        write_parquet(pd.DataFrame({"when": pd.to_datetime(["2024-01-10"])}), tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_parquet(tmp_path / "nothing.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_parquet(tmp_path / "text.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(InputError, match="was not written by metareview"):
        read_parquet(tmp_path / "other.parquet")
