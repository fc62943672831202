"""What a session is to begin with: a text and settings, or a run that there was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.run_log import SavedState
from charembed_tui.training.trajectory import Frame
from model.corpus import Corpus

if TYPE_CHECKING:
    from charembed_tui.runs.folder import RunFolder


@dataclass(frozen=True, eq=False)
class ResumedRun:
    """A run to go on with.

    Attributes:
        folder: of the run, locked for this process.
        corpus: its text.
        path: where the text was read from.
        state: its newest good checkpoint.
        frames: its recording up to there.
        samples: the texts it has written up to there.
    """

    folder: RunFolder
    corpus: Corpus
    path: Path
    state: dict[str, Any]
    frames: Sequence[Frame] = ()
    samples: Sequence[GeneratedText] = ()

    @property
    def steps(self) -> int:
        """Where it stands."""
        return int(self.state["steps"])

    @property
    def settings(self) -> TrainingSettings:
        """Those of the checkpoint."""
        return TrainingSettings.from_saved(self.state["settings"])

    @property
    def saved_state(self) -> SavedState:
        """What training goes on from."""
        return SavedState(self.state, self.frames, self.samples)

    def plan(self) -> Plan:
        """The session that goes on with it."""
        return Plan(self.corpus, self.path, self.settings, resumed=self)


@dataclass(frozen=True, eq=False)
class Plan:
    """A session to begin.

    Attributes:
        corpus: the text.
        path: where it was read from.
        settings: of the run.
        train: start at once, at full speed.
        resumed: the run to go on with.
        followed: the run to watch while another process trains it.
        start: (D,) parameters to begin with, in place of random ones.
        note: what there is to say about it; empty for nothing.
    """

    corpus: Corpus
    path: Path
    settings: TrainingSettings
    train: bool = False
    resumed: ResumedRun | None = None
    followed: RunFolder | None = None
    start: NDArray[np.float64] | None = None
    note: str = ""

    @property
    def is_of_a_run(self) -> bool:
        """Whether the settings are those of a run that there was before."""
        return not (self.resumed is None and self.followed is None and self.start is None)
