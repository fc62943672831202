"""Whatever the theme: text stands out from its background, and so do borders and curves.

Some of Textual's have borders of 1.2:1 and dim text of 2:1; the colours of classes, surprise and
runs are the same for all of them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.filter import LineFilter

TEXT, DRAWING = 4.5, 3.0  # contrasts of WCAG 2.1, 1.4.3 and 1.4.11
_DRAWN = re.compile("[\u2190-\u21ff\u2500-\u25ff\u2800-\u28ff\\s]*")  # arrows, frames, blocks, dots
_STEPS = 32


class LegibilityFilter(LineFilter):
    """This filter moves colours that are too near to their background away from it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with colours that can be read."""
        behind = background.rich_color
        return [
            Segment(text, _legible(style, behind, _needed(text)), control)
            if style is not None and text and not text.isspace()
            else Segment(text, style, control)
            for text, style, control in segments
        ]


def contrast(a: Color, b: Color) -> float:
    """Return the ratio of two luminances, from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


@lru_cache(1 << 12)
def _needed(text: str) -> float:
    """Return the contrast that a text needs."""
    return DRAWING if _DRAWN.fullmatch(text) else TEXT


@lru_cache(1 << 12)
def _legible(style: Style, behind: RichColor, needed: float) -> Style:
    """Return a style whose colour has the contrast needed; terminals' own colours stay."""
    background = style.bgcolor or behind
    if style.color is None or not (_is_known(style.color) and _is_known(background)):
        return style
    front, back = map(Color.from_rich_color, (style.color, background))
    if contrast(front, back) >= needed:
        return style
    end = max(WHITE, BLACK, key=lambda color: contrast(color, back))
    steps = (front.blend(end, i / _STEPS) for i in range(1, _STEPS + 1))
    found = next((color for color in steps if contrast(color, back) >= needed), end)
    return style + Style(color=found.rich_color)


def _is_known(color: RichColor) -> bool:
    """Whether it is the same in every terminal."""
    return color.type is ColorType.TRUECOLOR


def _luminance(color: Color) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
