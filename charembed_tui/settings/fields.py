"""What a person may type into a field: its kind, its range, and what is wrong otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from model.errors import SettingsError


@dataclass(frozen=True)
class Number:
    """The value is a number from `least` to `most`.

    Attributes:
        label: its name for people.
        least: the smallest value allowed.
        most: the largest.
        kind: int or float.
        word: what may be typed and is shown in place of `word_value`.
        word_value: the value the word stands for; it may lie outside the range.
        other_word: a second such word, if there is one.
        other_value: what that stands for.
    """

    label: str
    least: float
    most: float
    kind: type[float] = int
    word: str | None = None
    word_value: float = 0
    other_word: str | None = None
    other_value: float = 0

    @property
    def words(self) -> dict[str, float]:
        """What each word stands for that may be typed in place of a number."""
        pairs = ((self.word, self.word_value), (self.other_word, self.other_value))
        return {word: value for word, value in pairs if word is not None}

    def check(self, value: Any) -> Any:
        """Return a value, or a text as somebody typed it, in its type. Raises SettingsError."""
        text = value.strip().casefold() if isinstance(value, str) else value
        for word, value_of_word in self.words.items():
            if text in (word, value_of_word):
                return self.kind(value_of_word)
        try:
            number = self.kind(text)
        except (ValueError, OverflowError, TypeError):
            wanted = "a number" if self.kind is float else "a whole number"
            raise SettingsError(f"{self.label}: write {wanted}{self._alternatives}") from None
        if not self.least <= number <= self.most:  # as what is not a number is not, either
            raise SettingsError(f"{self.label}: from {self.least:,} to {self.most:,}")
        return number

    def range_text(self) -> str:
        """Return the range in words."""
        return f"from {self.least:,} to {self.most:,}{self._alternatives}"

    def text_of(self, value: float) -> str:
        """Return the value as a field shows it; `check` reads it back."""
        return next((w for w, stands_for in self.words.items() if stands_for == value), str(value))

    @property
    def _alternatives(self) -> str:
        return "".join(f", or {word}" for word in self.words)


@dataclass(frozen=True)
class Choice:
    """The value is one of some words.

    Attributes:
        label: its name for people.
        words: what there is to choose, or how to find that out where it can grow.
        has_field: whether it is chosen on the screen too, not only as an option or in a file.
    """

    label: str
    words: tuple[str, ...] | Callable[[], tuple[str, ...]]
    has_field: bool = True

    @property
    def options(self) -> tuple[str, ...]:
        """What there is to choose now."""
        return self.words() if callable(self.words) else self.words

    def check(self, value: Any) -> Any:
        """Return the word as it is spelled here, however it was. Raises SettingsError."""
        words = {option.casefold(): option for option in self.options}
        try:
            return words[value.strip().casefold()]
        except (AttributeError, KeyError):
            raise SettingsError(f"{self.label}: one of {', '.join(self.options)}") from None

    def range_text(self) -> str:
        """Return the options in words."""
        return f"one of {', '.join(self.options)}"

    def text_of(self, value: str) -> str:
        """Return the word."""
        return value


Field = Number | Choice


@dataclass(frozen=True)
class Checked:
    """Settings build on this: frozen dataclasses, each value checked by a field of its own.

    Raises:
        SettingsError: a value is out of its range.
    """

    FIELDS: ClassVar[Mapping[str, Field]] = {}

    def __post_init__(self) -> None:
        for name, field in self.FIELDS.items():
            object.__setattr__(self, name, field.check(getattr(self, name)))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Make settings from saved values: what is missing, unknown or invalid has its default."""
        good = {}
        for field in fields(cls):
            try:
                good[field.name] = cls.FIELDS[field.name].check(values[field.name])
            except (SettingsError, KeyError):
                continue
        return cls(**good)
