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
from model.families.log_bilinear.minibatches import Minibatches

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
    searches = 1.0 if optimizer == "SFO" else 1.3
    assert found == pytest.approx(searches * part, rel=0.1)
    tried = len(clock.tried)
    assert hint.step_seconds(settings) == found
    assert len(clock.tried) == tried  # known
    # What depends on parameters alone may be known from the last evaluation.
    assert all((a != b).any() for a, b in pairwise(clock.parameters))


def test_a_long_evaluation_is_tried_on_less(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(optimizer="L-BFGS", context_length=4)
    monkeypatch.setattr(step_trial, "_SECONDS", 1e-4)
    clock, hint = Clock(monkeypatch, 1.0), CostHint(CORPUS)
    whole = hint.size(4).contexts
    found = hint.step_seconds(settings)
    assert max(clock.tried) < whole / 2
    assert 2 * max(clock.tried) < found < 3 * whole


def test_mini_batches_are_tried_with_their_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(model="network", context_length=4, hidden=8)
    monkeypatch.setattr(step_trial, "perf_counter", iter(np.arange(100.0)).__next__)
    hint = CostHint(Corpus.from_text(PLAY * 100))
    assert hint.step_seconds(settings) == pytest.approx(1.0, rel=0.01)
