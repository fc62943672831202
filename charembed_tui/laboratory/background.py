"""Work that takes longer than a frame: reading, writing, comparing. Each on a thread of its own.

Workers belong to the app, since one that a widget or screen started would die with it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.worker import get_current_worker

from charembed_tui.laboratory.messages import BaselinesFound, CorpusRead, RunOpened, Written
from charembed_tui.runs.generated_texts import GeneratedText
from charembed_tui.runs.sessions import Plan
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.baselines import compare
from charembed_tui.training.generation import write
from charembed_tui.training.session import Session
from charembed_tui.training.snapshot import View
from model.corpus import Corpus
from model.errors import CharembedError

if TYPE_CHECKING:
    from charembed_tui.runs.folder import RunFolder
    from charembed_tui.screens.saved_runs import Use


class Background:
    """Starts work for an app, which hears of it by messages.

    Args:
        app: to post the messages to.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._sample = 0

    def _start(self, group: str, task: Callable[[Callable[[], bool]], None]) -> None:
        """Run a task on a thread, in place of the group's last one; it is told how to ask on."""

        def work() -> None:
            worker = get_current_worker()
            task(lambda: worker.is_cancelled)

        self._app.run_worker(work, thread=True, group=group, exclusive=True, exit_on_error=False)

    def read(self, path: Path) -> None:
        """Read a text."""

        def task(is_cancelled: Callable[[], bool]) -> None:
            result: Corpus | str
            try:
                result = Corpus.from_file(path)
            except CharembedError as error:
                result = str(error)
            except MemoryError:
                result = f"{path.name} does not fit in memory: choose a smaller text."
            if not is_cancelled():
                self._app.post_message(CorpusRead(path, result))

        self._start("corpus", task)

    def open_run(self, folder: RunFolder, use: Use, here: Plan, settings: TrainingSettings) -> None:
        """Read a saved run and its text.

        Args:
            folder: of the run.
            use: what for.
            here: the plan that goes on, whose text a run may start on.
            settings: of a run that starts.
        """

        def task(is_cancelled: Callable[[], bool]) -> None:
            result: Plan | str
            try:
                result = _plan(folder, use, here, settings)
            except (CharembedError, OSError) as error:
                result = str(error)
            except MemoryError:
                result = f"{folder.path.name} does not fit in memory."
            if not is_cancelled():
                self._app.post_message(RunOpened(result))
            elif isinstance(result, Plan) and result.resumed:
                result.resumed.folder.unlock()

        self._start("run", task)

    def compare(self, session: Session) -> None:
        """Find the losses of simpler models on a counted text."""
        table = session.table
        if table is None:
            return

        def task(is_cancelled: Callable[[], bool]) -> None:
            lines = compare(session.dataset, session.settings.context_length, table)
            if not is_cancelled():
                self._app.post_message(BaselinesFound(session.snapshot.run, lines))

        self._start("comparison", task)

    def keep(self, session: Session, sample: GeneratedText) -> None:
        """Keep a sample with its run, if that can be."""

        def task() -> None:
            with suppress(OSError):  # training tells that nothing can be written
                session.add_sample(sample)

        self._app.run_worker(task, thread=True, group="samples", exit_on_error=False)

    def write(
        self,
        view: View,
        vocabulary: tuple[str, ...],
        prompt: str,
        settings: SamplingSettings,
    ) -> int:
        """Write a sample; its number, which its messages carry."""
        self._sample += 1
        number = self._sample

        def task(is_cancelled: Callable[[], bool]) -> None:
            note = f"{settings.length:,} characters at step {view.step:,}"
            try:
                write(
                    view,
                    vocabulary,
                    prompt,
                    settings,
                    lambda chunk: self._app.post_message(Written(number, chunk)),
                    is_cancelled,
                )
            except CharembedError as error:
                note = str(error)
            if not is_cancelled():
                self._app.post_message(Written(number, None, note))

        self._start("generation", task)
        return number

    def stop_writing(self) -> None:
        """Leave the sample that is being written unfinished."""
        self._sample += 1
        self._app.workers.cancel_group(self._app, "generation")

    def is_current(self, sample: int) -> bool:
        """Whether a sample is the one being written."""
        return sample == self._sample


def _plan(folder: RunFolder, use: Use, here: Plan, settings: TrainingSettings) -> Plan:
    """The session that a saved run is opened in. Raises CharembedError and OSError."""
    from charembed_tui.runs.opening import follow, resume
    from charembed_tui.runs.warm_start import carry
    from charembed_tui.screens.saved_runs import Use

    if use is Use.GO_ON:
        return resume(str(folder.path)).plan()
    if use is Use.FOLLOW:
        return follow(folder)
    return carry(folder, here.corpus, settings).plan(here.corpus, here.path)
