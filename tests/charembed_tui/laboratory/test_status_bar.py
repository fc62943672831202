"""The line on top, by itself: a step that takes long is seen to go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from charembed_tui.laboratory.status_bar import StatusBar
from charembed_tui.text.corpus_facts import describe
from charembed_tui.training.session import Activity
from charembed_tui.training.snapshot import Between, SessionState, Snapshot
from model.corpus import Corpus
from model.counting import count_ngrams
from model.families.log_bilinear.shape import LogBilinear

CORPUS = Corpus.from_text("abcabcabcabcabd", "abc")
FACTS = describe(CORPUS, count_ngrams(CORPUS.codes, 4, 1))
RUNNING = Snapshot(
    1, SessionState.RUNNING, LogBilinear(4, 1, 2), step=3, facts=FACTS, loss=2.5, counted=1.0
)


def text(snapshot: Snapshot, activity: Activity) -> str:
    bar = StatusBar()
    bar.show(snapshot, "abc", activity=activity)
    return bar.text


@pytest.mark.parametrize(
    ("activity", "sign"),
    [
        (Activity(True, True), "► training, paced"),
        (Activity(True, False), "► training, full speed"),
        (Activity(True, None), "► training "),
        (Activity(False, True), "‖ pausing "),
        (Activity(False, True, 4.0), "‖ pausing after this step "),
    ],
)
def test_what_goes_on(activity: Activity, sign: str) -> None:
    assert text(RUNNING, activity).startswith(f" {sign}")


def test_a_step_of_many_seconds_is_under_way() -> None:
    first = text(replace(RUNNING, step=0), Activity(True, True, 7.4))
    assert "step 0, the next under way for 7 s (the first)" in first
    later = text(replace(RUNNING, step_seconds=6.25), Activity(True, True, 2.0))
    assert "step 3, the next under way for 2 s (the last took 6.2 s)" in later
    short = text(replace(RUNNING, step_seconds=0.01), Activity(True, True, 0.02))
    assert "under way" not in short
    assert "took" not in short


def test_who_wants_to_train_while_the_text_is_counted_is_heard() -> None:
    counting = replace(RUNNING, state=SessionState.IDLE, facts=None, counted=0.4)
    assert "40%, then training" in text(counting, Activity(True, True))
    assert "then" not in text(counting, Activity(False, True))


def test_the_loss_is_that_of_the_picture() -> None:
    on_its_way = replace(RUNNING, between=Between(np.zeros(3), 3.25, 3.5))
    assert "3.2500 nats/char (held out 3.5000)" in text(on_its_way, Activity(True, True))
