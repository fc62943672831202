"""The settings of writing, one small field each, in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.widgets.number_field import NumberField
from model.errors import SettingsError

_SHORT = {"length": "len", "count": "lines", "temperature": "T", "top_k": "k", "top_p": "p"}
_ROOM = 45  # cells, with which fields are as wide as one would like; 36 are enough


class SamplingBar(Horizontal):
    """This row has fields for length, temperature, top-k, top-p and seed.

    Args:
        settings: what they show at first.
    """

    @dataclass
    class Changed(Message):
        """The settings are others, or something is wrong with what was typed."""

        error: str = ""

    def __init__(self, settings: SamplingSettings, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.settings = settings

    def compose(self) -> ComposeResult:
        """Yield a label and a field for each setting."""
        for name, field in SamplingSettings.FIELDS.items():
            label = Label(_SHORT.get(name, name), id=f"sampling-label-{name}")
            yield label
            number = NumberField(name, field, getattr(self.settings, name), id=f"sampling-{name}")
            number.tooltip = f"{field.label}: {field.range_text()}"
            yield number
            label.display = number.display = name != "count"

    def show_kind(self, *, of_list: bool) -> None:
        """Offer how many lines to write, or how many characters."""
        for name in ("length", "count"):
            for part in ("sampling-label", "sampling"):
                self.query_one(f"#{part}-{name}").display = (name == "count") == of_list

    def on_resize(self, event: events.Resize) -> None:
        """Leave no field out where there is little room: all are narrower."""
        self.set_class(event.size.width < _ROOM, "-tight")

    @on(Input.Changed)
    def _check(self, event: Input.Changed) -> None:
        event.stop()
        fields = list(self.query(NumberField))
        errors = [error for field in fields if (error := field.error())]
        if errors:
            self.post_message(self.Changed(errors[0]))
            return
        try:
            self.settings = SamplingSettings(**{str(f.name): f.read() for f in fields})
        except SettingsError:  # a field was typed in since
            return
        self.post_message(self.Changed())
