"""A small field for one setting, marked while what it holds is invalid."""

from __future__ import annotations

from typing import Any

from textual.validation import ValidationResult, Validator
from textual.widgets import Input

from charembed_tui.settings.fields import Field
from model.errors import SettingsError


class SettingValidator(Validator):
    """What a setting allows: numbers in its range, and the word that stands for one of them.

    Args:
        field: of the setting.
    """

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field

    def validate(self, value: str) -> ValidationResult:
        """Whether a text is allowed; the failure says what would be."""
        try:
            self._field.check(value)
        except SettingsError as error:
            return self.failure(str(error))
        return self.success()


class NumberField(Input):
    """An input that knows which values are allowed.

    Args:
        name: of the setting.
        field: what is allowed.
        value: what stands in it at first.
    """

    def __init__(self, name: str, field: Field, value: Any, **keywords: Any) -> None:
        super().__init__(
            field.text_of(value),
            name=name,
            compact=True,
            validators=[SettingValidator(field)],
            **keywords,
        )
        self.field = field

    def read(self) -> Any:
        """The value. Raises SettingsError."""
        return self.field.check(self.value)

    def error(self) -> str | None:
        """What is wrong with the text in it now, if anything."""
        result = self.validate(self.value)
        return None if result is None or result.is_valid else result.failure_descriptions[0]
