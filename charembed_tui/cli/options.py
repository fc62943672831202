"""Settings as command-line options, for both commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from charembed_tui.settings.fields import Checked
from charembed_tui.settings.presets import OPTIONS, find
from charembed_tui.settings.training_settings import TrainingSettings
from model.errors import SettingsError

Settings = TypeVar("Settings", bound=Checked)


def add_settings(
    parser: argparse.ArgumentParser,
    title: str,
    kind: type[Checked],
    prefix: str = "",
    renamed: tuple[str, ...] = (),
) -> None:
    """An option for every setting of a kind.

    Args:
        parser: to add them to.
        title: of the group in the help.
        kind: the settings.
        prefix: of the destinations, which tells kinds apart.
        renamed: settings whose option has the prefix too.
    """
    group = parser.add_argument_group(title)
    for name, field in kind.FIELDS.items():
        option = (prefix + name if name in renamed else name).replace("_", "-")
        group.add_argument(
            f"--{option}",
            dest=prefix + name,
            type=_checked(field.check),
            metavar="VALUE",
            help=f"{field.label}; {field.range_text()}".replace("%", "%%"),
        )


def add_preset(parser: argparse.ArgumentParser) -> None:
    """Settings that suit a purpose and the text's size, before all others."""
    parser.add_argument(
        "--preset",
        choices=OPTIONS,
        help="settings to begin with: those of the source, for a fast look, or for the best text",
    )


def add_run_options(parser: argparse.ArgumentParser, *, follow: bool = False) -> None:
    """Where runs are kept, and which one to go on with or start from."""
    group = parser.add_argument_group("runs")
    add_runs_folder(group)
    group.add_argument(
        "--copy-text", action="store_true", help="keep a copy of the text with the run"
    )
    one = group.add_mutually_exclusive_group()
    run: dict[str, Any] = {"nargs": "?", "const": "", "metavar": "RUN"}
    one.add_argument(
        "--resume",
        **run,
        help="go on with a run, the newest one if none is named, exactly where it stood",
    )
    one.add_argument(
        "--from",
        dest="start",
        **run,
        help="start from the parameters of a run, also on another text",
    )
    if follow:
        one.add_argument(
            "--follow", **run, help="look on while another process trains a run, read-only"
        )


def with_options(settings: Settings, options: argparse.Namespace, prefix: str = "") -> Settings:
    """Settings with what the command line says in their place."""
    given = vars(options)
    names = [name for name in settings.FIELDS if given.get(prefix + name) is not None]
    return replace(settings, **{name: given[prefix + name] for name in names})


def training_settings(
    settings: TrainingSettings, options: argparse.Namespace, characters: int | None = None
) -> TrainingSettings:
    """Training settings with what the command line says in their place.

    A preset goes before all else, once it is known how many characters the text has.

    Another family of models brings the sizes that suit it; an end that is set on the command line
    is what a learning rate that falls to zero is planned for.
    """
    if options.preset is not None and characters is not None:
        settings = find(options.preset).apply(settings, characters)
    if options.model is not None and options.model != settings.model:
        settings = settings.with_family(options.model)
    given = vars(options)
    if given.get("steps"):
        settings = replace(settings, anneal_steps=given["steps"])
    elif given.get("seconds"):
        settings = replace(settings, anneal_seconds=max(1.0, given["seconds"]))
    return with_options(settings, options)


def add_runs_folder(parser: argparse._ActionsContainer) -> None:
    """Where runs are kept, for a parser or a group of one."""
    parser.add_argument("--runs", metavar="DIR", help="the folder of all run folders")


def require_no_settings(options: argparse.Namespace, kind: type[Checked]) -> None:
    """Refuse settings on the command line where a run has its own. Raises SettingsError."""
    given = [n for n in ("preset", *kind.FIELDS) if getattr(options, n, None) is not None]
    if given:
        named = ", ".join("--" + name.replace("_", "-") for name in given)
        raise SettingsError(
            f"A run goes on with its own settings: leave out {named}, or start a new run from "
            "its parameters with --from."
        )


def _checked(check: Callable[[Any], Any]) -> Callable[[str], Any]:
    """A setting's check as argparse wants it."""

    def parse(text: str) -> Any:
        try:
            return check(text)
        except SettingsError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse
