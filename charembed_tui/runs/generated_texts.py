"""The texts a run has written, each with the step it was written at: a line of JSON for each."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from charembed_tui.runs.append_only import Place, append, read_lines_on
from charembed_tui.training.generated_text import GeneratedText
from model import validity

_MOST_BYTES = 16 << 20


class GeneratedTexts:
    """`samples.jsonl` of a run.

    Args:
        path: of the file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, sample: GeneratedText) -> None:
        """Add one. Raises OSError; then it is not added."""
        append(self.path, [json.dumps(asdict(sample)).encode() + b"\n"])

    def read(self, place: Place | None = None) -> tuple[list[GeneratedText], Place, bool]:
        """The samples after a place, the next place, and whether this is a fresh start.

        Raises:
            OSError: the file cannot be read.
        """
        lines, place, is_new = read_lines_on(self.path, place, _MOST_BYTES)
        return [sample for line in lines if (sample := _parsed(line))], place, is_new


def _parsed(line: bytes) -> GeneratedText | None:
    """A sample, None for a line that is none."""
    try:
        saved: dict[str, Any] = json.loads(line)
        text = validity.text(saved["text"], "text", _MOST_BYTES)
        surprises = tuple(validity.number(x, "surprise") for x in saved["surprises"])
        return GeneratedText(
            validity.whole(saved["step"], "step"),
            validity.text(saved["heading"], "heading"),
            validity.text(saved["prompt"], "prompt", _MOST_BYTES),
            text,
            surprises if len(surprises) == len(text) else (),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
