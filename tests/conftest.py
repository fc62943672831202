"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

from charembed_tui.interpreter import one_thread_for_blas

one_thread_for_blas()  # as in the programs: tests run side by side

# `pytest --hypothesis-profile thorough` looks longer for what breaks a property.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("quick")
