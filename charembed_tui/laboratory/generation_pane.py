"""The generation console: a prompt, how to write, and the texts the model wrote, streaming in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static

from charembed_tui.laboratory.sampling_bar import SamplingBar
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.text.unseen import never_seen
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.generation import Chunk
from charembed_tui.training.snapshot import View
from charembed_tui.widgets.cached import CachedVertical
from charembed_tui.widgets.generated_text_view import GeneratedTextView
from charembed_tui.widgets.prompt_input import PromptInput
from charembed_tui.widgets.titles import entitle, fitting
from model.corpus import Corpus
from model.novelty import PIECES, Novelty

_MOST_SAMPLES = 30
_EMPTY = "writes after the prompt, also while training; the warmer a colour, the more surprising"


class GenerationPane(CachedVertical):
    """The model writes here: prompt, settings and samples, of which the newest is at the end.

    Args:
        settings: of writing, at first.
        written_by: the key that writes, as people know it.
        stopped_by: the key that stops writing.
    """

    BORDER_TITLE = "Generation"

    @dataclass
    class Requested(Message):
        """Enter was pressed in the prompt."""

    def __init__(
        self, settings: SamplingSettings, written_by: str, stopped_by: str, **keywords: Any
    ) -> None:
        super().__init__(**keywords)
        self._stopped_by = stopped_by
        self._prompt = PromptInput(id="prompt", compact=True)
        self._bar = SamplingBar(settings, id="sampling")
        empty = Static(f"{written_by} {_EMPTY}", id="generation-empty", markup=False)
        # Below few samples it is empty: Textual would put what is anchored at the bottom.
        self._rest = Static(id="below-samples")
        self._box = VerticalScroll(empty, self._rest, id="samples-written")
        self._samples: list[GeneratedTextView] = []
        self._live = GeneratedTextView("", "", 0, 0, id="live-sample")
        self._beside = Static("", id="beside-prompt", markup=False)
        self._vocabulary: frozenset[str] = frozenset()
        self.is_writing = False
        self._asked = False
        self.is_by_novelty = False
        self._note = ""

    def compose(self) -> ComposeResult:
        """Yield the prompt and its settings above the samples."""
        yield self._prompt
        yield self._bar
        yield self._beside
        yield self._live
        yield self._box

    def on_mount(self) -> None:
        """Hide what there is nothing to say in."""
        self._beside.display = self._live.display = False

    def show_vocabulary(self, vocabulary: tuple[str, ...]) -> None:
        """Take a text's characters, to name those of a prompt that it lacks."""
        self._vocabulary, self._asked = frozenset(vocabulary), False
        self._live.display, self._box.display = False, True
        self._name_unseen()

    def _name_unseen(self) -> None:
        """Name the characters that the model never saw, where they are typed."""
        note = never_seen(self.prompt, self._vocabulary)
        self._beside.update(note)
        self._beside.display = bool(note)

    @property
    def follows(self) -> bool:
        """Whether the sample that follows the parameters may be on show: none was asked for."""
        return not self._asked

    def follow(self) -> None:
        """Let a sample follow the parameters on show, in place of what was asked for."""
        self._asked = False

    def show_live(
        self, view: View, prompt: str, chunk: Chunk, novelty: Novelty | None = None
    ) -> None:
        """Put a text by the parameters on show in the place of the one before."""
        if not self._asked:
            heading = f"step {view.step:,}, as it learns"
            self._live.rewrite(heading, prompt, view.step, chunk, novelty)
            self._live.display, self._box.display = True, False

    @property
    def prompt(self) -> str:
        """What the next sample begins with."""
        return self._prompt.value

    @property
    def settings(self) -> SamplingSettings:
        """How the next sample is written."""
        return self._bar.settings

    @property
    def newest(self) -> GeneratedTextView | None:
        """The newest sample."""
        return self._samples[-1] if self._samples else None

    @property
    def written(self) -> str:
        """The newest sample, without its prompt."""
        return self.newest.written if self.newest else ""

    @property
    def text(self) -> str:
        """The newest sample, with its prompt."""
        return self.newest.prompt + self.newest.written if self.newest else ""

    def show_corpus(self, corpus: Corpus) -> None:
        """Offer what can be chosen about writing such a text."""
        self._bar.show_kind(of_list=corpus.is_list)

    def toggle_colours(self) -> None:
        """Colour all texts by what stands in the training text, or by surprise again."""
        self.is_by_novelty = not self.is_by_novelty
        for sample in (self._live, *self._samples):
            sample.colour(by_novelty=self.is_by_novelty)
        self._show_note("")

    def not_compared(self, run: int) -> list[GeneratedTextView]:
        """Return the samples of a run whose novelty is wanted and not known yet."""
        if self.is_writing:
            return []
        wanted = self._samples if self.is_by_novelty else self._samples[-1:]
        return [sample for sample in wanted if sample.run == run and not sample.novelty]

    def focus_prompt(self) -> None:
        """Put the cursor into the prompt."""
        self._prompt.focus()

    def steps_of(self, run: int) -> list[int]:
        """Return the steps of a run at which texts were written."""
        return [sample.step for sample in self._samples if sample.run == run]

    def begin(self, heading: str, run: int, step: int) -> None:
        """Start a sample after the prompt."""
        self._prompt.remember()
        self._add(GeneratedTextView(heading, self.prompt, run, step))
        self.resume()

    def show_saved(self, samples: Sequence[GeneratedText], run: int) -> None:
        """Add samples that were saved with a run."""
        for saved in samples[-_MOST_SAMPLES:]:
            sample = GeneratedTextView(saved.heading, saved.prompt, run, saved.step)
            surprises = saved.surprises or (0.0,) * len(saved.text)
            sample.extend(Chunk(saved.text, np.array(surprises)))
            self._add(sample)
        self._box.anchor()

    def _add(self, sample: GeneratedTextView) -> None:
        self.query_one("#generation-empty").display = False
        sample.colour(by_novelty=self.is_by_novelty)
        self._samples.append(sample)
        for old in self._samples[:-_MOST_SAMPLES]:
            old.remove()
        del self._samples[:-_MOST_SAMPLES]
        self._box.mount(sample, before=self._rest)
        self._asked = True
        self._live.display, self._box.display = False, True

    def resume(self) -> None:
        """Expect more of the newest sample."""
        self._box.anchor()
        self.is_writing = True
        self._show_note(f"writing … {self._stopped_by} stops")

    def extend(self, chunk: Chunk) -> None:
        """Add characters to the newest sample."""
        if self.newest:
            self.newest.extend(chunk)

    def end(self, note: str) -> None:
        """Note that the newest sample is complete, or will not be."""
        self.is_writing = False
        self._show_note(note)

    def show_step(self, run: int, step: int | None) -> None:
        """Mark the samples written at a step, and bring the last of them into view.

        Where there is none, a sample follows the parameters on show.
        """
        if not self.is_writing:
            self.follow()
        for sample in self._samples:
            here = step is not None and (sample.run, sample.step) == (run, step)
            sample.set_class(here, "-at-step")
            if here:
                self._asked = True
                self._live.display, self._box.display = False, True
                sample.scroll_visible()

    @on(SamplingBar.Changed)
    def _settings_changed(self, event: SamplingBar.Changed) -> None:
        self._show_note(event.error)

    def _show_note(self, note: str) -> None:
        self._note = note
        title = Text(self.BORDER_TITLE)
        if self.is_by_novelty:
            title = self._legend(f"{self.BORDER_TITLE} · in the text within ", " characters")
            if not fitting(self, title.plain, ""):
                title = self._legend("in the text within ", "")
        entitle(self, title, fitting(self, note))

    def _legend(self, before: str, after: str) -> Text:
        """Return what the colours of copied pieces mean, between two texts."""
        title = Text(before)
        names = self._live.NOVELTY_LEVELS[1:]
        for i, (name, length) in enumerate(zip(names, PIECES, strict=True)):
            style = self._live.get_component_rich_style(name, partial=True)
            title.append(", " * (i > 0)).append(str(length), style=style)
        return title.append(after)

    def on_resize(self) -> None:
        """Fit the titles to the new width."""
        self._show_note(self._note)

    @on(Input.Submitted)
    def _request(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Requested())

    @on(Input.Changed)
    def _stop(self, event: Input.Changed) -> None:
        event.stop()
        self._name_unseen()
