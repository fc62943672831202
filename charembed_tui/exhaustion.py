"""Memory that is used up: refused at the start, and recognized in whatever form it comes later.

Nothing is imported here that could itself fail for want of memory.
"""

from __future__ import annotations

import errno

USED_UP = "The memory is used up: choose smaller settings, or a shorter text."
# Address space to begin with. Where numpy's and scipy's BLAS get too little they wait for ever, or
# end the process themselves, and every thread that multiplies wants more: on a small text 360 MB
# were just enough without a screen, 640 with one.
LEAST, LEAST_WITH_SCREEN = 400 << 20, 768 << 20
_SIGNS = ("cannot allocate memory", "failed to map segment", "can't start new thread")


def shortage_at_start(least: int) -> str | None:
    """What is wrong where a limit, as of `ulimit -v`, is too low for any work; None for nothing.

    Args:
        least: bytes of address space that the program needs.
    """
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY or limit >= least:
        return None
    return (
        f"A limit (ulimit -v) leaves this program {limit >> 20} MB of memory, and it needs "
        f"{least >> 20} MB to begin with: raise the limit."
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
