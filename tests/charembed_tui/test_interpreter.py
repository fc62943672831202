from __future__ import annotations

import gc
import os
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
