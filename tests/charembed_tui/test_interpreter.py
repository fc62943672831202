from __future__ import annotations

import gc
import os
import platform
import subprocess
import sys

import pytest

from charembed_tui.interpreter import (
    answer_keys_sooner,
    freeze_loaded_objects,
    one_thread_for_blas,
)


def test_what_the_environment_says_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("TEXTUAL_FPS", "30")
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)  # Python's own; another test may have left it changed
        one_thread_for_blas()
        answer_keys_sooner()
        assert sys.getswitchinterval() < 0.005
    finally:
        sys.setswitchinterval(before)
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"
    assert os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["TEXTUAL_FPS"] == "30"


def test_frozen_objects_are_out_of_the_way() -> None:
    try:
        freeze_loaded_objects()
        assert gc.get_freeze_count() > 1000
        assert len(gc.get_objects()) < gc.get_freeze_count()
    finally:
        gc.unfreeze()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do otherwise")
def test_large_arrays_are_given_back() -> None:
    """Those of 9 MB; without it, what is made after them keeps their memory where it is."""
    program = """
import sys
import numpy as np
from charembed_tui.interpreter import give_back_large_arrays
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20
if sys.argv[1] == "yes":
    give_back_large_arrays()
before = resident()
for _ in range(2):
    large = [np.ones(9 << 17) for _ in range(9)]
    small = np.ones(4000)
    del large
print(resident() - before)
"""

    def left(whether: str) -> int:
        command = [sys.executable, "-c", program, whether]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(found.stdout)

    assert left("yes") < 9 < left("no")
