"""Whether numbers are sorted quickly here, by trying it once.

numpy sorts with AVX-512 where there is any, by an instruction that takes AMD's Zen 4 a hundred
cycles: a million numbers of 32 bits take 34 ms there, and 6 without AVX-512. Others have no vectors
that numpy sorts with.
"""

from __future__ import annotations

from functools import cache
from time import perf_counter

import numpy as np

_COUNT = 1 << 15  # half a millisecond to sort
_TURNS = 3  # of which the quickest counts: others only make it look longer
_QUICK = 0.25  # of the time without vectors: 0.1 with AVX2, 0.4 on Zen 4 with AVX-512


@cache
def is_sorting_quick() -> bool:
    """Whether sorting takes a small part of what it takes without vectors, as stable sorting is."""
    numbers = np.random.default_rng(0).integers(0, 1 << 30, _COUNT, dtype=np.int32)

    def seconds(kind: str) -> float:
        times = []
        for _ in range(_TURNS):
            began = perf_counter()
            np.sort(numbers, kind=kind)  # type: ignore[call-overload]
            times.append(perf_counter() - began)
        return min(times)

    return seconds("quicksort") <= _QUICK * seconds("stable")
