"""Every theme of Textual can be read: what is on the screen is measured, character by character."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import laboratory
from rich.color import ColorType
from textual.theme import BUILTIN_THEMES
from waiting import until, until_still

from charembed_tui.app import CharembedApp
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings

KEYS = ((), ("h",), ("R",), ("question_mark",), ("S",), ("ctrl+p",))


def luminance(triplet: tuple[int, int, int]) -> float:
    """WCAG 2.1, relative luminance, literally."""
    total = 0.0
    for value, weight in zip(triplet, (0.2126, 0.7152, 0.0722), strict=True):
        part = value / 255
        total += weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return total


def too_faint(app: CharembedApp) -> Iterator[tuple[str, float]]:
    """What does not stand out enough, with its contrast; the terminal's own colours are unknown."""
    for strip in app.screen._compositor.render_strips():
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


@pytest.mark.parametrize("colours", ["colours", "NO_COLOR"])
async def test_every_theme_can_be_read(
    sample: Path, colours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colours == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    app = laboratory(sample, Preferences(TrainingSettings(optimizer="Adam")))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 20)
        await pilot.press("space", "g", "m")
        await until(lambda: len(app.laboratory.panes.generation.written) == 300)
        for keys in KEYS:
            await pilot.press(*keys)
            themes = BUILTIN_THEMES if keys in KEYS[:2] else ("textual-dark", "solarized-light")
            for theme in themes:
                app.theme = theme
                await until_still(app)
                assert list(too_faint(app)) == [], (theme, keys)
            await pilot.press("escape")


async def test_the_measure_finds_what_is_faint(
    app: CharembedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app._legibility, "apply", lambda segments, background: segments)
    async with app.run_test(size=(120, 36)):
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await until_still(app)
        assert list(too_faint(app))
