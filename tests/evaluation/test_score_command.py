"""``metareview score`` from the shell's side: files in, rows and hashes out, messages that name file and rule."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from metareview.cli.score import score
from metareview.errors import MetareviewError
from metareview.evaluation import ContingencyTable, contingency_table, scores

Pair = tuple[np.ndarray, np.ndarray]
app = typer.Typer(pretty_exceptions_enable=False)
app.command("score")(score)
app.callback()(lambda: None)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["score", *arguments])
    if done.exception is not None and isinstance(done.exception, MetareviewError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def npy(tmp_path: Path) -> str:
    path = tmp_path / "map.npy"
    np.save(path, np.random.default_rng(0).random((4, 12, 12)))
    return str(path)


def test_a_map_over_thresholds_gives_the_metrics_asked_for(npy: str, tmp_path: Path) -> None:
    truth = str(tmp_path / "truth.npy")
    np.save(truth, np.random.default_rng(1).integers(0, 3, (4, 12, 12)))
    rows = json.loads(run(npy, truth, "--thresholds", "0.3,0.5", "--metrics", "V-Rand", "--json"))["rows"]
    assert {row["metric"] for row in rows} == {"vrand"}
    assert len(rows) == 2
    (row,) = json.loads(run(npy, truth, "--thresholds", "0.3", "--metrics", "pixel_error:squared", "--json"))["rows"]
    assert row["convention"] == "squared"
    with pytest.raises(MetareviewError, match="score of a map over thresholds 'vrand:thin' is not known; did you mean"):
        run(npy, truth, "--thresholds", "0.3", "--metrics", "vrand:thin")
    done = CliRunner().invoke(app, ["score", npy, truth, "--thresholds", "0.3", "--mask", npy, "--resolution", "4,4,4"])
    assert done.exit_code == 2
    assert "--mask, --resolution does not go with" in " ".join(done.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--metrics", "foo"], r"metric 'foo' is not known; known: accuracy, aji, (\w+, ){10,45}\w+$"),
        (["--metrics", "vrandd"], "did you mean 'vrand'"),
        (["--metrics", "erl"], r"erl:tol0\.voxels, erl:tol50\.voxels needs the resolution of a voxel and skeletons; "
         r"give resolution \(--resolution 40,4,4\) and skeletons \(--skeletons FILE\)"),
        (["--slices", "0:99,:,:"], r"map\.npy: slice 0 \(0:99\) reaches beyond the 4 voxels of its axis"),
        (["--slices", ":,-13:,:"], r"slice 1 \(-13:\) reaches beyond the 12 voxels"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_names_the_remedy(npy: str, arguments: list[str], said: str) -> None:
    with pytest.raises(MetareviewError, match=said):
        run(npy, npy, "--threshold", "0.5", *arguments)


@pytest.fixture(params=["tif", "h5", "zarr2", "zarr3"])
def files(request: pytest.FixtureRequest, blob: Pair, tmp_path: Path) -> tuple[str, str]:
    specs = []
    for name, array in zip(("prediction", "truth"), blob, strict=True):
        path = tmp_path / f"{name}.{request.param.rstrip('23')}"
        if request.param == "tif":
            pytest.importorskip("tifffile").imwrite(path, array, compression="zlib", photometric="minisblack")
            specs.append(str(path))
        elif request.param == "h5":
            with pytest.importorskip("h5py").File(path, "w") as file:
                file["main"] = array
            specs.append(f"{path}:main")
        else:
            zarr = pytest.importorskip("zarr")
            group = zarr.open_group(str(path), mode="w", zarr_format=int(request.param[-1]))
            group.create_array("labels", shape=array.shape, dtype=array.dtype, chunks=(16, 16, 16))[:] = array
            specs.append(f"{path}:labels")
    return specs[0], specs[1]


def test_json_has_the_rows_and_the_hashes(files: tuple[str, str], blob: Pair) -> None:
    body = json.loads(run(*files, "--metrics", "voi,ARE", "--json"))
    expected = scores(contingency_table(*blob), ["voi", "arand"])
    got = {(row["metric"], row["convention"]): row["value"] for row in body["rows"]}
    for row in expected.rows:
        assert got[(row.metric, row.convention)] == row.value
    assert [record["role"] for record in body["inputs"]] == ["prediction", "truth"]
    for record, spec in zip(body["inputs"], files, strict=True):
        path = Path(spec.partition(":")[0])
        assert record["shape"] == [48, 48, 48]
        assert len(record["sha256"]) == 64
        if path.is_file():
            assert record["sha256"] == sha256(path.read_bytes()).hexdigest()


def test_text_has_the_spread(files: tuple[str, str]) -> None:
    text = run(*files, "--metrics", "arand", "--resolution", "8,8,8")
    assert "convention spread: the same pair under every rule scored above" in text
    for name in ("arand:gt0", "arand:snemi", "arand:fg", "arand:all", "arand:filled", "arand:cremi.border25nm"):
        assert name in text
    assert "110,592 voxels; truth: 60 segments" in text
    assert "sha256" in text


@pytest.fixture
def saved(blob: Pair, tmp_path: Path) -> tuple[str, str]:
    for name, array in zip(("prediction", "truth"), blob, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    return str(tmp_path / "prediction.npy"), str(tmp_path / "truth.npy")


def test_slices_and_mask(saved: tuple[str, str], blob: Pair, tmp_path: Path) -> None:
    mask = np.random.default_rng(1).random(blob[0].shape) < 0.5
    np.save(tmp_path / "mask.npy", mask)
    text = run(
        *saved, "--metrics", "arand:gt0", "--slices", "4:20,:,7:", "--mask", str(tmp_path / "mask.npy"), "--json"
    )
    part = (slice(4, 20), slice(None), slice(7, None))
    table = contingency_table(blob[0][part], blob[1][part], mask=mask[part])
    body = json.loads(text)
    assert body["rows"][0]["value"] == scores(table, ["arand:gt0"]).value("arand", "gt0")
    assert body["inputs"][0]["name"].endswith("prediction.npy[4:20,0:48,7:48]")
    assert run(f"{saved[0]}[4:20]", f"{saved[1]}[4:20]", "--metrics", "pq") == run(
        *saved, "--metrics", "pq", "--slices", "4:20"
    )


def test_conventions_output_table_and_checkpoint(saved: tuple[str, str], blob: Pair, tmp_path: Path) -> None:
    out, table, folder = tmp_path / "scores.json", tmp_path / "table.npz", tmp_path / "blocks"
    run(*saved, "--metrics", "arand,voi", "--conventions", "fg,bits.fg", "--json", "-o", str(out),
        "--table", str(table), "--checkpoint", str(folder), "--workers", "2")  # fmt: skip
    body = json.loads(out.read_text())
    assert [(row["metric"], row["convention"]) for row in body["rows"]] == [("arand", "fg"), ("voi", "bits.fg")]
    assert ContingencyTable.load(table) == contingency_table(*blob)
    assert (folder / "plan.json").exists()


def test_threshold_confidence_and_skeletons(blob: Pair, tmp_path: Path, saved: tuple[str, str]) -> None:
    np.save(tmp_path / "map.npy", (blob[0] > 0) * 0.7)
    text = run(str(tmp_path / "map.npy"), saved[1], "--threshold", "0.5", "--metrics", "dice", "--json")
    body = json.loads(text)
    dice = scores(contingency_table(blob[0] > 0, blob[1]), ["dice"]).value("dice", "fg")
    assert {row["convention"]: row["value"] for row in body["rows"]}["fg"] == dice
    assert body["inputs"][0]["name"].endswith("map.npy > 0.5")
    ids = np.unique(blob[0][blob[0] > 0])
    (tmp_path / "Net A.csv").write_text("id,confidence\n" + "".join(f"{key},{1 / key}\n" for key in ids))
    text = run(*saved, "--metrics", "ap75", "--confidence", str(tmp_path / "Net A.csv"))
    assert "ap75:coco.net-a" in text
    np.savez(tmp_path / "s.npz", nodes=[[0.0, 0, 0], [0, 0, 99]], edges=[[0, 1]], skeleton=[1, 1])
    text = run(*saved, "--metrics", "erl", "--skeletons", str(tmp_path / "s.npz"), "--resolution", "40,4,4",
               "--tolerances", "0,7")  # fmt: skip
    assert "erl:tol7.40x4x4nm" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metrics", "arnd"], "metric 'arnd' is not known; did you mean 'arand'"),
        (["--metrics", "arand", "--conventions", "gt00"], "convention 'gt00' is not known"),
        (["--slices", "0:x"], "'0:x' is no slice"),
        (["--resolution", "8,8"], "does not fit .*truth.npy with 3 axes"),
        (["--confidence", "{folder}/none.csv"], "none.csv cannot be read: No such file or directory; check the path"),
        (["--confidence", "{folder}/bad.csv"], "bad.csv line 2: a confidence file has the columns id"),
        (["--metrics", "erl", "--conventions", "tol0.voxels"], "erl:tol0.voxels needs the resolution of a voxel"),
        (["--metrics", "warping_error"], "cannot be recomputed"),
    ],
)
def test_messages(arguments: list[str], message: str, saved: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("id,score\n1,2\n")
    with pytest.raises(MetareviewError, match=message):
        run(*saved, *(part.format(folder=tmp_path) for part in arguments))


@pytest.mark.parametrize("arguments", [["a.npy"], ["--resolution", "8,x", "{0}", "{1}"]])
def test_wrong_calls(arguments: list[str], saved: tuple[str, str]) -> None:
    done = CliRunner().invoke(app, ["score", *(part.format(*saved) for part in arguments)])
    assert done.exit_code == 2


def test_list() -> None:
    assert "arand:snemi" in run("--list")
    lines = run("--list", "--metrics", "pq").splitlines()
    assert {line.partition(":")[0] for line in lines if ":iou50" in line} == {"pq"}
    body = json.loads(run("--list", "--json"))
    assert {"metric", "convention", "unit", "needs", "meaning"} == set(body["conventions"][0])
