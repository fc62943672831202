"""Names for what there is a choice of: families of models, optimizers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from model.errors import SettingsError


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """By which it is found."""
        ...


Entry = TypeVar("Entry", bound=Named)


class Registry(Generic[Entry]):
    """Entries by their names, in the order in which they were registered.

    Args:
        kind: what the entries are, for messages.
        entries: the first ones.
    """

    def __init__(self, kind: str, entries: Iterable[Entry] = ()) -> None:
        self._kind = kind
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            self.register(entry)

    def register(self, entry: Entry) -> None:
        """Add an entry. Raises SettingsError if its name is taken."""
        if entry.name in self._entries:
            raise SettingsError(
                f"There is {self._kind} {entry.name!r} already: choose another name."
            )
        self._entries[entry.name] = entry

    @contextmanager
    def registered(self, entry: Entry) -> Iterator[Entry]:
        """Have an entry for as long as the context lasts. Raises as `register`."""
        self.register(entry)
        try:
            yield entry
        finally:
            del self._entries[entry.name]

    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._entries)

    def find(self, name: str) -> Entry:
        """The entry of a name. Raises SettingsError, with the names there are."""
        try:
            return self._entries[name]
        except KeyError:
            raise SettingsError(
                f"There is no {self._kind} {name!r}: choose one of {', '.join(self._entries)}."
            ) from None
