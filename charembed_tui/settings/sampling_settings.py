"""What a person can choose about writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from charembed_tui.settings.fields import Checked, Field, Number

if TYPE_CHECKING:
    from numpy.random import Generator


@dataclass(frozen=True)
class SamplingSettings(Checked):
    """These are the choices for one sample; see `model.sampling.generate`.

    Attributes:
        length: characters to write.
        count: lines to write, where a list was learned.
        temperature: below 1 more careful, above 1 wilder.
        top_k: how many of the most probable characters are drawn from; 0 for all.
        top_p: probability of the smallest set drawn from; 1 for all.
        seed: the same seed writes the same text; -1 takes a fresh one each time.

    Raises:
        SettingsError: a value is out of its range.
    """

    FIELDS: ClassVar[dict[str, Field]] = {
        "length": Number("length", 1, 1_000_000),
        "count": Number("lines of a list", 1, 1_000_000),
        "temperature": Number("temperature", 0, 100, float),
        "top_k": Number("top-k", 1, 10**6, word="off"),
        "top_p": Number("top-p", 1e-6, 1, float),
        "seed": Number("seed", 0, 2**32 - 1, word="any", word_value=-1),
    }

    length: int = 300
    count: int = 20
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = -1

    def generator(self) -> Generator:
        """Make a generator of random numbers: the same for the same seed, fresh for -1."""
        from numpy.random import default_rng  # not for --help

        return default_rng(None if self.seed < 0 else self.seed)

    def arguments(self) -> dict[str, Any]:
        """Return keyword arguments of `model.sampling.Sampler`."""
        return {
            "temperature": self.temperature,
            "top_k": self.top_k or None,
            "top_p": self.top_p,
        }
