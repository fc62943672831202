"""The component chooser: which two components are drawn, with the variance of each."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static
from textual.widgets.option_list import Option

from charembed_tui.screens.dialog import Dialog
from charembed_tui.widgets.option_list import OptionList
from model.projection import Array

_BAR = 24


class ComponentsScreen(Dialog[tuple[int, int]]):
    """Components by variance; x and y put the one under the cursor on an axis.

    Args:
        shares: (H,) of the total variance.
        components: those drawn now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "put(0)", "on the x-axis"),
        Binding("y", "put(1)", "on the y-axis"),
        Binding("c", "accept", "Close", show=False),
    ]

    def __init__(self, shares: Array, components: tuple[int, int]) -> None:
        super().__init__()
        self._shares = shares
        self._components = list(components)
        self._order = sorted(range(len(shares)), key=lambda i: -shares[i])
        self._list = OptionList(
            *(Option(self._line(i), id=str(i)) for i in self._order), compact=True
        )

    def compose(self) -> ComposeResult:
        """A list under a line on the keys."""
        with Vertical(classes="dialog", id="components") as box:
            box.border_title = "Components by variance"
            box.border_subtitle = "enter draws them, esc leaves"
            yield Static("x and y put a component on an axis", classes="hint")
            yield self._list

    def on_mount(self) -> None:
        """Begin at the greatest."""
        self._list.focus()

    def _line(self, component: int) -> Text:
        share = float(self._shares[component])
        scale = float(self._shares.max()) or 1.0
        axes = "".join(
            sign if component == drawn else " "
            for sign, drawn in zip("xy", self._components, strict=True)
        )
        bar = "█" * round(share / scale * _BAR)
        return Text(f"{axes}  component {component + 1:<4}{bar:<{_BAR}} {share:6.1%}")

    def action_put(self, axis: int) -> None:
        """Put the component under the cursor on an axis; the other one keeps its own."""
        if self._list.highlighted is None:
            return
        chosen = self._order[self._list.highlighted]
        if self._components[1 - axis] == chosen:
            self._components[1 - axis] = self._components[axis]
        self._components[axis] = chosen
        for i in self._order:
            self._list.replace_option_prompt(str(i), self._line(i))

    def action_accept(self) -> None:
        """Draw what was chosen."""
        self.dismiss((self._components[0], self._components[1]))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_accept()
