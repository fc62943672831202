"""What the interface sees of a training session: immutable snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from model.log_bilinear import LogBilinear

Array = NDArray[np.float64]


class SessionState(Enum):
    """Where a session stands."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True)
class CorpusCounts:
    """What counting a text at a context length found."""

    positions: int
    ngrams: int
    contexts: int


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A session at one moment. Arrays are read-only.

    Attributes:
        run: number of the run; snapshots of an older one are out of date.
        state: where the session stands.
        model: the model's shape.
        step: steps taken.
        counts: None until the text is counted.
        theta: (D,) parameters, None until they are made.
        loss: of the training text in nats per character, when it was last measured.
        curve: the steps and losses measured so far, two vectors.
        held_out: the same of the held-out text; None where there is none.
        held_out_curve: its steps and losses.
        counted: part of the text that is counted, from 0 to 1.
        optimizer: its name.
        switches: steps after which the optimizer was changed.
        objective_share: part of a step's time spent in the objective, lately; the rest is the
            optimizer's.
        steps_per_second: lately; 0 when nothing moves.
        error: why the session failed.
    """

    run: int
    state: SessionState
    model: LogBilinear
    step: int = 0
    counts: CorpusCounts | None = None
    theta: Array | None = None
    loss: float | None = None
    curve: tuple[Array, Array] = (np.empty(0), np.empty(0))
    held_out: float | None = None
    held_out_curve: tuple[Array, Array] = (np.empty(0), np.empty(0))
    counted: float = 0.0
    optimizer: str = ""
    switches: tuple[int, ...] = ()
    objective_share: float = 0.0
    steps_per_second: float = 0.0
    error: str | None = None
