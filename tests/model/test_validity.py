"""What comes from a file is what it should be, or a ValueError."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from model import validity

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(values)
def test_any_value_is_taken_as_it_is_or_refused(value: Any) -> None:
    for check, kinds in (
        (validity.whole, (int,)),
        (validity.number, (int, float)),
        (validity.text, (str,)),
    ):
        with suppress(ValueError):
            assert check(value, "value") == value
            assert type(value) in kinds


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400, True, "3", None, [1], -1])
def test_what_is_no_number(value: Any) -> None:
    for check in (validity.whole, validity.number):
        with pytest.raises(ValueError, match="its loss is none"):
            check(value, "loss")


@given(
    arrays(np.float64, array_shapes(max_dims=3, max_side=3, min_side=0)),
    st.floats(0, 1e300),
    st.booleans(),
)
def test_an_array_is_finite_and_in_range(
    array: NDArray[np.float64], most: float, may_miss: bool
) -> None:
    measured = array[~np.isnan(array)]
    good = bool((np.abs(measured) <= most).all()) and (may_miss or measured.size == array.size)
    shape = (None, *array.shape[1:])
    try:
        assert validity.array(array, "array", shape, most=most, may_miss=may_miss) is array
    except ValueError:
        assert not good
    else:
        assert good
    for other in (array.astype(np.complex128), array[None], array.tolist()):
        with pytest.raises(ValueError, match="its array"):
            validity.array(other, "array", shape, most=np.inf, may_miss=may_miss)


@given(st.lists(st.floats(allow_nan=False), max_size=6))
def test_what_ascends(numbers: list[float]) -> None:
    array = np.array(numbers)
    for strictly in (False, True):
        expected = sorted(set(numbers)) if strictly else sorted(numbers)
        if numbers == expected:
            assert validity.ascending(array, "steps", strictly=strictly) is array
        else:
            with pytest.raises(ValueError, match="do not ascend"):
                validity.ascending(array, "steps", strictly=strictly)


def test_what_parameters_can_be() -> None:
    for good in ([], [0.0], [1e50, -1e50]):
        assert validity.are_parameters(np.array(good))
    for bad in ([np.nan], [0.0, np.inf], [1e51], [-1e51, 0.0]):
        assert not validity.are_parameters(np.array(bad))
