"""The hyperparameters: one field each, checked as they are typed, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static

from charembed_tui.settings.fields import Choice
from charembed_tui.settings.presets import PRESETS
from charembed_tui.settings.training_settings import TrainingSettings, belongs
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.widgets.number_field import NumberField
from model.corpus import Corpus
from model.errors import SettingsError


class _Choice(Select[str], inherit_bindings=False):
    """This selection leaves the space bar to the app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down,up", "show_overlay", "Show menu", show=False),
    ]


class HyperparametersPane(VerticalScroll, can_focus=False):
    """Settings are chosen here by presets and fields, which say what they cost or what is wrong.

    Args:
        settings: what the fields show at first.
    """

    BORDER_TITLE = "Hyperparameters"

    @dataclass
    class Changed(Message):
        """All fields hold valid values again, or other ones."""

        settings: TrainingSettings

    def __init__(self, settings: TrainingSettings, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._in_use = settings
        self._hint: CostHint | None = None
        self._filled = settings  # what fields begin with that are not there yet
        # A row is made when it is first of use: it takes 15 ms, and each family has its own.
        self._fields: dict[str, NumberField | _Choice] = {}
        self._rows: dict[str, Horizontal] = {}

    def compose(self) -> ComposeResult:
        """Yield a label and a field for each setting, and lines on what they mean."""
        with Horizontal(classes="field", id="field-preset"):
            yield Label("preset")
            yield _Choice(
                [(preset.name, preset.name) for preset in PRESETS],
                prompt="choose",
                compact=True,
                id="preset",
            )
        for name in TrainingSettings.FIELDS:
            if self._is_of_use(name):
                yield self._make_row(name)
        yield Static(id="parameters")

    def _arrange_rows(self) -> None:
        """Show the rows that are of use, and make those that were not until now."""
        above: Widget = self.query_one("#field-preset")
        for name in TrainingSettings.FIELDS:
            is_of_use = self._is_of_use(name)
            if is_of_use and name not in self._rows:
                self.mount(self._make_row(name), after=above)
            if name in self._rows:
                above = self._rows[name]
                above.display = is_of_use

    def _make_row(self, name: str) -> Horizontal:
        """Make the row of a setting: a label and a field."""
        field, value = TrainingSettings.FIELDS[name], getattr(self._filled, name)
        widget: NumberField | _Choice
        if isinstance(field, Choice):
            options = [(each, each) for each in field.options]
            widget = _Choice(options, value=value, allow_blank=False, compact=True, id=_id(name))
        else:
            widget = NumberField(name, field, value, id=_id(name))
        row = Horizontal(Label(field.label), widget, classes="field", id=f"field-{_id(name)}")
        self._fields[name], self._rows[name] = widget, row
        return row

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        self.query_one("#preset").focus()

    def show_corpus(self, corpus: Corpus) -> None:
        """Estimate costs for this text from now on."""
        self._hint = CostHint(corpus)
        self._explain()

    def show_in_use(self, settings: TrainingSettings) -> None:
        """Note which settings the run uses, to tell when the fields differ."""
        self._in_use = settings
        self._explain()

    def fill(self, settings: TrainingSettings) -> None:
        """Put settings into the fields."""
        self._filled = settings
        for name, field in self._mounted().items():
            field.value = TrainingSettings.FIELDS[name].text_of(getattr(settings, name))

    def settings(self) -> TrainingSettings:
        """Return what the fields say. Raises SettingsError at the first that is invalid."""
        typed: dict[str, Any] = {name: field.value for name, field in self._mounted().items()}
        return replace(self._filled, **typed)

    def displayed_settings(self) -> TrainingSettings:
        """Return what the fields say, or what is in use while they say nothing valid."""
        try:
            return self.settings()
        except SettingsError:
            return self._in_use

    @on(Select.Changed, "#preset")
    def _preset(self, event: Select.Changed) -> None:
        event.stop()
        chosen = next((preset for preset in PRESETS if preset.name == event.value), None)
        if chosen is None or self._hint is None:
            return
        self.fill(chosen.apply(self.displayed_settings(), len(self._hint.corpus)))

    @on(Select.Changed, "#model")
    def _family(self, event: Select.Changed) -> None:
        """Fill in the sizes that suit another family of models."""
        now = self.displayed_settings()
        if isinstance(event.value, str) and event.value != self._in_use.model:
            self.fill(now.with_family(event.value))

    @on(Input.Changed)
    @on(Select.Changed)
    def _check(self, event: Input.Changed | Select.Changed) -> None:
        event.stop()
        self._explain()
        try:
            settings = self.settings()
        except SettingsError:
            return
        self.post_message(self.Changed(settings))

    @on(Input.Submitted)
    def _leave(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    def _is_of_use(self, name: str) -> bool:
        """Whether there is something to choose for the optimizer and model in the fields."""
        field = TrainingSettings.FIELDS[name]
        if isinstance(field, Choice) and len(field.options) < 2:
            return False
        optimizer, model = (self._value(each) for each in ("optimizer", "model"))
        return belongs(name, optimizer, model)

    def _value(self, name: str) -> str:
        """Return what a field says, or the setting in use while there is no field."""
        mounted = self._mounted()
        return str(mounted[name].value if name in mounted else getattr(self._filled, name))

    def _mounted(self) -> dict[str, NumberField | _Choice]:
        """Return the fields that are there: a selection knows its value only then."""
        return {name: field for name, field in self._fields.items() if field.is_mounted}

    def _explain(self) -> None:
        """Mark invalid fields, and say the first thing that is wrong, or what is right."""
        errors: list[str] = []
        self._arrange_rows()
        for name, field in self._mounted().items():
            row = self._rows[name]
            if isinstance(field, NumberField) and row.display and (error := field.error()):
                errors.append(error)
        line = self.query_one("#parameters", Static)
        line.set_class(bool(errors), "error")
        if errors:
            line.update(errors[0])
            return
        settings = self.settings()
        text = self._hint.tell(settings) if self._hint else ""
        if settings != self._in_use:
            text += "\nr resets and applies"
        line.update(text)


def _id(name: str) -> str:
    """Return the id of a setting's field."""
    return name.replace("_", "-")
