"""A small field for one setting, marked while what it holds is invalid."""

from __future__ import annotations

from typing import Any

from textual.widgets import Input

from charembed_tui.settings.fields import Field
from model.errors import SettingsError


class NumberField(Input):
    """An input that knows which values are allowed.

    Args:
        name: of the setting.
        field: what is allowed.
        value: what it shows at first.
    """

    def __init__(self, name: str, field: Field, value: Any, **keywords: Any) -> None:
        super().__init__(field.shown(value), name=name, compact=True, **keywords)
        self.field = field

    def read(self) -> Any:
        """The value. Raises SettingsError."""
        return self.field.check(self.value)

    def mark(self) -> str | None:
        """Mark the field while it is invalid; what is wrong with it, if anything."""
        try:
            self.read()
        except SettingsError as error:
            self.add_class("-invalid")
            return str(error)
        self.remove_class("-invalid")
        return None
