"""The session that goes on, and the plan for the next one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.session import Session
from charembed_tui.training.training_session import TrainingSession
from model.corpus import Corpus
from model.errors import CorpusError

if TYPE_CHECKING:
    from charembed_tui.runs.folder import RunFolder
    from charembed_tui.runs.opening import ResumedRun


@dataclass(frozen=True, eq=False)
class Plan:
    """A session to begin.

    Attributes:
        corpus: the text.
        path: where it was read from.
        settings: of the run.
        train: start at once.
        resumed: the run to go on with.
        followed: the run to look at while another process trains it.
        start: (D,) parameters to begin with, in place of random ones.
        told: what there is to tell about it.
    """

    corpus: Corpus
    path: Path
    settings: TrainingSettings
    train: bool = False
    resumed: ResumedRun | None = None
    followed: RunFolder | None = None
    start: NDArray[np.float64] | None = None
    told: str = ""

    @property
    def is_of_a_run(self) -> bool:
        """Whether the settings are those of a run that there was before."""
        return not (self.resumed is None and self.followed is None and self.start is None)


class Sessions:
    """Owner of the current session. A new one begins when the thread of the old one has ended.

    Args:
        first: the plan of the first session, whose thread the caller starts.
        keep: save every run in a folder of its own.
        copy_text: with a copy of its text.
    """

    def __init__(self, first: Plan, *, keep: bool = False, copy_text: bool = False) -> None:
        self._keep, self._copy_text = keep, copy_text
        self._numbers = count(1)
        self._next: Plan | None = None
        self.plan = first
        self.current: Session = self._made(first)
        self.current.problem = first.told or None

    @property
    def is_changing(self) -> bool:
        """Whether the current session is ending and another one waits."""
        return self._next is not None

    def begin(self, plan: Plan) -> None:
        """Start over, as soon as the old thread has ended."""
        if self._next is not None and self._next.resumed is not None:
            self._next.resumed.folder.unlock()  # it is not gone on with after all
        self._next = plan
        self.current.close()

    def advance(self) -> bool:
        """Begin what is planned, if the old thread has ended; whether that was so."""
        if self._next is None or not self.current.join(0):
            return False
        plan, self._next = self._next, None
        try:
            self.current = self._made(plan)
        except CorpusError as error:
            plan = replace(plan, settings=replace(plan.settings, minimum_count=1))
            self.current = self._made(plan)
            self.current.problem = str(error)
        else:
            self.current.problem = plan.told or None
        self.plan = plan
        self.current.begin()
        if plan.train:
            self.current.start()
        return True

    def _made(self, plan: Plan) -> Session:
        number = next(self._numbers)
        if plan.followed is not None:
            from charembed_tui.runs.following_session import FollowingSession

            return FollowingSession(plan.followed, plan.settings.prepare(plan.corpus), number)
        keeper = None
        if self._keep:
            from charembed_tui.runs.run_writer import RunWriter

            resumed = plan.resumed
            keeper = RunWriter(
                plan.path,
                resumed.folder if resumed else None,
                resumed.steps if resumed else 0,
                copy_text=self._copy_text,
            )
        return TrainingSession(
            plan.settings.prepare(plan.corpus),
            plan.settings,
            number,
            begin=False,
            keeper=keeper,
            resumed=plan.resumed,
            start=plan.start,
        )
