"""One thread for BLAS: the engine has threads of its own, and the interface draws beside them."""

from __future__ import annotations

import os


def one_thread_for_blas() -> None:
    """Unless the environment says otherwise. Must be called before numpy is loaded."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")
