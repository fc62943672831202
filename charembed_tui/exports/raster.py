"""Drawings as PNG and animated GIF, drawn with Pillow, which is an optional extra."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from charembed_tui.exports.drawing import BACKGROUND, Drawing, Label
from charembed_tui.text.glyphs import width
from model.errors import Cancelled, CharembedError

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_COLOURS = 64
# Tried in this order for every character; where none has it, Pillow's own font draws, and for what
# that has not either a box with its code stands.
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
_ANCHORS = {"start": 0.0, "middle": 0.5, "end": 1.0}


class PillowMissing(CharembedError, ImportError):
    """PNG and GIF need Pillow."""

    def __init__(self) -> None:
        super().__init__(
            "PNG and GIF need Pillow: install it with  pip install 'charembed-tui[pictures]'  "
            "or  pip install pillow"
        )


def png(drawing: Drawing) -> bytes:
    """Draw as PNG. Raises PillowMissing."""
    require_pillow()
    data = io.BytesIO()
    _draw(drawing).save(data, "PNG")
    return data.getvalue()


def gif(
    drawings: Iterable[Drawing],
    seconds: Sequence[float],
    progress: Callable[[int, int], object] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> bytes:
    """Draw as GIF, repeated for ever.

    Args:
        drawings: of one size.
        seconds: how long each is to be seen.
        progress: called with how many are drawn and how many there are.
        is_cancelled: asked before every one.

    Raises:
        PillowMissing: Pillow is not installed.
        Cancelled: `is_cancelled` said so.
    """
    require_pillow()
    total = len(seconds)

    def images() -> Iterator[Image.Image]:
        for number, drawing in enumerate(drawings, 1):
            if is_cancelled is not None and is_cancelled():
                raise Cancelled("The export was cancelled.")
            yield _draw(drawing).quantize(_COLOURS)
            if progress is not None:
                progress(number, total)

    frames = images()
    first = next(frames)
    data = io.BytesIO()
    # The format counts hundredths.
    durations = [max(20, round(100 * s) * 10) for s in seconds]
    first.save(data, "GIF", save_all=True, append_images=frames, duration=durations, loop=0)
    return data.getvalue()


def require_pillow() -> None:
    """Raises PillowMissing."""
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise PillowMissing from None


def _draw(drawing: Drawing) -> Image.Image:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (drawing.width, drawing.height), BACKGROUND)
    draw = ImageDraw.Draw(image)
    for line in drawing.lines:
        draw.line(line.points, fill=line.colour, width=max(1, round(line.width)), joint="curve")
    for label in drawing.labels:
        _write(draw, label)
    return image


def _write(draw: ImageDraw.ImageDraw, label: Label) -> None:
    """Write a label character by character, each in the first font that has it."""
    pieces, lengths = _set(label.text, round(label.size))
    if label.room and sum(lengths) > label.room:
        pieces, lengths = _set(label.text, int(label.size * label.room / sum(lengths)))
    x = label.x - _ANCHORS[label.anchor] * sum(lengths)
    for (character, font), length in zip(pieces, lengths, strict=True):
        if font is None:
            _write_code(draw, character, x, label, length)
        else:
            # In the middle of capitals, not of each glyph: else commas would float.
            top = label.y - 0.5 * font.getbbox("H")[1] - 0.5 * font.getbbox("H")[3]
            draw.text((x, top), character, fill=label.colour, font=font)
        x += length


def _set(text: str, size: int) -> tuple[list[tuple[str, Font | None]], list[float]]:
    """Return the characters of a text with their fonts, and how long each is."""
    pieces = [(c, _font(c, size)) for c in _characters(text)]
    return pieces, [
        0.6 * size * width(c) if font is None else font.getlength(c) for c, font in pieces
    ]


def _characters(text: str) -> list[str]:
    """Return characters with what combines with them."""
    result: list[str] = []
    for character in text:
        if result and result[-1].startswith("◌") and len(result[-1]) == 1:
            result[-1] += character
        else:
            result.append(character)
    return result


def _write_code(
    draw: ImageDraw.ImageDraw, character: str, x: float, label: Label, length: float
) -> None:
    """Draw a box with the code of a character that no font here has."""
    from PIL import ImageFont

    half = 0.45 * label.size
    draw.rectangle((x + 1, label.y - half, x + length - 1, label.y + half), outline=label.colour)
    code = f"{ord(character[-1]):04X}"
    rows = (code[:2], code[2:4]) if len(code) == 4 else (code[:3], code[3:])
    font = ImageFont.load_default(max(6, label.size * 0.42))
    for row, up in zip(rows, (-0.2, 0.2), strict=True):
        middle = (x + length / 2, label.y + up * label.size)
        draw.text(middle, row, fill=label.colour, font=font, anchor="mm")


@lru_cache(maxsize=4096)
def _font(character: str, size: int) -> Font | None:
    """Return the first font that has a character, None where none has."""
    from PIL import ImageFont

    for font in (*_installed(size), ImageFont.load_default(size)):
        if bytes(font.getmask(character)) != bytes(font.getmask(_MISSING)):
            return font
    return None


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
