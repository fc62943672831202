"""Giving up long work between two blocks of it, or resting, on whatever threads it is computed.

The work asks; whoever wants a result says when it is no longer wanted, or has to wait. Nothing is
passed through the functions between the two, since most of them have nothing to do with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from model.errors import Cancelled

_is_unwanted: ContextVar[Callable[[], bool] | None] = ContextVar("is_unwanted", default=None)
_rest: ContextVar[Callable[[], object] | None] = ContextVar("rest", default=None)


@contextmanager
def interruptible(is_unwanted: Callable[[], bool] | None) -> Iterator[None]:
    """Work in this block may be given up, if somebody says so.

    Args:
        is_unwanted: asked between blocks of work; None for work that is always wanted.
    """
    token = _is_unwanted.set(is_unwanted)
    try:
        yield
    finally:
        _is_unwanted.reset(token)


@contextmanager
def resting(rest: Callable[[], object]) -> Iterator[None]:
    """Work in this block may have to wait.

    Args:
        rest: called between blocks of work, on each thread that works; returns as soon as the work
            may go on.
    """
    token = _rest.set(rest)
    try:
        yield
    finally:
        _rest.reset(token)


def may_be_given_up() -> bool:
    """Whether somebody may say that the work at hand is no longer wanted."""
    return _is_unwanted.get() is not None


def give_up_if_unwanted() -> None:
    """To be called between blocks that take milliseconds; may rest. Raises Cancelled."""
    rest = _rest.get()
    if rest is not None:
        rest()
    is_unwanted = _is_unwanted.get()
    if is_unwanted is not None and is_unwanted():
        raise Cancelled("The result is no longer wanted.")
