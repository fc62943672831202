"""Imported before numpy: as in the app, BLAS gets one thread, and the engine uses its own."""

import os

SINGLE = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ.update(SINGLE)
