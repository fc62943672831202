"""A step's time is tried: with a clock of our own, so that no machine is too busy for the test."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from problems import PLAY

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.sample_texts import default_sample
from charembed_tui.training import step_trial
from charembed_tui.training.cost_hint import CostHint
from model.corpus import Corpus
from model.counting import count_sequences
from model.families import registry as families
from model.families.log_bilinear.minibatches import Minibatches
from model.families.network.objective import SumObjective

Array = NDArray[np.float64]

CORPUS = Corpus.from_file(default_sample())


class Clock:
    """Stands still but for evaluations of parts, which take some seconds for each context.

    Attributes:
        tried: how many contexts each evaluation was of.
        parameters: at which each was.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self._now = 0.0
        self.tried: list[int] = []
        self.parameters: list[Array] = []
        monkeypatch.setattr(step_trial, "perf_counter", lambda: self._now)
        part = Minibatches.part

        def timed(objective: Minibatches, theta: Array, index: int) -> tuple[float, Array]:
            self.tried.append(len(objective._table.contexts))
            self.parameters.append(theta)
            self._now += seconds * self.tried[-1]
            return part(objective, theta, index)

        monkeypatch.setattr(Minibatches, "part", timed)


@pytest.mark.parametrize("optimizer", ["L-BFGS", "SFO"])
def test_a_step_takes_what_its_part_was_tried_to_take(
    optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = TrainingSettings(optimizer=optimizer, context_length=4, minibatches=4)
    clock, hint = Clock(monkeypatch, 1.0), CostHint(CORPUS)
    found = hint.step_seconds(settings)
    part = hint.size(4).contexts / (4 if optimizer == "SFO" else 1)
    searches = 1.0 if optimizer == "SFO" else families.find("log-bilinear").searches
    assert found == pytest.approx(searches * part, rel=0.1)
    tried = len(clock.tried)
    assert hint.step_seconds(settings) == found
    assert len(clock.tried) == tried  # known


def test_no_evaluation_knows_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What depends on parameters alone is computed once while they stay the same."""
    clock, hint = Clock(monkeypatch, 1e-6), CostHint(CORPUS)
    hint.step_seconds(TrainingSettings(context_length=4))
    assert len(clock.parameters) > 2
    assert all((a != b).any() for a, b in pairwise(clock.parameters))


def test_a_long_evaluation_is_tried_on_less(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(optimizer="L-BFGS", context_length=4)
    monkeypatch.setattr(step_trial, "_SECONDS", 1e-4)
    clock, hint = Clock(monkeypatch, 1.0), CostHint(CORPUS)
    whole = hint.size(4).contexts
    found = hint.step_seconds(settings)
    assert max(clock.tried) < whole / 2
    assert 2 * max(clock.tried) < found < 3 * whole


def test_what_a_model_computes_otherwise_is_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, hint = Clock(monkeypatch, 1.0), CostHint(CORPUS)
    hint.step_seconds(TrainingSettings(context_length=4, precision="float32"))
    tried = len(clock.tried)
    hint.step_seconds(TrainingSettings(context_length=4, precision="float64"))
    assert len(clock.tried) == 2 * tried


def test_the_quickest_evaluation_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first finds caches cold, and others are interrupted."""
    seconds = iter([9.0, 3.0, 5.0, 2.0, 8.0, 4.0, 6.0, 7.0])
    now = 0.0
    monkeypatch.setattr(step_trial, "_ENOUGH", np.inf)
    monkeypatch.setattr(step_trial, "_PATIENCE", np.inf)
    monkeypatch.setattr(step_trial, "perf_counter", lambda: now)
    part = Minibatches.part

    def timed(objective: Minibatches, theta: Array, index: int) -> tuple[float, Array]:
        nonlocal now
        now += next(seconds)
        return part(objective, theta, index)

    monkeypatch.setattr(Minibatches, "part", timed)
    settings = TrainingSettings(optimizer="SFO", minibatches=4)
    # All the same contexts as a part's, but for how many.
    assert 1.5 < CostHint(CORPUS).step_seconds(settings) < 2.5


def test_what_takes_long_is_not_tried_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, hint = Clock(monkeypatch, 1.0), CostHint(CORPUS)
    hint.step_seconds(TrainingSettings(context_length=4))
    assert len(clock.tried) == 1


def test_a_part_of_a_network_has_what_its_positions_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frequent contexts are in every part: ten parts together have more than all the text."""
    settings = TrainingSettings(model="network", hidden=8, optimizer="SFO", minibatches=10)
    model = settings.make_model(len(CORPUS.vocabulary))
    table = count_sequences(CORPUS.sequences, 3, len(CORPUS.vocabulary))
    real = model.sum_objective(table, 10, 0)
    assert isinstance(real, SumObjective)
    rows = len(real._rows) / 10
    now, part = 0.0, SumObjective.part
    monkeypatch.setattr(step_trial, "perf_counter", lambda: now)

    def timed(objective: SumObjective, theta: Array, index: int) -> tuple[float, Array]:
        nonlocal now
        now += len(objective._rows)
        return part(objective, theta, index)

    monkeypatch.setattr(SumObjective, "part", timed)
    assert rows > 1.5 * len(table.contexts) / 10
    assert rows / 1.5 < CostHint(CORPUS).step_seconds(settings) < 1.5 * rows


def test_mini_batches_are_tried_with_their_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(model="network", context_length=4, hidden=8)
    monkeypatch.setattr(step_trial, "perf_counter", iter(np.arange(100.0)).__next__)
    hint = CostHint(Corpus.from_text(PLAY * 100))
    assert hint.step_seconds(settings) == pytest.approx(1.0, rel=0.01)
