from itertools import accumulate, chain

import pytest

from model import sorting


@pytest.mark.parametrize(("seconds", "is_quick"), [(1.0, True), (2.5, True), (4.0, False)])
def test_sorting_is_quick_beside_sorting_without_vectors(
    monkeypatch: pytest.MonkeyPatch, seconds: float, is_quick: bool
) -> None:
    interrupted = 50.0
    turns = [interrupted, seconds, interrupted, interrupted, 10.0, interrupted]
    clock = accumulate(chain.from_iterable((1.0, turn) for turn in turns))
    monkeypatch.setattr(sorting, "perf_counter", lambda: next(clock))
    assert sorting.is_sorting_quick.__wrapped__() is is_quick


def test_how_quick_it_is_here_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sorting.is_sorting_quick()
    monkeypatch.setattr(sorting, "perf_counter", None)  # another look at it would fail
    assert sorting.is_sorting_quick() is found
