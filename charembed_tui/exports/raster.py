"""Scenes as PNG and animated GIF, drawn with Pillow, which is an optional extra."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from charembed_tui.exports.scene import BACKGROUND, FRAME, HEIGHT, INK, MARGIN, WIDTH, Scene
from model.errors import Cancelled, CharembedError

if TYPE_CHECKING:
    from PIL import Image, ImageFont

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_HALF = MARGIN // 2
_FRAME_MILLISECONDS = 60
_LAST_MILLISECONDS = 2500
_SIZE, _CAPTION_SIZE = 16, 11
_COLOURS = 32
# Tried in this order for every character; where none is installed, Pillow's own font draws.
_FONTS = (
    "DejaVuSansMono.ttf",
    "Menlo.ttc",
    "consola.ttf",
    "DejaVuSans.ttf",
    "NotoSansMono-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "Arial Unicode.ttf",
    "msgothic.ttc",
)
_MISSING = "\U0010fffe"


class PillowMissing(CharembedError, ImportError):
    """PNG and GIF need Pillow."""

    def __init__(self) -> None:
        super().__init__(
            "PNG and GIF need Pillow: install it with  pip install 'charembed-tui[pictures]'  "
            "or  pip install pillow"
        )


def png(scene: Scene, frame: int = -1) -> bytes:
    """Draw one step as PNG. Raises PillowMissing."""
    _require_pillow()
    data = io.BytesIO()
    _draw(scene, frame).save(data, "PNG")
    return data.getvalue()


def gif(
    scene: Scene,
    progress: Callable[[int, int], object] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> bytes:
    """Draw all steps as GIF, repeated for ever, with a pause at the last.

    Args:
        scene: what to draw.
        progress: called with how many steps are drawn and how many there are.
        is_cancelled: asked before every step.

    Raises:
        PillowMissing: Pillow is not installed.
        Cancelled: `is_cancelled` said so.
    """
    _require_pillow()
    total = len(scene.steps)

    def images() -> Iterator[Image.Image]:
        for frame in range(total):
            if is_cancelled is not None and is_cancelled():
                raise Cancelled("The export was cancelled.")
            yield _draw(scene, frame).quantize(_COLOURS)
            if progress is not None:
                progress(frame + 1, total)

    frames = images()
    first = next(frames)
    data = io.BytesIO()
    durations = [_FRAME_MILLISECONDS] * (total - 1) + [_LAST_MILLISECONDS]
    first.save(data, "GIF", save_all=True, append_images=frames, duration=durations, loop=0)
    return data.getvalue()


def _require_pillow() -> None:
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise PillowMissing from None


def _draw(scene: Scene, frame: int) -> Image.Image:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle((_HALF, _HALF, WIDTH - _HALF, HEIGHT - _HALF), outline=FRAME)
    for sign, colour, (x, y) in zip(scene.glyphs, scene.colours, scene.places[frame], strict=True):
        draw.text((float(x), float(y)), sign, fill=colour, font=_font(sign, _SIZE), anchor="mm")
    caption = f"{scene.title} · step {scene.steps[frame]:,}"
    place = (float(_HALF), HEIGHT - _HALF / 2)
    draw.text(place, caption, fill=INK, font=_font("a", _CAPTION_SIZE), anchor="lm")
    return image


@lru_cache(maxsize=4096)
def _font(character: str, size: int) -> Font:
    """Return the first font that has a character."""
    from PIL import ImageFont

    for font in _installed(size):
        if bytes(font.getmask(character)) != bytes(font.getmask(_MISSING)):
            return font
    return ImageFont.load_default(size)


@lru_cache
def _installed(size: int) -> tuple[ImageFont.FreeTypeFont, ...]:
    from PIL import ImageFont

    fonts = []
    for name in _FONTS:
        try:
            fonts.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return tuple(fonts)
