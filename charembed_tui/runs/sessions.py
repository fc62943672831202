"""The session that goes on, and the one that waits for its end."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from charembed_tui.runs.plan import Plan
from charembed_tui.training.session import Session
from charembed_tui.training.training_session import TrainingSession
from model.errors import CorpusError


class Sessions:
    """Owner of the current session. A new one begins when the thread of the old one has ended.

    Args:
        first: the plan of the first session, whose thread the caller starts.
        save_runs: save every run in a folder of its own.
        copy_text: with a copy of its text.

    Attributes:
        is_paced: whether training is no faster than can be watched.
    """

    def __init__(self, first: Plan, *, save_runs: bool = False, copy_text: bool = False) -> None:
        self._save_runs, self._copy_text = save_runs, copy_text
        self.is_paced = True
        self._numbers = count(1)
        self._next: Plan | None = None
        self.plan = first
        self.current: Session = self._made(first)
        self.current.problem = first.note or None

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

    def toggle_pace(self) -> None:
        """From a pace that can be watched to full speed, or back; later sessions keep to it."""
        self.is_paced = not self.current.activity().is_paced
        self.current.set_pace(is_paced=self.is_paced)

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
            self.current.problem = plan.note or None
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
        writer = None
        if self._save_runs:
            from charembed_tui.runs.run_writer import RunWriter

            resumed = plan.resumed
            writer = RunWriter(
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
            run_log=writer,
            resumed=plan.resumed.saved_state if plan.resumed else None,
            start=plan.start,
            is_paced=self.is_paced and not plan.train,
        )
