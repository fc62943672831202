"""The poster and the film: what is on them, and that nothing covers anything, whatever the font."""

from __future__ import annotations

import io
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from required import required

from charembed_tui.coordinates.axes import Scale
from charembed_tui.coordinates.views import Components, Difference, MapView, PrincipalPlane
from charembed_tui.exports import raster
from charembed_tui.exports.drawing import Drawing, Label, wrapped
from charembed_tui.exports.poster import (
    FILM_HEIGHT,
    FILM_WIDTH,
    HEIGHT,
    WIDTH,
    Sample,
    film,
    poster,
)
from charembed_tui.exports.raster import gif, png
from charembed_tui.exports.scene import Side, projections
from charembed_tui.exports.svg import svg
from charembed_tui.training.loss_log import Curve
from charembed_tui.training.snapshot import SessionState, Snapshot, View
from charembed_tui.training.trajectory import Frame
from model.errors import Cancelled
from model.families.log_bilinear.shape import LogBilinear

TEXT = "abcdefghij ABC.,\n世é<&\t😀"
STEPS = (0, 5, 90)
SIDES = [
    Side(Components(0, 2)),
    Side(PrincipalPlane(), Scale.EQUAL),
    Side(Difference((0, 1), (11,), ("ab", "A")), Scale.OWN),
]


def recording(text: str = TEXT) -> tuple[Snapshot, list[Frame]]:
    model = LogBilinear(len(text), 1, 3)
    rng = np.random.default_rng(0)
    frames = [Frame(s, rng.normal(size=model.parameter_count) * (s + 1)) for s in STEPS]
    steps = np.array([0.0, 5.0, 40.0, 90.0])
    curve = Curve(steps, steps, steps, np.array([4.0, 3.0, 2.5, 2.4]))
    theta = frames[-1].theta
    snapshot = Snapshot(1, SessionState.PAUSED, model, 90, theta=theta, loss=2.4, curve=curve)
    return snapshot, frames


def a_poster(side: Side = SIDES[0], text: str = TEXT) -> Drawing:
    snapshot, frames = recording(text)
    view = View(snapshot.model, 90, frames[-1].theta, live=True)
    samples = [Sample(0, "xq zz\nsome"), Sample(90, "a word " * 60)]
    return poster("a text", tuple(text), side, snapshot, view, samples)


