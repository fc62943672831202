"""Saved runs that write with counts: their text, their fits, what can be done with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from problems import PLAY
from required import required
from saved_run import saved_run
from waiting import wait_until

from charembed_tui.cli import command
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.following_session import FollowingSession
from charembed_tui.runs.opening import resume, text_of
from charembed_tui.runs.predictors import SavedModel
from charembed_tui.runs.warm_start import warm_start
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.snapshot import View
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.families.ensemble.ensemble import Ensemble

MIXED = TrainingSettings(context_length=2, optimizer="Adam", mix_ngrams=3, cache=200)
NGRAMS = replace(TrainingSettings.of_family("n-grams"), order=4)
WITH_CACHE = replace(NGRAMS, cache=200)
ALL = pytest.mark.parametrize(
    "settings", [MIXED, NGRAMS, WITH_CACHE], ids=["log-bilinear", "n-grams", "with-cache"]
)


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    with pytest.raises(SystemExit) as end:
        command.main(list(map(str, arguments)))
    output = capsys.readouterr()
    assert end.value.code == 0, output.err
    return output.out


@ALL
def test_everything_works_where_the_text_has_gone(
    text: Path, tmp_path: Path, settings: TrainingSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    name = said(capsys, "train", text, *arguments_of(settings), "--steps", "5").strip()
    text.write_text("another text", encoding="utf-8")  # neither is it taken for the old one
    other = tmp_path / "other.txt"
    other.write_text(PLAY * 2, encoding="utf-8")
    written = [said(capsys, "generate", name, "--length", "60", "--seed", "2") for _ in "ab"]
    assert written[0] == written[1]
    assert len(written[0]) == 61

    found = json.loads(said(capsys, "evaluate", other, name, "--json"))
    codes = Corpus.from_file(other).codes
    folder = RunFolder.open(tmp_path / "runs" / name)
    reader = SavedModel(folder).predictor().reader()
    losses = []
    for code in codes.tolist():
        losses.append(-reader.log_probabilities()[code])
        reader.read(code)
    assert found["nats_per_character"] == pytest.approx(np.mean(losses))
    assert found["positions"] == len(codes)

    said(capsys, "export", tmp_path / "vectors", name)
    rows = np.loadtxt(tmp_path / "vectors" / "vectors.tsv", delimiter="\t")
    assert rows.shape == (len(set(PLAY)), settings.embedding_size)
    assert resume(name).settings == folder.configuration.settings


def arguments_of(settings: TrainingSettings) -> list[str]:
    names = ("model", "context_length", "optimizer", "order", "mix_ngrams", "cache")
    values = ((n, settings.FIELDS[n].text_of(getattr(settings, n))) for n in names)
    return [word for name, value in values for word in (f"--{name.replace('_', '-')}", value)]


def test_the_last_line_says_what_the_loss_is_of(
    text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main(["train", str(text), *arguments_of(MIXED), "--steps", "5"])
    assert "with n-grams and cache: held out" in capsys.readouterr().err
    lines = said(capsys, "train", text, *arguments_of(MIXED), "--steps", "5", "--json")
    last = json.loads(lines.splitlines()[-1])
    assert last["with"] == "n-grams and cache"
    assert last["best_held_out"] < last["best_held_out_alone"]
    assert last["held_out"] < last["held_out_alone"]
    assert last["seconds"] > 0
    assert last["best_step"] >= 0
    plain = said(capsys, "train", text, "--context-length", "1", "--steps", "5", "--json")
    last = json.loads(plain.splitlines()[-1])
    assert {"run", "held_out", "best_held_out", "best_step", "seconds"} <= set(last)
    assert "with" not in last


def test_a_step_that_was_not_fitted_is_fitted_when_it_is_asked_for(text: Path) -> None:
    folder, trainer = saved_run(text, MIXED, steps=9, every=3)
    steps = [frame.step for frame in folder.recording.read()[0]]
    predictor = SavedModel(folder).predictor(steps[1])
    ensemble = Ensemble(trainer.model, trainer.dataset.running_text(1), MIXED.ensemble)
    theta = folder.parameters(steps[1])
    expected = ensemble.predictor(theta, ensemble.fit(theta))
    contexts = np.random.default_rng(0).integers(20, size=(30, 2))
    np.testing.assert_allclose(
        predictor.log_probabilities(contexts), expected.log_probabilities(contexts)
    )


def test_fits_are_written_though_the_step_was(text: Path) -> None:
    from charembed_tui.runs.run_writer import RunWriter

    trainer = Trainer(1, MIXED.prepare(Corpus.from_file(text)), MIXED, Trajectory())
    writer = RunWriter(text)
    trainer.step()
    writer.write(trainer, everything=True)
    assert required(writer.folder).load()["fits"] == {}
    trainer.conclude()
    writer.write(trainer, everything=True)
    assert "1" in required(writer.folder).load()["fits"]
    writer.close()


@ALL
def test_a_run_that_was_saved_goes_on(text: Path, settings: TrainingSettings) -> None:
    folder, straight = saved_run(text, settings, steps=3)
    run = resume(folder.path.name)
    again = Trainer(2, run.settings.prepare(run.corpus), run.settings, Trajectory())
    again.load_state_dict(run.state, run.frames)
    for _ in range(2):
        straight.step()
        again.step()
    assert again.steps == straight.steps == 5
    np.testing.assert_array_equal(again.optimizer.theta, straight.optimizer.theta)
    run.folder.unlock()


@ALL
def test_a_follower_writes_with_it(text: Path, settings: TrainingSettings) -> None:
    folder, _ = saved_run(text, settings, steps=2)
    session = FollowingSession(folder, settings.prepare(text_of(folder)[0]))
    session.begin()
    wait_until(lambda: session.snapshot.step == 2)
    theta = required(session.snapshot.theta)
    view = View(session.snapshot.model, 2, theta, live=True, fits=session.fits)
    assert view.fitted_predictor().needs_only_windows == (not settings.cache)
    session.close()
    assert session.join(30)


def test_counts_are_nothing_to_start_from(text: Path) -> None:
    folder, _ = saved_run(text, NGRAMS, steps=1)
    with pytest.raises(RunError, match="no parameters to start from"):
        warm_start(folder, Corpus.from_text("the fool and the king " * 30), NGRAMS)


def test_a_run_of_counts_without_its_text_says_so(text: Path) -> None:
    folder, _ = saved_run(text, NGRAMS, steps=1)
    (folder.path / "text.txt").unlink()
    text.unlink()
    with pytest.raises(RunError, match="no longer at"):
        SavedModel(folder).predictor()
