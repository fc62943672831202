"""Everything a person can do: the one list behind keys, footer, help and command palette."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import takewhile

from textual.binding import Binding
from textual.keys import (
    KEY_NAME_REPLACEMENTS,
    REPLACED_KEYS,
    Keys,
    format_key,
    key_to_character,
)

from charembed_tui.laboratory.footer_bar import Hint
from charembed_tui.screens.help import KeyGroup
from charembed_tui.settings.config import unknown
from model.errors import SettingsError


@dataclass(frozen=True)
class Command:
    """A command is one thing that a person can do, and its row in all lists of them.

    Attributes:
        action: of the main screen, as Textual writes it: "zoom(1)" calls `action_zoom` with 1;
            the app's own begin with "app.".
        group: of commands that belong together.
        key: as Textual names it; several are separated by commas.
        key_label: the key as people know it.
        title: in the command palette.
        help: in the help, in a few words; empty for the counterparts of the command before them,
            which speaks of all.
    """

    action: str
    group: str
    key: str
    key_label: str
    title: str
    help: str

    @property
    def name(self) -> str:
        """Its name in the file of a person's keys."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.casefold()).strip("-")

    @property
    def own_label(self) -> str:
        """The key as people know it, without those of counterparts: x of x/X, 1 of 1 2 3."""
        first = self.key_label.split()[0]
        return first[0] + first[1:].partition("/")[0]

    @property
    def binding(self) -> Binding:
        """The key of the main screen."""
        return Binding(
            self.key,
            self.action,
            self.title,
            show=False,
            key_display=self.key_label,
            id=self.name,
        )


TRAINING, EMBEDDING, TIME = "Training", "Embedding", "Timeline"
LOSS, WRITING, SCREEN = "Loss", "Writing", "Text and screen"

