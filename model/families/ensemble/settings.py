"""What goes with a family, as it is chosen and as it is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model import validity
from model.errors import SettingsError
from model.families.cache.settings import CacheSettings
from model.families.mixture.gate import gate_size
from model.families.ngrams.limits import LONGEST

OFF, AUTO = 0, -1
# Of a longer text its end is counted: ten million characters take half a minute and 1 GB.
MOST_COUNTED = 10_000_000
MOST_CELLS_ASIDE = 1 << 22  # probabilities at positions set aside, 32 MB
_LONGEST_CONTEXT = 32  # of a cache
_STRENGTHS = 1e-6, 1e6


@dataclass(frozen=True)
class EnsembleSettings:
    """What a person chose.

    Attributes:
        ngrams: order of the n-grams beside a family; OFF for none, AUTO for the best one of the
            training text.
        cache: how many characters a cache on top looks back; OFF for none, AUTO for what did best
            on training text, which on a list is none.
    """

    ngrams: int = OFF
    cache: int = OFF

    def __bool__(self) -> bool:
        return self.ngrams != OFF or self.cache != OFF

    def of_list(self) -> EnsembleSettings:
        """What goes with a family on a list, where no cache does.

        Raises:
            SettingsError: a cache of so many characters was chosen.
        """
        if self.cache not in (OFF, AUTO):
            raise SettingsError(
                f"A cache of {self.cache:,} characters remembers what was said a moment ago, but "
                "each line of a list stands for itself, whichever came before it: choose no cache, "
                "or read the list as running text."
            )
        return EnsembleSettings(self.ngrams)

    @property
    def names(self) -> str:
        """What goes with the family, in words."""
        chosen = (("n-grams", self.ngrams), ("cache", self.cache))
        return " and ".join(name for name, value in chosen if value != OFF)


@dataclass(frozen=True, eq=False)
class Fit:
    """What was learned of how much to believe each part, at some parameters of a family.

    Attributes:
        order: of the n-grams; 0 where there are none.
        gate: (F,) weights of `model.families.mixture.gate.Gate`; None where there are no n-grams.
        cache: the cache on top; None where there is none.
    """

    order: int = 0
    gate: NDArray[np.float64] | None = None
    cache: CacheSettings | None = None

    def state_dict(self) -> dict[str, Any]:
        """What `of` makes it from: arrays, and what JSON can hold."""
        cache = self.cache
        return {
            "order": self.order,
            "gate": self.gate,
            "cache": None
            if cache is None
            else [cache.characters, cache.shortest, list(cache.strengths)],
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """The fit of a state. Raises KeyError, TypeError or ValueError if it is none."""
        gate, cache = state["gate"], state["cache"]
        order = validity.whole(state["order"], "order", most=LONGEST)
        if gate is not None:
            validity.whole(order, "order", least=1)
            validity.array(gate, "gate", (gate_size(order),), most=validity.LARGEST_PARAMETER)
        if cache is not None:
            characters, shortest, strengths = cache
            validity.whole(len(strengths), "number of strengths", 1, _LONGEST_CONTEXT)
            cache = CacheSettings(
                validity.whole(characters, "cache", 1, MOST_COUNTED),
                validity.whole(shortest, "shortest context", 1, _LONGEST_CONTEXT),
                tuple(validity.number(s, "strength", *_STRENGTHS) for s in strengths),
            )
        return cls(order, gate, cache)
