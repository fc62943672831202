"""Where characters are on the map, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from charembed_tui.coordinates.views import Projection
from charembed_tui.storage.atomic import write_whole
from charembed_tui.text.glyphs import classify, glyph


def write_coordinates(
    path: Path, projection: Projection, vocabulary: Sequence[str], step: int
) -> None:
    """Write one row a character: glyph, code point, class, x, y and step, under their names.

    The names of both coordinates say from which side the map is seen. Raises OSError.
    """
    text = io.StringIO()
    rows = csv.writer(text)
    x, y = f"x: {projection.across}", f"y: {projection.up}".rstrip(": ")
    rows.writerow(["character", "code point", "class", x, y, "step"])
    for character, point in zip(vocabulary, projection.points.tolist(), strict=True):
        kind = classify(character).value
        numbers = [f"{value:.9g}" for value in point]
        rows.writerow([glyph(character), f"U+{ord(character):04X}", kind, *numbers, step])
    write_whole(path, text.getvalue().encode())
