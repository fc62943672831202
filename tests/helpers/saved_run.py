"""A run on disk, as training leaves it."""

from __future__ import annotations

from pathlib import Path

from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.run_writer import RunWriter
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus


def saved_run(
    text: Path, settings: TrainingSettings, steps: int, every: int | None = None
) -> tuple[RunFolder, Trainer]:
    """Train on a text, with a checkpoint every so many steps, or at the end."""
    corpus = Corpus.from_file(text)
    trainer, writer = Trainer(1, settings.prepare(corpus), settings, Trajectory()), RunWriter(text)
    for step in range(1, steps + 1):
        trainer.step()
        if step == steps:
            trainer.measure()
        if step % (every or steps) == 0:
            writer.write(trainer, everything=True)
    writer.close()
    assert writer.folder is not None
    return writer.folder, trainer
