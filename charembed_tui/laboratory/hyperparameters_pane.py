"""The hyperparameters: one field each, checked as they are typed, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
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

    def compose(self) -> ComposeResult:
        """Yield a label and a field for each setting, and lines on what they mean."""
        with Horizontal(classes="field"):
            yield Label("preset")
            yield _Choice(
                [(preset.name, preset.name) for preset in PRESETS],
                prompt="choose",
                compact=True,
                id="preset",
            )
        for name, field in TrainingSettings.FIELDS.items():
            value = getattr(self._in_use, name)
            with Horizontal(classes="field", id=f"field-{_id(name)}"):
                yield Label(field.label)
                if isinstance(field, Choice):
                    yield _Choice(
                        [(each, each) for each in field.options],
                        value=value,
                        allow_blank=False,
                        compact=True,
                        id=_id(name),
                    )
                else:
                    yield NumberField(name, field, value, id=_id(name))
        yield Static(id="parameters")

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
        for name, field in TrainingSettings.FIELDS.items():
            self._field(name).value = field.text_of(getattr(settings, name))

    def settings(self) -> TrainingSettings:
        """Return what the fields say. Raises SettingsError at the first that is invalid."""
        return TrainingSettings(
            **{name: self._field(name).value for name in TrainingSettings.FIELDS}  # type: ignore[arg-type]
        )

    def displayed_settings(self) -> TrainingSettings:
        """Return what the fields say, or what is in use while they say nothing valid."""
        try:
            return self.settings()
        except SettingsError:
            return self._in_use

    def _field(self, name: str) -> NumberField | Select[str]:
        field = self.query_one(f"#{_id(name)}")
        assert isinstance(field, NumberField | Select)
        return field

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
        return belongs(name, str(self._field("optimizer").value), str(self._field("model").value))

    def _explain(self) -> None:
        """Mark invalid fields, and say the first thing that is wrong, or what is right."""
        errors: list[str] = []
        for name in TrainingSettings.FIELDS:
            field = self._field(name)
            row = self.query_one(f"#field-{_id(name)}")
            row.display = self._is_of_use(name)
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
