"""The hyperparameters: one field each, checked as they are typed, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from charembed_tui.settings.fields import Choice
from charembed_tui.settings.presets import PRESETS
from charembed_tui.settings.training_settings import TrainingSettings, belongs, changed
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.widgets.folding import FoldingPane
from charembed_tui.widgets.number_field import NumberField
from charembed_tui.widgets.option_list import Select
from model.corpus import Corpus
from model.errors import SettingsError

_UNKNOWN_COST = "estimating …\n"  # as high as what comes in its place


class _Choice(Select, inherit_bindings=False):
    """This selection leaves the space bar to the app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down,up", "show_overlay", "Show menu", show=False),
    ]


class HyperparametersPane(FoldingPane):
    """Settings are chosen here by presets and fields, which say what they cost or what is wrong.

    Args:
        settings: what the fields show at first.
        unfolded_by: the key that leads here, as people know it.
        applied_by: the key that begins anew with what the fields say.
    """

    BORDER_TITLE = "Hyperparameters"

    @dataclass
    class Changed(Message):
        """All fields hold valid values again, or other ones."""

        settings: TrainingSettings

    @dataclass
    class CostWanted(Message):
        """What settings cost is not known yet, and takes long to find."""

        hint: CostHint
        settings: TrainingSettings

    def __init__(
        self, settings: TrainingSettings, unfolded_by: str, applied_by: str, **keywords: Any
    ) -> None:
        super().__init__(unfolded_by, **keywords)
        self._applied_by = applied_by
        self._in_use = settings
        self._hint: CostHint | None = None
        self._costs: tuple[CostHint, TrainingSettings, str] | None = None  # the newest asked for
        # What the fields say, those that are not there yet included.
        self._typed = _typed(settings)
        # A row is made when it is first of use: it takes 15 ms, and each family has its own.
        self._fields: dict[str, NumberField | _Choice] = {}
        self._rows: dict[str, Horizontal] = {}
        self._explanation = Static(id="parameters")
        self._preset_row: Horizontal | None = None
        self._presets: _Choice | None = None

    def on_mount(self) -> None:
        """Say what is in use."""
        self.entitle(str(self.BORDER_TITLE))
        self._explain()

    def contents(self) -> Iterable[Widget]:
        """Return a label and a field for each setting, and lines on what they mean."""
        names = [(preset.name, preset.name) for preset in PRESETS]
        self._presets = _Choice(names, prompt="choose", compact=True, id="preset")
        self._preset_row = Horizontal(
            Label("preset"), self._presets, classes="field", id="field-preset"
        )
        rows = [self._make_row(name) for name in TrainingSettings.FIELDS if self._is_of_use(name)]
        return self._preset_row, *rows, self._explanation

    def _arrange_rows(self) -> None:
        """Show the rows that are of use, and make those that were not until now."""
        above: Widget | None = self._preset_row
        if above is None:
            return
        for name in TrainingSettings.FIELDS:
            is_of_use = self._is_of_use(name)
            if is_of_use and name not in self._rows:
                self.mount(self._make_row(name), after=above)
            if name in self._rows:
                above = self._rows[name]
                above.display = is_of_use
            if name in self._fields and not is_of_use and self._error(name):
                self._typed[name] = _typed(self._in_use)[name]  # nobody could see what is wrong
                self._put_typed()

    def _make_row(self, name: str) -> Horizontal:
        """Make the row of a setting: a label and a field."""
        field, value = TrainingSettings.FIELDS[name], self._typed[name]
        widget: NumberField | _Choice
        if isinstance(field, Choice):
            options = [(each, each) for each in field.options]
            widget = _Choice(
                options, value=value, allow_blank=False, compact=True, id=_id(name), name=name
            )
        else:
            widget = NumberField(name, field, value, id=_id(name))
        row = Horizontal(Label(field.label), widget, classes="field", id=f"field-{_id(name)}")
        self._fields[name], self._rows[name] = widget, row
        return row

    def make_contents(self) -> None:
        """Have the fields there, from now on."""
        super().make_contents()
        self.call_after_refresh(self._explain)

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        self.make_contents()
        if self._presets is not None:
            self._presets.focus()

    def show_corpus(self, corpus: Corpus) -> None:
        """Estimate costs for this text from now on."""
        self._hint = CostHint(corpus, with_screen=True)
        self._explain()

    def show_cost(self, hint: CostHint, settings: TrainingSettings, words: str) -> None:
        """Say what settings cost, unless something else is asked by now."""
        if self._costs is not None and (hint, settings) == self._costs[:2]:
            self._costs = hint, settings, words
            self._explain()

    def show_in_use(self, settings: TrainingSettings) -> None:
        """Note which settings the run uses, to tell when the fields differ."""
        self._in_use = settings
        self._explain()

    def fill(self, settings: TrainingSettings) -> None:
        """Put the settings in use into the fields."""
        self._typed = _typed(settings)
        self._put_typed()
        self._explain()

    def choose(self, settings: TrainingSettings) -> None:
        """Put settings into the fields as if a person had typed them."""
        self.fill(settings)
        self.post_message(self.Changed(settings))

    def _put_typed(self) -> None:
        """Bring the fields up to date, those that are being mounted a moment later."""
        for name, field in self._fields.items():
            if field.is_mounted:
                field.value = self._typed[name]
            else:
                self.call_after_refresh(self._put_typed)

    def settings(self) -> TrainingSettings:
        """Return what the fields say. Raises SettingsError at the first that is invalid."""
        return replace(self._in_use, **dict[str, Any](self._typed))

    def displayed_settings(self) -> TrainingSettings:
        """Return what the fields say, or what is in use while they say nothing valid."""
        try:
            return self.settings()
        except SettingsError:
            return self._in_use

    @on(Select.Changed, "#preset")
    def _preset(self, event: Select.Changed) -> None:
        event.stop()
        chosen = next((preset for preset in PRESETS if preset.name == event.value), None)
        if chosen is None or self._hint is None:
            return
        self.choose(chosen.apply(self.displayed_settings(), len(self._hint.corpus)))

    @on(Input.Changed)
    @on(Select.Changed)
    def _check(self, event: Input.Changed | Select.Changed) -> None:
        event.stop()
        field = event.control
        name = field.name
        if name is None or field.value != event.value or self._typed[name] == event.value:
            return  # a preset; what was filled in; or what has been typed over since
        self._typed[name] = str(event.value)
        if name == "model" and event.value != self._in_use.model:
            # The sizes that suit another family of models.
            self.fill(self.displayed_settings().with_family(str(event.value)))
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

    def _is_of_use(self, name: str) -> bool:
        """Whether there is something to choose for the optimizer and model in the fields."""
        field = TrainingSettings.FIELDS[name]
        if isinstance(field, Choice) and (not field.has_field or len(field.options) < 2):
            return False
        return belongs(name, self._typed["optimizer"], self._typed["model"])

    def _error(self, name: str) -> str | None:
        """Return what is wrong with what a field says, None for nothing."""
        field = self._fields[name]
        return field.error() if isinstance(field, NumberField) and field.is_mounted else None

    def _explain(self) -> None:
        """Mark invalid fields, and say the first thing that is wrong, or what is right."""
        self.summary.show(_facts(self._in_use))
        if not self.has_contents:
            return
        self._arrange_rows()
        errors = [error for name in self._fields if (error := self._error(name))]
        self._explanation.set_class(bool(errors), "error")
        if errors:
            self._explanation.update(errors[0])
            return
        settings = self.settings()
        text = self._cost(self._hint, settings) if self._hint else ""
        if settings != self._in_use:
            text += f"\n{self._applied_by} resets and applies"
        self._explanation.update(text)

    def _cost(self, hint: CostHint, settings: TrainingSettings) -> str:
        """Return what settings cost, asked for where it is not known."""
        if self._costs is None or (hint, settings) != self._costs[:2]:
            self._costs = hint, settings, _UNKNOWN_COST
            self.post_message(self.CostWanted(hint, settings))
        return self._costs[2]


def _typed(settings: TrainingSettings) -> dict[str, str]:
    """Return settings as fields hold them."""
    return {name: field.text_of(getattr(settings, name)) for name, field in settings.FIELDS.items()}


def _facts(settings: TrainingSettings) -> list[str]:
    """Return what the line of the folded pane says: what most people ask for, then the rest."""
    chosen = {
        "context_length": f"context {settings.context_length}",
        "embedding_size": f"embedding {settings.embedding_size}",
        "optimizer": settings.optimizer,
    }
    first = [
        text for name, text in chosen.items() if belongs(name, settings.optimizer, settings.model)
    ]
    rest = [
        f"{settings.FIELDS[name].label} {value}"
        for name, value in changed(settings, TrainingSettings.to_watch()).items()
        if name not in chosen
    ]
    return [settings.model, *first, *rest]


def _id(name: str) -> str:
    """Return the id of a setting's field."""
    return name.replace("_", "-")
