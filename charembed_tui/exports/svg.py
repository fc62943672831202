"""Drawings as SVG."""

from __future__ import annotations

from xml.sax.saxutils import escape

from charembed_tui.exports.drawing import BACKGROUND, Drawing

_FONTS = "DejaVu Sans Mono, Menlo, Consolas, monospace"


def svg(drawing: Drawing) -> str:
    """Return the document."""
    width, height = drawing.width, drawing.height
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{_FONTS}">',
        f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>',
    ]
    for line in drawing.lines:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{line.colour}" '
            f'stroke-width="{line.width:.1f}"/>'
        )
    # Not every viewer knows baselines: a third of the size is about half of a capital.
    lines += [
        f'<text x="{label.x:.1f}" y="{label.y + 0.35 * label.size:.1f}" '
        f'font-size="{label.size:g}" fill="{label.colour}" '
        f'text-anchor="{label.anchor}">{escape(label.text)}</text>'
        for label in drawing.labels
    ]
    lines.append("</svg>")
    return "\n".join(lines) + "\n"
