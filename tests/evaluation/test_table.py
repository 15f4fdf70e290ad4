"""The contingency table: counting, adding up, saving; the same whatever the engine, order or cut."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from metareview.errors import InputError
from metareview.evaluation import ContingencyTable, contingency_table, kernels
from metareview.evaluation.counting import count_arrays
from metareview.evaluation.kernels import PairCounter, have_numba

Pair = tuple[np.ndarray, np.ndarray]
ENGINES = ["numpy", *(["numba"] if have_numba() else [])]
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=7)


@st.composite
def pairs_of_labels(draw: st.DrawFn) -> Pair:
    shape = draw(SHAPES)
    ids = st.sampled_from([0, 1, 2, 3, 2**31, 2**63, 2**64 - 1])
    return tuple(draw(hnp.arrays(np.uint64, shape, elements=ids)) for _ in range(2))  # type: ignore[return-value]


def naive(prediction: np.ndarray, truth: np.ndarray) -> dict[tuple[int, int], int]:
    return dict(Counter(zip(prediction.ravel().tolist(), truth.ravel().tolist(), strict=True)))


def as_dict(table: ContingencyTable) -> dict[tuple[int, int], int]:
    columns = (table.prediction.tolist(), table.truth.tolist(), table.count.tolist())
    return {(p, t): c for p, t, c in zip(*columns, strict=True)}


@pytest.mark.parametrize("engine", ENGINES)
@given(pair=pairs_of_labels())
@settings(deadline=None)
def test_counts_every_pair(engine: str, pair: Pair) -> None:
    assert as_dict(count_arrays(*pair, engine=engine)) == naive(*pair)


@given(pair=pairs_of_labels(), cut=st.integers(0, 7))
@settings(deadline=None)
def test_chunks_add_up_to_the_whole(pair: Pair, cut: int) -> None:
    whole = contingency_table(*pair)
    parts = [contingency_table(*(array[place] for array in pair)) for place in (slice(None, cut), slice(cut, None))]
    assert parts[0].merge(parts[1]) == parts[1].merge(parts[0]) == whole


@given(pair=pairs_of_labels())
@settings(deadline=None)
def test_transpose_exchanges_the_sides(pair: Pair) -> None:
    assert contingency_table(pair[1], pair[0]) == contingency_table(*pair).transpose()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", ">u2", "int32", ">i4", "uint64", "int64", "bool"])
def test_types_and_memory_orders(engine: str, dtype: str) -> None:
    rng = np.random.default_rng(1)
    prediction, truth = (rng.integers(0, 2, (5, 6, 7)).astype(dtype) for _ in range(2))
    expected = naive(prediction.astype(int), truth.astype(int))
    for order in ("C", "F"):
        assert as_dict(count_arrays(np.asarray(prediction, order=order), truth, engine=engine)) == expected
    assert as_dict(count_arrays(np.asfortranarray(prediction), np.asfortranarray(truth), engine=engine)) == expected
    strided = np.repeat(prediction, 2, axis=2)[:, :, ::2]
    assert as_dict(count_arrays(strided, truth, engine=engine)) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_many_pairs_grow_the_table(engine: str) -> None:
    rng = np.random.default_rng(2)
    prediction, truth = (rng.integers(0, 2**63, 60_000).astype(np.uint64) for _ in range(2))
    table = count_arrays(np.concatenate([prediction] * 2), np.concatenate([truth] * 2), engine=engine)
    assert len(table) == 60_000
    assert set(table.count.tolist()) == {2}


def test_counter_takes_pieces() -> None:
    rng = np.random.default_rng(3)
    prediction, truth = (rng.integers(0, 5, 1000).astype(np.uint16) for _ in range(2))
    counter = PairCounter()
    for place in range(0, 1000, 77):
        counter.add(prediction[place : place + 77], truth[place : place + 77])
    assert ContingencyTable(*counter.pairs()) == contingency_table(prediction, truth)


def test_kernel_is_also_plain_python() -> None:
    """The compiled loop and the same function uncompiled agree, so what numba compiles is what is read."""
    rng = np.random.default_rng(4)
    prediction, truth = (rng.integers(0, 4, 300).astype(np.uint32) for _ in range(2))
    keys_p, keys_t, counts = np.zeros(64, np.uint64), np.zeros(64, np.uint64), np.zeros(64, np.int64)
    with np.errstate(over="ignore"):
        end, used = kernels.hash_runs(prediction, truth, 0, keys_p, keys_t, counts, 0)
    assert (end, used) == (300, 16)
    taken = counts > 0
    assert ContingencyTable.from_pairs(keys_p[taken], keys_t[taken], counts[taken]) == contingency_table(
        prediction, truth
    )


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("order", ["C", "F"])
def test_threads_do_not_change_the_table(workers: int, order: str) -> None:
    rng = np.random.default_rng(5)
    prediction, truth = (
        np.asarray(np.repeat(rng.integers(0, 50, (32, 200, 40)), 5, axis=2), order=order) for _ in range(2)
    )
    assert count_arrays(prediction, truth, workers=workers) == count_arrays(prediction, truth)


def test_mask_leaves_voxels_out(blob: Pair) -> None:
    prediction, truth = blob
    mask = np.random.default_rng(6).random(truth.shape) < 0.5
    assert contingency_table(prediction, truth, mask=mask) == contingency_table(prediction[mask], truth[mask])


def test_save_and_load(blob: Pair, tmp_path: Path) -> None:
    table = contingency_table(*blob)
    path = table.save(tmp_path / "table.npz")
    assert ContingencyTable.load(path) == table
    assert path.read_bytes() == ContingencyTable.load(path).to_bytes()


def test_load_refuses_what_is_damaged(blob: Pair, tmp_path: Path) -> None:
    path = contingency_table(*blob).save(tmp_path / "table.npz")
    with pytest.raises(InputError, match=r"does not exist; a contingency table written by save is an \.npz file"):
        ContingencyTable.load(tmp_path / "none.npz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="is not a contingency table written by save"):
        ContingencyTable.load(path)


def test_arrays_are_read_only(blob: Pair) -> None:
    table = contingency_table(*blob)
    with pytest.raises(ValueError, match="read-only"):
        table.count[0] = 1


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ((np.zeros(2, int), np.zeros(3, int)), r"prediction has shape \(2,\) and truth \(3,\); both volumes cover"),
        (
            (np.zeros(2), np.zeros(2, int)),
            "prediction has dtype float64; a label volume holds integer ids; give a thre",
        ),
        ((np.zeros(2, int), np.zeros(2, complex)), "truth has dtype complex128; .*; store the ids as integers"),
        ((np.array([0, -3]), np.zeros(2, int)), "prediction holds the negative id -3; ids are 0 for background and"),
        ((np.zeros(2, int), np.array([-1, 4], np.int8)), "truth holds the negative id -1; .*leave those voxels out"),
    ],
)
def test_messages(pair: Pair, message: str) -> None:
    with pytest.raises(InputError, match=message):
        contingency_table(*pair)


@pytest.mark.parametrize(
    ("columns", "message"),
    [(([1], [1], [0]), "counts of 1 or more"), (([1], [1, 2], [1]), "three flat arrays of one length")],
)
def test_pairs_are_checked(columns: tuple[list[int], ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ContingencyTable.from_pairs(*(np.array(column) for column in columns))


@pytest.mark.parametrize("engine", ENGINES)
def test_memory_does_not_grow_with_the_volume(engine: str) -> None:
    """Extra memory is bounded by a piece and the pairs: 8 and 32 Mvoxel cost the same, far below the volume."""
    peaks = []
    for size in (1 << 23, 1 << 25):
        prediction = np.repeat(np.arange(size >> 12, dtype=np.uint32) % 100, 1 << 12)
        truth = np.roll(prediction, 1000)
        tracemalloc.start()
        count_arrays(prediction, truth, engine=engine)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 64e6
    assert peaks[1] < 1.5 * peaks[0] + 1e6


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kernels, "have_numba", lambda: False)
    kernels.compiled.cache_clear()
    yield
    kernels.compiled.cache_clear()


@pytest.mark.usefixtures("without_numba")
def test_everything_works_without_numba() -> None:
    """The NumPy table, and thinning and skeletons as plain Python, give what the compiled ones give."""
    from metareview.evaluation.skeleton import skeletonise
    from metareview.evaluation.thinning import section_components, thin_sections

    rng = np.random.default_rng(7)
    prediction, truth = (np.repeat(rng.integers(0, 4, (6, 9, 5)), 3, axis=2) for _ in range(2))
    mask = rng.random((5, 6, 7)) < 0.6
    numbers = section_components((rng.random((2, 12, 13)) < 0.3).astype(int))
    plain = contingency_table(prediction, truth), skeletonise(mask), thin_sections(numbers)
    assert as_dict(plain[0]) == naive(prediction, truth)
    if find_spec("numba") is not None:
        kernels.compiled.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernels, "have_numba", lambda: True)
            assert contingency_table(prediction, truth) == plain[0]
            assert np.array_equal(skeletonise(mask), plain[1])
            assert np.array_equal(thin_sections(numbers), plain[2])
