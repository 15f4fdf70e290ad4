"""The cube: what competes on what, what is missing, and where each value comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmark_tables import build, experiment, result, spec

from metareview.errors import InputError, UnknownName
from metareview.stats.benchmark.ranking import Cube, cube_from_long, cube_from_tables, cube_from_wide, method_label

REVIEWS = Path(__file__).parents[3] / "data" / "studies"


def long(*rows: tuple[object, ...], columns: str = "method dataset metric value") -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def test_long_table() -> None:
    cube = cube_from_long(long(("B", "x", "Dice", 0.8), ("A", "x", "DSC", 0.9), ("A", "y", "voi", 1.5)))
    assert cube.methods_compared == ("A", "B")
    assert [column.key for column in cube.columns] == ["x|dice", "y|voi"]
    np.testing.assert_array_equal(cube.values, [[0.9, 1.5], [0.8, np.nan]])
    np.testing.assert_array_equal(cube.oriented, [[0.9, -1.5], [0.8, np.nan]])
    np.testing.assert_array_equal(cube.limits, [[0, -np.inf], [1, 0]])
    assert cube.missing() == ["B on y|voi"]
    assert any("no source states the convention of dice, voi" in text for text in cube.warnings)


def test_empty_cells_are_missing_and_counted() -> None:
    cube = cube_from_long(long(("A", "x", "dice", 0.9), ("B", "x", "dice", None), ("C", "x", "dice", " ")))
    assert cube.methods_compared == ("A", "B", "C")
    assert (cube.k_in, cube.k_used, len(cube.dropped)) == (3, 1, 2)
    assert cube.missing() == ["B on x|dice", "C on x|dice"]


def test_conventions_are_columns_of_their_own() -> None:
    cube = cube_from_long(
        long(("A", "x", "arand", "gt0", 0.1), ("A", "x", "arand", "cremi", 0.2), ("B", "x", "arand", "unstated", 0.3),
             columns="method dataset metric convention value")
    )  # fmt: skip
    assert [column.key for column in cube.columns] == ["x|arand", "x|arand:cremi", "x|arand:gt0"]
    assert any("arand on x stands under 3 conventions (cremi, gt0, unstated)" in text for text in cube.warnings)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("A", "x", "wobble", 1.0)], "metric 'wobble' is not in the vocabulary.*--higher-is-better 'wobble'"),
        ([("A", "x", "parameters", 1.0)], "'parameters' has no better direction.*--lower-is-better"),
        ([("A", "x", "dice", 94.8)], "line 2: 94.8 is outside the range of dice.*--range dice=LOW:HIGH"),
        ([("A", "x", "dice", "high")], "line 2, column value: 'high' is no number"),
        ([("A", "x", "dice", np.inf)], "line 2, column value: inf is not finite"),
        ([("A", "x", "dice", 0.9), ("A", "x", "DSC", 0.8)], "lines 2 and 3: two values of A on x.dice"),
        ([("", "x", "dice", 0.9)], "line 2: no method"),
    ],
)
def test_bad_rows(rows: list[tuple[object, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cube_from_long(long(*rows))


def test_missing_column_names_the_wide_form() -> None:
    with pytest.raises(InputError, match=r"no column value.*--wide"):
        cube_from_long(pd.DataFrame({"method": ["A"], "metric": ["dice"]}))


def test_directions_and_ranges_of_the_caller() -> None:
    cube = cube_from_long(
        long(("A", "x", "wobble", 1.0), ("A", "x", "dice", 94.8)), {"wobble": "lower"}, ranges={"dice": (0, 100)}
    )
    assert [(c.metric, c.direction, c.high) for c in cube.columns] == [("dice", 1, 100), ("wobble", -1, None)]


def test_units_and_studies_are_averaged() -> None:
    rows = [("A", "x", "dice", 0.8, "s", "image:1"), ("A", "x", "dice", 0.9, "s", "image:2"),
            ("B", "x", "dice", 0.1, "s", None), ("B", "x", "dice", 0.2, "t", None)]  # fmt: skip
    cube = cube_from_long(long(*rows, columns="method dataset metric value study unit"))
    assert [(e.value, e.k, e.units) for e in cube.entries] == [
        (0.85, 2, (("image:1", 0.8), ("image:2", 0.9))), (0.15, 2, ())]  # fmt: skip
    assert cube.entries[1].studies == ("s", "t")
    assert "2 of 2 cells are means over several rows" in cube.methods


def test_wide_table() -> None:
    frame = pd.DataFrame({"name": ["A", "B"], "x|dice": [0.9, None], "y.voi": [1.0, 2.0], "f1": [0.5, 0.6],
                          "category": ["CNN", "Hybrid"]})  # fmt: skip
    cube = cube_from_wide(frame)
    assert [c.key for c in cube.columns] == ["f1", "x|dice", "y|voi"]
    assert cube.categories == ("CNN", "Hybrid")
    assert cube.missing() == ["B on x|dice"]


def test_wide_table_of_one_metric() -> None:
    cube = cube_from_wide(pd.DataFrame({"method": ["A"], "cremi.a": [0.1], "cremi.b": [0.2]}), metric="arand")
    assert [(c.dataset, c.metric, c.direction) for c in cube.columns] == [
        ("cremi.a", "arand", -1), ("cremi.b", "arand", -1)]  # fmt: skip
    with pytest.raises(InputError, match=r"heading 'lucchi' names no metric.*--metric NAME"):
        cube_from_wide(pd.DataFrame({"method": ["A"], "lucchi": [0.1]}))


def test_restrict() -> None:
    cube = cube_from_long(long(("A", "x", "dice", 0.9), ("B", "x", "dice", 0.8), ("B", "y", "dice", 0.7)))
    part = cube.restrict(methods=["B"], columns=[1])
    assert part.methods_compared == ("B",)
    np.testing.assert_array_equal(part.values, [[0.7]])
    assert (part.k_in, part.k_used, len(part.dropped)) == (3, 1, 2)
    with pytest.raises(UnknownName, match="method 'C'"):
        cube.restrict(methods=["C"])


def test_json_round_trip() -> None:
    cube = cube_from_long(long(("A", "x", "dice", 0.9), ("B", "y", "voi", 0.8)))
    again = Cube.from_json(cube.to_json())
    assert again.entries == cube.entries
    assert again.columns == cube.columns
    np.testing.assert_array_equal(again.values, cube.values)


def test_review_tables() -> None:
    tables = build(
        [result("s.A.x", "dice", 0.9), result("s.B.x", "dice", 0.8), result("t.A.x", "dice", 0.7),
         result("s.A.x", "parameters", 3.0), result("s.C.-", "dice", 0.5), result("s.A.y", "voi", 1.0, se=0.1)]
    )  # fmt: skip
    cube = cube_from_tables(tables, spec())
    assert cube.methods_compared == ("A", "B")
    assert [c.key for c in cube.columns] == ["x|dice", "y|voi"]
    assert (cube.entries[0].value, cube.entries[0].studies, cube.entries[0].k) == (0.8, ("s", "t"), 2)
    assert cube.entries[1].se == 0.1
    reasons = {row.what: row.reason for row in cube.dropped}
    assert "no better direction" in reasons["s.A.x, parameters"]
    assert "no data set is named" in reasons["s.C.-, dice"]
    assert "1 of 3 cells are means over several experiments of a method" in cube.methods


def test_review_ablations_and_evaluations_and_names() -> None:
    tables = build(
        [result("s.A.x", "dice", 0.9), result("s.B.x", "dice", 0.8), result("s.C.x", "dice", 0.7)],
        experiments=[experiment("s.A.x", setting="2D; small"), experiment("s.B.x", setting="3D"),
                     experiment("s.C.x", ablation=True)],
    )  # fmt: skip
    cube = cube_from_tables(tables, spec(evaluations=["2D", "3D"]), name=method_label("method", "setting"))
    assert cube.methods_compared == ("A, 2D; small", "B, 3D")
    assert [c.key for c in cube.columns] == ["x|dice|2D", "x|dice|3D"]
    assert [row.reason for row in cube.dropped] == ["an ablation; it takes no place"]


def test_means_over_the_same_data_sets_compare_and_as_printed_warns() -> None:
    tables = build(
        [result("s.A.-", "dice", 0.9, level="study_mean"), result("s.B.-", "dice", 0.8, level="study_mean"),
         result("s.C.x", "dice", 0.7)],
        experiments=[experiment("s.A.-", datasets=("y", "x")), experiment("s.B.-", datasets=("x", "y")),
                     experiment("s.C.x")],
    )  # fmt: skip
    honest = cube_from_tables(tables, spec(), levels=("cell", "study_mean"))
    assert [c.key for c in honest.columns] == ["x+y|dice", "x|dice"]
    printed = cube_from_tables(tables, spec(), levels=("cell", "study_mean"), as_printed=True)
    assert [c.key for c in printed.columns] == ["dice"]
    assert any("over 2 different data sets" in text for text in printed.warnings)


def test_published_reviews() -> None:
    import metareview

    founding = metareview.load(REVIEWS / "brain-em")
    table3 = cube_from_tables(
        founding.frames, founding.spec, corpus="shah2025_review", place="Table 3", levels=("cell", "study_mean"),
        as_printed=True,
    )  # fmt: skip
    assert table3.shape == (10, 3)
    assert len(table3.entries) == table3.k_used == 19
    public = metareview.load(REVIEWS / "em-public")
    images = cube_from_tables(public.frames, public.spec, datasets=["em-stellar"], unit="image")
    assert images.shape == (13, 2)
    assert {len(entry.units) for entry in images.entries} == {4}
    pooled = cube_from_tables(public.frames, public.spec, datasets=["em-stellar"])
    assert pooled.shape[0] == 13
    assert not any(entry.units for entry in pooled.entries)
