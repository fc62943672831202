"""Plan a sweep: up to two settings with several values each, run one after another."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from charembed_tui.screens.dialog import Dialog
from charembed_tui.settings.fields import Number
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.sweep import Sweep, plan
from charembed_tui.widgets.option_list import Select
from model.errors import SettingsError
from model.optimizers.registry import names

_SECONDS = Number("seconds each", 0.1, 86_400, float)
_FIRST = (("embedding_size", "2, 5, 16"), ("optimizer", ""))


class SweepScreen(Dialog[Sweep]):
    """The form has two rows of a setting and its values, and how long each run may take.

    Args:
        base: the settings that are not swept.
    """

    AUTO_FOCUS = "#values-0"

    def __init__(self, base: TrainingSettings) -> None:
        super().__init__()
        self._base = base

    def compose(self) -> ComposeResult:
        """Yield the form, and what it comes to."""
        options = [(field.label, name) for name, field in TrainingSettings.FIELDS.items()]
        with Vertical(classes="dialog", id="sweep") as box:
            box.border_title = "Sweep"
            box.border_subtitle = "enter starts, esc leaves"
            yield Static("Values separated by commas; every combination is run.", classes="hint")
            for row, (name, values) in enumerate(_FIRST):
                with Horizontal(classes="field"):
                    yield Select(
                        options, value=name, allow_blank=False, compact=True, id=f"name-{row}"
                    )
                    yield Input(values, placeholder="none", compact=True, id=f"values-{row}")
            with Horizontal(classes="field"):
                yield Label(_SECONDS.label)
                yield Input("5", compact=True, id="seconds")
            yield Static(f"optimizers: {', '.join(names())}", classes="hint")
            yield Static("", id="sweep-plan")
            yield Button("start", id="start", compact=True)

    def on_mount(self) -> None:
        """Say what the first values come to."""
        self._explain()

    def _plan(self) -> Sweep:
        grid = [
            (
                str(self.query_one(f"#name-{row}", Select).value),
                self.query_one(f"#values-{row}", Input).value,
            )
            for row in range(len(_FIRST))
        ]
        seconds = _SECONDS.check(self.query_one("#seconds", Input).value)
        return plan(self._base, grid, seconds)

    @on(Input.Changed)
    @on(Select.Changed)
    def _explain(self) -> None:
        line = self.query_one("#sweep-plan", Static)
        try:
            sweep = self._plan()
        except SettingsError as error:
            line.update(str(error))
            line.add_class("error")
            return
        line.remove_class("error")
        line.update(f"{sweep.total} runs, {sweep.total * sweep.seconds:,.0f} seconds at the most")

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _start(self) -> None:
        try:
            sweep = self._plan()
        except SettingsError:
            return
        self.dismiss(sweep)
