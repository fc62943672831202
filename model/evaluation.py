"""How well a predictor predicts a text: nats of every position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.families.base import Codes, Predictor, Reader, ReadsAlong
from model.interruption import give_up_if_unwanted
from model.sequences import Sequences

Array = NDArray[np.float64]

_BLOCK_NUMBERS = 1 << 20  # probabilities computed at a time, 8 MB
_ONES_AT_A_TIME = 1 << 8


def losses(predictor: Predictor, codes: Codes, before: Codes | Sequence[int] = ()) -> Array:
    """-ln P of every character of a text given all that stands before it; (n,), in nats.

    Args:
        predictor: the model at some parameters.
        codes: (n,); the code V stands for a character outside the vocabulary, whose loss is
            infinite.
        before: codes that the text follows, all of them where the predictor needs more than
            windows; nothing is known before their beginning.
    """
    return LossReader(predictor, before).read(codes)


def mean_loss(predictor: Predictor, codes: Codes, before: Codes | Sequence[int] = ()) -> float:
    """The mean of `losses`, in nats per character; the text has at least one."""
    return float(losses(predictor, codes, before).mean())


def mean_loss_of(predictor: Predictor, sequences: Sequences) -> float:
    """The mean of `losses_of`, in nats per character; there is at least one."""
    return float(losses_of(predictor, sequences).mean())


def losses_of(predictor: Predictor, sequences: Sequences) -> Array:
    """-ln P of every character of texts or of a list, each given its own text or line; (n,).

    In nats; infinite for the code V, which stands for a character outside the vocabulary.
    """
    m, size = predictor.context_length, predictor.vocabulary_size
    if not predictor.needs_only_windows:
        each = [losses(predictor, codes, before) for codes, before in sequences.parts(m)]
        return np.concatenate(each) if each else np.empty(0)
    codes, asked = sequences.padded(m, size)
    if not len(codes):
        return np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(codes, m + 1)
    rows = np.flatnonzero(asked[m:])
    result = np.empty(len(rows))
    block = max(1, _BLOCK_NUMBERS // size)
    for start in range(0, len(rows), block):
        part = slice(start, start + block)
        result[part] = _window_losses(predictor, windows[rows[part]])
    return result


class LossReader:
    """Reads a text piece by piece and says how surprising each character was.

    Args:
        predictor: the model at some parameters.
        before: codes that stand before the text.
    """

    def __init__(self, predictor: Predictor, before: Codes | Sequence[int] = ()) -> None:
        self._predictor = predictor
        self._reader: Reader | None = None
        self._along: ReadsAlong | None = None
        known = np.asarray(before, dtype=np.intp)
        m, unknown = predictor.context_length, predictor.vocabulary_size
        if predictor.needs_only_windows:
            last = known[-m:]
            self._window = np.concatenate([np.full(m - len(last), unknown, dtype=np.intp), last])
        elif isinstance(predictor, ReadsAlong):
            self._along, self._before = predictor, known[max(0, len(known) - predictor.reach) :]
        else:
            self._reader = predictor.reader(known.tolist())

    def read(self, codes: Codes | Sequence[int]) -> Array:
        """-ln P of every one of the next characters, (n,), in nats; infinite for the code V."""
        following = np.asarray(codes, dtype=np.intp)
        if not len(following):
            return np.empty(0)
        if self._along is not None:
            found = -self._along.log_probabilities_along(following, self._before)
            read = np.concatenate([self._before, following])
            self._before = read[max(0, len(read) - self._along.reach) :]
            return found
        if self._reader is not None:
            return self._one_by_one(self._reader, following)
        together = np.concatenate([self._window, following])
        windows = np.lib.stride_tricks.sliding_window_view(together, len(self._window) + 1)
        result = np.empty(len(following))
        rows = max(1, _BLOCK_NUMBERS // self._predictor.vocabulary_size)
        for start in range(0, len(windows), rows):
            give_up_if_unwanted()
            part = slice(start, start + rows)
            result[part] = _window_losses(self._predictor, windows[part])
        self._window = together[len(following) :].copy()
        return result

    def _one_by_one(self, reader: Reader, codes: NDArray[np.intp]) -> Array:
        result = np.full(len(codes), np.inf)
        for i, code in enumerate(codes.tolist()):
            if i % _ONES_AT_A_TIME == 0:
                give_up_if_unwanted()
            if code < self._predictor.vocabulary_size:
                result[i] = -reader.log_probabilities()[code]
            reader.read(code)
        return result


def _window_losses(predictor: Predictor, windows: Codes) -> Array:
    """-ln P of the last character of every window, (n, M + 1) -> (n,)."""
    log_p = predictor.log_probabilities(windows[:, :-1])
    targets = windows[:, -1]
    known = np.flatnonzero(targets < predictor.vocabulary_size)
    result = np.full(len(windows), np.inf)
    result[known] = -log_p[known, targets[known]]
    return result
