from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import PLAY
from saved_run import saved_run

from charembed_tui.runs.catalogue import all_runs, find_run
from charembed_tui.runs.checkpoint import from_bytes, to_bytes, to_pieces
from charembed_tui.runs.errors import CheckpointError, RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.opening import resume
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.errors import CharembedError, OptimizerError
from model.optimizers import registry

SETTINGS = TrainingSettings(context_length=2, embedding_size=3, minibatches=4)
CORPUS = Corpus.from_text(PLAY * 4, "play.txt")

arrays = st.one_of(
    st.lists(st.floats(allow_nan=False), max_size=5).map(np.array),
    st.lists(st.integers(-(2**62), 2**62), max_size=5).map(lambda v: np.array(v, dtype=np.int64)),
    st.lists(st.booleans(), max_size=5).map(lambda v: np.array(v, dtype=bool)),
    st.integers(0, 4).map(lambda n: np.zeros((n, 2, 3))),
)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | arrays
states = st.dictionaries(
    st.text(max_size=5).filter(lambda key: "\x00" not in key),
    st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=6),
    max_size=5,
)


def same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return a == b


@given(states)
def test_what_is_saved_comes_back(state: dict[str, object]) -> None:
    assert same(state, from_bytes(to_bytes(state)))


def test_no_memory_waits_for_the_garbage_collector() -> None:
    array = np.arange(6.0)
    is_there, data = weakref.ref(array), bytearray(to_bytes({"theta": array}))
    gc.disable()
    try:
        assert len(to_pieces({"theta": array})) == 5
        assert same(from_bytes(data), {"theta": array})  # type: ignore[arg-type]
        del array
        assert is_there() is None
        data.append(0)  # fails while anybody looks at it
    finally:
        gc.enable()


def test_every_flipped_byte_and_every_cut_is_noticed() -> None:
    data = to_bytes({"steps": 3, "theta": np.arange(6.0), "rng": {"state": 2**100, "name": "x"}})
    for place in range(len(data)):
        for bit in (1, 128):
            spoilt = bytearray(data)
            spoilt[place] ^= bit
            with pytest.raises(CheckpointError):
                from_bytes(bytes(spoilt))
        with pytest.raises(CheckpointError):
            from_bytes(data[:place])


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_a_strangers_bytes_are_an_error_even_with_the_right_checksum(body: bytes) -> None:
    import hashlib

    magic = to_bytes({})[:23]
    for length in (len(body), 0, 2**62):
        whole = length.to_bytes(8, "little") + body
        try:
            from_bytes(magic + hashlib.sha256(whole).digest() + whole)
        except CharembedError:
            continue


@pytest.mark.parametrize(
    "header", ['{"a": {"\\u0000array": ["<f8", [1000000000000]]}}', '{"a": {"\\u0000array": 5}}']
)
def test_a_lying_header_allocates_nothing(header: str) -> None:
    import hashlib

    body = len(header).to_bytes(8, "little") + header.encode()
    data = to_bytes({})[:23] + hashlib.sha256(body).digest() + body
    with pytest.raises(CheckpointError):
        from_bytes(data)


@pytest.mark.parametrize("optimizer", registry.names())
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(optimizer: str) -> None:
    chosen = replace(SETTINGS, optimizer=optimizer)
    straight = Trainer(1, chosen.prepare(CORPUS), chosen, Trajectory())
    for _ in range(25):
        straight.step()
    straight.measure()
    saved = to_bytes(straight.state_dict())
    resumed = Trainer(2, chosen.prepare(CORPUS), chosen, Trajectory())
    resumed.load_state_dict(from_bytes(saved))
    assert resumed.snapshot(SessionState.IDLE).curve.rows().tolist() == (
        straight.snapshot(SessionState.IDLE).curve.rows().tolist()
    )
    for _ in range(25):
        straight.step()
        resumed.step()
        np.testing.assert_array_equal(resumed.optimizer.theta, straight.optimizer.theta)
    assert resumed.steps == straight.steps == 50
    assert [f.step for f in resumed.trajectory.frames()] == list(range(25, 51))


