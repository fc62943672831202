"""What is remembered between visits: settings of training and writing, the look of the loss."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from charembed_tui.settings.loss_view import LossView
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.atomic import write_whole

_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Preferences:
    """A visit begins with these settings.

    Attributes:
        training: hyperparameters.
        sampling: of writing.
        loss: how losses are looked at.
        theme: name of a Textual theme, or empty for the default.
        is_new: whether nothing was remembered: a first visit.
    """

    training: TrainingSettings = field(default_factory=TrainingSettings.to_watch)
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    loss: LossView = field(default_factory=LossView)
    theme: str = ""
    is_new: bool = False

    @classmethod
    def load(cls, path: Path) -> Preferences:
        """Read a file; whatever is missing or invalid in it has its default."""
        try:
            if path.stat().st_size > _MOST_BYTES:
                return cls()
            saved = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls(is_new=True)
        except (OSError, ValueError, RecursionError):
            return cls()

        def part(name: str) -> dict[str, Any]:
            found = saved.get(name) if isinstance(saved, dict) else None
            return found if isinstance(found, dict) else {}

        usual = asdict(TrainingSettings.to_watch())
        theme = saved.get("theme") if isinstance(saved, dict) else ""
        return cls(
            TrainingSettings.from_mapping(usual | part("training")),
            SamplingSettings.from_mapping(part("sampling")),
            LossView.from_mapping(part("loss")),
            theme if isinstance(theme, str) else "",
        )

    def save(self, path: Path) -> None:
        """Write a file. Raises OSError."""
        saved = asdict(self)
        del saved["is_new"]
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(saved, indent=2).encode() + b"\n")