COMMANDS = (
    Command("train", TRAINING, "space", "space", "Start or pause", "start, pause"),
    Command("step", TRAINING, "n", "n", "Take one step", "one step"),
    Command("toggle_pace", TRAINING, "P", "P", "Train at full speed, or at a pace to watch", "full speed, paced"),
    Command("reset", TRAINING, "r", "r", "Reset with the settings shown", "reset and apply"),
    Command("edit_settings", TRAINING, "h", "h", "Change hyperparameters", "hyperparameters"),
    Command("toggle_setup", TRAINING, "H", "H", "Fold or unfold corpus and hyperparameters", "fold them, unfold"),
    Command("compare_runs", TRAINING, "R", "R", "Compare runs", "compare runs"),
    Command("open_saved_run", TRAINING, "O", "O", "Open a saved run", "saved runs"),
    Command("sweep", TRAINING, "S", "S", "Sweep over settings, or stop it", "sweep settings"),
    Command("cycle_component(0, 1)", EMBEDDING, "x", "x/X", "Next component on the x-axis", "component on x"),
    Command("cycle_component(0, -1)", EMBEDDING, "X", "X", "Previous component on the x-axis", ""),
    Command("cycle_component(1, 1)", EMBEDDING, "y", "y/Y", "Next component on the y-axis", "component on y"),
    Command("cycle_component(1, -1)", EMBEDDING, "Y", "Y", "Previous component on the y-axis", ""),
    Command("choose_components", EMBEDDING, "c", "c", "Choose components by variance", "by variance"),
    Command("toggle_principal_plane", EMBEDDING, "p", "p", "Principal plane or components", "principal plane"),
    Command("show_neighbours", EMBEDDING, "N", "N", "Neighbours kept near (t-SNE), or components", "neighbours near"),
    Command("make_axis", EMBEDDING, "A", "A", "An axis from some characters to others", "axis from … to …"),
    Command("change_scale", EMBEDDING, "z", "z", "Lens, own units, equal units of the axes", "lens, linear axes"),
    Command("isolate", EMBEDDING, "I", "I", "Show a class or a selection alone", "show some alone"),
    Command("toggle_frozen", EMBEDDING, "f", "f", "Freeze the axes", "freeze the axes"),
    Command("zoom(1)", EMBEDDING, "plus,equals_sign", "+/-", "Zoom in", "zoom"),
    Command("zoom(-1)", EMBEDDING, "minus", "-", "Zoom out", ""),
    Command("pan(-1, 0)", EMBEDDING, "shift+left", "⇧←→", "Pan left", "pan"),
    Command("pan(1, 0)", EMBEDDING, "shift+right", "⇧→", "Pan right", ""),
    Command("pan(0, 1)", EMBEDDING, "shift+up", "⇧↑", "Pan up", ""),
    Command("pan(0, -1)", EMBEDDING, "shift+down", "⇧↓", "Pan down", ""),
    Command("fit", EMBEDDING, "0", "0", "Show all characters again", "show all again"),
    Command("move_cursor", EMBEDDING, "m", "m", "Put a cursor on a character", "cursor, by arrows"),
    Command("find_character", EMBEDDING, "slash", "/", "Find a character", "find a character"),
    Command("scrub(-1)", TIME, "left_square_bracket", "[/]", "Back by a hundredth of all change", "back, on in time"),
    Command("scrub(1)", TIME, "right_square_bracket", "]", "Forth by a hundredth of all change", ""),
    Command("scrub_to_end(-1)", TIME, "left_curly_bracket", "{/}", "To the first step", "first, newest step"),
    Command("scrub_to_end(1)", TIME, "right_curly_bracket", "}", "To the newest step", ""),
    Command("play", TIME, "backslash", "\\", "Play the recording, or stop", "play the recording"),
    Command("change_speed(-1)", TIME, "less_than_sign", "</>", "Play slower", "slower, faster"),
    Command("change_speed(1)", TIME, "greater_than_sign", ">", "Play faster", ""),
    Command("change_loss('unit')", LOSS, "u", "u", "Nats or bits", "nats or bits"),
    Command("change_loss('against')", LOSS, "v", "v", "Against steps, passes, seconds", "steps, time"),
    Command("change_loss('scale')", LOSS, "l", "l", "Linear or logarithmic scales", "log scales"),
    Command("change_loss('smoothing')", LOSS, "s", "s", "Smoothing", "smoothing"),
    Command("change_loss('quantity')", LOSS, "W", "W", "Losses, gradient or weights", "norms of weights"),
    Command("change_loss('baselines')", LOSS, "b", "b", "Lines of simpler models", "simpler models"),
    Command("read_off", LOSS, "j", "j", "Read numbers off the curves", "read numbers off"),
    Command("generate", WRITING, "g", "g", "Generate after the prompt", "generate"),
    Command("continue_text", WRITING, "G", "G", "Continue the newest sample", "continue the text"),
    Command("edit_prompt", WRITING, "a", "a", "Type a prompt", "type a prompt"),
    Command("through_time", WRITING, "t", "t", "The prompt through time", "through time"),
    Command("inspect", WRITING, "i", "i", "Inspect a context", "inspect a context"),
    Command("toggle_colours", WRITING, "C", "C", "Colour the text by surprise, or by what the training text has", "colours: copied"),
    Command("copy_sample", WRITING, "k", "k", "Copy the newest sample", "copy the text"),
    Command("save_sample", WRITING, "w", "w", "Save the newest sample to a file", "save the text"),
    Command("choose_corpus", SCREEN, "o", "o", "Choose another text", "another text"),
    Command("show_facts", SCREEN, "d", "d", "Details of the text", "its details"),
    Command("export", SCREEN, "e", "e", "Export data, pictures, GIF", "export"),
    Command("show_page('setup')", SCREEN, "1", "1 2 3", "Page: setup", "pages, if small"),
    Command("show_page('watch')", SCREEN, "2", "2", "Page: watch", ""),
    Command("show_page('write')", SCREEN, "3", "3", "Page: write", ""),
    Command("fill_screen('map')", SCREEN, "4", "4 5 6", "Fill the screen with the map", "one pane alone"),
    Command("fill_screen('loss')", SCREEN, "5", "5", "Fill the screen with the loss", ""),
    Command("fill_screen('text')", SCREEN, "6", "6", "Fill the screen with the text", ""),
    Command("leave", SCREEN, "escape", "esc", "Leave a field, stop writing", "leave, stop"),
    Command("help", SCREEN, "question_mark", "?", "Help", "this help"),
    Command("app.quit", SCREEN, "q", "q", "Quit", "quit"),
)  # fmt: skip
_HELP_COLUMNS = ((TRAINING, LOSS), (EMBEDDING, TIME), (WRITING, SCREEN))


