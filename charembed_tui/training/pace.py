"""Training at a pace that can be watched: how long to wait after a step.

The loss goes from where it began to where it is going at an even speed at the most. So the first
steps, which change everything, take seconds, and the last thousand, which change nothing, no time
at all. Waiting is all that happens: no step is another than at full speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.ngrams import NgramTable

_SECONDS = 12.0  # of the whole way of the loss, up and down
_LONGEST = 2.0  # seconds for one step: one that leads far astray, and back, is no show
_NOTICEABLE = 0.02  # seconds of waiting that are worth a measurement
_LEAST_WAY = 0.1  # of the loss at the beginning: a run that goes on has not far to go


class Pace:
    """How far a run has come, and how long the next step has to wait for that.

    Args:
        began: the loss at the beginning, nats per character.
        going: about where it goes.
        step: from which on the pace is kept.
        loss: after that step.
        seconds: for all the way.
    """

    def __init__(
        self,
        began: float,
        going: float,
        step: int = 0,
        loss: float | None = None,
        seconds: float = _SECONDS,
    ) -> None:
        self._began, self._going, self._seconds = began, going, seconds
        self._least_way = _LEAST_WAY * began
        self._step, self._loss = step, began if loss is None else loss
        self._change = float("inf")  # of the loss in a step, lately
        self._ready_at = 0.0

    @property
    def way(self) -> float:
        """From where the loss began to where it is going, nats per character."""
        return max(self._began - min(self._going, self._loss), self._least_way)

    def wants_loss(self, step: int) -> bool:
        """Whether so much is likely to have changed since the loss was last noted."""
        likely = self._change * max(0, step - self._step)
        return likely * self._seconds >= _NOTICEABLE * self.way

    def note(self, step: int, loss: float, began: float) -> float:
        """Take the loss after a step, which began at a time; when the next one may begin.

        Args:
            step: its number.
            loss: nats per character.
            began: by the clock whose time is returned, in seconds.
        """
        change = abs(loss - self._loss)
        self._change = change / max(1, step - self._step)
        self._loss, self._step = loss, step
        takes = min(change / self.way * self._seconds, _LONGEST)
        self._ready_at = max(self._ready_at, began) + takes
        return self._ready_at


def likely_loss(table: NgramTable) -> float:
    """About where the loss of a model on a counted text is going, nats per character.

    That is the entropy of a character when the one before it is known: on texts from 10 kB to
    1 MB, models of three characters came within a tenth of it.
    """
    from model import baselines  # with scipy: not at start-up

    return baselines.conditional_entropy(table.shortened(1))
