"""What the state of a run has to be: everything else is refused, with a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from problems import PLAY

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from charembed_tui.training.valid_state import require_valid
from model.corpus import Corpus
from model.errors import OptimizerError

SETTINGS = TrainingSettings(context_length=2, embedding_size=2, optimizer="Adam")


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    corpus = Corpus.from_text(PLAY * 2)
    trainer = Trainer(1, SETTINGS.prepare(corpus), SETTINGS, Trajectory())
    for _ in range(3):
        trainer.step()
        trainer.measure()
    return trainer


def curve(trainer: Trainer, row: int, column: int, value: float) -> Any:
    rows = trainer.state_dict()["curve"].copy()
    rows[row, column] = value
    return rows


CHANGES: dict[str, tuple[str, Any, str]] = {
    "infinite steps": ("steps", float("inf"), "number of steps is none"),
    "steps as a text": ("steps", "3", "number of steps is none"),
    "endless digits": ("steps", 10**400, "number of steps is none"),
    "time before the beginning": ("seconds", -1.0, "number of seconds is none"),
    "no number of passes": ("passes", float("nan"), "number of passes is none"),
    "parameters of another model": ("theta", np.zeros(5), "of another model"),
    "parameters that are lost": ("theta", None, "of another model, or damaged"),
    "no settings": ("settings", [], "has no settings"),
    "other settings": ("settings", {"embedding_size": 7, "model": "log-bilinear"}, "another model"),
    "switches without names": ("switches", [1, 2], "switches of the optimizer are none"),
    "threads that nobody has": ("threads", 10**6, "number of threads is none"),
    "no threads of BLAS": ("blas_threads", 0, "number of blas_threads is none"),
    "another kind of curve": ("curve", np.zeros((2, 3)), "losses has shape"),
    "another kind of norms": ("norms", np.zeros((2, 3)), "norms has shape"),
    "a best step to come": ("best", {"step": 99}, "best step is none"),
    "no state": ("optimizer", None, "optimizer's state is none"),
    "no fits": ("fits", [1], "state of fits is none"),
}


@pytest.mark.parametrize(("name", "value", "reason"), CHANGES.values(), ids=CHANGES.keys())
def test_what_is_refused(trainer: Trainer, name: str, value: Any, reason: str) -> None:
    good = trainer.state_dict()
    require_valid(good, trainer.model)
    with pytest.raises(ValueError, match=reason):
        require_valid({**good, name: value}, trainer.model)
    with pytest.raises(OptimizerError, match="does not fit this run"):
        trainer.load_state_dict({**good, name: value})
    trainer.load_state_dict(good)


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        (1, 0, 0.0, "losses do not ascend"),
        (2, 1, 0.0, "losses do not ascend"),
        (0, 0, -1.0, "of no time"),
        (3, 0, 9.0, "of no time"),
        (1, 3, np.nan, "non-finite, or too large"),
        (1, 3, 1e308, "non-finite, or too large"),
    ],
)
def test_a_curve_is_one(trainer: Trainer, row: int, column: int, value: float, reason: str) -> None:
    state = {**trainer.state_dict(), "curve": curve(trainer, row, column, value)}
    with pytest.raises(ValueError, match=reason):
        require_valid(state, trainer.model)


@pytest.mark.parametrize("value", [1e308, -1e308, np.nan, np.inf])
def test_parameters_that_no_model_has(trainer: Trainer, value: float) -> None:
    theta = trainer.optimizer.theta.copy()
    theta[3] = value
    state = trainer.state_dict()
    for changed in ({"theta": theta}, {"best": {**state["best"], "theta": theta}}):
        with pytest.raises(ValueError, match="non-finite, or too large"):
            require_valid({**state, **changed}, trainer.model)


def test_training_ends_before_it_gets_there(trainer: Trainer) -> None:
    state = trainer.state_dict()
    lost = {**state["optimizer"], "theta": np.full_like(state["theta"], 1e60)}
    with pytest.raises(OptimizerError, match="too large"):
        trainer.load_state_dict({**state, "optimizer": lost})
    trainer.load_state_dict(state)
