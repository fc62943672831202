"""A run that ends by itself, worse than it was at its best, ends at its best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from problems import PLAY
from required import required

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.sample_texts import default_sample
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.optimizers import registry as optimizers

CORPUS = Corpus.from_text(PLAY * 3 + PLAY.upper())
BY_HEART = TrainingSettings(context_length=3, prior=0.0, held_out=40)


def trained(settings: TrainingSettings, corpus: Corpus = CORPUS, most: int = 2000) -> Trainer:
    run = Trainer(1, settings.prepare(corpus), settings, Trajectory())
    while not run.converged and run.steps < most:
        run.step()
    run.measure()
    return run


def held_out(run: Trainer) -> float:
    found: float = required(run.measured.held_out)
    return found


def test_the_default_run_on_the_sample_ends_near_its_best() -> None:
    run = trained(TrainingSettings(), Corpus.from_file(default_sample()))
    assert run.converged
    run.conclude()
    assert held_out(run) - required(run.best).loss < 0.01
    assert run.steps < 2000


def test_going_back_is_one_more_step() -> None:
    run = trained(BY_HEART)
    end, loss, theta = run.steps, held_out(run), run.optimizer.theta.copy()
    best = required(run.best)
    assert loss - best.loss > 0.1
    run.conclude()
    assert run.steps == end + 1
    assert held_out(run) == best.loss
    np.testing.assert_array_equal(run.optimizer.theta, best.theta)
    assert required(run.best).step == best.step
    frames = {frame.step: frame.theta for frame in run.trajectory.frames()}
    np.testing.assert_array_equal(frames[end + 1], best.theta)
    np.testing.assert_array_equal(frames[end], theta)  # what happened is not rewritten
    snapshot = run.snapshot(SessionState.FINISHED)
    assert snapshot.conclusion == (
        f"best {best.loss:.4f} at step {best.step:,}; "
        f"after that it only learned the text by heart ({loss:.4f}), and went back there"
    )
    run.conclude()
    assert run.steps == end + 1
    # It goes on from there, here and where it is resumed, and its patience begins anew.
    again = Trainer(1, run.dataset, BY_HEART, Trajectory())
    again.load_state_dict(run.state_dict(), run.trajectory.frames())
    assert again.went_back == run.went_back
    for each in (run, again):
        each.seconds += 61.0
        assert not each._is_out_of_patience()
        each.step()
        assert not each.converged
    np.testing.assert_array_equal(again.optimizer.theta, run.optimizer.theta)
    assert "went back" not in run.snapshot(SessionState.PAUSED).conclusion


@pytest.mark.parametrize("name", optimizers.names())
def test_every_optimizer_begins_anew_at_the_best_step(name: str) -> None:
    settings = replace(BY_HEART, optimizer=name)
    run = Trainer(1, settings.prepare(CORPUS), settings, Trajectory())
    while run.steps < 40:
        run.step()
        run.measure()
    best, loss, kind = required(run.best), held_out(run), type(run.optimizer)
    assert best.step < 40
    assert loss - best.loss > 0.01
    run.converged = True
    run.conclude()
    assert required(run.went_back).loss == loss
    assert run.steps == 41
    assert held_out(run) == best.loss
    assert type(run.optimizer) is kind
    np.testing.assert_array_equal(run.optimizer.theta, best.theta)
    # Nothing is left of the way there: it goes on as a run that began at these parameters.
    new = Trainer(1, run.dataset, settings, Trajectory(), start=best.theta)
    again = Trainer(1, run.dataset, settings, Trajectory())
    again.load_state_dict(run.state_dict(), run.trajectory.frames())
    for _ in range(8):
        for each in (run, new, again):
            each.step()
    np.testing.assert_array_equal(run.optimizer.theta, new.optimizer.theta)
    np.testing.assert_array_equal(run.optimizer.theta, again.optimizer.theta)
    assert not np.array_equal(run.optimizer.theta, best.theta)


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        (replace(BY_HEART, patience=0.0), 2000),  # who wants no patience wants to see the end
        (replace(BY_HEART, held_out=0), 2000),
        (BY_HEART, 150),  # ended from outside
    ],
    ids=["no patience", "nothing held out", "ended from outside"],
)
def test_others_end_where_they_end(settings: TrainingSettings, most: int) -> None:
    run = trained(settings, most=most)
    before = run.steps, run.optimizer.theta.copy()
    run.conclude()
    assert run.steps == before[0]
    np.testing.assert_array_equal(run.optimizer.theta, before[1])
    assert run.went_back is None


def test_what_goes_with_the_family_is_fitted_once_where_two_steps_are_alike() -> None:
    settings = replace(BY_HEART, context_length=2, mix_ngrams=2, held_out=30)
    run = trained(settings)
    run.conclude()
    best, fits = required(run.best), required(run.fits)
    assert run.went_back is not None
    assert fits.at(run.steps) is fits.at(best.step)
    assert fits.loss(run.steps) == run.ensemble_loss
