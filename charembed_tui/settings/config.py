"""The file in which a person sets what every visit begins with: theme, settings, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from charembed_tui.settings.fields import Checked, Number
from charembed_tui.settings.loss_view import LossView
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.settings.training_settings import TrainingSettings
from model.errors import SettingsError

Settings = TypeVar("Settings", bound=Checked)
_SECTIONS: dict[str, type[Checked]] = {
    "training": TrainingSettings,
    "writing": SamplingSettings,
    "loss": LossView,
}
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Config:
    """What the file says; it goes before what is remembered, options go before it.

    Attributes:
        path: of the file.
        theme: name of a theme, empty for none.
        keys: for commands, by their names.
        sections: settings of each kind, by their names, checked.
    """

    path: Path
    theme: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Config:
        """Read it; a file that is not there says nothing.

        Raises:
            SettingsError: it cannot be read, or something in it is not known or not allowed; all of
                that is named.
        """
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise SettingsError(f"{path} is too large to be a configuration.")
            text = path.read_text(encoding="utf-8")
            import tomllib  # 4 ms before the first picture, where there is something to read

            found = tomllib.loads(text)
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, RecursionError) as error:
            raise SettingsError(f"{path} cannot be read: {error}") from None
        problems = [
            unknown("section or setting", name, ("theme", "keys", *_SECTIONS))
            for name in found
            if name not in ("theme", "keys", *_SECTIONS)
        ]
        theme, keys = found.get("theme", ""), found.get("keys", {})
        if not isinstance(theme, str):
            problems.append("theme: write its name in quotes")
        if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
            problems.append("[keys]: write a key in quotes for each command")
        sections = {}
        for section, kind in _SECTIONS.items():
            sections[section] = _checked(section, kind, found.get(section, {}), problems)
        if problems:
            raise SettingsError("\n".join(f"{path.name}: {problem}" for problem in problems))
        return cls(path, theme, keys, sections)

    def applied(self, preferences: Preferences) -> Preferences:
        """Return what a visit begins with, by this file where it says something."""
        return replace(
            preferences,
            training=self.training(preferences.training),
            sampling=self._over("writing", preferences.sampling),
            loss=self._over("loss", preferences.loss),
            theme=self.theme or preferences.theme,
        )

    def training(self, settings: TrainingSettings) -> TrainingSettings:
        """Return hyperparameters, by this file where it says something."""
        family = self.sections.get("training", {}).get("model", settings.model)
        if family != settings.model:
            settings = settings.with_family(family)  # and the sizes that suit it
        return self._over("training", settings)

    def _over(self, section: str, settings: Settings) -> Settings:
        return replace(settings, **self.sections.get(section, {}))


def _checked(
    section: str, kind: type[Checked], found: object, problems: list[str]
) -> dict[str, Any]:
    """Return the settings of a section; adds what is wrong to the problems."""
    if not isinstance(found, dict):
        problems.append(f"{section} is a section: write [{section}] on a line of its own")
        return {}
    good = {}
    for name, value in found.items():
        if name not in kind.FIELDS:
            problems.append(f"[{section}] {unknown('setting', name, tuple(kind.FIELDS))}")
            continue
        try:
            good[name] = kind.FIELDS[name].check(value)
        except SettingsError as error:
            problems.append(f"[{section}] {name}: {error}")
    return good


def unknown(kind: str, name: str, known: tuple[str, ...]) -> str:
    """Say that something is not known, and what may have been meant."""
    near = get_close_matches(name, known, n=3)
    if near:
        return f"there is no {kind} {name!r}: {' or '.join(near)}?"
    return f"there is no {kind} {name!r}: known are {', '.join(known)}"


def defaults(path: Path, theme: str, keys: Mapping[str, str]) -> str:
    """Return a file that changes nothing: every line of it is a comment until `#` is taken away.

    Args:
        path: where it belongs.
        theme: the default.
        keys: of the commands, by their names.
    """
    rows = [
        f"# {path}",
        "# What every visit begins with. Take '# ' from a line to change what it says.",
        "",
        f"# theme = {_toml(theme)}",
    ]
    for section, kind in _SECTIONS.items():
        rows += ["", f"[{section}]"]
        for name, default in kind.FIELDS.items():
            value = default.text_of(getattr(kind(), name))
            is_number = isinstance(default, Number) and value != default.word
            written = value if is_number else _toml(value)
            rows.append(f"# {name} = {written}  # {default.range_text()}")
    rows += ["", "[keys]", *(f"# {name} = {_toml(key)}" for name, key in keys.items())]
    return "\n".join(rows)


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
