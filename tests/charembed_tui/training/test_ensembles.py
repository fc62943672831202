"""N-grams as a family, and n-grams and a cache that go with a family, in the trainer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from problems import PLAY
from required import required
from waiting import wait_until

from charembed_tui.settings.training_settings import TrainingSettings, belongs
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.training.snapshot import SessionState, View
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.training_session import TrainingSession
from charembed_tui.training.trajectory import Trajectory
from model import baselines
from model.corpus import Corpus
from model.counting import count_ngrams
from model.errors import SettingsError
from model.evaluation import mean_loss_of
from model.families.base import on_text
from model.families.ensemble.ensemble import Ensemble
from model.families.ensemble.settings import Fit
from model.families.mixture.evidence import Evidence, probabilities_after
from model.families.mixture.gate import Gate
from model.families.mixture.predictor import MixturePredictor
from model.families.ngrams.predictor import NgramPredictor
from model.families.set_aside import spread_blocks
from model.texts.reading import Reading

CORPUS = Corpus.from_text(PLAY * 20)
LOG_BILINEAR = TrainingSettings(context_length=2, mix_ngrams=3, cache=300)
NETWORK = TrainingSettings(
    model="network",
    context_length=3,
    embedding_size=4,
    hidden=16,
    anneal_steps=20,
    mix_ngrams=-1,
    cache=-1,
)
NGRAMS = TrainingSettings.of_family("n-grams")
WITH_CACHE = replace(NGRAMS, order=3, cache=-1)


def trainer(settings: TrainingSettings, steps: int = 0) -> Trainer:
    made = Trainer(1, settings.prepare(CORPUS), settings, Trajectory())
    for _ in range(steps):
        made.step()
    return made


def test_n_grams_are_done_after_one_step() -> None:
    run = trainer(NGRAMS, steps=1)
    assert run.converged
    dataset = run.dataset
    model = on_text(NGRAMS.make_model(len(dataset.vocabulary)), dataset.running_text(1))
    held_out = required(dataset.held_out)
    expected = mean_loss_of(model.predictor(np.empty(0)), held_out)
    assert run.measured.held_out == pytest.approx(expected)
    assert required(run.best).loss == pytest.approx(expected)
    snapshot = run.snapshot(SessionState.FINISHED)
    assert snapshot.model.embeddings(required(snapshot.theta)).shape == (
        len(dataset.vocabulary),
        NGRAMS.embedding_size,
    )
    # The table is of the windows that the model sees, whatever the context length says.
    assert run.table.context_length == run.model.context_length


@pytest.mark.parametrize("settings", [LOG_BILINEAR, NETWORK], ids=["log-bilinear", "network"])
def test_a_family_is_trained_without_what_gate_and_cache_are_fitted_on(
    settings: TrainingSettings,
) -> None:
    run = trainer(settings)
    training = run.dataset.training.codes
    aside = spread_blocks(len(training))
    m = settings.context_length
    whole = [at for at in range(m, len(training)) if not aside[at - m : at + 1].any()]
    assert run.table.positions == len(whole)
    everything = count_ngrams(training, len(run.dataset.vocabulary), m)
    assert run.table.positions < everything.positions


@pytest.mark.parametrize(
    "settings", [LOG_BILINEAR, NETWORK, WITH_CACHE], ids=["log-bilinear", "network", "n-grams"]
)
def test_all_parts_are_measured_at_the_best_step(settings: TrainingSettings) -> None:
    run = trainer(settings, steps=1 if settings is WITH_CACHE else 12)
    run.measure()
    assert run.ensemble_loss is None
    run.conclude()
    best, dataset = required(run.best), run.dataset
    ensemble = Ensemble(run.model, dataset.running_text(1), settings.ensemble)
    predictor = ensemble.predictor(best.theta, ensemble.fit(best.theta))
    reader, losses = predictor.reader(dataset.training.codes.tolist()), []
    for code in required(dataset.held_out).codes.tolist():
        losses.append(-reader.log_probabilities()[code])
        reader.read(code)
    found: float = required(run.ensemble_loss)
    assert found == pytest.approx(np.mean(losses))
    assert found < best.loss
    assert run.snapshot(SessionState.FINISHED).ensemble_loss == found
    assert run.elapsed > run.seconds


@pytest.mark.parametrize(
    "settings", [LOG_BILINEAR, NETWORK, WITH_CACHE], ids=["log-bilinear", "network", "n-grams"]
)
def test_a_run_goes_on_bit_for_bit(settings: TrainingSettings) -> None:
    straight = trainer(settings, steps=1)
    straight.measure()
    straight.conclude()
    again = trainer(settings)
    again.load_state_dict(straight.state_dict(), straight.trajectory.frames())
    assert again.ensemble_loss == straight.ensemble_loss
    assert again.elapsed == pytest.approx(straight.elapsed, abs=5.0)
    for run in (straight, again):
        for _ in range(5):
            run.step()
        run.measure()
        run.conclude()
    np.testing.assert_array_equal(again.optimizer.theta, straight.optimizer.theta)
    fits = [required(run.fits).at(run.steps) for run in (straight, again)]
    np.testing.assert_array_equal(required(fits[0]).gate, required(fits[1]).gate)
    assert required(fits[0]).cache == required(fits[1]).cache
    assert again.ensemble_loss == straight.ensemble_loss


def test_a_view_has_all_parts_once_they_are_fitted() -> None:
    run = trainer(LOG_BILINEAR, steps=3)
    view = View(run.model, 3, run.optimizer.theta.copy(), live=True, fits=run.fits)
    alone = view.predictor
    assert alone.needs_only_windows
    whole = view.fitted_predictor()
    assert not whole.needs_only_windows
    assert view.predictor is whole
    assert View(run.model, 2, run.optimizer.theta, live=False, fits=run.fits).predictor is not whole


def test_time_is_left_for_the_end() -> None:
    settings = replace(NETWORK, anneal_steps=0, anneal_seconds=100.0)
    run, plain = trainer(settings), trainer(replace(settings, mix_ngrams=0, cache=0))
    for each in (run, plain):
        each.seconds, each._other_seconds = 40.0, 10.0
    assert plain._progress() == pytest.approx(0.5)
    assert run._progress() > 0.5


def test_a_session_concludes_what_is_finished() -> None:
    session = TrainingSession(WITH_CACHE.prepare(CORPUS), WITH_CACHE)
    session.start()
    wait_until(lambda: session.snapshot.state is SessionState.FINISHED)
    assert required(session.snapshot.ensemble_loss) > 0
    assert required(session.fits).at(session.snapshot.step) is not None
    session.close()
    assert session.join(30)


def test_each_family_has_what_is_its_own() -> None:
    assert belongs("order", "auto", "n-grams")
    assert not belongs("order", "auto", "network")
    for name in ("context_length", "optimizer", "mix_ngrams", "hidden", "patience", "seed"):
        assert not belongs(name, "auto", "n-grams"), name
    assert all(belongs("cache", "auto", model) for model in ("log-bilinear", "network", "n-grams"))
    assert belongs("mix_ngrams", "auto", "log-bilinear")
    assert not replace(NGRAMS, mix_ngrams=5).ensemble


def test_costs_name_counting() -> None:
    hint = CostHint(CORPUS)
    assert "nothing to train" in hint.describe(NGRAMS)
    alone = replace(LOG_BILINEAR, mix_ngrams=0, cache=0)
    assert "to count" not in hint.describe(alone)
    assert "to count" in hint.describe(LOG_BILINEAR)
    assert hint.cost(LOG_BILINEAR).bytes > hint.cost(alone).bytes
    assert hint.state_bytes(NGRAMS) == 0


_LINES = Corpus.from_text(
    "".join(f"{a}{b}{c}\n" for a in ("an", "be", "co", "da") for b in "nrlts" for c in ("a", "ine"))
)
NAMES = Corpus(_LINES.codes, _LINES.vocabulary, reading=Reading(lines=True))


@pytest.mark.parametrize(
    "settings",
    [replace(LOG_BILINEAR, cache=-1), replace(NETWORK, cache=-1), replace(NGRAMS, cache=-1)],
    ids=["log-bilinear", "network", "n-grams"],
)
def test_on_a_list_lines_stand_for_themselves(settings: TrainingSettings) -> None:
    dataset = settings.prepare(NAMES)
    run = Trainer(1, dataset, settings, Trajectory())
    held_out, size = required(dataset.held_out), len(dataset.vocabulary)
    run.step()
    run.measure()
    run.conclude()
    theta = run.optimizer.theta
    if run.fits is None:  # counts: what is best on a list is no cache
        assert settings.model == "n-grams"
        order = run.model.context_length + 1
        expected = baselines.kneser_ney(dataset.training, held_out, size, order)
        assert run.measured.held_out == pytest.approx(expected)
        return
    fit = required(run.fits.at(run.steps))
    assert fit.cache is None
    # Whole lines are set aside; the family is trained, and the gate's counts are made, without.
    aside = required(run.fits.ensemble.aside)
    lines = aside[dataset.training.starts]
    assert 0 < lines.sum() < len(lines) / 4
    assert run.table.positions == len(dataset.training) - aside.sum()
    others, these = dataset.training.chosen(~lines), dataset.training.chosen(lines)
    counted = NgramPredictor.from_sequences(others, size, fit.order)
    m = max(counted.context_length, settings.context_length)
    codes, asked = these.padded(m, size)
    windows = np.lib.stride_tricks.sliding_window_view(codes, m + 1)[asked[m:]]
    evidence = Evidence.of(counted, windows[:, :-1], windows[:, -1])
    family = run.model.predictor(theta)
    gate = evidence.gate(probabilities_after(family, windows[:, :-1]))
    np.testing.assert_allclose(required(fit.gate), gate.weights, rtol=1e-4, atol=1e-6)
    everything = NgramPredictor.from_sequences(dataset.training, size, fit.order)
    whole = MixturePredictor(everything, family, Gate(required(fit.gate)))
    assert run.fits.loss(run.steps) == pytest.approx(mean_loss_of(whole, held_out))


def test_a_cache_of_so_many_characters_is_refused_on_a_list() -> None:
    with pytest.raises(SettingsError, match="each line of a list stands for itself"):
        Trainer(1, LOG_BILINEAR.prepare(NAMES), LOG_BILINEAR, Trajectory())


def test_a_text_that_follows_training_takes_the_fit_of_an_earlier_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = trainer(LOG_BILINEAR)
    fits, now, fitted = required(run.fits), [100.0], []
    fit = fits.ensemble.fit

    def slow_fit(theta: np.ndarray) -> Fit:
        now[0] += 2.0
        fitted.append(theta)
        return fit(theta)

    monkeypatch.setattr(fits.ensemble, "fit", slow_fit)
    monkeypatch.setattr("charembed_tui.training.fits.time.monotonic", lambda: now[0])
    context = np.array([[0, 1]])
    for step in range(90):  # three quarters of a minute, twice a second
        run.step()
        now[0] += 0.5
        view = View(run.model, step, run.optimizer.theta.copy(), live=True, fits=fits)
        following = view.following_predictor()
        assert not following.needs_only_windows
    assert len(fitted) == 2
    # The family is that of the step on show all the same.
    last = max(step for step in range(90) if fits.at(step) is not None)
    expected = fits.ensemble.predictor(view.theta, required(fits.at(last)))
    np.testing.assert_array_equal(
        following.log_probabilities(context), expected.log_probabilities(context)
    )
    # What is asked for is fitted to its step, and followed where it has been.
    whole = view.fitted_predictor()
    assert len(fitted) == 3
    assert view.following_predictor() is whole
    alone = replace(view, fits=None)
    assert alone.following_predictor().needs_only_windows
