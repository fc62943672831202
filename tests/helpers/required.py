"""What a type says may be missing, and a test that it is there."""

from __future__ import annotations

from typing import TypeVar

Value = TypeVar("Value")


def required(value: Value | None) -> Value:
    """The value; an AssertionError where there is none."""
    assert value is not None
    return value
