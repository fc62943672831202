"""What holds for all tests."""

from __future__ import annotations

from charembed_tui.interpreter import one_thread_for_blas

one_thread_for_blas()  # as in the programs: tests run side by side