def with_keys(commands: Sequence[Command], keys: Mapping[str, str]) -> tuple[Command, ...]:
    """Return commands with the keys that a person chose, by the commands' names.

    Raises:
        SettingsError: a command or a key is not known, or a key has two commands; all are named.
    """
    names = tuple(command.name for command in commands)
    problems = [unknown("command", name, names) for name in keys if name not in names]
    changed: dict[str, str] = {}
    for name, key in keys.items():
        try:
            changed[name] = ",".join(map(_textual_key, key.split(",") if key != "," else [key]))
        except ValueError as error:
            problems.append(f"{name}: {error}")
    owner: dict[str, str] = {}
    for command in commands:
        problems += [
            f"{command.name} and {other} have the same key, {key}"
            for key in changed.get(command.name, command.key).split(",")
            if (other := owner.setdefault(key, command.name)) != command.name
        ]
    changed = {c.name: changed[c.name] for c in commands if changed.get(c.name, c.key) != c.key}
    if problems:
        raise SettingsError("\n".join(f"config.toml: [keys] {problem}" for problem in problems))
    result = list(commands)
    for i, command in enumerate(commands):
        # The label of a command may speak of those after it too: x/X, 1 2 3.
        following = takewhile(lambda c: not c.help, commands[i + 1 :])
        spoken_of = re.split("[/ ]", command.key_label)[1:]
        group = [command, *(c for c in following if c.key_label in spoken_of)]
        if any(c.name in changed for c in group):
            labels = [format_key(changed.get(c.name, c.key).split(",")[0]) for c in group]
            between = " " if " " in command.key_label else "/"
            result[i] = replace(command, key_label=between.join(labels))
        result[i] = replace(result[i], key=changed.get(command.name, command.key))
    return tuple(result)


def _textual_key(key: str) -> str:
    """Return a key as Textual names it. Raises ValueError where there is no such key."""
    *modifiers, base = key.strip().split("+") if len(key) > 1 else [key]
    if len(base) == 1 and not base.isalnum():
        base = unicodedata.name(base, "").lower().replace("-", "_").replace(" ", "_")
        base = KEY_NAME_REPLACEMENTS.get(base, base)
    names = {each.value for each in Keys} | set(REPLACED_KEYS)
    is_known = len(base) == 1 or base in names or key_to_character(base) is not None
    if not base or not is_known or not set(modifiers) <= {"ctrl", "shift", "alt"}:
        raise ValueError(f"there is no key {key!r}: write x, X, f5, ctrl+t, space or slash")
    return "+".join((*modifiers, base))


def key_labels(commands: Sequence[Command]) -> dict[str, str]:
    """Return the key of each action as people know it."""
    return {command.action: command.own_label for command in commands}


def help_columns(commands: Sequence[Command] | None = None) -> list[list[KeyGroup]]:
    """Return the keys as the help lists them, in columns of groups."""
    commands = COMMANDS if commands is None else commands
    return [
        [
            KeyGroup(
                group, [(c.key_label, c.help) for c in commands if c.group == group and c.help]
            )
            for group in column
        ]
        for column in _HELP_COLUMNS
    ]


class Moment(Enum):
    """What a person is doing, which says what the footer lists."""

    READY = "before the first step"
    TRAINING = "it learns"
    PAUSED = "between two steps"
    FINISHED = "it has learned"
    FAILED = "it could not"
    FOLLOWING = "another process trains"
    SCRUBBING = "an earlier step is on show"
    PLAYING = "the recording is played"
    FIELD = "a setting is typed"
    PROMPT = "a prompt is typed"
    CONTEXT = "a context is typed"
    LIST = "something is chosen"
    MAP = "a cursor is on the embedding"
    CURVES = "a cursor is on the loss"


