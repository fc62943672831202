"""Tricks with the interpreter and the libraries under it, each with its reason and measurement."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import suppress

_SWITCH_SECONDS = 0.001
_TICKS_PER_SECOND = "200"
# Options of malloc.h, and bytes.
_ARENA_MAX, _ONE = -8, 1
_TRIM_THRESHOLD, _UNTRIMMED = -1, 64 << 20
_MMAP_THRESHOLD, _LARGE = -3, 8 << 20


def one_thread_for_blas() -> None:
    """Keep BLAS to one thread, unless the environment says otherwise.

    The engine has threads of its own, and the interface draws beside them. Must be called before
    numpy is loaded, which reads the variables once.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")


def give_back_large_arrays() -> None:
    """Have the C library give memory of large arrays back as soon as they are gone.

    It raises the size from which it does so up to 32 MB, and what it keeps then scatters, for every
    thread apart: of a run of a million parameters a third. Arrays below 8 MB are made and dropped
    too often for it: their memory waits for the next ones, in one place for all threads.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # not every C library has it
            library = ctypes.CDLL(None)
            library.mallopt(_ARENA_MAX, _ONE)
            library.mallopt(_TRIM_THRESHOLD, _UNTRIMMED)
            library.mallopt(_MMAP_THRESHOLD, _LARGE)


def answer_keys_sooner() -> None:
    """Shorten what a key waits for: another thread's Python code, and Textual's next tick.

    A thread in a Python loop keeps the interpreter for 5 ms at a time, and a key needs it several
    times: 26 ms until it was answered, 3.4 ms with turns of half a millisecond. Textual draws in
    ticks, of which the default is 60 a second: up to 17 ms, 5 ms at 200; idle ticks cost nothing.
    Must be called before Textual is loaded, which reads the variable once.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    os.environ.setdefault("TEXTUAL_FPS", _TICKS_PER_SECOND)


def freeze_loaded_objects() -> None:
    """Leave everything that is loaded by now out of later garbage collections.

    To be called once all modules are there. Going through their 85,000 objects stops every thread
    for a tenth of a second, every other second while training; what comes later takes nothing that
    can be measured.
    """
    gc.collect()
    gc.freeze()
