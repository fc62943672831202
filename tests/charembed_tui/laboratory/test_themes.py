"""Every theme of Textual can be read: what is on the screen is measured, character by character."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
from dialog_parts import PartsDialog
from laboratory import laboratory
from rich.color import ColorType
from textual.app import App
from textual.filter import LineFilter, Monochrome
from textual.renderables.blank import Blank
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.theme import BUILTIN_THEMES
from waiting import until, until_still

from charembed_tui.app import CharembedApp
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.widgets.legibility import LegibilityFilter


def luminance(triplet: tuple[int, int, int]) -> float:
    """WCAG 2.1, relative luminance, literally."""
    total = 0.0
    for value, weight in zip(triplet, (0.2126, 0.7152, 0.0722), strict=True):
        part = value / 255
        total += weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return total


def too_faint(strips: Sequence[Strip]) -> Iterator[tuple[str, float]]:
    """What does not stand out enough, with its contrast; the terminal's own colours are unknown."""
    for strip in strips:
        for text, style, _ in strip:
            if style is None or style.color is None or style.bgcolor is None or not text.strip():
                continue
            colors = style.color, style.bgcolor
            if any(color.type is not ColorType.TRUECOLOR for color in colors):
                continue
            low, high = sorted(luminance(color.get_truecolor()) for color in colors)
            contrast = (high + 0.05) / (low + 0.05)
            for character in text:
                is_text = character.isalnum() or "!" <= character <= "~"
                if not character.isspace() and contrast < (4.5 if is_text else 3.0) - 0.05:
                    yield text, contrast
                    break


def wear(app: App[None], theme: str) -> None:
    """Give all screens the colours of a theme, without waiting for what draws them."""
    with patch.object(app, "call_next"):  # Textual would do what follows once more, later
        app.theme = theme
    app.refresh_css(animate=False)


def drawn(screen: Screen[object], filters: Sequence[LineFilter]) -> list[Strip]:
    """The rows of a screen, through filters."""
    strips = screen._compositor.render_strips()
    background = screen.styles.background
    for each in filters:
        strips = [strip.apply_filter(each, background) for strip in strips]
    return strips


async def test_every_theme_can_be_read(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A dialog is measured alone: what it dims behind it was measured in front.
    monkeypatch.setattr(ModalScreen, "render", lambda self: Blank(self.styles.background))
    app = laboratory(sample, Preferences(TrainingSettings(optimizer="Adam")))
    # On a small screen first: panes that are folded then have nothing in them, and are quick.
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 20)
        await pilot.resize_terminal(120, 36)
        await pilot.press("space", "g", "m")
        await until(lambda: len(app.laboratory.panes.generation.written) == 300)
        await app.push_screen(PartsDialog())
        app.action_command_palette()
        await until_still(app)
        own = [f for f in app.get_line_filters() if isinstance(f, LegibilityFilter)]
        assert own == list(app.get_line_filters()[-1:])
        # With colours and without: the filter comes last, so that both begin with the same.
        others = list(app.get_line_filters()[:-1])
        monkeypatch.setattr(app, "get_line_filters", lambda: others)
        chains: tuple[list[LineFilter], ...] = ([*own], [Monochrome(), *own])
        for theme in BUILTIN_THEMES:
            wear(app, theme)
            for screen in app.screen_stack:
                for filters in chains:
                    assert list(too_faint(drawn(screen, filters))) == [], (theme, screen)


async def test_without_colour_a_theme_can_be_read(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = laboratory(sample)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("h")
        await until_still(app)
        strips = app.screen._compositor.render_strips()
        assert list(too_faint(strips)) == []
        colours = {s.color for strip in strips for _, s, _ in strip if s and s.color}
        assert all(len(set(c.get_truecolor())) == 1 for c in colours)  # grey


async def test_the_measure_finds_what_is_faint(
    app: CharembedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app._legibility, "apply", lambda segments, background: segments)
    async with app.run_test(size=(120, 36)):
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await until_still(app)
        assert list(too_faint(app.screen._compositor.render_strips()))
