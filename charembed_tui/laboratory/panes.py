"""The panes of the main screen, and what they show of a session."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from textual.app import ComposeResult
from textual.widgets import Static, Tab, Tabs

from charembed_tui.laboratory.character_pane import CharacterPane
from charembed_tui.laboratory.corpus_pane import CorpusPane
from charembed_tui.laboratory.embedding_pane import EmbeddingPane
from charembed_tui.laboratory.footer_bar import FooterBar
from charembed_tui.laboratory.generation_pane import GenerationPane
from charembed_tui.laboratory.hyperparameters_pane import HyperparametersPane
from charembed_tui.laboratory.inspector_pane import InspectorPane
from charembed_tui.laboratory.loss_pane import LossPane
from charembed_tui.laboratory.status_bar import StatusBar
from charembed_tui.runs.plan import Plan
from charembed_tui.settings.preferences import Preferences
from charembed_tui.text.glyphs import visible
from charembed_tui.training.commentary import Commentary
from charembed_tui.training.loss_log import in_words
from charembed_tui.training.session import Session
from charembed_tui.training.snapshot import SessionState, Snapshot, View
from charembed_tui.widgets.cached import (
    CachedContainer,
    CachedHorizontal,
    CachedVertical,
)
from charembed_tui.widgets.folding import FoldingPane
from charembed_tui.widgets.titles import fitting

PAGES = ("setup", "watch", "write")
# What can fill the screen, and the page it is on.
ALONE = {"map": "watch", "loss": "watch", "text": "write"}
_POLLS_BETWEEN_NUMBERS = 5
_POLLS_AT_FULL_SPEED = 10  # the curves took a quarter of the interface's time with 5


class Panes:
    """All panes are held here, since a query would look for them on whatever screen is in front.

    Args:
        plan: of the first session.
        preferences: what the panes begin with.
        too_small: what a screen says that is too small for them.
        key_of: the key of each action, as people know it.
    """

    def __init__(
        self, plan: Plan, preferences: Preferences, too_small: str, key_of: Mapping[str, str]
    ) -> None:
        self.status = StatusBar(id="status")
        self.tabs = Tabs(*(Tab(name, id=f"tab-{name}") for name in PAGES), active="tab-watch")
        self.corpus = CorpusPane(plan.path, key_of["choose_corpus"], id="corpus")
        self.hyperparameters = HyperparametersPane(
            plan.settings, key_of["edit_settings"], key_of["reset"], id="hyperparameters"
        )
        self.embedding = EmbeddingPane(id="embedding", classes="page on-watch active")
        self.character = CharacterPane(key_of["find_character"], id="character")
        self.loss = LossPane(preferences.loss, id="loss")
        self.generation = GenerationPane(
            preferences.sampling, key_of["generate"], key_of["leave"], id="generation"
        )
        self.inspector = InspectorPane(key_of["generate"], id="inspector")
        self.footer = FooterBar(id="footer")
        self.commentary = Commentary((), np.empty(0, dtype=np.int64))
        self._too_small = too_small
        self._drawn: Snapshot | None = None
        self._read: Snapshot | None = None
        self._polls = 0

    def compose(self) -> ComposeResult:
        """Yield status, pages and footer; small screens show one page at a time, under tabs."""
        yield self.status
        yield self.tabs
        with CachedContainer(id="pages"):
            with CachedVertical(id="setup", classes="page on-setup"):
                yield from self.folding
            yield self.embedding
            with CachedVertical(id="numbers", classes="page on-watch active"):
                yield self.loss
                yield self.character
            with CachedHorizontal(id="write", classes="page on-write"):
                yield self.generation
                yield self.inspector
        yield self.footer
        yield Static(self._too_small, id="too-small")

    @property
    def folding(self) -> tuple[FoldingPane, ...]:
        """The panes that fold when training starts."""
        return self.corpus, self.hyperparameters

    def introduce(self, session: Session, plan: Plan) -> None:
        """Show a new session in all panes."""
        vocabulary = session.corpus.vocabulary
        self.embedding.show_vocabulary(vocabulary, session.settings.embedding_size)
        self.embedding.timeline_bar.follow(session.trajectory, session.snapshot.model)
        self.character.show_corpus(session.corpus)
        self.generation.show_corpus(session.corpus)
        self.inspector.show_vocabulary(vocabulary)
        self.generation.show_vocabulary(vocabulary)
        self.commentary = Commentary(vocabulary, session.corpus.counts())
        self.embedding.show_remark("")
        self.hyperparameters.show_corpus(session.corpus)
        if plan.is_of_a_run:
            self.hyperparameters.fill(session.settings)
        self.hyperparameters.show_in_use(session.settings)

    def show_embedding(self, session: Session) -> None:
        """Draw the newest parameters, unless an earlier step is on show."""
        snapshot = session.snapshot
        if snapshot is self._drawn:
            return
        self._drawn = snapshot
        self.embedding.timeline_bar.show(snapshot.step, snapshot.curve, snapshot.model)
        self.embedding.timeline_bar.mark_best(snapshot.best.step if snapshot.best else None)
        view = self.displayed(session)
        if view is not None and view.live:
            self.embedding.show(view, session.trajectory)

    def show_numbers(self, session: Session) -> bool:
        """Describe the character and the context on show, no faster than can be read.

        Returns:
            Whether there was something new to read.
        """
        snapshot = session.snapshot
        # A long recording is not to be copied for nothing.
        is_due = snapshot.step >= self.commentary.due
        if is_due and self.commentary.read(session.trajectory.frames(), snapshot.model.embeddings):
            step = self.embedding.timeline_bar.step
            self.embedding.show_remark(self.commentary.at(snapshot.step if step is None else step))
        if snapshot is self._read:
            return False
        self._polls += 1
        is_fast = session.activity().is_at_full_speed
        polls = _POLLS_AT_FULL_SPEED if is_fast else _POLLS_BETWEEN_NUMBERS
        if snapshot.state is SessionState.RUNNING and self._polls % polls:
            return False
        self._read = snapshot
        view = self.view(session)
        if view is not None and view.live:
            self._describe(view, session)
        return True

    def show_view(self, session: Session) -> None:
        """Draw the parameters on show, and describe them."""
        view = self.displayed(session)
        if view is not None:
            flows = self.embedding.timeline_bar.is_playing
            self.embedding.show(view, session.trajectory, flows=flows)
            self._describe(view, session)

    def _describe(self, view: View, session: Session) -> None:
        self.character.show(self.embedding.plot.cursor, view, session.table)
        self.inspector.show(view, session.dataset)
        self.embedding.show_remark(self.commentary.at(view.step))

    def view(self, session: Session) -> View | None:
        """Return the parameters on show; None before there are any."""
        snapshot, step = session.snapshot, self.embedding.timeline_bar.step
        frame = None if step is None else session.trajectory.at(step)
        if frame is not None:
            return View(snapshot.model, frame.step, frame.theta, live=False, fits=session.fits)
        if snapshot.theta is None:
            return None
        return View(snapshot.model, snapshot.step, snapshot.theta, live=True, fits=session.fits)

    def displayed(self, session: Session) -> View | None:
        """Return what the picture shows: as `view`, but on the way to the newest parameters."""
        view, between = self.view(session), session.snapshot.between
        if view is None or between is None or not view.live:
            return view
        return View(view.model, view.step, between.theta, live=True)

    @property
    def alone(self) -> str | None:
        """What fills the screen, a key of `ALONE`, or None."""
        classes = self.footer.screen.classes
        return next((name for name in ALONE if f"-only-{name}" in classes), None)

    def fill_screen(self, name: str | None) -> None:
        """Let a part fill the screen, or (None) show all of them."""
        if name is not None:
            self.tabs.active = f"tab-{ALONE[name]}"
        # All at once: every change of a screen's classes looks up the styles of all that is on it.
        classes = {f"-only-{other}": other == name for other in ALONE}
        self.footer.screen.update_classes(classes)

    def caption(self, snapshot: Snapshot, corpus: str) -> str:
        """Return the line under what fills the screen, empty where nothing does."""
        alone = self.alone
        if alone is None:
            return ""
        pane = {"map": self.embedding, "loss": self.loss, "text": self.generation}[alone]
        step = self.embedding.timeline_bar.step
        words = [visible(corpus), f"step {snapshot.step if step is None else step:,}"]
        if step is not None:
            words[-1] += f" of {snapshot.step:,}"
        elif snapshot.loss is not None and alone != "loss":
            words.append(f"{in_words(snapshot.loss)} nats/char")
        titles = self.embedding.sides if alone == "map" else [str(pane.border_title)]
        captions = [" · ".join((*words, title)) for title in titles]
        return fitting(self.footer, *captions, " · ".join(words))

    def go_to_page(self, name: str, part: str = "") -> None:
        """Bring a page to the front of a small screen; what is not this part fills none any more.

        Args:
            name: of the page.
            part: what is wanted of it, a key of `ALONE`.
        """
        if self.alone != part:
            self.fill_screen(None)
        self.tabs.active = f"tab-{name}"
