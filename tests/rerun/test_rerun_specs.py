"""Specs: every problem at once; presets; ids without a clock; jobs; and that none of it needs torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from metareview.errors import InputError, ProblemsFound, UnknownName
from metareview.rerun.plan import plan_jobs
from metareview.rerun.spec import LOSSES, RerunSpec
from metareview.rerun.spec_files import parse_spec, read_specs

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "phantom"
BODY: dict[str, Any] = {
    "id": "one",
    "title": "t",
    "method": "m",
    "data": {"name": "phantom"},
    "train": {"model": "unet2d-same"},
    "scores": ["vrand:thin"],
    "presets": {"small": {"train": {"width": 0.25, "steps": 10}, "split": {"folds": 3}}},
}


def spec_of(**more: Any) -> RerunSpec:
    found, problems = parse_spec(yaml.safe_dump(BODY | more))
    assert not problems
    assert found is not None
    return found


def test_every_problem_is_reported_with_key_rule_and_remedy() -> None:
    wrong = BODY | {
        "train": {"model": "unet2d-sam", "steps": 0, "width": "wide", "lossy": 1},
        "seeds": [1, 1, 2],
        "scores": ["vrand:thinn"],
        "segmentt": {},
    }
    _, problems = parse_spec(yaml.safe_dump(wrong), "one.yaml")
    text = "\n".join(map(str, problems))
    for part in ("one.yaml, key train.steps", "key train.width", "there is no such key; did you mean 'loss'?",
                 "key segmentt", "did you mean 'segment'?"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"train": {"model": "unet2d-sam"}},
            "key train.model: found 'unet2d-sam'; the name is not known; did you mean",
        ),
        ({"data": {"name": "isbi"}}, "key data.name"),
        ({"train": {"model": "unet2d-same", "loss": "bces"}}, "did you mean 'bce'?"),
        ({"segment": {"method": "component"}}, "did you mean 'components'?"),
        ({"scores": ["vrand:thinn"]}, "did you mean 'vrand:thin'?"),
        ({"scores": ["vrand"]}, "key scores.0"),
        ({"segment": {"choose_by": "vrand:best"}}, "key segment.choose_by"),
        ({"segment": {"thresholds": [0.5, 0.4]}}, "thresholds rise"),
        ({"seeds": [1, 2]}, "2 seeds: give 3 or more, or say why in few_seeds_because"),
        ({"seeds": [1, 1, 2]}, "each stands once"),
        ({"given": {"file": "labels.tif"}}, "3 seeds; a given segmentation is scored once"),
        ({"split": {"folds": 1}}, "slice-blocks needs 2 folds or more"),
        ({"presets": {"small": {"train": {"widht": 1}}}}, "key presets.small.train.widht"),
        ({"presets": {"small": {"train": {"model": "nope"}}}}, "key presets.small.train.model"),
        ({"train": {"model": "rsunet", "target": "affinities"}}, "offsets belong to the target affinities"),
    ],
)
def test_one_problem(change: dict[str, Any], said: str) -> None:
    found, problems = parse_spec(yaml.safe_dump(BODY | change), "one.yaml")
    assert found is None
    assert said in "\n".join(map(str, problems))


def test_what_is_wrong_in_every_layer_is_told_at_once() -> None:
    wrong = BODY | {
        "train": {"model": "unet9", "loss": "bcee", "warmup": 5, "steps": 5},
        "data": {"name": "phantomm", "dataset_id": "phantm"},
        "segment": {"method": "componentz", "choose_by": "vrand:thinn"},
        "seeds": [1, 1],
        "scores": ["vrand:thin", "vrand"],
        "replicates": "a.b",
        "published": [{"metric": "dice", "value": 1, "document": "d", "locator": "l", "printd": "1"}],
        "presets": {"small": {"train": {"widht": 1}, "trian": {}}},
    }
    _, problems = parse_spec(yaml.safe_dump(wrong), "one.yaml", {"data.dataset_id": {"phantom"}, "replicates": ()})
    told = {problem.key: str(problem) for problem in problems}
    assert "did you mean" in told["train.model"]
    for key, part in {
        "train.loss": "did you mean 'bce'?",
        "train": "warmup of 5 steps leaves none",
        "data.name": "did you mean 'phantom'?",
        "data.dataset_id": "the review has no such data set; did you mean 'phantom'?",
        "segment.method": "did you mean 'components'?",
        "segment.choose_by": "did you mean 'vrand:thin'?",
        "scores.1": "should match pattern",
        "replicates": "the review has no such experiment",
        "published.0.printd": "did you mean 'printed'?",
        "presets.small.train.widht": "did you mean 'width'?",
        "presets.small.trian": "did you mean 'train'?",
    }.items():
        assert part in told[key], key
    seeds = [str(problem) for problem in problems if problem.key == "seeds"]
    assert seeds[0].startswith("one.yaml, key seeds: 1 stands there twice; each stands once")
    assert len(problems) == len(told) + len(seeds) - 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": {"name": "phantom", "options": {"shape": [16, 128]}}}, "shape is three whole numbers, z y x, not"),
        ({"data": {"name": "phantom", "options": {"shape": "16"}}}, "key data.options: phantom: shape is three"),
        ({"data": {"name": "phantom", "options": {"noise": "much"}}}, "noise is a number, not 'much'"),
        ({"data": {"name": "phantom", "options": {"sead": 1}}}, "has no option sead"),
        ({"data": {"name": "cremi", "options": {"region": "0:6"}}, "presets": {}}, "6 sections on z"),
        ({"split": {"kind": "block", "val": 0.6, "test": 0.5}}, "key split: split: 32 sections on z are too few"),
        ({"split": {"kind": "block", "val": 0}}, "key split.val: fold 0 of 32 x 256 x 256 voxels has no validation"),
        ({"presets": {"small": {"split": {"folds": 20}}}}, "key presets.small.split: split: 32 sections on z cannot"),
    ],
)
def test_the_split_and_options_of_the_data_are_known_before_training(change: dict[str, Any], said: str) -> None:
    found, problems = parse_spec(yaml.safe_dump(BODY | change), "one.yaml")
    assert found is None
    assert [said in str(problem) for problem in problems] == [True]


AFFINITIES: dict[str, Any] = {
    "model": "rsunet", "target": "affinities", "offsets": [[-1, 0, 0], [0, -1, 0], [0, 0, -1], [0, -9, 0]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"segment": {"options": {"of": "membrann"}}}, "segment.options.of: found 'membrann'; of is foreground or mem"),
        ({"segment": {"options": {"of": "membrann"}}}, "did you mean 'membrane'?"),
        ({"segment": {"options": {"dims": 4}}}, "segment.options.dims: found 4; dims is 2 or 3"),
        ({"segment": {"options": {"oof": "membrane"}}}, "found 'oof'; components has no such option; did you mean"),
        ({"segment": {"options": {"smalest": 3}}}, "did you mean 'smallest'?"),
        ({"segment": {"options": {"smallest": "3"}}}, "smallest is a whole number"),
        ({"segment": {"options": {"channel": 1}}}, "the target membrane has 1 channels"),
        ({"segment": {"method": "waterz"}}, "found 'waterz' with the target membrane; waterz cuts affinities"),
        ({"segment": {"method": "waterz"}}, "take components or watershed or multicut, or another target"),
        ({"segment": {"method": "multicut"}}, "multicut cuts affinities"),
        ({"segment": {"method": "multicut", "options": {"boundary": "membrane", "weighting": "xyz"}}},
         "segment.options.weighting: found 'xyz' with dims 3; it tells edges across sections from those within"),
        ({"segment": {"method": "multicut", "options": {"boundary": "membrane", "weighting": "size"}}},
         "weighting is none or all or xyz"),
        ({"segment": {"method": "marker-watershed"}}, "it cuts body and contour: the targets bc and bcd"),
        ({"train": {"model": "unet2d-same", "target": "foreground"}, "segment": {"method": "watershed"}}, "cuts one"),
        ({"train": {"model": "u3d-bc", "target": "bc"}, "segment": {"method": "watershed"}}, "not body; take"),
        ({"train": AFFINITIES}, "found 'components' with the target affinities"),
        ({"train": AFFINITIES, "segment": {"method": "waterz", "options": {"fragments": "dist"}}}, "or distance"),
        ({"train": AFFINITIES, "segment": {"method": "mutex", "options": {"offsets": [[-1, 0, 0]]}}}, "train.offsets,"),
        ({"train": AFFINITIES, "segment": {"method": "waterz", "options": {"offsets": [[0, 0, -1]]}}}, "offsets,"),
        ({"train": AFFINITIES | {"offsets": [[0, 0, -1], [0, -1, 0], [-1, 0, 0]]}, "segment": {"method": "waterz"}},
         "key train.offsets: found [[0, 0, -1], [0, -1, 0], [-1, 0, 0]] first; waterz reads"),
        ({"train": {"model": "unet2d-same", "options": {"dropot": 0.1}}}, "train.options.dropot: found 'dropot'; the"),
        ({"train": {"model": "unet2d-same", "options": {"dropot": 0.1}}}, "did you mean 'dropout'?"),
        ({"train": {"model": "unet2d-same", "options": {"dropout": "half"}}}, "dropout is a number"),
        ({"train": {"model": "unet2d", "options": {"padding": "same"}}}, "the model unet2d has no such option"),
        ({"train": {"model": "rsunet", "options": {"dropout": 0.5}}}, "it takes none"),
        ({"train": {"model": "forest", "target": "bc"}}, "key train.target: found 'bc' with a forest; a forest learns"),
        ({"train": {"model": "forest", "options": {"tres": 3}}}, "did you mean 'trees'?"),
        ({"train": {"model": "forest", "options": {"trees": 0}}}, "a forest needs scales above 0, a tree"),
        ({"train": {"model": "forest", "options": {"seed": 3}}}, "a forest has no such option"),
        ({"train": {"model": "forest"}, "predict": {"tta": True}}, "a forest looks once: its filters turn"),
        ({"train": {"model": "forest", "grow_boundary": 1}}, "found 1 with a forest; a forest takes labels"),
        ({"predict": {"tta": "all", "tile": [1, 256, 512]}}, "found [1, 256, 512]; tta all exchanges y and x"),
    ],
)  # fmt: skip
def test_options_and_targets_are_known_before_training(change: dict[str, Any], said: str) -> None:
    found, problems = parse_spec(yaml.safe_dump(BODY | {"presets": {}} | change), "one.yaml")
    assert found is None
    assert said in "\n".join(map(str, problems))
    body = BODY | {"presets": {"odd": change}}  # and in a preset, once
    _, problems = parse_spec(yaml.safe_dump(body), "one.yaml")
    assert all(problem.key.startswith("presets.odd.") for problem in problems)
    assert len(problems) == len(set(map(str, problems)))
    assert problems


@pytest.mark.parametrize(
    "change",
    [
        {"train": {"model": "dynunet", "options": {"strides": [[1, 2, 2], 2, 2, 2, 2]}}},
        {"train": AFFINITIES, "segment": {"method": "mutex", "options": {"offsets": AFFINITIES["offsets"],
                                                                        "stride": [1, 4, 4]}}},
        {"train": AFFINITIES, "segment": {"method": "multicut", "options": {"cut": 1}}},
        {"train": {"model": "u3d-bc", "target": "bcd"}, "segment": {"method": "watershed", "options": {"channel": -2}}},
        {"train": {"model": "forest", "options": {"scales": [1, 2.5], "workers": 2}}},
    ],
)  # fmt: skip
def test_options_that_are_taken(change: dict[str, Any]) -> None:
    assert parse_spec(yaml.safe_dump(BODY | {"presets": {}} | change))[1] == []


def test_copies_that_are_averaged() -> None:
    for tta, copies in ((False, "none"), (True, "flips"), ("flips", "flips"), ("all", "all")):
        assert spec_of(predict={"tta": tta}).predict.copies == copies
    body = BODY | {"presets": {}, "predict": {"tta": "all"}, "train": AFFINITIES, "segment": {"method": "waterz"}}
    (problem,) = parse_spec(yaml.safe_dump(body))[1]
    assert "affinities have no channel for an exchange of y and x; write flips" in str(problem)


def test_the_options_of_models_are_those_of_their_factories() -> None:
    pytest.importorskip("torch", reason="metareview[rerun]")
    import inspect
    from importlib import import_module

    from metareview.rerun.models import MODELS
    from metareview.rerun.spec_options import factory_options

    decided = {"width", "padding", "isotropic"}  # by the name of the model
    for model in MODELS.values():
        if model.kind == "network":
            module, _, name = model.factory.partition(":")
            taken = inspect.signature(getattr(import_module(module), name)).parameters.values()
            names = {entry.name for entry in taken if entry.kind is entry.KEYWORD_ONLY}
            assert set(factory_options(model)) == names - decided


def example(folder: Path, **change: Any) -> Path:
    """Copy the phantom review, with its U-Net spec changed."""
    from shutil import copytree, ignore_patterns

    copytree(EXAMPLE, folder, ignore=ignore_patterns(".work", "runs"))
    path = folder / "reruns" / "specs" / "phantom-unet2d.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | change))
    return folder


def test_ids_of_the_review_are_looked_up_before_anything_runs(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from metareview.cli.check import check
    from metareview.cli.rerun import rerun_app

    review = example(tmp_path / "review", replicates="example-2024.unet.phantm",
                     data={"name": "phantom", "dataset_id": "fantom", "options": {"shape": [16, 128]}})  # fmt: skip
    for verb in ("plan", "run", "list", "score"):
        with pytest.raises(ProblemsFound) as found:
            CliRunner().invoke(rerun_app, [verb, str(review)], catch_exceptions=False)
        assert str(found.value).startswith("3 problems in reruns/specs\n")
        assert "key data.options: phantom: shape is three whole numbers" in str(found.value)
        assert "the review has no such experiment; did you mean 'example-2024.unet.phantom'?" in str(found.value)
        assert "key data.dataset_id: found 'fantom'; the review has no such data set" in str(found.value)
    app = typer.Typer()
    app.command()(check)
    done = CliRunner().invoke(app, [str(review)])
    assert done.exit_code == 1
    assert "3 problems" in done.output
    assert "reruns/specs/phantom-unet2d.yaml, key replicates: found 'example-2024.unet.phantm'; the" in done.output
    assert "reruns/specs/phantom-unet2d.yaml: data.options: phantom: shape is three whole numbers" in done.output
    (review / "reruns" / "specs" / "phantom-unet2d.yaml").unlink()
    assert CliRunner().invoke(app, [str(review)]).exit_code == 0


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "a: &x 1\nb: *x\nc: {{"])
def test_what_is_no_spec_is_said(text: str) -> None:
    found, problems = parse_spec(text)
    assert found is None
    assert problems


def test_fewer_seeds_with_a_reason() -> None:
    assert spec_of(seeds=[1], few_seeds_because="one published segmentation").seeds == (1,)


def test_a_preset_replaces_what_it_names() -> None:
    spec = spec_of()
    small = spec.with_preset("small")
    assert (small.train.width, small.train.steps, small.train.batch) == (0.25, 10, spec.train.batch)
    assert small.folds() == ("0", "1", "2")
    assert small.experiment_id == "rerun.one.small"
    assert spec.with_preset("as-written") is spec
    with pytest.raises(UnknownName, match="preset of one"):
        spec.with_preset("smal")


def test_a_preset_with_another_method_does_not_inherit_the_options_of_the_first() -> None:
    cut = {"method": "multicut", "options": {"boundary": "membrane", "cut": 0.3}}
    presets = {"plain": {"segment": {"method": "components", "options": {"dims": 2}}}, "wide": {"train": {"width": 2}},
               "finer": {"segment": {"options": {"cut": 0.2}}}}  # fmt: skip
    spec = spec_of(segment=cut, presets=presets)
    assert spec.with_preset("plain").segment.options == {"dims": 2}
    assert spec.with_preset("wide").segment.options == cut["options"]
    assert spec.with_preset("finer").segment.options == {"boundary": "membrane", "cut": 0.2}
    assert spec.with_preset("plain").training_id("0", 1) == spec.training_id("0", 1)


def test_the_id_of_a_run_changes_with_what_decides_its_numbers_only() -> None:
    spec = spec_of()
    run = spec.run_id("0", 1)
    same = [
        {"title": "other"},
        {"seeds": [4, 5, 6]},
        {"resources": {"gpu": 2}},
        {"scores": ["vrand:gt0"]},
        {"data": {"name": "phantom", "folder": "x"}},
    ]
    other = [{"train": {"model": "unet2d-same", "steps": 7}}, {"split": {"gap": 3}},
             {"data": {"name": "phantom", "options": {"seed": 3}}}]  # fmt: skip
    assert {spec_of(**change).run_id("0", 1) for change in same} == {run}
    assert run not in {spec_of(**change).run_id("0", 1) for change in other}
    assert run.startswith("one.as-written.f0.s1.")


def test_jobs_are_folds_times_seeds(tmp_path: Path) -> None:
    specs = {"one": spec_of()}
    jobs = plan_jobs(tmp_path, specs)
    assert len(jobs) == 9
    assert {job.preset for job in jobs} == {"small"}
    assert jobs[0].voxels == 10 * 4 * 256 * 256
    assert not jobs[0].done
    path = tmp_path / "reruns" / "runs" / f"{jobs[0].run_id}.json"
    path.parent.mkdir(parents=True)
    path.touch()
    assert [job.done for job in plan_jobs(tmp_path, specs)].count(True) == 1
    (only,) = plan_jobs(tmp_path, specs, preset="as-written", folds=["4"], seeds=[2])
    assert (only.fold, only.seed, only.steps) == ("4", 2, 1000)
    with pytest.raises(UnknownName, match="fold '7' is not known"):
        plan_jobs(tmp_path, specs, folds=["7"])
    with pytest.raises(UnknownName, match="seed '9' is not known"):
        plan_jobs(tmp_path, specs, seeds=[9])


def test_one_preset_for_all_specs(tmp_path: Path) -> None:
    """The one command that runs everything at full size passes by no spec, though some have no presets."""
    plain = spec_of(id="plain", presets={})
    specs = {"plain": plain, "one": spec_of()}
    assert {job.preset for job in plan_jobs(tmp_path, specs, preset="small")} == {"as-written", "small"}
    assert [job.spec for job in plan_jobs(tmp_path, specs, folds=["4"], seeds=[2], preset="as-written")] == [
        "plain",
        "one",
    ]
    with pytest.raises(UnknownName, match="preset 'large' is not known"):
        plan_jobs(tmp_path, {"plain": plain}, preset="large")
    with pytest.raises(UnknownName, match="preset of one"):
        plan_jobs(tmp_path, specs, preset="large")


def test_some_folds_first_and_the_others_later() -> None:
    some, whole = spec_of(only_folds=["1"]), spec_of()
    assert some.folds() == ("1",)
    assert some.run_id("1", 2) == whole.run_id("1", 2)  # what is done stays done when the others follow
    _, problems = parse_spec(yaml.safe_dump(BODY | {"only_folds": ["1", "1"]}))
    assert "'1' stands there twice" in str(problems[0])
    _, problems = parse_spec(yaml.safe_dump(BODY | {"only_folds": ["7"]}))
    assert "'7' is no fold of the split; it has 0, 1, 2, 3, 4" in str(problems[0])


def test_reading_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no spec"):
        read_specs(tmp_path)
    folder = tmp_path / "reruns" / "specs"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text(yaml.safe_dump(BODY))
    (folder / "two.yaml").write_text(yaml.safe_dump(BODY | {"scores": []}))
    assert list(read_specs(tmp_path, ["one"])) == ["one"]
    with pytest.raises(UnknownName):
        read_specs(tmp_path, ["three"])
    with pytest.raises(ProblemsFound) as found:
        read_specs(tmp_path)
    assert str(found.value).startswith("1 problem in reruns/specs\ntwo.yaml, key scores")
    (folder / "two.yaml").write_text(yaml.safe_dump(BODY))
    with pytest.raises(ProblemsFound, match="write id: two"):
        read_specs(tmp_path)


@pytest.mark.parametrize("review", [EXAMPLE, ROOT / "data" / "studies" / "brain-em"], ids=lambda path: path.name)
def test_the_specs_that_are_shipped_are_in_order(review: Path) -> None:
    specs = read_specs(review)
    assert specs
    for spec in specs.values():
        assert all(spec.with_preset(name) for name in spec.presets)
        if "small" in spec.presets:
            assert spec.with_preset("small").resources.gpu == 0


def test_the_names_of_losses_are_those_of_the_registry() -> None:
    pytest.importorskip("torch", reason="metareview[rerun]")
    from metareview.rerun.losses import LOSSES as REGISTERED

    assert set(LOSSES) == set(REGISTERED)


@pytest.mark.parametrize("verb", ["list", "plan", "run", "score", "replicate"])
def test_every_verb_has_examples(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from metareview.cli import main

    monkeypatch.setattr(sys, "argv", ["metareview", "rerun", verb, "--help"])
    with pytest.raises(SystemExit):
        main()
    assert f"metareview rerun {verb}" in capsys.readouterr().out.split("Examples")[1]


BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "sklearn"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Block())
import metareview
sys.argv = ["metareview", *sys.argv[1:]]
from metareview.cli import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rerun", "list", str(EXAMPLE)], 0, "phantom-unet2d"),
        (["rerun", "plan", str(EXAMPLE), "--json"], 0, '"steps"'),
        (["rerun", "replicate", str(EXAMPLE)], 0, "no reference model has been run again"),
        (["check", str(EXAMPLE)], 0, "no problems"),
        (["show", str(EXAMPLE)], 0, "replication"),
        (["rerun", "run", str(EXAMPLE), "phantom-unet2d", "--work", "WORK"], 2, "pip install 'metareview[rerun]'"),
    ],
    ids=["list", "plan", "replicate", "check", "show", "run"],
)
def test_without_torch_all_but_training_works(arguments: list[str], code: int, said: str, tmp_path: Path) -> None:
    arguments = [str(tmp_path) if part == "WORK" else part for part in arguments]
    done = subprocess.run([sys.executable, "-c", BLOCKED, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_keys_of_prediction_that_came_later_change_no_id() -> None:
    """Runs of a spec that says nothing of batch and compilation keep their ids: nothing of it decides a number."""
    spec = spec_of()
    assert (spec.predict.batch, spec.predict.compile) == (None, None)
    body = spec.decides(defaults=False)
    assert "predict" not in body
    assert spec_of(predict={"batch": None, "compile": None}).digest == spec.digest
    assert spec_of(predict={"batch": 8}).predict.batch == 8