def test_a_state_of_another_run_is_refused() -> None:
    trainer = Trainer(1, SETTINGS.prepare(CORPUS), SETTINGS, Trajectory())
    for other in (replace(SETTINGS, optimizer="Adam"), replace(SETTINGS, embedding_size=4)):
        state = Trainer(1, other.prepare(CORPUS), other, Trajectory()).state_dict()
        with pytest.raises(OptimizerError):
            trainer.load_state_dict(state)
    with pytest.raises(OptimizerError, match="does not fit"):
        trainer.load_state_dict({})
    state = trainer.state_dict()
    with pytest.raises(OptimizerError, match="differ in length"):
        trainer.load_state_dict({**state, "curve": np.zeros((0, 4))})
    # Gone on from, its next checkpoint would have losses of some steps alone.
    with pytest.raises(OptimizerError, match="disagree"):
        trainer.load_state_dict({**state, "held_out_curve": np.zeros((0, 4))})


def a_run(tmp_path: Path, steps: int = 10) -> tuple[RunFolder, Trainer]:
    path = tmp_path / "play.txt"
    path.write_text(PLAY * 4, encoding="utf-8")
    return saved_run(path, SETTINGS, steps, every=5)


def test_the_newest_run_is_found_and_goes_on(tmp_path: Path) -> None:
    folder, trainer = a_run(tmp_path)
    run = resume(None)
    assert run.folder.path == folder.path
    assert run.state["steps"] == 10
    np.testing.assert_array_equal(run.state["theta"], trainer.optimizer.theta)
    assert run.corpus.vocabulary == run.folder.configuration.vocabulary
    assert [each.path for each in all_runs()] == [folder.path]
    run.folder.unlock()


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    folder, _ = a_run(tmp_path)
    newest = max(
        folder.path.glob("checkpoint-*.bin"),
        key=lambda file: from_bytes(file.read_bytes())["steps"],
    )
    newest.write_bytes(newest.read_bytes()[:-7])
    again = find_run(folder.path.name)
    state = again.load()
    assert state["steps"] == 5
    # The next checkpoint goes where the damaged one is, not over the good one.
    again.save({**state, "steps": 6})
    assert from_bytes(newest.read_bytes())["steps"] == 6
    for file in folder.path.glob("checkpoint-*.bin"):
        file.write_bytes(b"")
    with pytest.raises(RunError, match="no good checkpoint"):
        find_run(folder.path.name).load()


def test_a_changed_or_missing_text_is_explained(tmp_path: Path) -> None:
    a_run(tmp_path)
    path = tmp_path / "play.txt"
    moved = path.rename(tmp_path / "moved.txt")
    with pytest.raises(RunError, match="no longer at"):
        resume(None)
    run = resume(None, [str(moved)])
    assert run.state["steps"] == 10
    run.folder.unlock()
    moved.write_text(PLAY * 4 + "!", encoding="utf-8")
    with pytest.raises(RunError, match=r"is another text than play\.txt"):
        resume(None, [str(moved)])
    moved.rename(path)
    with pytest.raises(RunError, match=r"play\.txt has changed"):
        resume(None)


def test_two_programs_do_not_train_one_run(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="there are no such locks on Windows")
    folder, _ = a_run(tmp_path)
    run = resume(None)
    with pytest.raises(RunError, match="another process"):
        resume(None)
    run.folder.unlock()
    resume(None).folder.unlock()
    assert folder.path.is_dir()


def test_a_run_that_is_none_is_explained(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run in"):
        find_run(None)
    (tmp_path / "runs" / "x").mkdir(parents=True)
    for name in ("x", "../../etc", str(tmp_path)):
        with pytest.raises(RunError, match="is no run"):
            find_run(name)
    (tmp_path / "runs" / "x" / "run.json").write_text('{"corpus_name": 5}')
    with pytest.raises(RunError, match="cannot be read"):
        find_run("x")
    assert all_runs() == []