def letters(drawing: Drawing, size: float | None = None) -> list[Label]:
    """Labels of one character, those of the map and of the samples."""
    found = [x for x in drawing.labels if x.anchor == "middle" and len(x.text) == 1]
    return [x for x in found if size is None or x.size == size]


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.view.name)
def test_the_poster_has_all_there_is_to_see(side: Side) -> None:
    drawing = a_poster(side)
    assert (drawing.width, drawing.height) == (WIDTH, HEIGHT) == (1600, 1000)
    words = [label.text for label in drawing.labels]
    assert "a text" in words
    assert {"vowels", "consonants", "whitespace"} <= set(words)
    assert {"before", "at step 90"} <= set(words)
    assert any("loss 2.400" in word for word in words)
    assert any(side.scale.value in word for word in words)
    for label in drawing.labels:
        assert 0 < label.x < WIDTH
        assert 0 < label.y < HEIGHT
    document = ElementTree.fromstring(svg(drawing))
    texts = [e.text for e in document.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == words


def test_letters_are_never_on_top_of_each_other() -> None:
    for text in (TEXT, "".join(chr(0x4E00 + i) for i in range(150))):
        for side in SIDES[:2]:
            found = [x for x in letters(a_poster(side, text)) if x.x < 1040]
            assert len(found) > 15
            for i, one in enumerate(found):
                for other in found[:i]:
                    apart = abs(one.x - other.x), abs(one.y - other.y)
                    assert apart[0] >= 0.7 * one.size or apart[1] >= one.size


def test_a_view_is_the_same_for_all_frames() -> None:
    snapshot, frames = recording()
    for view in (Components(0, 2), PrincipalPlane()):
        seen = projections(Side(view), snapshot.model, frames)
        last = view.project(snapshot.model.embeddings(frames[-1].theta))
        np.testing.assert_allclose(seen[-1].points, last.points)
        plane = required(last.plane)
        for projection, frame in zip(seen, frames, strict=True):
            expected = plane.picture(snapshot.model.embeddings(frame.theta))
            np.testing.assert_allclose(projection.points, expected)


def test_the_film_has_one_frame_and_says_step_and_loss() -> None:
    snapshot, frames = recording()
    drawings = list(film("a text", tuple(TEXT), SIDES[0], snapshot, frames))
    assert [(d.width, d.height) for d in drawings] == [(FILM_WIDTH, FILM_HEIGHT)] * 3
    for drawing, step, loss in zip(drawings, STEPS, ("4.000", "3.000", "2.400"), strict=True):
        words = [label.text for label in drawing.labels]
        assert f"step {step} · {loss} nats/char" in words
    # Frame, axes and legend stay; letters move.
    numbers = [[x for x in d.labels if x.size == 13] for d in drawings]
    assert numbers[0] == numbers[1] == numbers[2] != []
    places = [[(x.x, x.y) for x in letters(d, 22)] for d in drawings]
    assert all(a != b for a, b in pairwise(places))


def test_larger_is_to_the_right_and_upwards() -> None:
    model = LogBilinear(3, 1, 2)
    theta = np.zeros(model.parameter_count)
    model.unpack(theta)[0][:] = [[0, 0], [1, 0], [0, 1]]
    snapshot = Snapshot(1, SessionState.PAUSED, model)
    (drawing,) = film(
        "", tuple("abc"), Side(Components(), Scale.EQUAL), snapshot, [Frame(0, theta)]
    )
    a, b, c = (x for x in letters(drawing) if x.size > 15)
    assert b.x > a.x == c.x
    assert c.y < a.y == b.y


def test_png_and_gif() -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    with image.open(io.BytesIO(png(a_poster()))) as picture:
        assert picture.size == (WIDTH, HEIGHT)
        assert len(picture.getcolors(1 << 20)) > 5
    snapshot, frames = recording()
    drawings = list(film("a text", tuple(TEXT), SIDES[0], snapshot, frames))
    heard: list[int] = []
    data = gif(drawings, [0.1, 0.5, 2.0], lambda done, total: heard.append(done))
    with image.open(io.BytesIO(data)) as animation:
        assert animation.n_frames == 3
        assert animation.info["loop"] == 0
        durations = []
        for number in range(3):
            animation.seek(number)
            durations.append(animation.info["duration"])
    assert durations == [100, 500, 2000]
    assert heard == [1, 2, 3]
    with pytest.raises(Cancelled):
        gif(drawings, [1.0] * 3, is_cancelled=lambda: True)


def test_without_a_system_font_every_character_is_drawn_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    monkeypatch.setattr(raster, "_FONTS", ())
    raster._font.cache_clear()
    raster._installed.cache_clear()
    pictures = set()
    try:
        for character in "aé世界 \n\t😀":
            drawing = Drawing(60, 60)
            drawing.sign(character, 30, 30, 24, "#ffffff")
            data = png(drawing)
            pictures.add(data)
            with image.open(io.BytesIO(data)) as picture:
                rows, columns = np.nonzero(np.asarray(picture.convert("L")) > 99)
            assert 4 <= columns.min() < columns.max() <= 56
            assert 4 <= rows.min() < rows.max() <= 56
    finally:
        raster._font.cache_clear()
        raster._installed.cache_clear()
    assert len(pictures) == 8  # all of them different


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("abc", ["abc"]),
        ("abcdef", ["abcd", "ef"]),
        ("a\n\nb", ["a", "", "b"]),
        ("世界か", ["世界", "か"]),
        ("abcdefghijklmnop", ["abcd", "efgh", "ijkl"]),
    ],
)
def test_samples_are_cut_into_rows(text: str, rows: list[str]) -> None:
    assert wrapped(text, 4, 3) == rows


@pytest.mark.parametrize("view", [side.view for side in SIDES], ids=lambda view: view.name)
def test_characters_alone_on_the_map_are_alone_on_the_poster(view: MapView) -> None:
    drawing = a_poster(Side(view, isolated=frozenset({0, 3, 5})))
    on_map = [x.text for x in letters(drawing) if x.x < 1040 and x.size > 15]
    assert on_map == ["a", "d", "f"]
