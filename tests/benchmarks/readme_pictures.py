"""README's pictures, made by the program: `python tests/benchmarks/readme_pictures.py [FOLDER]`.

The app has its default run on the sample text, at the pace at which people watch it, without a
terminal: `screen.gif` records its screen, `laboratory.svg` is the screen in the end, and
`poster.png` and `film.gif` are what it exports then. Takes a minute, of a machine that is not busy
with something else: what is recorded is what a person would see.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.cells import cell_len, get_character_cell_size
from rich.color import Color
from rich.style import Style
from textual.pilot import Pilot
from textual.strip import Strip

from charembed_tui.app import CharembedApp
from charembed_tui.runs.plan import Plan
from charembed_tui.screens.export import KINDS, ExportScreen
from charembed_tui.settings.preferences import Preferences
from charembed_tui.text.sample_texts import default_sample
from charembed_tui.training.snapshot import SessionState
from model.corpus import Corpus

COLUMNS, ROWS = 120, 36
_WIDTH, _HEIGHT, _SIZE, _ASCENT = 8, 16, 13.3, 12  # of a cell and its font, pixels
_FRAMES_PER_SECOND = 6
_EDGES = (1.0, 0.0, 0.67, 0.33)  # how much of the ink there is
_SECONDS_BEFORE, _SECONDS_AFTER = 2.0, 4.0
_FONTS = ("DejaVuSansMono{}.ttf", "DejaVuSans{}.ttf")
_DARK, _LIGHT = (18, 18, 18), (224, 224, 224)
_SEED = 3  # of what is written in the end

Pixel = tuple[int, int, int]


def picture_of(strips: list[Strip], columns: int, rows: int) -> Image.Image:
    """What stands on a screen, each character in its cell."""
    image = Image.new("RGB", (columns * _WIDTH, rows * _HEIGHT), _DARK)
    draw = ImageDraw.Draw(image)
    for row, strip in enumerate(strips):
        column, y = 0, row * _HEIGHT
        for text, style, _ in strip:
            ink, paper = _colours(style or Style())
            right = column + cell_len(text)
            if right == column:
                continue
            area = column * _WIDTH, y, right * _WIDTH - 1, y + _HEIGHT - 1
            draw.rectangle(area, fill=paper)
            for character in text:
                if not character.isspace():
                    font = _font(bool(style and style.bold), character)
                    draw.text(
                        (column * _WIDTH, y + _ASCENT), character, ink, font=font, anchor="ls"
                    )
                column += get_character_cell_size(character)
    return image


def _colours(style: Style) -> tuple[Pixel, Pixel]:
    ink, paper = _pixel(style.color, _LIGHT), _pixel(style.bgcolor, _DARK)
    return (paper, ink) if style.reverse else (ink, paper)


def _pixel(color: Color | None, default: Pixel) -> Pixel:
    if color is None or color.is_default:
        return default
    red, green, blue = color.get_truecolor()
    return red, green, blue


@lru_cache
def _font(is_bold: bool, character: str) -> ImageFont.FreeTypeFont:
    """The first font that has a character, or the first of all."""
    fonts = [ImageFont.truetype(f.format("-Bold" * is_bold), _SIZE) for f in _FONTS]
    missing = [bytes(f.getmask("\U0010fffe")) for f in fonts]
    pairs = zip(fonts, missing, strict=True)
    return next((f for f, box in pairs if bytes(f.getmask(character)) != box), fonts[0])


def animation(frames: list[tuple[Image.Image, float]], palette: Image.Image) -> bytes:
    """A GIF of pictures, each for its seconds; those that are alike are one."""
    images: list[Image.Image] = []
    durations: list[float] = []
    for frame, seconds in frames:
        image = frame.quantize(palette=palette, dither=Image.Dither.NONE)
        if images and images[-1].tobytes() == image.tobytes():
            durations[-1] += seconds
        else:
            images.append(image)
            durations.append(seconds)
    data = io.BytesIO()
    images[0].save(
        data,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=[max(20, round(100 * seconds) * 10) for seconds in durations],
        loop=0,
        optimize=True,
    )
    return data.getvalue()


def palette_of(screens: list[list[Strip]]) -> Image.Image:
    """The colours of screens, and those on the edges of letters: one palette for all frames."""
    pairs = Counter(
        _colours(style or Style())
        for strips in screens
        for strip in strips
        for text, style, _ in strip
        if not text.isspace()
    )
    colours = dict.fromkeys([_DARK, _LIGHT])
    for (ink, paper), _ in pairs.most_common():
        for part in _EDGES:
            red, green, blue = (round(p + part * (i - p)) for i, p in zip(ink, paper, strict=True))
            colours[red, green, blue] = None
    numbers = [value for colour in list(colours)[:256] for value in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette(numbers)
    return palette


class Recorder:
    """The screen is recorded here; it is drawn later, which takes longer than a frame."""

    def __init__(self, app: CharembedApp) -> None:
        self._app = app
        self._screens: list[tuple[list[Strip], float]] = []

    async def follow(self, seconds: float, *, until_finished: bool = False) -> None:
        """Look for some seconds, or until training is over."""
        start = now = time.monotonic()
        laboratory = self._app.laboratory
        while now - start < seconds or (
            until_finished and laboratory.snapshot.state is not SessionState.FINISHED
        ):
            await asyncio.sleep(1 / _FRAMES_PER_SECOND)
            strips = self._app.screen._compositor.render_strips()
            self._screens.append((strips, time.monotonic() - now))
            now = time.monotonic()

    def animation(self) -> bytes:
        """Everything, as a GIF."""
        frames = [(picture_of(strips, *self._app.size), s) for strips, s in self._screens]
        return animation(frames, palette_of([strips for strips, _ in self._screens]))


async def record(folder: Path) -> None:
    """Make all pictures."""
    path, preferences = default_sample(), Preferences()
    sampling = replace(preferences.sampling, seed=_SEED)
    preferences = replace(preferences, sampling=sampling)
    app = CharembedApp(Plan(Corpus.from_file(path), path, preferences.training), preferences)
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        recorder = Recorder(app)
        await _until(lambda: app.laboratory.panes.loss._baselines)
        await recorder.follow(_SECONDS_BEFORE)
        await pilot.press("space")
        await recorder.follow(0.0, until_finished=True)
        await recorder.follow(_SECONDS_AFTER / 2)
        await pilot.press("g")
        await recorder.follow(_SECONDS_AFTER)
        (folder / "screen.gif").write_bytes(recorder.animation())
        (folder / "laboratory.svg").write_text(app.export_screenshot(), encoding="utf-8")
        for kind in ("PNG", "GIF"):
            await _export(app, pilot, kind)
    for name in ("poster.png", "film.gif"):
        written = next(Path(os.environ["CHAREMBED_RUNS"]).rglob(name))
        (folder / name).write_bytes(written.read_bytes())


async def _until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.02)


async def _export(app: CharembedApp, pilot: Pilot[None], kind: str) -> None:
    """Have the dialog write one kind of picture."""
    await pilot.press("e")
    await _until(lambda: isinstance(app.screen, ExportScreen))
    await pilot.press(*["down"] * list(KINDS).index(kind), "enter")
    await _until(lambda: not isinstance(app.screen, ExportScreen))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        os.environ["CHAREMBED_RUNS"] = f"{place}/runs"
        os.environ["CHAREMBED_CONFIG"] = f"{place}/config"
        asyncio.run(record(Path(sys.argv[1] if len(sys.argv) > 1 else ".readme")))
