"""Two loops, one spec: equal where they must be, and a summary that says what the numbers say."""

from __future__ import annotations

import json
import runpy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="extra rerun")

from metareview.errors import InputError, UnknownName  # noqa: E402
from metareview.rerun.data import box_slices, plan_folds  # noqa: E402
from metareview.rerun.predictors import train_predictor  # noqa: E402
from metareview.rerun.run import load_data  # noqa: E402
from metareview.rerun.spec import RerunSpec  # noqa: E402
from metareview.rerun.versus import Outcome, compare, plain_predictor, summary  # noqa: E402

EXAMPLE = Path(__file__).parents[2] / "examples" / "phantom" / "reruns" / "specs" / "phantom-unet2d.yaml"
CPU = torch.device("cpu")


def tiny(**train: Any) -> RerunSpec:
    body = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    body["data"]["options"] = {"shape": [10, 48, 48], "seed": 7}
    body["train"] |= {"steps": 6, "batch": 2, "patch": [1, 32, 32], **train}
    return RerunSpec.model_validate(body)


@pytest.mark.parametrize("tta", [False, True])
def test_on_a_processor_both_loops_say_the_same(tmp_path: Path, tta: bool) -> None:
    """Same seeds, same patches, float32 and one memory layout on both sides: nothing is left that differs."""
    spec = tiny(channels_last=False)
    spec = spec.model_copy(update={"predict": spec.predict.model_copy(update={"tta": tta, "tile": (2, 32, 32)})})
    volume = load_data(spec, None)
    fold = plan_folds(spec.split, volume.shape, volume.parts)[0]
    image = volume.image[box_slices(fold.test[0])]
    plain = plain_predictor(spec, volume, fold, CPU, 1)(image)
    ours = train_predictor(spec, volume, fold, tmp_path, device="cpu", seed=1, progress=False).predict(image)
    assert plain.shape == ours.shape == (1, *image.shape)
    np.testing.assert_allclose(plain, ours, atol=1e-5)
    assert np.ptp(plain) > 1e-4


