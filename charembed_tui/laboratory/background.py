"""Work that takes longer than a frame: reading, writing, comparing. Each on a thread of its own.

Workers die with the widget or screen that started them: these belong to the main screen, which is
there for as long as the app.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from textual.screen import Screen
from textual.worker import get_current_worker

from charembed_tui.coordinates.views import MapView, Projection
from charembed_tui.exhaustion import is_exhaustion
from charembed_tui.laboratory.messages import (
    Array,
    BaselinesFound,
    CorpusCounted,
    CorpusRead,
    CostFound,
    MemoryUsedUp,
    NoveltyFound,
    Projected,
    Rewritten,
    RunOpened,
    Written,
)
from charembed_tui.runs.plan import Plan
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.baselines import compare
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.generation import Chunk, novelty_of, write
from charembed_tui.training.memory import reason
from charembed_tui.training.session import Session
from charembed_tui.training.snapshot import View
from charembed_tui.widgets.generated_text_view import GeneratedTextView
from model.corpus import Corpus
from model.dataset import Dataset
from model.errors import Cancelled, CharembedError
from model.interruption import interruptible
from model.large_texts import Counting, open_texts
from model.texts.reading import Reading

if TYPE_CHECKING:
    from charembed_tui.runs.folder import RunFolder
    from charembed_tui.runs.use import Use


_SECONDS_BETWEEN_PARTS = 0.2  # of a text that is counted


class Background:
    """Starts work for a screen, which hears of it by messages.

    Args:
        screen: to post the messages to.
    """

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._sample = 0
        self.is_reading = self.is_rewriting = False

    def _start(self, group: str, task: Callable[[Callable[[], bool]], None]) -> None:
        """Run a task on a thread, in place of the group's last; it can ask whether to stop."""

        def work() -> None:
            worker = get_current_worker()
            try:
                task(lambda: worker.is_cancelled)
            except Exception as error:
                if not is_exhaustion(error):
                    raise
                self._screen.post_message(MemoryUsedUp())

        self._screen.run_worker(work, thread=True, group=group, exclusive=True, exit_on_error=False)

    def read(self, paths: Sequence[Path], reading: Reading, settings: TrainingSettings) -> None:
        """Read texts, or count those that there is no room for.

        Args:
            paths: where they are.
            reading: how.
            settings: which say the length of the contexts that are counted.
        """
        self.is_reading = True

        def task(is_cancelled: Callable[[], bool]) -> None:
            counted_at = 0.0

            def progress(done: int, total: int) -> None:
                nonlocal counted_at
                if time.monotonic() - counted_at >= _SECONDS_BETWEEN_PARTS:
                    counted_at = time.monotonic()
                    part = done / total if total else None
                    self._screen.post_message(CorpusCounted(paths[0], part))

            held_out = settings.held_out / 100
            how = Counting(settings.context_length, held_out, progress, is_cancelled)
            result: Corpus | str
            try:
                result = open_texts(paths, reading, how)
            except Cancelled:
                return
            except CharembedError as error:
                result = str(error)
            except MemoryError:
                result = f"{paths[0].name} does not fit in memory: choose a smaller text."
            if not is_cancelled():
                self.is_reading = False
                self._screen.post_message(CorpusRead(paths[0], result))

        self._start("corpus", task)

    def stop_reading(self) -> None:
        """Leave texts unread; the text in use stays."""
        self.is_reading = False
        self._screen.workers.cancel_group(self._screen, "corpus")

    def open_run(
        self, folder: RunFolder, use: Use, current: Plan, settings: TrainingSettings
    ) -> None:
        """Read a saved run and its text.

        Args:
            folder: of the run.
            use: what for.
            current: the plan that goes on, whose text a run may start on.
            settings: of a run that starts.
        """

        def task(is_cancelled: Callable[[], bool]) -> None:
            from charembed_tui.runs.use import plan_for  # what it needs is seldom needed

            result: Plan | str
            try:
                result = plan_for(use, folder, current, settings)
            except (CharembedError, OSError) as error:
                result = str(error)
            except MemoryError:
                result = f"{folder.path.name} does not fit in memory."
            if not is_cancelled():
                self._screen.post_message(RunOpened(result))
            elif isinstance(result, Plan) and result.resumed:
                result.resumed.folder.unlock()

        self._start("run", task)

    def compare(self, session: Session) -> None:
        """Find the losses of simpler models on a counted text."""
        table = session.table
        if table is None:
            return

        def task(is_cancelled: Callable[[], bool]) -> None:
            baselines = compare(session.dataset, table.context_length, table)
            if not is_cancelled():
                self._screen.post_message(BaselinesFound(session.snapshot.run, baselines))

        self._start("comparison", task)

    def estimate(self, hint: CostHint, settings: TrainingSettings) -> None:
        """Find what settings cost, which counts and tries a little of the text."""

        def task(is_cancelled: Callable[[], bool]) -> None:
            try:
                with interruptible(is_cancelled):
                    words = hint.describe(settings)
            except Cancelled:
                return
            except (CharembedError, MemoryError) as error:
                words = reason(error)
            if not is_cancelled():
                self._screen.post_message(CostFound(hint, settings, words))

        self._start("estimate", task)

    def project(self, view: MapView, embeddings: Array, before: Array | None) -> None:
        """See embeddings (V, H) from a side that takes long to compute."""

        def task(is_cancelled: Callable[[], bool]) -> None:
            result: Projection | str
            try:
                result = view.project(embeddings, before)
            except CharembedError as error:
                result = str(error)
            except (MemoryError, ValueError, ArithmeticError) as error:
                result = f"{view.name}: {error}"
            if not is_cancelled():
                self._screen.post_message(Projected(embeddings, result))

        self._start("projection", task)

    def add_sample(self, session: Session, sample: GeneratedText) -> None:
        """Save a sample with its run, if that can be."""

        def task() -> None:
            with suppress(OSError):  # training says that nothing can be written
                session.add_sample(sample)

        self._screen.run_worker(task, thread=True, group="samples", exit_on_error=False)

    def write(
        self,
        view: View,
        corpus: Corpus,
        prompt: str,
        settings: SamplingSettings,
    ) -> int:
        """Write a sample on a thread; returns its number, which its messages have."""
        self._sample += 1
        number = self._sample

        def task(is_cancelled: Callable[[], bool]) -> None:
            note = f"{settings.length:,} characters at step {view.step:,}"
            pieces: list[str] = []

            def emit(chunk: Chunk) -> None:
                pieces.append(chunk.text)
                self._screen.post_message(Written(number, chunk))

            try:
                write(view, corpus, prompt, settings, emit, is_cancelled)
                if corpus.is_list:
                    lines = (prompt + "".join(pieces)).splitlines()
                    note = f"{len(lines):,} lines at step {view.step:,}"
                    if corpus.counted is None:
                        old = sum(line in corpus.entries for line in lines)
                        note += f" · {old:,} in the list"
            except CharembedError as error:
                note = str(error)
            if not is_cancelled():
                self._screen.post_message(Written(number, None, note))

        self._start("generation", task)
        return number

    def rewrite(
        self,
        run: int,
        view: View,
        corpus: Corpus,
        prompt: str,
        settings: SamplingSettings,
        dataset: Dataset | None,
    ) -> None:
        """Write the sample that follows the parameters on show, unless one is being written.

        Args:
            run: number of the run.
            view: the parameters.
            corpus: the text as it is learned.
            prompt: what the sample follows.
            settings: how it is written.
            dataset: what it is to be compared with; None for nothing.
        """
        if self.is_rewriting:
            return
        self.is_rewriting = True

        def task(is_cancelled: Callable[[], bool]) -> None:
            began = time.monotonic()
            chunks: list[Chunk] = []
            result: Chunk | str
            novelty = None
            try:
                write(view, corpus, prompt, settings, chunks.append, is_cancelled, follows=True)
                surprises = np.concatenate([np.empty(0), *(chunk.surprises for chunk in chunks)])
                result = Chunk("".join(chunk.text for chunk in chunks), surprises)
                if dataset is not None:
                    novelty = novelty_of(prompt, result.text, dataset, is_cancelled)
            except CharembedError as error:
                result = str(error)
            finally:
                self.is_rewriting = False
            if not is_cancelled():
                seconds = time.monotonic() - began
                self._screen.post_message(Rewritten(run, view, prompt, result, novelty, seconds))

        self._start("rewriting", task)

    def find_novelty(self, samples: Sequence[GeneratedTextView], dataset: Dataset) -> None:
        """Compare samples with the text that they were learned from, the last one first."""
        texts = [(sample, sample.prompt, sample.written) for sample in reversed(samples)]

        def task(is_cancelled: Callable[[], bool]) -> None:
            for sample, prompt, written in texts:
                try:
                    novelty = novelty_of(prompt, written, dataset, is_cancelled)
                except Cancelled:
                    return
                self._screen.post_message(NoveltyFound(sample, written, novelty))

        self._start("novelty", task)

    def stop_writing(self) -> None:
        """Leave the sample that is being written unfinished."""
        self._sample += 1
        self._screen.workers.cancel_group(self._screen, "generation")

    def is_current(self, sample: int) -> bool:
        """Return whether a sample is the one being written."""
        return sample == self._sample
