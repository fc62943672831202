"""The map of a text's characters: from which side it is seen, its axes, and who stands where."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from charembed_tui.coordinates.axes import Axes, Scale
from charembed_tui.coordinates.placement import Place, Placement
from charembed_tui.coordinates.views import Components, MapView, Projection

Array = NDArray[np.float64]


class CharacterMap:
    """This map follows embeddings as they move; axes can be held, characters isolated.

    Args:
        widths: (V,) how many cells the glyph of each character takes, 1 or 2.
        view: from which side it is seen at first.
        scale: of the axes at first.

    Attributes:
        view: from which side it is seen.
        scale: of the axes, where their numbers mean something.
        frozen: whether axes stay.
        projection: what is seen, None before there is anything.
        isolated: codes of the characters that alone are on the map, None for all.
        places: (V,) where characters stand, as they were last asked for.
    """

    def __init__(
        self,
        widths: Sequence[int] = (),
        view: MapView | None = None,
        scale: Scale = Scale.LENS,
    ) -> None:
        self.view: MapView = view or Components()
        self.scale = scale
        self.frozen = False
        self.projection: Projection | None = None
        self.isolated: frozenset[int] | None = None
        self.places: list[Place | None] = []
        self.axes: Axes | None = None
        self._count = len(widths)
        self._placement = Placement(widths)

    @property
    def is_visible(self) -> NDArray[np.bool_]:
        """(V,) which characters are on the map."""
        if self.isolated is None:
            return np.ones(self._count, dtype=bool)
        visible = np.zeros(self._count, dtype=bool)
        visible[list(self.isolated)] = True
        return visible

    @property
    def hidden(self) -> int:
        """How many characters on the map found no free cell."""
        if not self.places:
            return 0
        return sum(
            place is None for place, v in zip(self.places, self.is_visible, strict=True) if v
        )

    def show(self, projection: Projection, *, flows: bool = True) -> None:
        """Take points, (V, 2); axes follow little by little where frames flow, else at once."""
        if self.projection is None or projection.view != self.projection.view:
            self.axes = None
            self._placement.forget()
        self.projection = projection
        points = projection.points[self.is_visible]
        if self.axes is None or (not flows and not self.frozen):
            self.axes = Axes.around(points, self._scale)
        elif not self.frozen:
            self.axes = self.axes.following(points)

    def fit(self) -> None:
        """Show everything, and follow again."""
        self.frozen = False
        self._begin_anew()

    def turn_to(self, view: MapView) -> None:
        """See the characters from another side, as soon as there is a projection of it."""
        self.view, self.frozen = view, False

    @property
    def before(self) -> Array | None:
        """(V, 2) where characters are as they are seen from this side, None before they are."""
        if self.projection is None or self.projection.view != self.view:
            return None
        return self.projection.points

    def change_scale(self) -> None:
        """Take the next scale."""
        self.scale = self.scale.next
        self.fit()

    @property
    def _scale(self) -> Scale:
        """The scale of the axes: without numbers, only distances say something."""
        has_numbers = self.projection is None or self.projection.plane is not None
        return self.scale if has_numbers else Scale.EQUAL

    def isolate(self, characters: frozenset[int] | None) -> None:
        """Show some characters alone, at least one, or (None) all."""
        self.isolated = characters
        self.fit()

    def change_axes(self, change: Callable[[Axes], Axes]) -> None:
        """Move the frame; it then stays where it is."""
        if self.axes is not None:
            self.frozen = True
            self.axes = change(self.axes)

    def _begin_anew(self) -> None:
        self.axes = None
        self._placement.forget()
        if self.projection is not None:
            self.show(self.projection, flows=False)

    def place(self, columns: int, rows: int, height: float) -> Axes | None:
        """Find places for all characters on a grid of cells.

        Args:
            columns: of the grid.
            rows: of the grid.
            height: of a cell, in widths of a cell.

        Returns:
            The axes on this grid, None where there is nothing to see.
        """
        if self.projection is None or self.axes is None:
            self.places = []
            return None
        axes = self.axes.on_grid(columns, rows, height)
        positions = axes.positions(self.projection.points, columns, rows)
        self.places = self._placement.update(positions, self.is_visible, columns, rows)
        return axes
