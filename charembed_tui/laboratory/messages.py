"""What background work tells the app."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from textual.message import Message

from charembed_tui.coordinates.views import Projection
from charembed_tui.runs.plan import Plan
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.baselines import Baseline
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.training.generation import Chunk
from charembed_tui.training.snapshot import View
from charembed_tui.widgets.generated_text_view import GeneratedTextView
from model.corpus import Corpus
from model.novelty import Novelty

Array = NDArray[np.float64]


@dataclass
class CorpusRead(Message):
    """A file was read; `corpus` is a message instead where it cannot be used."""

    path: Path
    corpus: Corpus | str


@dataclass
class CorpusCounted(Message):
    """A text there is no room for is being counted; `part` from 0 to 1, None for unknown."""

    path: Path
    part: float | None


@dataclass
class RunOpened(Message):
    """A saved run was read; `plan` is a message instead where it cannot be used."""

    plan: Plan | str


@dataclass
class Written(Message):
    """More of a sample was written; the last message of a sample has a note."""

    sample: int
    chunk: Chunk | None
    note: str | None = None


@dataclass
class Projected(Message):
    """Embeddings (V, H) were projected; `projection` is a message where they could not be."""

    embeddings: Array
    projection: Projection | str


@dataclass
class Rewritten(Message):
    """The sample that follows the parameters on show was written anew.

    Attributes:
        run: number of the run.
        view: whose parameters wrote it.
        prompt: what it follows.
        chunk: the text; a message where the model could not write.
        novelty: of the text; None where that was not asked for.
        seconds: that it took.
    """

    run: int
    view: View
    prompt: str
    chunk: Chunk | str
    novelty: Novelty | None
    seconds: float


@dataclass
class NoveltyFound(Message):
    """A sample was compared with the training text.

    Attributes:
        sample: whose text it was.
        written: that text.
        novelty: of it.
    """

    sample: GeneratedTextView
    written: str
    novelty: Novelty


@dataclass
class CostFound(Message):
    """What settings cost on a text is known, in words."""

    hint: CostHint
    settings: TrainingSettings
    words: str


class MemoryUsedUp(Message):
    """Work was left undone for want of memory."""


@dataclass
class BaselinesFound(Message):
    """The losses of simpler models on the text of a run are known."""

    run: int
    baselines: tuple[Baseline, ...]