def test_the_command(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Three seeds by both loops on the phantom, made small: rows, ratio, scores, the difference with its interval."""
    review = tmp_path / "phantom"
    shutil.copytree(EXAMPLE.parents[2], review, ignore=shutil.ignore_patterns("runs", ".work"))
    kept = tiny().model_dump(mode="json", exclude_defaults=True, exclude={"preset"})
    (review / "reruns" / "specs" / EXAMPLE.name).write_text(yaml.safe_dump(kept), encoding="utf-8")
    script, out = str(root / "benchmarks" / "bench_rerun.py"), tmp_path / "scores.json"
    arguments = [script, "--scores", "--review", str(review), "--device", "cpu", "--output", str(out)]
    monkeypatch.setattr("sys.argv", arguments)
    runpy.run_path(script, run_name="__main__")
    shown = capsys.readouterr().out
    assert "phantom-unet2d (as-written), fold 0, vrand:thin" in shown
    assert "| 3 | plain |" in shown
    assert "times as fast in training" in shown
    assert "scores, ours less plain: " in shown
    result = json.loads(out.read_text())
    assert [(row["seed"], row["loop"]) for row in result["outcomes"]] == [
        (seed, loop) for seed in (1, 2, 3) for loop in ("plain", "ours")
    ]
    assert result["summary"]["enough"]
    monkeypatch.setattr("sys.argv", [*arguments, "--seconds", "0"])
    runpy.run_path(script, run_name="__main__")
    assert "left out, for the 0 seconds are up: seeds 1, 2, 3" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", [*arguments, "--spec", "phantom-forest"])
    with pytest.raises(SystemExit, match="phantom-forest trains no network"):
        runpy.run_path(script, run_name="__main__")


def test_summary_by_hand() -> None:
    plain = [Outcome(seed, "plain", 50.0, 10.0, 0.5, score) for seed, score in ((1, 0.90), (2, 0.92), (3, 0.94))]
    ours = [replace(row, loop="ours", train_seconds=5.0, predict_seconds=5.0, score=row.score + 0.01) for row in plain]
    found = summary([*plain, *ours])
    assert found["times_faster"] == {"train": 10.0, "predict": 2.0, "both": 6.0}
    assert found["difference"] == pytest.approx(0.01)
    assert (found["low"], found["high"]) == pytest.approx((0.01, 0.01))  # every seed differs by as much
    assert found["within_noise"]  # seeds of the plain loop differ by 0.02
    assert found["enough"]
    uneven = [replace(row, score=row.score + more) for row, more in zip(plain, (0.0, 0.01, 0.02), strict=True)]
    found = summary([*plain, *(replace(row, loop="ours") for row in uneven)])
    half = 4.3026527 * 0.01 / 3**0.5  # differences 0, 0.01 and 0.02: SD 0.01, t of 2 degrees of freedom
    assert (found["low"], found["high"]) == pytest.approx((0.01 - half, 0.01 + half))
    apart = summary([*plain, *(replace(row, score=row.score + 0.0201) for row in ours)])
    assert not apart["within_noise"]
    one = summary([plain[0], ours[0]])
    assert (one["low"], one["within_noise"], one["enough"]) == (None, None, False)


def test_refusals() -> None:
    spec = tiny()
    volume = load_data(spec, None)
    with pytest.raises(UnknownName, match="fold of phantom-unet2d '7' is not known"):
        compare(spec, volume, fold="7", device="cpu")
    with pytest.raises(InputError, match="trains no network"):
        compare(tiny(model="forest"), volume, device="cpu")


def test_prediction_has_the_batch_and_the_compiled_model_of_the_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """What a spec asks for is what runs; a compiler that fails where nobody asked for one costs a warning."""
    from torch._dynamo.exc import InternalTorchDynamoError

    spec = tiny(steps=1)
    volume = load_data(spec, None)
    fold = plan_folds(spec.split, volume.shape, volume.parts)[0]
    image = volume.image[box_slices(fold.test[0])]
    seen: list[int] = []

    class Compiled(torch.nn.Module):
        def __init__(self, model: Any, broken: bool) -> None:
            super().__init__()
            self.model, self.broken = model, broken

        def forward(self, sections: Any) -> Any:
            if self.broken:
                raise InternalTorchDynamoError("no C compiler\\nand a long trace")
            seen.append(len(sections))
            return self.model(sections)

    def predictor(broken: bool = False, **predict: Any) -> Any:
        monkeypatch.setattr(torch, "compile", lambda model, dynamic: Compiled(model, broken))
        changed = spec.model_copy(update={"predict": spec.predict.model_copy(update=predict)})
        return train_predictor(changed, volume, fold, tmp_path, device="cpu", seed=1, progress=False).predict

    expected = predictor()(image)
    assert seen == []  # on a processor nobody compiles
    found = predictor(compile=True, batch=2, tile=(1, 32, 32), overlap=0.0)(image)
    assert set(seen) == {2}
    assert found.shape == expected.shape
    with pytest.raises(InternalTorchDynamoError):
        predictor(broken=True, compile=True)(image)
    monkeypatch.setattr("metareview.rerun.infer.compile_pays", lambda *_: True)
    predict = predictor(broken=True)
    np.testing.assert_array_equal(predict(image), expected)
    assert "the model cannot be compiled here, and goes on without: no C compiler" in caplog.text
    assert predict.compile is False


def test_compiling_pays_for_many_tiles_on_a_card() -> None:
    from metareview.rerun.infer import compile_pays
    from metareview.rerun.models import MODELS
    from metareview.rerun.stitch import Stitching

    spec, cuda = MODELS["rsunet"], torch.device("cuda")
    how = Stitching(tile=(32, 128, 128), batch=1)
    assert compile_pays(spec, how, (1024, 1024, 1024), cuda)
    assert not compile_pays(spec, how, (1024, 1024, 1024), CPU)
    assert not compile_pays(spec, how, (100, 512, 512), cuda)
    assert compile_pays(spec, replace(how, tta="flips"), (150, 512, 512), cuda)  # eight passes of each tile
