"""The hyperparameters: one field each, checked as they are typed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label, Select, Static

from charembed_tui.settings import (
    OPTIMIZERS,
    RANGES,
    TrainingSettings,
    belongs,
    check,
    shown,
)
from model.errors import SettingsError


class _Choice(Select[str], inherit_bindings=False):
    """A selection that leaves the space bar to the app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down,up", "show_overlay", "Show menu", show=False),
    ]


class HyperparametersPane(Vertical):
    """Fields, the number of parameters they imply, or what is wrong with them.

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
        self._vocabulary_size: int | None = None

    def compose(self) -> ComposeResult:
        """A label and a field for each setting, and a line on what they mean."""
        for name, value in asdict(self._in_use).items():
            with Horizontal(classes="field", id=f"field-{_id(name)}"):
                if name == "optimizer":
                    yield Label(name)
                    yield _Choice(
                        [(each, each) for each in OPTIMIZERS],
                        value=value,
                        allow_blank=False,
                        compact=True,
                        id="optimizer",
                    )
                    continue
                yield Label(RANGES[name][0])
                yield Input(shown(name, value), id=_id(name), compact=True)
        yield Static(id="parameters")

    def show_vocabulary(self, size: int) -> None:
        """Count parameters for a text with this many different characters."""
        self._vocabulary_size = size
        self._explain()

    def show_in_use(self, settings: TrainingSettings) -> None:
        """Note which settings the run uses, to tell when the fields differ."""
        self._in_use = settings
        self._explain()

    def settings(self) -> TrainingSettings:
        """What the fields say. Raises SettingsError at the first that is invalid."""
        return TrainingSettings(
            **{name: check(name, self._field(name).value) for name in asdict(self._in_use)}
        )

    def _field(self, name: str) -> Input | Select[str]:
        field = self.query_one(f"#{_id(name)}")
        assert isinstance(field, Input | Select)
        return field

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

    def _explain(self) -> None:
        """Mark invalid fields, and say the first thing that is wrong, or what is right."""
        errors: list[str] = []
        for name in asdict(self._in_use):
            field = self._field(name)
            row = self.query_one(f"#field-{_id(name)}")
            row.display = belongs(name, str(self._field("optimizer").value))
            try:
                check(name, field.value)
            except SettingsError as error:
                errors.append(str(error))
                field.add_class("-invalid")
            else:
                field.remove_class("-invalid")
        line = self.query_one("#parameters", Static)
        line.set_class(bool(errors), "error")
        if errors:
            line.update(errors[0])
            return
        settings = self.settings()
        text = ""
        if self._vocabulary_size is not None:
            text = f"{settings.model(self._vocabulary_size).parameter_count:,} parameters"
        if settings != self._in_use:
            text += "\nr resets and applies"
        line.update(text)


def _id(name: str) -> str:
    """The id of a setting's field."""
    return name.replace("_", "-")
