"""Memory that is used up: refused at the start, and recognized in whatever form it comes later.

Nothing is imported here that could itself fail for want of memory.
"""

from __future__ import annotations

import errno

USED_UP = "The memory is used up: choose smaller settings, or a shorter text."
# Address space to begin with, without a screen and with one. Where numpy's and scipy's BLAS get too
# little they wait for ever, or end the process themselves, and every thread that multiplies wants
# more: on a small text 360 MB were just enough without a screen, 640 with one.
_LEAST_ADDRESSES = 400 << 20, 768 << 20
# Memory that is used before any settings can be refused. A control group that has less ends the
# process without a word.
_LEAST_BYTES = 60 << 20, 75 << 20
_SIGNS = ("cannot allocate memory", "failed to map segment", "can't start new thread")


def shortage_at_start(*, with_screen: bool) -> str | None:
    """What is wrong where there is too little memory for any work; None for nothing.

    Limits are those of `ulimit -v`, of containers and services, and what the machine has left.
    """
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    least = _LEAST_ADDRESSES[with_screen]
    if limit != resource.RLIM_INFINITY and limit < least:
        return (
            f"A limit (ulimit -v) leaves this program {limit >> 20} MB of memory, and it needs "
            f"{least >> 20} MB to begin with: raise the limit."
        )
    from model.memory import available_bytes

    available, least = available_bytes(), _LEAST_BYTES[with_screen]
    if available is None or available >= least:
        return None
    return (
        f"There are {available >> 20} MB of memory for this program, and it needs {least >> 20} MB "
        "to begin with: give its container or service more, or end other programs."
    )


def is_exhaustion(error: BaseException | None) -> bool:
    """Whether an error says that there is no memory: Python's own, a library's, a thread's."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            return True
        says = str(error).lower() if isinstance(error, ImportError | OSError | RuntimeError) else ""
        if any(sign in says for sign in _SIGNS):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False
