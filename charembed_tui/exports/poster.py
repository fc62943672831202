"""The poster: the map, how the loss fell, and what the model wrote before and after; and a film."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charembed_tui.coordinates.axes import Scale
from charembed_tui.coordinates.ticks import round_ticks, short
from charembed_tui.exports.drawing import (
    ACCENT,
    FAINT,
    FRAME,
    HELD_OUT,
    INK,
    Drawing,
    Label,
    Line,
    wrapped,
)
from charembed_tui.exports.scene import Room, Side, draw_legend, draw_maps, projections
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.text.glyphs import visible
from charembed_tui.training.generation import write
from charembed_tui.training.loss_log import Curve, bucketed
from charembed_tui.training.snapshot import Snapshot, View
from charembed_tui.training.trajectory import Frame
from model.corpus import Corpus
from model.errors import Cancelled

WIDTH, HEIGHT = 1600, 1000
FILM_WIDTH, FILM_HEIGHT = 800, 640
_MARGIN = 40
_COLUMN = 1080  # where the right half begins
_TEXT = 16
_CELLS, _ROWS = 48, 11  # of a sample


@dataclass(frozen=True)
class Sample:
    """What a model wrote, and at which step."""

    step: int
    text: str


def write_sample(
    view: View,
    corpus: Corpus,
    prompt: str,
    settings: SamplingSettings,
    is_cancelled: Callable[[], bool],
) -> Sample:
    """Write as much as fits on a poster.

    Raises:
        Cancelled: `is_cancelled` said so.
        CharembedError: the model cannot write.
    """
    chunks: list[str] = []
    if not write(
        view,
        corpus,
        prompt,
        settings,
        lambda chunk: chunks.append(chunk.text),
        is_cancelled,
    ):
        raise Cancelled("The export was cancelled.")
    return Sample(view.step, prompt + "".join(chunks))


SAMPLE_LENGTH, SAMPLE_LINES = _CELLS * _ROWS, _ROWS


def poster(
    name: str,
    vocabulary: Sequence[str],
    side: Side,
    snapshot: Snapshot,
    view: View,
    samples: Sequence[Sample],
) -> Drawing:
    """Draw the parameters on show, 1,600 pixels wide.

    Args:
        name: of the text.
        vocabulary: its characters.
        side: from which the map is seen.
        snapshot: with the losses.
        view: the parameters on show.
        samples: what to put below each other, two at the most.

    Raises:
        CharembedError: the view needs something that is not installed.
    """
    drawing = Drawing(WIDTH, HEIGHT)
    seen = projections(side, view.model, [Frame(view.step, view.theta)])
    drawing.labels.append(Label(_MARGIN, 50, visible(name), 34, INK))
    names = f"{seen[0].across} across, {seen[0].up} up" if seen[0].up else seen[0].across
    scale = side.scale if seen[0].plane is not None else Scale.EQUAL
    facts = f"{names} · {scale.value} · step {view.step:,}"
    drawing.labels.append(Label(_MARGIN, 88, facts, 15, FAINT))
    room = Room(_MARGIN, 112, _COLUMN - _MARGIN, HEIGHT - 62)
    for _ in draw_maps(seen, side, vocabulary, [drawing], room):
        pass
    draw_legend(drawing, vocabulary, _MARGIN, HEIGHT - 34)
    _draw_loss(drawing, snapshot, view.step)
    top = 470
    for sample in samples:
        heading = "before" if sample.step == 0 else f"at step {sample.step:,}"
        drawing.labels.append(Label(_COLUMN, top, heading, 15, FAINT))
        for row, text in enumerate(wrapped(sample.text, _CELLS, _ROWS)):
            drawing.row(_COLUMN, top + 26 + 20 * row, text, _TEXT, INK)
        top += 260
    return drawing


def _draw_loss(drawing: Drawing, snapshot: Snapshot, step: int) -> None:
    """Draw the curves against steps on a logarithmic axis, where they begin and where they end."""
    left, top, right, bottom = _COLUMN + 40, 112, WIDTH - _MARGIN, 400
    drawing.box(left, top, right, bottom)
    curves = [(HELD_OUT, snapshot.held_out_curve), (ACCENT, snapshot.curve)]
    curves = [(colour, curve) for colour, curve in curves if len(curve)]
    if not curves:
        return
    low = min(float(curve.losses.min()) for _, curve in curves)
    high = max(float(curve.losses.max()) for _, curve in curves)
    room = 0.04 * (high - low) or 0.1
    low, high = low - room, high + room
    last = math.log10(1 + max(float(curve.steps[-1]) for _, curve in curves)) or 1.0

    def x_of(value: float) -> float:
        return left + math.log10(1 + value) / last * (right - left)

    def y_of(loss: float) -> float:
        return bottom - (loss - low) / (high - low) * (bottom - top)

    for value in round_ticks(low, high, 5):
        y = y_of(value)
        drawing.lines.append(Line(((left - 5, y), (left, y)), FRAME))
        drawing.labels.append(Label(left - 9, y, short(value), 13, FAINT, "end"))
    for power in range(math.floor(last) + 1):
        x = x_of(10**power)
        drawing.lines.append(Line(((x, bottom), (x, bottom + 5)), FRAME))
        drawing.labels.append(Label(x, bottom + 16, f"{10**power:,}", 13, FAINT, "middle"))
    for colour, curve in curves:
        at, losses = bucketed(np.log10(1 + curve.steps), curve.losses, 400)
        pairs = zip((10**at - 1).tolist(), losses.tolist(), strict=True)
        points = [(x_of(a), y_of(b)) for a, b in pairs]
        drawing.lines.append(Line(tuple(points), colour, 2.0))
    loss = _at(snapshot.curve, step)
    held_out = _at(snapshot.held_out_curve, step)
    drawing.labels.append(Label(left, 88, f"loss {loss}, nats per character", 15, ACCENT))
    if held_out:
        drawing.labels.append(Label(right, 88, f"held out {held_out}", 15, HELD_OUT, "end"))


def _at(curve: Curve, step: int) -> str:
    """Return the loss at a step in words, empty where none was measured."""
    return f"{float(np.interp(step, curve.steps, curve.losses)):.3f}" if len(curve) else ""


def film(
    name: str,
    vocabulary: Sequence[str],
    side: Side,
    snapshot: Snapshot,
    frames: Sequence[Frame],
) -> Iterator[Drawing]:
    """Draw frames of a recording, at least one, each with step and loss in its caption.

    Raises:
        CharembedError: the view needs something that is not installed.
    """
    seen = projections(side, snapshot.model, frames)
    drawings = [Drawing(FILM_WIDTH, FILM_HEIGHT) for _ in frames]
    room = Room(16, 20, FILM_WIDTH - 20, FILM_HEIGHT - 56)
    caption = FILM_HEIGHT - 44
    for drawing, frame in zip(drawings, frames, strict=True):
        loss = _at(snapshot.curve, frame.step)
        drawing.labels.append(Label(20, caption, visible(name), 15, INK))
        words = f"step {frame.step:,}" + (f" · {loss} nats/char" if loss else "")
        drawing.labels.append(Label(FILM_WIDTH - 20, caption, words, 15, INK, "end"))
        draw_legend(drawing, vocabulary, 20, FILM_HEIGHT - 18)
    return draw_maps(seen, side, vocabulary, drawings, room)
