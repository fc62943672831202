"""Run folders as strangers may make them: good ones with wrong content and right checksums."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import math
import shutil
import struct
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from problems import PLAY
from saved_run import saved_run

from charembed_tui.cli import evaluate, export, generate, list_runs
from charembed_tui.cli.command_parser import parser
from charembed_tui.coordinates.character_map import CharacterMap
from charembed_tui.coordinates.views import PrincipalPlane
from charembed_tui.plotting.loss_points import points
from charembed_tui.runs.catalogue import all_runs, find_run
from charembed_tui.runs.checkpoint import from_bytes, to_bytes
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.following_session import FollowingSession
from charembed_tui.runs.opening import follow, resume
from charembed_tui.runs.run_writer import RunWriter
from charembed_tui.runs.trajectory_file import _packed
from charembed_tui.runs.warm_start import warm_start
from charembed_tui.settings.loss_view import LossView
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.locations import runs_directory
from charembed_tui.text.glyphs import width
from charembed_tui.training.change_scale import ChangeScale
from charembed_tui.training.commentary import Commentary
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.run_history import RunHistory
from charembed_tui.training.snapshot import SessionState, Snapshot
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Frame, Trajectory
from model.corpus import Corpus
from model.errors import CharembedError

STEPS = 4
SMALL = TrainingSettings(context_length=2, embedding_size=2)
KINDS = (
    replace(SMALL, optimizer="scaled SFO", minibatches=3),
    replace(SMALL, optimizer="SFO", minibatches=60),  # in a subspace
    replace(SMALL, optimizer="L-BFGS", held_out=0),
    replace(SMALL, optimizer="Adam", minimum_count=3),
    replace(SMALL, optimizer="SGD"),
    replace(SMALL, model="network", hidden=4, optimizer="Adam"),
    replace(SMALL, optimizer="L-BFGS", mix_ngrams=2, cache=500),
    TrainingSettings(model="n-grams", order=2),
)
HOSTILE = "a\x1b]0;title\x07b\x1b]52;c;eA==\x07\x9b2J\x85\u202e"
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 7, 2**31, 2**53, 2**53 + 1, 2**63, 2**64, 10**400),
    *(math.inf, -math.inf, math.nan, 1e30, 1e49, 1e99, 1e308, -1e308, 5e-324, 0.5, -0.5),
    *("", "3", "x" * 5000, "\ud800", HOSTILE, "/dev/zero", "a\0b", "bytes", "utf-16", "SFO"),
    *([], {}, [[]], [1, 2, 3], [0.5, math.nan], {"": 1}, ["x"] * 50),
)
_DEEP = 100_000

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Files(dict[str, bytes]):
    """Those of a run folder, by their names.

    Attributes:
        changes: what was done to good ones.
    """

    changes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"files: {'; '.join(self.changes)}"


@dataclass(frozen=True)
class Good:
    """Good runs, each as the bytes of its files, and the text of all of them."""

    text: Path
    runs: Sequence[Files]

    @classmethod
    def made(cls, folder: Path) -> Good:
        """Train them, where CHAREMBED_RUNS says."""
        text = folder / "play.txt"
        text.write_text(PLAY * 2, encoding="utf-8")
        runs = []
        for settings in KINDS:
            saved, trainer = saved_run(text, settings, STEPS, every=2)
            trainer.conclude()
            saved.save(trainer.state_dict())
            saved.samples.append(GeneratedText(2, "step 2", "A", "bc", (0.5, 1.5)))
            saved.rename("a run")
            runs.append(Files((f.name, f.read_bytes()) for f in saved.path.iterdir()))
            shutil.rmtree(saved.path)
        return cls(text, runs)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in nested dictionaries and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from _places(inner, (*path, key))


def _changed_tree(draw: Draw, tree: Any) -> Any:
    """Another value somewhere, or none, or one too many."""
    tree = copy.deepcopy(tree)
    *path, last = draw(st.sampled_from(sorted(_places(tree), key=lambda p: (len(p), str(p)))))
    place = tree
    for key in path:
        place = place[key]
    what = draw(st.sampled_from(["value", "value", "value", "gone", "other"]))
    if what == "gone":
        del place[last]
    elif what == "other":
        other = tree
        for key in draw(st.sampled_from(sorted(_places(tree), key=str))):
            other = other[key]
        place[last] = copy.deepcopy(other)
    elif isinstance(place[last], np.ndarray):
        place[last] = _changed_array(draw, place[last])
    else:
        place[last] = draw(st.sampled_from(SCALARS))
    return tree


def _changed_array(draw: Draw, array: Any) -> Any:
    what = draw(st.sampled_from(["element", "element", "all", "shape", "kind", "order", "value"]))
    if what == "value":
        return draw(st.sampled_from(SCALARS))
    if what == "kind":
        kind = draw(st.sampled_from(["<f8", "<i8", "<i4", "|b1"]))
        with np.errstate(all="ignore"):
            return array.astype(kind)
    if what == "shape":
        shapes = [array.ravel()[:-1], array[None], array[:0], np.zeros((2, 3)), np.zeros(0)]
        return shapes[draw(st.integers(0, len(shapes) - 1))].copy()
    if what == "order":
        return array[::-1].copy()
    values = (np.nan, np.inf, 1e308, -1e308, 1e140, 1e49, -1e49, -1.0, 0.0, 1.0, 5e-324, 3.0, 2e9)
    value = draw(st.sampled_from(values))
    array = array.copy()
    with np.errstate(all="ignore"):
        value = np.float64(value).astype(array.dtype)
    if what == "all":
        array[...] = value
    elif array.size:
        array.flat[draw(st.integers(0, array.size - 1))] = value
    return array


def _checkpoint(draw: Draw, data: bytes) -> bytes:
    return to_bytes(_changed_tree(draw, from_bytes(data)))


def _json(draw: Draw, data: bytes) -> bytes:
    if draw(st.integers(0, 20)) == 0:
        return b"[" * _DEEP + b"]" * _DEEP
    rows = data.splitlines() if data.count(b"\n") == 1 else [data]
    return b"\n".join(json.dumps(_changed_tree(draw, json.loads(r))).encode() for r in rows) + b"\n"


def _metrics(draw: Draw, data: bytes) -> bytes:
    rows = [row.split(b",") for row in data.splitlines()]
    cells = (*(b"", b"-1", b"nan", b"inf", b"1e400", b"1e99", b"1e308", b"x", b"9" * 400), b"3")
    row = draw(st.integers(0, len(rows) - 1))
    what = draw(st.sampled_from(["cell", "cell", "again", "gone", "order"]))
    if what == "cell":
        rows[row][draw(st.integers(0, len(rows[row]) - 1))] = draw(st.sampled_from(cells))
    elif what == "again":
        rows.insert(row, rows[draw(st.integers(0, len(rows) - 1))])
    elif what == "gone":
        del rows[row]
    else:
        rows.reverse()
    return b"\n".join(map(b",".join, rows)) + b"\n"


def _recording(draw: Draw, data: bytes) -> bytes:
    start = data.index(b"\n") + 1
    count = STEPS + 1
    size = (len(data) - start) // count
    records = [data[start + i * size :][:size] for i in range(count)]
    i = draw(st.integers(0, count - 1))
    theta = np.frombuffer(records[i], "<f8", offset=12).copy()
    step = int.from_bytes(records[i][4:12], "little")
    what = draw(st.sampled_from(["theta", "theta", "step", "order"]))
    if what == "order":
        records.reverse()
    elif what == "step":
        step = draw(st.sampled_from([-1, 0, 3, 2**53, 2**63 - 1]))
    elif len(theta):
        value = draw(st.sampled_from([np.nan, np.inf, 1e308, -1e308, 1e49, -1e49, 1e40, 0.0]))
        theta[draw(st.integers(0, len(theta) - 1)) :: draw(st.integers(1, 3))] = value
    if what != "order":
        records[i] = _packed(Frame(step, theta))
    return data[:start] + b"".join(records)


def _spliced(draw: Draw, data: bytes) -> bytes:
    place, more = draw(st.integers(0, len(data))), draw(st.binary(max_size=40))
    return data[:place] + more + data[place + len(more) :]


_UNCHANGEABLE = (ValueError, LookupError, RecursionError, struct.error)
_CHANGES: dict[str, Callable[[Draw, bytes], bytes]] = {
    "run.json": _json,
    "checkpoint-a.bin": _checkpoint,
    "checkpoint-b.bin": _checkpoint,
    "metrics.csv": _metrics,
    "recording.bin": _recording,
    "samples.jsonl": _json,
}


@st.composite
def strange_folders(draw: Draw, good: Good) -> Files:
    """A good run with one to three things in it that are not."""
    files, changes = Files(draw(st.sampled_from(good.runs))), []
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(files)))
        change = _CHANGES.get(name, _spliced)
        what = draw(st.sampled_from(["content"] * 12 + ["bytes", "bytes", "gone", "both"]))
        changes.append(f"{what} of {name}")
        if what == "gone":
            del files[name]
        elif what == "both":  # there is no other checkpoint to go on from
            for slot in ("checkpoint-a.bin", "checkpoint-b.bin"):
                if slot in files:
                    files[slot] = files[name] if name.startswith("checkpoint") else files[slot]
        else:
            with contextlib.suppress(*_UNCHANGEABLE):  # changed before
                files[name] = (_spliced if what == "bytes" else change)(draw, files[name])
    files.changes = tuple(changes)
    return files


def write_folder(files: Files) -> Path:
    """Make a folder of these files, the only run there is, where CHAREMBED_RUNS says."""
    folder = runs_directory() / "run"
    shutil.rmtree(runs_directory(), ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def open_every_way(folder: Path, text: Path, outcome: Counter[str]) -> None:
    """Everything that reads a run folder reads one: it is used, or an error says why not.

    Args:
        folder: of the run.
        text: that it was trained on.
        outcome: counts what was used and what was refused, by the way it was tried.
    """
    run, vectors = str(folder), str(folder.parent / "vectors")
    ways: dict[str, Callable[[], object]] = {
        "list": _list,
        "follow": lambda: _follow(find_run(run)),
        "evaluate": lambda: evaluate.run(parser().parse_args(["evaluate", str(text), run])),
        "generate": lambda: generate.run(
            parser().parse_args(["generate", run, "--length", "5", "--at", "last"])
        ),
        "export": lambda: export.run(parser().parse_args(["export", vectors, run])),
        "start": lambda: warm_start(
            find_run(run), Corpus.from_file(text), TrainingSettings(held_out=0)
        ),
        "resume": lambda: _resume(run),  # last, since it writes
    }
    for name, way in ways.items():
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # numbers may overflow, and then they are refused
            with contextlib.redirect_stderr(io.StringIO()):
                try:
                    way()
                    outcome[f"{name}: used"] += 1
                except (CharembedError, OSError):
                    outcome[f"{name}: refused"] += 1


def _list() -> None:
    for folder in all_runs():
        json.dumps(list_runs._facts(folder))
        list_runs._line(folder)


def _follow(folder: RunFolder) -> None:
    plan = follow(folder)
    session = FollowingSession(folder, plan.settings.prepare(plan.corpus))
    session._count()
    session._poll()
    session._poll()
    _see(session.snapshot, session.trajectory, session.corpus)


def _see(snapshot: Snapshot, trajectory: Trajectory, corpus: Corpus) -> None:
    """What the screen makes of it."""
    if snapshot.theta is None:
        return
    model, frames = snapshot.model, trajectory.frames()
    widths = [width(character) for character in corpus.vocabulary]
    for chosen in (CharacterMap(widths), CharacterMap(widths, PrincipalPlane())):
        for frame in frames:
            chosen.show(chosen.view.project(model.embeddings(frame.theta)))
            axes = chosen.place(60, 20, 2.0)
            assert axes is not None
            axes.ticks(0, 60, 5)
    scale = ChangeScale.of(frames, model, snapshot.curve)
    scale.step(scale.part(frames[-1].step))
    commentary = Commentary(corpus.vocabulary, corpus.counts())
    commentary.read(frames, model.embeddings, most=len(frames))
    for against in ("steps", "seconds", "passes"):
        points(snapshot.curve, LossView(against=against, smoothing="strong"))
    history = RunHistory()
    history.note(corpus.name, TrainingSettings(), snapshot)
    assert [f"{run.score:.4f} {run.name}" for run in history.ranked()] or not snapshot.step
    _ = snapshot.conclusion


def _resume(name: str) -> None:
    run = resume(name)
    try:
        settings = run.settings
        trainer = Trainer(1, settings.prepare(run.corpus), settings, Trajectory())
        trainer.load_state_dict(run.state, run.frames)
        for _ in range(2):
            trainer.step()
        trainer.measure()
        RunWriter(run.path, run.folder, run.steps).write(trainer, everything=True)
        _see(trainer.snapshot(SessionState.PAUSED), trainer.trajectory, trainer.dataset.corpus)
    finally:
        run.folder.unlock()
    if trainer.steps < 2**53:
        assert RunFolder.open(run.folder.path).load()["steps"] == trainer.steps
