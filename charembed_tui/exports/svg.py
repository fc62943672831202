"""One step of a scene as SVG."""

from __future__ import annotations

from xml.sax.saxutils import escape

from charembed_tui.exports.scene import BACKGROUND, FRAME, HEIGHT, INK, MARGIN, WIDTH, Scene

_HALF = MARGIN // 2


def svg(scene: Scene, frame: int = -1) -> str:
    """Return the document: one text element a character."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="DejaVu Sans Mono, Menlo, monospace">',
        f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>',
        f'<rect x="{_HALF}" y="{_HALF}" width="{WIDTH - MARGIN}" height="{HEIGHT - MARGIN}" '
        f'fill="none" stroke="{FRAME}"/>',
        '<g font-size="15" text-anchor="middle" dominant-baseline="central">',
    ]
    for sign, colour, (x, y) in zip(scene.glyphs, scene.colours, scene.places[frame], strict=True):
        lines.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{escape(sign)}</text>')
    caption = f"{scene.title} · step {scene.steps[frame]:,}"
    lines.append("</g>")
    lines.append(
        f'<text x="{_HALF}" y="{HEIGHT - 5}" font-size="11" fill="{INK}">{escape(caption)}</text>'
    )
    lines.append("</svg>")
    return "\n".join(lines) + "\n"
