"""What holds for all tests."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

from charembed_tui.interpreter import one_thread_for_blas

one_thread_for_blas()  # as in the programs: tests run side by side

# Looking for garbage took a seventh of the time of tests of the app.
gc.set_threshold(100_000, 20, 100)

# `pytest --hypothesis-profile thorough` looks longer for what breaks a property.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("quick")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three processes for two cores: tests of the app wait for half of their time."""
    return max(1, (os.cpu_count() or 1) * 3 // 2)


def pytest_configure(config: pytest.Config) -> None:
    """Who has nothing left to do takes from others, where tests are dealt out at all.

    Tests of the app take seconds and stand together, others milliseconds: dealt out by number, one
    process had a hundred seconds to do when the other two had finished.
    """
    if config.getoption("dist", None) == "load":  # what `-n` alone means
        config.option.dist = "worksteal"
