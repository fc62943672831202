"""What a training session needs of whoever writes its run down, and of a run it goes on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.trajectory import Frame

if TYPE_CHECKING:
    from charembed_tui.training.trainer import Trainer  # with scipy: not before the first picture


class RunLog(Protocol):
    """Writes a run to disk. Where and in which files is its own business."""

    @property
    def saved_as(self) -> Path | None:
        """The run's folder, None while it has none."""

    def write(self, trainer: Trainer, *, everything: bool = False) -> None:
        """Write what is due, or all there is. Raises OSError and RunError."""

    def add_sample(self, sample: GeneratedText) -> None:
        """Write a text that the run has generated. Raises OSError."""

    def close(self) -> None:
        """Nothing more will be written."""


@dataclass(frozen=True, eq=False)
class SavedState:
    """Where a run that goes on stood when it was last written down.

    Attributes:
        state: for `Trainer.load_state_dict`.
        frames: the recording up to there, in ascending order of steps.
        samples: the texts it has written up to there, the oldest first.
    """

    state: dict[str, Any]
    frames: Sequence[Frame] = ()
    samples: Sequence[GeneratedText] = ()

    @property
    def threads(self) -> int | None:
        """How many threads shared the work; None in states that do not say."""
        return self.state.get("threads")

    @property
    def blas_threads(self) -> int | None:
        """How many BLAS had by itself; None in states that do not say."""
        return self.state.get("blas_threads")
