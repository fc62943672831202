"""Views: the sides from which embeddings can be seen in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.projection import Plane, component_plane, difference_plane, principal_plane

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Projection:
    """Embeddings as they are seen.

    Attributes:
        view: from which side.
        points: (V, 2).
        across: what the horizontal axis is, in a few words.
        up: what the vertical axis is.
        plane: sees other embeddings from the same side; None where that cannot be said.
    """

    view: MapView
    points: Array
    across: str
    up: str
    plane: Plane | None = None

    @property
    def title(self) -> str:
        """What there is to see, with the direction of each axis."""
        return f"{self.across} → · {self.up} ↑" if self.up else self.across


class MapView(Protocol):
    """All views see embeddings through this."""

    @property
    def name(self) -> str:
        """Its name, for people."""

    @property
    def is_slow(self) -> bool:
        """Whether projecting takes longer than a frame, and belongs on a thread of its own."""

    def project(self, embeddings: Array, before: Array | None = None) -> Projection:
        """See embeddings (V, H), finite, near to where their points (V, 2) were before."""


@dataclass(frozen=True)
class Components:
    """Two of the components, counted from 0."""

    x: int = 0
    y: int = 1
    is_slow = False

    @property
    def name(self) -> str:
        """Both, counted from 1."""
        return f"components {self.x + 1} and {self.y + 1}"

    def within(self, embedding_size: int) -> Components:
        """Return components that there are."""
        return Components(min(self.x, embedding_size - 1), min(self.y, embedding_size - 1))

    def project(self, embeddings: Array, before: Array | None = None) -> Projection:
        """Leave all other components out."""
        plane = component_plane(embeddings, self.x, self.y)
        points = plane.picture(embeddings)
        across, up = f"component {self.x + 1}", f"component {self.y + 1}"
        return Projection(self, points, across, up, plane)


@dataclass(frozen=True)
class PrincipalPlane:
    """The plane in which the embeddings vary most."""

    name = "principal plane"
    is_slow = False

    def project(self, embeddings: Array, before: Array | None = None) -> Projection:
        """Turn the plane so that characters are near to where they were."""
        plane = principal_plane(embeddings, before)
        across, up = (f"{share:.0%}" for share in plane.shares)
        points = plane.picture(embeddings)
        return Projection(self, points, f"principal plane, {across}", up, plane)


@dataclass(frozen=True)
class Difference:
    """From some characters to others, across; what varies most besides, up.

    Attributes:
        start: codes of the characters whose mean is at 0.
        end: of those whose mean is at 1.
        names: of both, for people.
    """

    start: tuple[int, ...]
    end: tuple[int, ...]
    names: tuple[str, str]
    is_slow = False

    @property
    def name(self) -> str:
        """From where to where."""
        return f"from {self.names[0]} to {self.names[1]}"

    def project(self, embeddings: Array, before: Array | None = None) -> Projection:
        """Lay the axis through both means."""
        plane = difference_plane(embeddings, list(self.start), list(self.end), before)
        points, up = plane.picture(embeddings), f"the rest, {plane.shares[1]:.0%}"
        return Projection(self, points, self.name, up, plane)


@dataclass(frozen=True)
class Neighbours:
    """Each character beside those that are like it: t-SNE, from where the points were before.

    `charembed_tui.coordinates.neighbours` says how.
    """

    name = "neighbours kept near (t-SNE)"
    is_slow = True

    def project(self, embeddings: Array, before: Array | None = None) -> Projection:
        """Lay out anew. Raises ScikitLearnMissing."""
        from charembed_tui.coordinates.neighbours import lay_out  # takes a while, seldom needed

        return Projection(self, lay_out(embeddings, before), self.name, "")
