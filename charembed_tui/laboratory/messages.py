"""What background work tells the app."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from charembed_tui.runs.plan import Plan
from charembed_tui.training.baselines import Baseline
from charembed_tui.training.generation import Chunk
from model.corpus import Corpus


@dataclass
class CorpusRead(Message):
    """A file was read; `corpus` is a message instead where it cannot be used."""

    path: Path
    corpus: Corpus | str


@dataclass
class RunOpened(Message):
    """A saved run was read; `plan` is a message instead where it cannot be used."""

    plan: Plan | str


@dataclass
class Written(Message):
    """More of a sample; the last message carries a note."""

    sample: int
    chunk: Chunk | None
    note: str | None = None


@dataclass
class BaselinesFound(Message):
    """The losses of simpler models on the text of a run."""

    run: int
    baselines: tuple[Baseline, ...]
