"""A text that the model of a run has written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GeneratedText:
    """A text that was written.

    Attributes:
        step: at which the model stood.
        heading: a line on the model then.
        prompt: what the text follows.
        text: without the prompt.
        surprises: of each character of the text, nats to two places; empty for unknown.
    """

    step: int
    heading: str
    prompt: str
    text: str
    surprises: tuple[float, ...] = ()