_ALWAYS = (("help", "Help"), ("app.quit", "Quit"))
_LOOK = (("cycle_component(0, 1)", "x-axis"), ("cycle_component(1, 1)", "y-axis"))
_TYPING = (("escape", "esc", "Leave"), ("tab", "tab", "Next field"))
# Actions with their words, or keys that are no commands with their labels; the important first.
_FOOTERS: dict[Moment, tuple[tuple[str, ...], ...]] = {
    Moment.READY: (
        ("train", "Train"),
        ("choose_corpus", "Text"),
        ("edit_settings", "Settings"),
        ("generate", "Write"),
        *_ALWAYS,
        *_LOOK,
    ),
    Moment.TRAINING: (
        ("train", "Pause"),
        ("toggle_pace", "Full speed, or paced"),
        ("generate", "Write"),
        ("scrub(-1)", "Time"),
        *_ALWAYS,
        ("edit_settings", "Settings"),
        *_LOOK,
    ),
    Moment.PAUSED: (
        ("train", "Go on"),
        ("step", "One step"),
        ("generate", "Write"),
        ("scrub(-1)", "Time"),
        ("reset", "Reset"),
        *_ALWAYS,
        *_LOOK,
    ),
    Moment.FINISHED: (
        ("generate", "Write"),
        ("through_time", "Through time"),
        ("play", "Play it again"),
        ("scrub(-1)", "Time"),
        ("export", "Export"),
        ("reset", "Reset"),
        *_ALWAYS,
        ("compare_runs", "Runs"),
        ("toggle_colours", "Copied or new"),
        *_LOOK,
    ),
    Moment.FAILED: (
        ("reset", "Reset"),
        ("edit_settings", "Settings"),
        ("scrub(-1)", "Time"),
        *_ALWAYS,
    ),
    Moment.FOLLOWING: (
        ("generate", "Write"),
        ("scrub(-1)", "Time"),
        ("reset", "A run of your own"),
        *_ALWAYS,
        *_LOOK,
    ),
    Moment.SCRUBBING: (
        ("scrub(-1)", "Step"),
        ("scrub_to_end(1)", "To the newest"),
        ("play", "Play"),
        ("generate", "Write here"),
        ("through_time", "Through time"),
        *_ALWAYS,
    ),
    Moment.PLAYING: (
        ("play", "Stop"),
        ("change_speed(-1)", "Slower, faster"),
        ("scrub_to_end(1)", "To the newest"),
        *_ALWAYS,
    ),
    Moment.FIELD: (("enter", "enter", "Next field"), *_TYPING),
    Moment.PROMPT: (("enter", "enter", "Write"), ("up", "↑", "Earlier prompts"), *_TYPING),
    Moment.CONTEXT: (("enter", "enter", "Done"), *_TYPING),
    Moment.LIST: (("enter", "enter", "Choose"), ("up", "↑↓", "Move"), *_TYPING),
    Moment.MAP: (
        ("up", "←↑↓→", "Next character"),
        ("escape", "esc", "Leave"),
        ("find_character", "Find"),
        ("train", "Start or pause"),
        *_ALWAYS,
    ),
    Moment.CURVES: (
        ("left", "←→", "Read numbers"),
        ("escape", "esc", "Leave"),
        ("change_loss('quantity')", "Losses, norms"),
        ("train", "Start or pause"),
        *_ALWAYS,
    ),
}


def hints(moment: Moment, commands: Sequence[Command] = COMMANDS) -> list[Hint]:
    """Return what the footer lists at a moment."""
    by_action = {command.action: command for command in commands}
    result = []
    for entry in _FOOTERS[moment]:
        if len(entry) == 3:
            result.append(Hint(*entry))
        else:
            command = by_action[entry[0]]
            result.append(Hint(command.key.split(",")[0], command.key_label, entry[1]))
    return result
