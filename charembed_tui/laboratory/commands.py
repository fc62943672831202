"""Everything a person can do: the one list behind keys, footer, help and command palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding

if TYPE_CHECKING:
    from charembed_tui.laboratory.actions import Actions


@dataclass(frozen=True)
class Command:
    """One thing to do.

    Attributes:
        name: its identifier.
        group: of commands that belong together.
        key: as Textual names it.
        shown: the key as people know it.
        title: in the command palette.
        told: in the help, in a few words; empty for the counterpart of the command before it,
            which tells of both.
        run: does it.
        footer: a word for the footer; empty for commands that are not listed there.
    """

    name: str
    group: str
    key: str
    shown: str
    title: str
    told: str
    run: Callable[[Actions], object]
    footer: str = ""

    @property
    def binding(self) -> Binding:
        """The key of the app."""
        return Binding(
            self.key,
            f"command('{self.name}')",
            self.footer or self.title,
            show=bool(self.footer),
            key_display=self.shown,
        )


TRAINING, EMBEDDING, TIME = "Training", "Embedding", "Timeline"
LOSS, WRITING, SCREEN = "Loss", "Writing", "Text and screen"

COMMANDS = (
    Command("train", TRAINING, "space", "space", "Start or pause", "start, pause", lambda a: a.train(), "Train"),
    Command("step", TRAINING, "n", "n", "Take one step", "one step", lambda a: a.step()),
    Command("reset", TRAINING, "r", "r", "Reset with the settings shown", "reset and apply", lambda a: a.reset(), "Reset"),
    Command("hyperparameters", TRAINING, "h", "h", "Change hyperparameters", "hyperparameters", lambda a: a.go_to_settings()),
    Command("runs", TRAINING, "R", "R", "Compare runs", "compare runs", lambda a: a.show_runs()),
    Command("saved", TRAINING, "O", "O", "Open a saved run", "saved runs", lambda a: a.open_saved()),
    Command("sweep", TRAINING, "S", "S", "Sweep over settings, or stop it", "sweep settings", lambda a: a.sweep()),
    Command("next_x", EMBEDDING, "x", "x/X", "Next component on the x-axis", "component on x", lambda a: a.embedding.cycle(0, 1), "x-axis"),
    Command("previous_x", EMBEDDING, "X", "X", "Previous component on the x-axis", "", lambda a: a.embedding.cycle(0, -1)),
    Command("next_y", EMBEDDING, "y", "y/Y", "Next component on the y-axis", "component on y", lambda a: a.embedding.cycle(1, 1), "y-axis"),
    Command("previous_y", EMBEDDING, "Y", "Y", "Previous component on the y-axis", "", lambda a: a.embedding.cycle(1, -1)),
    Command("components", EMBEDDING, "c", "c", "Choose components by variance", "by variance", lambda a: a.choose_components()),
    Command("principal", EMBEDDING, "p", "p", "Principal plane or components", "principal plane", lambda a: a.embedding.toggle_principal()),
    Command("hold", EMBEDDING, "f", "f", "Freeze the axes", "freeze the axes", lambda a: a.embedding.toggle_frozen()),
    Command("zoom_in", EMBEDDING, "plus,equals_sign", "+/-", "Zoom in", "zoom", lambda a: a.plot.zoom(1)),
    Command("zoom_out", EMBEDDING, "minus", "-", "Zoom out", "", lambda a: a.plot.zoom(-1)),
    Command("pan_left", EMBEDDING, "shift+left", "⇧←→", "Pan left", "pan", lambda a: a.plot.pan(-1, 0)),
    Command("pan_right", EMBEDDING, "shift+right", "⇧→", "Pan right", "", lambda a: a.plot.pan(1, 0)),
    Command("pan_up", EMBEDDING, "shift+up", "⇧↑", "Pan up", "", lambda a: a.plot.pan(0, 1)),
    Command("pan_down", EMBEDDING, "shift+down", "⇧↓", "Pan down", "", lambda a: a.plot.pan(0, -1)),
    Command("fit", EMBEDDING, "0", "0", "Show all characters again", "show all again", lambda a: a.plot.fit()),
    Command("cursor", EMBEDDING, "m", "m", "Put a cursor on a character", "cursor, by arrows", lambda a: a.move_cursor()),
    Command("search", EMBEDDING, "slash", "/", "Find a character", "find a character", lambda a: a.search()),
    Command("back", TIME, "left_square_bracket", "[/]", "Back one recorded step", "a step back, on", lambda a: a.timeline.scrub(-1), "Time"),
    Command("forth", TIME, "right_square_bracket", "]", "Forth one recorded step", "", lambda a: a.timeline.scrub(1)),
    Command("first", TIME, "left_curly_bracket", "{/}", "To the first step", "first, newest step", lambda a: a.timeline.to_end(-1)),
    Command("newest", TIME, "right_curly_bracket", "}", "To the newest step", "", lambda a: a.timeline.to_end(1)),
    Command("play", TIME, "backslash", "\\", "Play the recording, or stop", "play the recording", lambda a: a.timeline.toggle_playback()),
    Command("slower", TIME, "less_than_sign", "</>", "Play slower", "slower, faster", lambda a: a.timeline.change_speed(-1)),
    Command("faster", TIME, "greater_than_sign", ">", "Play faster", "", lambda a: a.timeline.change_speed(1)),
    Command("unit", LOSS, "u", "u", "Nats or bits", "nats or bits", lambda a: a.loss.change("unit")),
    Command("against", LOSS, "v", "v", "Against steps, passes, seconds", "steps, time", lambda a: a.loss.change("against")),
    Command("scale", LOSS, "l", "l", "Linear or logarithmic scales", "log scales", lambda a: a.loss.change("scale")),
    Command("smoothing", LOSS, "s", "s", "Smoothing", "smoothing", lambda a: a.loss.change("smoothing")),
    Command("baselines", LOSS, "b", "b", "Lines of simpler models", "simpler models", lambda a: a.loss.change("baselines")),
    Command("read_off", LOSS, "j", "j", "Read numbers off the curves", "read numbers off", lambda a: a.read_off()),
    Command("generate", WRITING, "g", "g", "Generate after the prompt", "generate", lambda a: a.generate(), "Write"),
    Command("continue", WRITING, "G", "G", "Continue the newest sample", "continue the text", lambda a: a.continue_sample()),
    Command("prompt", WRITING, "a", "a", "Type a prompt", "type a prompt", lambda a: a.go_to_prompt()),
    Command("through_time", WRITING, "t", "t", "The prompt through time", "through time", lambda a: a.through_time()),
    Command("inspect", WRITING, "i", "i", "Inspect a context", "inspect a context", lambda a: a.go_to_context()),
    Command("copy", WRITING, "k", "k", "Copy the newest sample", "copy the text", lambda a: a.copy_sample()),
    Command("save", WRITING, "w", "w", "Save the newest sample to a file", "save the text", lambda a: a.save_sample()),
    Command("corpus", SCREEN, "o", "o", "Choose another text", "another text", lambda a: a.go_to_corpus(), "Text"),
    Command("facts", SCREEN, "d", "d", "Details of the text", "its details", lambda a: a.show_facts()),
    Command("export", SCREEN, "e", "e", "Export data, pictures, GIF", "export", lambda a: a.export()),
    Command("setup_page", SCREEN, "1", "1 2 3", "Page: setup", "small screen's pages", lambda a: a.go_to_page("setup")),
    Command("watch_page", SCREEN, "2", "2", "Page: watch", "", lambda a: a.go_to_page("watch")),
    Command("write_page", SCREEN, "3", "3", "Page: write", "", lambda a: a.go_to_page("write")),
    Command("leave", SCREEN, "escape", "esc", "Leave a field, stop writing", "leave, stop writing", lambda a: a.leave()),
    Command("help", SCREEN, "question_mark", "?", "Help", "this help", lambda a: a.help(), "Help"),
    Command("quit", SCREEN, "q", "q", "Quit", "quit", lambda a: a.quit(), "Quit"),
)  # fmt: skip
BY_NAME = {command.name: command for command in COMMANDS}
