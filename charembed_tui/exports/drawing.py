"""Drawings: lines and labels in pixels, which `svg` and `raster` both can draw.

Blanks are drawn as lines, since few fonts have signs for them, and rows of a text character by
character, so that they stand in order whatever font draws them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from charembed_tui.text.glyphs import CharacterClass, glyph, width

BACKGROUND, FRAME, FAINT, INK = "#16181d", "#4a4f59", "#8b909b", "#c9ccd3"
ACCENT, HELD_OUT = "#e69f00", "#56b4e9"
# Okabe and Ito's colours, told apart by the colour-blind too.
COLOURS = {
    CharacterClass.VOWEL: "#e69f00",
    CharacterClass.CONSONANT: "#56b4e9",
    CharacterClass.CAPITAL: "#009e73",
    # Scripts that are found in one text differ.
    CharacterClass.HIRAGANA: "#e69f00",
    CharacterClass.KATAKANA: "#009e73",
    CharacterClass.HAN: "#56b4e9",
    CharacterClass.HANGUL: "#e69f00",
    CharacterClass.ARABIC: "#009e73",
    CharacterClass.HEBREW: "#e69f00",
    CharacterClass.DEVANAGARI: "#009e73",
    CharacterClass.THAI: "#e69f00",
    CharacterClass.LETTER: "#56b4e9",
    CharacterClass.DIGIT: "#f0e442",
    CharacterClass.PUNCTUATION: "#d55e00",
    CharacterClass.SPACE: "#cc79a7",
    CharacterClass.OTHER: "#9aa0ab",
}
Point = tuple[float, float]

# Signs as strokes, in parts of a cell from its middle; what else has no width is a space.
_STROKES: dict[str, list[list[Point]]] = {
    " ": [[(-0.35, 0.1), (-0.35, 0.3), (0.35, 0.3), (0.35, 0.1)]],
    "\n": [[(0.35, -0.3), (0.35, 0.1), (-0.35, 0.1)], [(-0.1, -0.1), (-0.35, 0.1), (-0.1, 0.3)]],
    "\t": [
        [(-0.4, 0.0), (0.3, 0.0)],
        [(0.05, -0.2), (0.3, 0.0), (0.05, 0.2)],
        [(0.4, -0.25), (0.4, 0.25)],
    ],
}


@dataclass(frozen=True)
class Line:
    """A line joins points."""

    points: tuple[Point, ...]
    colour: str
    width: float = 1.0


@dataclass(frozen=True)
class Label:
    """A label is a text of one row, whose middle is at the height `y`.

    Attributes:
        x: where it begins, has its middle, or ends, as its anchor says.
        y: of its middle.
        text: without line feeds.
        size: of the font.
        colour: of the text.
        anchor: start, middle or end.
        room: pixels that it may take: where a font is wider, it is drawn smaller; 0 for any.
    """

    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: str = "start"
    room: float = 0.0


@dataclass
class Drawing:
    """A drawing has a size in pixels, and what is on it, later parts over earlier ones."""

    width: int
    height: int
    lines: list[Line] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def box(self, left: float, top: float, right: float, bottom: float) -> None:
        """Draw a frame."""
        corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
        self.lines.append(Line(corners, FRAME))

    def sign(self, character: str, x: float, y: float, size: float, colour: str) -> None:
        """Draw a character, (x, y) its middle: its glyph, or strokes where it is blank."""
        strokes = _STROKES.get(character)
        if strokes is None:
            room = 0.68 * size * width(character)
            self.labels.append(Label(x, y, glyph(character), size, colour, "middle", room))
            return
        for stroke in strokes:
            points = tuple((x + 0.6 * size * right, y + size * down) for right, down in stroke)
            self.lines.append(Line(points, colour, max(1.2, size / 13)))

    def row(self, x: float, y: float, text: str, size: float, colour: str) -> None:
        """Draw a row of characters on a grid, each in a cell of its own."""
        pitch = 0.62 * size
        for character in text:
            cells = width(character)
            if character != " ":
                middle = x + cells * pitch / 2
                sign = glyph(character)
                self.labels.append(Label(middle, y, sign, size, colour, "middle", cells * pitch))
            x += cells * pitch


def wrapped(text: str, columns: int, rows: int) -> list[str]:
    """Cut a text into rows of so many cells, at line feeds and where it has to be."""
    result = [""]
    used = 0
    for character in text:
        cells = width(character)
        if character == "\n" or used + cells > columns:
            result.append("")
            used = 0
        if character != "\n":
            result[-1] += character
            used += cells
    return result[:rows]
