"""Records on disk, and the rows that come of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_rerun_specs import spec_of

from metareview.errors import InputError
from metareview.evaluation.result import ScoreRow
from metareview.ingest.reruns import write_reruns
from metareview.rerun.record import RunRecord, Threshold, read_records, record_path, write_record
from metareview.rerun.rows import rows_of
from metareview.rerun.spec import RerunSpec
from metareview.rerun.spec_files import read_specs


def record(of: RerunSpec, fold: str, seed: int, value: float | None, **more: Any) -> RunRecord:
    given = {
        "run_id": of.run_id(fold, seed), "spec_id": of.id, "preset": of.preset, "fold": fold, "seed": seed,
        "spec_hash": of.digest, "spec": {}, "data": {}, "regions": {}, "leakage": ("they touch",), "code": {},
        "environment": {}, "device": {}, "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T00:01:00+00:00", "seconds": {"train": 1.0}, "convergence": {},
        "thresholds": (Threshold(0.5, None),), "threshold": 0.5, "chosen_by": "vrand:thin",
        "scores": (ScoreRow("vrand", "thin", value),), "extent": {},
    }  # fmt: skip
    return RunRecord(**(given | more))


def all_of(spec: RerunSpec, values: dict[tuple[str, int], float | None]) -> dict[str, RunRecord]:
    made = [record(spec, fold, seed, value) for (fold, seed), value in values.items()]
    return {one.run_id: one for one in made}


def test_a_record_comes_back_as_it_went(tmp_path: Path) -> None:
    one = record(spec_of(), "0", 1, 0.1 + 0.2)
    write_record(tmp_path, one)
    (back,) = read_records(tmp_path).values()
    assert back.to_json() == one.to_json()
    assert back.value("vrand:thin") == 0.1 + 0.2
    with pytest.raises(InputError, match="has no score dice:fg; it has vrand:thin"):
        back.value("dice:fg")
    assert read_records(tmp_path, ["other"]) == {}
    path = record_path(tmp_path, "other")
    path.write_text(one.to_json())
    with pytest.raises(InputError, match="is the record of"):
        read_records(tmp_path)
    path.write_text(json.dumps({"kind": "RunRecord"}))
    with pytest.raises(InputError, match="schema version"):
        read_records(tmp_path)
    path.write_text("{")
    with pytest.raises(InputError, match="is no run record"):
        read_records(tmp_path)


def test_seeds_are_means_over_folds_and_the_mean_is_over_seeds() -> None:
    spec = spec_of(split={"folds": 2}, presets={}, seeds=[1, 2, 3])
    values = {(fold, seed): 0.9 + 0.01 * seed + 0.02 * int(fold) for fold in ("0", "1") for seed in (1, 2, 3)}
    rows = rows_of([spec], all_of(spec, dict(values)))
    (experiment,) = rows.experiments
    assert (experiment.n_runs, experiment.split, len(experiment.run_id)) == (6, "slice-blocks, 2 folds", 6)
    assert experiment.note == "they touch"
    seeds, mean = rows.results[:-1], rows.results[-1]
    assert [row.unit for row in seeds] == ["seed:1", "seed:2", "seed:3"]
    assert [row.value for row in seeds] == pytest.approx([0.92, 0.93, 0.94])
    assert {(row.n, row.n_of, len(row.run_id)) for row in seeds} == {(2, "folds", 2)}
    assert (mean.unit, mean.n, mean.n_of) == (None, 3, "seeds")
    assert mean.value == pytest.approx(0.93)
    assert mean.sd == pytest.approx(0.01)
    assert not rows.left_out


def test_a_split_says_what_it_tests() -> None:
    """Two blocks of one volume are no common ground, though both are called a block."""

    def text(split: dict[str, Any], *tested: tuple[int, int]) -> str | None:
        spec = spec_of(split=split, presets={}, seeds=[1, 2], few_seeds_because="a test")
        regions = {"test": [[list(z), [0, 8], [0, 9]] for z in tested]}
        records = [record(spec, "0", seed, 0.5, regions=regions) for seed in spec.seeds]
        return rows_of([spec], {one.run_id: one for one in records}).experiments[0].split

    assert text({"kind": "block"}, (6, 9)) == "block, 1 fold, tested z 6–9 y 0–8 x 0–9"
    assert text({"kind": "block", "test": 0.2}, (7, 9)) == "block, 1 fold, tested z 7–9 y 0–8 x 0–9"
    spec = spec_of(split={"kind": "slice-blocks", "folds": 2, "axis": 2}, presets={})
    rows = rows_of([spec], all_of(spec, {(fold, seed): 0.5 for fold in "01" for seed in spec.seeds}))
    assert rows.experiments[0].split == "slice-blocks, 2 folds, along x"


def test_what_is_incomplete_or_stale_is_left_out_and_named() -> None:
    spec = spec_of(split={"folds": 2}, presets={})
    records = all_of(spec, {("0", 1): 0.9, ("1", 1): 0.9, ("0", 2): 0.8})
    changed = spec_of(split={"folds": 2, "gap": 3}, presets={})
    records |= all_of(changed, {("0", 1): 0.5})
    rows = rows_of([spec], records)
    assert [row.unit for row in rows.results] == ["seed:1", None]
    assert rows.results[-1].sd is None  # one seed has no spread
    assert rows.left_out == (
        f"{spec.run_id('0', 2)}: other folds of its seed are missing",
        f"{changed.run_id('0', 1)}: its spec is gone or has changed since",
    )


def test_a_score_that_does_not_exist_has_no_row() -> None:
    spec = spec_of(split={"folds": 2}, presets={})
    rows = rows_of([spec], all_of(spec, {("0", 1): 0.9, ("1", 1): None}))
    assert rows.results == ()
    assert len(rows.experiments) == 1
    told = f"vrand:thin of {spec.run_id('1', 1)}: does not exist there; its seed is not in the mean"
    assert told in rows.left_out


def test_a_default_that_changed_since_makes_a_record_stale() -> None:
    spec = spec_of(split={"kind": "block"}, presets={})
    then = spec.decides()
    then["train"]["steps"] = 999  # the default of the version that ran it
    stale = record(spec, "0", 1, 0.9, spec=then)
    assert rows_of([spec], {stale.run_id: stale}).left_out == (
        f"{stale.run_id}: its spec is gone or has changed since",
    )
    del then["train"]["steps"]  # a key that did not exist then
    older = record(spec, "0", 1, 0.9, spec=then)
    assert len(rows_of([spec], {older.run_id: older}).results) == 2


def test_a_score_that_was_not_computed_yet_is_named() -> None:
    spec = spec_of(split={"kind": "block"}, presets={}, scores=["vrand:thin", "dice:fg"])
    rows = rows_of([spec], all_of(spec, {("0", 1): 0.9}))
    assert [row.metric for row in rows.results] == ["vrand", "vrand"]
    assert "metareview rerun score --again" in rows.left_out[0]


def test_published_figures_travel_along() -> None:
    target = {"metric": "vrand", "value": 0.9, "document": "Paper 2020", "locator": "Table 1", "printed": "90%"}
    spec = spec_of(split={"kind": "block"}, presets={}, published=[target], replicates="a.b.c", test_set="same")
    rows = rows_of([spec], all_of(spec, {("0", 1): 0.9}))
    assert rows.experiments[0].replicates == "a.b.c"
    assert (rows.targets[0].experiment_id, rows.targets[0].printed) == ("rerun.one.as-written", "90%")


def test_committed_rows_are_those_of_the_records(root: Path, tmp_path: Path) -> None:
    """The rows of the founding review are what specs and code of today make of its records; nothing is left out."""
    review = root / "data" / "studies" / "brain-em"
    rows = rows_of(read_specs(review).values(), read_records(review))
    assert rows.left_out == ()
    written = write_reruns(tmp_path, rows.tables())
    assert {path.name for path in written} == {path.name for path in (review / "reruns").glob("*.csv")}
    for path in written:
        assert path.read_bytes() == (review / "reruns" / path.name).read_bytes()
