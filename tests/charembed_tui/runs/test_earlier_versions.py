"""Runs that earlier versions left open as they did, and go on to the last digit."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.opening import resume
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.families.log_bilinear.shape import LogBilinear

# Seven steps by the version before families had names, the optimizer changed after four of them;
# and the parameters five steps later, by that version.
RECORDED = Path(__file__).parent / "recorded" / "version_0_1_run"


@pytest.fixture
def run(folders: Path) -> Path:
    """The run in this test's folder of runs."""
    place = folders / "runs" / "earlier"
    shutil.copytree(RECORDED, place)
    return place


def test_a_run_of_an_earlier_version_goes_on_exactly(run: Path) -> None:
    opened = resume("earlier")
    assert opened.settings.model == "log-bilinear"
    trainer = Trainer(1, opened.settings.prepare(opened.corpus), opened.settings, Trajectory())
    trainer.load_state_dict(opened.state, opened.frames)
    assert trainer.steps == 7
    assert [switch.step for switch in trainer.switches] == [4]
    assert len(trainer.trajectory.frames()) == 8
    for _ in range(5):
        trainer.step()
    expected = np.load(RECORDED / "theta_at_12.npy")
    np.testing.assert_allclose(trainer.optimizer.theta, expected, rtol=1e-9)
    assert [text.text for text in opened.samples] == ["end"]
    opened.folder.unlock()


@pytest.mark.parametrize("length", [3, 5])
def test_what_says_nothing_of_precision_was_double(length: int) -> None:
    saved = asdict(TrainingSettings(context_length=length))
    del saved["precision"]
    model = TrainingSettings.from_saved(saved).make_model(20)
    assert model == LogBilinear(20, length, 5, "float64" if length == 5 else "auto")
    assert isinstance(model, LogBilinear)
    assert model.dtype == "float64"


def test_its_family_may_be_named_but_has_to_be_known(run: Path) -> None:
    file = run / "run.json"
    saved = json.loads(file.read_text())
    saved["settings"]["model"] = "log-bilinear"
    file.write_text(json.dumps(saved))
    assert find_run("earlier").configuration.model.family == "log-bilinear"
    saved["settings"]["model"] = "crystal ball"
    file.write_text(json.dumps(saved))
    with pytest.raises(RunError, match="family of models 'crystal ball', which is not known here"):
        find_run("earlier")
