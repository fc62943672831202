"""What holds for all tests."""

from __future__ import annotations

import os

# As in the programs: the engine has threads of its own, and tests run side by side. Must be set
# before numpy is loaded.
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(name, "1")
