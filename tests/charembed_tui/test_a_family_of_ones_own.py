"""A family of models that only this file knows goes everywhere that families go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from commands import PROCESS
from laboratory import laboratory
from numpy.typing import NDArray
from saved_run import saved_run
from scipy.special import log_softmax
from waiting import until, wait_until

from charembed_tui.cli import command
from charembed_tui.exports.data import export_run
from charembed_tui.runs.catalogue import all_runs, find_run
from charembed_tui.runs.following_session import FollowingSession
from charembed_tui.runs.opening import resume, text_of
from charembed_tui.runs.run_writer import RunWriter
from charembed_tui.runs.warm_start import warm_start
from charembed_tui.screens.through_time import ThroughTimeScreen
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.associations import successors
from model.corpus import Corpus
from model.cost import Cost, TextSize
from model.dealing import deal
from model.families import registry
from model.families.base import Block, Codes
from model.families.registry import Family
from model.families.windows import WindowReader
from model.ngrams import NgramTable
from model.optimizers import registry as optimizers
from model.parts import WeightedSum
from model.sampling import Sampler

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bigrams:
    """A table of bigrams: the logit of c after v is the product of two rows of two numbers."""

    vocabulary_size: int
    context_length: int
    family: str = "bigrams"
    embedding_size: int = 2

    @property
    def parameter_count(self) -> int:
        return 4 * self.vocabulary_size

    def initial(self, rng: np.random.Generator) -> Array:
        return rng.normal(size=self.parameter_count)

    def _rows(self, theta: Array) -> Array:
        return theta.reshape(2, self.vocabulary_size, 2)

    def embeddings(self, theta: Array) -> Array:
        return self._rows(theta)[0]

    def blocks(self, theta: Array) -> Sequence[Block]:
        before, after = self._rows(theta)
        return Block(before, "context"), Block(after, "target")

    def predictor(self, theta: Array) -> BigramPredictor:
        before, after = self._rows(theta.copy())
        known = before @ after.T
        table = log_softmax(np.vstack([known, np.zeros(self.vocabulary_size)]), axis=1)
        return BigramPredictor(self.vocabulary_size, self.context_length, table)

    def objective(self, table: NgramTable) -> BigramObjective:
        return BigramObjective(self, table)

    def sum_objective(
        self, table: NgramTable, parts: int, seed: int, *, noise: bool = False
    ) -> WeightedSum:
        dealt = deal(table, parts, seed)
        return WeightedSum([self.objective(table.select(rows)) for rows in dealt])

    def cost(self, text: TextSize) -> Cost:
        return Cost(self.parameter_count, text.contexts, 1e-4, 1_000_000)


@dataclass(frozen=True, eq=False)
class BigramPredictor:
    """Looks at the last character of a window; an unknown one says nothing."""

    vocabulary_size: int
    context_length: int
    table: Array
    needs_only_windows: bool = True

    def log_probabilities(self, contexts: Codes) -> Array:
        return self.table[contexts[:, -1]]

    def reader(self, codes: Sequence[int] = ()) -> WindowReader:
        return WindowReader(self, codes)


class BigramObjective:
    """Minus the mean log probability of the counted bigrams."""

    def __init__(self, model: Bigrams, table: NgramTable) -> None:
        ngrams, counts = table.ngrams()
        self._counts = np.zeros((model.vocabulary_size, model.vocabulary_size))
        np.add.at(self._counts, (ngrams[:, -2], ngrams[:, -1]), counts)
        self._model, self.positions = model, float(counts.sum())

    def value(self, theta: Array) -> float:
        return self.value_and_gradient(theta)[0]

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        before, after = self._model._rows(theta)
        log_p = log_softmax(before @ after.T, axis=1)
        error = np.exp(log_p) * self._counts.sum(axis=1, keepdims=True) - self._counts
        gradient = np.stack([error @ after, error.T @ before]).ravel()
        return float(-(self._counts * log_p).sum()) / self.positions, gradient / self.positions


FAMILY = Family("bigrams", (), Bigrams)


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with registry.registered(FAMILY):
        yield


@pytest.fixture
def settings() -> TrainingSettings:
    return TrainingSettings(model="bigrams", context_length=2, optimizer="Adam")


def trained(text: Path, settings: TrainingSettings, steps: int) -> Trainer:
    trainer = Trainer(1, settings.prepare(Corpus.from_file(text)), settings, Trajectory())
    for _ in range(steps):
        trainer.step()
    trainer.measure()
    return trainer


@pytest.mark.parametrize("optimizer", optimizers.names())
def test_every_optimizer_trains_it(text: Path, optimizer: str) -> None:
    settings = TrainingSettings(model="bigrams", context_length=2, optimizer=optimizer)
    trainer = trained(text, settings, steps=60)
    losses = trainer.snapshot(SessionState.PAUSED).curve.losses
    assert losses[-1] < losses[0] - 0.2
    assert trainer.measured.held_out is not None


@pytest.mark.parametrize("optimizer", optimizers.names())
def test_it_goes_on_bit_for_bit(text: Path, optimizer: str) -> None:
    settings = TrainingSettings(model="bigrams", context_length=2, optimizer=optimizer)
    folder, straight = saved_run(text, settings, steps=9)
    assert json.loads((folder.path / "run.json").read_text())["settings"]["model"] == "bigrams"
    run = resume(folder.path.name)
    again = Trainer(2, run.settings.prepare(run.corpus), run.settings, Trajectory())
    again.load_state_dict(run.state, run.frames)
    for _ in range(6):
        straight.step()
        again.step()
    np.testing.assert_array_equal(again.optimizer.theta, straight.optimizer.theta)
    run.folder.unlock()


def test_a_run_of_an_unknown_family_is_refused_with_that_reason(
    text: Path, settings: TrainingSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = saved_run(text, settings, steps=2)
    with registry.registered(Family("others", (), Bigrams)):
        pass  # names come and go
    done = subprocess.run(
        [*PROCESS, "generate", folder.path.name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "family of models 'bigrams', which is not known here" in done.stderr


def test_it_is_evaluated_written_with_and_exported(
    text: Path, tmp_path: Path, settings: TrainingSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, trainer = saved_run(text, settings, steps=20)
    vocabulary = folder.configuration.vocabulary
    predictor = folder.configuration.model.predictor(folder.parameters())

    def said(*arguments: str) -> str:
        with pytest.raises(SystemExit) as end:
            command.main(arguments)
        assert end.value.code == 0
        return capsys.readouterr().out

    found = json.loads(said("evaluate", str(text), folder.path.name, "--json"))
    codes = Corpus.from_file(text).codes
    assert isinstance(predictor, BigramPredictor)
    before = np.append(len(vocabulary), codes[:-1])  # nothing is known before the first one
    log_p = predictor.table[before, codes]
    assert found["nats_per_character"] == pytest.approx(-log_p.mean())
    assert found["positions"] == len(codes)

    written = said("generate", folder.path.name, "--length", "50", "--seed", "1")
    expected = Sampler(predictor, vocabulary).write("", 50, np.random.default_rng(1))
    assert written.rstrip("\n") == "".join(expected).rstrip("\n")

    said("export", str(tmp_path / "vectors"), folder.path.name)
    rows = np.loadtxt(tmp_path / "vectors" / "vectors.tsv", delimiter="\t")
    np.testing.assert_allclose(rows, trainer.model.embeddings(trainer.optimizer.theta), rtol=1e-6)

    place = tmp_path / "data"
    place.mkdir()
    snapshot = trainer.snapshot(SessionState.PAUSED)
    export_run(place, trainer.dataset.corpus, settings, snapshot, trainer.trajectory.frames())
    assert json.loads((place / "export.json").read_text())["settings"]["model"] == "bigrams"
    assert np.load(place / "recording.npz")["theta"].shape[1] == trainer.model.parameter_count


def test_a_run_starts_from_it_on_another_text(
    text: Path, tmp_path: Path, settings: TrainingSettings
) -> None:
    folder, trainer = saved_run(text, settings, steps=20)
    other = Corpus.from_text("the fool and the king § " * 30)
    start = warm_start(folder, other, settings)
    before = trainer.model.embeddings(trainer.optimizer.theta)
    vocabulary = folder.configuration.vocabulary
    size = len(other.vocabulary)
    after = start.settings.make_model(size).embeddings(start.theta)
    for character in "thef ":
        row = other.vocabulary.index(character)
        np.testing.assert_array_equal(after[row], before[vocabulary.index(character)])
    log_bilinear = TrainingSettings(context_length=2, embedding_size=2)
    assert warm_start(folder, other, log_bilinear).settings.model == "bigrams"


def test_a_follower_sees_it_and_learns_of_its_optimizers(
    text: Path, settings: TrainingSettings
) -> None:
    trainer = trained(text, settings, steps=3)
    writer = RunWriter(text)
    writer.write(trainer, everything=True)
    folder = find_run(None)
    session = FollowingSession(folder, settings.prepare(text_of(folder)[0]))
    session.begin()
    wait_until(lambda: session.snapshot.step == 3)
    np.testing.assert_array_equal(session.snapshot.theta, trainer.optimizer.theta)
    session.close()
    assert session.join(30)
    writer.close()


async def test_it_is_drawn_inspected_and_read_through_time(
    text: Path, settings: TrainingSettings
) -> None:
    app = laboratory(text, Preferences(training=settings), save_runs=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 30)
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.state is SessionState.PAUSED)
        view = app.laboratory.view
        assert view is not None
        assert view.model.family == "bigrams"
        plot = app.laboratory.panes.embedding.plot
        await until(lambda: sum(place is not None for place in plot.map.places) > 10)
        await pilot.press("g")
        await until(lambda: len(app.laboratory.panes.generation.written) == 300)
        vocabulary = app.laboratory.corpus.vocabulary
        table = app.laboratory.session.table
        assert table is not None
        likely = successors(view.predictor, table, vocabulary.index("h"), 1)[0][0]
        await pilot.press("i", *"th")
        await until(lambda: "th" in str(app.laboratory.panes.inspector.border_title))
        await until(lambda: len(app.laboratory.panes.inspector._bars.text.splitlines()) > 3)
        assert app.laboratory.panes.inspector._bars.text.splitlines()[1].strip()[0] in (
            vocabulary[likely],
            "⏎",
            "␣",
        )
        await pilot.press("escape", "t")
        through_time = app.screen
        assert isinstance(through_time, ThroughTimeScreen)
        await until(lambda: all(len(s.written) > 100 for s in through_time._samples))
        await pilot.press("escape", "left_square_bracket", "q")
    assert len(all_runs()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_killed_run_of_it_opens_again(text: Path, settings: TrainingSettings) -> None:
    child = os.fork()
    if child == 0:  # where the family is known as here
        trainer = trained(text, settings, steps=0)
        writer = RunWriter(text)
        while True:
            trainer.step()
            writer.write(trainer, everything=True)
    wait_until(lambda: any(run.has_checkpoint for run in all_runs()))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    run = resume(None)
    again = Trainer(1, run.settings.prepare(run.corpus), run.settings, Trajectory())
    again.load_state_dict(run.state, run.frames)
    assert again.steps == run.steps > 0
    straight = trained(text, settings, steps=run.steps)
    np.testing.assert_array_equal(again.optimizer.theta, straight.optimizer.theta)
    run.folder.unlock()


def test_a_family_that_nobody_registered_is_no_choice() -> None:
    from model.errors import SettingsError

    with pytest.raises(SettingsError, match=r"log-bilinear.*bigrams"):
        TrainingSettings(model="trigrams")
