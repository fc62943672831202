"""What can be done with a saved run."""

from __future__ import annotations

from enum import Enum

from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.opening import follow, resume
from charembed_tui.runs.plan import Plan
from charembed_tui.runs.warm_start import warm_start
from charembed_tui.settings.training_settings import TrainingSettings


class Use(Enum):
    """What to do with a run."""

    GO_ON = "go on"
    FOLLOW = "follow"
    START_FROM = "start from"


def plan_for(use: Use, folder: RunFolder, current: Plan, settings: TrainingSettings) -> Plan:
    """The session in which a saved run is used.

    Args:
        use: what for.
        folder: of the run.
        current: the plan of the session before, on whose text a warm start begins.
        settings: of a warm start.

    Raises:
        CharembedError: run and text do not go together.
        OSError: something cannot be read.
    """
    if use is Use.GO_ON:
        return resume(str(folder.path)).plan()
    if use is Use.FOLLOW:
        return follow(folder)
    return warm_start(folder, current.corpus, settings).plan(current.corpus, current.path)
