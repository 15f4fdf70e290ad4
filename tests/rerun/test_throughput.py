"""The harness measures what it says: counts by hand, rows that add up, one command that ends."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="extra rerun")

from metareview.errors import MissingExtra  # noqa: E402
from metareview.rerun import throughput  # noqa: E402
from metareview.rerun.device import Ceilings  # noqa: E402
from metareview.rerun.models import MODELS  # noqa: E402
from metareview.rerun.throughput import CASES, Case, leaf_bytes, measure, measure_all  # noqa: E402

torch.set_num_threads(1)


def test_bytes_by_hand() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(4, 2, 1))
    per_pixel = (1 + 4) + (4 + 4) + (4 + 2)  # in and out of each layer
    assert leaf_bytes(model, (3, 1, 16, 8), 2) == 2 * 3 * 16 * 8 * per_pixel


def test_cases_are_the_networks() -> None:
    assert {case.model for case in CASES} == {name for name, spec in MODELS.items() if spec.kind == "network"}
    for case in CASES:
        spec = MODELS[case.model]
        patch = case.patch[3 - spec.dims :]
        assert spec.next_input(patch) == patch  # measured at the size that is written down


def test_rows_add_up() -> None:
    case = Case("casser-unet", (1, 32, 32), 2, 0.125)
    rows = measure(case, torch.device("cpu"), Ceilings(0.5, 10.0, 512, 1 << 24), repeats=2)
    assert [row.task for row in rows] == ["training", "inference"]
    for row in rows:
        assert row.speedup == pytest.approx(row.mvoxels / row.plain_mvoxels)
        assert row.of_matmul == pytest.approx(row.tflops / 0.5)
        assert row.of_copy == pytest.approx(row.gbs / 10.0)
        assert row.low <= row.milliseconds <= row.high
    assert rows[0].mvoxels == pytest.approx(2 * 32 * 32 / rows[0].milliseconds / 1e3)


TINY = [Case(name, (1, 32, 32), 2, 0.0625, tiles=1) for name in ("casser-unet", "unet2d-same", "fusionnet")]
CPU = torch.device("cpu")


def test_one_bad_model_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library, a full memory and a failing compiler are rows with a reason; the rest is measured."""
    builds = throughput.Job.__init__

    def broken(job: Any, config: Any, *given: Any) -> None:
        if config.model == "casser-unet":
            raise MissingExtra("MONAI", "affinities")
        builds(job, config, *given)

    def full(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")

    def failing(job: Any) -> None:
        if job.config.model == "unet2d-same":
            raise torch._dynamo.exc.InternalTorchDynamoError("no working C compiler\nmore")

    monkeypatch.setattr(throughput.Job, "__init__", broken)
    monkeypatch.setattr(throughput.Job, "step", failing)
    monkeypatch.setattr(throughput, "_crops", full)  # of the plain loop
    kept: list[tuple[int, list[str]]] = []
    found = measure_all(
        CPU, quick=True, cases=TINY, keep=lambda result: kept.append((len(result["rows"]), list(result["left_out"])))
    )
    names = [case.model for case in TINY]
    assert kept == [(0, names), (2, names[1:]), (4, names[2:]), (6, [])]
    reasons = [row["reason"] for row in found["rows"]]
    assert reasons[:2] == ["MONAI is not installed; pip install 'metareview[affinities]' brings it"] * 2
    assert reasons[2:] == [
        "InternalTorchDynamoError: no working C compiler", None, "the plain loop: out of memory", None,
    ]  # fmt: skip
    assert found["rows"][0]["mvoxels"] is None
    assert found["rows"][4]["speedup"] is None
    assert found["rows"][5]["speedup"] > 0


def test_a_budget_of_time() -> None:
    found = measure_all(CPU, quick=True, cases=TINY, seconds=0.0)
    assert (found["rows"], found["left_out"]) == ([], [case.model for case in TINY])
    assert json.loads(json.dumps(found)) == found


def test_the_command(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    script = str(root / "benchmarks" / "bench_rerun.py")
    out = tmp_path / "numbers.json"
    arguments = [script, "--device", "cpu", "--models", "casser-unet", "--output", str(out)]
    monkeypatch.setattr("sys.argv", arguments)
    runpy.run_path(script, run_name="__main__")
    shown = capsys.readouterr().out
    assert "no CUDA device: the reduced form" in shown
    assert "| casser-unet | training |" in shown
    result = json.loads(out.read_text())
    assert result["quick"]
    assert len(result["rows"]) == 2
    assert result["left_out"] == []
    monkeypatch.setattr("sys.argv", [*arguments, "--seconds", "0"])
    runpy.run_path(script, run_name="__main__")
    assert "left out, for the 0 seconds are up: casser-unet" in capsys.readouterr().out
    assert json.loads(out.read_text())["left_out"] == ["casser-unet"]
    monkeypatch.setattr("sys.argv", [script, "--models", "casser"])
    with pytest.raises(SystemExit, match="model 'casser' is not known; did you mean 'casser-unet'"):
        runpy.run_path(script, run_name="__main__")
